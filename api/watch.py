"""The outermost layer: whoever answers a request, here the security headers are added, it is counted and logged."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access_log import AccessLog
from api.metrics import RequestMetrics
from api.security_headers import SecuredHeaders, secured

_FILES: Final = "/static"
_ELSEWHERE: Final = "other"


class _Exchange:
    """One answer on its way out. ``transport`` is uvicorn's, which the hub needs to cut a client off."""

    __slots__ = ("_send", "size", "status")

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 500  # what the server answers if nothing of ours did
        self.size = 0

    @property
    def transport(self) -> object:
        return getattr(getattr(self._send, "__self__", None), "transport", None)

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = message.get("headers", [])
            if type(headers) is not SecuredHeaders:
                message = {**message, "headers": secured(headers)}
        else:
            self.size += len(message.get("body", b""))
        await self._send(message)


class Watch:
    """Secures, counts and times. ``routes`` are the paths with a label of their own, ``streams`` are not timed."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        routes: Collection[str],
        streams: Collection[str],
        metrics: RequestMetrics,
        access_log: AccessLog | None,
    ) -> None:
        self._app = app
        self._routes = frozenset(routes)
        self._streams = frozenset(streams)
        self._metrics = metrics
        self._access_log = access_log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        exchange = _Exchange(send)
        try:
            await self._app(scope, receive, exchange.send)
        finally:
            self._ended(scope, exchange, time.perf_counter() - began)

    def _ended(self, scope: Scope, exchange: _Exchange, seconds: float) -> None:
        path, method, status = scope["path"], scope["method"], exchange.status
        route = path if path in self._routes else _FILES if path.startswith(_FILES + "/") else _ELSEWHERE
        self._metrics.count(route, method, status)
        if path not in self._streams:
            self._metrics.time(route, seconds)
        if self._access_log is not None:
            client = scope.get("client")
            self._access_log.note(
                method, path, status, seconds=seconds, size=exchange.size, client=client[0] if client else ""
            )
