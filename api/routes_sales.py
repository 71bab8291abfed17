"""``GET /api/v1/dashboard/amazon-sales``: orders, units and revenue by hour or day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

from fastapi import FastAPI, Query, Request
from pydantic import Field
from starlette.responses import Response

from api.answers import Answers, Reading, Resource
from api.documented import answers_with
from api.exact_json import Json, Raw, encode
from api.figures import OrderFigures, money
from api.models_lists import SalesData
from api.parameters import MarketplaceId, Parameters
from api.queries import Database, Filter, currency_orders
from api.snapshot import moment

Interval = Literal["hour", "day"]

_MOST_DAYS: Final = 366
_KEPT_DAYS: Final[dict[Interval, int]] = {"hour": 31, "day": _MOST_DAYS}
"""Spans up to this are cut from one that is kept while the file is current."""

_HOUR: Final = timedelta(hours=1)


class SalesParameters(Parameters):
    """What is counted, and how finely."""

    interval: Interval = Field("hour", description="length of one period")
    days: int = Field(7, ge=1, le=_MOST_DAYS, description="how far back from asOf")
    marketplace_id: MarketplaceId | None = None


@dataclass(frozen=True)
class _Span:
    """First and last period, and from which one on they are unfinished."""

    first: date
    last: date
    unfinished_from: date


@dataclass(frozen=True)
class _Sales:
    """One currency's sales in one period."""

    period: date
    currency: str
    orders: int
    units: int
    revenue: Decimal | None


def add_routes(app: FastAPI, answers: Answers) -> None:
    """Put the address on the application."""

    @app.get(
        "/api/v1/dashboard/amazon-sales",
        summary="Orders, units and revenue by hour or day",
        operation_id="amazonSales",
        responses=answers_with(SalesData),
    )
    async def sales(request: Request, parameters: Annotated[SalesParameters, Query()]) -> Response:
        return await answers.answer(request, SALES, parameters)


def _make(reading: Reading, parameters: SalesParameters) -> dict[str, Json]:
    currency = OrderFigures.of(
        currency_orders(reading.database), reading.settings.reporting_currency
    ).reporting_currency
    as_of = reading.freshness.as_of.get("orders")
    span: _Span | None = None
    points: list[Json] = []
    if reading.database is not None and as_of is not None:
        database, marketplace = reading.database, parameters.marketplace_id
        zones = _zones(database, marketplace) if parameters.interval == "day" else []
        span = _span(parameters.interval, zones, as_of, parameters.days)
        kept_days = _KEPT_DAYS[parameters.interval]
        longest = _span(parameters.interval, zones, as_of, max(parameters.days, kept_days))

        def read() -> list[tuple[date, Raw]]:
            return list(_points(database, parameters.interval, longest, marketplace, currency))

        name = f"sales of {marketplace} by {parameters.interval}"
        known = database.once(name, read) if parameters.days <= kept_days else read()
        points = [point for period, point in known if period >= span.first]
    return {
        "interval": parameters.interval,
        "days": parameters.days,
        "currency": currency,
        "dateRange": {"start": span.first if span else None, "end": span.last if span else None},
        "points": points,
    }


def _points(
    database: Database, interval: Interval, span: _Span, marketplace_id: str | None, currency: str | None
) -> Iterator[tuple[date, Raw]]:
    """Each period and its point as JSON: a shorter span has the same points, only fewer."""
    find = _hourly if interval == "hour" else _daily
    for period, rows in groupby(find(database, span, marketplace_id), key=lambda row: row.period):
        yield period, Raw(encode(_point(period, list(rows), currency, complete=period < span.unfinished_from)))


def _span(interval: Interval, zones: Iterable[ZoneInfo], as_of: datetime, days: int) -> _Span:
    return _hours(as_of, days) if interval == "hour" else _days(zones, as_of, days)


def _point(period: date, rows: list[_Sales], currency: str | None, *, complete: bool) -> dict[str, Json]:
    reported = [row.revenue for row in rows if row.currency == currency]
    # no row in the reporting currency: no orders in it, so its revenue is known to be nothing
    revenue = reported[0] if reported else Decimal("0.00")
    return {
        "period": period,
        "complete": complete,
        "orders": sum(row.orders for row in rows),
        "units": sum(row.units for row in rows),
        "revenue": money(revenue, currency) if currency else None,
        "byCurrency": [
            {
                "currency": row.currency,
                "orders": row.orders,
                "units": row.units,
                "revenue": money(row.revenue, row.currency),
            }
            for row in rows
        ],
    }


def _hours(as_of: datetime, days: int) -> _Span:
    this_hour = as_of.replace(minute=0, second=0, microsecond=0)
    # at the stroke of an hour the one that begins has nothing in it yet
    last = this_hour if as_of > this_hour else this_hour - _HOUR
    return _Span(last - (24 * days - 1) * _HOUR, last, this_hour)


def _days(zones: Iterable[ZoneInfo], as_of: datetime, days: int) -> _Span:
    """The days differ by time zone: the last is the furthest ahead, unfinished is whatever one zone is still in."""
    today = sorted({as_of.astimezone(zone).date() for zone in zones} or {as_of.astimezone(UTC).date()})
    return _Span(today[-1] - timedelta(days=days - 1), today[-1], today[0])


def _zones(database: Database, marketplace_id: str | None) -> list[ZoneInfo]:
    chosen = Filter()
    chosen.equal("marketplace_id", marketplace_id)
    sql = f"SELECT DISTINCT time_zone FROM staging.marketplaces {chosen.sql}"
    return [ZoneInfo(name) for (name,) in database.rows(sql, chosen.values)]


def _hourly(database: Database, span: _Span, marketplace_id: str | None) -> list[_Sales]:
    chosen = Filter()
    chosen.where("hour BETWEEN ?::TIMESTAMPTZ AND ?::TIMESTAMPTZ", span.first.isoformat(), span.last.isoformat())
    chosen.equal("marketplace_id", marketplace_id)
    rows = database.rows(_grouped("mart.sales_hourly", "hour", "epoch_us(hour)", chosen), chosen.values)
    return [_Sales(moment(period), *figures) for period, *figures in rows]


def _daily(database: Database, span: _Span, marketplace_id: str | None) -> list[_Sales]:
    chosen = Filter()
    chosen.where("day BETWEEN ? AND ?", span.first, span.last)
    chosen.equal("marketplace_id", marketplace_id)
    rows = database.rows(_grouped("mart.sales_daily", "day", "day", chosen), chosen.values)
    return [_Sales(*row) for row in rows]


def _grouped(table: str, period: str, shown: str, chosen: Filter) -> str:
    return f"""
      SELECT {shown}, currency, sum(orders)::BIGINT, sum(units)::BIGINT,
             CASE WHEN sum(orders) = 0 THEN coalesce(sum(revenue), 0) ELSE sum(revenue) END
      FROM {table} {chosen.sql} GROUP BY {period}, currency ORDER BY {period}, currency"""


SALES = Resource("amazon-sales", ("orders",), _make)
