"""No number that anyone can make a contract tell of stops the index; one that did not fit would stop it by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from api import tables
from api.errors import TooLargeError
from api.indexer import sync as syncing
from api.indexer import widths
from api.indexer.decode import Gifts, Log, decode_together
from api.types import MAX_AMOUNT
from tests.api.indexer.conftest import catch_up
from tests.api.indexer.test_sync import rows
from tests.ledger import USD, Ledger

if TYPE_CHECKING:
    from api.indexer.store import Store
    from api.indexer.sync import Sync


def test_whatever_number_a_stranger_asks_for_the_index_goes_on(ledger: Ledger, sync: Sync, store: Store) -> None:
    pool = ledger.open_pool()
    terms = (pool, USD, 0, ledger.now(), 0, 0, 9 * USD, 0)
    ledger.send(ledger.pledges.functions.pledge(terms), ledger.donors[0])
    ledger.send(ledger.pledges.functions.stop(1), ledger.donors[0])
    asked = [2**256 - 1, 2**63, 2**63 - 1, 2**31, 2**31 - 1, 2, 0]
    ledger.send(ledger.pledges.functions.collect([*asked, 1]), ledger.donors[2])
    catch_up(sync)
    assert rows(store, "SELECT count(*) FROM logs WHERE event = 'CollectionFailed'") == [(len(asked) + 1,)]
    assert rows(store, "SELECT pledge, reason FROM collection_failures") == [(1, 2)]


def test_a_number_that_does_not_fit_stops_the_sync_and_is_named(
    ledger: Ledger, sync: Sync, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No contract of Moa's says such a thing; here the decoder does."""

    def lie(*given: Any) -> list[Log | Gifts]:
        found = decode_together(*given)
        more = {"amount": MAX_AMOUNT + 1}
        return [
            g._replace(values=g.values | more) if isinstance(g, Log) and g.event == "MilestoneOpened" else g
            for g in found
        ]

    ledger.open_pool()
    monkeypatch.setattr(syncing, "decode_together", lie)
    with pytest.raises(TooLargeError, match=r"log \d+ of block \d+: milestones.amount is 9223372036854775808.*63 bits"):
        sync.follow(lambda _: None, 0.01, lambda: False)
    # Nothing of its run is there.
    assert rows(store, "SELECT count(*) FROM milestones") == [(0,)]
    ((reason,),) = rows(store, "SELECT value FROM meta WHERE key = 'halted'")
    assert "milestones.amount" in reason
    [(newest,)] = rows(store, "SELECT coalesce(max(number), -1) FROM blocks")
    assert newest < int(reason.partition("of block ")[2].partition(":")[0])


def row_of(table: str, **values: int) -> tuple[Any, ...]:
    """Return a row of zeros but for these values."""
    return tuple(values.get(column.name, 0) for column in tables.metadata.tables[table].columns)


@pytest.mark.parametrize(
    ("table", "column", "most"),
    [
        ("matches", "amount", MAX_AMOUNT),
        ("matches", "pool", 2**31 - 1),
        ("collection_failures", "reason", 2**15 - 1),
        ("contributions", "number", 2**31 - 1),
        ("contributions", "start", MAX_AMOUNT),
        ("evidence", "round", 2**31 - 1),
    ],
)
def test_the_width_of_a_column(table: str, column: str, most: int) -> None:
    place = 7 << tables.LOG_BITS | 3
    widths.check({table: [row_of(table, log=1), row_of(table, **{column: most, "log": place})]})
    with pytest.raises(TooLargeError, match=rf"^log 3 of block 7: {table}.{column} is {most + 1}, "):
        widths.check({table: [row_of(table, log=1), row_of(table, **{column: most + 1, "log": place})]})


def test_what_is_absent_or_below_nothing_fits() -> None:
    widths.check({"contributions": [row_of("contributions", position=-1)], "pauses": [(1, 1, True, b"", None, 0)]})
    widths.check({"pauses": []})
