"""The tables inside the reports: tab-separated, a header row first, no quoting.

Columns of the order report: https://developer-docs.amazon.com/sp-api/docs/order-tracking-report-attributes; of the
stock report: https://developer-docs.amazon.com/sp-api/docs/report-type-values-fba. There is no order-item id, so two
lines of an order may look the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from amazon_pipeline.simulator.clock import from_ms
from amazon_pipeline.simulator.inventory import StockState
from amazon_pipeline.simulator.orders import Line, OrderState
from amazon_pipeline.simulator.reports import ALL_ORDERS, Wish, seconds
from amazon_pipeline.simulator.world import World

ORDER_COLUMNS = (
    "amazon-order-id", "merchant-order-id", "purchase-date", "last-updated-date", "order-status",
    "fulfillment-channel", "sales-channel", "order-channel", "ship-service-level", "product-name", "sku", "asin",
    "item-status", "quantity", "currency", "item-price", "item-tax", "shipping-price", "shipping-tax",
    "gift-wrap-price", "gift-wrap-tax", "item-promotion-discount", "ship-promotion-discount", "ship-city",
    "ship-state", "ship-postal-code", "ship-country", "promotion-ids", "is-business-order", "price-designation",
)  # fmt: skip
STOCK_COLUMNS = (
    "sku", "fnsku", "asin", "product-name", "condition", "your-price", "mfn-listing-exists",
    "mfn-fulfillable-quantity", "afn-listing-exists", "afn-warehouse-quantity", "afn-fulfillable-quantity",
    "afn-unsellable-quantity", "afn-reserved-quantity", "afn-total-quantity", "per-unit-volume",
    "afn-inbound-working-quantity", "afn-inbound-shipped-quantity", "afn-inbound-receiving-quantity",
    "afn-researching-quantity", "afn-reserved-future-supply", "afn-future-supply-buyable",
)  # fmt: skip
STATUS_WORDS = {
    "PENDING_AVAILABILITY": "PendingAvailability", "PENDING": "Pending", "UNSHIPPED": "Unshipped",
    "PARTIALLY_SHIPPED": "PartiallyShipped", "SHIPPED": "Shipped", "CANCELLED": "Cancelled",
    "UNFULFILLABLE": "Unfulfillable",
}  # fmt: skip
"""The words of the Orders API v0, but for ``Canceled``, which the report writes with two l."""
LONGEST_MS = 30 * 24 * 3600 * 1000
SENTENCE = (
    "The date range you requested is longer than 30 days. Please request a report for a date range of 30 days or less."
)
"""What stands in the document instead of a table (amzn/selling-partner-api-models#2591)."""


def lines(world: World, wish: Wish, made_at: int) -> Iterator[str]:
    """The report's lines, each with its end, as things stood at ``made_at`` (milliseconds since 1970)."""
    if wish.report_type == ALL_ORDERS:
        return _order_lines(world, wish, made_at)
    return _stock_lines(world, wish, made_at)


def is_empty(world: World, wish: Wish, made_at: int) -> bool:
    """Whether no order falls into the report: Amazon then cancels it."""
    return wish.report_type == ALL_ORDERS and not any(world.placements(wish.begin, wish.end, made_at))


def _order_lines(world: World, wish: Wish, made_at: int) -> Iterator[str]:
    """Orders placed in the window in every marketplace of the region (amzn/selling-partner-api-docs#1404)."""
    if wish.end - wish.begin > LONGEST_MS:
        yield SENTENCE + "\r\n"
        return
    yield _row(ORDER_COLUMNS)
    for state in world.placements(wish.begin, wish.end, made_at):
        for number, line in enumerate(state.order.lines):
            yield _row(_order_cells(state, number, line))


def _order_cells(state: OrderState, number: int, line: Line) -> tuple[str, ...]:
    order = state.order
    shipped = state.shipped(number)
    status = STATUS_WORDS[state.status]
    item_status = "Shipped" if shipped else "Unshipped" if status in ("PartiallyShipped", "Shipped") else status
    return (
        order.order_id,
        order.seller_order_id or order.order_id,
        seconds(state.created),
        seconds(state.last_updated),
        status,
        "Amazon" if order.plan.by_amazon else "Merchant",
        "Non-Amazon" if order.multi_channel else order.store.name,
        "",
        {"SECOND_DAY": "SecondDay", "STANDARD": "Standard", "EXPEDITED": "Expedited"}[order.service_level],
        line.pool.title,
        line.pool.seller_sku,
        line.pool.asin,
        item_status,
        str(line.quantity),
        *(_money_cells(state, line) if state.has_proceeds else ("",) * 9),
        *("Nowhere-sur-Simulé", "ZZ", "00000", order.store.country_code),
        "Northmill 10% Coupon (simulated, à prix réduit)" if line.discount else "",
        "true" if order.business else "false",
        "Business Price" if order.business else "",
    )


def _money_cells(state: OrderState, line: Line) -> tuple[str, ...]:
    """From currency to ship-promotion-discount; the tax of the simulated account is all on the goods."""
    taxed = _amount(line.tax)
    return (
        state.currency,
        str(line.item),
        taxed,
        _amount(line.shipping),
        "",
        _amount(line.gift_wrap),
        "",
        _amount(line.discount),
        "",
    )


def _amount(amount: Decimal) -> str:
    return str(amount) if amount else ""


def _stock_lines(world: World, wish: Wish, made_at: int) -> Iterator[str]:
    """Every SKU of the marketplaces asked for, those without stock included."""
    yield _row(STOCK_COLUMNS)
    for row in world.inventory_at(from_ms(made_at)):
        if row.marketplace_id in wish.marketplace_ids:
            yield _row(_stock_cells(row))


def _stock_cells(row: StockState) -> tuple[str, ...]:
    figures = (
        row.total - row.inbound_total,
        row.fulfillable,
        row.unfulfillable,
        row.reserved,
        row.total,
    )
    inbound = (row.inbound.working, row.inbound.shipped, row.inbound.receiving, row.on_hand.researching)
    price = row.pool.prices[row.marketplace_id]
    named = (row.pool.seller_sku, row.pool.fn_sku, row.pool.asin, row.pool.title, "New", str(price), "No", "", "Yes")
    return (*named, *map(str, figures), "0.02", *map(str, inbound), "0", "0")


def _row(cells: tuple[str, ...]) -> str:
    return "\t".join(cells) + "\r\n"
