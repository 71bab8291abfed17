"""Jobs beside the sync: deleting what is too old, replaying quarantined orders, and making marts from nothing."""

import re
from datetime import timedelta
from typing import Final

import dagster as dg
from pydantic import Field, field_validator

from amazon_pipeline.defs.housekeeping import forget_old_runs
from amazon_pipeline.defs.metadata import row_counts, violations_metadata
from amazon_pipeline.defs.session import SyncSession
from amazon_pipeline.defs.warehouse_resource import WarehouseResource
from amazon_pipeline.errors import MartInvalid
from amazon_pipeline.events.runs import forget_runs
from amazon_pipeline.marts import DERIVED, build, merge_orders
from amazon_pipeline.schemas import MART_TABLES
from amazon_pipeline.warehouse import purge, replay_quarantined_orders, tidy_lake

PURGE_JOB: Final = "amazon_purge"
REPLAY_JOB: Final = "replay_quarantined_orders"
REBUILD_JOB: Final = "rebuild_marts"

_EVENTS_KEPT: Final = timedelta(days=30)
"""A browser that was closed for longer is told the state of things, not what it missed."""

_TOLD_KEPT: Final = timedelta(days=2)
"""What the steps of a run told each other; a run lasts an hour at the most."""


class Replay(dg.Config):
    """Which quarantined orders to replay."""

    order_ids: list[str] = Field(default=[], description="Amazon order ids such as 123-1234567-1234567; none: all.")

    @field_validator("order_ids")
    @classmethod
    def _are_order_ids(cls, order_ids: list[str]) -> list[str]:
        wrong = [one for one in order_ids if not re.fullmatch(r"\d{3}-\d{7}-\d{7}", one)]
        if wrong:
            raise ValueError(f"no order ids: {', '.join(wrong)}; they are like 123-1234567-1234567")
        return order_ids


@dg.op(description="Deletes data older than AMAZON_RETENTION_DAYS, and old runs, events and logs of our own.")
def purge_expired(
    context: dg.OpExecutionContext, sync: dg.ResourceParam[SyncSession], warehouse: WarehouseResource
) -> None:
    """Runs daily; the derived marts and the published file follow with the next sync."""
    sync.bring_up_to_date(context.log.warning)
    cutoff = sync.clock() - timedelta(days=sync.settings.retention_days)
    with warehouse.get_connection() as connection:
        gone = purge(connection, sync.settings.landing_dir, cutoff)
        tidied = tidy_lake(connection)
    context.log.info(f"Older than {cutoff:%Y-%m-%d}: {gone}")
    if tidied is not None:
        context.log.info(
            f"The lake has {tidied.merged} files less by merging; {tidied.snapshots} snapshots are forgotten and "
            f"{tidied.deleted} files deleted"
        )
    events = sync.events.forget(sync.clock() - _EVENTS_KEPT)
    forget_runs(sync.settings.state, sync.clock() - _TOLD_KEPT)
    runs = forget_old_runs(context.instance, sync.clock())
    context.log.info(f"{events} events and {runs} runs of Dagster were old and are gone")


@dg.op(description="Reads the quarantined orders again from their landed pages and takes those that are valid now.")
def replay_orders(
    context: dg.OpExecutionContext,
    config: Replay,
    sync: dg.ResourceParam[SyncSession],
    warehouse: WarehouseResource,
) -> None:
    """For a person to start after a fix; nothing is asked of Amazon."""
    sync.bring_up_to_date(context.log.warning)
    with warehouse.get_connection() as connection:
        valid = sum(
            replay_quarantined_orders(connection, account.landing, account.seller_id, only=config.order_ids)
            for account in sync.accounts
        )
        merge_orders(connection)
    context.log.info(f"{valid} quarantined orders are valid now; they are published with the next sync.")


_MARTS: Final = dg.Field(
    [dg.Enum("Mart", [dg.EnumValue(name, description=MART_TABLES[name].description) for name in DERIVED])],
    default_value=[],
    description="Names of derived marts, such as sales_daily; none: all of them.",
)


@dg.op(
    config_schema={"marts": _MARTS},
    description="Empties derived marts and makes them anew from the orders, the stock and the shipments in the file.",
)
def rebuild_derived_marts(
    context: dg.OpExecutionContext, sync: dg.ResourceParam[SyncSession], warehouse: WarehouseResource
) -> None:
    """For a person who doubts a figure, or after a fix of a mart's SQL; nothing is asked of Amazon."""
    sync.bring_up_to_date(context.log.warning)
    wanted = context.op_config["marts"] or DERIVED
    with warehouse.get_connection() as connection:
        for name in DERIVED:
            if name not in wanted:
                continue
            try:
                built = build(connection, name, from_nothing=True)
            except MartInvalid as invalid:
                raise dg.Failure(
                    f"{invalid}. The mart is as it was.", metadata=violations_metadata(invalid), allow_retries=False
                ) from invalid
            context.log_event(
                dg.AssetMaterialization(["mart", name], "made from nothing", metadata=row_counts(built.rows, name))
            )
            context.log.info(f"mart.{name}: {built.rows[name]} rows, made from nothing")
    context.log.info("They are published with the next sync.")


def upkeep_jobs() -> list[dg.JobDefinition]:
    """The three jobs, in one process each like the sync."""

    @dg.job(name=PURGE_JOB, description="Delete what is older than AMAZON_RETENTION_DAYS, and old runs of Dagster.")
    def amazon_purge() -> None:
        purge_expired()

    @dg.job(name=REPLAY_JOB, description="Take quarantined orders that are valid after a fix.")
    def replay() -> None:
        replay_orders()

    @dg.job(name=REBUILD_JOB, description="Make derived marts anew: all of them, or those that are named.")
    def rebuild() -> None:
        rebuild_derived_marts()

    return [amazon_purge, replay, rebuild]


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
