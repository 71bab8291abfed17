"""A sync in this process, seen in the Dagster UI like any other."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import dagster as dg

from amazon_pipeline.defs.one_sync import end_dead_runs, only_sync
from amazon_pipeline.defs.sync_job import CLI_RUN_TAGS, JOB, active_syncs
from amazon_pipeline.errors import SyncAlreadyRunning
from amazon_pipeline.settings import Settings


@dataclass(frozen=True)
class ForegroundSync:
    """How a foreground sync ended: its run, whether all went well, and the message of a step that broke, if one did."""

    run_id: str
    is_success: bool
    step_error: str | None


def sync_in_foreground(settings: Settings, definitions: dg.Definitions) -> ForegroundSync:
    """Run these definitions' job ``amazon_sync`` here and now on the instance of DAGSTER_HOME.

    Raises SyncAlreadyRunning if another process syncs this data directory, or is about to.
    """
    run_id = str(uuid.uuid4())
    # the watchdog holds the lease for a moment when it looks
    with only_sync(settings, run_id, wait_seconds=2), dg.DagsterInstance.get() as instance:
        end_dead_runs(settings, instance)
        waiting = active_syncs(instance)
        if waiting:
            raise SyncAlreadyRunning(waiting[0])
        job = definitions.resolve_job_def(JOB)
        result = job.execute_in_process(instance=instance, raise_on_error=False, tags=CLI_RUN_TAGS, run_id=run_id)
        return ForegroundSync(result.run_id, result.success, _first_error(result))


def _first_error(result: dg.ExecuteInProcessResult) -> str | None:
    for event in result.filter_events(lambda event: event.is_step_failure):
        error = event.step_failure_data.error
        while error is not None and error.cause is not None:
            error = error.cause
        if error is not None:
            return str(error.message).strip().splitlines()[0]
    return None
