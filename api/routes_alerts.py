"""``GET /api/v1/dashboard/alerts``: changes of stock status."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import FastAPI, Query, Request
from pydantic import Field
from starlette.responses import Response

from api.answers import Answers, Reading, Resource
from api.documented import answers_with
from api.exact_json import Json
from api.models_lists import AlertsData
from api.parameters import ListParameters, MarketplaceId, StockFilter
from api.queries import Filter, ListPage, json_object, list_page, utc

_ROW: Final = json_object(
    transitionId="transition_id",
    sku="seller_sku",
    productName="""(
      SELECT max(i.product_name) FROM mart.inventory i
      WHERE i.seller_id = t.seller_id AND i.marketplace_id = t.marketplace_id AND i.seller_sku = t.seller_sku)""",
    marketplaceId="marketplace_id",
    fromStatus="from_status",
    toStatus="to_status",
    fulfillableQuantity="fulfillable_quantity",
    at=utc('"at"'),
)
_NEWEST_FIRST: Final = '"at" DESC, fulfillable_quantity, seller_sku, marketplace_id, transition_id'


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
    page = ListPage([], None)
    if reading.database is not None:
        chosen = Filter()
        chosen.stock_status("to_status", parameters.status)
        chosen.equal("marketplace_id", parameters.marketplace_id)
        page = list_page(
            reading.database,
            table="mart.stock_transitions",
            alias="t",
            chosen=chosen,
            order=_NEWEST_FIRST,
            row=_ROW,
            start=reading.start,
            limit=parameters.limit,
        )
    return {"alerts": page.rows, "nextCursor": reading.next_cursor(page.next_start)}


ALERTS = Resource("alerts", ("inventory",), _make)
