"""Sales over time: which hours or days an answer covers, and a point for each that has orders."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Final, Literal, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import Field

from api.exact_json import Json, Raw, encode
from api.figures import money
from api.parameters import Parameters
from api.queries import Database

Interval: TypeAlias = Literal["hour", "day"]

_MOST_DAYS: Final = 366
_KEPT_DAYS: Final[dict[Interval, int]] = {"hour": 31, "day": _MOST_DAYS}
"""Spans up to this are cut from one that is kept while the file is current."""

_HOUR: Final = timedelta(hours=1)


class SpanParameters(Parameters):
    """How finely sales are counted, and how far back."""

    interval: Interval = Field("hour", description="length of one period")
    days: int = Field(7, ge=1, le=_MOST_DAYS, description="how far back from asOf")


@dataclass(frozen=True)
class Span:
    """First and last period, and from which one on they are unfinished."""

    first: date
    last: date
    unfinished_from: date


@dataclass(frozen=True)
class Sales:
    """One currency's sales in one period."""

    period: date
    currency: str
    orders: int
    units: int
    revenue: Decimal | None


@dataclass(frozen=True)
class Known:
    """Up to where sales are known: ``last`` by any channel of the answer, ``all_until`` by every one of them.

    ``zones`` are the time zones whose calendar days are counted.
    """

    last: datetime
    all_until: datetime
    zones: tuple[ZoneInfo, ...] = ()


def sales_over_time(
    database: Database,
    parameters: SpanParameters,
    known: Known,
    currency: str | None,
    find: Callable[[Span], Iterable[Sales]],
    *,
    name: str,
) -> tuple[Span, list[Json]]:
    """The span asked for and its points, oldest first.

    ``find`` reads sales by period from the file; what it finds is kept under ``name`` for the longest span that is
    often asked for, of which a shorter one has the same points, only fewer.
    """
    kept_days = _KEPT_DAYS[parameters.interval]
    span = _span(parameters.interval, known, parameters.days)
    longest = _span(parameters.interval, known, max(parameters.days, kept_days))

    def read() -> list[tuple[date, Raw]]:
        return list(_points(find(longest), longest, currency))

    points = database.once(name, read) if parameters.days <= kept_days else read()
    return span, [point for period, point in points if period >= span.first]


def _points(sales: Iterable[Sales], span: Span, currency: str | None) -> Iterator[tuple[date, Raw]]:
    for period, rows in groupby(sales, key=lambda row: row.period):
        yield period, Raw(encode(_point(period, list(rows), currency, complete=period < span.unfinished_from)))


def _point(period: date, rows: list[Sales], currency: str | None, *, complete: bool) -> dict[str, Json]:
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


def _span(interval: Interval, known: Known, days: int) -> Span:
    return _hours(known, days) if interval == "hour" else _days(known, days)


def _hours(known: Known, days: int) -> Span:
    this_hour = _hour_of(known.last)
    # at the stroke of an hour the one that begins has nothing in it yet
    last = this_hour if known.last > this_hour else this_hour - _HOUR
    return Span(last - (24 * days - 1) * _HOUR, last, _hour_of(known.all_until))


def _hour_of(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _days(known: Known, days: int) -> Span:
    """The days differ by time zone: the last is the furthest ahead, unfinished is whatever one zone is still in."""
    zones = known.zones or (ZoneInfo("UTC"),)
    last = max(known.last.astimezone(zone).date() for zone in zones)
    unfinished = min(known.all_until.astimezone(zone).date() for zone in zones)
    return Span(last - timedelta(days=days - 1), last, unfinished)
