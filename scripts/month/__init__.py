"""Five weeks of welfare programmes, played through the real contracts, on a chain whose clock starts so long ago.

Every step knows how to see on the chain that it is done, and the days that are over are noted in a journal, so that a
month that was stopped anywhere is played on from there. The same month comes out every time.
"""

from scripts.month.play import DAYS, SIGHTS, Month

__all__ = ["DAYS", "SIGHTS", "Month"]
