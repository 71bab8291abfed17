"""``GET /api/v1/dashboard/executive``: all channels on one page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated

from fastapi import FastAPI, Query, Request
from starlette.responses import Response

from api.answers import Answers, Reading, Resource
from api.documented import answers_with
from api.exact_json import Json
from api.figures import CurrencyOrders, OrderFigures, change, money, together, trend
from api.models import ExecutiveData
from api.parameters import Parameters
from api.queries import InventoryFigures, currency_orders, inventory_figures, units_at
from api.stores import Stores

AMAZON, SHOPIFY = "Amazon FBA", "Shopify"
NOT_CONNECTED = "No Shopify store is connected."
NOT_READ = "No orders have been read from the Shopify stores yet."


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
    amazon, stores = currency_orders(reading.database), Stores.of(reading.database)
    channels = _Channels.of(amazon, stores, reading.settings.reporting_currency)
    stock = inventory_figures(reading.database, known=reading.known("inventory"))
    return {
        "kpis": {
            "revenue": _revenue(channels),
            "orders": _count("Orders (24 h)", "orders", channels, lambda row: (row.orders, row.previous_orders))
            | {"sources": _sources(channels)},
            "units": _count("Units (24 h)", "units", channels, lambda row: (row.units, row.previous_units)),
            "inventory": _inventory(stock, _units_before(reading)),
            "avgOrderValue": _average(channels),
        },
        "channelPerformance": [
            _amazon_channel(channels.amazon, stock),
            _shopify_channel(stores, channels.shopify, [store.name for store in reading.settings.shopify_stores]),
        ],
        "metadata": {
            "dataAvailable": channels.all.known or stock is not None,
            "integrationStatus": {
                "shopify": {"connected": bool(stores.names), "activeStores": len(stores.names)},
                "amazon": {
                    "connected": channels.amazon.known or stock is not None,
                    "inventorySync": _active(stock is not None and "inventory" not in reading.freshness.stale),
                    "orderSync": _active(channels.amazon.known and "orders" not in reading.freshness.stale),
                },
            },
        },
    }


@dataclass(frozen=True)
class _Channels:
    """The 24 hours of each channel and of all together, in one reporting currency."""

    amazon: OrderFigures
    shopify: OrderFigures
    all: OrderFigures

    @classmethod
    def of(cls, amazon: list[CurrencyOrders], stores: Stores, wanted: str | None) -> _Channels:
        both = OrderFigures.of(together([*amazon, *stores.by_currency]), wanted)
        currency = both.reporting_currency
        return cls(OrderFigures.of(amazon, currency), OrderFigures.of(stores.by_currency, currency), both)


def _revenue(channels: _Channels) -> dict[str, Json]:
    row = channels.all.reported
    return {
        "label": "Revenue (24 h)",
        "shopify": _revenue_of(channels.shopify),
        "amazon": _revenue_of(channels.amazon),
        "total": _revenue_of(channels.all),
        "unit": channels.all.reporting_currency,
        "trend": trend(row.revenue, row.previous_revenue) if row else "neutral",
        "change": change(row.revenue, row.previous_revenue) if row else None,
        "byCurrency": channels.all.summaries(),
        "sources": _sources(channels),
    }


def _count(
    label: str, unit: str, channels: _Channels, now_and_before: Callable[[CurrencyOrders], tuple[int, int]]
) -> dict[str, Json]:
    def now(figures: OrderFigures) -> int | None:
        return figures.total(lambda row: now_and_before(row)[0])

    before = channels.all.total(lambda row: now_and_before(row)[1])
    return {
        "label": label,
        "shopify": now(channels.shopify),
        "amazon": now(channels.amazon),
        "total": now(channels.all),
        "unit": unit,
        "trend": trend(now(channels.all), before),
        "change": change(now(channels.all), before),
    }


def _units_before(reading: Reading) -> int | None:
    as_of = reading.freshness.as_of.get("inventory")
    return None if reading.database is None or as_of is None else units_at(reading.database, as_of - timedelta(days=1))


def _inventory(stock: InventoryFigures | None, before: int | None) -> dict[str, Json]:
    return {
        "label": "FBA inventory",
        "amazon": stock.total_quantity if stock else None,
        "fulfillable": stock.fulfillable_quantity if stock else None,
        "lowStockItems": stock.low_stock_count if stock else None,
        "outOfStockItems": stock.out_of_stock_count if stock else None,
        "unit": "units",
        "trend": trend(stock.total_quantity if stock else None, before),
        "source": _connected(stock is not None),
    }


def _average(channels: _Channels) -> dict[str, Json]:
    row = channels.all.reported
    return {
        "label": "Average order value (24 h)",
        "shopify": _average_of(channels.shopify),
        "amazon": _average_of(channels.amazon),
        "combined": _average_of(channels.all),
        "unit": channels.all.reporting_currency,
        "trend": trend(row.average, row.previous_average) if row else "neutral",
        "change": change(row.average, row.previous_average) if row else None,
    }


def _revenue_of(figures: OrderFigures) -> Decimal | None:
    row = figures.reported
    return money(row.revenue, row.currency) if row else None


def _average_of(figures: OrderFigures) -> Decimal | None:
    row = figures.reported
    return money(row.average, row.currency) if row else None


def _channel(name: str, figures: OrderFigures, *, connected: bool) -> dict[str, Json]:
    return {
        "channel": name,
        "revenue": _revenue_of(figures),
        "orders": figures.total(lambda each: each.orders),
        "avgOrderValue": _average_of(figures),
        "currency": figures.reporting_currency,
        "byCurrency": figures.summaries(),
        "status": _connected(connected),
    }


def _amazon_channel(orders: OrderFigures, stock: InventoryFigures | None) -> dict[str, Json]:
    return _channel(AMAZON, orders, connected=orders.known or stock is not None) | {
        "unshippedOrders": orders.total(lambda each: each.unshipped),
        "inventoryStatus": {
            "totalSKUs": stock.total_skus if stock else None,
            "totalQuantity": stock.total_quantity if stock else None,
            "lowStockItems": stock.low_stock_count if stock else None,
        },
    }


def _shopify_channel(stores: Stores, orders: OrderFigures, configured: Sequence[str]) -> dict[str, Json]:
    currency = orders.reporting_currency if stores.names else None
    reported = _fees(currency, _revenue_of(orders), stores) if currency else None
    names = f" ({' + '.join(stores.names or configured)})" if stores.names or configured else ""
    return _channel(f"{SHOPIFY}{names}", orders, connected=bool(stores.names)) | {
        "currency": currency,
        "netRevenue": reported["netRevenue"] if reported else None,
        "customers": stores.customers,
        "commission": {
            "fees": reported["fees"] if reported else None,
            "rate": reported["rate"] if reported else None,
            "description": stores.what_fees_are or (NOT_READ if configured else NOT_CONNECTED),
            "byCurrency": [_fees(row.currency, row.revenue, stores) for row in orders.by_currency],
        },
    }


def _fees(currency: str, revenue: Decimal | None, stores: Stores) -> dict[str, Json]:
    fees = stores.fees(currency)
    return {
        "currency": currency,
        "fees": money(fees, currency),
        "rate": (fees / revenue).quantize(Decimal("0.0001"), ROUND_HALF_UP) if fees is not None and revenue else None,
        "netRevenue": money(None if fees is None or revenue is None else revenue - fees, currency),
    }


def _sources(channels: _Channels) -> dict[str, Json]:
    return {"shopify": _connected(channels.shopify.known), "amazon": _connected(channels.amazon.known)}


def _connected(connected: bool) -> str:
    return "connected" if connected else "disconnected"


def _active(active: bool) -> str:
    return "active" if active else "inactive"


EXECUTIVE = Resource("executive", ("orders", "inventory", "shopify_orders"), _make, timed=True)
