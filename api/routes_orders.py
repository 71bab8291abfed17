"""``GET /api/v1/dashboard/amazon-orders``: the orders of the last 24 hours known."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import FastAPI, Query, Request
from pydantic import Field
from starlette.responses import Response

from api.answers import Answers, Reading, Resource
from api.documented import answers_with
from api.exact_json import Json
from api.figures import OrderFigures, money
from api.lists import Choice, ListSource
from api.models_lists import OrdersData
from api.parameters import ListParameters, MarketplaceId, one
from api.queries import currency_orders, json_object, utc, window
from api.snapshot import moment

OrderStatus = Literal[
    "Pending", "PendingAvailability", "Unshipped", "PartiallyShipped", "Shipped", "Canceled", "Unfulfillable"
]

_ROW: Final = json_object(
    amazonOrderId="amazon_order_id",
    orderStatus="order_status",
    purchaseDate=utc("purchase_date"),
    orderTotal="order_total",
    currency="currency",
    itemsShipped="quantity_shipped",
    itemsUnshipped="quantity_unshipped",
    fulfillmentChannel="fulfillment_channel",
    salesChannel="sales_channel",
    marketplaceId="marketplace_id",
)
_LIST: Final = ListSource(
    name="orders",
    table="""(SELECT o.* FROM mart.orders o
      JOIN (SELECT DISTINCT seller_id, window_start, window_end FROM mart.order_metrics_24h) w USING (seller_id)
      WHERE o.purchase_date >= w.window_start AND o.purchase_date < w.window_end)""",
    order="purchase_date DESC, amazon_order_id DESC, seller_id",
    row=_ROW,
    columns={"status": "order_status", "marketplace": "marketplace_id"},
)


class OrdersParameters(ListParameters):
    """Filters of the list; the summary is always over all orders of the window."""

    status: OrderStatus | None = Field(None, description="only orders in this status")
    marketplace_id: MarketplaceId | None = None


def add_routes(app: FastAPI, answers: Answers) -> None:
    """Put the address on the application."""

    @app.get(
        "/api/v1/dashboard/amazon-orders",
        summary="Orders of the 24 hours up to asOf",
        operation_id="amazonOrders",
        responses=answers_with(OrdersData, paged=True),
    )
    async def orders(request: Request, parameters: Annotated[OrdersParameters, Query()]) -> Response:
        return await answers.answer(request, ORDERS, parameters)


def _make(reading: Reading, parameters: OrdersParameters) -> dict[str, Json]:
    figures = OrderFigures.of(currency_orders(reading.database), reading.settings.reporting_currency)
    times = window(reading.database) if reading.database is not None else None
    only = {"status": one(parameters.status), "marketplace": one(parameters.marketplace_id)}
    page = reading.page(Choice(only), parameters)
    return {
        "summary": _summary(figures),
        "orders": page.rows,
        "nextCursor": reading.next_cursor(page.next_start),
        "dateRange": {
            "start": moment(times[0]) if times else None,
            "end": moment(times[1]) if times else None,
        },
    }


def _summary(figures: OrderFigures) -> dict[str, Json]:
    row = figures.reported
    return {
        "totalOrders": figures.total(lambda each: each.orders),
        "totalRevenue": money(row.revenue, row.currency) if row else None,
        "averageOrderValue": money(row.average, row.currency) if row else None,
        "unshippedCount": figures.total(lambda each: each.unshipped),
        "shippedCount": figures.total(lambda each: each.shipped),
        "pendingCount": figures.total(lambda each: each.pending),
        "canceledCount": figures.total(lambda each: each.canceled),
        "ordersWithoutAmount": figures.total(lambda each: each.without_amount),
        "currency": figures.reporting_currency,
        "byCurrency": figures.summaries(),
    }


ORDERS = Resource("amazon-orders", ("orders",), _make, rows=_LIST)
