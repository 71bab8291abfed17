"""``GET /api/v1/dashboard/alerts``: changes of stock status."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import FastAPI, Query, Request
from pydantic import Field
from starlette.responses import Response

from api.answers import Answers, Reading, Resource
from api.documented import answers_with
from api.exact_json import Json
from api.lists import Choice, ListSource
from api.models_lists import AlertsData
from api.parameters import ListParameters, MarketplaceId, StockFilter, one, stock_statuses
from api.queries import json_object, utc

_ROW: Final = json_object(
    transitionId="transition_id",
    sku="seller_sku",
    productName="product_name",
    marketplaceId="marketplace_id",
    fromStatus="from_status",
    toStatus="to_status",
    fulfillableQuantity="fulfillable_quantity",
    at=utc('"at"'),
)
_LIST: Final = ListSource(
    name="alerts",
    table="""(
      SELECT t.*, i.product_name
      FROM mart.stock_transitions t LEFT JOIN mart.inventory i USING (seller_id, marketplace_id, seller_sku))""",
    order='"at" DESC, fulfillable_quantity, seller_sku, marketplace_id, transition_id',
    row=_ROW,
    columns={"status": "to_status", "marketplace": "marketplace_id"},
)


class AlertsParameters(ListParameters):
    """Filters of the list."""

    status: StockFilter | None = Field(
        None, description="only changes to this status; `alert` for low and out together"
    )
    marketplace_id: MarketplaceId | None = None


def add_routes(app: FastAPI, answers: Answers) -> None:
    """Put the address on the application."""

    @app.get(
        "/api/v1/dashboard/alerts",
        summary="Changes of stock status, newest first",
        operation_id="alerts",
        responses=answers_with(AlertsData, paged=True),
    )
    async def alerts(request: Request, parameters: Annotated[AlertsParameters, Query()]) -> Response:
        return await answers.answer(request, ALERTS, parameters)


def _make(reading: Reading, parameters: AlertsParameters) -> dict[str, Json]:
    only = {"status": stock_statuses(parameters.status), "marketplace": one(parameters.marketplace_id)}
    page = reading.page(Choice(only), parameters)
    return {"alerts": page.rows, "nextCursor": reading.next_cursor(page.next_start)}


ALERTS = Resource("alerts", ("inventory",), _make, rows=_LIST)
