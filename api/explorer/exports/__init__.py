"""Exports: any table of the index, whole or filtered, as CSV, JSON Lines or Parquet, and the bundle of all of it.

An export is pinned to a block by number and hash. Rows are only ever added and a rewind takes them away by block, so
all that stands up to a block is the same for ever, as long as the chain has that very block. So an export need not hold
one transaction open while a slow reader reads: it reads page by page, and in the transaction of each page it sees that
the block still stands. A growing index does not show; a rewound one ends the export before it looks whole.
"""
