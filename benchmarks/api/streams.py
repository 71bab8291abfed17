"""Thousands of event streams on one process: how late the last client has an event, and what a client costs."""

from __future__ import annotations

import asyncio
import resource
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import uvloop

from amazon_pipeline.events import SYNC_STARTED, EventLog
from benchmarks.api.load import get
from benchmarks.api.servers import Server

CLIENTS: Final = 5_000
EVENTS: Final = 10
_AT_ONCE: Final = 200
_PATIENCE: Final = 30.0


@dataclass(frozen=True)
class Streamed:
    """``lags``: seconds from the event's being written until the last client had it. Memory in bytes.

    ``again``: with as many clients a second time, after the first had left.
    """

    clients: int
    lags: list[float]
    before: int
    connected: int
    left: int
    again: int

    @property
    def per_client(self) -> float:
        """Resident bytes a client adds."""
        return (self.connected - self.before) / self.clients


class _Listener(asyncio.Protocol):
    """One client. ``had`` counts the events of all clients, as they come."""

    def __init__(self, request: bytes, had: list[float]) -> None:
        self._request = request
        self._had = had
        self.open: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        transport.write(self._request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        self._had.extend([now] * data.count(b"event: "))
        if b"retry: " in data and not self.open.done():
            self.open.set_result(None)


def listen(server: Server, state_path: Path, *, clients: int = CLIENTS, events: int = EVENTS) -> Streamed:
    """Open the streams, write events, leave. Raises TimeoutError if a client does not get one."""
    _soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_listen(server, EventLog(state_path), clients, events))


async def _listen(server: Server, log: EventLog, clients: int, events: int) -> Streamed:
    had: list[float] = []
    # the first clients warm up what a server makes once
    listeners = await _open(server, had, _AT_ONCE)
    before = server.memory()
    listeners += await _open(server, had, clients)
    lags = [await _event(log, had, len(listeners)) for _ in range(events)]
    connected = server.memory()
    await _leave(listeners)
    left = server.memory()
    listeners = await _open(server, had, clients + _AT_ONCE)
    again = server.memory()
    await _leave(listeners)
    return Streamed(clients, lags, before, connected, left, again)


async def _open(server: Server, had: list[float], clients: int) -> list[_Listener]:
    request = get(f"{server.url}/api/sse")
    parts = urlsplit(server.url)
    loop = asyncio.get_running_loop()
    listeners: list[_Listener] = []
    for _ in range(0, clients, _AT_ONCE):
        opened = [
            loop.create_connection(lambda: _Listener(request, had), parts.hostname or "", parts.port or 80)
            for _ in range(_AT_ONCE)
        ]
        fresh = [listener for _, listener in await asyncio.gather(*opened)]
        await asyncio.wait_for(asyncio.gather(*(one.open for one in fresh)), _PATIENCE)
        listeners += fresh
    return listeners


async def _leave(listeners: list[_Listener]) -> None:
    for listener in listeners:
        listener.transport.close()
    await asyncio.sleep(5)


async def _event(log: EventLog, had: list[float], clients: int) -> float:
    had.clear()
    now = datetime.now(UTC)
    written = time.perf_counter()
    await asyncio.to_thread(log.append, SYNC_STARTED, {"timestamp": now.isoformat(), "runId": None}, at=now)
    async with asyncio.timeout(_PATIENCE):
        while len(had) < clients:  # noqa: ASYNC110  # an Event would be set in each client's turn
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.37)  # not in step with the server's poll
    return max(had) - written
