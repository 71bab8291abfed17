"""``GET /api/v1/dashboard/executive``: all channels on one page."""

from __future__ import annotations

from typing import Annotated

from fastapi import FastAPI, Query, Request
from starlette.responses import Response

from api.answers import Answers, Reading, Resource
from api.documented import answers_with
from api.exact_json import Json
from api.figures import CurrencyOrders, OrderFigures, change, money, trend
from api.models import ExecutiveData
from api.parameters import Parameters
from api.queries import InventoryFigures, currency_orders, inventory_figures

AMAZON, SHOPIFY = "Amazon FBA", "Shopify"


class ExecutiveParameters(Parameters):
    """None; any parameter is refused."""


def add_routes(app: FastAPI, answers: Answers) -> None:
    """Put the address on the application."""

    @app.get(
        "/api/v1/dashboard/executive",
        summary="Headline figures of all channels",
        operation_id="executive",
        responses=answers_with(ExecutiveData),
    )
    async def executive(request: Request, parameters: Annotated[ExecutiveParameters, Query()]) -> Response:
        return await answers.answer(request, EXECUTIVE, parameters)


def _make(reading: Reading, _parameters: ExecutiveParameters) -> dict[str, Json]:
    orders = OrderFigures.of(currency_orders(reading.database), reading.settings.reporting_currency)
    stock = inventory_figures(reading.database, known=reading.known("inventory"))
    return {
        "kpis": {
            "revenue": _revenue(orders),
            "orders": _orders(orders),
            "units": _units(orders),
            "inventory": _inventory(stock),
            "avgOrderValue": _average(orders),
        },
        "channelPerformance": [_amazon_channel(orders, stock), _shopify_channel()],
        "metadata": {
            "dataAvailable": orders.known or stock is not None,
            "integrationStatus": {
                "shopify": {"connected": False, "activeStores": 0},
                "amazon": {
                    "connected": orders.known or stock is not None,
                    "inventorySync": _active(stock is not None and "inventory" not in reading.freshness.stale),
                    "orderSync": _active(orders.known and "orders" not in reading.freshness.stale),
                },
            },
        },
    }


def _revenue(orders: OrderFigures) -> dict[str, Json]:
    row = orders.reported
    amazon = money(row.revenue, row.currency) if row else None
    return {
        "label": "Revenue (24 h)",
        "shopify": None,
        "amazon": amazon,
        "total": amazon,
        "unit": orders.reporting_currency,
        "trend": trend(row.revenue, row.previous_revenue) if row else "neutral",
        "change": change(row.revenue, row.previous_revenue) if row else None,
        "byCurrency": orders.summaries(),
        "sources": _sources(orders.known),
    }


def _orders(orders: OrderFigures) -> dict[str, Json]:
    amazon = orders.total(lambda row: row.orders)
    before = orders.total(lambda row: row.previous_orders)
    return {
        "label": "Orders (24 h)",
        "shopify": None,
        "amazon": amazon,
        "total": amazon,
        "unit": "orders",
        "trend": trend(amazon, before),
        "change": change(amazon, before),
        "sources": _sources(orders.known),
    }


def _units(orders: OrderFigures) -> dict[str, Json]:
    amazon = orders.total(lambda row: row.units)
    before = orders.total(lambda row: row.previous_units)
    return {
        "label": "Units (24 h)",
        "shopify": None,
        "amazon": amazon,
        "total": amazon,
        "unit": "units",
        "trend": trend(amazon, before),
        "change": change(amazon, before),
    }


def _inventory(stock: InventoryFigures | None) -> dict[str, Json]:
    return {
        "label": "FBA inventory",
        "amazon": stock.total_quantity if stock else None,
        "fulfillable": stock.fulfillable_quantity if stock else None,
        "lowStockItems": stock.low_stock_count if stock else None,
        "outOfStockItems": stock.out_of_stock_count if stock else None,
        "unit": "units",
        "trend": "neutral",
        "source": _connected(stock is not None),
    }


def _average(orders: OrderFigures) -> dict[str, Json]:
    row = orders.reported
    amazon = money(row.average, row.currency) if row else None
    return {
        "label": "Average order value (24 h)",
        "shopify": None,
        "amazon": amazon,
        "combined": amazon,
        "unit": orders.reporting_currency,
        "trend": trend(row.average, row.previous_average) if row else "neutral",
        "change": change(row.average, row.previous_average) if row else None,
    }


def _amazon_channel(orders: OrderFigures, stock: InventoryFigures | None) -> dict[str, Json]:
    row: CurrencyOrders | None = orders.reported
    return {
        "channel": AMAZON,
        "revenue": money(row.revenue, row.currency) if row else None,
        "orders": orders.total(lambda each: each.orders),
        "avgOrderValue": money(row.average, row.currency) if row else None,
        "currency": orders.reporting_currency,
        "byCurrency": orders.summaries(),
        "status": _connected(orders.known or stock is not None),
        "unshippedOrders": orders.total(lambda each: each.unshipped),
        "inventoryStatus": {
            "totalSKUs": stock.total_skus if stock else None,
            "totalQuantity": stock.total_quantity if stock else None,
            "lowStockItems": stock.low_stock_count if stock else None,
        },
    }


def _shopify_channel() -> dict[str, Json]:
    return {
        "channel": SHOPIFY,
        "revenue": None,
        "orders": None,
        "avgOrderValue": None,
        "currency": None,
        "byCurrency": [],
        "status": "disconnected",
        "netRevenue": None,
        "customers": None,
        "commission": {"fees": None, "rate": None, "description": "No Shopify store is connected."},
    }


def _sources(amazon: bool) -> dict[str, Json]:
    return {"shopify": "disconnected", "amazon": _connected(amazon)}


def _connected(connected: bool) -> str:
    return "connected" if connected else "disconnected"


def _active(active: bool) -> str:
    return "active" if active else "inactive"


EXECUTIVE = Resource("executive", ("orders", "inventory"), _make, timed=True)
