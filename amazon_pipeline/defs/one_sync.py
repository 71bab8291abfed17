"""That one run syncs at a time, and the end of those that died."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import Final

import dagster as dg

from amazon_pipeline.errors import HistoryAlreadyRunning, SyncAlreadyRunning
from amazon_pipeline.events import SYNC_ERROR, EventLog
from amazon_pipeline.leases import Lease, LeaseTaken, hold
from amazon_pipeline.selling_partner.client import utc_now
from amazon_pipeline.settings import Settings

KILLED_MESSAGE: Final = (
    "The sync was stopped before it finished. The figures shown are those of the sync before; "
    "the next sync goes on where this one stopped."
)
FOREGROUND_TAG: Final = {"launched_by": "amazon-pipeline sync"}
UNFINISHED: Final = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def longest_run(settings: Settings) -> int:
    """Seconds; a sync that still waits for quota has long stopped."""
    return 2 * settings.sync_budget_seconds + 600


def timestamp(moment: datetime) -> str:
    """ISO 8601 with Z and milliseconds, as the contract's events carry it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@contextmanager
def only_sync(settings: Settings, run_id: str | None = None, *, wait_seconds: float = 0) -> Iterator[Lease]:
    """Hold the sync lease, with the other processes of the run. Raises SyncAlreadyRunning, naming who holds it."""
    with ExitStack() as stack:
        try:
            lease = stack.enter_context(hold(settings, "sync", run_id, wait_seconds=wait_seconds))
        except LeaseTaken as taken:
            running = EventLog(settings.state).unfinished_runs()
            raise SyncAlreadyRunning(running[-1] if running else taken.run_id or "unknown") from None
        yield lease


@contextmanager
def only_history(settings: Settings, run_id: str | None = None) -> Iterator[None]:
    """Hold the history lease, with the other processes and threads of the run. Raises HistoryAlreadyRunning."""
    with ExitStack() as stack:
        try:
            stack.enter_context(hold(settings, "history", run_id))
        except LeaseTaken:
            raise HistoryAlreadyRunning from None
        yield


def end_dead_runs(settings: Settings, instance: dg.DagsterInstance, *, but: str | None = None) -> list[str]:
    """Tell of runs that began and can no longer end, and mark them failed in Dagster. The caller holds the sync lease.

    Whoever holds the lease knows that no other run is alive.
    """
    events = EventLog(settings.state)
    dead = [run_id for run_id in events.unfinished_runs() if run_id != but]
    for run_id in dead:
        now = utc_now()
        events.append(
            SYNC_ERROR, {"error": KILLED_MESSAGE, "timestamp": timestamp(now), "runId": run_id}, at=now, run_id=run_id
        )
        run = instance.get_run_by_id(run_id)
        if run is not None and run.status in UNFINISHED:
            instance.report_run_failed(run, message=KILLED_MESSAGE)
    # a foreground sync holds the lease from before its run is made: one that is open now died before it could begin
    for record in instance.get_run_records(dg.RunsFilter(tags=FOREGROUND_TAG, statuses=UNFINISHED)):
        if record.dagster_run.run_id != but:
            instance.report_run_failed(record.dagster_run, message=KILLED_MESSAGE)
    return dead
