"""The report of all orders to ``staging.orders`` and ``staging.order_items``, source ``report``.

Columns: https://developer-docs.amazon.com/sp-api/docs/order-reports-attributes. The report has one line per order line
and no id for it, and the same line may come twice by right (selling-partner-api-models#442); so a line is known by its
number within the order, until the Orders API brings the real ones. What the report does not tell (whether an order is a
Prime one) is NULL or false, as the columns say.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from amazon_pipeline.landing import LandedPage
from amazon_pipeline.marketplaces import MARKETPLACES, NON_AMAZON
from amazon_pipeline.schemas import STAGING_TABLES
from amazon_pipeline.staging.reading import Reading
from amazon_pipeline.staging.report_line import ReportLine
from amazon_pipeline.staging.validated import Draft, Staged, validate

STREAM: Final = "orders_history"

ORDER_STATUS: Final = {
    "pending": "Pending",
    "unshipped": "Unshipped",
    "partially shipped": "PartiallyShipped",
    "partiallyshipped": "PartiallyShipped",
    "shipped": "Shipped",
    "cancelled": "Canceled",
    "canceled": "Canceled",
    "unfulfillable": "Unfulfillable",
    "pendingavailability": "PendingAvailability",
}
"""The report's order-status, in small letters, to the house's words. What is not listed passes through unchanged."""

FULFILLMENT_CHANNEL: Final = {"amazon": "AFN", "merchant": "MFN"}
_MARKETPLACE_IDS: Final = {one.sales_channel.lower(): one.marketplace_id for one in MARKETPLACES.values()}
_NOT_AMAZONS: Final = "non-amazon"
"""How the sales-channel of a Multi-Channel order begins."""

_CHARGES: Final = ("item-price", "item-tax", "shipping-price", "shipping-tax", "gift-wrap-price", "gift-wrap-tax")
_DISCOUNTS: Final = ("item-promotion-discount", "ship-promotion-discount")
_ZERO: Final = Decimal("0.00")


def stage_order_report(page: LandedPage, seller_id: str) -> Staged:
    """The orders of one landed page of a report; an order goes on with all its lines or not.

    All lines of an order stand on one page.
    """
    orders: dict[str, list[Any]] = {}
    for number, raw in enumerate(Reading(page.body).rows("lines")):
        order_id = raw.get("amazon-order-id") if isinstance(raw, dict) else None
        orders.setdefault(order_id or f"line {number}", []).append(raw)
    drafts = [_draft(lines, n, page, seller_id) for n, lines in enumerate(orders.values())]
    return validate(page, STREAM, seller_id, drafts, (STAGING_TABLES["orders"], STAGING_TABLES["order_items"]))


class _Line(ReportLine):
    """One line of the report of orders."""

    def total(self) -> Decimal | None:
        """What the buyer pays for the line: prices and taxes less discounts; NULL without an item-price."""
        charges = [self.amount(name) for name in _CHARGES]
        discounts = [self.amount(name) for name in _DISCOUNTS]
        if charges[0] is None:
            return None
        # reports were seen with discounts of either sign; a discount never adds
        return sum((one or _ZERO for one in charges), _ZERO) - sum((abs(one or _ZERO) for one in discounts), _ZERO)


def _draft(raws: list[Any], row_number: int, page: LandedPage, seller_id: str) -> Draft:
    lines = [_Line(raw) for raw in raws]
    order_id = lines[0].text("amazon-order-id")
    keys = {
        "seller_id": seller_id,
        "marketplace_id": _marketplace_id(lines[0]),
        "amazon_order_id": order_id,
        "batch_id": page.batch_id,
        "page": page.number,
    }
    items = [{**keys, **_item_columns(line, number)} for number, line in enumerate(lines, start=1)]
    row = {**keys, **_order_columns(lines, items)}
    reasons = [_misplaced(lines[0])] if keys["marketplace_id"] is None else []
    reasons += [f"line {n}: {reason}" for n, line in enumerate(lines, start=1) for reason in line.all_reasons()]
    if len({item["currency"] for item in items if item["currency"]}) > 1:
        reasons.append("its lines are in more than one currency")
    return Draft(
        order_id, {"lines": raws}, row_number, list(dict.fromkeys(reasons)), {"orders": [row], "order_items": items}
    )


def _misplaced(line: _Line) -> str:
    channel = line.text("sales-channel")
    return (
        f"sales-channel {channel!r} is no marketplace known to this version" if channel else "sales-channel is missing"
    )


def _marketplace_id(line: _Line) -> str | None:
    channel = (line.text("sales-channel") or "").lower()
    return NON_AMAZON if channel.startswith(_NOT_AMAZONS) else _MARKETPLACE_IDS.get(channel)


def _order_columns(lines: list[_Line], items: list[dict[str, Any]]) -> dict[str, Any]:
    first = lines[0]
    status = first.text("order-status")
    channel = first.text("fulfillment-channel")
    totals = [total for line in lines if (total := line.total()) is not None]
    revenues = [item["item_revenue"] for item in items if item["item_revenue"] is not None]
    shipped = [item["quantity_shipped"] for item in items if item["quantity_shipped"] is not None]
    unshipped = [_unshipped(line, item) for line, item in zip(lines, items, strict=True)]
    return {
        "order_status": order_status(status) if status else None,
        "purchase_date": first.instant("purchase-date"),
        "last_update_date": max((at for line in lines if (at := line.instant("last-updated-date"))), default=None),
        "order_total": sum(totals, _ZERO) if totals else None,
        "currency": next((item["currency"] for item in items if item["currency"]), None),
        "item_revenue": sum(revenues, _ZERO) if revenues else None,
        "quantity_ordered": sum(item["quantity_ordered"] or 0 for item in items),
        "quantity_shipped": sum(shipped) if shipped else None,
        "quantity_unshipped": sum(known) if (known := [one for one in unshipped if one is not None]) else None,
        "fulfillment_channel": FULFILLMENT_CHANNEL.get(channel.lower(), channel) if channel else None,
        "sales_channel": first.text("sales-channel"),
        "is_business": _is_true(first, "is-business-order"),
        "is_prime": False,
        "is_replacement": _is_true(first, "is-replacement-order"),
        "source": "report",
    }


def order_status(word: str) -> str:
    """A status in the house's words. The report adds how a shipment fared: "Shipped - Delivered to Buyer"."""
    key = word.strip().lower()
    return "Shipped" if key.startswith("shipped - ") else ORDER_STATUS.get(key, word)


def _item_columns(line: _Line, number: int) -> dict[str, Any]:
    quantity, price = line.whole("quantity"), line.amount("item-price")
    return {
        "order_item_id": f"report:{number}",
        "seller_sku": line.text("sku"),
        "asin": line.text("asin"),
        "title": line.text("product-name"),
        "quantity_ordered": quantity,
        "quantity_shipped": _shipped(line, quantity),
        "unit_price": _unit_price(price, quantity),
        "item_revenue": price,
        "currency": line.text("currency"),
    }


def _shipped(line: _Line, quantity: int | None) -> int | None:
    """All of the line, none of it, or NULL, as its item-status says."""
    match order_status(line.text("item-status") or ""):
        case "Shipped":
            return quantity
        case "Unshipped" | "Pending" | "PendingAvailability" | "Unfulfillable" | "Canceled":
            return 0
    return None


def _unshipped(line: _Line, item: dict[str, Any]) -> int | None:
    if order_status(line.text("item-status") or "") == "Canceled":
        return 0
    shipped, quantity = item["quantity_shipped"], item["quantity_ordered"]
    return None if shipped is None or quantity is None else quantity - shipped


def _unit_price(price: Decimal | None, quantity: int | None) -> Decimal | None:
    """The line's price by its quantity, where that comes out to the cent."""
    if price is None or not quantity:
        return None
    cents, rest = divmod(int(price * 100), quantity)
    return None if rest else Decimal(cents) / 100


def _is_true(line: _Line, name: str) -> bool:
    return (line.text(name) or "").lower() in ("true", "yes", "1")
