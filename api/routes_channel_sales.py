"""``GET /api/v1/dashboard/sales``: orders, units and revenue of all channels, or of one, by hour or day."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Final, Literal, TypeAlias
from zoneinfo import ZoneInfo

from fastapi import FastAPI, Query, Request
from pydantic import Field
from starlette.responses import Response

from api.answers import Answers, Reading, Resource
from api.documented import answers_with
from api.exact_json import Json
from api.figures import OrderFigures, together
from api.models_lists import ChannelSalesData
from api.queries import Database, currency_orders
from api.routes_sales import daily, hourly, marketplace_zones
from api.sales_over_time import Interval, Known, Sales, Span, SpanParameters, sales_over_time
from api.snapshot import Stream, moment
from api.stores import Stores

Channel: TypeAlias = Literal["amazon", "shopify"]

_STREAMS: Final[dict[Channel, Stream]] = {"amazon": "orders", "shopify": "shopify_orders"}

# the stores that are configured: those the executive answer counts
_BY_HOUR: Final = """
SELECT epoch_us(created_at) // 3600000000 * 3600000000 AS hour, currency, count(*), sum(quantity)::BIGINT,
       sum(revenue)::DECIMAL(18, 2)
FROM mart.shopify_orders
SEMI JOIN (SELECT seller_id FROM mart.channel_performance WHERE channel = 'Shopify') USING (seller_id)
WHERE is_counted AND hour BETWEEN epoch_us(?::TIMESTAMPTZ) AND epoch_us(?::TIMESTAMPTZ)
GROUP BY ALL"""
_BY_DAY: Final = """
SELECT day, currency, sum(orders)::BIGINT, sum(units)::BIGINT, sum(revenue)::DECIMAL(18, 2)
FROM mart.shopify_daily WHERE day BETWEEN ? AND ?
GROUP BY ALL"""


class ChannelSalesParameters(SpanParameters):
    """Which channel is counted, and how finely."""

    channel: Channel | None = Field(None, description="only this channel; all together without it")


def add_routes(app: FastAPI, answers: Answers) -> None:
    """Put the address on the application."""

    @app.get(
        "/api/v1/dashboard/sales",
        summary="Orders, units and revenue of all channels by hour or day",
        operation_id="sales",
        responses=answers_with(ChannelSalesData),
    )
    async def sales(request: Request, parameters: Annotated[ChannelSalesParameters, Query()]) -> Response:
        return await answers.answer(request, CHANNEL_SALES, parameters)


def _make(reading: Reading, parameters: ChannelSalesParameters) -> dict[str, Json]:
    channels: tuple[Channel, ...] = ("amazon", "shopify") if parameters.channel is None else (parameters.channel,)
    connected = [each for each in channels if reading.known(_STREAMS[each])]
    currency = _reporting_currency(reading)
    span: Span | None = None
    points: list[Json] = []
    if reading.database is not None and connected:
        database, interval = reading.database, parameters.interval
        span, points = sales_over_time(
            database,
            parameters,
            _known(reading, database, connected, interval),
            currency,
            lambda longest: _sum(_found(database, connected, interval, longest)),
            name=f"sales of {parameters.channel or 'all channels'} by {interval}",
        )
    return {
        "interval": parameters.interval,
        "days": parameters.days,
        "channels": list(connected),
        "currency": currency,
        "dateRange": {"start": span.first if span else None, "end": span.last if span else None},
        "points": points,
    }


def _reporting_currency(reading: Reading) -> str | None:
    """The one of the executive answer, whichever channel is asked for: the figures stand side by side."""
    everything = together([*currency_orders(reading.database), *Stores.of(reading.database).by_currency])
    return OrderFigures.of(everything, reading.settings.reporting_currency).reporting_currency


def _known(reading: Reading, database: Database, channels: Iterable[Channel], interval: Interval) -> Known:
    until = [time for each in channels if (time := reading.freshness.as_of[_STREAMS[each]])]
    if interval == "hour":
        return Known(max(until), min(until))
    zones = {zone for each in channels for zone in _zones(database, each)}
    return Known(max(until), min(until), tuple(zones))


def _zones(database: Database, channel: Channel) -> tuple[ZoneInfo, ...]:
    if channel == "amazon":
        return marketplace_zones(database)
    found = database.rows("SELECT DISTINCT time_zone FROM staging.shopify_shops")
    return tuple(ZoneInfo(name) for (name,) in found)


def _found(database: Database, channels: Iterable[Channel], interval: Interval, span: Span) -> Iterable[Sales]:
    for channel in channels:
        if channel == "amazon":
            yield from (hourly if interval == "hour" else daily)(database, span)
        elif interval == "hour":
            rows = database.rows(_BY_HOUR, [span.first.isoformat(), span.last.isoformat()])
            yield from (Sales(moment(hour), *figures) for hour, *figures in rows)
        else:
            yield from (Sales(*row) for row in database.rows(_BY_DAY, [span.first, span.last]))


def _sum(sales: Iterable[Sales]) -> list[Sales]:
    """One row per period and currency, in order; what has no amount yet adds none."""
    rows: dict[tuple[object, str], Sales] = {}
    for row in sales:
        before = rows.get((row.period, row.currency))
        rows[row.period, row.currency] = row if before is None else _both(before, row)
    return sorted(rows.values(), key=lambda row: (row.period, row.currency))


def _both(one: Sales, other: Sales) -> Sales:
    amounts = [each.revenue for each in (one, other) if each.revenue is not None]
    revenue = sum(amounts, Decimal(0)) if amounts else None
    return Sales(one.period, one.currency, one.orders + other.orders, one.units + other.units, revenue)


CHANNEL_SALES = Resource("sales", ("orders", "shopify_orders"), _make)
