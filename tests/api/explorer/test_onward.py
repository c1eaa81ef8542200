"""Every unit that a pool paid, from gifts to deliveries and from releases back to gifts, whatever its history."""

from __future__ import annotations

from collections import Counter, defaultdict
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from api import tables
from api.explorer import database, shapes
from api.explorer.content import ContentFolder
from api.explorer.database import Edition
from api.explorer.database.edition import read_notes
from api.explorer.queries import onward, payers, receipt
from api.explorer.queries.memory import Memory
from api.explorer.queries.paging import At
from api.explorer.queries.places import line_of
from api.explorer.queries.reader import Reader
from api.explorer.trace import Kind, Move, Part, Span
from api.indexer.store import Store
from api.types import Via
from scripts.verify import onward as verify
from scripts.verify.state import Payout, Pool, Release, State
from scripts.verify.tape import Gift, Gifts, Place, Tape
from tests.api.explorer.book import account
from tests.api.explorer.painter import Story, stories
from tests.api.stores import SQLITE, STORES, opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.api.stores import Databases

POOL = 7
PEOPLE, VOUCHERS, PAYEE = account("payout book"), account("voucher book"), account("payee")
FATES = {PEOPLE: "delivered", VOUCHERS: "redeemed"}
HERE = Place(0, 0, bytes(32), 1)
SALES = 1000
"""Where the logs of deliveries and vouchers begin."""


class UndoError(Exception):
    """What was written is taken back."""


@pytest.fixture(scope="module", params=STORES)
def where(request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Path | str:
    place = databases.new(request.param, tmp_path_factory.mktemp("onward"))
    Store(place).close()
    return place


@st.composite
def handed_on(draw: st.DrawFn) -> tuple[Story, dict[int, bytes], dict[int, list[int]]]:
    """Draw a pool's story, whom its milestones paid, and what these handed on of it, in order."""
    story = draw(stories())
    whom = {milestone: draw(st.sampled_from([PEOPLE, VOUCHERS, PAYEE])) for milestone in story.paid}
    handed: dict[int, list[int]] = {}
    for milestone, payee in whom.items():
        left, handed[milestone] = story.paid[milestone] - story.back[milestone], []
        while payee is not PAYEE and left and draw(st.integers(0, 5)):
            handed[milestone].append(draw(st.integers(1, min(left, 4))))
            left -= handed[milestone][-1]
    return story, whom, handed


@contextmanager
def written(where: Path | str, story: Story, whom: dict[int, bytes], handed: dict[int, list[int]]) -> Iterator[Reader]:
    """Yield a reader of an index that holds this and nothing else, until it is left."""
    rows: defaultdict[Any, list[dict[str, Any]]] = defaultdict(list)
    rows[tables.meta] = [
        {"key": "address of PayoutBook", "value": PEOPLE.hex()},
        {"key": "address of VoucherBook", "value": VOUCHERS.hex()},
    ]
    rows[tables.blocks] = [{"number": 0, "hash": bytes(32), "parent": bytes(32), "time": 1}]
    for number, gift in enumerate(story.gifts):
        given = {"start": gift.start, "amount": gift.end - gift.start, "number": number + 1, "donor": account("donor")}
        more = {"paid_at": 1, "log": 5000 + number, "position": -1, "via": Via.WALLET}
        rows[tables.contributions].append({"pool": POOL, **given, **more})
    paid = {"pool": POOL, "token": account("token"), "caller": PAYEE}
    for move in story.moves:
        table = tables.spends if move.kind is Kind.SPENT else tables.returns
        found = {"log": move.log, "pool": POOL, "milestone": move.milestone, "start": move.start}
        found |= {"payee": PAYEE, "token": account("token")} if table is tables.returns else {}
        rows[table].append({**found, "amount": move.end - move.start})
    log = SALES
    for milestone, payee in whom.items():
        rows[tables.milestones].append(
            {
                "log": milestone,
                "pool": POOL,
                "milestone": milestone,
                "payee": payee,
                "amount": 1,
                "evidence_deadline": 1,
            }
        )
        rows[tables.releases].append(
            {**paid, "log": milestone, "milestone": milestone, "payee": payee, "amount": story.paid[milestone]}
        )
        start = 0
        for i, amount in enumerate(handed[milestone]):
            upto = start + amount
            log += 1
            here = {"log": log, "pool": POOL, "milestone": milestone, "caller": PAYEE}
            if payee is PEOPLE:
                taken = {
                    "to": PAYEE,
                    "position": i,
                    "token": account("token"),
                    "amount": amount,
                    "start": start,
                    "number": i + 1,
                }
                rows[tables.deliveries].append(here | taken)
            else:
                bill = {
                    "voucher": bytes(32),
                    "provider": PAYEE,
                    "own": 9,
                    "from_pool": amount,
                    "evidence": bytes(32),
                    "number": i + 1,
                    "total_own": 9 * (i + 1),
                    "total": upto,
                }
                rows[tables.vouchers] += [
                    here | bill,
                    here | {"log": log + 1, **bill, "provider": None, "from_pool": 0},
                ]
                log += 1
            start += amount
    logs = {row["log"] for found in rows.values() for row in found if "log" in row}
    nothing = {"tx": bytes(32), "address": bytes(20), "event": "", "topics": b"", "data": b""}
    rows[tables.logs] = [{"log": log, **nothing} for log in sorted(logs)]
    rows[tables.pools] = [_pool()]
    try:
        with opened(where) as connection:
            for table, found in rows.items():
                if found:
                    connection.execute(insert(table), found)
            edition = Edition(None, None, "")
            connection.info[database._SEEN] = database._Seen(0, read_notes(connection), edition)
            yield Reader(connection, Memory(edition, 0), ContentFolder(Path("nowhere")), 1)
            raise UndoError
    except UndoError:
        pass


def _pool() -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, column in tables.pools.columns.items():
        kind = column.type.python_type
        made[name] = {bytes: bytes(32), str: "", bool: False}.get(kind, 1)
    return made | {"pool": POOL, "token": account("token"), "log": SALES}


def walk(ask: Callable[[At], Any], limit: int) -> list[Any]:
    """Return all items of a list, page by page."""
    found, cursor = [], None
    while True:
        page = ask(At(cursor, limit))
        found += page["items"]
        if page["next"] is None:
            return found
        cursor = page["next"]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(case=handed_on(), limit=st.integers(1, 4))
def test_every_unit_is_found_in_both_directions(
    where: Path | str, case: tuple[Story, dict[int, bytes], dict[int, list[int]]], limit: int
) -> None:
    story, whom, handed = case
    with written(where, *case) as read:
        follow = onward.Onward(read, POOL, whom)
        fates: defaultdict[int, Counter[str]] = defaultdict(Counter)
        whole: defaultdict[int, Counter[int]] = defaultdict(Counter)
        of_gifts: defaultdict[int, Counter[int]] = defaultdict(Counter)
        for gift in story.gifts:
            told: list[shapes.Handed] = walk(
                lambda at, gift=gift: receipt.deliveries(read, POOL, gift.start, at), limit
            )
            assert told == walk(lambda at, gift=gift: receipt.deliveries(read, POOL, gift.start, at), 200)
            for part in line_of(read, POOL).trace(Span(*gift)):
                if part.kind is not Kind.SPENT:
                    continue
                of_gifts[part.milestone][gift.start] += part.end - part.start
                pieces = follow.pieces(part)
                assert [part.start, *(p.end for p in pieces)] == [*(p.start for p in pieces), part.end]
                for piece, shown in zip(pieces, onward.shape(follow, pieces, limit), strict=True):
                    fates[part.milestone][piece.fate] += piece.end - piece.start
                    mine = [h for h in told if piece.start <= int(h["start"]) < piece.end]
                    _check_shown(piece, shown, mine, limit)
            for each in told:
                whole[each["milestone"]][each["told"]["index"]] += int(each["amount"])
        for milestone, payee in whom.items():
            kept, given_on = story.paid[milestone] - story.back[milestone], sum(handed[milestone])
            fate = FATES.get(payee)
            expected = {fate: given_on, "undelivered": kept - given_on} if fate else {"paid": kept}
            assert fates[milestone] == {name: amount for name, amount in expected.items() if amount}
            assert [amount for _, amount in sorted(whole[milestone].items())] == handed[milestone]
            back = walk(lambda at, milestone=milestone: payers.page(read, POOL, milestone, at), limit)
            shown_back = {int(p["contribution"]["start"]): int(p["amount"]) for p in back}
            assert [int(p["contribution"]["start"]) for p in back] == sorted(of_gifts[milestone])
            assert shown_back == of_gifts[milestone]
            assert sum(shown_back.values()) == kept


@pytest.mark.parametrize("payee", [PEOPLE, VOUCHERS], ids=["deliveries", "vouchers"])
def test_what_a_gift_became_is_counted_by_two_looks(databases: Databases, tmp_path: Path, payee: bytes) -> None:
    """However many deliveries there are: SQLite says how much it did, in its own steps."""
    place = databases.new(SQLITE, tmp_path)
    Store(place).close()
    steps = []
    for many in (30, 3_000):
        moves = [Move(1, Kind.SPENT, 0, 0, many)]
        story = Story([Span(0, many)], moves, paid={0: many}, back={0: 0})
        with written(place, story, {0: payee}, {0: [1] * many}) as read:
            follow = onward.Onward(read, POOL, [0])
            [piece] = follow.pieces(Part(0, many, Kind.SPENT, 1, 0))
            done = 0

            def step() -> int:
                nonlocal done
                done += 1
                return 0

            driver: Any = read.connection.connection.driver_connection
            driver.set_progress_handler(step, 10)
            assert follow.count(piece) == many
            assert follow.count(piece._replace(start=3, end=9, at=3)) == 6
            driver.set_progress_handler(None, 0)
            steps.append(done)
    assert steps[1] < 2 * steps[0]
    databases.give_back(place)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(case=handed_on(), limit=st.integers(1, 4))
def test_the_verifier_says_the_same_by_itself(
    where: Path | str, case: tuple[Story, dict[int, bytes], dict[int, list[int]]], limit: int
) -> None:
    pool, follow = _recomputed(*case)
    with written(where, *case) as read:
        for gift in case[0].gifts:
            told = walk(lambda at, gift=gift: receipt.deliveries(read, POOL, gift.start, at), limit)
            mine = list(
                follow.deliveries(pool, Gift(gift.start, gift.end - gift.start, 1, b"", 1, HERE, 0, 0, None, 0))
            )
            assert [shape | {"told": shape["told"] | {"final": False}} for shape in mine] == told


def _recomputed(story: Story, whom: dict[int, bytes], handed: dict[int, list[int]]) -> tuple[Pool, verify.Onward]:
    """Return what the verifier makes of a story, and who follows gifts in it."""
    state = State(0)
    pool = Pool(POOL, HERE, {}, {}, {}, Gifts(state.spool), Tape(state.spool), {})
    for move in story.moves:
        if move.kind is Kind.SPENT:
            pool.line.spent.setdefault(move.milestone, []).append((move.start, move.end))
        else:
            assert pool.line.give_back(move.milestone, move.start, move.end - move.start)
    log = SALES
    for milestone, payee in whom.items():
        pool.releases[milestone] = Release(HERE, {"payee": payee})
        pool.payouts[milestone] = Payout({}, HERE, 0, deliveries=Tape(state.spool))
        start = 0
        for amount in handed[milestone]:
            log += 1
            if payee is PEOPLE:
                pool.payouts[milestone].deliveries.add(((0, log, bytes(32), 1), {"start": start, "amount": amount}))
            else:
                here = {"pool": POOL, "milestone": milestone}
                state.lists["VoucherTold"].add(((0, log, bytes(32), 1), here | {"fromPool": amount}))
                state.lists["VoucherTold"].add(((0, log + 1, bytes(32), 1), here | {"fromPool": 0}))
                log += 1
            start += amount
    return pool, verify.Onward(state, {PEOPLE: "PayoutBook", VOUCHERS: "VoucherBook"})


def _check_shown(piece: onward.Piece, shown: shapes.TracePiece, mine: list[shapes.Handed], limit: int) -> None:
    if piece.fate not in ("delivered", "redeemed"):
        assert not mine
        assert "first" not in shown
        return
    assert [str(piece.start), *(h["end"] for h in mine)] == [*(h["start"] for h in mine), str(piece.end)]
    assert shown["count"] == len(mine)
    assert shown["first"] == mine[: len(shown["first"])]
    assert len(shown["first"]) <= limit
    assert int(shown["rest"]) == sum(int(h["amount"]) for h in mine[len(shown["first"]) :])
