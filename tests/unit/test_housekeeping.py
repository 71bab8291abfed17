"""A Dagster instance does not grow for ever."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test, environ

from amazon_pipeline.commands import services
from amazon_pipeline.defs.housekeeping import forget_old_runs
from amazon_pipeline.events import SYNC_STARTED, EventLog

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """An instance on disk, as on a machine that runs for years."""
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    with environ({"DAGSTER_HOME": str(tmp_path)}), dg.DagsterInstance.get() as instance:
        yield instance


def run_of(instance: dg.DagsterInstance, status: dg.DagsterRunStatus, at: datetime) -> str:
    """A run of then, with its events, its logs and its files."""
    run = create_run_for_test(instance, job_name="amazon_sync", status=status)
    instance.report_engine_event("something happened", run)
    with sqlite3.connect(Path(instance.root_directory) / "history" / "runs.db") as connection:
        connection.execute(
            "UPDATE runs SET create_timestamp = ? WHERE run_id = ?", (f"{at:%Y-%m-%d %H:%M:%S}", run.run_id)
        )
    connection.close()
    logs = Path(instance.root_directory) / "storage" / run.run_id / "compute_logs"
    logs.mkdir(parents=True)
    (logs / "step.err").write_text("a line\n")
    return run.run_id


def test_old_runs_go_with_everything_they_left_and_failed_ones_later(instance: dg.DagsterInstance) -> None:
    ok, failed, running = dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.STARTED
    gone = [run_of(instance, ok, NOON - timedelta(days=8, minutes=n)) for n in range(5)]
    gone.append(run_of(instance, failed, NOON - timedelta(days=31)))
    kept = {
        run_of(instance, ok, NOON - timedelta(days=6)),
        run_of(instance, failed, NOON - timedelta(days=29)),
        run_of(instance, running, NOON - timedelta(days=100)),
    }
    assert forget_old_runs(instance, NOON) == len(gone)
    assert {run.run_id for run in instance.get_runs()} == kept
    left = [path for path in Path(instance.root_directory).rglob("*") if any(run in path.name for run in gone)]
    assert left == []
    assert forget_old_runs(instance, NOON) == 0


def test_old_events_go_and_ids_go_on(tmp_path: Path) -> None:
    events = EventLog(tmp_path / "state.sqlite")
    old = [events.append(SYNC_STARTED, {}, at=NOON - timedelta(days=31), run_id=f"old-{n}") for n in range(3)]
    new = events.append(SYNC_STARTED, {}, at=NOON - timedelta(days=29), run_id="new")
    assert events.forget(NOON - timedelta(days=30)) == len(old)
    assert [event.id for event in events.after(0)] == [new]
    assert events.forget(NOON) == 1
    after = events.append(SYNC_STARTED, {}, at=NOON, run_id="next")
    assert after is not None
    assert new is not None
    assert after > new, "a client that waits for what comes after the last it saw misses nothing"


def test_a_large_log_is_set_aside_while_its_process_goes_on_writing(tmp_path: Path) -> None:
    log = tmp_path / "api.log"
    with log.open("ab", buffering=0) as child:
        child.write(b"x" * (services._LARGE_LOG_BYTES + 1))
        services.set_aside_large_log(log)
        child.write(b"on\n")
    assert log.read_bytes() == b"on\n"
    assert log.with_suffix(".log.1").stat().st_size == services._LARGE_LOG_BYTES + 1
