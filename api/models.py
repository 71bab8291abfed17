"""The answers as typed models: what /openapi.json describes and every test holds the served bytes to.

The bytes themselves are made by SQL and ``exact_json``, so that money never passes through a float.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Generic, Literal, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel

Money: TypeAlias = Annotated[Decimal, WithJsonSchema({"type": "number", "examples": [1234.5]})]
"""A JSON number, exact to the currency's minor unit."""

Fraction: TypeAlias = Annotated[Decimal, WithJsonSchema({"type": "number", "examples": [0.125]})]
Moment: TypeAlias = Annotated[datetime, Field(examples=["2026-11-22T11:58:00Z"])]
Day: TypeAlias = Annotated[date, Field(examples=["2026-11-22"])]
Count: TypeAlias = Annotated[int, Field(examples=[42])]
Currency: TypeAlias = Annotated[str, Field(examples=["USD"])]
Sku: TypeAlias = Annotated[str, Field(examples=["KETTLE-01"])]
ProductName: TypeAlias = Annotated[str, Field(examples=["Blue Kettle, 1.7 l"])]
Marketplace: TypeAlias = Annotated[str, Field(examples=["ATVPDKIKX0DER"])]
Connection: TypeAlias = Literal["connected", "disconnected"]
Activity: TypeAlias = Literal["active", "inactive"]
Trend: TypeAlias = Literal["up", "down", "neutral"]
Source: TypeAlias = Literal["amazon", "simulator"]

TREND = "against the 24 hours before; neutral where one of the two is unknown"
CHANGE = "fraction against the 24 hours before, to four places; null where the figure before is 0 or unknown"
UNKNOWN = "null while Amazon has not said"


class Model(BaseModel):
    """Base: camelCase, and nothing beyond what is described."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True)


class Metadata(Model):
    """How old the figures are and where they come from."""

    as_of: Moment | None = Field(description="up to when the figures are known, UTC; null while nothing is")
    stale: bool = Field(description="older than two schedules (30 minutes)")
    source: Source = Field(description="`simulator` marks made-up demonstration data")
    connection_error: str | None = Field(
        None,
        description="why the first sync failed; only there while nothing has been published",
        examples=["Amazon refused the credentials (invalid_grant)."],
    )


DataT = TypeVar("DataT")


class Success(Model, Generic[DataT]):
    """The envelope of an answer."""

    success: Literal[True] = Field(description="always true")
    data: DataT = Field(description="what was asked for")


class SetupRequired(Model):
    """Instead of data, with status 200, while the credentials are missing or malformed."""

    success: Literal[False] = Field(description="always false")
    setup_required: Literal[True] = Field(description="always true")
    message: str = Field(description="what to set, and where", examples=["Amazon SP-API not configured. Set …"])
    missing: list[str] = Field(description="names of the variables that are not set", examples=[["AMAZON_SELLER_ID"]])
    data: None = Field(description="always null")


class ErrorBody(Model):
    """Every failure, with the status that fits."""

    success: Literal[False] = Field(description="always false")
    error: str = Field(description="a short word for programs", examples=["invalid-parameter"])
    message: str = Field(description="a sentence for people", examples=['Parameter "limit": is not a number.'])
    retryable: bool = Field(description="whether it may work later")


class Health(Model):
    """The process lives."""

    status: Literal["ok"] = Field(description="always ok")


class Ready(Model):
    """A published database is open."""

    status: Literal["ready"] = Field(description="always ready")


class CurrencyFigures(Model):
    """One currency's part; amounts of two currencies are never added."""

    currency: Currency = Field(description="ISO 4217")
    revenue: Money | None = Field(description="sum of the orders' totals; null if none has an amount yet")
    orders: Count = Field(description="orders that are not canceled")
    average_order_value: Money | None = Field(description="over the orders that have an amount; null if none has")


class Sources(Model):
    """Which channels the figure has."""

    shopify: Connection = Field(description="whether a store is connected")
    amazon: Connection = Field(description="whether its orders have been read")


class RevenueKpi(Model):
    """Revenue of the 24 hours up to asOf, in the reporting currency."""

    label: str = Field(description="what the figure is called", examples=["Revenue (24 h)"])
    shopify: Money | None = Field(description="null while no store is connected")
    amazon: Money | None = Field(description=UNKNOWN)
    total: Money | None = Field(description="of the connected channels; " + UNKNOWN)
    unit: Currency | None = Field(description="reporting currency, ISO 4217")
    trend: Trend = Field(description=TREND)
    change: Fraction | None = Field(description=CHANGE)
    by_currency: list[CurrencyFigures] = Field(description="each currency, most revenue first")
    sources: Sources


class OrdersKpi(Model):
    """Orders of the 24 hours up to asOf, in all currencies, canceled ones left out."""

    label: str = Field(description="what the figure is called", examples=["Revenue (24 h)"])
    shopify: Count | None = Field(description="null while no store is connected")
    amazon: Count | None = Field(description=UNKNOWN)
    total: Count | None = Field(description="of the connected channels; " + UNKNOWN)
    unit: str = Field(description="what is counted", examples=["orders"])
    trend: Trend = Field(description=TREND)
    change: Fraction | None = Field(description=CHANGE)
    sources: Sources


class UnitsKpi(Model):
    """Units on the orders of the 24 hours up to asOf, canceled ones left out."""

    label: str = Field(description="what the figure is called", examples=["Units (24 h)"])
    shopify: Count | None = Field(description="null while no store is connected")
    amazon: Count | None = Field(description=UNKNOWN)
    total: Count | None = Field(description="of the connected channels; " + UNKNOWN)
    unit: str = Field(description="what is counted", examples=["units"])
    trend: Trend = Field(description=TREND)
    change: Fraction | None = Field(description=CHANGE)


class InventoryKpi(Model):
    """Stock at Amazon, each pool of stock counted once."""

    label: str = Field(description="what the figure is called", examples=["Revenue (24 h)"])
    amazon: Count | None = Field(description="total units, inbound ones included; " + UNKNOWN)
    fulfillable: Count | None = Field(description="units that can be shipped now; " + UNKNOWN)
    low_stock_items: Count | None = Field(description="SKUs under their threshold, those at 0 included; " + UNKNOWN)
    out_of_stock_items: Count | None = Field(description="SKUs with nothing fulfillable; " + UNKNOWN)
    unit: str = Field(description="what is counted", examples=["units"])
    trend: Trend = Field(description="total units against 24 hours before; neutral where those are unknown")
    source: Connection = Field(description="whether Amazon is connected")


class AverageOrderValueKpi(Model):
    """Revenue by the orders that have an amount, in the reporting currency."""

    label: str = Field(description="what the figure is called", examples=["Revenue (24 h)"])
    shopify: Money | None = Field(description="null while no store is connected")
    amazon: Money | None = Field(description=UNKNOWN)
    combined: Money | None = Field(description="of the connected channels; " + UNKNOWN)
    unit: Currency | None = Field(description="reporting currency, ISO 4217")
    trend: Trend = Field(description=TREND)
    change: Fraction | None = Field(description=CHANGE)


class Kpis(Model):
    """The headline figures."""

    revenue: RevenueKpi
    orders: OrdersKpi
    units: UnitsKpi
    inventory: InventoryKpi
    avg_order_value: AverageOrderValueKpi


class CurrencyFees(Model):
    """One currency's fees; amounts of two currencies are never added."""

    currency: Currency = Field(description="ISO 4217")
    fees: Money | None = Field(description="transaction fees")
    rate: Fraction | None = Field(description="fees as a fraction of revenue; null without revenue")
    net_revenue: Money | None = Field(description="revenue less fees")


class Commission(Model):
    """What the channel's payment service takes."""

    fees: Money | None = Field(description="in the reporting currency; null while no store is connected")
    rate: Fraction | None = Field(description="fees as a fraction of revenue")
    description: str = Field(
        description="what the fees are, or why there are none", examples=["No Shopify store is connected."]
    )
    by_currency: list[CurrencyFees] = Field(description="each currency, in the order of the channel's `byCurrency`")


class ChannelInventory(Model):
    """Stock at Amazon in short."""

    total_skus: Count | None = Field(alias="totalSKUs", description=UNKNOWN)
    total_quantity: Count | None = Field(description="units; " + UNKNOWN)
    low_stock_items: Count | None = Field(description="SKUs under their threshold; " + UNKNOWN)


class _Channel(Model):
    channel: str = Field(description="the channel's name", examples=["Amazon FBA"])
    revenue: Money | None = Field(description="in `currency`; " + UNKNOWN)
    orders: Count | None = Field(description="in all currencies; " + UNKNOWN)
    avg_order_value: Money | None = Field(description="in `currency`; " + UNKNOWN)
    currency: Currency | None = Field(description="reporting currency, ISO 4217")
    by_currency: list[CurrencyFigures] = Field(description="each currency, most revenue first")
    status: Connection = Field(description="whether the channel is connected")


class AmazonChannel(_Channel):
    """Amazon, all marketplaces."""

    channel: Literal["Amazon FBA"] = Field(description="the channel's name")
    unshipped_orders: Count | None = Field(description="Unshipped and PartiallyShipped; " + UNKNOWN)
    inventory_status: ChannelInventory


class ShopifyChannel(_Channel):
    """Shopify, all stores."""

    net_revenue: Money | None = Field(description="revenue less fees")
    customers: Count | None = Field(description="who ordered; null while no store is connected")
    commission: Commission


class ShopifyIntegration(Model):
    """Whether Shopify is connected."""

    connected: bool = Field(description="whether a store is connected")
    active_stores: Count = Field(description="stores that are connected")


class AmazonIntegration(Model):
    """Whether Amazon's streams have succeeded, and lately."""

    connected: bool = Field(description="orders or inventory have been read at least once")
    inventory_sync: Activity = Field(description="active: read within the last two schedules")
    order_sync: Activity = Field(description="active: read within the last two schedules")


class IntegrationStatus(Model):
    """The channels' connections."""

    shopify: ShopifyIntegration
    amazon: AmazonIntegration


class ExecutiveMetadata(Metadata):
    """Metadata of the executive dashboard; asOf is the oldest of orders and inventory."""

    timestamp: Moment = Field(description="when this body was made, UTC")
    response_time: Count = Field(description="whole milliseconds that took")
    data_available: bool = Field(description="orders or inventory are known")
    integration_status: IntegrationStatus


class ExecutiveData(Model):
    """All channels on one page."""

    kpis: Kpis
    channel_performance: list[AmazonChannel | ShopifyChannel] = Field(description="Amazon first")
    metadata: ExecutiveMetadata
