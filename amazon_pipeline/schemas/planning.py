"""The tables a manager plans with: velocity and restock advice, and the channels side by side."""

from __future__ import annotations

from typing import Final

from amazon_pipeline.schemas.columns import (
    CURRENCY,
    DAYS_OF_COVER,
    GAP_DAYS,
    MARKETPLACE_ID,
    PRODUCT_NAME,
    SELLER_ID,
    SELLER_SKU,
    STOCKOUT_DATE,
    count,
    money,
)
from amazon_pipeline.schemas.shopify import CUSTOMERS, ESTIMATED_FEES, FEES_ARE_ESTIMATED
from amazon_pipeline.schemas.table import Column, Table

COVER_STATUSES: Final = ("critical", "warning", "healthy", "excess", "no-sales", "unknown")


def _velocity(days: int) -> Column:
    return Column(
        f"velocity_{days}d",
        "DOUBLE",
        f"units_{days}d by in_stock_days_{days}d, both as they were at last_good_at if that is set; NULL where the "
        "window does not count: orders are not known so far back, or the SKU was in stock for fewer than 3 days of it",
        nullable=True,
        minimum=0,
    )


def _days(days: int) -> Column:
    return Column(
        f"in_stock_days_{days}d",
        "INTEGER",
        f"24-hour days of the last {days} known on which the SKU was fulfillable for at least half the time, or sold; "
        "while it was not listed none counts, and before our first snapshot of the marketplace every day does",
        minimum=0,
    )


SKU_VELOCITY = Table(
    "mart",
    "sku_velocity",
    "SKU and marketplace",
    ("seller_id", "marketplace_id", "seller_sku"),
    (
        SELLER_ID,
        MARKETPLACE_ID,
        SELLER_SKU,
        PRODUCT_NAME,
        Column(
            "is_pool_duplicate",
            "BOOLEAN",
            "its stock is counted in another row, which carries the advice: here reorder and restock columns are NULL",
        ),
        Column(
            "last_good_at",
            "TIMESTAMPTZ",
            "set where the velocities are the last good ones, of a SKU that is out of stock: when it ran out, UTC, and "
            "where their windows end; NULL: they end where orders are known, the watermark of orders",
            nullable=True,
        ),
        count("units_7d", "units ordered in the 7 days up to where orders are known, canceled orders left out"),
        count("units_30d", "the same over 30 days"),
        count("units_90d", "the same over 90 days"),
        _days(7),
        _days(30),
        _days(90),
        _velocity(7),
        _velocity(30),
        _velocity(90),
        Column(
            "daily_velocity",
            "DOUBLE",
            "units a day in stock: velocity_7d, velocity_30d and velocity_90d weighted 0.5, 0.3 and 0.2, over those "
            "that count; NULL if orders are not known yet",
            nullable=True,
            minimum=0,
        ),
        Column(
            "pool_velocity",
            "DOUBLE",
            "daily_velocity of all marketplaces that draw on the same units, this one included",
            nullable=True,
            minimum=0,
        ),
        Column("trend", "DOUBLE", "velocity_7d by velocity_30d, less 1; NULL without both", nullable=True),
        Column(
            "fulfillable_quantity",
            "INTEGER",
            "can be shipped now, units; NULL for a SKU that is not in FBA stock",
            nullable=True,
            minimum=0,
        ),
        Column(
            "supply_quantity",
            "BIGINT",
            "fulfillable + FC transfer + FC processing + all inbound, units: what an order is set off against",
            nullable=True,
            minimum=0,
        ),
        DAYS_OF_COVER,
        STOCKOUT_DATE,
        Column(
            "next_arrival_date",
            "DATE",
            "expected arrival of the next open shipment with units of the SKU to come: Amazon's need-by date, today if "
            "it is being received, else the lead time after we first saw it, today at the earliest",
            nullable=True,
        ),
        GAP_DAYS,
        Column("lead_time_days", "INTEGER", "from stock_thresholds.csv or AMAZON_LEAD_TIME_DAYS", minimum=0),
        Column("case_pack", "INTEGER", "units a case, from stock_thresholds.csv", nullable=True, minimum=1),
        Column(
            "reorder_point",
            "INTEGER",
            "supply at which to order again, units: pool_velocity * (lead time + safety stock days), rounded up",
            nullable=True,
            minimum=0,
        ),
        Column(
            "reorder_date",
            "DATE",
            "day supply falls to the reorder point: today if it has; NULL without sales",
            nullable=True,
        ),
        Column(
            "restock_quantity",
            "BIGINT",
            "units to order: pool_velocity * (lead time + target cover + safety stock days) less supply, not below 0, "
            "rounded up to whole units or cases",
            nullable=True,
            minimum=0,
        ),
        Column(
            "cover_status",
            "VARCHAR",
            "by days_of_cover: critical (under 7), warning (under 21), healthy, excess (over 90); no-sales; unknown",
            values=COVER_STATUSES,
        ),
        Column("explanation", "VARCHAR", "the arithmetic of this row, in a sentence or two"),
    ),
    note="SKUs in FBA stock, and others that sold in the last 90 days. Units include pending and replacement orders, "
    "and Multi-Channel ones at the marketplace with the most units of the SKU. Settings and formulas: README.md.",
)

CHANNEL_PERFORMANCE = Table(
    "mart",
    "channel_performance",
    "channel, store and currency",
    ("seller_id", "channel", "store", "currency"),
    (
        SELLER_ID.but(meaning="Amazon's merchant token of the seller; of a Shopify store its domain"),
        Column("channel", "VARCHAR", "Amazon FBA or Shopify"),
        Column("store", "VARCHAR", "the store's name; ALL for Amazon: all its marketplaces together"),
        CURRENCY,
        Column("window_start", "TIMESTAMPTZ", "start of the 24 hours, UTC"),
        Column("window_end", "TIMESTAMPTZ", "their end, not in them, UTC"),
        count("orders", "orders placed in the window and not canceled"),
        money("revenue", "what was paid less what was refunded; of Amazon the sum of order_total", minimum=None),
        money("net_revenue", "revenue less fees; NULL where the fees are not known, as of Amazon", minimum=None),
        CUSTOMERS.but(meaning=f"{CUSTOMERS.meaning}; NULL for Amazon, whose buyers are not read"),
        money("average_order_value", "revenue by the orders that have an amount", minimum=None),
        money("fees", "transaction fees; NULL where not known", minimum=None),
        Column("fee_rate", "DOUBLE", "fees by revenue; NULL where not known", nullable=True),
        FEES_ARE_ESTIMATED,
        ESTIMATED_FEES,
        Column("status", "VARCHAR", "connected or disconnected", values=("connected", "disconnected")),
    ),
)
