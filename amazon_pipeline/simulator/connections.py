"""The open connections, for faults that no HTTP answer can express: a reset, and an answer that breaks off."""

from __future__ import annotations

import asyncio
import socket
import struct

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER with no time: closing sends a reset."""


class Connections:
    """Finds the connection of a request by the caller's address, which no two have at a time."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, int], asyncio.Transport] = {}

    def protocol(self) -> type[asyncio.Protocol]:
        """uvicorn's HTTP protocol, noting its connections here."""
        connections = self._open

        class Noted(HttpToolsProtocol):
            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
                super().connection_made(transport)
                if self.client:
                    connections[self.client] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                super().connection_lost(exc)
                if self.client:
                    connections.pop(self.client, None)

        return Noted

    def reset(self, scope: Scope) -> None:
        """Break the connection so that the caller sees a reset."""
        transport = self._open[tuple(scope["client"])]
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        transport.abort()

    def close(self, scope: Scope) -> None:
        """Send what is written and close."""
        self._open[tuple(scope["client"])].close()
