"""Assets ``raw/*``: Amazon's answers on disk. One stream's failure is shown on its asset and stops no other."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import dagster as dg
from dagster import AssetExecutionContext

from amazon_pipeline.defs.metadata import OWNERS, group_of, outcomes_metadata
from amazon_pipeline.defs.session import AccountSession, Source, SyncSession, is_worth_another_try, without_directories
from amazon_pipeline.defs.warehouse_resource import WarehouseResource
from amazon_pipeline.errors import MarketplacesUnknown
from amazon_pipeline.extraction import (
    Extraction,
    Fetched,
    Outcome,
    ask_again,
    close_what_was_cut_off,
    fetch_inbound_shipments,
    fetch_inventory,
    fetch_marketplaces,
    fetch_order_metrics,
    fetch_orders,
    fetch_stock_report,
    run_stream,
)
from amazon_pipeline.marts import merge_inbound
from amazon_pipeline.selling_partner.client import clock_warning
from amazon_pipeline.settings import Settings
from amazon_pipeline.warehouse import (
    count_asked_again,
    known_shipments,
    lost_windows,
    marketplace_ids,
    orders_to_ask_again,
    reached,
    record_outcome,
    stage_landed,
)

FETCHED: Final = "fetched"
"""Name of the check on each raw asset: whether its last fetch worked."""

_DESCRIPTIONS: Final = {
    "marketplaces": "One row per answer of getMarketplaceParticipations, as a file: where the seller sells.",
    "orders": "One row per page of searchOrders, as a file: the orders changed since the last complete window.",
    "first_orders_history": "One row per page of the report of orders before a new account's first sync, as a file: "
    "AMAZON_HISTORY_DAYS days of them. One sync asks for it, a later one lands it.",
    "inventory": "One row per page of getInventorySummaries, as a file: a full snapshot of FBA stock per marketplace.",
    "order_metrics": "One row per page of getOrderMetrics, as a file: what Amazon counts per day, once a day for each "
    "marketplace.",
    "stock_report": "One row per page of Amazon's own stock report, as a file: once a day for each marketplace. One "
    "sync asks for it, a later one lands it.",
    "shopify_shop": "One row per answer of a Shopify store about itself, as a file: once a day for each store.",
    "shopify_orders": "One row per page of orders of a Shopify store, as a file: those changed since the last complete "
    "window.",
    "shopify_history": "One row per page cut from the file of a bulk operation, as a file: AMAZON_HISTORY_DAYS days of "
    "orders before a store's first sync.",
    "shopify_fees": "One row per page of a store's Shopify Payments balance, as a file: what was booked since the last "
    "complete window.",
    "inbound_shipments": "One row per page of getShipments or of a shipment's items, as a file: what is on the way.",
}
_LAST_TO_RUN: Final = {"dagster/priority": "-10", "dagster-celery/priority": "4"}
"""Orders may wait long for Amazon's quota; the other streams go first."""


_AFTER_ALL: Final = {"dagster/priority": "-30", "dagster-celery/priority": "2"}
"""What is only compared with must not delay what is shown."""


def raw_assets() -> list[dg.AssetsDefinition]:
    """The streams of a sync, but for the first order history."""
    return [
        raw_asset("marketplaces", _marketplaces, deps=[]),
        raw_asset("inventory", _inventory, deps=[["staging", "marketplaces"]]),
        raw_asset("inbound_shipments", _inbound_shipments, deps=[["staging", "marketplaces"]]),
        raw_asset("orders", _orders, deps=[["staging", "marketplaces"]], op_tags=_LAST_TO_RUN),
        raw_asset("order_metrics", _order_metrics, deps=[["staging", "marketplaces"]], op_tags=_AFTER_ALL),
        raw_asset("stock_report", _stock_report, deps=[["staging", "marketplaces"]], op_tags=_AFTER_ALL),
    ]


def raw_asset(
    stream: str,
    fetch: Callable[[Source, WarehouseResource], Outcome],
    *,
    deps: list[list[str]],
    op_tags: dict[str, str] | None = None,
    sources: Callable[[SyncSession], Sequence[Source]] = lambda sync: sync.accounts,  # type: ignore[assignment,return-value]
    api: str = "sp-api",
) -> dg.AssetsDefinition:
    """The asset ``raw/<stream>``: whatever became of the fetch is its outcome, recorded and shown on a check.

    ``sources`` are the accounts or stores it fetches from.
    """
    key = dg.AssetKey(["raw", stream])

    @dg.asset(
        key=key,
        group_name=group_of("raw", stream),
        description=_DESCRIPTIONS[stream],
        kinds={"python", "file"},
        owners=OWNERS,
        tags={"source": api},
        deps=[dg.AssetKey(dep) for dep in deps],
        op_tags=op_tags,
        check_specs=[
            dg.AssetCheckSpec(
                FETCHED, asset=key, description="The last fetch of this stream worked. If not: why, and what to do."
            )
        ],
    )
    def raw(
        context: AssetExecutionContext, sync: dg.ResourceParam[SyncSession], warehouse: WarehouseResource
    ) -> dg.MaterializeResult:
        with sync.step(context):
            with warehouse.get_connection() as connection:
                sync.begin(context, connection)
            before = sync.fetched(stream)
            fetched = sync.of_each(
                sources(sync),
                lambda source: before[source.name](source) if source.name in before else fetch(source, warehouse),
            )
            for source, outcome in fetched:
                sync.remember(stream, source, outcome)
            for _, outcome in fetched:
                if outcome.error is not None and is_worth_another_try(outcome):
                    sync.try_again(context, outcome.error)
            with warehouse.get_connection() as connection:
                for account, outcome in fetched:
                    record_outcome(connection, account.seller_id, _to_be_shown(outcome, sync.settings))
            for account, outcome in fetched:
                for sentence in (outcome.message, clock_warning(outcome.clock_ahead_seconds)):
                    if sentence:
                        context.log.warning(f"{account.name}: {sentence}" if account.name else sentence)
        failures = [
            f"{account.name}: {outcome.message}" if account.name else outcome.message or "failed"
            for account, outcome in fetched
            if outcome.status == "failed"
        ]
        metadata = outcomes_metadata([(account.name, outcome) for account, outcome in fetched], now=sync.clock())
        return dg.MaterializeResult(
            metadata=metadata,
            check_results=[
                dg.AssetCheckResult(
                    check_name=FETCHED,
                    passed=all(outcome.status != "failed" for _, outcome in fetched),
                    severity=dg.AssetCheckSeverity.ERROR,
                    description=" ".join(failures) or None,
                    metadata=metadata,
                )
            ],
        )

    return raw


def _to_be_shown(outcome: Outcome, settings: Settings) -> Outcome:
    """The outcome as readers of the published file see it; the asset's own metadata names whole paths."""
    return replace(outcome, message=outcome.message and without_directories(outcome.message, settings))


def _marketplaces(account: AccountSession, _warehouse: WarehouseResource) -> Outcome:
    return run_stream("marketplaces", account.extraction, fetch_marketplaces)


def _orders(account: AccountSession, warehouse: WarehouseResource) -> Outcome:
    with warehouse.get_connection() as connection:
        watermark = reached(connection, account.seller_id, "orders")
        lost = lost_windows(connection, account.seller_id, "orders")
        set_aside = orders_to_ask_again(connection, account.seller_id)

    def fetch(extraction: Extraction, fetched: Fetched) -> None:
        answered = ask_again(extraction, fetched, set_aside)
        if answered:
            with account.writing, warehouse.get_connection() as connection:
                count_asked_again(connection, account.seller_id, answered)
        ids = marketplaces_of(account, warehouse)
        fetch_orders(extraction, fetched, marketplace_ids=ids, watermark=watermark, lost=lost)

    return run_stream("orders", account.extraction, fetch)


def _inventory(account: AccountSession, warehouse: WarehouseResource) -> Outcome:
    def fetch(extraction: Extraction, fetched: Fetched) -> None:
        fetch_inventory(extraction, fetched, marketplace_ids=marketplaces_of(account, warehouse))

    return run_stream("inventory", account.extraction, fetch)


def _order_metrics(account: AccountSession, warehouse: WarehouseResource) -> Outcome:
    def fetch(extraction: Extraction, fetched: Fetched) -> None:
        fetch_order_metrics(extraction, fetched, marketplace_ids=marketplaces_of(account, warehouse))

    return run_stream("order_metrics", account.extraction, fetch)


def _stock_report(account: AccountSession, warehouse: WarehouseResource) -> Outcome:
    def fetch(extraction: Extraction, fetched: Fetched) -> None:
        fetch_stock_report(extraction, fetched, marketplace_ids=marketplaces_of(account, warehouse))

    return run_stream("stock_report", account.extraction, fetch)


def _inbound_shipments(account: AccountSession, warehouse: WarehouseResource) -> Outcome:
    close_what_was_cut_off(account.landing, account.clock())
    with account.writing, warehouse.get_connection() as connection:
        # items that landed before a sync was killed are taken now, so that Amazon is not asked for them again
        stage_landed(connection, account.landing, "inbound_shipments", account.seller_id)
        merge_inbound(connection)
        known = known_shipments(connection, account.seller_id)

    def fetch(extraction: Extraction, fetched: Fetched) -> None:
        ids = marketplaces_of(account, warehouse)
        fetch_inbound_shipments(extraction, fetched, marketplace_ids=ids, known=known)

    return run_stream("inbound_shipments", account.extraction, fetch)


def marketplaces_of(account: AccountSession, warehouse: WarehouseResource) -> tuple[str, ...]:
    """Those of the setting, or all the account participates in. Raises MarketplacesUnknown."""
    if account.settings.marketplace_ids:
        return account.settings.marketplace_ids
    with warehouse.get_connection() as connection:
        known = marketplace_ids(connection, account.seller_id)
    if not known:
        raise MarketplacesUnknown(
            "Amazon has not said yet in which marketplaces the seller participates. "
            "See the marketplaces stream for why, or set AMAZON_MARKETPLACE_IDS."
        )
    return known
