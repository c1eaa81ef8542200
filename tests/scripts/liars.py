"""A played chain with its explorer, and those who stand in front of both and may lie."""

from __future__ import annotations

import http.client
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import uvicorn

from api.explorer.app import create_app
from api.indexer.chain import Node as IndexNode
from api.indexer.store import Store
from api.indexer.sync import Sync
from scripts.verify.__main__ import Check, options_of
from scripts.verify.wire import Wire
from tests import bundled
from tests.api.explorer.conftest import settings_in
from tests.ledger import Ganache, Ledger, free_port
from tests.played import BETTER, TEXT, play

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Answer = tuple[int, bytes]
Lie = "Callable[[str, bytes, bytes], bytes | Answer]"
"""From a path, what was asked and the true answer to what is said instead."""


class Server:
    """A program that answers HTTP, in a thread of its own."""

    def __init__(self, app: Any) -> None:
        self.port = free_port()
        self._server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=self.port, log_level="error"))
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(20)


class Proxy:
    """Passes everything on to another server, and says something else where it is told to."""

    def __init__(self, to: str) -> None:
        self.lie: Callable[[str, bytes, bytes], bytes | Answer] = lambda _path, _asked, true: true
        target, proxy = urlsplit(to), self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._pass_on(b"")

            def do_POST(self) -> None:
                self._pass_on(self.rfile.read(int(self.headers["Content-Length"])))

            def _pass_on(self, asked: bytes) -> None:
                connection = http.client.HTTPConnection(str(target.hostname), target.port)
                connection.request(self.command, self.path, asked or None, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                said = proxy.lie(self.path, asked, answer.read())
                status, body = said if isinstance(said, tuple) else (answer.status, said)
                connection.close()
                if status == 0:  # it writes what is no HTTP at all
                    self.wfile.write(body)
                    self.close_connection = True
                    return
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                try:
                    self.wfile.write(body)
                except OSError:  # whoever asked did not want all of it
                    self.close_connection = True

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Remembering(Wire):
    """A connection that asks each question once, and says the same again; it lies where it is told to."""

    def __init__(self, url: str, what: str) -> None:
        super().__init__(url, what)
        self.known: dict[tuple[str, str, bytes], Answer] = {}
        self.lie: Callable[[str, bytes, bytes], bytes | Answer] = lambda _path, _asked, true: true

    def _ask(self, method: str, path: str, body: bytes | None, most: int) -> Answer:
        asked = body or b""
        if asked.startswith(b"["):
            status, true = 200, self._many(path, json.loads(asked), most)
        else:
            key = (method, path, asked)
            if key not in self.known:
                self.known[key] = super()._ask(method, path, body, most)
            status, true = self.known[key]
        said = self.lie(path, asked, true)
        return said if isinstance(said, tuple) else (status, said)

    def _many(self, path: str, calls: list[dict[str, Any]], most: int) -> bytes:
        """Ask those questions of a request that are new, and answer all."""
        keys = [("POST", path, json.dumps([call["method"], call["params"]]).encode()) for call in calls]
        new = {key: call for key, call in zip(keys, calls, strict=True) if key not in self.known}
        if new:
            _, true = super()._ask("POST", path, json.dumps(list(new.values())).encode(), most)
            by_id = {answer["id"]: answer for answer in json.loads(true)}
            self.known |= {key: (200, json.dumps(by_id[call["id"]]).encode()) for key, call in new.items()}
        answers = [json.loads(self.known[key][1]) | {"id": call["id"]} for key, call in zip(keys, calls, strict=True)]
        return json.dumps(answers).encode()


@dataclass
class Stage:
    """A chain that was played, indexed and is served; and a bundle of it."""

    folder: Path
    node: Ganache
    ledger: Ledger
    deployment: Path
    sync: Sync
    server: Server
    bundle: Path
    node_wire: Remembering = field(init=False)
    api_wire: Remembering = field(init=False)

    def __post_init__(self) -> None:
        self.node_wire = Remembering(self.node.url, "the node")
        self.api_wire = Remembering(self.server.url, "the explorer")

    def index(self) -> None:
        """Bring the index to the node's head, also where the chain was rewound."""
        while (step := self.sync.step()).behind or step.rewound_to is not None:
            pass

    def check(self, *more: str) -> Check:
        """Return a check whose node is asked each question once for all tests."""
        check = Check(options_of(["--rpc", self.node.url, "--deployment", str(self.deployment), "--quiet", *more]))
        check.node._wire = self.node_wire
        return check


def played(folder: Path) -> Iterator[Stage]:
    """Play, index and serve a chain."""
    node = Ganache()
    try:
        ledger = Ledger(node)
        play(ledger)
        settings = settings_in(folder)
        settings.content.mkdir()
        (settings.content / BETTER.hex()).write_text(TEXT)
        ledger.write_deployment(settings.deployment)
        store = Store(settings.database)
        sync = Sync(IndexNode(node.url), store, settings.load_deployment())
        sync.check_chain()
        while sync.step().behind:
            pass
        bundle = bundled.write(folder / "bundle", settings.database, ledger)
        server = Server(create_app(settings))
        try:
            yield Stage(folder, node, ledger, settings.deployment, sync, server, bundle)
        finally:
            server.stop()
            store.close()
    finally:
        node.stop()


def changed(value: Any) -> Any:
    """Return another value that is of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str):
        if value.startswith("0x"):
            return value[:-1] + ("0" if value[-1] != "0" else "1")
        return str(int(value) + 1) if value.isdigit() else value + "x"
    if isinstance(value, list):
        return [*value, 1]
    return 1 if value is None else value


def parsed(body: bytes) -> Any:
    return json.loads(body)


def offer_export(stage: Stage, edit: Callable[[list[list[str]]], list[list[str]] | Answer]) -> Callable[..., Any]:
    """Return who offers exports of gifts beside what an explorer has; pool 1's is edited."""

    def offer(path: str, _asked: bytes, true: bytes) -> bytes | Answer:
        if path.endswith("/export"):
            return 200, b'{"tables": []}'
        if "/export/contributions.csv" not in path:
            return true
        rows = bundled.exported(stage.sync._store.where, int(path.partition("pool=")[2].partition("&")[0]))
        edited = edit(rows) if "pool=1&" in path else rows
        return edited if isinstance(edited, tuple) else (200, "".join(",".join(r) + "\n" for r in edited).encode())

    return offer
