"""What every request passes first: host, size, key. A page that is in the cache is answered here, at once.

The gate stands outside FastAPI, so that also an error of ours has the contract's shape.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from amazon_pipeline.addresses import is_loopback
from api.answers import Answers
from api.auth import Guard
from api.errors import ApiError, BodyTooLarge, HostRefused, Unauthorized, error_response, internal_error_response

LOGGER = logging.getLogger(__name__)

_MOST_BODY_BYTES: Final = 64 * 1024
_MOST_DIGITS: Final = 9
_KEPT_HOSTS: Final = 64
"""Of Host headers seen, so that the one that every request has is looked at once."""
_HOST: Final = re.compile(r"(?:\[(?P<v6>[0-9a-f:.]+)\]|(?P<name>[^\[\]:@/\s]+))(?::[0-9]*)?", re.ASCII)
_OPEN_PATHS: Final = frozenset({"/health", "/login", "/logout"})
_BROWSER_PATHS: Final = frozenset({"/", "/docs/integrations/amazon-sp-api-setup"})


class Gate:
    """Lets a request in, or answers it. ``streams`` are addresses served past the framework, for hours on end."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        answers: Answers,
        guard: Guard | None,
        allowed_hosts: Iterable[str],
        streams: Mapping[str, ASGIApp],
    ) -> None:
        self._app = app
        self._answers = answers
        self._guard = guard
        self._allowed_hosts = frozenset(_host_name(host.lower()) or host.lower() for host in allowed_hosts)
        self._streams = streams
        self._is_served = lru_cache(_KEPT_HOSTS)(self._serves)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        try:
            self._admit(scope, headers)
        except ApiError as error:
            await _refusal(error, scope, headers)(scope, receive, send)
            return
        path: str = scope["path"]
        if (stream := self._streams.get(path)) is not None:
            await stream(scope, receive, send)
            return
        if scope["method"] == "HEAD":
            scope, send = {**scope, "method": "GET"}, _without_body(send)
        if scope["method"] == "GET" and (page := self._answers.kept(path, scope["query_string"])) is not None:
            await page.send(headers, send)
            return
        await self._ask(scope, receive, send)

    def _admit(self, scope: Scope, headers: Mapping[bytes, bytes]) -> None:
        if not self._is_served(headers.get(b"host", b"")):
            raise HostRefused
        # two readers could take different ones of two: the proxy that looked at the first would let the second in
        if len(headers) < len(scope["headers"]) and sum(name == b"host" for name, _ in scope["headers"]) > 1:
            raise HostRefused
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or len(length) > _MOST_DIGITS or int(length) > _MOST_BODY_BYTES:
            raise BodyTooLarge
        if self._guard is not None and scope["path"] not in _OPEN_PATHS:
            self._guard.admit(
                authorization=headers.get(b"authorization", b""),
                cookie_header=headers.get(b"cookie", b""),
                address=scope["client"][0] if scope.get("client") else "",
            )

    def _serves(self, header: bytes) -> bool:
        host = _host_name(header.decode("latin-1").lower())
        return host is not None and (host in self._allowed_hosts or is_loopback(host))

    async def _ask(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = finished = False

        async def watched(message: Message) -> None:
            nonlocal started, finished
            started = True
            finished = message["type"] == "http.response.body" and not message.get("more_body", False)
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception:  # the last resort: logged whole, answered without a word of it
            LOGGER.exception("a request failed: %s %r", scope["method"], scope["path"])
            if not started:
                await internal_error_response()(scope, receive, send)
            elif not finished:
                raise  # half an answer: the server cuts it off, so that it cannot pass for a whole one


def _refusal(error: ApiError, scope: Scope, headers: Mapping[bytes, bytes]) -> ASGIApp:
    """A person who opens the dashboard without a session is led to the login form; a program is told."""
    wants_page = scope["method"] == "GET" and b"text/html" in headers.get(b"accept", b"")
    if isinstance(error, Unauthorized) and wants_page and scope["path"] in _BROWSER_PATHS:
        return RedirectResponse("/login", 303, {"Cache-Control": "no-store"})
    return error_response(error)


def _without_body(send: Send) -> Send:
    """The answer to HEAD: that to GET, with the same headers and nothing after them."""

    async def head_only(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return head_only


def _host_name(header: str) -> str | None:
    """The host without its port: ``[::1]:8000`` is ``::1``. None for what is no host."""
    found = _HOST.fullmatch(header)
    return None if found is None else found["v6"] or found["name"]
