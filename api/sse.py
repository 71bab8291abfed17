"""``GET /api/sse``: the durable event log as a live stream.

One poller reads the log; the same bytes go to every client. A client resumes after the last id it saw, from the log
itself, so nothing is missed or doubled, also across restarts. Dropping a slow client is therefore always safe.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope, Send

from amazon_pipeline.errors import PipelineError
from amazon_pipeline.events import Event, EventLog
from api.errors import ApiError, EventLogUnreadable, InvalidParameter, MethodRefused, error_response
from api.memory import give_back

LOGGER = logging.getLogger(__name__)

_START: Final = {
    "type": "http.response.start",
    "status": 200,
    "headers": [
        (b"content-type", b"text/event-stream; charset=utf-8"),
        (b"cache-control", b"no-store, no-transform"),  # a proxy that compresses would gather events first
        (b"x-accel-buffering", b"no"),  # nginx would hold the events back
    ],
}
_RETRY: Final = b"retry: 3000\n\n"
_KEEP_ALIVE: Final = b": keep-alive\n\n"
_YIELD_EVERY: Final = 256
_AFTER_TROUBLE: Final = 1.0  # seconds
_MOST_PENDING: Final = 4 * 1024 * 1024
_POLLS_TO_SETTLE: Final = 20


class _Client:
    """One open stream: the newest id it was sent, the write under way and what waits behind it."""

    __slots__ = ("after", "dropped", "pending", "send", "task", "writing")

    def __init__(self, send: Send, after: int) -> None:
        self.send = send
        self.after = after
        self.dropped = False
        self.pending = b""
        self.task = asyncio.current_task()
        self.writing: asyncio.Task[None] | None = None


class Hub:
    """Fans the event log out to the open streams. An ASGI application; ``start`` and ``close`` belong to the lifespan.

    ``poll_seconds`` is the longest an event waits to be seen, ``patience_seconds`` how long a client may block a write.
    When half of at least ``crowd`` clients have left, ``give_back`` is called, in a thread.
    """

    def __init__(
        self,
        log: EventLog,
        *,
        poll_seconds: float = 0.1,
        keep_alive_seconds: float = 15.0,
        patience_seconds: float = 1.0,
        crowd: int = 1_000,
        give_back: Callable[[], None] = give_back,
    ) -> None:
        self._log = log
        self._poll_seconds = poll_seconds
        self._keep_alive_seconds = keep_alive_seconds
        self._patience = patience_seconds
        self._crowd = crowd
        self._give_back = give_back
        self._most = 0
        self._clients: set[_Client] = set()
        self._last = 0
        self._listened_to = asyncio.Event()
        self._background: list[asyncio.Task[None]] = []
        self._closing = False

    @property
    def clients(self) -> int:
        """How many streams are open."""
        return len(self._clients)

    def start(self) -> None:
        """Begin to watch the log; nothing is read while nobody listens."""
        self._background = [asyncio.create_task(self._poll()), asyncio.create_task(self._keep_alive())]

    async def close(self) -> None:
        """End every stream at once, and stop watching."""
        self._closing = True
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        self._background = []
        ending, self._clients = self._clients, set()
        await asyncio.gather(*(self._end(client) for client in ending), return_exceptions=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            client = _Client(send, await self._starting_point(scope))
        except ApiError as error:
            await error_response(error)(scope, receive, send)
            return
        await send(_START)
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b""})
            return
        await self._write(client, _RETRY)
        if not await self._replay(client):
            return
        try:
            while (await receive())["type"] != "http.disconnect":
                pass
        except asyncio.CancelledError:
            if not client.dropped:
                raise
        finally:
            self._forget(client)

    async def _starting_point(self, scope: Scope) -> int:
        if scope["method"] not in ("GET", "HEAD"):
            raise MethodRefused
        asked = _last_event_id(scope)
        try:
            newest = await asyncio.to_thread(self._log.last_id)
        except (PipelineError, sqlite3.Error) as error:
            LOGGER.warning("the event log cannot be read: %s", error)
            raise EventLogUnreadable from error
        if asked is None:
            return newest
        # an id beyond the newest is of a log that is gone: all of the new one is news
        return asked if asked <= newest else 0

    async def _replay(self, client: _Client) -> bool:
        """Send what the client missed and take it in; False if its stream ended meanwhile."""
        while not self._closing and not client.dropped:
            try:
                missed = await asyncio.to_thread(self._log.after, client.after)
            except (PipelineError, sqlite3.Error) as error:
                LOGGER.warning("the event log cannot be read, trying on: %s", error)
                await asyncio.sleep(max(self._poll_seconds, _AFTER_TROUBLE))
                continue
            if missed:
                client.after = missed[-1].id
                await self._write(client, _encode(missed))
            elif not self._clients or client.after >= self._last:
                # no await between this check and taking it in, so that no event falls between
                if not self._clients:
                    self._last = client.after  # the poller stood still: it goes on from here
                self._clients.add(client)
                self._most = max(self._most, len(self._clients))
                self._listened_to.set()
                return True
        if self._closing:
            await self._write(client, b"", more=False)
        return False

    async def _poll(self) -> None:
        readable = True
        while True:
            await self._listened_to.wait()
            try:
                events = await asyncio.to_thread(self._log.after, self._last)
            except (PipelineError, sqlite3.Error) as error:
                if readable:
                    LOGGER.warning("the event log cannot be read, trying on: %s", error)
                readable = False
            else:
                readable = True
                if events:
                    await self._fan_out(events)
            await asyncio.sleep(self._poll_seconds)

    async def _fan_out(self, events: Sequence[Event]) -> None:
        first, last = events[0].id, events[-1].id
        body = _encode(events)
        self._last = max(self._last, last)
        for number, client in enumerate(list(self._clients), 1):
            if client.after < last:
                # one that came while the log was read has seen the first of these already
                news = body if client.after < first else _encode([one for one in events if one.id > client.after])
                client.after = last
                self._push(client, news)
            if number % _YIELD_EVERY == 0:
                await asyncio.sleep(0)

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(self._keep_alive_seconds)
            for client in list(self._clients):
                if client.writing is None:
                    self._push(client, _KEEP_ALIVE)

    def _push(self, client: _Client, body: bytes) -> None:
        """Write to one client without waiting for it; behind a write that is under way, up to a bound."""
        client.pending += body
        if len(client.pending) > _MOST_PENDING:
            self._drop(client)
        elif client.writing is None:
            client.writing = asyncio.create_task(self._flush(client))

    async def _flush(self, client: _Client) -> None:
        try:
            while client.pending and not client.dropped:
                body, client.pending = client.pending, b""
                await self._write(client, body)
        finally:
            client.writing = None

    async def _end(self, client: _Client) -> None:
        if client.writing is not None:
            await client.writing
        if not client.dropped:
            await self._write(client, b"", more=False)

    async def _write(self, client: _Client, body: bytes, *, more: bool = True) -> None:
        try:
            async with asyncio.timeout(self._patience):
                await client.send({"type": "http.response.body", "body": body, "more_body": more})
        except (TimeoutError, OSError):
            self._drop(client)

    def _drop(self, client: _Client) -> None:
        """End the stream of a client that does not read, and free what is buffered for it."""
        if client.dropped:
            return
        client.dropped = True
        self._forget(client)
        # ASGI cannot abort a connection, and an orderly close would wait for the client to read: uvicorn's can
        transport = getattr(getattr(client.send, "__self__", None), "transport", None)
        if transport is not None:
            transport.abort()
        elif client.task is not None and client.task is not asyncio.current_task():
            client.task.cancel()

    def _forget(self, client: _Client) -> None:
        self._clients.discard(client)
        if not self._clients:
            self._listened_to.clear()
        if self._most >= self._crowd and 2 * len(self._clients) < self._most and not self._closing:
            self._most = len(self._clients)
            loop = asyncio.get_running_loop()
            loop.call_later(_POLLS_TO_SETTLE * self._poll_seconds, loop.run_in_executor, None, self._give_back)


def _encode(events: Sequence[Event]) -> bytes:
    """The events as the stream's text."""
    parts = []
    for event in events:
        data = "".join(f"data: {line}\n" for line in event.data.replace("\r", "").split("\n"))
        parts.append(f"id: {event.id}\nevent: {event.event}\n{data}\n")
    return "".join(parts).encode()


def _last_event_id(scope: Scope) -> int | None:
    """What the client saw last; the header wins, for a browser that reconnects sends it. Raises InvalidParameter."""
    found: int | None = None
    for name, value in parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True):
        if name != "lastEventId":
            raise InvalidParameter(name, "is not a parameter of this address")
        if value:
            found = _event_id(value)
            if found is None:
                raise InvalidParameter(name, "is not the id of an event")
    header = dict(scope["headers"]).get(b"last-event-id", b"").decode("latin-1")
    return found if (given := _event_id(header)) is None else given


def _event_id(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None
