"""What is read of many logs at once is what is read of each alone: hex, values, rows, faults."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.errors import BrokenLineError, UnknownLogError
from api.events import events_of
from api.indexer import decode as decoding
from api.indexer.chain.hexed import WireLog, logs_of
from api.indexer.decode import Gifts, decode, decode_together
from api.indexer.kinds import RawLog
from api.indexer.line import Line
from api.indexer.project import project
from api.tables import LOG_BITS

FUND, SPONSORS, TOKEN = b"\1" * 20, b"\2" * 20, b"\3" * 20
CONTRACTS = {FUND: "PooledFund", SPONSORS: "SponsorBook"}
TIMES = {number: 1_700_000_000 + number for number in range(100)}
TOPICS = {event.name: topic for name in CONTRACTS.values() for topic, event in events_of(name).items()}


def word(value: int | bytes) -> bytes:
    """Return an ABI word."""
    return value.to_bytes(32) if isinstance(value, int) else value.rjust(32, b"\0")


def gift(place: int, pool: int, donor: bytes, amount: int, start: int) -> RawLog:
    """Return a direct gift's log."""
    topics = TOPICS["Contributed"] + word(pool) + word(donor)
    return RawLog(place, b"\7" * 32, b"\5" * 32, FUND, topics, word(TOKEN) + word(amount) + word(start))


def match(place: int, pool: int, sponsor: bytes, amount: int) -> RawLog:
    """Return the log of a sponsor's match, whose gift is to come."""
    topics = TOPICS["Matched"] + word(pool) + word(1) + word(sponsor)
    return RawLog(place, b"\7" * 32, b"\5" * 32, SPONSORS, topics, word(TOKEN) + word(amount) + word(2))


@st.composite
def runs(draw: st.DrawFn) -> list[RawLog]:
    """Draw gifts to a few pools, sponsors' among them; now and then one that is not in line, or not whole."""
    raised = dict.fromkeys(range(1, 4), 0)
    logs: list[RawLog] = []
    # Stretches that are taken together, and shorter ones, with one thing between them.
    stretches = st.lists(st.tuples(st.integers(0, 2 * decoding.MANY), st.sampled_from(["match", "wrong"])), max_size=4)
    kinds = [kind for many, other in draw(stretches) for kind in ["gift"] * many + [other]] + ["gift"] * decoding.MANY
    for i, kind in enumerate(kinds):
        pool, amount = draw(st.integers(1, 3)), draw(st.integers(1, 2**56))
        donor, place = bytes([draw(st.integers(0, 3))]) * 20, (i // 7) << LOG_BITS | 2 * i
        if kind == "match":
            logs.append(match(place, pool, donor, amount))
        log = gift(place + 1, pool, donor, amount, raised[pool])
        if kind == "wrong":
            log = FAULTS[draw(st.sampled_from([*FAULTS]))](log)
        raised[pool] += amount
        logs.append(log)
    return logs


def _at(data: bytes, at: int, byte: int) -> bytes:
    return data[:at] + bytes([byte]) + data[at + 1 :]


FAULTS = {
    "a place in line that is taken": lambda log: log._replace(data=log.data[:-8] + bytes(8)),
    "an amount of more than 64 bits": lambda log: log._replace(data=_at(log.data, 32, 1)),
    "a token of more than 20 bytes": lambda log: log._replace(data=_at(log.data, 0, 1)),
    "a donor of more than 20 bytes": lambda log: log._replace(topics=_at(log.topics, 64, 1)),
    "a pool of 256 bits": lambda log: log._replace(topics=_at(log.topics, 32, 1)),
    "a word too much": lambda log: log._replace(data=log.data + bytes(32)),
    "a byte too few": lambda log: log._replace(data=log.data[:-1]),
    "a topic too much": lambda log: log._replace(topics=log.topics + bytes(32)),
    "a topic in the data": lambda log: log._replace(topics=log.topics[:64], data=log.topics[64:] + log.data),
    "another contract": lambda log: log._replace(address=b"\6" * 20),
}


def told(decoder: Any, logs: list[RawLog], lines: dict[int, Line]) -> Any:
    """Return the rows and the lines that follow, or what is wrong."""
    lines = deepcopy(lines)
    try:
        rows = project(decoder(logs, CONTRACTS), lines, TIMES, 1)
    except (BrokenLineError, UnknownLogError) as error:
        return type(error), str(error)
    return {name: found for name, found in rows.items() if found}, lines


@given(runs())
def test_gifts_taken_together_are_gifts_taken_one_by_one(logs: list[RawLog]) -> None:
    assert told(decode_together, logs, {}) == told(decode, logs, {})


@pytest.mark.parametrize("fault", FAULTS)
def test_one_that_is_wrong_among_many_is_named(fault: str) -> None:
    logs = [gift(i, 1, b"\1" * 20, 5, 5 * i) for i in range(3 * decoding.MANY)]
    logs[20] = FAULTS[fault](logs[20])
    error, said = told(decode_together, logs, {})
    assert (error, said) == told(decode, logs, {})
    assert "log 20 of block 0" in said


def test_many_are_taken_together_and_few_are_not() -> None:
    logs = [gift(i, 1, b"\1" * 20, 1, i) for i in range(decoding.MANY)]
    [gifts] = decode_together(logs, CONTRACTS)
    assert isinstance(gifts, Gifts)
    assert list(gifts.each()) == decode(logs, CONTRACTS)
    assert decode_together(logs[1:], CONTRACTS) == decode(logs[1:], CONTRACTS)


# ------------------------------------------------------------------------------------------------- hex


def wire(topics: list[str] | str | None = None, **changed: str) -> dict[str, Any]:
    """Return a log as a node tells it."""
    log: dict[str, Any] = {
        "address": "0x" + "a1" * 20, "topics": ["0x" + "Ab" * 32] if topics is None else topics, "data": "0x",
        "blockNumber": "0x10", "blockHash": "0x" + "b2" * 32, "transactionHash": "0x" + "c3" * 32, "logIndex": "0x0",
    }  # fmt: skip
    return log | changed


def read(wires: list[dict[str, Any]], *, wide: bool = False) -> list[RawLog]:
    """Read a node's JSON; `wide`: it writes spaces."""
    text = json.dumps(wires, separators=(" , ", " : ") if wide else (",", ":"))
    return logs_of(msgspec.json.decode(text, type=list[WireLog]))


WORDS = st.lists(st.binary(min_size=32, max_size=32), max_size=4)


@pytest.mark.parametrize("wide", [False, True])
@given(logs=st.lists(st.tuples(WORDS, st.binary(max_size=70))))
def test_hex_is_read_at_once_as_one_by_one(logs: list[tuple[list[bytes], bytes]], wide: bool) -> None:
    wires = [wire(["0x" + topic.hex() for topic in topics], data="0x" + data.hex()) for topics, data in logs]
    found = [(log.topics, log.data) for log in read(wires, wide=wide)]
    assert found == [(b"".join(topics), data) for topics, data in logs]
    assert [log for one in wires for log in read([one])] == read(wires)


def test_all_of_a_log_is_read() -> None:
    [log] = read([wire(data="0xFF00", logIndex="0x3")])
    assert log == (16 << LOG_BITS | 3, b"\xb2" * 32, b"\xc3" * 32, b"\xa1" * 20, b"\xab" * 32, b"\xff\0")
    assert read([]) == []


NONSENSE: dict[str, dict[str, Any]] = {
    "a space in a hash": wire(transactionHash="0x" + "c3" * 31 + " 3"),
    "a letter in a hash": wire(transactionHash="0x" + "c3" * 31 + "g3"),
    "another alphabet": wire(transactionHash="0x" + "c3" * 31 + "\u0663\u0663"),
    "a short hash": wire(transactionHash="0x" + "c3" * 31),
    "a long block's hash": wire(blockHash="0x" + "c3" * 33),
    "a short address": wire(address="0x" + "a1" * 19),
    "half a byte of data": wire(data="0xabc"),
    "no data at all": wire(data="zz" * 9),
    "a short topic": wire(["0x" + "ab" * 31]),
    "a topic with a letter": wire(["0x" + "ab" * 31 + "xx"]),
    "no list of topics": wire("0x" + "ab" * 33),
    "a topic that is no text": wire([1, 2]),  # type: ignore[list-item]
    "a negative number": wire(blockNumber="-0x1"),
    "no number": wire(logIndex=""),
}


@pytest.mark.parametrize("how", NONSENSE)
@pytest.mark.parametrize("among", [0, 1, 3])
def test_nonsense_is_refused_alone_and_among_others(how: str, among: int) -> None:
    with pytest.raises((ValueError, TypeError)):
        read([wire()] * among + [NONSENSE[how]])


def test_what_one_has_too_much_another_does_not_make_up_for() -> None:
    short, long = wire(transactionHash="0x" + "c3" * 31), wire(transactionHash="0x" + "c3" * 33)
    with pytest.raises(ValueError, match="not of 32 bytes"):
        read([short, long])
