"""Orders API v2026-01-01 to ``staging.orders`` and ``staging.order_items``.

Field by field after Amazon's model orders_2026-01-01 and its migration guide:
https://developer-docs.amazon.com/sp-api/docs/orders-api-migration-guide.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from amazon_pipeline.landing import LandedPage
from amazon_pipeline.marketplaces import MARKETPLACES, NON_AMAZON
from amazon_pipeline.schemas import STAGING_TABLES
from amazon_pipeline.staging.reading import Reading
from amazon_pipeline.staging.validated import Draft, Staged, once, validate

ORDER_STATUS: Final = {
    "PENDING": "Pending",
    "PENDING_AVAILABILITY": "PendingAvailability",
    "UNSHIPPED": "Unshipped",
    "PARTIALLY_SHIPPED": "PartiallyShipped",
    "SHIPPED": "Shipped",
    "CANCELLED": "Canceled",
    "UNFULFILLABLE": "Unfulfillable",
}
"""Amazon's fulfillmentStatus to the one vocabulary of the house; a status not listed passes through unchanged."""

FULFILLMENT_CHANNEL: Final = {"AMAZON": "AFN", "MERCHANT": "MFN"}
REPLACEMENT_ASSOCIATIONS: Final = frozenset({"REPLACEMENT_ORIGINAL_ID", "EXCHANGE_ORIGINAL_ID"})


def stage_orders(page: LandedPage, seller_id: str) -> Staged:
    """The orders of one landed page of ``searchOrders`` or ``getOrder``; an order goes on with all its lines or not."""
    found = page.body.get("orders") if page.operation == "searchOrders" else [page.body.get("order")]
    drafts = once([_draft(raw, n, page, seller_id) for n, raw in enumerate(found or [])])
    return validate(page, "orders", seller_id, drafts, (STAGING_TABLES["orders"], STAGING_TABLES["order_items"]))


def _draft(raw: Any, row_number: int, page: LandedPage, seller_id: str) -> Draft:
    order = Reading(raw)
    order_id = order.text("orderId")
    keys = {
        "seller_id": seller_id,
        "marketplace_id": _marketplace_id(order),
        "amazon_order_id": order_id,
        "batch_id": page.batch_id,
        "page": page.number,
    }
    items, reasons = _items(order, keys)
    if not items:
        reasons.append("orderItems is empty")
    row = {**keys, **_order_columns(order, items)}
    return Draft(order_id, raw, row_number, order.reasons + reasons, {"orders": [row], "order_items": items})


def _marketplace_id(order: Reading) -> str | None:
    """NON_AMAZON where the channel is another than Amazon's: such an order belongs to no Amazon marketplace."""
    if order.text("salesChannel.channelName") == NON_AMAZON:
        return NON_AMAZON
    return order.text("salesChannel.marketplaceId")


def _order_columns(order: Reading, items: list[dict[str, Any]]) -> dict[str, Any]:
    status = order.text("fulfillment.fulfillmentStatus")
    channel = order.text("fulfillment.fulfilledBy")
    programs = order.rows("programs")
    total = order.money("proceeds.grandTotal")
    is_replacement = any(
        isinstance(link, dict) and link.get("associationType") in REPLACEMENT_ASSOCIATIONS
        for link in order.rows("associatedOrders")
    )
    if total is None and is_replacement:
        total = Decimal("0.00")  # a replacement is free of charge; Amazon sends no grandTotal for it
    currency = (
        order.text("proceeds.grandTotal.currencyCode")
        or next((item["currency"] for item in items if item["currency"]), None)
        or (_marketplace_currency(order) if total is not None else None)
    )
    return {
        "order_status": ORDER_STATUS.get(status, status) if status else None,
        "purchase_date": order.instant("createdTime"),
        "last_update_date": order.instant("lastUpdatedTime"),
        "order_total": total,
        "currency": currency,
        "item_revenue": _item_revenue(items, currency),
        "quantity_ordered": sum(item["quantity_ordered"] or 0 for item in items),
        "quantity_shipped": _sum_known(items, "quantity_shipped"),
        "quantity_unshipped": _sum_known_unfulfilled(order),
        "fulfillment_channel": FULFILLMENT_CHANNEL.get(channel, channel) if channel else None,
        "sales_channel": order.text("salesChannel.marketplaceName") or order.text("salesChannel.channelName"),
        "is_business": "AMAZON_BUSINESS" in programs,
        "is_prime": "PRIME" in programs,
        "is_replacement": is_replacement,
        "source": "orders_api",
    }


def _items(order: Reading, keys: dict[str, Any]) -> tuple[list[dict[str, Any]], list[str]]:
    rows, reasons = [], []
    for n, raw in enumerate(order.rows("orderItems")):
        item = Reading(raw)
        subtotal = next(
            (
                Reading(part)
                for part in item.rows("proceeds.breakdowns")
                if isinstance(part, dict) and part.get("type") == "ITEM"
            ),
            Reading({}),
        )
        rows.append(
            {
                **keys,
                "order_item_id": item.text("orderItemId"),
                "seller_sku": item.text("product.sellerSku"),
                "asin": item.text("product.asin"),
                "title": item.text("product.title"),
                "quantity_ordered": item.integer("quantityOrdered"),
                "quantity_shipped": item.integer("fulfillment.quantityFulfilled"),
                "unit_price": item.money("product.price.unitPrice"),
                "item_revenue": subtotal.money("subtotal"),
                "currency": subtotal.text("subtotal.currencyCode") or item.text("product.price.unitPrice.currencyCode"),
            }
        )
        reasons += [f"orderItems[{n}].{reason}" for reason in item.reasons + subtotal.reasons]
    return rows, reasons


def _item_revenue(items: list[dict[str, Any]], currency: str | None) -> Decimal | None:
    """Sum of the lines' revenues; None if none is given, or if one is in another currency: those are never added."""
    known = [item for item in items if item["item_revenue"] is not None]
    if not known or any(item["currency"] != currency for item in known):
        return None
    return sum((item["item_revenue"] for item in known), Decimal("0.00"))


def _sum_known(items: list[dict[str, Any]], name: str) -> int | None:
    known = [item[name] for item in items if item[name] is not None]
    return sum(known) if known else None


def _sum_known_unfulfilled(order: Reading) -> int | None:
    known = [
        quantity
        for raw in order.rows("orderItems")
        if isinstance(quantity := Reading(raw).value("fulfillment.quantityUnfulfilled"), int)
    ]
    return sum(known) if known else None


def _marketplace_currency(order: Reading) -> str | None:
    marketplace = MARKETPLACES.get(order.text("salesChannel.marketplaceId") or "")
    return marketplace.currency if marketplace else None
