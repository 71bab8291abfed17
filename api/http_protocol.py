"""HTTP on the wire: uvicorn's protocol, with bounds on what a client may send and take, in bytes and in seconds.

Without them a client could send headers for ever, and each would be kept in memory before any key is asked for; or send
nothing more, or read nothing, and keep its connection until there are none left for others. Errors have the one shape.
"""

from __future__ import annotations

import asyncio
import json
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_MOST_HEAD_BYTES: Final = 64 * 1024
_PHRASES: Final = {400: b"Bad Request", 408: b"Request Timeout", 431: b"Request Header Fields Too Large"}


class BoundedProtocol(HttpToolsProtocol):
    """Refuses a request that does not come whole in time, or whose line and headers are over 64 KiB, and closes.

    A client that lets a whole buffer of its answer lie for ``reading_seconds`` is cut off too.
    """

    request_seconds = 20.0
    reading_seconds = 60.0

    _head_bytes = 0
    _in_head = True
    _ended_in_this_data = False
    _request: asyncio.TimerHandle | None = None
    _reading: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn's own narrowing
        """Count from the first byte on; the time runs from before it."""
        super().connection_made(transport)
        self._await_request()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more to wait for."""
        self._request_is_whole()
        self._client_reads()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser; what it has read of a head that goes on counts."""
        self._ended_in_this_data = False
        super().data_received(data)
        # of the data in which a request ends, the most may be of it; and until the next one begins, uvicorn waits
        if self._ended_in_this_data or self.transport.is_closing():
            return
        self._await_request()
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > _MOST_HEAD_BYTES:
                self._refuse(431, "headers-too-large", "The request's headers are too large.")

    def on_headers_complete(self) -> None:
        """The head is whole: what follows is the body, which is bounded elsewhere."""
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The next byte on this connection begins another head."""
        self._head_bytes, self._in_head, self._ended_in_this_data = 0, True, True
        self._request_is_whole()
        super().on_message_complete()

    def pause_writing(self) -> None:
        """The client's buffer is full: it has to read some of it before long."""
        super().pause_writing()
        if self._reading is None:
            self._reading = self.loop.call_later(self.reading_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """The client has read."""
        self._client_reads()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP is refused in the contract's shape."""
        self._refuse(400, "bad-request", msg)

    def _await_request(self) -> None:
        if self._request is None:
            self._request = self.loop.call_later(self.request_seconds, self._is_late)

    def _request_is_whole(self) -> None:
        if self._request is not None:
            self._request.cancel()
            self._request = None

    def _client_reads(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _is_late(self) -> None:
        """The time for a request is over: a client that has begun one is told, unless it is being answered already."""
        if self._in_head and self._head_bytes and (self.cycle is None or self.cycle.response_complete):
            self._refuse(408, "request-timeout", "The request did not come whole in time.")
        else:
            self.transport.abort()

    def _refuse(self, status: int, error: str, message: str) -> None:
        body = json.dumps({"success": False, "error": error, "message": message, "retryable": status == 408}).encode()
        lines = [
            b"HTTP/1.1 %d %s" % (status, _PHRASES[status]),
            b"content-type: application/json",
            b"content-length: %d" % len(body),
            b"cache-control: no-store",
            b"x-content-type-options: nosniff",
            b"connection: close",
        ]
        self.transport.write(b"\r\n".join(lines) + b"\r\n\r\n" + body)
        self.transport.close()
