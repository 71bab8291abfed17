"""What is asked for: the page that is in the cache, and pages each of which is asked for once."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

import httpx

from api import cursors
from benchmarks.api.servers import Server

DASHBOARD: Final = "/api/v1/dashboard"
CACHED: Final = f"{DASHBOARD}/amazon-inventory"
_COUNT: Final = 3_000


@dataclass(frozen=True)
class Fresh:
    """A list read at places never asked for before: its name in the table, path, filters and rows a page."""

    name: str
    path: str
    query: str = ""
    limit: int = 100

    def urls(self, server: Server, chance: random.Random) -> Iterator[str]:
        """Each page starts at another row."""
        address = f"{server.url}{DASHBOARD}/{self.path}?limit={self.limit}{self.query}"
        first = httpx.get(address, timeout=60).json()["data"]["nextCursor"]
        fingerprint, list_id = first[:16], first[16:32]
        rows = self._rows(address, fingerprint, list_id)
        for start in chance.sample(range(1, rows), min(_COUNT, rows - 1)):
            yield f"{address}&cursor={cursors.make(fingerprint, list_id, start)}"

    def _rows(self, address: str, fingerprint: str, list_id: str) -> int:
        """The list's length to about a page, found by halving."""
        low, high = 1, 2**20
        while high - low > self.limit:
            middle = (low + high) // 2
            cursor = cursors.make(fingerprint, list_id, middle)
            data = httpx.get(f"{address}&cursor={cursor}", timeout=60).json()["data"]
            low, high = (middle, high) if data["nextCursor"] else (low, middle)
        return low


@dataclass(frozen=True)
class Searches:
    """Texts never searched for before."""

    name: str = "inventory, search"

    def urls(self, server: Server, chance: random.Random) -> Iterator[str]:
        """Some texts are in many names, some in a few SKUs, some nowhere."""
        for number in range(_COUNT):
            words = chance.choice(["blue c", "mug, pack of ", "sku-0", "grün", "b0", "oak t", "lamp, "])
            text = words + chance.choice(["", "1", "7", "a", "x"])
            yield f"{server.url}{CACHED}?q={quote(text)}&limit={100 + chance.randrange(50)}&sort={_SORTS[number % 12]}"


@dataclass(frozen=True)
class Spans:
    """Sales over each span and marketplace there is."""

    name: str = "sales, by hour and by day"

    def urls(self, server: Server, chance: random.Random) -> Iterator[str]:
        """Each once."""
        marketplaces = ("", "&marketplaceId=ATVPDKIKX0DER", "&marketplaceId=A2EUQ1WTGCTBG2")
        spans = [f"interval=hour&days={days}" for days in range(1, 32)]
        spans += [f"interval=day&days={days}" for days in range(1, 367)]
        asked = [span + marketplace for span in spans for marketplace in marketplaces]
        return (f"{server.url}{DASHBOARD}/amazon-sales?{one}" for one in chance.sample(asked, len(asked)))


_SORTS: Final = tuple(
    direction + name
    for name in ("fulfillable", "inbound", "total", "sku", "name", "updated")
    for direction in ("", "-")
)
UNCACHED: Final = (
    Fresh("inventory", "amazon-inventory"),
    Fresh("inventory, 1,000 rows a page", "amazon-inventory", limit=1000),
    Fresh("inventory, low and out", "amazon-inventory", "&status=alert"),
    Fresh("inventory, one marketplace, by name", "amazon-inventory", "&marketplaceId=ATVPDKIKX0DER&sort=-name"),
    Searches(),
    Fresh("orders", "amazon-orders"),
    Fresh("orders, shipped", "amazon-orders", "&status=Shipped"),
    Fresh("alerts", "alerts"),
    Fresh("shipments, 20 items each", "amazon-shipments"),
    Spans(),
)
