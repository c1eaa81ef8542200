"""The writing wing: the only place where a node is talked to for events, and where a row is written."""
