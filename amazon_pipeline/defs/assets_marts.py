"""Assets ``mart/*``: one per SQL file. A mart that breaks its own schema is rolled back and fails its step."""

from collections.abc import Callable, Iterator
from typing import Final

import dagster as dg
import duckdb
from dagster import AssetExecutionContext

from amazon_pipeline.defs.assets_staging import WRITE_POOL
from amazon_pipeline.defs.metadata import OWNERS, row_counts, table_metadata
from amazon_pipeline.defs.session import SyncSession
from amazon_pipeline.defs.warehouse_resource import WarehouseResource
from amazon_pipeline.marts import Built, build, mart_sql, merge_inbound, merge_inventory, merge_orders, read_thresholds
from amazon_pipeline.schemas import MART_TABLES

BELIEVED: Final = "believed"
_DEPENDENCIES: Final[dict[str, tuple[str, ...]]] = {
    "inventory_summary": ("mart/inventory",),
    "low_stock": ("mart/inventory", "mart/stock_transitions"),
    "order_metrics_24h": ("mart/orders", "staging/marketplaces"),
    "sales_hourly": ("mart/orders", "staging/marketplaces"),
    "sales_daily": ("mart/orders", "staging/marketplaces"),
    "sync_status": ("mart/orders", "mart/inventory", "mart/inbound_shipments", "staging/marketplaces"),
}
"""What each derived mart is made from."""


def mart_assets() -> list[dg.AssetsDefinition]:
    """The merges of the three streams, and the marts derived from them."""
    return [
        _merge("orders", ("orders", "order_items"), _orders),
        _merge("inventory", ("inventory", "stock_transitions"), _inventory),
        _merge("inbound_shipments", ("inbound_shipments", "inbound_shipment_items"), _inbound),
        *(_derived(name, deps) for name, deps in _DEPENDENCIES.items()),
    ]


def _spec(name: str, deps: list[dg.AssetKey]) -> dg.AssetSpec:
    table = MART_TABLES[name]
    return dg.AssetSpec(
        ["mart", name],
        deps=deps,
        group_name="mart",
        description=table.description,
        kinds={"duckdb", "sql"},
        owners=OWNERS,
        metadata=table_metadata(table, mart_sql(name)),
    )


Merge = Callable[[AssetExecutionContext, SyncSession, duckdb.DuckDBPyConnection], Built]


def _merge(stream: str, tables: tuple[str, str], merge: Merge) -> dg.AssetsDefinition:
    staged = [dg.AssetKey(["staging", name]) for name in tables if name != "stock_transitions"]

    key = dg.AssetKey(["mart", tables[0]])

    @dg.multi_asset(
        name=f"mart__{stream}",
        specs=[_spec(name, staged) for name in tables],
        check_specs=[
            dg.AssetCheckSpec(BELIEVED, asset=key, description="What Amazon sent was believed. If not: what, and why.")
        ],
        pool=WRITE_POOL,
    )
    def mart(
        context: AssetExecutionContext, sync: dg.ResourceParam[SyncSession], warehouse: WarehouseResource
    ) -> Iterator[dg.MaterializeResult]:
        with sync.step(context), warehouse.get_connection() as connection:
            built = merge(context, sync, connection)
        for name in tables:
            yield dg.MaterializeResult(
                asset_key=dg.AssetKey(["mart", name]),
                metadata={**row_counts(built.rows, name), "rows_changed": built.rows_changed or 0},
                check_results=[_believed(key, built)] if name == tables[0] else [],
            )

    return mart


def _believed(key: dg.AssetKey, built: Built) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=BELIEVED,
        asset_key=key,
        passed=not built.doubts,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"doubts": " ".join(built.doubts)} if built.doubts else {},
    )


def _orders(_context: AssetExecutionContext, _sync: SyncSession, connection: duckdb.DuckDBPyConnection) -> Built:
    return merge_orders(connection)


def _inbound(_context: AssetExecutionContext, _sync: SyncSession, connection: duckdb.DuckDBPyConnection) -> Built:
    return merge_inbound(connection)


def _inventory(context: AssetExecutionContext, sync: SyncSession, connection: duckdb.DuckDBPyConnection) -> Built:
    settings = sync.settings
    for problem in read_thresholds(connection, settings.stock_thresholds_path):
        context.log.warning(problem)
    built = merge_inventory(
        connection, default_threshold=settings.low_stock_threshold, inventory_pools=settings.inventory_pools
    )
    for doubt in built.doubts:
        context.log.warning(doubt)
    return built


def _derived(name: str, deps: tuple[str, ...]) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name=f"mart__{name}",
        specs=[_spec(name, [dg.AssetKey(dep.split("/")) for dep in deps])],
        pool=WRITE_POOL,
    )
    def mart(
        context: AssetExecutionContext, sync: dg.ResourceParam[SyncSession], warehouse: WarehouseResource
    ) -> dg.MaterializeResult:
        with sync.step(context), warehouse.get_connection() as connection:
            built = build(connection, name)
        return dg.MaterializeResult(metadata=row_counts(built.rows, name))

    return mart
