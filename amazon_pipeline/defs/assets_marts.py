"""Assets ``mart/*``: one per SQL file, each behind a blocking check of its own.

A mart whose rows do not pass its gate stays as it was: the step reports the failing rows on the check ``valid`` and no
materialization, what is downstream is skipped, and the last good published file stays.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import Final

import dagster as dg
import duckdb
from dagster import AssetExecutionContext

from amazon_pipeline.defs.assets_staging import WRITE_POOL
from amazon_pipeline.defs.metadata import (
    EACH_DAY,
    EACH_SYNC,
    OWNERS,
    agreement_metadata,
    lineage_metadata,
    row_counts,
    table_metadata,
    violations_metadata,
)
from amazon_pipeline.defs.session import SyncSession
from amazon_pipeline.defs.warehouse_resource import WarehouseResource
from amazon_pipeline.errors import MartInvalid
from amazon_pipeline.marts import (
    Agreement,
    Built,
    Lineage,
    build,
    derived_lineage,
    merge_inbound,
    merge_inventory,
    merge_orders,
    merge_shopify,
    merged_lineage,
    orders_agreement,
    read_planning,
    stock_agreement,
)
from amazon_pipeline.schemas import MART_TABLES

VALID: Final = "valid"
BELIEVED: Final = "believed"
THRESHOLDS_READ: Final = "thresholds_read"
_DEPENDENCIES: Final[dict[str, tuple[str, ...]]] = {
    "inventory_summary": ("mart/inventory",),
    "sku_velocity": (
        "mart/inventory",
        "mart/inventory_history",
        "mart/stock_transitions",
        "mart/order_items",
        "mart/inbound_shipments",
        "mart/inbound_shipment_items",
        "staging/marketplaces",
    ),
    "low_stock": ("mart/inventory", "mart/stock_transitions", "mart/sku_velocity"),
    "order_metrics_24h": ("mart/orders", "staging/marketplaces"),
    "channel_performance": ("mart/order_metrics_24h", "mart/shopify_orders", "mart/shopify_fees"),
    "shopify_daily": ("mart/shopify_orders", "mart/shopify_fees"),
    "product_demand": ("mart/order_items", "mart/shopify_order_lines"),
    "sales_hourly": ("mart/orders", "staging/marketplaces"),
    "sales_daily": ("mart/orders", "mart/sales_hourly", "staging/marketplaces"),
    "reconciliation": ("mart/orders", "staging/order_metrics"),
    "inventory_reconciliation": ("mart/inventory_history", "staging/stock_report"),
    "sync_status": (
        "mart/orders",
        "mart/inventory",
        "mart/inbound_shipments",
        "mart/shopify_orders",
        "mart/shopify_fees",
        "staging/marketplaces",
        "staging/order_metrics",
        "staging/stock_report",
    ),
}
"""What each derived mart is made from."""

_STAGED: Final = {
    "orders": ("orders", "order_items"),
    "inventory": ("inventory",),
    "inbound_shipments": ("inbound_shipments", "inbound_shipment_items"),
    "shopify": ("shopify_orders", "shopify_order_lines", "shopify_fees"),
}
"""The staging tables that each merge takes."""

AGREES: Final = "agrees_with_amazon"
_AGREEMENTS: Final[dict[str, Callable[[duckdb.DuckDBPyConnection], Agreement]]] = {
    "reconciliation": orders_agreement,
    "inventory_reconciliation": stock_agreement,
}
"""How a mart that sets our figures beside Amazon's is judged."""

Result = dg.MaterializeResult | dg.AssetCheckResult


def mart_assets(*, has_stores: bool) -> list[dg.AssetsDefinition]:
    """The merges of the streams, and the marts derived from them. Without stores Shopify's are there, and empty."""
    lineage = derived_lineage()
    return [
        _merge("orders", ("orders", "order_items"), merge_orders),
        _merge_stock(),
        _merge("inbound_shipments", ("inbound_shipments", "inbound_shipment_items"), merge_inbound),
        _merge(
            "shopify",
            ("shopify_orders", "shopify_order_lines", "shopify_fees"),
            merge_shopify,
            is_fed=has_stores,
            reads_planning=True,
        ),
        *(_derived(name, deps, lineage[name]) for name, deps in _DEPENDENCIES.items()),
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
        metadata=table_metadata(table),
        freshness_policy=EACH_DAY if name in _AGREEMENTS else EACH_SYNC,
        skippable=True,  # rows that do not pass the gate are no materialization
    )


def _gate(name: str) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        VALID,
        asset=dg.AssetKey(["mart", name]),
        blocking=True,
        description="Keys are unique, values in range, totals agree. If not: which rule, and the rows that break it.",
    )


def _merge(
    stream: str,
    tables: tuple[str, ...],
    merge: Callable[[duckdb.DuckDBPyConnection], Built],
    *,
    is_fed: bool = True,
    reads_planning: bool = False,
) -> dg.AssetsDefinition:
    staged = [dg.AssetKey(["staging", name]) for name in _STAGED[stream]] if is_fed else []
    lineage = {name: merged_lineage(name, _STAGED[stream]) for name in tables}

    @dg.multi_asset(
        name=f"mart__{stream}",
        specs=[_spec(name, staged) for name in tables],
        check_specs=[_gate(name) for name in tables],
        pool=WRITE_POOL,
    )
    def mart(
        context: AssetExecutionContext, sync: dg.ResourceParam[SyncSession], warehouse: WarehouseResource
    ) -> Iterator[Result]:
        def merge_as_planned(connection: duckdb.DuckDBPyConnection) -> Built:
            if reads_planning:  # what is wrong with the files is told where the stock is merged
                read_planning(connection, sync.settings)
            return merge(connection)

        yield from _through_the_gate(context, sync, warehouse, lineage, merge_as_planned)

    return mart


def _merge_stock() -> dg.AssetsDefinition:
    tables = ("inventory", "inventory_history", "stock_transitions")
    lineage = {name: merged_lineage(name, _STAGED["inventory"]) for name in tables}
    key = dg.AssetKey(["mart", "inventory"])

    @dg.multi_asset(
        name="mart__inventory",
        specs=[_spec(name, [dg.AssetKey(["staging", "inventory"])]) for name in tables],
        check_specs=[
            *(_gate(name) for name in tables),
            dg.AssetCheckSpec(BELIEVED, asset=key, description="What Amazon sent was believed. If not: what, and why."),
            dg.AssetCheckSpec(
                THRESHOLDS_READ, asset=key, description="Every line of stock_thresholds.csv was read. If not: which."
            ),
        ],
        pool=WRITE_POOL,
    )
    def mart(
        context: AssetExecutionContext, sync: dg.ResourceParam[SyncSession], warehouse: WarehouseResource
    ) -> Iterator[Result]:
        problems: list[str] = []

        def merge(connection: duckdb.DuckDBPyConnection) -> Built:
            problems.extend(read_planning(connection, sync.settings))
            return merge_inventory(connection)

        built = yield from _through_the_gate(context, sync, warehouse, lineage, merge)
        yield _warning(context, key, BELIEVED, built.doubts if built else ())
        yield _warning(context, key, THRESHOLDS_READ, problems)

    return mart


def _agrees(key: dg.AssetKey) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        AGREES,
        asset=key,
        description="Our figures and Amazon's own differ by no more than its sources do. If not: where.",
    )


def _derived(name: str, deps: tuple[str, ...], lineage: Lineage) -> dg.AssetsDefinition:
    key = dg.AssetKey(["mart", name])
    agreement = _AGREEMENTS.get(name)

    @dg.multi_asset(
        name=f"mart__{name}",
        specs=[_spec(name, [dg.AssetKey(dep.split("/")) for dep in deps])],
        check_specs=[_gate(name), *([_agrees(key)] if agreement else [])],
        pool=WRITE_POOL,
    )
    def mart(
        context: AssetExecutionContext, sync: dg.ResourceParam[SyncSession], warehouse: WarehouseResource
    ) -> Iterator[Result]:
        built = yield from _through_the_gate(
            context, sync, warehouse, {name: lineage}, lambda connection: build(connection, name)
        )
        if agreement and built:
            with sync.step(context), warehouse.get_connection() as connection:
                found = agreement(connection)
            yield dg.AssetCheckResult(
                check_name=AGREES,
                asset_key=key,
                passed=found.beyond == 0,
                severity=dg.AssetCheckSeverity.WARN,
                metadata=agreement_metadata(found),
            )

    return mart


def _through_the_gate(
    context: AssetExecutionContext,
    sync: SyncSession,
    warehouse: WarehouseResource,
    lineage: Mapping[str, Lineage],
    make: Callable[[duckdb.DuckDBPyConnection], Built],
) -> Generator[Result, None, Built | None]:
    """Make the tables that ``lineage`` names in one transaction; returns None if their gate let none through."""
    invalid: MartInvalid | None = None
    with sync.step(context), warehouse.get_connection() as connection:
        try:
            built = make(connection)
        except MartInvalid as error:
            invalid = error
            sync.failed(f"{error}. The figures shown are those of the sync before.")
            context.log.warning(str(error))
    for name, columns in lineage.items():
        key = dg.AssetKey(["mart", name])
        check = dg.AssetCheckResult(
            check_name=VALID, asset_key=key, passed=invalid is None, metadata=violations_metadata(invalid)
        )
        if invalid is not None:
            yield check
            continue
        metadata = {
            **row_counts(built.rows, name),
            "rows_changed": built.rows_changed,
            "duration_seconds": sync.step_seconds,
            **lineage_metadata(columns),
        }
        yield dg.MaterializeResult(asset_key=key, metadata=metadata, check_results=[check])
    return None if invalid else built


def _warning(
    context: AssetExecutionContext, key: dg.AssetKey, check_name: str, sentences: Sequence[str]
) -> dg.AssetCheckResult:
    for sentence in sentences:
        context.log.warning(sentence)
    return dg.AssetCheckResult(
        check_name=check_name,
        asset_key=key,
        passed=not sentences,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"what": "\n".join(sentences)} if sentences else {},
    )
