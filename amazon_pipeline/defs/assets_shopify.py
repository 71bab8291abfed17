"""Assets ``raw/shopify_*``: Shopify's answers on disk, each store a stream of its own beside the others and Amazon."""

from collections.abc import Callable
from typing import Final

import dagster as dg

from amazon_pipeline.defs.assets_raw import raw_asset
from amazon_pipeline.defs.session import StoreSession
from amazon_pipeline.defs.warehouse_resource import WarehouseResource
from amazon_pipeline.extraction import (
    Fetched,
    Outcome,
    ShopifyExtraction,
    fetch_shop,
    fetch_shopify_fees,
    fetch_shopify_history,
    fetch_shopify_orders,
    run_stream,
)
from amazon_pipeline.extraction.windows import Window
from amazon_pipeline.warehouse import lost_windows, reached

_AFTER_AMAZON: Final = {"dagster/priority": "-20", "dagster-celery/priority": "3"}
"""A store that does not answer must not delay what is fetched from Amazon."""


def shopify_assets() -> list[dg.AssetsDefinition]:
    """The streams of the Shopify stores. The store itself goes first: it says what the token may do."""
    return [
        _raw("shopify_shop", _shop),
        _raw("shopify_orders", _orders, deps=[["raw", "shopify_shop"]]),
        _raw("shopify_history", _history, deps=[["raw", "shopify_orders"]]),
        _raw("shopify_fees", _fees, deps=[["raw", "shopify_orders"]]),
    ]


def _raw(
    stream: str,
    fetch: Callable[[StoreSession, WarehouseResource], Outcome],
    deps: list[list[str]] | None = None,
) -> dg.AssetsDefinition:
    return raw_asset(
        stream,
        lambda store, warehouse: store.remember(fetch(store, warehouse)),
        deps=deps or [],
        op_tags=_AFTER_AMAZON,
        sources=lambda sync: sync.stores,
        api="shopify-admin-api",
    )


def _shop(store: StoreSession, _warehouse: WarehouseResource) -> Outcome:
    return run_stream("shopify_shop", store.extraction, fetch_shop)


def _orders(store: StoreSession, warehouse: WarehouseResource) -> Outcome:
    with warehouse.get_connection() as connection:
        watermark = reached(connection, store.seller_id, "shopify_orders")
        lost: list[Window] = lost_windows(connection, store.seller_id, "shopify_orders")

    def fetch(extraction: ShopifyExtraction, fetched: Fetched) -> None:
        fetch_shopify_orders(extraction, fetched, watermark=watermark, lost=lost)

    return run_stream("shopify_orders", store.extraction, fetch)


def _history(store: StoreSession, _warehouse: WarehouseResource) -> Outcome:
    def fetch(extraction: ShopifyExtraction, fetched: Fetched) -> None:
        fetch_shopify_history(extraction, fetched, days=store.settings.history_days)

    return run_stream("shopify_history", store.extraction, fetch)


def _fees(store: StoreSession, warehouse: WarehouseResource) -> Outcome:
    with warehouse.get_connection() as connection:
        watermark = reached(connection, store.seller_id, "shopify_fees")
        lost: list[Window] = lost_windows(connection, store.seller_id, "shopify_fees")

    def fetch(extraction: ShopifyExtraction, fetched: Fetched) -> None:
        fetch_shopify_fees(extraction, fetched, watermark=watermark, days=store.settings.history_days, lost=lost)

    return run_stream("shopify_fees", store.extraction, fetch)
