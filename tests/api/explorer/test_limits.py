"""Nobody can ask for more than the operator lets one address ask for, whoever they say they are."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient

from api.errors import SettingsError
from api.explorer.answers import Json
from api.explorer.app import create_app
from api.explorer.limits import Buckets, Limits, client_named, client_of
from api.settings import Rate, Settings

if TYPE_CHECKING:
    from tests.api.explorer.world import World

API = "/api/v1"


def asked_by(peer: str, *forwarded: str) -> dict[str, Any]:
    return {"client": (peer, 1), "headers": [(b"x-forwarded-for", value.encode("latin-1")) for value in forwarded]}


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("192.0.2.7", "192.0.2.7"),
        (" 192.0.2.7:4711 ", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:DB8:1:2:ffff::1", "2001:db8:1:2::"),
        ("[2001:db8:1:2::9]:443", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("unknown", ""),
        ("_hidden", ""),
        ("", ""),
        ("1" * 5000, ""),
    ],
)
def test_an_address_stands_for_a_household(said: str, named: str) -> None:
    assert client_named(said) == named


def test_what_a_client_says_of_itself_is_not_believed() -> None:
    assert client_of(asked_by("192.0.2.1", "198.51.100.9"), 0) == "192.0.2.1"
    assert client_of(asked_by("192.0.2.1", "198.51.100.9, 203.0.113.5"), 1) == "203.0.113.5"
    assert client_of(asked_by("192.0.2.1", "198.51.100.9", "203.0.113.5"), 1) == "203.0.113.5"
    assert client_of(asked_by("192.0.2.1", "1.1.1.1, 203.0.113.5, 192.0.2.2"), 2) == "203.0.113.5"
    assert client_of(asked_by("192.0.2.1"), 1) == "192.0.2.1"
    assert client_of(asked_by("192.0.2.1", "rubbish"), 1) == "192.0.2.1"
    assert client_of({"client": None, "headers": []}, 0) == ""


def test_a_bucket_fills_again() -> None:
    now = [100.0]
    buckets = Buckets(Rate(2, 3), clock=lambda: now[0])
    assert [buckets.take("a") for _ in range(3)] == [0, 0, 0]
    assert buckets.take("a") == pytest.approx(0.5)
    assert buckets.take("b") == 0
    now[0] += 0.5
    assert buckets.take("a") == 0
    assert buckets.take("a") > 0
    now[0] += 3600
    assert [buckets.take("a") == 0 for _ in range(4)] == [True, True, True, False]


def test_very_many_addresses_take_no_more_room() -> None:
    buckets = Buckets(Rate(1, 1), kept=100)
    for number in range(10_000):
        buckets.take(str(number))
        assert len(buckets) <= 100
    assert buckets.take("9999") > 0


def limited(settings: Settings, **more: Any) -> TestClient:
    return TestClient(create_app(replace(settings, **more)))


@pytest.mark.usefixtures("world")
def test_too_many_requests_are_refused_in_plain_words(settings: Settings) -> None:
    with limited(settings, rate=Rate(0.01, 3)) as client:
        assert [client.get(f"{API}/pools").status_code for _ in range(4)] == [200, 200, 200, 429]
        refused = client.get(f"{API}/pools", headers={"Origin": "https://elsewhere.example"})
        assert refused.json() == {"error": "too many requests", "reason": "too many requests from this address"}
        assert 60 < int(refused.headers["Retry-After"]) <= 100  # a slow machine takes seconds for this
        assert refused.headers["Access-Control-Allow-Origin"] == "*"
        assert refused.headers["X-Content-Type-Options"] == "nosniff"
        page = client.get("/pool/1")
        assert (page.status_code, page.headers["Content-Type"]) == (429, "text/html; charset=utf-8")
        assert f"Please try again in {page.headers['Retry-After']} seconds" in page.text
        # Load balancers, monitors and what belongs to a page are not counted.
        assert [client.get(path).status_code for path in ("/health", "/metrics", "/static/moa.css")] == [200] * 3
        assert {client.get(path).status_code for path in ("/healthy", "/metrics/x")} == {429}
        # No other name helps.
        assert client.get(f"{API}/pools", headers={"X-Forwarded-For": "203.0.113.5"}).status_code == 429


@pytest.mark.usefixtures("world")
def test_behind_a_proxy_each_client_is_counted(settings: Settings) -> None:
    with limited(settings, rate=Rate(0.1, 1), proxies=1) as client:
        for address in ("203.0.113.5", "203.0.113.6", "2001:db8::1"):
            assert client.get(f"{API}/pools", headers={"X-Forwarded-For": address}).status_code == 200
            faked = f"198.51.100.1, {address}"
            assert client.get(f"{API}/pools", headers={"X-Forwarded-For": faked}).status_code == 429
        assert client.get(f"{API}/pools", headers={"X-Forwarded-For": "2001:db8::2"}).status_code == 429


@pytest.mark.usefixtures("world")
def test_by_default_nobody_is_counted(settings: Settings) -> None:
    with limited(settings) as client:
        assert {client.get(f"{API}/health").status_code for _ in range(300)} == {200}


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("path", [f"{API}/search", "/search", "/live"])
def test_an_address_without_end_is_refused(settings: Settings, path: str) -> None:
    with limited(settings) as client:
        answer = client.get(path, params={"q": "x" * 9000})
        assert answer.status_code == 414
        assert ("json" in answer.headers["Content-Type"]) == (path != "/search")


def test_what_is_open_for_long_is_counted_while_it_is_open(settings: Settings, world: World) -> None:
    del world
    told: list[str] = []
    go_on = asyncio.Event()

    async def app(scope: Any, _receive: Any, send: Any) -> None:
        if "exports" not in told:
            await go_on.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        if scope["path"].endswith("broken"):
            raise OSError

    def refuse(_request: Any, status: int, body: dict[str, str], *_: str) -> Any:
        return Json(body, status_code=status)

    async def ask(limits: Limits, path: str, peer: str = "192.0.2.1") -> int:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"",
            "headers": [], "client": (peer, 1),
        }  # fmt: skip
        with contextlib.suppress(OSError):
            await limits(scope, lambda: asyncio.sleep(0), send)  # type: ignore[arg-type,return-value]
        return int(sent[0]["status"])

    async def run() -> None:
        limits = Limits(app, replace(settings, streams_each=2, exports_each=1), refuse)
        first = [asyncio.create_task(ask(limits, "/live")) for _ in range(2)]
        export = asyncio.create_task(ask(limits, f"{API}/export/broken"))
        await asyncio.sleep(0)
        assert await ask(limits, "/live") == 429
        assert await ask(limits, f"{API}/export/pools.csv") == 429
        # It takes one of the same places.
        assert await asyncio.wait_for(ask(limits, f"{API}/ngos/0x{'00' * 20}/iati.xml"), 1) == 429
        other = asyncio.create_task(ask(limits, "/live", "192.0.2.2"))
        await asyncio.sleep(0)
        go_on.set()
        assert [await task for task in (*first, export, other)] == [200] * 4
        assert not limits._open
        assert await ask(limits, "/live") == 200

    asyncio.run(run())


def test_settings_are_read_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.from_environment().rate is None
    for text, rate in (("off", None), ("20/s burst 100", Rate(20, 100)), ("30/m burst 5", Rate(0.5, 5))):
        monkeypatch.setenv("MOA_RATE", text)
        assert Settings.from_environment().rate == rate
    for text in ("20", "20/s", "0/s burst 5", "20/s burst 0", "-1/s burst 2", "20/h burst 5", "x", "٢/s burst 5"):
        monkeypatch.setenv("MOA_RATE", text)
        with pytest.raises(SettingsError, match=r"MOA_RATE is .*it must be off, or like 20/s burst 100"):
            Settings.from_environment()
    monkeypatch.setenv("MOA_RATE", "off")
    for name in ("MOA_PROXIES", "MOA_STREAMS_EACH", "MOA_EXPORTS_EACH"):
        monkeypatch.setenv(name, "many")
        with pytest.raises(SettingsError, match=name):
            Settings.from_environment()
        monkeypatch.delenv(name)
