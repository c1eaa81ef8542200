"""Make a small file of gifts for trying things out: the same file every time, with one of each kind of dirt if wanted.

`python -m scripts.sample > gifts.csv`
"""

from __future__ import annotations

import csv
import random
import sys
from datetime import UTC, datetime, timedelta
from typing import TextIO

GIFTS = 400
POOLS = (
    "School meals in Kisumu",
    "Warm meals for the elderly in Busan",
    'The "Second Chance" workshop, Łódź',
    "Wells & pumps <north>",
    "Toys 🧸 and books",
)
DIRT = (
    ("2026-03-01T10:00:00Z", POOLS[0], "ada", "0"),
    ("2026-03-01T10:00:01Z", POOLS[0], "ada", "-5.00"),
    ("2026-03-01T10:00:02Z", POOLS[0], "ada", "1.2345678"),
    ("2026-03-01T10:00:03", POOLS[0], "ada", "1.00"),
    ("2026-02-30T10:00:00Z", POOLS[0], "ada", "1.00"),
    ("2026-03-01T10:00:04Z", "", "ada", "1.00"),
    ("2026-03-01T10:00:05Z", POOLS[0], "ada", "1,000.00"),
)


def rows(*, dirty: bool) -> list[tuple[str, str, str, str]]:
    """Return the gifts in time order, without a header."""
    dice = random.Random("Moa sample")  # noqa: S311 -- a sample, not a secret
    at = datetime(2026, 3, 1, tzinfo=UTC)
    made = []
    for _ in range(GIFTS):
        at += timedelta(seconds=dice.randrange(10, 4000))
        donor = "" if dice.random() < 0.1 else f"donor-{int(dice.paretovariate(0.6)) % 150}"
        amount = f"{dice.choice((1, 1, 2, 5, 10, 20))}.{dice.choice(('00', '00', '50', '25'))}"
        made.append((at.strftime("%Y-%m-%dT%H:%M:%SZ"), dice.choice(POOLS), donor, amount))
    made.insert(200, made[199])
    return [*made, *DIRT] if dirty else made


def write(out: TextIO, *, dirty: bool) -> None:
    """Write the file."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("donated_at", "pool", "donor", "amount_usd"))
    writer.writerows(rows(dirty=dirty))


if __name__ == "__main__":
    write(sys.stdout, dirty="--dirty" in sys.argv)
