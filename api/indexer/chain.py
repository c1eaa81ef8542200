"""The only module that talks to a node: plain JSON-RPC over HTTP, so that any engine will do."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
import requests

from api.errors import NodeAwayError, NodeRefusedError, RangeRefusedError

CALLS_PER_REQUEST = 100
T = TypeVar("T")
JSON = {"Content-Type": "application/json"}
TIMEOUT = (5, 120)  # seconds to connect, to answer

# What engines say when asked for too many blocks or logs at once: Besu, geth and its kin, hosted nodes.
RANGE_WORDS = ("range", "too many", "more than", "limit", "exceed")


class RawLog(msgspec.Struct, rename="camel"):
    """A log as the node gives it; every value is a hex string."""

    address: str
    topics: list[str]
    data: str
    block_number: str
    block_hash: str
    transaction_hash: str
    log_index: str


class RawHeader(msgspec.Struct, rename="camel"):
    """A block's header, as far as Moa wants it. Other members, such as a long extraData, are not looked at."""

    number: str
    hash: str
    parent_hash: str
    timestamp: str


@dataclass(frozen=True)
class Block:
    """A block: its number, hashes (32 bytes) and time (unix seconds)."""

    number: int
    hash: bytes
    parent: bytes
    time: int


@dataclass(frozen=True)
class Token:
    """What a token says of itself."""

    symbol: str
    name: str
    decimals: int


class Node:
    """A JSON-RPC node.

    Every method raises NodeAwayError when the node does not answer, NodeRefusedError when it answers with an error.
    """

    def __init__(self, url: str) -> None:
        """Make a client; nothing is sent before the first question."""
        self.url = url
        self._session = requests.Session()
        self.seconds = {"node": 0.0, "parse": 0.0}
        """Where the time went: waiting for the node, and reading its JSON."""

    def chain_id(self) -> int:
        """Return the chain's id."""
        return int(self._one("eth_chainId", [], str), 16)

    def head(self) -> int:
        """Return the number of the newest block."""
        return int(self._one("eth_blockNumber", [], str), 16)

    def block(self, number: int) -> Block | None:
        """Return a block's header, or None where the chain is shorter."""
        header = self._one("eth_getBlockByNumber", [hex(number), False], RawHeader | None)
        return None if header is None else _block(header)

    def blocks(self, first: int, last: int) -> list[Block]:
        """Return the headers from `first` to `last`, both included."""
        asked = [("eth_getBlockByNumber", [hex(number), False]) for number in range(first, last + 1)]
        return [_block(header) for header in self._many(asked, RawHeader)]

    def logs(self, first: int, last: int, addresses: Sequence[bytes]) -> list[RawLog]:
        """Return the logs of these contracts from block `first` to `last`, in the ledger's order.

        Raises:
            RangeRefusedError: The node wants a shorter range.

        """
        wanted = {"fromBlock": hex(first), "toBlock": hex(last), "address": ["0x" + a.hex() for a in addresses]}
        try:
            found: list[RawLog] = self._one("eth_getLogs", [wanted], list[RawLog])
        except NodeRefusedError as refusal:
            if any(word in str(refusal).lower() for word in RANGE_WORDS):
                raise RangeRefusedError(str(refusal)) from refusal
            raise
        return found

    def code(self, address: bytes) -> bytes:
        """Return a contract's runtime code at the head; empty where none stands."""
        return bytes.fromhex(self._one("eth_getCode", ["0x" + address.hex(), "latest"], str)[2:])

    def token(self, address: bytes) -> Token:
        """Return what a token says of itself: the one thing that Moa shows and no event tells."""
        to = "0x" + address.hex()
        calls = [
            ("eth_call", [{"to": to, "data": data}, "latest"]) for data in ("0x95d89b41", "0x06fdde03", "0x313ce567")
        ]
        symbol, name, decimals = (bytes.fromhex(answer[2:]) for answer in self._many(calls, str))
        if len(decimals) != 32 or any(decimals[:31]):
            raise NodeRefusedError(f"the contract {to} does not say its decimals as a token does")
        return Token(_text(symbol), _text(name), decimals[31])

    def _one(self, method: str, params: list[Any], kind: Any) -> Any:
        return self._result(self._post(_request(0, method, params), _Reply), kind, method)

    def _many(self, calls: list[tuple[str, list[Any]]], kind: type[T]) -> list[T]:
        """Ask many questions, a hundred a request."""
        answers: list[T] = []
        for start in range(0, len(calls), CALLS_PER_REQUEST):
            asked = calls[start : start + CALLS_PER_REQUEST]
            requests_ = [_request(i, method, params) for i, (method, params) in enumerate(asked)]
            replies = {reply.id: reply for reply in self._post(requests_, list[_Reply])}
            for i, (method, _) in enumerate(asked):
                if i not in replies:
                    raise NodeAwayError(f"the node at {self.url} left out an answer to {method}")
                answers.append(self._result(replies[i], kind, method))
        return answers

    def _post(self, request: object, kind: Any) -> Any:
        started = time.perf_counter()
        try:
            response = self._session.post(self.url, msgspec.json.encode(request), timeout=TIMEOUT, headers=JSON)
        except requests.RequestException as error:
            raise NodeAwayError(f"the node at {self.url} does not answer ({type(error).__name__})") from error
        answered = time.perf_counter()
        self.seconds["node"] += answered - started
        try:
            replies = msgspec.json.decode(response.content, type=kind)
        except msgspec.MsgspecError as error:
            what = f"HTTP {response.status_code}" if response.status_code != requests.codes.ok else str(error)
            raise NodeAwayError(
                f"the node at {self.url} answered with something else than JSON-RPC ({what})"
            ) from error
        self.seconds["parse"] += time.perf_counter() - answered
        return replies

    def _result(self, reply: _Reply, kind: Any, method: str) -> Any:
        if reply.error is not None:
            raise NodeRefusedError(f"the node refused {method}: {reply.error.message}")
        started = time.perf_counter()
        try:
            result = msgspec.json.decode(reply.result, type=kind)
        except msgspec.MsgspecError as error:
            raise NodeRefusedError(f"the node's answer to {method} is not what it should be: {error}") from error
        self.seconds["parse"] += time.perf_counter() - started
        return result


class _Error(msgspec.Struct):
    message: str = ""


class _Reply(msgspec.Struct):
    id: int | None = None
    result: msgspec.Raw = msgspec.Raw(b"null")
    error: _Error | None = None


def _request(number: int, method: str, params: list[Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


def _block(header: RawHeader) -> Block:
    return Block(
        number=int(header.number, 16),
        hash=bytes.fromhex(header.hash[2:]),
        parent=bytes.fromhex(header.parent_hash[2:]),
        time=int(header.timestamp, 16),
    )


def _text(answer: bytes) -> str:
    """Return a string answer; some old tokens answer with bytes32."""
    if len(answer) == 32:
        return answer.rstrip(b"\0").decode("utf-8", "replace")
    length = int.from_bytes(answer[32:64], "big")
    return answer[64 : 64 + length].decode("utf-8", "replace")
