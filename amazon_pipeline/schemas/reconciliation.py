"""The tables that set our figures beside Amazon's own, schema ``mart``."""

from __future__ import annotations

from typing import Final

from amazon_pipeline.schemas.columns import (
    CURRENCY,
    MARKETPLACE_ID,
    OBSERVED_AT,
    SELLER_ID,
    SELLER_SKU,
    count,
    money,
    units,
)
from amazon_pipeline.schemas.table import Column, Table

_SALES_API: Final = "its Sales API says; NULL for a currency of ours that it does not name"

RECONCILIATION = Table(
    "mart",
    "reconciliation",
    "day, marketplace and currency",
    ("seller_id", "marketplace_id", "currency", "day"),
    (
        SELLER_ID,
        MARKETPLACE_ID,
        CURRENCY,
        Column("day", "DATE", "calendar day in the marketplace's own time zone"),
        count("our_orders", "orders placed on the day in mart.orders: not canceled, no replacements, no Multi-Channel"),
        Column("amazon_orders", "BIGINT", f"orders of the day as {_SALES_API}", nullable=True, minimum=0),
        count("our_units", "units on our_orders"),
        Column("amazon_units", "BIGINT", f"units of the day as {_SALES_API}", nullable=True, minimum=0),
        money(
            "our_sales",
            "sum of item_revenue of our_orders: goods before shipping, tax and discount; NULL if none of them has one",
        ),
        money("amazon_sales", f"ordered product sales of the day as {_SALES_API}"),
        money("difference", "our_sales less amazon_sales; NULL where one of them is", minimum=None),
        count("orders_without_amount", "of our_orders those whose item_revenue Amazon has not given us"),
        Column("is_settled", "BOOLEAN", "the day was over for two days or more when Amazon gave its figures"),
        OBSERVED_AT.but(meaning="when Amazon gave its figures of the day, UTC"),
    ),
    note="Only days that our orders cover whole. Amazon's own sources differ a little; this shows drift, not a fault.",
)

INVENTORY_RECONCILIATION = Table(
    "mart",
    "inventory_reconciliation",
    "SKU and marketplace of the newest stock report",
    ("seller_id", "marketplace_id", "seller_sku"),
    (
        SELLER_ID,
        MARKETPLACE_ID,
        SELLER_SKU,
        units(
            "our_fulfillable",
            "fulfillable_quantity when the report was made; NULL for a SKU we lacked",
            nullable=True,
        ),
        units("amazon_fulfillable", "afn-fulfillable-quantity; NULL for a SKU the report lacks", nullable=True),
        units("our_total", "total_quantity when the report was made; NULL for a SKU we lacked", nullable=True),
        units("amazon_total", "afn-total-quantity; NULL for a SKU the report lacks", nullable=True),
        units("difference", "our_fulfillable less amazon_fulfillable; NULL where one is", nullable=True, minimum=None),
        Column("reported_at", "TIMESTAMPTZ", "when Amazon made the report, UTC"),
        Column(
            "known_since",
            "TIMESTAMPTZ",
            "since when our figures were these, UTC (valid_from of mart.inventory_history); NULL if none",
            nullable=True,
        ),
    ),
    note="Ours are those of mart.inventory_history at reported_at: a few minutes older, which may be a sale.",
)
