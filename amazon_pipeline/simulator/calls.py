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
NO_ANSWER = "simulator.no_answer"
"""An ASGI message of our own: the caller will get no answer, write that down."""
FAULT = "simulator.fault"
"""In the ASGI scope: the kind of fault that the call met."""


@dataclass(frozen=True)
class Call:
    """One request and the status of its answer. Headers and bodies are not kept: they hold the credentials."""

    operation: str
    """Amazon's name of the operation, ``getAccessToken`` for the login, ``unknown`` for a path nobody serves."""
    path: str
    params: dict[str, str] = field(hash=False)
    status: int
    """0 if there was no answer."""
    at: datetime
    fault: str | None = None
    """The kind of fault that the call met (:mod:`.faults`)."""


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
            if message["type"] in ("http.response.start", NO_ANSWER):
                params = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
                status = message.get("status", 0)
                self._calls.append(Call(self._name_of(scope), scope["path"], params, status, at, scope.get(FAULT)))
            if message["type"] != NO_ANSWER:
                await send(message)

        await self._app(scope, receive, record)
