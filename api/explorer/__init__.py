"""The reading wing: everything here opens the database read-only and holds no key."""
