"""Bodies as Amazon answers them, made by hand after its models (orders, fbaInventory, inbound v0, sellers)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from amazon_pipeline.landing import Batch, Landing

SELLER = "A1SELLER"
US = "ATVPDKIKX0DER"
CA = "A2EUQ1WTGCTBG2"
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def iso(moment: datetime) -> str:
    """As Amazon writes times."""
    return moment.isoformat().replace("+00:00", "Z")


def money(amount: str, currency: str = "USD") -> dict[str, str]:
    """Amazon's Money: a string decimal and its currency."""
    return {"amount": amount, "currencyCode": currency}


def order_item(
    item_id: str = "1",
    *,
    sku: str = "MUG-1",
    quantity: int = 1,
    subtotal: str | None = "10.00",
    currency: str = "USD",
    shipped: int | None = 0,
) -> dict[str, Any]:
    """One order line."""
    item: dict[str, Any] = {
        "orderItemId": item_id,
        "quantityOrdered": quantity,
        "product": {"asin": "B000000001", "title": "Mug", "sellerSku": sku, "price": {"unitPrice": money("10.00")}},
    }
    if subtotal is not None:
        item["proceeds"] = {"breakdowns": [{"type": "ITEM", "subtotal": money(subtotal, currency)}]}
    if shipped is not None:
        item["fulfillment"] = {"quantityFulfilled": shipped, "quantityUnfulfilled": quantity - shipped}
    return item


def order(
    order_id: str,
    *,
    status: str = "UNSHIPPED",
    total: str | None = "12.00",
    currency: str = "USD",
    marketplace_id: str | None = US,
    created: datetime = NOON - timedelta(hours=2),
    updated: datetime = NOON - timedelta(hours=1),
    items: Sequence[dict[str, Any]] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """One order as searchOrders gives it with FULFILLMENT and PROCEEDS."""
    channel = {"channelName": "AMAZON", "marketplaceId": marketplace_id, "marketplaceName": "Amazon.com"}
    body: dict[str, Any] = {
        "orderId": order_id,
        "createdTime": iso(created),
        "lastUpdatedTime": iso(updated),
        "salesChannel": channel if marketplace_id else {"channelName": "NON_AMAZON"},
        "fulfillment": {"fulfillmentStatus": status, "fulfilledBy": "AMAZON"},
        "orderItems": list(items) if items is not None else [order_item()],
    }
    if total is not None:
        body["proceeds"] = {"grandTotal": money(total, currency)}
    return {**body, **more}


def inventory_summary(sku: str, fulfillable: int, **quantities: Any) -> dict[str, Any]:
    """One SKU as getInventorySummaries gives it with details."""
    reserved = quantities.pop("reserved", 0)
    inbound = quantities.pop("inbound", 0)
    return {
        "asin": "B000000001",
        "fnSku": quantities.pop("fn_sku", f"X00{sku}"),
        "sellerSku": sku,
        "condition": "NewItem",
        "productName": f"Product {sku}",
        "lastUpdatedTime": iso(NOON - timedelta(days=1)),
        "totalQuantity": fulfillable + reserved + inbound,
        "inventoryDetails": {
            "fulfillableQuantity": fulfillable,
            "inboundWorkingQuantity": 0,
            "inboundShippedQuantity": inbound,
            "inboundReceivingQuantity": 0,
            "reservedQuantity": {
                "totalReservedQuantity": reserved,
                "pendingCustomerOrderQuantity": reserved,
                "pendingTransshipmentQuantity": 0,
                "fcProcessingQuantity": 0,
            },
            "researchingQuantity": {"totalResearchingQuantity": 0},
            "unfulfillableQuantity": {"totalUnfulfillableQuantity": 0},
        },
        **quantities,
    }


def land(
    directory: Path,
    stream: str,
    operation: str,
    bodies: Sequence[dict[str, Any]],
    *,
    at: datetime = NOON,
    status: str = "complete",
    params: dict[str, str] | None = None,
    window_start: datetime | None = None,
    window_end: datetime | None = None,
) -> Batch:
    """Land a batch of pages and close it; its window ends three minutes before ``at`` unless said otherwise."""
    manifest: dict[str, Any] = {"window_start": window_start, "is_first": True} if window_start else {}
    if params and "marketplaceIds" in params:
        manifest["marketplace_id"] = params["marketplaceIds"]
    batch = Landing(directory, SELLER).open_batch(stream, source="amazon", at=at, params=manifest)
    for number, body in enumerate(bodies, start=1):
        batch.write_page(
            number=number,
            operation=operation,
            params=params or {},
            received_at=at,
            request_id=f"request-{number}",
            next_token=None if number == len(bodies) else f"token-{number}",
            body=body,
        )
    if status != "open":
        facts = {"window_end": window_end or at - timedelta(minutes=3)}
        batch.close(status, at=at, facts=facts)  # type: ignore[arg-type]
    return batch


def land_orders(directory: Path, *orders: dict[str, Any], at: datetime = NOON, **more: Any) -> Batch:
    """Land one page of orders."""
    return land(directory, "orders", "searchOrders", [{"orders": list(orders)}], at=at, **more)


def land_inventory(
    directory: Path, *summaries: dict[str, Any], marketplace_id: str = US, at: datetime = NOON, **more: Any
) -> Batch:
    """Land one snapshot of one marketplace."""
    body = {"payload": {"inventorySummaries": list(summaries)}}
    params = {"marketplaceIds": marketplace_id, "granularityId": marketplace_id}
    return land(directory, "inventory", "getInventorySummaries", [body], params=params, at=at, **more)


def land_marketplaces(directory: Path, *, at: datetime = NOON, new: tuple[str, str, str, str] | None = None) -> Batch:
    """Land the participations of a seller in the United States and Canada, and the internal ones Amazon lists too.

    ``new`` is one more: its id, country, currency and domain.
    """

    def entry(marketplace_id: str, country: str, currency: str, domain: str) -> dict[str, Any]:
        return {
            "marketplace": {
                "id": marketplace_id,
                "name": domain,
                "countryCode": country,
                "defaultCurrencyCode": currency,
                "defaultLanguageCode": "en_US",
                "domainName": domain,
            },
            "participation": {"isParticipating": True, "hasSuspendedListings": False},
            "storeName": "Jane Doe's shop",
        }

    body = {
        "payload": [
            entry(US, "US", "USD", "www.amazon.com"),
            entry(CA, "CA", "CAD", "www.amazon.ca"),
            entry("A2ZV50J4W1RKNI", "US", "USD", "sim1.stores.amazon.com"),
            *([entry(*new)] if new else []),
        ]
    }
    return land(directory, "marketplaces", "getMarketplaceParticipations", [body], at=at)
