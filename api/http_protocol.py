"""HTTP on the wire: uvicorn's protocol, with a bound on a request's head and errors in the shape of all others.

Without the bound a client could send headers for ever, and each would be kept in memory before any key is asked for.
"""

from __future__ import annotations

import asyncio
import json
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_MOST_HEAD_BYTES: Final = 64 * 1024
_PHRASES: Final = {400: b"Bad Request", 431: b"Request Header Fields Too Large"}


class BoundedProtocol(HttpToolsProtocol):
    """Refuses, and closes, a connection whose request line and headers do not end within 64 KiB."""

    _head_bytes = 0
    _in_head = True
    _began_in_this_data = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn's own narrowing
        """Count from the first byte on."""
        super().connection_made(transport)
        self._head_bytes, self._in_head = 0, True

    def data_received(self, data: bytes) -> None:
        """Feed the parser; what it has read of a head that goes on counts."""
        self._began_in_this_data = False
        super().data_received(data)
        # of the data in which a head begins, the most may be the request before it
        if self._in_head and not self._began_in_this_data and not self.transport.is_closing():
            self._head_bytes += len(data)
            if self._head_bytes > _MOST_HEAD_BYTES:
                self._refuse(431, "headers-too-large", "The request's headers are too large.")

    def on_headers_complete(self) -> None:
        """The head is whole: what follows is the body, which is bounded elsewhere."""
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The next byte on this connection begins another head."""
        self._head_bytes, self._in_head, self._began_in_this_data = 0, True, True
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP is refused in the contract's shape."""
        self._refuse(400, "bad-request", msg)

    def _refuse(self, status: int, error: str, message: str) -> None:
        body = json.dumps({"success": False, "error": error, "message": message, "retryable": False}).encode()
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
