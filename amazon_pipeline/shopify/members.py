"""Members of an answer, by their documented shapes: what is not there in its shape is an error, never an empty list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from amazon_pipeline.errors import ShopifyMalformed, ShopifyPagesRepeat


@dataclass(frozen=True)
class Where:
    """What an error names."""

    store: str
    operation: str
    request_id: str | None = None

    def malformed(self, what: str) -> ShopifyMalformed:
        """The error for an answer ``what`` says is wrong with."""
        return ShopifyMalformed(
            f"Shopify sent an answer {what}", store=self.store, operation=self.operation, request_id=self.request_id
        )

    def repeats(self, what: str) -> ShopifyPagesRepeat:
        """The error for pages that lead nowhere."""
        return ShopifyPagesRepeat(
            f"{what}; the window is not complete and is to be read again from its first page",
            store=self.store,
            operation=self.operation,
            request_id=self.request_id,
        )


@dataclass(frozen=True)
class Connection:
    """One page of a connection: its nodes, and the cursor of the page after it."""

    nodes: list[dict[str, Any]]
    next_cursor: str | None


def connection(value: Any, name: str, where: Where) -> Connection:
    """Read ``{"nodes": […], "pageInfo": {…}}``. Raises ShopifyMalformed, ShopifyPagesRepeat."""
    nodes = value.get("nodes") if isinstance(value, dict) else None
    info = value.get("pageInfo") if isinstance(value, dict) else None
    if not isinstance(nodes, list) or not all(isinstance(one, dict) and text(one, "id") for one in nodes):
        raise where.malformed(f"without the list {name!r}")
    if not isinstance(info, dict) or not isinstance(info.get("hasNextPage"), bool):
        raise where.malformed(f"that does not say whether {name!r} goes on")
    if not info["hasNextPage"]:
        return Connection(nodes, None)
    cursor = text(info, "endCursor")
    if cursor is None:
        raise where.repeats(f"Shopify says that {name!r} goes on, and gives no cursor")
    return Connection(nodes, cursor)


def text(value: Mapping[str, Any], key: str) -> str | None:
    """A member that is text and not empty, else None."""
    found = value.get(key)
    return found if isinstance(found, str) and found else None
