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
from api.queries import Database, inbound_skus, inventory_figures, json_object, lower, utc

Sort = Literal[
    "fulfillable", "-fulfillable", "inbound", "-inbound", "total", "-total", "sku", "-sku", "name", "-name",
    "updated", "-updated", "reserved", "-reserved", "velocity", "-velocity", "cover", "-cover", "restock", "-restock",
    "urgent",
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
    daysOfCover="days_of_cover",
    restockQuantity="restock_quantity",
    lastUpdated=utc("last_updated"),
    reservedCustomerOrders="reserved_customer_orders",
    reservedFcTransfer="reserved_fc_transfer",
    reservedFcProcessing="reserved_fc_processing",
    inboundWorking="inbound_working_quantity",
    inboundShipped="inbound_shipped_quantity",
    inboundReceiving="inbound_receiving_quantity",
    unfulfillableQuantity="unfulfillable_quantity",
    researchingQuantity="researching_quantity",
    dailyVelocity="daily_velocity",
    coverStatus="coalesce(cover_status, 'unknown')",
    isPoolDuplicate="is_pool_duplicate",
)
_TABLE: Final = """(
  SELECT i.*, v.daily_velocity, v.pool_velocity, v.days_of_cover, v.restock_quantity, v.cover_status
  FROM mart.inventory i LEFT JOIN mart.sku_velocity v USING (seller_id, marketplace_id, seller_sku)
  WHERE NOT i.is_gone)"""
# Out of stock though it sells (the best seller first, for it loses most), then few days of cover or under the
# threshold, then a warning, then low without sales, then the others; within these the fewest days of cover first.
_URGENCY: Final = """
  CASE WHEN fulfillable_quantity = 0 AND cover_status IS DISTINCT FROM 'no-sales' THEN -coalesce(pool_velocity, 0)
  ELSE 1000000 * CASE
    WHEN cover_status = 'critical' OR stock_status = 'low-stock' AND cover_status IS DISTINCT FROM 'no-sales' THEN 1
    WHEN cover_status = 'warning' THEN 2 WHEN stock_status <> 'in-stock' THEN 3 ELSE 4 END
    + least(coalesce(days_of_cover, 900000 + least(fulfillable_quantity, 90000)), 990000) END"""
_LIST: Final = ListSource(
    name="inventory",
    table=_TABLE,
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
        "reserved": "reserved_quantity",
        "velocity": "daily_velocity",
        "cover": "days_of_cover",
        "restock": "restock_quantity",
        "urgent": _URGENCY,
        # one text is searched in half the time of three; nobody types the separator
        "searched": "lower(concat_ws(chr(31), seller_sku, asin, product_name))",
    },
)


class InventoryParameters(ListParameters):
    """Filters and sort of the items; summary and alerts are always over all SKUs."""

    status: StockFilter | None = Field(None, description="one status, or `alert` for low and out together")
    marketplace_id: MarketplaceId | None = None
    q: str | None = Field(None, max_length=200, description="part of a SKU, an ASIN or a product name, in any case")
    sort: Sort = Field(
        "fulfillable",
        description="column to sort by, `-` before it for the greatest first; `urgent`: what runs out first",
    )


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
        "marketplaceIds": _marketplaces(reading.database) if reading.database and known else [],
        "items": page.rows,
        "total": page.total if known else None,
        "nextCursor": reading.next_cursor(page.next_start),
        "lastSync": reading.freshness.as_of.get("inventory"),
    }


def _marketplaces(database: Database) -> list[Json]:
    sql = "SELECT DISTINCT marketplace_id FROM mart.inventory WHERE NOT is_gone ORDER BY marketplace_id"
    return [marketplace_id for (marketplace_id,) in database.rows(sql)]


def _choice(reading: Reading, parameters: InventoryParameters) -> Choice:
    return Choice(
        only={"status": stock_statuses(parameters.status), "marketplace": one(parameters.marketplace_id)},
        text=lower(reading.database, parameters.q) if reading.database and parameters.q else None,
        sort=parameters.sort.removeprefix("-"),
        is_descending=parameters.sort.startswith("-"),
    )


INVENTORY = Resource("amazon-inventory", ("inventory",), _make, rows=_LIST)
