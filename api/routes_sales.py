"""``GET /api/v1/dashboard/amazon-sales``: Amazon's orders, units and revenue by hour or day."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import FastAPI, Query, Request
from starlette.responses import Response

from api.answers import Answers, Reading, Resource
from api.documented import answers_with
from api.exact_json import Json
from api.figures import OrderFigures
from api.models_lists import SalesData
from api.parameters import MarketplaceId
from api.queries import Database, Filter, currency_orders
from api.sales_over_time import Known, Sales, Span, SpanParameters, sales_over_time
from api.snapshot import moment


class SalesParameters(SpanParameters):
    """What is counted, and how finely."""

    marketplace_id: MarketplaceId | None = None


def add_routes(app: FastAPI, answers: Answers) -> None:
    """Put the address on the application."""

    @app.get(
        "/api/v1/dashboard/amazon-sales",
        summary="Amazon's orders, units and revenue by hour or day",
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
    span: Span | None = None
    points: list[Json] = []
    if reading.database is not None and as_of is not None:
        database, marketplace = reading.database, parameters.marketplace_id
        zones = marketplace_zones(database, marketplace) if parameters.interval == "day" else ()
        find = hourly if parameters.interval == "hour" else daily
        span, points = sales_over_time(
            database,
            parameters,
            Known(as_of, as_of, zones),
            currency,
            lambda longest: find(database, longest, marketplace),
            name=f"sales of {marketplace} by {parameters.interval}",
        )
    return {
        "interval": parameters.interval,
        "days": parameters.days,
        "currency": currency,
        "dateRange": {"start": span.first if span else None, "end": span.last if span else None},
        "points": points,
    }


def marketplace_zones(database: Database, marketplace_id: str | None = None) -> tuple[ZoneInfo, ...]:
    """The time zones that the days of one marketplace, or of all, follow."""
    chosen = Filter()
    chosen.equal("marketplace_id", marketplace_id)
    sql = f"SELECT DISTINCT time_zone FROM staging.marketplaces {chosen.sql}"
    return tuple(ZoneInfo(name) for (name,) in database.rows(sql, chosen.values))


def hourly(database: Database, span: Span, marketplace_id: str | None = None) -> list[Sales]:
    """Amazon's sales by the hour, in order."""
    chosen = Filter()
    chosen.where("hour BETWEEN ?::TIMESTAMPTZ AND ?::TIMESTAMPTZ", span.first.isoformat(), span.last.isoformat())
    chosen.equal("marketplace_id", marketplace_id)
    rows = database.rows(_grouped("mart.sales_hourly", "hour", "epoch_us(hour)", chosen), chosen.values)
    return [Sales(moment(period), *figures) for period, *figures in rows]


def daily(database: Database, span: Span, marketplace_id: str | None = None) -> list[Sales]:
    """Amazon's sales by the marketplaces' own days, in order."""
    chosen = Filter()
    chosen.where("day BETWEEN ? AND ?", span.first, span.last)
    chosen.equal("marketplace_id", marketplace_id)
    rows = database.rows(_grouped("mart.sales_daily", "day", "day", chosen), chosen.values)
    return [Sales(*row) for row in rows]


def _grouped(table: str, period: str, shown: str, chosen: Filter) -> str:
    return f"""
      SELECT {shown}, currency, sum(orders)::BIGINT, sum(units)::BIGINT,
             CASE WHEN sum(orders) = 0 THEN coalesce(sum(revenue), 0) ELSE sum(revenue) END
      FROM {table} {chosen.sql} GROUP BY {period}, currency ORDER BY {period}, currency"""


SALES = Resource("amazon-sales", ("orders",), _make)
