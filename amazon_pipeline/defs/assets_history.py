"""Order history: a month at a time on demand, and a new account's first days within its syncs.

A report takes minutes at Amazon, so nothing here holds the sync lease: a lease of its own keeps two runs from asking
for the same report, and the next sync stages, merges and publishes what has landed.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import dagster as dg
from dagster import AssetExecutionContext

from amazon_pipeline.defs.assets_raw import marketplaces_of, raw_asset
from amazon_pipeline.defs.metadata import OWNERS, outcomes_metadata
from amazon_pipeline.defs.one_sync import only_history
from amazon_pipeline.defs.session import AccountSession, Surroundings, SyncSession
from amazon_pipeline.defs.warehouse_resource import WarehouseResource
from amazon_pipeline.errors import HistoryAlreadyRunning
from amazon_pipeline.extraction import Extraction, Fetched, Outcome, fetch_first_history, fetch_history, run_stream
from amazon_pipeline.extraction.history import REACH, STREAM
from amazon_pipeline.settings import Settings
from amazon_pipeline.warehouse import claim, record_outcome

GROUP: Final = "history"
_POOL: Final = "amazon_history"
_AFTER_ORDERS: Final = {"dagster/priority": "-20", "dagster-celery/priority": "3"}
_BUDGET_SECONDS: Final = 1800


def history_assets(now: datetime) -> list[dg.AssetsDefinition]:
    """``raw/first_orders_history``, a part of each sync, and ``raw/orders_history``, which has a partition a month."""
    return [
        raw_asset("first_orders_history", _first_history, deps=[["staging", "marketplaces"]], op_tags=_AFTER_ORDERS),
        _monthly(now),
    ]


def history_resource(settings: Settings, surroundings: Surroundings) -> dg.ResourceDefinition:
    """The resource ``history``: a session with Amazon that holds the history lease, and not that of the sync."""

    @dg.resource(description="The history lease, and a session with Amazon that has time to wait for reports.")
    def history(context: dg.InitResourceContext) -> Iterator[SyncSession]:
        patient = settings.model_copy(update={"sync_budget_seconds": _BUDGET_SECONDS})
        run_id = context.run.run_id if context.run else f"process-{os.getpid()}"
        with only_history(settings, run_id):
            session = SyncSession(patient, run_id, surroundings)
            try:
                yield session
            finally:
                session.close()

    return history


def first_months(now: datetime) -> datetime:
    """The first whole month within Amazon's reach."""
    earliest = (now - REACH).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (earliest + timedelta(days=31)).replace(day=1, tzinfo=UTC)


def _monthly(now: datetime) -> dg.AssetsDefinition:
    @dg.asset(
        key=dg.AssetKey(["raw", STREAM]),
        group_name=GROUP,
        description="One row per page of a report of all orders placed in the month, as a file. The next sync takes "
        "them into the marts.",
        kinds={"python", "file"},
        owners=OWNERS,
        tags={"source": "sp-api"},
        partitions_def=dg.MonthlyPartitionsDefinition(start_date=first_months(now), end_offset=1),
        pool=_POOL,  # months one after the other; without a backfill policy each is a run of its own
    )
    def orders_history(
        context: AssetExecutionContext, history: dg.ResourceParam[SyncSession], warehouse: WarehouseResource
    ) -> dg.MaterializeResult:
        history.follow(context)
        outcomes = fetch_month(history, warehouse, context.partition_time_window)
        metadata = outcomes_metadata(outcomes, now=history.clock())
        unfinished = [
            f"{name}: {outcome.message or outcome.status}" if name else outcome.message or outcome.status
            for name, outcome in outcomes
            if outcome.status != "ok"
        ]
        if unfinished:
            raise dg.Failure(" ".join(unfinished), metadata=metadata, allow_retries=False)
        return dg.MaterializeResult(metadata=metadata)

    return orders_history


def fetch_month(history: SyncSession, warehouse: WarehouseResource, month: dg.TimeWindow) -> list[tuple[str, Outcome]]:
    """Land a month's orders of every account, and write how that went; returns the accounts' names and outcomes."""
    with warehouse.get_connection() as connection:
        claim(connection, history.settings)

    def month_of(account: AccountSession) -> Outcome:
        def fetch(extraction: Extraction, fetched: Fetched) -> None:
            ids = marketplaces_of(account, warehouse)
            fetch_history(extraction, fetched, marketplace_ids=ids, since=month.start, until=month.end)

        return run_stream(STREAM, account.extraction, fetch)

    outcomes = history.of_each(history.accounts, month_of)
    with warehouse.get_connection() as connection:
        for account, outcome in outcomes:
            record_outcome(connection, account.seller_id, outcome)
    return [(account.name, outcome) for account, outcome in outcomes]


def _first_history(account: AccountSession, warehouse: WarehouseResource) -> Outcome:
    def fetch(extraction: Extraction, fetched: Fetched) -> None:
        try:
            with only_history(account.settings, account.run_id):
                ids = marketplaces_of(account, warehouse)
                fetch_first_history(extraction, fetched, marketplace_ids=ids, days=account.settings.history_days)
        except HistoryAlreadyRunning as running:
            fetched.was_due, fetched.note = False, str(running)

    return run_stream(STREAM, account.extraction, fetch)
