"""The job that syncs, the schedule that runs it, and the rule that two never run at once."""

from __future__ import annotations

from typing import Final

import dagster as dg

from amazon_pipeline.defs.one_sync import FOREGROUND_TAG, UNFINISHED, longest_run
from amazon_pipeline.errors import CredentialsMissing
from amazon_pipeline.settings import Settings

JOB: Final = "amazon_sync"
MONTH_JOB: Final = "backfill_month"
SCHEDULE: Final = "amazon_sync_every_15_minutes"
CODE_LOCATION: Final = "amazon_pipeline"

SYNC_TAG: Final = "amazon/sync"
"""Every sync carries it; dagster.yaml limits the runs with it to one at a time."""

CLI_RUN_TAGS: Final = {
    SYNC_TAG: "1",
    **FOREGROUND_TAG,
    # without these two a run started outside the daemon is missing from the job's page in the UI
    "dagster/code_location": CODE_LOCATION,
    ".dagster/repository": f"__repository__@{CODE_LOCATION}",
}

_QUIET: Final = dg.RunConfig(loggers={"console": {"config": {"log_level": "CRITICAL"}}})
"""What a terminal shows is said by the command; Dagster's own lines are in the UI."""


def sync_job(settings: Settings, executor: dg.ExecutorDefinition) -> dg.UnresolvedAssetJobDefinition:
    """The job ``amazon_sync``: all assets but those of the group history."""
    return dg.define_asset_job(
        JOB,
        # a job with a partitioned asset in it refuses to run without a partition
        selection=dg.AssetSelection.all() - dg.AssetSelection.groups("history"),
        description="Pull what changed from Amazon, check it, build the marts, publish them.",
        executor_def=executor,
        tags=_tags(settings),
        config=_QUIET,
    )


def _tags(settings: Settings) -> dict[str, str]:
    return {
        SYNC_TAG: "1",
        "dagster/max_runtime": str(longest_run(settings)),  # frees the queue from a run whose process vanished
    }


def stream_jobs(settings: Settings, executor: dg.ExecutorDefinition) -> list[dg.UnresolvedAssetJobDefinition]:
    """``sync_orders`` and the like: one stream, all marts that follow from it, and the published file."""
    streams = {"orders": "orders", "inventory": "FBA stock", "inbound_shipments": "inbound shipments"}
    if settings.shopify_stores:
        streams["shopify_orders"] = "orders of the Shopify stores"
    return [
        dg.define_asset_job(
            f"sync_{stream}",
            selection=dg.AssetSelection.assets(dg.AssetKey(["raw", stream])).downstream(),
            description=f"Pull only the {what} that changed, remake what follows from them, and publish.",
            executor_def=executor,
            tags=_tags(settings),
            config=_QUIET,
        )
        for stream, what in streams.items()
    ]


def month_job() -> dg.UnresolvedAssetJobDefinition:
    """``backfill_month``: the orders of one month, or of several, through Amazon's reports."""
    return dg.define_asset_job(
        MONTH_JOB,
        selection=dg.AssetSelection.groups("history"),
        description="Ask Amazon for all orders of a month: choose it as the partition. The next sync takes them in.",
    )


def sync_schedule(settings: Settings, job: dg.UnresolvedAssetJobDefinition) -> dg.ScheduleDefinition:
    """``amazon_sync_every_15_minutes``: skips while a sync is active, and says what is missing without credentials."""

    @dg.schedule(
        name=SCHEDULE,
        job=job,
        cron_schedule="*/15 * * * *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="A sync at each quarter of an hour, unless one is still running.",
    )
    def every_15_minutes(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        try:
            settings.require_credentials()
        except CredentialsMissing as error:
            return dg.SkipReason(str(error))
        active = active_syncs(context.instance)
        if active:
            return dg.SkipReason(f"The sync {active[0][:8]} is still running.")
        return dg.RunRequest(run_key=context.scheduled_execution_time.isoformat())

    return every_15_minutes


def active_syncs(instance: dg.DagsterInstance) -> list[str]:
    """Ids of the syncs that are queued or running, newest first."""
    records = instance.get_run_records(dg.RunsFilter(tags={SYNC_TAG: "1"}, statuses=UNFINISHED), limit=5)
    return [record.dagster_run.run_id for record in records]
