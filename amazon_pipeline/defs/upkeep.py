"""Jobs beside the sync: deleting what is too old, and replaying quarantined orders after a fix."""

from datetime import timedelta
from typing import Final

import dagster as dg

from amazon_pipeline.defs.session import SyncSession
from amazon_pipeline.defs.warehouse_resource import WarehouseResource
from amazon_pipeline.marts import merge_orders
from amazon_pipeline.warehouse import purge, replay_quarantined_orders

PURGE_JOB: Final = "amazon_purge"
REPLAY_JOB: Final = "replay_quarantined_orders"


@dg.op(description="Deletes orders, stock changes, ended shipments and landed pages older than AMAZON_RETENTION_DAYS.")
def purge_expired(
    context: dg.OpExecutionContext, sync: dg.ResourceParam[SyncSession], warehouse: WarehouseResource
) -> None:
    """Runs daily; the derived marts and the published file follow with the next sync."""
    cutoff = sync.clock() - timedelta(days=sync.settings.retention_days)
    with warehouse.get_connection() as connection:
        gone = purge(connection, sync.settings.landing_dir, cutoff)
    context.log.info(f"Older than {cutoff:%Y-%m-%d}: {gone}")


@dg.op(description="Reads the quarantined orders again from their landed pages and takes those that are valid now.")
def replay_orders(
    context: dg.OpExecutionContext, sync: dg.ResourceParam[SyncSession], warehouse: WarehouseResource
) -> None:
    """For a person to start after a fix; nothing is asked of Amazon."""
    with warehouse.get_connection() as connection:
        valid = replay_quarantined_orders(connection, sync.landing, sync.seller_id)
        merge_orders(connection)
    context.log.info(f"{valid} quarantined orders are valid now; they are published with the next sync.")


def upkeep_jobs() -> list[dg.JobDefinition]:
    """The two jobs, in one process each like the sync."""

    @dg.job(name=PURGE_JOB, description="Delete what is older than AMAZON_RETENTION_DAYS.")
    def amazon_purge() -> None:
        purge_expired()

    @dg.job(name=REPLAY_JOB, description="Take quarantined orders that are valid after a fix.")
    def replay() -> None:
        replay_orders()

    return [amazon_purge, replay]


def purge_schedule(job: dg.JobDefinition) -> dg.ScheduleDefinition:
    """Daily at a quiet minute between two syncs."""
    return dg.ScheduleDefinition(
        name="amazon_purge_daily",
        job=job,
        cron_schedule="7 3 * * *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Deletes what is older than AMAZON_RETENTION_DAYS.",
    )
