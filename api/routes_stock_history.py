"""How stock went: the line of each SKU asked for, and the days of all stock together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Annotated, Final

from fastapi import FastAPI, Query, Request
from pydantic import Field, StringConstraints
from starlette.responses import Response

from api.answers import Answers, Reading, Resource
from api.documented import answers_with
from api.exact_json import Json
from api.models_stock import StockDaysData, StockLinesData
from api.parameters import MarketplaceId, Parameters
from api.queries import Database, Filter
from api.snapshot import moment

_MOST_SKUS: Final = 100
_DAY: Final = timedelta(days=1)
_PATH: Final = "/api/v1/dashboard/amazon-inventory"

Sku = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class StockDaysParameters(Parameters):
    """How far back."""

    days: int = Field(30, ge=2, le=366, description="how many UTC days, asOf's own the last")


class StockLinesParameters(StockDaysParameters):
    """Which SKUs, and how far back."""

    sku: list[Sku] = Field([], max_length=_MOST_SKUS, description="SKUs, the parameter once for each")
    marketplace_id: MarketplaceId | None = None


def add_routes(app: FastAPI, answers: Answers) -> None:
    """Put the addresses on the application."""

    @app.get(
        f"{_PATH}/history",
        summary="Fulfillable units of some SKUs, day by day",
        operation_id="amazonInventoryHistory",
        responses=answers_with(StockLinesData),
    )
    async def history(request: Request, parameters: Annotated[StockLinesParameters, Query()]) -> Response:
        return await answers.answer(request, STOCK_LINES, parameters)

    @app.get(
        f"{_PATH}/daily",
        summary="All stock, day by day",
        operation_id="amazonInventoryDaily",
        responses=answers_with(StockDaysData),
    )
    async def daily(request: Request, parameters: Annotated[StockDaysParameters, Query()]) -> Response:
        return await answers.answer(request, STOCK_DAYS, parameters)


def _ends(as_of: datetime, days: int) -> list[datetime]:
    """The end of each UTC day, oldest first; of the last day as_of itself."""
    midnight = as_of.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return [midnight - back * _DAY for back in range(days - 2, -1, -1)] + [as_of]


_LINES: Final = """
SELECT h.seller_sku, h.marketplace_id, d.number, h.fulfillable_quantity
FROM mart.inventory_history h
JOIN (SELECT unnest(?::TIMESTAMPTZ[]) AS ends, unnest(range(?)) AS number) d
  ON h.valid_from <= d.ends AND (h.valid_to > d.ends OR h.valid_to IS NULL)
{chosen}
ORDER BY h.seller_sku, h.marketplace_id, d.number"""


def _lines(reading: Reading, parameters: StockLinesParameters) -> dict[str, Json]:
    as_of = reading.freshness.as_of.get("inventory")
    if reading.database is None or as_of is None:
        return {"dateRange": {"start": None, "end": None}, "items": []}
    ends = _ends(as_of, parameters.days)
    chosen = Filter()
    chosen.where("list_contains(?::VARCHAR[], h.seller_sku)", sorted(set(parameters.sku)))
    chosen.equal("h.marketplace_id", parameters.marketplace_id)
    values = [[end.isoformat() for end in ends], len(ends), *chosen.values]
    found = reading.database.rows(_LINES.format(chosen=chosen.sql), values)
    items: list[Json] = []
    for (sku, marketplace), rows in groupby(found, key=lambda row: row[:2]):
        units = {number: quantity for _sku, _marketplace, number, quantity in rows}
        line = [units.get(number) for number in range(len(ends))]
        items.append({"sku": sku, "marketplaceId": marketplace, "fulfillable": line})
    return {"dateRange": {"start": ends[0], "end": ends[-1]}, "items": items}


# What a period adds at its start it takes away at its end: one pass over the periods, however many days are asked for.
_CHANGES: Final = """
WITH periods AS (
  SELECT h.valid_from, h.valid_to, coalesce(h.total_quantity, 0) AS total, h.fulfillable_quantity AS fulfillable,
         (h.fulfillable_quantity < i.low_stock_threshold OR h.fulfillable_quantity = 0)::INT AS low,
         (h.fulfillable_quantity = 0)::INT AS empty
  FROM mart.inventory_history h
  JOIN mart.inventory i USING (seller_id, marketplace_id, seller_sku)
  WHERE NOT i.is_pool_duplicate
)
SELECT epoch_us(changed_at), sum(total)::BIGINT, sum(fulfillable)::BIGINT, sum(low)::BIGINT, sum(empty)::BIGINT
FROM (
  SELECT valid_from AS changed_at, total, fulfillable, low, empty FROM periods
  UNION ALL
  SELECT valid_to, -total, -fulfillable, -low, -empty FROM periods WHERE valid_to IS NOT NULL
)
GROUP BY changed_at ORDER BY changed_at"""


def _days(reading: Reading, parameters: StockDaysParameters) -> dict[str, Json]:
    as_of = reading.freshness.as_of.get("inventory")
    if reading.database is None or as_of is None:
        return {"points": [], "dayBefore": None}
    before = as_of - _DAY
    asked = sorted({*_ends(as_of, parameters.days), before})
    known = dict(zip(asked, _sums(reading.database, asked), strict=True))
    points = [known[end] for end in _ends(as_of, parameters.days)]
    return {"points": [point for point in points if point], "dayBefore": known[before]}


def _sums(database: Database, asked: list[datetime]) -> list[dict[str, Json] | None]:
    """All stock at each of these moments, which are in order; None before the first snapshot."""
    changes = [(moment(at), figures) for at, *figures in database.rows(_CHANGES)]
    found: list[dict[str, Json] | None] = []
    sums = [0, 0, 0, 0]
    seen = 0
    for at in asked:
        while seen < len(changes) and changes[seen][0] <= at:
            sums = [total + change for total, change in zip(sums, changes[seen][1], strict=True)]
            seen += 1
        names = ("totalQuantity", "fulfillableQuantity", "lowStockItems", "outOfStockItems")
        found.append({"at": at, **dict(zip(names, sums, strict=True))} if seen else None)
    return found


STOCK_LINES = Resource("amazon-inventory/history", ("inventory",), _lines)
STOCK_DAYS = Resource("amazon-inventory/daily", ("inventory",), _days)
