"""A sync whose steps are done by two of Celery's workers, with all they share in PostgreSQL and on a DuckLake.

Time stands still but for waits, so that a sync in one process sees the same world and must publish the same tables.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import dagster as dg
import pytest

from amazon_pipeline import state
from amazon_pipeline.commands.dagster_home import prepare_dagster_home
from amazon_pipeline.events import Event, EventLog
from amazon_pipeline.settings import Settings
from amazon_pipeline.simulator.server import RunningSimulator
from tests.pipeline import worker_definitions
from tests.pipeline.compared import comparable_tables
from tests.pipeline.seller import Answer, in_front
from tests.pipeline.sync_process import SharedClock
from tests.postgres_server import PostgresServer

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 20, 16, 2, 10, tzinfo=UTC)
WHEN_ORDERS_WERE_ASKED_FOR = ("window_start", "window_end", "known_until", "watermark")
"""Two steps at once wait for quota at once, so orders are asked for a second later or earlier; nothing changes then."""
HOW_FAR_A_REPORT_IS = ("message",)
"""The killed run has asked for the report of first orders already, so that the next one is told more of it."""
PATIENCE = 540.0
"""Seconds; for a machine that has much else to do."""


@contextmanager
def redis_server(directory: Path) -> Iterator[str]:
    """A broker on a free port."""
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not here: apt-get install redis-server (.ci/run does)")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(directory)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        try:
            until(lambda: _listens(port), "redis listens")
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            server.terminate()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def until(condition: Callable[[], object], what: str) -> None:
    """Wait for something that must come."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited for: {what}"
        time.sleep(0.1)


@dataclass
class Gate:
    """Holds a request for orders back while it is shut."""

    reached: threading.Event = field(default_factory=threading.Event)
    opened: threading.Event = field(default_factory=threading.Event)

    def __call__(self, path: str, _headers: dict[str, str]) -> Answer | None:
        if path.startswith("/orders/") and not self.opened.is_set():
            self.reached.set()
            self.opened.wait(PATIENCE)
        return None


@dataclass
class Cluster:
    """Two workers, and what they share."""

    simulator: RunningSimulator
    settings: Settings
    environment: dict[str, str]
    directory: Path
    workers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    children: ExitStack = field(default_factory=ExitStack)

    def start_worker(self, name: str) -> None:
        """A worker that does one step at a time."""
        command = ["celery", "-A", "amazon_pipeline.defs.celery_worker", "worker", "-n", name, "-c", "1", "-l", "INFO"]
        self.workers[name] = self._start(command, name)

    def begin_sync(self) -> subprocess.Popen[bytes]:
        """The process of a run, which sends the steps to the workers."""
        return self._start(["dagster", "job", "execute", "-m", worker_definitions.__name__, "-j", "amazon_sync"], "run")

    def sync(self) -> int:
        """A whole run; its exit code."""
        return self.begin_sync().wait(PATIENCE)

    def _start(self, command: list[str], log: str) -> subprocess.Popen[bytes]:
        file: IO[bytes] = self.children.enter_context((self.directory / f"{log}.log").open("ab"))
        command[0] = str(Path(sys.executable).with_name(command[0]))
        process = subprocess.Popen(
            command, env=self.environment, cwd=ROOT, stdout=file, stderr=file, start_new_session=True
        )
        self.children.callback(_end, process)
        return process

    def logs(self) -> str:
        """For whoever reads why it failed."""
        return "\n".join(
            f"== {path.name}\n{path.read_text(errors='replace')[-4000:]}" for path in self.directory.glob("*.log")
        )

    def events(self) -> list[Event]:
        """All so far."""
        return EventLog(self.settings.state).after(0)

    def process_of(self, step: str) -> int:
        """Who does a step now, by the lease; 0 if nobody says so."""
        with state.reading(self.settings.state) as connection:
            rows = connection.execute("SELECT process FROM leases WHERE step = ?", (step,)).fetchall()
        return int(rows[0][0].rpartition(":")[2]) if rows else 0


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextmanager
def cluster(directory: Path, postgres: PostgresServer, gate: Gate) -> Iterator[Cluster]:
    directory.mkdir()
    clock = SharedClock(directory / "clock", NOW)
    unique = f"{os.getpid()}_{time.monotonic_ns()}"
    url, catalogue = (postgres.create_database(f"{name}_{unique}") for name in ("scale", "lake"))
    with (
        redis_server(directory) as broker,
        RunningSimulator(clock=clock, orders_per_day=200, sku_count=12) as simulator,
        in_front(simulator.sp_api_endpoint, gate, lambda _path, answer: answer) as endpoint,
    ):
        ours = {
            **simulator.environment,
            "AMAZON_SP_API_ENDPOINT": endpoint,
            "AMAZON_LWA_ENDPOINT": f"{endpoint}/auth/o2/token",
            "AMAZON_DATA_DIR": str(directory / "data"),
            "AMAZON_STATE_URL": url,
            "AMAZON_WAREHOUSE": catalogue,
            "AMAZON_WAREHOUSE_DATA": str(directory / "parquet"),
            "AMAZON_EXECUTOR": "celery",
            "AMAZON_CELERY_BROKER": broker,
        }
        settings = Settings(_env_file=None, **ours)  # type: ignore[arg-type]
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(directory),
            "PYTHONPATH": str(ROOT),
            "DAGSTER_HOME": str(prepare_dagster_home(settings)),
            "DAGSTER_DISABLE_TELEMETRY": "1",
            worker_definitions.CLOCK: str(directory / "clock"),
            **ours,
        }
        made = Cluster(simulator, settings, environment, directory)
        with made.children:
            yield made


def alone(directory: Path) -> dict[str, list[tuple[str | None, ...]]]:
    """What a sync in one process, with its state in files, publishes of the same world."""
    directory.mkdir()
    clock = SharedClock(directory / "clock", NOW)
    with RunningSimulator(clock=clock, orders_per_day=200, sku_count=12) as simulator:
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "AMAZON_DATA_DIR": str(directory / "data"),
            worker_definitions.CLOCK: str(directory / "clock"),
            **simulator.environment,
        }
        settings = Settings(_env_file=None, AMAZON_DATA_DIR=directory / "data", **simulator.environment)  # type: ignore[arg-type]
        environment["DAGSTER_HOME"] = str(prepare_dagster_home(settings))
        execute = ["dagster", "job", "execute", "-m", worker_definitions.__name__, "-j", "amazon_sync"]
        execute[0] = str(Path(sys.executable).with_name("dagster"))
        done = subprocess.run(
            execute, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        assert done.returncode == 0, done.stderr[-4000:]
        return comparable_tables(settings, WHEN_ORDERS_WERE_ASKED_FOR, HOW_FAR_A_REPORT_IS)


def told(run_id: str | None, settings: Settings, kind: dg.DagsterEventType) -> list[dg.DagsterEvent]:
    """The events of one kind of a run, from Dagster's log in PostgreSQL."""
    assert run_id is not None
    with dg.DagsterInstance.from_config(str(settings.data_dir / "dagster")) as instance:
        logs = instance.all_logs(run_id, of_type=kind)
    return [log.dagster_event for log in logs if log.dagster_event]


def workers_of(run_id: str | None, settings: Settings) -> set[str]:
    """Which workers did steps of a run."""
    found = [event.engine_event_data.metadata for event in told(run_id, settings, dg.DagsterEventType.ENGINE_EVENT)]
    return {str(one["Celery worker"].value).partition("@")[2] for one in found if "Celery worker" in one}


def test_two_workers_publish_what_one_process_does_and_one_that_dies_ends_its_run(
    postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = alone(tmp_path / "alone")
    gate = Gate()
    with cluster(tmp_path / "two", postgres, gate) as two:
        two.start_worker("one")
        two.start_worker("other")
        run = two.begin_sync()
        until(lambda: gate.reached.is_set() or run.poll() is not None, "orders are asked for")
        assert run.poll() is None, two.logs()
        until(lambda: two.process_of("raw__orders"), "the step is named in the lease")
        group = os.getpgid(two.process_of("raw__orders"))
        (died,) = (name for name, worker in two.workers.items() if worker.pid == group)
        os.killpg(group, signal.SIGKILL)
        gate.opened.set()
        assert run.wait(PATIENCE) != 0, "the run does not wait for a dead worker for ever"
        assert two.settings.state_url is not None
        monkeypatch.setenv("AMAZON_STATE_URL", two.settings.state_url.get_secret_value())
        (started,) = two.events()
        (failed,) = told(started.run_id, two.settings, dg.DagsterEventType.STEP_FAILURE)
        assert failed.step_key == "raw__orders"
        assert "died" in str(failed.step_failure_data.error)

        two.start_worker(died)
        assert two.sync() == 0, two.logs()
        events = two.events()
        assert [event.event for event in events] == [
            "amazon-sync-started", "amazon-sync-error", "amazon-sync-started", "amazon-sync-completed",
        ], two.logs()  # fmt: skip
        assert events[0].run_id == events[1].run_id != events[2].run_id == events[3].run_id
        assert "stopped before it finished" in events[1].data
        assert workers_of(events[3].run_id, two.settings) == {"one", "other"}
        assert [call for call in two.simulator.calls if call.status == 429] == []
        assert not two.settings.state_path.exists()
        assert not two.settings.warehouse_path.exists()
        assert not (two.settings.data_dir / "dagster" / "history").exists()
        tables = comparable_tables(two.settings, WHEN_ORDERS_WERE_ASKED_FOR, HOW_FAR_A_REPORT_IS)
        for name, rows in expected.items():
            assert tables[name] == rows, f"mart.{name}"
