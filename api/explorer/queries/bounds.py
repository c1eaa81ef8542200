"""How much one answer may tell, however long a pool lives. What it leaves out, it counts, and a list or a file has it.

The contracts bound some of it, and that is not bounded here again:

- A pool begins with 32 milestones at most (Plans), and an open-ended one appends no other while 32 are open, counted
  from the first open one (Judgement). So the newest `MILESTONES` have all that are still open, whatever was before.
- A panel has 32 seats (Plans), and each answers once in a round: 32 attestations. Four sponsors sit at a time.
- A milestone is disputed once; the next time it is rejected for good (Judgement).
- A name has 31 bytes, an amount 63 bits. A proof has one sibling for each doubling of its batch.

In its life a pool may have 65,535 milestones and as many releases (IPooledFund counts them in 16 bits), and evidence is
handed in 65,534 times for each. Nothing bounds returns, in how many pieces a release spends, how often a gift is
refunded, or how long a URI is, but the chain's gas.
"""

MILESTONES = 50
"""Milestones of a pool, the newest; and on a page of the list of all."""

ROUNDS = 3
"""Rounds of judgement of a milestone, the newest: its `round` says how many there are."""

MOVES = 50
"""Releases of a pool, and returns, the newest; the lists have all."""

PLANS = 20
"""Next milestones that are proposed, and attestors' changes that are under way, those begun last."""

SPANS = 20
"""Pieces of a release, and of a gift that paid one."""

PARTS = 100
"""Parts of a gift, in the order of its places; what the others are is added up."""

TEXT_BYTES = 4 * 1024
"""A text up to this size stands in a list; a longer one only behind its address."""

DATA_BYTES = 1 << 20
"""Logs' data on a page of events, but for one log that is longer: as long as the chain's gas lets it be."""
