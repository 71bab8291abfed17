"""The published tables, schema ``mart``: the promise to analysts, the API and the dashboard."""

from __future__ import annotations

from typing import Final

from amazon_pipeline.marketplaces import MARKETPLACES
from amazon_pipeline.schemas.columns import (
    ASIN,
    CURRENCY,
    DAYS_OF_COVER,
    FN_SKU,
    GAP_DAYS,
    MARKETPLACE_ID,
    MARKETPLACE_OR_ALL,
    OBSERVED_AT,
    ORDER_ID,
    ORDER_STATUS,
    PRODUCT_NAME,
    PURCHASE_DATE,
    QUANTITIES,
    SELLER_ID,
    SELLER_SKU,
    STOCK_STATUS,
    STOCK_STATUSES,
    STOCKOUT_DATE,
    THRESHOLD,
    count,
    money,
    units,
)
from amazon_pipeline.schemas.planning import CHANNEL_PERFORMANCE, SKU_VELOCITY
from amazon_pipeline.schemas.reconciliation import INVENTORY_RECONCILIATION, RECONCILIATION
from amazon_pipeline.schemas.shopify import (
    PRODUCT_DEMAND,
    SHOPIFY_DAILY,
    SHOPIFY_FEES,
    SHOPIFY_ORDER_LINES,
    SHOPIFY_ORDERS,
)
from amazon_pipeline.schemas.table import Column, Table

ORDERS = Table(
    "mart",
    "orders",
    "order",
    ("seller_id", "amazon_order_id"),
    (
        SELLER_ID,
        MARKETPLACE_ID,
        ORDER_ID,
        ORDER_STATUS,
        PURCHASE_DATE,
        Column("last_update_date", "TIMESTAMPTZ", "when Amazon or the seller last changed the order, UTC"),
        money(
            "order_total",
            "Amazon's grandTotal; NULL where Amazon gave none; 0 for a replacement without one. Of a version from a "
            "report, which has none: item, shipping and gift wrap prices with their taxes less promotion discounts, "
            "over the lines; NULL if no line has a price",
        ),
        CURRENCY.but(meaning="ISO 4217 code of the amounts; NULL where Amazon gave no amount", nullable=True),
        money(
            "item_revenue",
            "sum of the items' ITEM subtotals (in a report item-price), before tax and shipping; NULL where not given, "
            "or in another currency than the order's",
        ),
        units("quantity_ordered", "sum over the items"),
        units("quantity_shipped", "sum of quantityFulfilled over the items; NULL where not given", nullable=True),
        units("quantity_unshipped", "sum of quantityUnfulfilled over the items; NULL where not given", nullable=True),
        Column("fulfillment_channel", "VARCHAR", "AFN (by Amazon) or MFN (by the seller)", nullable=True),
        Column("sales_channel", "VARCHAR", "marketplace name, or the channel's where there is none", nullable=True),
        Column("is_business", "BOOLEAN", "an Amazon Business order"),
        Column("is_prime", "BOOLEAN", "a Prime order; false of a version from a report, which does not tell"),
        Column(
            "is_replacement", "BOOLEAN", "replaces or exchanges an earlier order, free of charge; reports do not tell"
        ),
        Column("source", "VARCHAR", "where this version came from: orders_api or report"),
    ),
)

ORDER_ITEMS = Table(
    "mart",
    "order_items",
    "order line",
    ("seller_id", "amazon_order_id", "order_item_id"),
    (
        SELLER_ID,
        MARKETPLACE_ID,
        ORDER_ID,
        Column("order_item_id", "VARCHAR", "Amazon's order item id; report:<line> for a line known only from a report"),
        SELLER_SKU.but(nullable=True),
        ASIN,
        Column("title", "VARCHAR", "product title at the time of the order", nullable=True),
        units("quantity_ordered", "ordered on this line"),
        units("quantity_shipped", "fulfilled on this line; NULL where Amazon does not say", nullable=True),
        money("unit_price", "price of one unit"),
        money("item_revenue", "ITEM subtotal of the line, before tax and shipping; NULL where not given"),
        CURRENCY.but(meaning="ISO 4217 code of the amounts; NULL where Amazon gave no amount", nullable=True),
        PURCHASE_DATE.but(meaning="when the order was placed, UTC, as in mart.orders"),
        ORDER_STATUS.but(meaning="status of the order, as in mart.orders; Canceled lines are no demand"),
    ),
)

INVENTORY = Table(
    "mart",
    "inventory",
    "SKU and marketplace",
    ("seller_id", "marketplace_id", "seller_sku"),
    (
        SELLER_ID,
        MARKETPLACE_ID,
        SELLER_SKU,
        FN_SKU,
        ASIN,
        PRODUCT_NAME,
        Column("condition", "VARCHAR", "Amazon's condition of the units, such as NewItem", nullable=True),
        *QUANTITIES,
        THRESHOLD,
        STOCK_STATUS,
        Column(
            "is_pool_duplicate",
            "BOOLEAN",
            "these units are counted in another marketplace's row already; ALL rows leave this one out",
        ),
        Column(
            "pool_marketplace_id",
            "VARCHAR",
            "with pool_seller_sku: the row that counts these units, itself if this is no duplicate",
        ),
        Column("pool_seller_sku", "VARCHAR", "SKU of the row that counts these units"),
        Column("first_seen_at", "TIMESTAMPTZ", "when the first snapshot that showed the SKU here was begun, UTC"),
        Column(
            "missed_snapshots", "INTEGER", "snapshots in a row, the newest included, that lacked the SKU", minimum=0
        ),
        Column("is_gone", "BOOLEAN", "missing from three snapshots in a row: left out of totals and low stock"),
        Column("last_updated", "TIMESTAMPTZ", "Amazon's lastUpdatedTime, known to stand still at times", nullable=True),
        OBSERVED_AT,
    ),
    note="A quantity Amazon does not give is NULL. A SKU missing from a snapshot keeps its last value and its older "
    "observed_at.",
)

INVENTORY_HISTORY = Table(
    "mart",
    "inventory_history",
    "SKU, marketplace and period in which nothing changed",
    ("seller_id", "marketplace_id", "seller_sku", "valid_from"),
    (
        SELLER_ID,
        MARKETPLACE_ID,
        SELLER_SKU,
        Column("valid_from", "TIMESTAMPTZ", "when a snapshot first showed these quantities, UTC"),
        Column(
            "valid_to",
            "TIMESTAMPTZ",
            "when a later snapshot showed others, or the SKU was gone, UTC; NULL: so it is now",
            nullable=True,
        ),
        *QUANTITIES,
    ),
    note="What was known at a moment: valid_from <= moment AND (valid_to > moment OR valid_to IS NULL). A period is "
    "half open, [valid_from, valid_to).",
)

INVENTORY_SUMMARY = Table(
    "mart",
    "inventory_summary",
    "marketplace, and one row ALL that counts each pool of stock once",
    ("seller_id", "marketplace_id"),
    (
        SELLER_ID,
        MARKETPLACE_OR_ALL,
        count("total_skus", "SKUs"),
        count("total_quantity", "sum of total_quantity, units"),
        count("fulfillable_quantity", "sum of fulfillable_quantity, units"),
        count("reserved_quantity", "sum of reserved_quantity, units"),
        count("inbound_quantity", "sum of inbound_quantity, units"),
        count("low_stock_count", "SKUs under their threshold, those at 0 included"),
        count("out_of_stock_count", "SKUs with nothing fulfillable"),
        Column("last_sync", "TIMESTAMPTZ", "the newest observed_at of the rows counted, UTC"),
    ),
)

LOW_STOCK = Table(
    "mart",
    "low_stock",
    "SKU and marketplace that is low-stock or out-of-stock",
    ("seller_id", "marketplace_id", "seller_sku"),
    (
        SELLER_ID,
        MARKETPLACE_ID,
        SELLER_SKU,
        PRODUCT_NAME,
        STOCK_STATUS,
        units("fulfillable_quantity", "can be shipped now"),
        units("inbound_quantity", "on the way to Amazon", nullable=True),
        THRESHOLD,
        DAYS_OF_COVER,
        STOCKOUT_DATE,
        GAP_DAYS,
        Column("is_pool_duplicate", "BOOLEAN", "the same units as another marketplace's row"),
        Column("since", "TIMESTAMPTZ", "since when we have seen this status, UTC"),
    ),
)

STOCK_TRANSITIONS = Table(
    "mart",
    "stock_transitions",
    "change of a SKU's stock status",
    ("transition_id",),
    (
        Column("transition_id", "VARCHAR", "the same change has the same id after a rebuild"),
        SELLER_ID,
        MARKETPLACE_ID,
        SELLER_SKU,
        Column(
            "from_status",
            "VARCHAR",
            "status before; NULL for a SKU first seen low or out",
            nullable=True,
            values=STOCK_STATUSES,
        ),
        Column("to_status", "VARCHAR", "status after", values=STOCK_STATUSES),
        units("fulfillable_quantity", "at the change"),
        Column("at", "TIMESTAMPTZ", "when the snapshot that showed it was taken, UTC"),
    ),
)

INBOUND_SHIPMENTS = Table(
    "mart",
    "inbound_shipments",
    "shipment",
    ("seller_id", "shipment_id"),
    (
        SELLER_ID,
        MARKETPLACE_ID.but(meaning="Amazon marketplace the shipment was listed for (the first, if several)"),
        Column("shipment_id", "VARCHAR", "Amazon's shipment id, FBA…"),
        Column("shipment_name", "VARCHAR", "the seller's name for it", nullable=True),
        Column("shipment_status", "VARCHAR", "Amazon's word: WORKING, SHIPPED, IN_TRANSIT, RECEIVING, CLOSED, …"),
        Column("destination_fulfillment_center", "VARCHAR", "Amazon's code of the warehouse", nullable=True),
        Column("need_by_date", "DATE", "ConfirmedNeedByDate, where Amazon gives one", nullable=True),
        Column("sku_count", "BIGINT", "SKUs in the shipment; NULL until its items are read", nullable=True, minimum=0),
        Column("units_expected", "BIGINT", "units announced; NULL until its items are read", nullable=True, minimum=0),
        Column("units_received", "BIGINT", "units received; NULL until its items are read", nullable=True, minimum=0),
        Column("units_discrepancy", "BIGINT", "received less expected; means something once CLOSED", nullable=True),
        Column("first_seen_at", "TIMESTAMPTZ", "when we first saw the shipment, UTC (Amazon gives no creation time)"),
        Column("status_changed_at", "TIMESTAMPTZ", "when we first saw it in its present status, UTC"),
        Column("days_in_status", "INTEGER", "whole days from status_changed_at to observed_at", minimum=0),
        Column(
            "items_observed_at", "TIMESTAMPTZ", "when its items were last read, UTC; NULL until then", nullable=True
        ),
        OBSERVED_AT,
    ),
)

INBOUND_SHIPMENT_ITEMS = Table(
    "mart",
    "inbound_shipment_items",
    "shipment and SKU",
    ("seller_id", "shipment_id", "seller_sku"),
    (
        SELLER_ID,
        Column("shipment_id", "VARCHAR", "Amazon's shipment id, FBA…"),
        SELLER_SKU,
        FN_SKU,
        units("quantity_expected", "announced (Amazon's QuantityShipped)"),
        units("quantity_received", "received so far; NULL where Amazon does not say", nullable=True),
    ),
)

_WINDOW = (
    count("total_orders", "orders placed in the window and not canceled"),
    money("total_revenue", "sum of their order_total"),
    money("average_order_value", "total_revenue by the orders that have an amount; NULL if none has"),
    count("units", "units on those orders"),
    count("pending_count", "Pending and PendingAvailability"),
    count("unshipped_count", "Unshipped and PartiallyShipped"),
    count("shipped_count", "Shipped"),
    count("other_count", "any other status that is not Canceled"),
    count("canceled_count", "Canceled; not in total_orders"),
    count("orders_without_amount", "orders in total_orders for which Amazon has given no amount"),
)


def _previous(column: Column) -> Column:
    return Column(
        f"previous_{column.name}",
        column.type,
        f"{column.meaning}; in the 24 hours before the window",
        nullable=column.nullable,
        minimum=column.minimum,
    )


ORDER_METRICS_24H = Table(
    "mart",
    "order_metrics_24h",
    "marketplace and currency, and ALL per currency",
    ("seller_id", "marketplace_id", "currency"),
    (
        SELLER_ID,
        MARKETPLACE_OR_ALL,
        CURRENCY,
        Column("window_start", "TIMESTAMPTZ", "start of the 24 hours, included, UTC"),
        Column("window_end", "TIMESTAMPTZ", "end, excluded: the time up to which Amazon's orders are known, UTC"),
        *_WINDOW,
        *(_previous(column) for column in _WINDOW),
    ),
    note="Multi-Channel orders are left out. Empty until the orders of one whole window have been read.",
)

_TIME_ZONES = "; ".join(
    f"{zone} in {', '.join(one.country_code for one in MARKETPLACES.values() if one.time_zone == zone)}"
    for zone in dict.fromkeys(one.time_zone for one in MARKETPLACES.values())
)
_SALES = (
    SELLER_ID,
    MARKETPLACE_ID,
    CURRENCY,
    Column("fulfillment_channel", "VARCHAR", "AFN (by Amazon), MFN (by the seller), or UNKNOWN"),
)
_SALES_FIGURES = (
    count("orders", "orders placed and not canceled"),
    count("units", "units on those orders"),
    money("revenue", "sum of their order_total; NULL if none has an amount"),
    count("orders_without_amount", "of the orders, those for which Amazon has given no amount"),
)

SALES_HOURLY = Table(
    "mart",
    "sales_hourly",
    "hour, marketplace, currency and fulfillment channel",
    ("seller_id", "marketplace_id", "currency", "fulfillment_channel", "hour"),
    (*_SALES, Column("hour", "TIMESTAMPTZ", "start of the hour, UTC"), *_SALES_FIGURES),
    note="Hours without orders have no row. Multi-Channel orders are left out.",
)

SALES_DAILY = Table(
    "mart",
    "sales_daily",
    "day, marketplace, currency and fulfillment channel",
    ("seller_id", "marketplace_id", "currency", "fulfillment_channel", "day"),
    (*_SALES, Column("day", "DATE", "calendar day in the marketplace's own time zone"), *_SALES_FIGURES),
    note="Days without orders have no row. Multi-Channel orders are left out. Days follow the marketplace's own time "
    f"zone: {_TIME_ZONES}.",
)

SYNC_STATUS = Table(
    "mart",
    "sync_status",
    "stream",
    ("seller_id", "stream"),
    (
        SELLER_ID,
        Column(
            "stream",
            "VARCHAR",
            "orders, orders_history, inventory, inbound_shipments, marketplaces, order_metrics or stock_report",
        ),
        Column("last_success_at", "TIMESTAMPTZ", "end of the last fetch that worked, UTC; NULL if none", nullable=True),
        Column(
            "watermark",
            "TIMESTAMPTZ",
            "everything up to here is in the tables, UTC (of orders_history: through reports); NULL if none",
            nullable=True,
        ),
        count("rows_changed", "rows inserted or changed by the last sync"),
        count("rows_quarantined", "rows of the last sync that were set aside as invalid"),
        count("api_calls", "requests sent to Amazon by the last sync"),
        count("throttled_calls", "of them answered 429"),
        Column("quota_wait_seconds", "DOUBLE", "seconds the last sync waited for Amazon's quota", minimum=0),
        Column("backlog", "BOOLEAN", "something is left for the next sync: pages of a window, or a report being made"),
        Column("status", "VARCHAR", "ok, backlog, failed, or not-available (the account has no such data)"),
        Column("message", "VARCHAR", "what a person should know; NULL when all is well", nullable=True),
    ),
)

MART_TABLES: Final[dict[str, Table]] = {
    table.name: table
    for table in (
        ORDERS,
        ORDER_ITEMS,
        INVENTORY,
        INVENTORY_HISTORY,
        INVENTORY_SUMMARY,
        LOW_STOCK,
        STOCK_TRANSITIONS,
        INBOUND_SHIPMENTS,
        INBOUND_SHIPMENT_ITEMS,
        ORDER_METRICS_24H,
        SALES_HOURLY,
        SALES_DAILY,
        SKU_VELOCITY,
        CHANNEL_PERFORMANCE,
        SHOPIFY_ORDERS,
        SHOPIFY_ORDER_LINES,
        SHOPIFY_FEES,
        SHOPIFY_DAILY,
        PRODUCT_DEMAND,
        RECONCILIATION,
        INVENTORY_RECONCILIATION,
        SYNC_STATUS,
    )
}
"""The tables of schema ``mart``, by name."""
