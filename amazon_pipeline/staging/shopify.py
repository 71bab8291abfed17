"""Shopify's landed pages to ``staging.shopify_*``.

The shapes are those of ``amazon_pipeline/shopify``; the fields are described in Shopify's schema, version 2026-10:
https://shopify.dev/docs/api/admin-graphql/2026-10/objects/Order.
"""

from __future__ import annotations

from typing import Any

from amazon_pipeline.landing import LandedPage
from amazon_pipeline.schemas import STAGING_TABLES
from amazon_pipeline.staging.reading import Reading
from amazon_pipeline.staging.validated import Draft, Staged, once, validate


def stage_shopify_orders(page: LandedPage, seller_id: str) -> Staged:
    """The orders of one landed page, of the increment or of a bulk operation; each with all its lines or not at all."""
    drafts = once([_order(raw, n, page, seller_id) for n, raw in enumerate(page.body.get("orders") or [])])
    tables = (STAGING_TABLES["shopify_orders"], STAGING_TABLES["shopify_order_lines"])
    return validate(page, "shopify_orders", seller_id, drafts, tables)


def stage_shopify_fees(page: LandedPage, seller_id: str) -> Staged:
    """The entries of one landed page of the Shopify Payments balance."""
    drafts = once([_fee(raw, n, page, seller_id) for n, raw in enumerate(page.body.get("balanceTransactions") or [])])
    return validate(page, "shopify_fees", seller_id, drafts, (STAGING_TABLES["shopify_fees"],))


def stage_shopify_shop(page: LandedPage, seller_id: str) -> Staged:
    """The store itself: its currency and time zone."""
    shop = Reading(page.body.get("shop"))
    row = {
        "seller_id": seller_id,
        "currency": shop.text("currencyCode"),
        "time_zone": shop.text("ianaTimezone"),
        "observed_at": page.received_at,
    }
    draft = Draft(seller_id, page.body.get("shop"), 0, shop.reasons, {"shopify_shops": [row]})
    return validate(page, "shopify_shop", seller_id, [draft], (STAGING_TABLES["shopify_shops"],))


def _order(raw: Any, row_number: int, page: LandedPage, seller_id: str) -> Draft:
    order = Reading(raw)
    order_id = order.text("id")
    landed = {"batch_id": page.batch_id, "page": page.number}
    currency = order.text("currencyCode")
    total, refunded = order.money("totalPriceSet.shopMoney"), order.money("totalRefundedSet.shopMoney")
    for path in ("totalPriceSet", "totalReceivedSet", "totalRefundedSet"):
        theirs = order.text(f"{path}.shopMoney.currencyCode")
        if theirs is not None and theirs != currency:
            order.reasons.append(f"{path} is in {theirs}, the order in {currency}")
    created, cancelled, is_test = order.instant("createdAt"), order.instant("cancelledAt"), order.value("test")
    if not isinstance(is_test, bool):
        order.reasons.append("test is not true or false")
    is_counted = cancelled is None and is_test is False
    of_order = {"seller_id": seller_id, "order_id": order_id, "created_at": created, "is_counted": is_counted}
    lines, reasons = _lines(order, {**of_order, **landed})
    gateways = [name for name in order.rows("paymentGatewayNames") if isinstance(name, str)]
    row = {
        **of_order,
        **landed,
        "order_name": order.text("name"),
        "updated_at": order.instant("updatedAt"),
        "cancelled_at": cancelled,
        "is_test": is_test if isinstance(is_test, bool) else None,
        "financial_status": order.text("displayFinancialStatus"),
        "currency": currency,
        "total_price": total,
        "total_received": order.money("totalReceivedSet.shopMoney"),
        "total_refunded": refunded,
        "revenue": total - refunded if total is not None and refunded is not None else None,
        "quantity": sum(line["quantity"] or 0 for line in lines if not line["is_gift_card"]),
        "is_customer_known": isinstance(raw, dict) and "customer" in raw,
        "customer_hash": order.text("customer.hash"),
        "source_name": order.text("sourceName"),
        "payment_gateways": ", ".join(gateways) or None,
    }
    if row["revenue"] is None:
        order.reasons.append("totalPriceSet or totalRefundedSet is missing")
    found = {"shopify_orders": [row], "shopify_order_lines": lines}
    return Draft(order_id, raw, row_number, order.reasons + reasons, found)


def _lines(order: Reading, keys: dict[str, Any]) -> tuple[list[dict[str, Any]], list[str]]:
    rows, reasons = [], []
    for n, raw in enumerate(order.rows("lineItems")):
        line = Reading(raw)
        rows.append(
            {
                **keys,
                "line_id": line.text("id"),
                "sku": line.text("sku") or None,
                "title": line.text("title"),
                "quantity": line.integer("quantity"),
                "current_quantity": line.integer("currentQuantity"),
                "is_gift_card": line.value("isGiftCard") is True,
                "line_total": line.money("discountedTotalSet.shopMoney"),
                "currency": line.text("discountedTotalSet.shopMoney.currencyCode"),
            }
        )
        reasons += [f"lineItems[{n}].{reason}" for reason in line.reasons]
    return rows, reasons


def _fee(raw: Any, row_number: int, page: LandedPage, seller_id: str) -> Draft:
    entry = Reading(raw)
    entry_id = entry.text("id")
    currency = entry.text("fee.currencyCode")
    if currency != entry.text("amount.currencyCode"):
        entry.reasons.append("fee and amount are in different currencies")
    row = {
        "seller_id": seller_id,
        "entry_id": entry_id,
        "entry_type": entry.text("type"),
        "booked_at": entry.instant("transactionDate"),
        "is_test": entry.value("test") is True,
        "order_id": entry.text("associatedOrder.id"),
        "amount": entry.money("amount"),
        "fee": entry.money("fee"),
        "currency": currency,
        "batch_id": page.batch_id,
        "page": page.number,
    }
    return Draft(entry_id, raw, row_number, entry.reasons, {"shopify_fees": [row]})
