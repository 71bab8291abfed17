"""Assets ``staging/*``: landed pages as typed, validated rows; what is invalid is set aside with the reason."""

from collections.abc import Iterator
from typing import Final

import dagster as dg
from dagster import AssetExecutionContext

from amazon_pipeline.defs.metadata import OWNERS, group_of, loaded_metadata, table_metadata
from amazon_pipeline.defs.session import SyncSession
from amazon_pipeline.defs.warehouse_resource import WarehouseResource
from amazon_pipeline.schemas import STAGING_TABLES
from amazon_pipeline.warehouse import Loaded, record_invalid, record_quarantined, stage_landed

NONE_QUARANTINED: Final = "none_quarantined"
WRITE_POOL: Final = "duckdb_write"

STAGED: Final = {
    "marketplaces": ("marketplaces",),
    "orders": ("orders", "order_items"),
    "inventory": ("inventory",),
    "inbound_shipments": ("inbound_shipments", "inbound_shipment_items"),
    "order_metrics": ("order_metrics",),
    "stock_report": ("stock_report",),
}
"""Each stream's staging tables."""

STORES_STAGED: Final = {
    "shopify_shop": ("shopify_shops",),
    "shopify_orders": ("shopify_orders", "shopify_order_lines"),
    "shopify_fees": ("shopify_fees",),
}
"""The same of each stream of the Shopify stores."""

_SOURCES: Final = {
    "orders": ("orders", "first_orders_history", "orders_history"),
    "shopify_orders": ("shopify_orders", "shopify_history"),
}
"""The raw assets of a stream whose tables have more than the one of its own name."""

_ALSO: Final = {"orders": ("orders_history",), "shopify_orders": ("shopify_history",)}
"""Streams that fill the tables of another."""


def staging_assets(*, has_stores: bool) -> list[dg.AssetsDefinition]:
    """One step per stream, each making its tables; those of Shopify only where there are stores."""
    staged = STAGED | STORES_STAGED if has_stores else STAGED
    return [_staging(stream, tables) for stream, tables in staged.items()]


def _staging(stream: str, tables: tuple[str, ...]) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name=f"staging__{stream}",
        specs=[
            dg.AssetSpec(
                ["staging", name],
                deps=[dg.AssetKey(["raw", source]) for source in _SOURCES.get(stream, (stream,))],
                group_name=group_of("staging", stream),
                description=STAGING_TABLES[name].description,
                kinds={"polars", "pandera", "duckdb"},
                owners=OWNERS,
                metadata=table_metadata(STAGING_TABLES[name]),
            )
            for name in tables
        ],
        check_specs=[
            dg.AssetCheckSpec(
                NONE_QUARANTINED,
                asset=dg.AssetKey(["staging", tables[0]]),
                description="No row of this sync was set aside as invalid. If one was: which, and why. Red, "
                "and the stream has failed, if they are many.",
            )
        ],
        pool=WRITE_POOL,
    )
    def staging(
        context: AssetExecutionContext, sync: dg.ResourceParam[SyncSession], warehouse: WarehouseResource
    ) -> Iterator[dg.MaterializeResult]:
        with sync.step(context):
            with warehouse.get_connection() as connection:
                loaded, too_many = Loaded(), list[str]()
                for account in sync.stores if stream in STORES_STAGED else sync.accounts:
                    for one in (stream, *_ALSO.get(stream, ())):
                        more = stage_landed(connection, account.landing, one, account.seller_id)
                        record_quarantined(connection, account.seller_id, one, more.rows_quarantined)
                        if more.too_many:
                            record_invalid(connection, account.seller_id, one, more.too_many)
                            too_many.append(more.too_many)
                        loaded = loaded.plus(more)
            if loaded.rows_quarantined:
                context.log.warning(f"{loaded.rows_quarantined} rows quarantined: {loaded.sample}")
        check = dg.AssetCheckResult(
            check_name=NONE_QUARANTINED,
            asset_key=dg.AssetKey(["staging", tables[0]]),
            passed=loaded.rows_quarantined == 0,
            severity=dg.AssetCheckSeverity.ERROR if too_many else dg.AssetCheckSeverity.WARN,
            description=" ".join(too_many) or None,
            metadata=loaded_metadata(loaded, sync.step_seconds),
        )
        for name in tables:
            yield dg.MaterializeResult(
                asset_key=dg.AssetKey(["staging", name]),
                metadata=loaded_metadata(loaded, sync.step_seconds),
                check_results=[check] if name == tables[0] else [],
            )

    return staging
