"""The headers of every answer: nothing from elsewhere runs in a page, and pages elsewhere may read all."""

from collections.abc import Callable

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# The receipt's check asks a node of the reader's choice, so a page may connect anywhere.
POLICY = (
    "default-src 'self'; connect-src *; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
FINAL = "Moa-Final-Block"
"""The newest block that is final: what an answer says of it and of those below does not change any more."""
PUBLIC = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": f"Content-Disposition, Link, Moa-Block, Moa-Block-Hash, Retry-After, {FINAL}",
}
"""What every answer has. It is the same for all who ask, so that a cache may give it to all."""

_FINAL = FINAL.lower().encode()
_RAW = [(name.lower().encode(), value.encode()) for name, value in PUBLIC.items()]

LONG = ("/live", "/export/", "/iati.xml")
"""Answers that have no end, or take long."""


class PublicHeaders:
    """Adds to every answer the headers that it does not have itself."""

    def __init__(self, app: ASGIApp, final: Callable[[], int | None]) -> None:
        """Add them. `final`: the newest block that is final, for the answers that are data."""
        self._app, self._final = app, final
        # A browser asks so before it reads with headers of its own.
        self._preflight = CORSMiddleware(app, allow_origins=["*"], allow_methods=["GET"], allow_headers=["*"])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and add to its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # A HEAD is a GET whose body is left out, but not where that would be long in the making.
        asked, head = scope, scope["method"] == "HEAD" and not any(part in scope["path"] for part in LONG)
        if head:
            scope = {**scope, "method": "GET"}
        data = scope["path"].startswith("/api/")

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message["headers"])
                own = {name.lower() for name, _ in headers}
                headers += [each for each in _RAW if each[0] not in own]
                if data and (final := self._final()) is not None:
                    headers.append((_FINAL, b"%d" % final))
                message = {**message, "headers": headers}
            elif head:
                message = {**message, "body": b""}
            await send(message)

        app = self._preflight if scope["method"] == "OPTIONS" else self._app
        try:
            await app(scope, receive, send_with_headers)
        finally:
            if scope is not asked:
                asked["route"] = scope.get("route")  # for whoever tells what went wrong
