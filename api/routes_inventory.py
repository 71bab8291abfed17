"""``GET /api/v1/dashboard/amazon-inventory``: FBA stock by SKU and marketplace."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import FastAPI, Query, Request
from pydantic import Field
from starlette.responses import Response

from api.answers import Answers, Reading, Resource
from api.documented import answers_with
from api.exact_json import Json
from api.lists import Choice, ListSource
from api.models_lists import InventoryData
from api.parameters import ListParameters, MarketplaceId, StockFilter, one, stock_statuses
from api.queries import inbound_skus, inventory_figures, json_object, lower, utc

Sort = Literal[
    "fulfillable", "-fulfillable", "inbound", "-inbound", "total", "-total", "sku", "-sku", "name", "-name",
    "updated", "-updated",
]  # fmt: skip

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
_LIST: Final = ListSource(
    name="inventory",
    table="mart.inventory WHERE NOT is_gone",
    order="seller_sku, marketplace_id, seller_id",
    row=_ROW,
    columns={
        "status": "stock_status",
        "marketplace": "marketplace_id",
        "fulfillable": "fulfillable_quantity",
        "inbound": "inbound_quantity",
        "total": "total_quantity",
        "sku": "seller_sku",
        "name": "lower(product_name)",
        "updated": "epoch_us(last_updated)",
        # one text is searched in half the time of three; nobody types the separator
        "searched": "lower(concat_ws(chr(31), seller_sku, asin, product_name))",
    },
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
    page = reading.page(_choice(reading, parameters), parameters)
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
        "total": page.total if known else None,
        "nextCursor": reading.next_cursor(page.next_start),
        "lastSync": reading.freshness.as_of.get("inventory"),
    }


def _choice(reading: Reading, parameters: InventoryParameters) -> Choice:
    return Choice(
        only={"status": stock_statuses(parameters.status), "marketplace": one(parameters.marketplace_id)},
        text=lower(reading.database, parameters.q) if reading.database and parameters.q else None,
        sort=parameters.sort.removeprefix("-"),
        is_descending=parameters.sort.startswith("-"),
    )


INVENTORY = Resource("amazon-inventory", ("inventory",), _make, rows=_LIST)
