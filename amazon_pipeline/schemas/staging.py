"""The tables between landing and marts (schema ``staging``) and about the file itself (schema ``meta``).

The staging tables of a stream hold its validated rows that no mart has taken yet; the mart that takes them empties
them in the same transaction.
"""

from __future__ import annotations

from typing import Final

from amazon_pipeline.schemas.columns import (
    ASIN,
    CURRENCY,
    FN_SKU,
    OBSERVED_AT,
    PRODUCT_NAME,
    QUANTITIES,
    SELLER_ID,
    SELLER_SKU,
)
from amazon_pipeline.schemas.mart import INBOUND_SHIPMENT_ITEMS, INVENTORY, ORDER_ITEMS, ORDERS, SYNC_STATUS
from amazon_pipeline.schemas.table import Column, Table

BATCH_ID = Column("batch_id", "VARCHAR", "landing batch the row came from")
PAGE = Column("page", "INTEGER", "page of that batch", minimum=1)
_LANDED = (BATCH_ID, PAGE)

_IN_STOCK_REPORT: Final = {
    "fulfillable_quantity",
    "reserved_quantity",
    "inbound_working_quantity",
    "inbound_shipped_quantity",
    "inbound_receiving_quantity",
    "unfulfillable_quantity",
    "researching_quantity",
    "total_quantity",
}


def _without(table: Table, *names: str) -> tuple[Column, ...]:
    return tuple(column for column in table.columns if column.name not in names)


STAGED_ORDERS = Table(
    "staging",
    "orders",
    "order and landed page, valid and not yet in mart.orders",
    ("seller_id", "amazon_order_id", "batch_id", "page"),
    (*ORDERS.columns, *_LANDED),
)

STAGED_ORDER_ITEMS = Table(
    "staging",
    "order_items",
    "order line and landed page, valid and not yet in mart.order_items",
    ("seller_id", "amazon_order_id", "order_item_id", "batch_id", "page"),
    (*_without(ORDER_ITEMS, "purchase_date", "order_status"), *_LANDED),
)

STAGED_INVENTORY = Table(
    "staging",
    "inventory",
    "SKU and snapshot, valid and not yet in mart.inventory",
    ("seller_id", "marketplace_id", "seller_sku", "batch_id"),
    (
        *_without(
            INVENTORY,
            "low_stock_threshold",
            "stock_status",
            "is_pool_duplicate",
            "pool_marketplace_id",
            "pool_seller_sku",
            "first_seen_at",
            "missed_snapshots",
            "is_gone",
        ),
        *_LANDED,
    ),
)

STAGED_INBOUND_SHIPMENTS = Table(
    "staging",
    "inbound_shipments",
    "shipment and landed page, valid and not yet in mart.inbound_shipments",
    ("seller_id", "shipment_id", "batch_id", "page"),
    (
        SELLER_ID,
        Column("marketplace_id", "VARCHAR", "Amazon marketplace the list was asked for"),
        Column("shipment_id", "VARCHAR", "Amazon's shipment id, FBA…"),
        Column("shipment_name", "VARCHAR", "the seller's name for it", nullable=True),
        Column("shipment_status", "VARCHAR", "Amazon's word"),
        Column("destination_fulfillment_center", "VARCHAR", "Amazon's code of the warehouse", nullable=True),
        Column("need_by_date", "DATE", "ConfirmedNeedByDate, where Amazon gives one", nullable=True),
        OBSERVED_AT,
        *_LANDED,
    ),
)

STAGED_INBOUND_SHIPMENT_ITEMS = Table(
    "staging",
    "inbound_shipment_items",
    "shipment, SKU and landed batch, valid and not yet in mart.inbound_shipment_items",
    ("seller_id", "shipment_id", "seller_sku", "batch_id"),
    (*INBOUND_SHIPMENT_ITEMS.columns, OBSERVED_AT, *_LANDED),
)

STAGED_MARKETPLACES = Table(
    "staging",
    "marketplaces",
    "marketplace the account participates in",
    ("seller_id", "marketplace_id"),
    (
        SELLER_ID,
        Column("marketplace_id", "VARCHAR", "Amazon marketplace id"),
        Column("name", "VARCHAR", "Amazon's name for it"),
        Column("country_code", "VARCHAR", "ISO 3166 country code"),
        Column("currency", "VARCHAR", "ISO 4217 code of the marketplace's own currency"),
        Column("time_zone", "VARCHAR", "IANA time zone its business days follow"),
        OBSERVED_AT,
    ),
    note="Kept, not emptied: the marts look currencies and time zones up here.",
)

ORDER_METRICS = Table(
    "staging",
    "order_metrics",
    "marketplace and day, as Amazon's Sales API counts it",
    ("seller_id", "marketplace_id", "day"),
    (
        SELLER_ID,
        Column("marketplace_id", "VARCHAR", "Amazon marketplace id"),
        CURRENCY,
        Column("day", "DATE", "calendar day in the marketplace's own time zone"),
        Column("starts_at", "TIMESTAMPTZ", "start of the day, included, UTC"),
        Column("ends_at", "TIMESTAMPTZ", "end of the day, excluded, UTC"),
        Column("orders", "BIGINT", "Amazon's orderCount", minimum=0),
        Column("units", "BIGINT", "Amazon's unitCount", minimum=0),
        Column("sales", "DECIMAL(18,2)", "Amazon's totalSales, in currency; NULL where it gives none", nullable=True),
        OBSERVED_AT,
        *_LANDED,
    ),
    note="Kept, not emptied: a newer answer about a day replaces the older one.",
)

STOCK_REPORT = Table(
    "staging",
    "stock_report",
    "SKU and marketplace, of the marketplace's newest stock report",
    ("seller_id", "marketplace_id", "seller_sku", "batch_id"),
    (
        SELLER_ID,
        Column("marketplace_id", "VARCHAR", "Amazon marketplace the report was asked for"),
        SELLER_SKU,
        FN_SKU,
        ASIN,
        PRODUCT_NAME,
        Column("condition", "VARCHAR", "Amazon's condition of the units", nullable=True),
        *(column for column in QUANTITIES if column.name in _IN_STOCK_REPORT),
        Column("reported_at", "TIMESTAMPTZ", "when Amazon made the report, or else when we received it, UTC"),
        OBSERVED_AT,
        *_LANDED,
    ),
    note="Kept, not emptied: a newer report of a marketplace replaces the older one.",
)

STOCK_THRESHOLDS = Table(
    "staging",
    "stock_thresholds",
    "line of stock_thresholds.csv",
    ("seller_sku", "marketplace_id"),
    (
        Column("seller_sku", "VARCHAR", "the SKU the line is for"),
        Column("marketplace_id", "VARCHAR", "the marketplace, or NULL for all", nullable=True),
        Column("low_stock_threshold", "INTEGER", "units, or NULL for the default", nullable=True, minimum=0),
        Column("lead_time_days", "INTEGER", "days, or NULL for the default", nullable=True, minimum=0),
        Column("case_pack", "INTEGER", "units a case, or NULL", nullable=True, minimum=1),
    ),
)

PLANNING_DEFAULTS = Table(
    "staging",
    "planning_defaults",
    "file: the settings its figures were made with",
    ("low_stock_threshold", "lead_time_days"),
    (
        Column("low_stock_threshold", "INTEGER", "AMAZON_LOW_STOCK_THRESHOLD, units", minimum=0),
        Column("lead_time_days", "INTEGER", "AMAZON_LEAD_TIME_DAYS", minimum=0),
        Column("target_cover_days", "INTEGER", "AMAZON_TARGET_COVER_DAYS", minimum=0),
        Column("safety_stock_days", "INTEGER", "AMAZON_SAFETY_STOCK_DAYS", minimum=0),
        Column("inventory_pools", "VARCHAR", "AMAZON_INVENTORY_POOLS"),
    ),
)

STALE_SALES = Table(
    "staging",
    "stale_sales",
    "mart and moment at which an order was placed that has changed since the mart was made",
    ("mart", "seller_id", "marketplace_id", "purchase_date"),
    (
        Column("mart", "VARCHAR", "sales_hourly or sales_daily"),
        SELLER_ID,
        Column("marketplace_id", "VARCHAR", "marketplace of the order"),
        Column("purchase_date", "TIMESTAMPTZ", "when the order was placed, UTC"),
    ),
    note="The mart makes those hours or days anew and empties its own rows, so a sync costs what changed.",
)

QUARANTINE = Table(
    "staging",
    "quarantine",
    "row that was set aside as invalid",
    ("batch_id", "page", "row_number", "stream"),
    (
        SELLER_ID,
        Column("stream", "VARCHAR", "the stream it belongs to"),
        Column("record_id", "VARCHAR", "order id, SKU or shipment id, where it could be read", nullable=True),
        Column("reason", "VARCHAR", "what is wrong, field by field"),
        Column("row_number", "INTEGER", "position on the landed page, from 0", minimum=0),
        Column(
            "row_json",
            "VARCHAR",
            "the row as landed, which is without personal data; empty where the whole page is damaged",
        ),
        Column("quarantined_at", "TIMESTAMPTZ", "when its page was received, UTC"),
        *_LANDED,
        Column("asked_again", "INTEGER", "times Amazon was asked for this order again", minimum=0),
        Column("resolved_at", "TIMESTAMPTZ", "when a valid version arrived, UTC; NULL until then", nullable=True),
    ),
    note="Good rows of the same page went on.",
)

STAGED_PAGES = Table(
    "staging",
    "staged_pages",
    "landed page that has been staged, of a batch that is not finished",
    ("batch_id", "page"),
    _LANDED,
)

STAGED_BATCHES = Table(
    "staging",
    "staged_batches",
    "landed batch that is finished and staged whole",
    ("batch_id",),
    (
        SELLER_ID,
        Column("stream", "VARCHAR", "the stream"),
        BATCH_ID,
        Column(
            "status",
            "VARCHAR",
            "complete, partial or abandoned, as its manifest says; unreadable: a file of it is damaged",
        ),
        Column("opened_at", "TIMESTAMPTZ", "when the batch was opened, UTC"),
        Column("closed_at", "TIMESTAMPTZ", "when the batch was closed, UTC", nullable=True),
        Column("window_start", "TIMESTAMPTZ", "from when a complete batch knows everything, UTC", nullable=True),
        Column("window_end", "TIMESTAMPTZ", "up to when a complete batch knows everything, UTC", nullable=True),
        Column("is_first", "BOOLEAN", "nothing before window_start is wanted"),
        Column("marketplace_id", "VARCHAR", "marketplace of an inventory snapshot or stock report", nullable=True),
        Column("is_merged", "BOOLEAN", "the marts have taken its rows, and the watermark has moved to window_end"),
    ),
)

DOUBTED_SNAPSHOTS = Table(
    "staging",
    "doubted_snapshots",
    "inventory snapshot that lost too many SKUs to be believed yet, the newest of its seller and marketplace",
    ("batch_id",),
    (
        Column("marketplace_id", "VARCHAR", "Amazon marketplace id"),
        BATCH_ID,
    ),
    note="Its rows wait in staging.inventory until the next snapshot agrees with it or not.",
)

STREAM_STATUS = Table(
    "staging",
    "stream_status",
    "stream: how its last fetch ended",
    ("seller_id", "stream"),
    SYNC_STATUS.columns,
)

MARKETPLACE_REFERENCE = Table(
    "meta",
    "known_marketplaces",
    "Amazon marketplace known to this version",
    ("marketplace_id",),
    (
        Column("marketplace_id", "VARCHAR", "Amazon marketplace id"),
        Column("country_code", "VARCHAR", "country"),
        Column("currency", "VARCHAR", "ISO 4217 code of the marketplace's own currency"),
        Column("time_zone", "VARCHAR", "IANA time zone its business days follow"),
        Column("region", "VARCHAR", "SP-API region"),
    ),
    note="For marketplaces whose participation Amazon has not told us.",
)

OWNER = Table(
    "meta",
    "owner",
    "seller whose data the file holds",
    ("seller_id",),
    (
        Column("seller_id", "VARCHAR", "the seller whose data this is"),
        Column("source", "VARCHAR", "amazon, or simulator for made-up demonstration data"),
    ),
)

PUBLICATION = Table(
    "meta",
    "publication",
    "file: which snapshot this is",
    ("publication_id",),
    (
        Column("publication_id", "BIGINT", "increases by one with every published file", minimum=1),
        Column("published_at", "TIMESTAMPTZ", "when the snapshot was made, UTC"),
        Column("seller_id", "VARCHAR", "the seller whose data this is; several are separated by commas"),
        Column("source", "VARCHAR", "amazon, or simulator for made-up demonstration data"),
        Column("schema_version", "INTEGER", "checksum of these tables and of what their columns mean", minimum=0),
    ),
)

STAGING_TABLES: Final[dict[str, Table]] = {
    table.name: table
    for table in (
        STAGED_MARKETPLACES,
        STAGED_ORDERS,
        STAGED_ORDER_ITEMS,
        STAGED_INVENTORY,
        STAGED_INBOUND_SHIPMENTS,
        STAGED_INBOUND_SHIPMENT_ITEMS,
        ORDER_METRICS,
        STOCK_REPORT,
        STOCK_THRESHOLDS,
        PLANNING_DEFAULTS,
        STALE_SALES,
        QUARANTINE,
        STAGED_PAGES,
        STAGED_BATCHES,
        DOUBTED_SNAPSHOTS,
        STREAM_STATUS,
        MARKETPLACE_REFERENCE,
        OWNER,
        PUBLICATION,
    )
}
"""The tables of schemas ``staging`` and ``meta``, by name."""
