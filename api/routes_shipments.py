"""``GET /api/v1/dashboard/amazon-shipments``: inbound shipments with their items."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import FastAPI, Query, Request
from pydantic import Field
from starlette.responses import Response

from api.answers import Answers, Reading, Resource
from api.documented import answers_with
from api.exact_json import Json
from api.lists import Choice, ListSource
from api.models_lists import ShipmentsData
from api.parameters import ListParameters, one
from api.queries import Database, json_object

ShipmentStatus = Literal[
    "WORKING", "READY_TO_SHIP", "SHIPPED", "IN_TRANSIT", "DELIVERED", "CHECKED_IN", "RECEIVING", "CLOSED",
    "CANCELLED", "DELETED", "ERROR",
]  # fmt: skip
"""Amazon's v0 words: https://developer-docs.amazon.com/sp-api/docs/fulfillment-inbound-api-v0-reference."""

_OPEN: Final = "shipment_status NOT IN ('CLOSED', 'CANCELLED', 'DELETED')"
_ROW: Final = json_object(
    shipmentId="shipment_id",
    name="shipment_name",
    status="shipment_status",
    destinationFulfillmentCenter="destination_fulfillment_center",
    needByDate="strftime(need_by_date, '%Y-%m-%d')",
    unitsExpected="units_expected",
    unitsReceived="units_received",
    daysInStatus="days_in_status",
    items="""coalesce((
      SELECT list({'sku': i.seller_sku, 'fnSku': i.fn_sku, 'expected': i.quantity_expected,
                   'received': i.quantity_received} ORDER BY i.seller_sku)
      FROM mart.inbound_shipment_items i WHERE i.seller_id = s.seller_id AND i.shipment_id = s.shipment_id), [])""",
)
_LIST: Final = ListSource(
    name="shipments",
    table="mart.inbound_shipments s",
    order=f"({_OPEN}) DESC, status_changed_at DESC, shipment_id, seller_id",
    row=_ROW,
    columns={"status": "shipment_status"},
)
# A shipment whose items are not read yet makes the units unknown: a sum of the others would understate them.
_SUMMARY: Final = f"""
SELECT count(*),
       count(*) FILTER (shipment_status IN ('SHIPPED', 'IN_TRANSIT')),
       count(*) FILTER (shipment_status IN ('DELIVERED', 'CHECKED_IN', 'RECEIVING')),
       CASE WHEN count(*) = count(units_expected) THEN coalesce(sum(units_expected), 0) END::BIGINT,
       CASE WHEN count(*) = count(units_received) THEN coalesce(sum(units_received), 0) END::BIGINT
FROM mart.inbound_shipments WHERE {_OPEN}"""


class ShipmentsParameters(ListParameters):
    """Filter of the list; the summary is always over all shipments."""

    status: ShipmentStatus | None = Field(None, description="only shipments in this status")


def add_routes(app: FastAPI, answers: Answers) -> None:
    """Put the address on the application."""

    @app.get(
        "/api/v1/dashboard/amazon-shipments",
        summary="Inbound shipments with their items",
        operation_id="amazonShipments",
        responses=answers_with(ShipmentsData, paged=True),
    )
    async def shipments(request: Request, parameters: Annotated[ShipmentsParameters, Query()]) -> Response:
        return await answers.answer(request, SHIPMENTS, parameters)


def _make(reading: Reading, parameters: ShipmentsParameters) -> dict[str, Json]:
    page = reading.page(Choice({"status": one(parameters.status)}), parameters)
    return {
        "summary": _summary(reading.database if reading.known("inbound_shipments") else None),
        "shipments": page.rows,
        "nextCursor": reading.next_cursor(page.next_start),
    }


def _summary(database: Database | None) -> dict[str, Json]:
    names = ("open", "inTransit", "receiving", "unitsExpected", "unitsReceived")
    if database is None:
        return dict.fromkeys(names)
    return dict(zip(names, database.rows(_SUMMARY)[0], strict=True))


SHIPMENTS = Resource("amazon-shipments", ("inbound_shipments",), _make, rows=_LIST)
