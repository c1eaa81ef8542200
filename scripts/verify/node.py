"""A node, over plain JSON-RPC: any engine will do. Ranges of logs shrink where it refuses them, and grow again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from . import abi
from .out import CannotCheckError, shown
from .spans import Span
from .wire import TooLongError, Wire, parse

MOST = 256 << 20
"""Bytes of one answer."""

_TOGETHER = 100
_LAST_TIME = 253_402_300_799


class RefusedError(CannotCheckError):
    """The node answers with an error of its own, by HTTP's status or in JSON-RPC."""


class AnsweredError(RefusedError):
    """The node took a question, and answers in JSON-RPC with an error."""


@dataclass(frozen=True)
class Header:
    """A block, as far as it is wanted: its number, hash, its parent's hash, and time."""

    number: int
    hash: bytes
    parent: bytes
    time: int


@dataclass(frozen=True)
class Log:
    """A log as the node gave it, with its block's time."""

    block: int
    index: int
    tx: bytes
    time: int
    address: bytes
    topics: list[bytes]
    data: bytes
    block_hash: bytes

    @property
    def where(self) -> str:
        """Return where it stands, in words."""
        return f"log {self.index} of block {self.block}"


Call = tuple[str, list[Any]]


class Node:
    """A JSON-RPC node. Every method raises CannotCheckError when it does not answer, or not as a node does."""

    def __init__(self, url: str) -> None:
        """Make a client; nothing is asked yet."""
        self._wire = Wire(url, "the node")
        self.bytes = 0
        """Of logs that were read."""

    def call(self, method: str, *params: Any) -> Any:
        """Ask one question."""
        return self._result(method, self._post({"jsonrpc": "2.0", "id": 0, "method": method, "params": params}))

    def many(self, calls: Sequence[Call]) -> list[Any]:
        """Ask many questions, a hundred a request."""
        found: list[Any] = []
        for at in range(0, len(calls), _TOGETHER):
            part = calls[at : at + _TOGETHER]
            asked = [{"jsonrpc": "2.0", "id": i, "method": m, "params": p} for i, (m, p) in enumerate(part)]
            try:
                answers = self._post(asked)
            except RefusedError:
                answers = None
            listed = answers if isinstance(answers, list) else []
            by_id = {a.get("id"): a for a in listed if isinstance(a, dict) and type(a.get("id")) is int}
            if not by_id:
                # Some nodes refuse more than one, or more than a few, at a time; each in its own way.
                found += [self.call(method, *params) for method, params in part]
                continue
            found += [self._result(method, by_id.get(i)) for i, (method, _) in enumerate(part)]
        return found

    def head(self) -> int:
        """Return the number of the newest block."""
        return self._number(self.call("eth_blockNumber"))

    def chain_id(self) -> int:
        """Return the chain's id."""
        return self._number(self.call("eth_chainId"))

    def header(self, number: int) -> Header:
        """Return a block's header."""
        return self._header(self.call("eth_getBlockByNumber", hex(number), False), number)

    def headers(self, numbers: Sequence[int]) -> list[Header]:
        """Return many blocks' headers."""
        found = self.many([("eth_getBlockByNumber", [hex(number), False]) for number in numbers])
        return [self._header(header, number) for header, number in zip(found, numbers, strict=True)]

    def code(self, address: bytes, block: int) -> bytes:
        """Return a contract's code."""
        return self.hexed(self.call("eth_getCode", "0x" + address.hex(), hex(block)))

    def views(self, asked: Sequence[tuple[bytes, str, tuple[int | bytes, ...]]], block: int) -> list[Any]:
        """Ask contracts for what they store: address, signature as in words.VIEWS, arguments."""
        calls: list[Call] = [
            ("eth_call", [{"to": "0x" + to.hex(), "data": abi.call_of(view, *arguments)}, hex(block)])
            for to, view, arguments in asked
        ]
        found = []
        try:
            answers = self.many(calls)
        except AnsweredError as error:
            raise CannotCheckError(
                f"{error}; a node that forgets old state can be asked about its newest block alone"
            ) from error
        for (to, view, arguments), answer in zip(asked, answers, strict=True):
            try:
                found.append(abi.answer_of(view, self.hexed(answer)))
            except ValueError as error:
                what = f"{view.partition('(')[0]}{tuple(shown(a) for a in arguments)}"
                raise CannotCheckError(
                    f"the contract 0x{to.hex()} does not answer {what} as Moa's does ({error}): is the deployment "
                    "file this chain's?"
                ) from error
        return found

    def logs(self, addresses: Sequence[bytes], first: int, last: int) -> Iterator[tuple[int, list[Log]]]:
        """Yield the logs of these contracts, run by run of blocks, each with its last block; one is fetched ahead."""
        span = Span()
        wanted = ["0x" + address.hex() for address in addresses]

        def fetch(begin: int) -> tuple[int, list[Log]]:
            while True:
                end = min(begin + span.blocks - 1, last)
                question = {"fromBlock": hex(begin), "toBlock": hex(end), "address": wanted}
                before = self.bytes
                try:
                    raw = self.call("eth_getLogs", question)
                except (RefusedError, TooLongError):
                    if end == begin:
                        raise
                    span.refused(end - begin + 1)
                    continue
                span.answered(self.bytes - before)
                return end, self._logs(raw, set(addresses), begin, end)

        ahead = ThreadPoolExecutor(1, "logs")
        try:
            coming = ahead.submit(fetch, first) if first <= last else None
            while coming is not None:
                end, found = coming.result()
                coming = ahead.submit(fetch, end + 1) if end < last else None
                yield end, found
        finally:
            ahead.shutdown(wait=False, cancel_futures=True)

    # ------------------------------------------------------------------------------------------------------- within

    def _post(self, question: Any) -> Any:
        status, body = self._wire.post(json.dumps(question).encode(), MOST)
        self.bytes += len(body)
        what = self._wire.what
        if status != 200 and body.lstrip()[:1] not in (b"{", b"["):
            raise RefusedError(f"{what} answers HTTP {status}")
        return parse(body, what)

    def _result(self, method: str, answer: Any) -> Any:
        if not isinstance(answer, dict) or ("result" not in answer and not answer.get("error")):
            raise CannotCheckError(f"{self._wire.what} does not answer {method} as a JSON-RPC node does")
        if error := answer.get("error"):
            said = error.get("message") if isinstance(error, dict) else error
            raise AnsweredError(f"{self._wire.what} refuses {method}: {shown(said)}")
        return answer["result"]

    def hexed(self, text: Any) -> bytes:
        """Return the bytes of an answer."""
        try:
            if text[:2] == "0x":
                return bytes.fromhex(text[2:])
        except (ValueError, TypeError):
            pass
        raise CannotCheckError(f"{self._wire.what} answered {shown(text, 40)} in place of bytes")

    def _sized(self, text: Any, size: int) -> bytes:
        found = self.hexed(text)
        if len(found) != size:
            raise CannotCheckError(f"{self._wire.what} answered {shown(text, 80)} in place of {size} bytes")
        return found

    def _number(self, text: Any) -> int:
        try:
            if text[:2] == "0x" and len(text) < 20:
                return int(text, 16)
        except (ValueError, TypeError):
            pass
        raise CannotCheckError(f"{self._wire.what} answered {shown(text, 40)} in place of a number")

    def _time(self, text: Any) -> int:
        found = self._number(text)
        if found > _LAST_TIME:
            raise CannotCheckError(f"{self._wire.what} dates a block after the year 9999")
        return found

    def _header(self, raw: Any, number: int) -> Header:
        if not isinstance(raw, dict):
            raise CannotCheckError(f"{self._wire.what} has no block {number}")
        found = Header(
            self._number(raw.get("number")),
            self._sized(raw.get("hash"), 32),
            self._sized(raw.get("parentHash"), 32),
            self._time(raw.get("timestamp")),
        )
        if found.number != number:
            raise CannotCheckError(f"{self._wire.what} answered block {found.number} in place of block {number}")
        return found

    def _logs(self, raw: Any, addresses: set[bytes], first: int, last: int) -> list[Log]:
        """Take logs apart, in the ledger's order, with the times of their blocks."""
        if not isinstance(raw, list) or not all(isinstance(log, dict) for log in raw):
            raise CannotCheckError(f"{self._wire.what} does not answer eth_getLogs with a list of logs")
        number = self._number
        placed = sorted((number(log.get("blockNumber")), number(log.get("logIndex")), i) for i, log in enumerate(raw))
        if any(a[:2] == b[:2] for a, b in pairwise(placed)):
            raise CannotCheckError(f"{self._wire.what} names a log twice between the blocks {first} and {last}")
        if placed and not first <= placed[0][0] <= placed[-1][0] <= last:
            raise CannotCheckError(f"{self._wire.what} answers with logs outside of the blocks {first} to {last}")
        times = self._times(raw)
        found = []
        for block, index, i in placed:
            log = raw[i]
            address, topics = self._sized(log.get("address"), 20), log.get("topics")
            if address not in addresses or log.get("removed") or not isinstance(topics, list):
                raise CannotCheckError(f"{self._wire.what} answers with a log that was not asked for, in block {block}")
            found.append(
                Log(
                    block,
                    index,
                    self._sized(log.get("transactionHash"), 32),
                    times[block][1],
                    address,
                    [self._sized(topic, 32) for topic in topics],
                    self.hexed(log.get("data")),
                    self._sized(log.get("blockHash"), 32),
                )
            )
            if found[-1].block_hash != times[block][0]:
                raise CannotCheckError(f"the chain was rewound while it was read: block {block} has two hashes")
        return found

    def _times(self, raw: list[dict[str, Any]]) -> dict[int, tuple[bytes, int]]:
        """Return hash and time of the logs' blocks: some nodes tell the time with the log, else headers are asked."""
        found: dict[int, tuple[bytes, int]] = {}
        missing = set()
        for log in raw:
            block = self._number(log.get("blockNumber"))
            if block in found:
                continue
            if log.get("blockTimestamp") is not None:
                found[block] = (self._sized(log.get("blockHash"), 32), self._time(log["blockTimestamp"]))
            else:
                missing.add(block)
        for header in self.headers(sorted(missing)):
            found[header.number] = (header.hash, header.time)
        return found
