"""Bulk operations: Shopify runs one query over everything and leaves a file of JSON lines, good for seven days.

https://shopify.dev/docs/api/usage/bulk-operations/queries. Of the file nothing is taken on trust: it must have the
size and as many orders as Shopify says, and each line's order must be in it. (Not as many lines as ``objectCount``:
Shopify does not say whether that counts the refunds inside an order.)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from amazon_pipeline.errors import BulkFailed, BulkNotReady, ShopifyRejected
from amazon_pipeline.shopify.answers import parsed, quoted
from amazon_pipeline.shopify.client import ShopifyAdmin
from amazon_pipeline.shopify.customers import CustomerHash
from amazon_pipeline.shopify.documents import operation, written_out
from amazon_pipeline.shopify.members import Where, text
from amazon_pipeline.shopify.orders import landed_order, placed_in

HISTORY: Final = "ShopifyOrdersHistory"
RUN: Final = "ShopifyBulkRun"
STATUS: Final = "ShopifyBulkStatus"

_UNDER_WAY: Final = ("CREATED", "RUNNING", "CANCELING")
_BUSY: Final = ("OPERATION_IN_PROGRESS", "LIMIT_REACHED")


@dataclass(frozen=True)
class BulkOperation:
    """How one stands. ``url`` is None when it found nothing; ``roots`` counts orders, ``size`` the file's bytes."""

    id: str
    status: str
    error_code: str | None
    roots: int
    size: int | None
    url: str | None
    has_partial_data: bool

    @property
    def is_under_way(self) -> bool:
        """Whether Shopify is still at it."""
        return self.status in _UNDER_WAY


def start(client: ShopifyAdmin, span: tuple[datetime, datetime], *, with_customers: bool) -> str:
    """Ask for all orders placed in ``span``. Returns the operation's id.

    Raises BulkNotReady when Shopify is busy with another of this app's, ShopifyRejected when it objects.
    """
    query = written_out(operation(HISTORY), {"query": placed_in(*span), "withCustomers": with_customers})
    asked = client.ask(RUN, {"query": query})
    where = Where(client.store.domain, RUN, asked.request_id)
    body = asked.data.get("bulkOperationRunQuery")
    if not isinstance(body, dict) or not isinstance(body.get("userErrors"), list):
        raise where.malformed("without the object 'bulkOperationRunQuery'")
    if errors := [one for one in body["userErrors"] if isinstance(one, dict)]:
        said = quoted("; ".join(str(one.get("message")) for one in errors))
        facts: dict[str, Any] = {"store": where.store, "operation": RUN, "request_id": asked.request_id}
        if any(one.get("code") in _BUSY or "already in progress" in said for one in errors):
            raise BulkNotReady(
                f"Shopify is busy with another bulk operation; the next sync asks again ({said})", **facts
            )
        raise ShopifyRejected(f"Shopify objects to the bulk operation: {said}", **facts)
    made = body.get("bulkOperation")
    identity = text(made, "id") if isinstance(made, dict) else None
    if identity is None:
        raise where.malformed("without the id of the bulk operation")
    return identity


def status(client: ShopifyAdmin, bulk_id: str) -> BulkOperation | None:
    """How a bulk operation stands; None when Shopify no longer knows it."""
    asked = client.ask(STATUS, {"id": bulk_id})
    where = Where(client.store.domain, STATUS, asked.request_id)
    if "bulkOperation" not in asked.data:
        raise where.malformed("without the member 'bulkOperation'")
    body = asked.data["bulkOperation"]
    if body is None:
        return None
    known = text(body, "status") if isinstance(body, dict) else None
    roots = _count(body, "rootObjectCount") if known else None
    if known is None or roots is None:
        raise where.malformed("that does not say how the bulk operation stands")
    return BulkOperation(
        id=bulk_id,
        status=known,
        error_code=text(body, "errorCode"),
        roots=roots,
        size=_count(body, "fileSize"),
        url=text(body, "url"),
        has_partial_data=bool(body.get("partialDataUrl")),
    )


def failed(client: ShopifyAdmin, bulk: BulkOperation) -> BulkFailed:
    """The error for an operation that ended without its file. A part of a file is not taken for the whole."""
    part = "; it left a part of the data, which is not used" if bulk.has_partial_data else ""
    why = f", {bulk.error_code}" if bulk.error_code else ""
    error = BulkFailed(
        f"Shopify ended bulk operation {bulk.id} ({bulk.status}{why}){part}",
        store=client.store.domain,
        operation=STATUS,
    )
    error.code = bulk.error_code
    return error


def orders_of(client: ShopifyAdmin, bulk: BulkOperation, hashed: CustomerHash) -> list[dict[str, Any]]:
    """The orders of a completed operation's file, each with its lines, in the file's order and the shape that lands.

    Raises ShopifyMalformed when a line is damaged or missing; BulkLinkExpired, or another ShopifyTransient.
    """
    where = Where(client.store.domain, HISTORY)
    orders: dict[str, dict[str, Any]] = {}
    lines: dict[str, list[dict[str, Any]]] = {}
    for entry in _entries(client, bulk, where):
        parent = text(entry, "__parentId")
        if parent is None:
            orders[entry["id"]] = landed_order(entry, [], hashed)
        else:
            lines.setdefault(parent, []).append({key: value for key, value in entry.items() if key != "__parentId"})
    if len(orders) != bulk.roots:
        raise where.malformed(f"of {len(orders)} orders, where it counted {bulk.roots}")
    if strangers := lines.keys() - orders.keys():
        raise where.malformed(f"with lines of {len(strangers)} orders that are not in it")
    return [{**order, "lineItems": lines.get(identity, [])} for identity, order in orders.items()]


def _entries(client: ShopifyAdmin, bulk: BulkOperation, where: Where) -> Iterator[dict[str, Any]]:
    if bulk.url is None:
        return
    for number, line in enumerate(client.lines(bulk.url, size=bulk.size), start=1):
        entry = parsed(line)
        if not isinstance(entry, dict) or text(entry, "id") is None:
            raise where.malformed(f"whose line {number} is not an object with an id")
        yield entry


def _count(body: dict[str, Any], key: str) -> int | None:
    """UnsignedInt64, which Shopify writes as text."""
    value = body.get(key)
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    return int(value) if str(value).isascii() and str(value).isdigit() else None
