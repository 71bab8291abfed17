"""Columns that several tables have, and the kinds of columns there are."""

from __future__ import annotations

from typing import Final

from amazon_pipeline.schemas.table import Column

SELLER_ID = Column("seller_id", "VARCHAR", "Amazon's merchant token of the seller")
MARKETPLACE_ID = Column(
    "marketplace_id", "VARCHAR", "Amazon marketplace id; NON_AMAZON for Multi-Channel orders, which have none"
)
MARKETPLACE_OR_ALL = MARKETPLACE_ID.but(meaning="Amazon marketplace id, or ALL for all of them together")
CURRENCY = Column("currency", "VARCHAR", "ISO 4217 code of the amounts in this row")
ORDER_ID = Column("amazon_order_id", "VARCHAR", "Amazon's order id, 3-7-7 digits")
SELLER_SKU = Column("seller_sku", "VARCHAR", "the seller's own stock keeping unit")
FN_SKU = Column("fn_sku", "VARCHAR", "Amazon's fulfillment network SKU", nullable=True)
ASIN = Column("asin", "VARCHAR", "Amazon Standard Identification Number", nullable=True)
PRODUCT_NAME = Column("product_name", "VARCHAR", "product title as Amazon lists it", nullable=True)
STOCK_STATUSES: Final = ("out-of-stock", "low-stock", "in-stock")
STOCK_STATUS = Column(
    "stock_status",
    "VARCHAR",
    "out-of-stock (fulfillable 0), low-stock (above 0 and fewer than low_stock_threshold) or in-stock",
    values=STOCK_STATUSES,
)
PURCHASE_DATE = Column("purchase_date", "TIMESTAMPTZ", "when the order was placed, UTC")
ORDER_STATUS = Column(
    "order_status",
    "VARCHAR",
    "Pending, PendingAvailability, Unshipped, PartiallyShipped, Shipped, Canceled, Unfulfillable, "
    "or a newer one of Amazon's unchanged",
)
THRESHOLD = Column(
    "low_stock_threshold", "INTEGER", "units; below it the SKU is low; from stock_thresholds.csv or the setting"
)
OBSERVED_AT = Column("observed_at", "TIMESTAMPTZ", "when Amazon gave us this value, UTC")


def units(name: str, meaning: str, *, nullable: bool = False, minimum: int | None = 0) -> Column:
    """A number of units."""
    return Column(name, "INTEGER", f"{meaning}, units", nullable=nullable, minimum=minimum)


def count(name: str, meaning: str) -> Column:
    """A number of things, or a sum of units over many rows."""
    return Column(name, "BIGINT", meaning, minimum=0)


def money(name: str, meaning: str, *, minimum: int | None = 0) -> Column:
    """An amount, which Amazon may not have given. None is below 0, but for differences."""
    return Column(name, "DECIMAL(18,2)", f"{meaning}, in currency", nullable=True, minimum=minimum)


DAYS_OF_COVER = Column(
    "days_of_cover",
    "DOUBLE",
    "days the fulfillable units last at the velocity of all who draw on them; NULL without sales or without knowledge",
    nullable=True,
    minimum=0,
)
STOCKOUT_DATE = Column(
    "stockout_date",
    "DATE",
    "day the fulfillable units run out, in the marketplace's time zone: today and whole days_of_cover; NULL if unknown",
    nullable=True,
)
GAP_DAYS = Column(
    "gap_days",
    "INTEGER",
    "days from stock-out to the next arrival: above 0 are days without stock; NULL without an arrival or a stock-out",
    nullable=True,
)
QUANTITIES = (
    units("fulfillable_quantity", "can be picked, packed and shipped now (Amazon: Available)"),
    units("reserved_quantity", "all reserved units: customer orders, FC transfer and FC processing", nullable=True),
    units("reserved_customer_orders", "reserved for customer orders (pendingCustomerOrderQuantity)", nullable=True),
    units("reserved_fc_transfer", "moving between fulfillment centers (pendingTransshipmentQuantity)", nullable=True),
    units("reserved_fc_processing", "set aside in a fulfillment center (fcProcessingQuantity)", nullable=True),
    units("inbound_working_quantity", "in shipments announced to Amazon and not yet sent", nullable=True),
    units("inbound_shipped_quantity", "in shipments on their way", nullable=True),
    units("inbound_receiving_quantity", "in shipments being received, the part not received yet", nullable=True),
    units("inbound_quantity", "working + shipped + receiving", nullable=True),
    units("unfulfillable_quantity", "damaged, defective or expired; not sellable", nullable=True),
    units("researching_quantity", "misplaced or under investigation", nullable=True),
    units("total_quantity", "Amazon's total: inbound and in fulfillment centers; not what can be sold", nullable=True),
)
