"""The public index of the ledger: `indexer` writes it, `explorer` shows it, and neither imports the other."""
