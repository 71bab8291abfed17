"""``GET /api/v1/dashboard/amazon-inventory``: FBA stock by SKU and marketplace."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import FastAPI, Query, Request
from pydantic import Field
from starlette.responses import Response

from api.answers import Answers, Reading, Resource
from api.documented import answers_with
from api.exact_json import Json
from api.models_lists import InventoryData
from api.parameters import ListParameters, MarketplaceId, StockFilter
from api.queries import Filter, ListPage, count_rows, inbound_skus, inventory_figures, json_object, list_page, utc

Sort = Literal[
    "fulfillable", "-fulfillable", "inbound", "-inbound", "total", "-total", "sku", "-sku", "name", "-name",
    "updated", "-updated",
]  # fmt: skip

_TABLE: Final = "mart.inventory"
_SORT_COLUMNS: Final = {
    "fulfillable": "fulfillable_quantity",
    "inbound": "inbound_quantity",
    "total": "total_quantity",
    "sku": "seller_sku",
    "name": "lower(product_name)",
    "updated": "last_updated",
}
_ROW: Final = json_object(
    asin="asin",
    sku="seller_sku",
    productName="product_name",
    marketplaceId="marketplace_id",
    fulfillableQuantity="fulfillable_quantity",
    reservedQuantity="reserved_quantity",
    inboundQuantity="inbound_quantity",
    totalQuantity="total_quantity",
    status="stock_status",
    lowStockThreshold="low_stock_threshold",
    daysOfCover="NULL",
    restockQuantity="NULL",
    lastUpdated=utc("last_updated"),
)


class InventoryParameters(ListParameters):
    """Filters and sort of the items; summary and alerts are always over all SKUs."""

    status: StockFilter | None = Field(None, description="one status, or `alert` for low and out together")
    marketplace_id: MarketplaceId | None = None
    q: str | None = Field(None, max_length=200, description="part of a SKU, an ASIN or a product name, in any case")
    sort: Sort = Field("fulfillable", description="column to sort by, `-` before it for the greatest first")


def add_routes(app: FastAPI, answers: Answers) -> None:
    """Put the address on the application."""

    @app.get(
        "/api/v1/dashboard/amazon-inventory",
        summary="FBA stock by SKU and marketplace",
        operation_id="amazonInventory",
        responses=answers_with(InventoryData, paged=True),
    )
    async def inventory(request: Request, parameters: Annotated[InventoryParameters, Query()]) -> Response:
        return await answers.answer(request, INVENTORY, parameters)


def _make(reading: Reading, parameters: InventoryParameters) -> dict[str, Json]:
    figures = inventory_figures(reading.database, known=reading.known("inventory"))
    known = reading.database is not None and figures is not None
    chosen = _chosen(parameters)
    page = ListPage([], None)
    if reading.database is not None:
        page = list_page(
            reading.database,
            table=_TABLE,
            chosen=chosen,
            order=_order(parameters.sort),
            row=_ROW,
            start=reading.start,
            limit=parameters.limit,
        )
    return {
        "summary": {
            "totalSKUs": figures.total_skus if figures else None,
            "totalQuantity": figures.total_quantity if figures else None,
            "fulfillableQuantity": figures.fulfillable_quantity if figures else None,
            "reservedQuantity": figures.reserved_quantity if figures else None,
            "inboundQuantity": figures.inbound_quantity if figures else None,
        },
        "alerts": {
            "lowStockCount": figures.low_stock_count if figures else None,
            "outOfStockCount": figures.out_of_stock_count if figures else None,
            "inboundCount": inbound_skus(reading.database) if reading.database and known else None,
        },
        "items": page.rows,
        "total": count_rows(reading.database, _TABLE, chosen) if reading.database and known else None,
        "nextCursor": reading.next_cursor(page.next_start),
        "lastSync": reading.freshness.as_of.get("inventory"),
    }


def _chosen(parameters: InventoryParameters) -> Filter:
    chosen = Filter()
    chosen.where("NOT is_gone")
    chosen.stock_status("stock_status", parameters.status)
    chosen.equal("marketplace_id", parameters.marketplace_id)
    if parameters.q:
        columns = ("seller_sku", "asin", "product_name")
        found = " OR ".join(f"contains(lower({column}), lower(?))" for column in columns)
        chosen.where(f"({found})", *[parameters.q] * len(columns))
    return chosen


def _order(sort: Sort) -> str:
    direction = "DESC" if sort.startswith("-") else "ASC"
    column = _SORT_COLUMNS[sort.removeprefix("-")]
    return f"{column} {direction} NULLS LAST, seller_sku, marketplace_id, seller_id"


INVENTORY = Resource("amazon-inventory", ("inventory",), _make)
