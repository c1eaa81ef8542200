"""How much one client may ask for: requests in a time, and what holds the server's room for long.

Each process counts for itself, and keeps a number of clients in mind, and no more.
"""

from __future__ import annotations

import math
import re
import time
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.explorer.text import PREFIX
from api.settings import Rate, Settings

FREE = re.compile(r"/health|/metrics|/static/.*")
"""What is asked by load balancers and monitors, or belongs to a page."""

KEPT = 20_000
"""Clients that are kept in mind, some 4 MB. With more of them the one unheard for longest begins anew."""

LONGEST = 8_000
"""Bytes of an address with its question. Nothing that can be meant is longer."""

AGAIN = 10
"""Seconds after which to come again where too much is open."""

Refuse = Callable[[Request, int, dict[str, str], str, str], Response]


@lru_cache(maxsize=4096)
def client_named(said: str) -> str:
    """Return whom an address stands for: IPv6 by its /64, of which one household has all. "" if it is no address."""
    text = said.strip().removeprefix("[").partition("]")[0]
    if text.count(":") == 1:
        text = text.partition(":")[0]  # IPv4 with a port
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is None:
            return str(IPv6Address(int(address) >> 64 << 64))
        address = address.ipv4_mapped
    return str(address)


def client_of(scope: Scope, proxies: int) -> str:
    """Return who asks: the peer, or whom the outermost of so many proxies of our own says to have heard.

    Each proxy adds at the right of X-Forwarded-For. What stands further left the client said: it is not believed.
    """
    peer = str(scope["client"][0]) if scope.get("client") else ""
    if proxies:
        values = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
        told = [part for value in values for part in value.split(",") if part.strip()]
        if told and (named := client_named(told[-min(proxies, len(told))])):
            return named
    return client_named(peer) or peer


class Buckets:
    """A bucket of requests for each client: `burst` at once, filled again at `each_second`."""

    def __init__(self, rate: Rate, kept: int = KEPT, clock: Callable[[], float] = time.monotonic) -> None:
        """Make them, all full. At most `kept` are kept in mind."""
        self._step, self._room = 1 / rate.each_second, (rate.burst - 1) / rate.each_second
        self._kept, self._clock = kept, clock
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        """Return how many clients are kept in mind."""
        return len(self._full_at)

    def take(self, client: str) -> float:
        """Take a request out of a client's bucket: return 0, or in how many seconds there is one."""
        now = self._clock()
        full_at = max(now, self._full_at.get(client, now))
        wait = full_at - now - self._room
        if wait > 1e-9:
            return wait
        self._full_at[client] = full_at + self._step
        self._full_at.move_to_end(client)
        if len(self._full_at) > self._kept:
            self._full_at.popitem(last=False)
        return 0


class Limits:
    """Refuses what is too much, before anything is read for it."""

    def __init__(self, app: ASGIApp, settings: Settings, refuse: Refuse) -> None:
        """Limit what comes to `app`; `refuse` makes the answers."""
        self._app, self._refuse = app, refuse
        self._proxies = settings.proxies
        self._buckets = Buckets(settings.rate) if settings.rate else None
        self._most = {"stream": settings.streams_each, "export": settings.exports_each}
        self._open: Counter[tuple[str, str]] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http" or FREE.fullmatch(scope["path"]):
            await self._app(scope, receive, send)
            return
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > LONGEST:
            await self._answer(scope, receive, send, 414, 0, "the address is too long")
            return
        client = client_of(scope, self._proxies)
        if self._buckets is not None and (wait := self._buckets.take(client)):
            await self._answer(scope, receive, send, 429, math.ceil(wait), "too many requests from this address")
            return
        kind = _held(scope)
        if kind is None:
            await self._app(scope, receive, send)
        elif 0 < self._most[kind] <= self._open[kind, client]:
            reason = f"{self._open[kind, client]} {kind}s are open from this address"
            await self._answer(scope, receive, send, 429, AGAIN, reason)
        else:
            await self._hold((kind, client), self._app(scope, receive, send))

    async def _hold(self, what: tuple[str, str], answered: Awaitable[None]) -> None:
        self._open[what] += 1
        try:
            await answered
        finally:
            self._open[what] -= 1
            if not self._open[what]:
                del self._open[what]

    async def _answer(self, scope: Scope, receive: Receive, send: Send, status: int, seconds: int, reason: str) -> None:
        many = status == 429
        body = {"error": "too many requests" if many else "too long", "reason": reason}
        title = "A moment, please" if many else "That address is too long"
        again = f" Please try again in {seconds} second{'' if seconds == 1 else 's'}." if many else ""
        response = self._refuse(Request(scope), status, body, title, f"{reason[:1].upper()}{reason[1:]}.{again}")
        if many:
            response.headers["Retry-After"] = str(seconds)
        await response(scope, receive, send)


def _held(scope: Scope) -> str | None:
    """Return what a request holds for as long as its answer takes, if that may be long."""
    if scope["path"] == "/live":
        return "stream"
    long = scope["path"].startswith(f"{PREFIX}/export/") or scope["path"].endswith("/iati.xml")
    return "export" if long and scope["method"] == "GET" else None
