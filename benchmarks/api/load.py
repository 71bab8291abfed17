"""A load generator: so many connections, each asking as soon as its last answer is whole.

It reads no more of an answer than its status and length, so that it is not what is measured; how busy it was is told.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import uvloop


@dataclass
class Load:
    """What came back. ``waits`` are the times from a request to its whole answer, in seconds, of all that are right."""

    seconds: float = 0.0
    waits: list[float] = field(default_factory=list)
    wrong: int = 0
    busy: float = 0.0
    """The part of the time for which the generator itself used a core."""

    @property
    def per_second(self) -> float:
        """Right answers a second."""
        return len(self.waits) / self.seconds

    def wait(self, percent: int) -> float:
        """The wait that so many percent of the answers did not outlast, in milliseconds."""
        ordered = sorted(self.waits)
        return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] * 1000


@dataclass(frozen=True)
class Asked:
    """What to ask for: one request's bytes, or one after the other until there is none left; and the status wanted."""

    requests: Iterable[bytes]
    status: bytes = b"200"


def get(url: str, **headers: str) -> bytes:
    """A GET request's bytes."""
    parts = urlsplit(url)
    lines = [f"GET {parts.path}{'?' if parts.query else ''}{parts.query} HTTP/1.1", f"Host: {parts.netloc}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


class _Connection(asyncio.Protocol):
    def __init__(self, requests: Iterator[bytes], status: bytes, load: Load, until: float) -> None:
        self._requests = requests
        self._status = status
        self._load = load
        self._until = until
        self._head = b""
        self._missing = -1
        self._sent = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._ask()

    def _ask(self) -> None:
        self._sent = time.perf_counter()
        request = next(self._requests, None) if self._sent < self._until else None
        if request is None:
            self._transport.close()
        else:
            self._transport.write(request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        if self._missing < 0:
            self._head += data
            head, found, data = self._head.partition(b"\r\n\r\n")
            if not found:
                return
            self._is_right = head[9:12] == self._status
            _, _, length = head.lower().partition(b"content-length:")
            self._is_chunked = not length and self._is_right and self._status == b"200"
            self._missing = int(length.partition(b"\r\n")[0] or 0) + self._is_chunked
        self._missing -= data.endswith(b"0\r\n\r\n") if self._is_chunked else len(data)
        if self._missing <= 0:
            self._answered()

    def _answered(self) -> None:
        if self._is_right:
            self._load.waits.append(time.perf_counter() - self._sent)
        else:
            self._load.wrong += 1
        self._head, self._missing = b"", -1
        self._ask()

    def connection_lost(self, error: Exception | None) -> None:
        if error is not None or self._missing >= 0:
            self._load.wrong += 1
        self.done.set_result(None)


def put_under_load(url: str, asked: Asked, *, connections: int = 16, seconds: float = 3.0) -> Load:
    """Ask a server for so long, or until there is nothing left to ask for."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_run(url, asked, connections, seconds))


async def _run(url: str, asked: Asked, connections: int, seconds: float) -> Load:
    loop = asyncio.get_running_loop()
    parts = urlsplit(url)
    load = Load()
    begun, used = time.perf_counter(), time.process_time()
    requests = iter(asked.requests)
    opened = [
        loop.create_connection(
            lambda: _Connection(requests, asked.status, load, begun + seconds), parts.hostname or "", parts.port or 80
        )
        for _ in range(connections)
    ]
    await asyncio.gather(*(protocol.done for _, protocol in await asyncio.gather(*opened)))
    load.seconds = time.perf_counter() - begun
    load.busy = (time.process_time() - used) / load.seconds
    return load
