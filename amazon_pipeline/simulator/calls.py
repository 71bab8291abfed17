"""The record of what was asked, for tests that must show that nothing was asked twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from amazon_pipeline.simulator.clock import Clock

TOKEN_CALL = "getAccessToken"  # noqa: S105 - the name of an operation
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Call:
    """One request and the status of its answer. Headers and bodies are not kept: they hold the credentials."""

    operation: str
    """Amazon's name of the operation, ``getAccessToken`` for the login, ``unknown`` for a path nobody serves."""
    path: str
    params: dict[str, str] = field(hash=False)
    status: int
    at: datetime


class RecordCalls:
    """ASGI middleware: writes each call down before the client can see its answer."""

    def __init__(self, app: ASGIApp, calls: list[Call], clock: Clock, name_of: Callable[[Scope], str]) -> None:
        self._app = app
        self._calls = calls
        self._clock = clock
        self._name_of = name_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        at = self._clock()

        async def record(message: Message) -> None:
            if message["type"] == "http.response.start":
                params = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
                self._calls.append(Call(self._name_of(scope), scope["path"], params, message["status"], at))
            await send(message)

        await self._app(scope, receive, record)
