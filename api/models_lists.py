"""The answers that are lists: inventory, orders, shipments, sales, alerts, streams."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import Field

from api.models import (
    UNKNOWN,
    Count,
    Currency,
    CurrencyFigures,
    Day,
    Marketplace,
    Metadata,
    Model,
    Moment,
    Money,
    ProductName,
    Sku,
)

StockStatus: TypeAlias = Literal["out-of-stock", "low-stock", "in-stock"]
CoverStatus: TypeAlias = Literal["critical", "warning", "healthy", "excess", "no-sales", "unknown"]
COVER_STATUS = "by days of cover: critical under 7, warning under 21, excess over 90"
NEXT_CURSOR = "give it as `cursor` for the next page; null after the last; good until a newer file is published"


class InventorySummary(Model):
    """All SKUs, each pool of stock counted once."""

    total_skus: Count | None = Field(alias="totalSKUs", description=UNKNOWN)
    total_quantity: Count | None = Field(description="units; " + UNKNOWN)
    fulfillable_quantity: Count | None = Field(description="units that can be shipped now; " + UNKNOWN)
    reserved_quantity: Count | None = Field(description="units; " + UNKNOWN)
    inbound_quantity: Count | None = Field(description="units on the way to Amazon; " + UNKNOWN)


class InventoryAlerts(Model):
    """Numbers of SKUs over all of them, whatever the filter."""

    low_stock_count: Count | None = Field(description="under their threshold, those at 0 included; " + UNKNOWN)
    out_of_stock_count: Count | None = Field(description="nothing fulfillable; " + UNKNOWN)
    inbound_count: Count | None = Field(description="with units on the way to Amazon; " + UNKNOWN)


class InventoryItem(Model):
    """One SKU in one marketplace."""

    asin: str | None = Field(description="Amazon Standard Identification Number", examples=["B0EXAMPLE1"])
    sku: Sku = Field(description="the seller's own stock keeping unit")
    product_name: ProductName | None = Field(description="as Amazon lists it")
    marketplace_id: Marketplace = Field(description="Amazon's id of the marketplace", examples=["ATVPDKIKX0DER"])
    fulfillable_quantity: Count = Field(description="units that can be shipped now")
    reserved_quantity: Count | None = Field(description="units; null where Amazon does not say")
    inbound_quantity: Count | None = Field(description="units on the way to Amazon; null where Amazon does not say")
    total_quantity: Count | None = Field(description="Amazon's total, inbound included; not what can be sold")
    status: StockStatus = Field(description="out: fulfillable 0; low: fewer than the threshold")
    low_stock_threshold: Count = Field(description="units; with fewer the SKU is low")
    days_of_cover: float | None = Field(
        description="fulfillable by velocity; null without sales or knowledge", examples=[18.5]
    )
    restock_quantity: Count | None = Field(description="units to order; null where unknown, or a pool's repetition")
    last_updated: Moment | None = Field(description="Amazon's own time, known to stand still at times")
    reserved_customer_orders: Count | None = Field(description="of reserved: for customer orders")
    reserved_fc_transfer: Count | None = Field(description="of reserved: moving between fulfillment centers")
    reserved_fc_processing: Count | None = Field(description="of reserved: set aside in a fulfillment center")
    inbound_working: Count | None = Field(description="of inbound: announced, not yet sent")
    inbound_shipped: Count | None = Field(description="of inbound: on the way")
    inbound_receiving: Count | None = Field(description="of inbound: being received")
    unfulfillable_quantity: Count | None = Field(description="units damaged, defective or expired")
    researching_quantity: Count | None = Field(description="units misplaced or under investigation")
    daily_velocity: float | None = Field(
        description="units sold a day in stock; null while orders are not known", examples=[2.4]
    )
    cover_status: CoverStatus = Field(description=COVER_STATUS)
    is_pool_duplicate: bool = Field(description="the units are counted in another marketplace's row")


class InventoryData(Model):
    """FBA stock."""

    summary: InventorySummary
    alerts: InventoryAlerts
    marketplace_ids: list[str] = Field(
        description="marketplaces that have stock, whatever the filter", examples=[["ATVPDKIKX0DER"]]
    )
    items: list[InventoryItem] = Field(description="the page asked for")
    total: Count | None = Field(description="SKUs and marketplaces that the filter leaves; " + UNKNOWN)
    next_cursor: str | None = Field(description=NEXT_CURSOR, examples=["WyI5Zjg2ZDA4MTg4NGM3ZDY1Il0"])
    last_sync: Moment | None = Field(description="when Amazon last gave us the stock, UTC")
    metadata: Metadata


class OrdersSummary(Model):
    """All orders of the window, whatever the filter; Multi-Channel orders left out."""

    total_orders: Count | None = Field(description="not canceled, all currencies; " + UNKNOWN)
    total_revenue: Money | None = Field(description="in `currency`; " + UNKNOWN)
    average_order_value: Money | None = Field(description="in `currency`, over the orders that have an amount")
    unshipped_count: Count | None = Field(description="Unshipped and PartiallyShipped; " + UNKNOWN)
    shipped_count: Count | None = Field(description=UNKNOWN)
    pending_count: Count | None = Field(description="Pending and PendingAvailability; " + UNKNOWN)
    canceled_count: Count | None = Field(description="not in totalOrders; " + UNKNOWN)
    orders_without_amount: Count | None = Field(description="of totalOrders; their amount is in no revenue")
    currency: Currency | None = Field(description="reporting currency, ISO 4217")
    by_currency: list[CurrencyFigures] = Field(description="each currency, most revenue first")


class Order(Model):
    """One order of the window."""

    amazon_order_id: str = Field(description="Amazon's id of the order, 3-7-7 digits", examples=["111-2233445-5566778"])
    order_status: str = Field(description="Amazon's word", examples=["Shipped"])
    purchase_date: Moment = Field(description="when it was placed, UTC")
    order_total: Money | None = Field(description="null where Amazon gave none")
    currency: Currency | None = Field(description="ISO 4217")
    items_shipped: Count | None = Field(description="units; null where Amazon does not say")
    items_unshipped: Count | None = Field(description="units; null where Amazon does not say")
    fulfillment_channel: str | None = Field(description="AFN or MFN", examples=["AFN"])
    sales_channel: str | None = Field(description="the marketplace's name", examples=["Amazon.com"])
    marketplace_id: Marketplace = Field(description="NON_AMAZON for Multi-Channel orders")


class DateRange(Model):
    """Half open: start belongs to it, end does not."""

    start: Moment | None = Field(description="included, UTC")
    end: Moment | None = Field(description="excluded, UTC")


class OrdersData(Model):
    """The orders of the 24 hours up to asOf."""

    summary: OrdersSummary
    orders: list[Order] = Field(description="the page asked for, newest first")
    next_cursor: str | None = Field(description=NEXT_CURSOR, examples=["WyI5Zjg2ZDA4MTg4NGM3ZDY1Il0"])
    date_range: DateRange
    metadata: Metadata


class ShipmentsSummary(Model):
    """All shipments, whatever the filter. Open: not CLOSED, CANCELLED or DELETED."""

    open: Count | None = Field(description=UNKNOWN)
    in_transit: Count | None = Field(description="SHIPPED or IN_TRANSIT; " + UNKNOWN)
    receiving: Count | None = Field(description="DELIVERED, CHECKED_IN or RECEIVING; " + UNKNOWN)
    units_expected: Count | None = Field(description="of the open ones; null while the items of one are not read")
    units_received: Count | None = Field(description="of the open ones; null while the items of one are not read")


class ShipmentItem(Model):
    """One SKU of a shipment."""

    sku: Sku = Field(description="the seller's own stock keeping unit")
    fn_sku: str | None = Field(description="Amazon's fulfillment network SKU", examples=["X001ABC123"])
    expected: Count = Field(description="units announced")
    received: Count | None = Field(description="units; null where Amazon does not say")


class Shipment(Model):
    """One inbound shipment."""

    shipment_id: str = Field(description="Amazon's id of the shipment", examples=["FBA15DJ8K2M9"])
    name: str | None = Field(description="the seller's name for it", examples=["November restock"])
    status: str = Field(description="Amazon's word", examples=["RECEIVING"])
    destination_fulfillment_center: str | None = Field(description="Amazon's code of the warehouse", examples=["ONT8"])
    need_by_date: Day | None = Field(description="where Amazon gives one")
    units_expected: Count | None = Field(description="null until its items are read")
    units_received: Count | None = Field(description="null until its items are read")
    days_in_status: Count = Field(description="whole days since we first saw it in this status")
    items: list[ShipmentItem] = Field(description="by SKU; empty until they are read")


class ShipmentsData(Model):
    """Inbound shipments, open ones first."""

    summary: ShipmentsSummary
    shipments: list[Shipment] = Field(description="the page asked for, open ones first")
    next_cursor: str | None = Field(description=NEXT_CURSOR, examples=["WyI5Zjg2ZDA4MTg4NGM3ZDY1Il0"])
    metadata: Metadata


class SalesOfCurrency(Model):
    """One currency's sales of a period."""

    currency: Currency = Field(description="ISO 4217")
    orders: Count = Field(description="not canceled")
    units: Count = Field(description="units on those orders")
    revenue: Money | None = Field(description="null if no order has an amount yet")


class SalesPoint(Model):
    """Sales of one hour or day. A period without orders has no point."""

    period: Moment | Day = Field(
        description="start of the hour, UTC; or the day, in the time zone of the marketplace or store"
    )
    complete: bool = Field(description="false for a period that was not over at asOf")
    orders: Count = Field(description="all currencies, canceled ones left out")
    units: Count = Field(description="units on those orders")
    revenue: Money | None = Field(description="in the reporting currency; null if its orders have no amount yet")
    by_currency: list[SalesOfCurrency] = Field(description="each currency, most revenue first")


class SalesRange(Model):
    """First and last period that the answer covers, both included."""

    start: Moment | Day | None = Field(description="first period; null while nothing is known")
    end: Moment | Day | None = Field(description="last period; null while nothing is known")


class SalesData(Model):
    """Sales over time, oldest first."""

    interval: Literal["hour", "day"] = Field(description="length of one period")
    days: Count = Field(description="how far back the answer reaches")
    currency: Currency | None = Field(description="reporting currency, ISO 4217")
    date_range: SalesRange
    points: list[SalesPoint] = Field(description="oldest first")
    metadata: Metadata


class ChannelSalesData(SalesData):
    """Sales of the channels over time, oldest first."""

    channels: list[Literal["amazon", "shopify"]] = Field(description="whose sales these are: of those asked, the known")


class StockTransition(Model):
    """One change of a SKU's stock status."""

    transition_id: str = Field(
        description="the same change has the same id after a rebuild", examples=["9f86d081884c7d65"]
    )
    sku: Sku = Field(description="the seller's own stock keeping unit")
    product_name: ProductName | None = Field(description="as Amazon lists it")
    marketplace_id: Marketplace = Field(description="Amazon's id of the marketplace")
    from_status: StockStatus | None = Field(description="null for a SKU first seen low or out")
    to_status: StockStatus = Field(description="status after")
    fulfillable_quantity: Count = Field(description="units at the change")
    at: Moment = Field(description="when the snapshot that showed it was taken, UTC")


class AlertsData(Model):
    """Changes of stock status, newest first."""

    alerts: list[StockTransition] = Field(description="the changes")
    next_cursor: str | None = Field(description=NEXT_CURSOR, examples=["WyI5Zjg2ZDA4MTg4NGM3ZDY1Il0"])
    metadata: Metadata


class StreamStatus(Model):
    """How the last fetch of one stream went."""

    seller_id: str = Field(description="whose data; each account has streams of its own", examples=["A1EXAMPLE"])
    stream: str = Field(description="what is fetched", examples=["orders"])
    last_success_at: Moment | None = Field(description="end of the last fetch that worked, UTC")
    watermark: Moment | None = Field(description="everything up to here is in the tables, UTC")
    rows_changed: Count = Field(description="rows the last sync inserted or changed")
    rows_quarantined: Count = Field(description="rows set aside as invalid")
    api_calls: Count = Field(description="requests the last sync sent to Amazon")
    throttled_calls: Count = Field(description="of them refused for too many requests")
    quota_wait_seconds: float = Field(description="how long the last sync waited for Amazon's quota", examples=[12.5])
    backlog: bool = Field(description="pages are left for the next sync")
    status: str = Field(description="how the last fetch ended", examples=["ok", "backlog", "failed", "not-available"])
    message: str | None = Field(
        description="what a person should know; null when all is well",
        examples=["Amazon refused the request; the next sync tries again."],
    )


class SyncStatusData(Model):
    """The streams as of the last publish."""

    streams: list[StreamStatus] = Field(description="by name")
    metadata: Metadata
