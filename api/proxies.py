"""The address of the browser behind a proxy, as far as it can be believed."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import TypeAlias

from starlette.types import ASGIApp, Receive, Scope, Send

_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address


class BehindProxies:
    """Puts the client's own address and scheme into the scope of requests that a trusted proxy passes on.

    A proxy appends the address it saw to ``X-Forwarded-For``; whatever stands left of that, the client may have
    written itself. So the client is the right-most address that is not a trusted proxy. ``trusted`` are addresses and
    networks. Requests from anywhere else are left as they are, whatever headers they bring.
    """

    def __init__(self, app: ASGIApp, trusted: Iterable[str]) -> None:
        self._app = app
        self._trusted = tuple(ipaddress.ip_network(network) for network in trusted)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope.get("client")
        if scope["type"] == "http" and client and self._trusts(_address(client[0])):
            values = _values(scope, b"x-forwarded-for")
            schemes = _values(scope, b"x-forwarded-proto")
            scope = {**scope, "client": (self._client(client[0], values), 0)}
            if schemes and schemes[-1] in ("http", "https"):
                scope["scheme"] = schemes[-1]
        await self._app(scope, receive, send)

    def _client(self, peer: str, forwarded_for: list[str]) -> str:
        for text in reversed(forwarded_for):
            address = _address(text)
            if address is None:
                break  # a proxy we trust does not write that
            peer = str(address)
            if not self._trusts(address):
                break
        return peer

    def _trusts(self, address: _Address | None) -> bool:
        return address is not None and any(address in network for network in self._trusted)


def _values(scope: Scope, wanted: bytes) -> list[str]:
    """The header's values in order; it may come several times, and each time hold several."""
    texts = (value.decode("latin-1") for name, value in scope["headers"] if name == wanted)
    return [part.strip() for text in texts for part in text.split(",")]


def _address(text: str) -> _Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
