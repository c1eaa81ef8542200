"""A stand-in for strict, slow and lying nodes: a real node behind it, and quirks that change what is asked and told."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, TypeAlias

import requests

if TYPE_CHECKING:
    from collections.abc import Callable

Call: TypeAlias = dict[str, Any]
Reply: TypeAlias = dict[str, Any]
Quirk: TypeAlias = "Callable[[Call, Callable[[Call], Reply]], Reply]"
"""Answers a call, with the help of what answers it truly."""


class StrangeNode:
    """An HTTP server of its own, ended by `stop`. `quirks` change single answers, the first one outermost."""

    def __init__(self, url: str, *quirks: Quirk) -> None:
        self.real = url
        self.quirks = list(quirks)
        self.asked: list[Call] = []
        self.requests = 0
        self.body: Callable[[bytes], bytes] = lambda body: body
        """Changes a whole body."""
        self.cut_after: int | None = None
        """Bytes of each answer after which the line goes dead."""
        self.status: Callable[[], int] = lambda: 200
        self.delay = 0.0
        self._session = requests.Session()
        node = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                node.requests += 1
                content = self.rfile.read(int(self.headers["Content-Length"]))
                time.sleep(node.delay)
                status = node.status()
                body = node.body(node.answer(content)) if status == 200 else b"no"
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if node.cut_after is not None and len(body) > node.cut_after:
                    self.wfile.write(body[: node.cut_after])
                    self.wfile.flush()
                    self.connection.close()
                    self.close_connection = True
                    return
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()

    def answer(self, content: bytes) -> bytes:
        """Answer one call, or many."""
        asked = json.loads(content)
        if isinstance(asked, list):
            return json.dumps([self._one(call) for call in asked]).encode()
        return json.dumps(self._one(asked)).encode()

    def _one(self, call: Call) -> Reply:
        self.asked.append(call)

        def through(level: int, call: Call) -> Reply:
            if level < len(self.quirks):
                return self.quirks[level](call, lambda inner: through(level + 1, inner))
            reply: Reply = self._session.post(self.real, json=call, timeout=60).json()
            return reply

        return through(0, call)


def refuse(call: Call, code: int, message: str) -> Reply:
    """Answer with an error."""
    return {"jsonrpc": "2.0", "id": call["id"], "error": {"code": code, "message": message}}


def range_limit(blocks: int) -> Quirk:
    """As Besu: no logs of more than so many blocks at once."""

    def quirk(call: Call, ask: Callable[[Call], Reply]) -> Reply:
        if call["method"] == "eth_getLogs":
            wanted = call["params"][0]
            if "toBlock" in wanted and int(wanted["toBlock"], 16) - int(wanted["fromBlock"], 16) >= blocks:
                return refuse(call, -32005, "Requested range exceeds maximum RPC range limit")
        return ask(call)

    return quirk


def result_limit(logs: int) -> Quirk:
    """As hosted nodes: no more than so many logs at once."""

    def quirk(call: Call, ask: Callable[[Call], Reply]) -> Reply:
        reply = ask(call)
        if call["method"] == "eth_getLogs" and len(reply["result"]) > logs:
            return refuse(call, -32005, f"query returned more than {logs} results")
        return reply

    return quirk


def proof_of_authority(call: Call, ask: Callable[[Call], Reply]) -> Reply:
    """As QBFT, IBFT and Clique: seals of all validators in a header's extraData; and no tags but `latest`."""
    if call["method"] == "eth_getBlockByNumber":
        if call["params"][0] in ("finalized", "safe"):
            return refuse(call, -39001, "Unknown block")
        reply = ask(call)
        if reply.get("result"):
            reply["result"]["extraData"] = "0x" + "f8" * 900
        return reply
    return ask(call)


def lag(blocks: Callable[[], int]) -> Quirk:
    """Behind the others: it knows nothing of the newest blocks."""

    def quirk(call: Call, ask: Callable[[Call], Reply]) -> Reply:
        if call["method"] not in ("eth_blockNumber", "eth_getBlockByNumber", "eth_getLogs"):
            return ask(call)
        head = int(ask({**call, "method": "eth_blockNumber", "params": []})["result"], 16) - blocks()
        if call["method"] == "eth_blockNumber":
            return {"jsonrpc": "2.0", "id": call["id"], "result": hex(head)}
        if call["method"] == "eth_getBlockByNumber" and int(call["params"][0], 16) > head:
            return {"jsonrpc": "2.0", "id": call["id"], "result": None}
        reply = ask(call)
        if call["method"] == "eth_getLogs":
            reply["result"] = [log for log in reply["result"] if int(log["blockNumber"], 16) <= head]
        return reply

    return quirk


def says(version: str) -> Quirk:
    """Another engine by its own words."""

    def quirk(call: Call, ask: Callable[[Call], Reply]) -> Reply:
        if call["method"] == "web3_clientVersion":
            return {"jsonrpc": "2.0", "id": call["id"], "result": version}
        return ask(call)

    return quirk


def signed_by(signers: int) -> Quirk:
    """As a Clique chain of so many signers."""

    def quirk(call: Call, ask: Callable[[Call], Reply]) -> Reply:
        if call["method"] == "clique_getSigners":
            return {"jsonrpc": "2.0", "id": call["id"], "result": [f"0x{n:040x}" for n in range(signers)]}
        return ask(call)

    return quirk


def change_logs(change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> Quirk:
    """Another list of logs than there are."""

    def quirk(call: Call, ask: Callable[[Call], Reply]) -> Reply:
        reply = ask(call)
        if call["method"] == "eth_getLogs":
            reply["result"] = change(reply["result"])
        return reply

    return quirk


def change_views(selector: bytes, change: Callable[[bytes], bytes]) -> Quirk:
    """Other answers of one view, of whatever contract."""

    def quirk(call: Call, ask: Callable[[Call], Reply]) -> Reply:
        reply = ask(call)
        if call["method"] == "eth_call" and call["params"][0]["data"].startswith("0x" + selector.hex()):
            reply["result"] = "0x" + change(bytes.fromhex(reply["result"][2:])).hex()
        return reply

    return quirk


def forgetful(blocks: int) -> Quirk:
    """Without an archive: it knows the contracts' state of its newest blocks only, and says so as geth does."""

    def quirk(call: Call, ask: Callable[[Call], Reply]) -> Reply:
        if call["method"] == "eth_call" and call["params"][1] != "latest":
            head = int(ask({**call, "method": "eth_blockNumber", "params": []})["result"], 16)
            if int(call["params"][1], 16) <= head - blocks:
                return refuse(call, -32000, "missing trie node 8a12 (path ) state 0x8a12 is not available")
        return ask(call)

    return quirk
