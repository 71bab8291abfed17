"""``GET /api/v1/dashboard/amazon-restock``: what sells, how long stock lasts, what to order."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import FastAPI, Query, Request
from pydantic import Field
from starlette.responses import Response

from api.answers import Answers, Reading, Resource
from api.documented import answers_with
from api.exact_json import Json
from api.lists import Choice, ListSource
from api.models_lists import CoverStatus
from api.models_stock import RestockData
from api.parameters import ListParameters, MarketplaceId, one
from api.queries import Database, json_object, lower, utc

Sort = Literal[
    "urgent", "cover", "-cover", "velocity", "-velocity", "restock", "-restock", "sku", "-sku", "name", "-name",
]  # fmt: skip


def _day(column: str) -> str:
    return f"strftime({column}, '%Y-%m-%d')"


_ROW: Final = json_object(
    sku="seller_sku",
    productName="product_name",
    marketplaceId="marketplace_id",
    units7d="units_7d",
    units30d="units_30d",
    units90d="units_90d",
    inStockDays30d="in_stock_days_30d",
    dailyVelocity="daily_velocity",
    poolVelocity="pool_velocity",
    trend="trend",
    fulfillableQuantity="fulfillable_quantity",
    supplyQuantity="supply_quantity",
    daysOfCover="days_of_cover",
    stockoutDate=_day("stockout_date"),
    nextArrivalDate=_day("next_arrival_date"),
    gapDays="gap_days",
    leadTimeDays="lead_time_days",
    casePack="case_pack",
    reorderPoint="reorder_point",
    reorderDate=_day("reorder_date"),
    restockQuantity="restock_quantity",
    coverStatus="cover_status",
    isPoolDuplicate="is_pool_duplicate",
    lastGoodAt=utc("last_good_at"),
    explanation="explanation",
)
_LIST: Final = ListSource(
    name="restock",
    table="mart.sku_velocity",
    # first what is to be ordered first, then what runs out first, then what sells most
    order="reorder_date NULLS LAST, days_of_cover NULLS LAST, pool_velocity DESC NULLS LAST, "
    "seller_sku, marketplace_id, seller_id",
    row=_ROW,
    columns={
        "status": "cover_status",
        "marketplace": "marketplace_id",
        "sku": "seller_sku",
        "name": "lower(product_name)",
        "cover": "days_of_cover",
        "velocity": "daily_velocity",
        "restock": "restock_quantity",
        "searched": "lower(concat_ws(chr(31), seller_sku, product_name))",
    },
)
_NAMES: Final = ("critical", "warning", "healthy", "excess", "noSales", "unknown", "toOrder")
_SUMMARY: Final = f"""
SELECT {", ".join(f"count(*) FILTER (cover_status = '{'no-sales' if n == 'noSales' else n}')" for n in _NAMES[:-1])},
       count(*) FILTER (restock_quantity > 0)
FROM mart.sku_velocity WHERE NOT is_pool_duplicate"""


class RestockParameters(ListParameters):
    """Filters and sort of the items; the summary is always over all SKUs."""

    status: CoverStatus | None = Field(None, description="only rows with this cover status")
    marketplace_id: MarketplaceId | None = None
    sku: str | None = Field(None, max_length=200, description="exactly this SKU")
    q: str | None = Field(None, max_length=200, description="part of a SKU or a product name, in any case")
    sort: Sort = Field("urgent", description="`urgent`: what to order first; or a column, `-` for the greatest first")


def add_routes(app: FastAPI, answers: Answers) -> None:
    """Put the address on the application."""

    @app.get(
        "/api/v1/dashboard/amazon-restock",
        summary="Sales velocity, days of cover and what to order",
        operation_id="amazonRestock",
        responses=answers_with(RestockData, paged=True),
    )
    async def restock(request: Request, parameters: Annotated[RestockParameters, Query()]) -> Response:
        return await answers.answer(request, RESTOCK, parameters)


def _make(reading: Reading, parameters: RestockParameters) -> dict[str, Json]:
    known = reading.known("inventory") or reading.known("orders")
    page = reading.page(_choice(reading.database, parameters), parameters)
    return {
        "summary": _summary(reading.database if known else None),
        "items": page.rows,
        "total": page.total if known else None,
        "nextCursor": reading.next_cursor(page.next_start),
    }


def _choice(database: Database | None, parameters: RestockParameters) -> Choice:
    return Choice(
        only={
            "status": one(parameters.status),
            "marketplace": one(parameters.marketplace_id),
            "sku": one(parameters.sku),
        },
        text=lower(database, parameters.q) if database and parameters.q else None,
        sort=None if parameters.sort == "urgent" else parameters.sort.removeprefix("-"),
        is_descending=parameters.sort.startswith("-"),
    )


def _summary(database: Database | None) -> dict[str, Json]:
    if database is None:
        return dict.fromkeys(_NAMES)
    return dict(zip(_NAMES, database.rows(_SUMMARY)[0], strict=True))


RESTOCK = Resource("amazon-restock", ("orders", "inventory"), _make, rows=_LIST)
