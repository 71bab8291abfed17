"""The answers about stock over time and what to order."""

from __future__ import annotations

from pydantic import Field

from api.models import UNKNOWN, Count, Day, Marketplace, Metadata, Model, Moment, ProductName, Sku
from api.models_lists import COVER_STATUS, NEXT_CURSOR, CoverStatus, DateRange


class RestockSummary(Model):
    """SKUs and marketplaces by cover status, whatever the filter; repetitions of a pool of stock left out."""

    critical: Count | None = Field(description="under 7 days of cover; " + UNKNOWN)
    warning: Count | None = Field(description="under 21 days of cover; " + UNKNOWN)
    healthy: Count | None = Field(description="21 to 90 days of cover; " + UNKNOWN)
    excess: Count | None = Field(description="over 90 days of cover; " + UNKNOWN)
    no_sales: Count | None = Field(description="nothing sold in the days known; " + UNKNOWN)
    unknown: Count | None = Field(description="orders or stock are not known; " + UNKNOWN)
    to_order: Count | None = Field(description="with units to order; " + UNKNOWN)


class RestockItem(Model):
    """One SKU in one marketplace: what it sells, how long that lasts, and what to order."""

    sku: Sku = Field(description="the seller's own stock keeping unit")
    product_name: ProductName | None = Field(description="as Amazon lists it")
    marketplace_id: Marketplace = Field(description="Amazon's id of the marketplace")
    units_7d: Count = Field(alias="units7d", description="units ordered in 7 days, canceled orders left out")
    units_30d: Count = Field(alias="units30d", description="the same over 30 days")
    units_90d: Count = Field(alias="units90d", description="the same over 90 days")
    in_stock_days_30d: Count = Field(alias="inStockDays30d", description="days of the last 30 with stock, or sales")
    daily_velocity: float | None = Field(
        description="units sold a day in stock; null while orders are not known", examples=[6.5]
    )
    pool_velocity: float | None = Field(description="of all marketplaces that draw on the same units", examples=[6.5])
    trend: float | None = Field(
        description="velocity of 7 days by that of 30, less 1; null without both", examples=[6.5]
    )
    fulfillable_quantity: Count | None = Field(description="null for a SKU that is not in FBA stock")
    supply_quantity: Count | None = Field(description="fulfillable, FC transfer, FC processing and inbound units")
    days_of_cover: float | None = Field(description="fulfillable by pool velocity; null without sales", examples=[6.5])
    stockout_date: Day | None = Field(description="in the marketplace's time zone")
    next_arrival_date: Day | None = Field(description="of the next open shipment with units to come")
    gap_days: Count | None = Field(description="days from stock-out to the next arrival")
    lead_time_days: Count = Field(description="from order to sellable")
    case_pack: Count | None = Field(description="units a case")
    reorder_point: Count | None = Field(description="supply at which to order again, units")
    reorder_date: Day | None = Field(description="when supply falls to the reorder point; today if it has")
    restock_quantity: Count | None = Field(description="units to order; null where unknown, or a pool's repetition")
    cover_status: CoverStatus = Field(description=COVER_STATUS)
    is_pool_duplicate: bool = Field(description="the units are counted, and advised on, in another row")
    last_good_at: Moment | None = Field(description="set where the velocity is that of when the SKU ran out, UTC")
    explanation: str = Field(
        description="the arithmetic of this row, in words", examples=["Sells 2.4 a day in stock: …"]
    )


class RestockData(Model):
    """Restock advice, what is to be ordered first on top."""

    summary: RestockSummary
    items: list[RestockItem] = Field(description="the page asked for")
    total: Count | None = Field(description="rows that the filter leaves; " + UNKNOWN)
    next_cursor: str | None = Field(description=NEXT_CURSOR, examples=["WyI5Zjg2ZDA4MTg4NGM3ZDY1Il0"])
    metadata: Metadata


class StockLine(Model):
    """One SKU in one marketplace, day by day."""

    sku: Sku = Field(description="the seller's own stock keeping unit")
    marketplace_id: Marketplace = Field(description="Amazon's id of the marketplace")
    fulfillable: list[int | None] = Field(
        description="units at the end of each UTC day of dateRange, of the last at asOf; null before the SKU was seen",
        examples=[[None, 12, 9, 0]],
    )


class StockLinesData(Model):
    """The stock lines of the SKUs asked for."""

    date_range: DateRange = Field(description="first and last day's end, UTC; the last is asOf")
    items: list[StockLine] = Field(description="by SKU and marketplace; a SKU without any history is left out")
    metadata: Metadata


class StockDay(Model):
    """All stock at the end of a UTC day, each pool counted once."""

    at: Moment = Field(description="end of the day, UTC; of the last asOf")
    total_quantity: Count = Field(description="units, inbound included")
    fulfillable_quantity: Count = Field(description="units that can be shipped")
    low_stock_items: Count = Field(description="SKUs under today's threshold, those at 0 included")
    out_of_stock_items: Count = Field(description="SKUs with nothing fulfillable")


class StockDaysData(Model):
    """All stock over time."""

    points: list[StockDay] = Field(description="oldest first, from the first snapshot on")
    day_before: StockDay | None = Field(description="24 hours before asOf; null if no snapshot is that old")
    metadata: Metadata
