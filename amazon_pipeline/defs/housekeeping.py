"""Forgetting old runs, so that the Dagster instance stays small.

Dagster keeps every run for ever (dagster#33785): its rows, an SQLite file of its events, its compute logs. Ticks have
their own retention in ``dagster.yaml``.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import dagster as dg

KEPT: Final = timedelta(days=7)
FAILED_KEPT: Final = timedelta(days=30)
"""What went wrong is looked for longer."""

_AT_ONCE: Final = 500
"""Runs in one query: their records are large."""

_KEPT_FOR: Final = {
    dg.DagsterRunStatus.SUCCESS: KEPT,
    dg.DagsterRunStatus.CANCELED: KEPT,
    dg.DagsterRunStatus.FAILURE: FAILED_KEPT,
}
"""Runs that have not ended are the watchdog's."""


def forget_old_runs(instance: dg.DagsterInstance, now: datetime) -> int:
    """Delete the runs that ended and are too old, with their events, logs and files; returns how many.

    What Dagster shows of an asset's latest materialization stays.
    """
    gone = 0
    for run_id in _old_runs(instance, now):
        instance.delete_run(run_id)
        instance.compute_log_manager.delete_logs(prefix=[run_id])
        # deleting a run leaves the file its events were in
        for path in _files_of(Path(instance.root_directory), run_id):
            path.unlink(missing_ok=True)
        shutil.rmtree(Path(instance.storage_directory()) / run_id, ignore_errors=True)
        gone += 1
    return gone


def _old_runs(instance: dg.DagsterInstance, now: datetime) -> Iterator[str]:
    for status, kept in _KEPT_FOR.items():
        while records := instance.get_run_records(
            dg.RunsFilter(statuses=[status], created_before=now - kept), limit=_AT_ONCE
        ):
            yield from (record.dagster_run.run_id for record in records)


def _files_of(root: Path, run_id: str) -> list[Path]:
    runs = root / "history" / "runs"
    return [runs / f"{run_id}.db{suffix}" for suffix in ("", "-wal", "-shm", "-journal")]
