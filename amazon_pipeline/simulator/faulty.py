"""Lets the faults that are switched on (:mod:`.faults`) loose on requests and answers, around the routes."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from amazon_pipeline.simulator.buckets import Bucket
from amazon_pipeline.simulator.calls import FAULT, NO_ANSWER
from amazon_pipeline.simulator.clock import Clock
from amazon_pipeline.simulator.connections import Connections
from amazon_pipeline.simulator.fault_answers import wrong_answer
from amazon_pipeline.simulator.fault_pages import LAYOUTS, PageFaults, Sequel, open_page
from amazon_pipeline.simulator.faults import ACCOUNT, CONNECTION, PAGE, REFUSAL, REPORT, Fault, Faults
from amazon_pipeline.simulator.operations import RATE_HEADER, RATE_HEADER_ON
from amazon_pipeline.simulator.tokens import AccessTokens

ANSWERS = (REFUSAL, CONNECTION, PAGE, REPORT)
IN_THE_ANSWER = "simulator.fault_in_the_answer"
"""In the ASGI scope: a kind that the route itself sees to."""


@dataclass(frozen=True)
class Levers:
    """What a fault can pull besides the answer."""

    buckets: Mapping[str, Bucket]
    access: AccessTokens
    clock: Clock
    connections: Connections
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the server shuts down: whatever hangs is let go."""


@dataclass
class Answer:
    """A whole answer, held back."""

    start: Message
    body: bytes

    @property
    def good(self) -> bool:
        return bool(self.start["status"] < 300)

    def replace(self, body: object) -> None:
        self.body = json.dumps(body, separators=(",", ":")).encode()
        MutableHeaders(raw=self.start["headers"])["content-length"] = str(len(self.body))

    async def send(self, send: Send) -> None:
        await send(self.start)
        await send({"type": "http.response.body", "body": self.body})


@dataclass(frozen=True)
class Exchange:
    """One request and the way to its answer."""

    name: str
    """Amazon's name of the operation."""
    scope: Scope
    inner: Scope
    """What the account is asked: without the page tokens that were made up here."""
    receive: Receive
    send: Send

    async def pass_on(self, app: ASGIApp, receive: Receive | None = None) -> None:
        await app(self.inner, receive or self.receive, self.send)

    async def held_back(self, app: ASGIApp) -> Answer:
        """The account's own answer, not yet sent."""
        held: list[Message] = []

        async def hold(message: Message) -> None:
            held.append(message)

        await app(self.inner, self.receive, hold)
        return Answer(held[0], b"".join(one.get("body", b"") for one in held[1:]))

    async def without_answer(self) -> None:
        """Write down that there will be none."""
        await self.send({"type": NO_ANSWER})


class SpoilAnswers:
    """ASGI middleware, around the routes and inside the record of calls."""

    def __init__(self, app: ASGIApp, faults: Faults, name_of: Callable[[Scope], str], levers: Levers) -> None:
        self._app = app
        self._faults = faults
        self._name_of = name_of
        self._levers = levers
        self._pages = PageFaults()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = self._name_of(scope)
        asked = scope["query_string"].decode("latin-1")
        layout = LAYOUTS.get(name)
        with_token = layout is not None and f"{layout.parameter}=" in asked
        sequel = self._pages.sequel(name, asked)
        inner = dict(scope) | {"query_string": self._pages.undo(name, asked).encode("latin-1")}
        exchange = Exchange(name, scope, inner, receive, send)
        self._pull(name, scope, with_token=with_token)
        fault = self._faults.claim(name, ANSWERS, with_token=with_token)
        if fault is None and sequel is None:
            await exchange.pass_on(self._app)
        elif fault is None or fault.kind.group in (PAGE, REPORT):
            await self._spoil(exchange, fault, sequel)
        elif not self._within_quota(name, fault):
            self._faults.give_back(fault)
            await exchange.pass_on(self._app)
        else:
            scope[FAULT] = fault.kind.name
            await self._strike(exchange, fault)

    def _pull(self, name: str, scope: Scope, *, with_token: bool) -> None:
        """Change the account before it is asked."""
        now, bucket = self._levers.clock(), self._levers.buckets.get(name)
        if bucket is None:
            return
        rate: float | None = None
        for fault in self._faults.claim_all(name, (ACCOUNT,), with_token=with_token):
            scope[FAULT] = fault.kind.name
            if fault.kind.name == "rate-header":
                rate = fault.number("rate", bucket.documented / 2)
            elif fault.kind.name == "greedy":
                bucket.drain(now, fault.number("tokens", bucket.burst))
            else:
                self._levers.access.expire(Headers(scope=scope).get("x-amz-access-token"))
        bucket.change(now, rate)

    def _within_quota(self, name: str, fault: Fault) -> bool:
        """Take the request's token, unless its fault is that it gets none; and where the route will take it."""
        bucket = self._levers.buckets.get(name)
        asks_account = fault.kind.name in ("truncated", "hang") or fault.kind.name.startswith("429")
        return bucket is None or asks_account or bucket.take(self._levers.clock())

    async def _spoil(self, exchange: Exchange, fault: Fault | None, sequel: Sequel | None) -> None:
        """Let the account answer, then spoil what it says."""
        if fault is not None and fault.kind.group == REPORT:
            exchange.inner[IN_THE_ANSWER] = fault.kind.name
        answer = await exchange.held_back(self._app)
        spoilt = answer.good
        if answer.good and (sequel or (fault and fault.kind.group == PAGE)):
            page = open_page(exchange.name, answer.body, exchange.inner["query_string"].decode("latin-1"))
            if sequel:
                sequel(page)
            if fault:
                spoilt = self._pages.spoil(fault, page)
            answer.replace(page.body)
        if fault and spoilt:
            exchange.scope[FAULT] = fault.kind.name
        elif fault:
            self._faults.give_back(fault)
        await answer.send(exchange.send)

    async def _strike(self, exchange: Exchange, fault: Fault) -> None:
        """Answer in the account's place, or break the connection."""
        match fault.kind.name:
            case "reset":
                await exchange.without_answer()
                self._levers.connections.reset(exchange.scope)
                await _gone(exchange.receive)
            case "truncated":
                await self._truncate(exchange, fault)
            case "hang":
                await self._hang(exchange, fault)
            case _:
                layout, bucket = LAYOUTS.get(exchange.name), self._levers.buckets.get(exchange.name)
                response = wrong_answer(fault, exchange.name, layout.parameter if layout else "")
                if bucket and response.status_code in RATE_HEADER_ON:
                    response.headers[RATE_HEADER] = bucket.header
                await response(exchange.scope, exchange.receive, exchange.send)

    async def _truncate(self, exchange: Exchange, fault: Fault) -> None:
        answer = await exchange.held_back(self._app)
        if not answer.good:
            exchange.scope.pop(FAULT)
            self._faults.give_back(fault)
            await answer.send(exchange.send)
            return
        await exchange.send(answer.start)
        half = answer.body[: len(answer.body) // 2]
        await exchange.send({"type": "http.response.body", "body": half, "more_body": True})
        self._levers.connections.close(exchange.scope)
        await _gone(exchange.receive)

    async def _hang(self, exchange: Exchange, fault: Fault) -> None:
        seconds = fault.number("seconds", 0) or None
        if seconds is None:
            await exchange.without_answer()
        came: deque[Message] = deque()
        reading = asyncio.create_task(_read(exchange.receive, came))
        stopped = asyncio.create_task(self._levers.stop.wait())
        await asyncio.wait({reading, stopped}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        left = reading.done()
        for task in (reading, stopped):
            task.cancel()
        await asyncio.gather(reading, stopped, return_exceptions=True)
        if left or self._levers.stop.is_set():
            if seconds is not None:
                await exchange.without_answer()
            if not left:
                self._levers.connections.reset(exchange.scope)
                await _gone(exchange.receive)
            return

        async def replay() -> Message:
            return came.popleft() if came else await exchange.receive()

        await exchange.pass_on(self._app, replay)


async def _read(receive: Receive, came: deque[Message]) -> None:
    """Read the request until the caller leaves."""
    while (message := await receive())["type"] != "http.disconnect":
        came.append(message)


async def _gone(receive: Receive) -> None:
    """Wait until the connection is gone: to return earlier would be an error of the server."""
    await _read(receive, deque())
