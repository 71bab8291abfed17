"""Syncs killed with SIGKILL, and run again: nothing is lost, nothing is there twice, no landed page is asked for again.

The seller's quota is Amazon's own, and time stands still but for waits: a sync that is run again sees the same world,
so its tables must be those of a sync that nobody disturbed.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from amazon_pipeline.landing import Landing
from amazon_pipeline.settings import Settings
from amazon_pipeline.simulator.calls import Call
from amazon_pipeline.simulator.server import RunningSimulator
from amazon_pipeline.simulator.world import World
from tests.lakes import Lakes
from tests.pipeline.compared import comparable_tables
from tests.pipeline.sync_process import SharedClock
from tests.postgres_server import postgres_server

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 20, 16, 2, 10, tzinfo=UTC)
"""For minutes to come nothing changes at this seller, and the hour is young."""
ORDERS_PER_DAY = 200
SKUS = 12
PARTS = 8


class Nursery:
    """The program that forks the syncs."""

    def __init__(self) -> None:
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
        self._program = subprocess.Popen(
            [sys.executable, "-m", "tests.pipeline.sync_process"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT,
        )  # fmt: skip

    def sync(self, **order: Any) -> int:
        """One sync in a process of its own; its exit code, negative for a signal."""
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        print(json.dumps(order), file=self._program.stdin, flush=True)
        return int(self._program.stdout.readline())

    def close(self) -> None:
        """End it; it has no children left, for it waits for each."""
        self._program.communicate()
        assert self._program.returncode == 0


@dataclass
class Account:
    """A seller, a data directory, and what happened there."""

    simulator: RunningSimulator
    clock: SharedClock
    directory: Path
    nursery: Nursery
    more: Mapping[str, str] = field(default_factory=dict)
    """Settings by the names of their variables."""

    @property
    def settings(self) -> Settings:
        """The pipeline's."""
        return Settings(_env_file=None, **self._environment)  # type: ignore[arg-type]

    @property
    def _environment(self) -> dict[str, str]:
        return {**self.simulator.environment, "AMAZON_DATA_DIR": str(self.directory / "data"), **self.more}

    def sync(self, kill_at: int | None = None) -> int:
        """A sync, killed at its boundary of that number."""
        return self.nursery.sync(
            kill_at=kill_at,
            environment=self._environment,
            clock=str(self.directory / "clock"),
            now=NOW.isoformat(),
            told=str(self.directory / "told.json"),
        )

    def told(self) -> dict[str, Any]:
        """What the last sync that came to its end said: the boundaries it passed, and how each stream ended."""
        told: dict[str, Any] = json.loads((self.directory / "told.json").read_text(encoding="utf-8"))
        return told

    def searches(self) -> list[Call]:
        """The calls of searchOrders."""
        return [call for call in self.simulator.calls if call.operation == "searchOrders"]

    def landed_requests(self) -> list[tuple[str, str, str | None]]:
        """What was asked for the order pages on disk: window and page token."""
        asked = []
        for batch in Landing(self.settings.landing_dir, self.settings.credentials().seller_id).batches("orders"):
            token: str | None = None
            for page in batch.pages():
                asked.append((page.params["lastUpdatedAfter"], page.params["lastUpdatedBefore"], token))
                token = page.next_token
        return asked

    def tables(self) -> dict[str, list[tuple[str | None, ...]]]:
        """Every published table as text, without what legitimately differs."""
        return comparable_tables(self.settings)


class Worlds:
    """Makes accounts of the same seller quickly: the truth of the first serves all, for it follows from the seed."""

    def __init__(self, nursery: Nursery) -> None:
        self._nursery = nursery
        self._first: World | None = None

    @contextmanager
    def account(self, directory: Path, **more: str) -> Iterator[Account]:
        """An account whose Amazon has all its tokens and knows of no call yet."""
        directory.mkdir(parents=True, exist_ok=True)
        clock = SharedClock(directory / "clock", NOW)
        simulator = RunningSimulator(clock=clock, orders_per_day=ORDERS_PER_DAY, sku_count=SKUS)
        if self._first is not None:
            for part in ("_demand", "_book", "_stock", "_shipments"):
                setattr(simulator.world, part, getattr(self._first, part))
        self._first = simulator.world
        with simulator:
            yield Account(simulator, clock, directory, self._nursery, more)


@dataclass(frozen=True)
class Undisturbed:
    """What a sync that nobody disturbs passes and makes."""

    boundaries: list[str]
    tables: dict[str, list[tuple[str | None, ...]]]


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with closing(Nursery()) as nursery:
        yield nursery


@pytest.fixture(scope="module")
def worlds(nursery: Nursery) -> Worlds:
    return Worlds(nursery)


@pytest.fixture(scope="module")
def undisturbed(worlds: Worlds, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    with worlds.account(tmp_path_factory.mktemp("undisturbed")) as account:
        assert account.sync() == 0
        told = account.told()
        assert set(told["statuses"].values()) == {"ok"}
        assert len(account.searches()) >= 5, "a window of many pages"
        return Undisturbed(told["passed"], account.tables())


def points(boundaries: list[str]) -> list[int]:
    """Where to kill: when each request has reached Amazon, and around commits, renames and the rest of each kind."""
    chosen = {number for number, name in enumerate(boundaries) if name.startswith("after call")}
    for turn, name in enumerate(sorted(set(boundaries))):
        places = [number for number, other in enumerate(boundaries) if other == name]
        chosen.add(places[turn * 7 % len(places)])
    return sorted(chosen)


@pytest.mark.parametrize("part", range(PARTS))
def test_a_sync_killed_anywhere_and_run_again_ends_as_if_nothing_had_been(
    part: int, worlds: Worlds, undisturbed: Undisturbed, tmp_path: Path
) -> None:
    for number in points(undisturbed.boundaries)[part::PARTS]:
        with worlds.account(tmp_path / str(number)) as account:
            _kill_and_finish(account, undisturbed, number)


@pytest.mark.parametrize(("first", "second"), [(0.3, 0.2), (0.55, 0.1), (0.6, 0.6), (0.97, 0.97)])
def test_two_syncs_killed_in_a_row_do_no_more_harm_than_one(
    first: float, second: float, worlds: Worlds, undisturbed: Undisturbed, tmp_path: Path
) -> None:
    with worlds.account(tmp_path) as account:
        # the second sync has less to fetch, and so fewer boundaries
        _kill_and_finish(
            account,
            undisturbed,
            int(first * len(undisturbed.boundaries)),
            int(second * len(undisturbed.boundaries) / 2),
        )


def test_syncs_killed_on_a_lake_lose_and_double_nothing(
    worlds: Worlds, undisturbed: Undisturbed, tmp_path: Path
) -> None:
    with postgres_server() as server:
        lakes = Lakes(server)

        def lake(name: str) -> dict[str, str]:
            environment = lakes.environment(tmp_path / name)
            return {key: environment[key] for key in ("AMAZON_WAREHOUSE", "AMAZON_WAREHOUSE_DATA")}

        with worlds.account(tmp_path / "undisturbed", **lake("undisturbed")) as account:
            assert account.sync() == 0
            passed = account.told()["passed"]
            assert account.tables() == undisturbed.tables, "a lake has the rows of a file"
        commits = [number for number, name in enumerate(passed) if name == "before commit warehouse"]
        # the last commit is that of the replica; what comes after it is the snapshot's
        chosen = [commits[len(commits) * 3 // 4], commits[-1], passed.index("before rename amazon-N.duckdb")]
        for number in chosen:
            with worlds.account(tmp_path / str(number), **lake(str(number))) as account:
                _kill_and_finish(account, Undisturbed(passed, undisturbed.tables), number)


def _kill_and_finish(account: Account, undisturbed: Undisturbed, *kills: int) -> None:
    where = " and ".join(f"{number} ({undisturbed.boundaries[number]})" for number in kills)
    for number in kills:
        before = len(account.searches())
        landed = set(account.landed_requests())
        assert account.sync(kill_at=number) == -signal.SIGKILL, where
        _asked_for_nothing_landed(account.searches()[before:], landed, where)
    answered = sum(call.status == 200 for call in account.searches())
    landed = set(account.landed_requests())
    assert answered - len(landed) <= len(kills), f"{where}: a page was answered, acknowledged by the next, and lost"
    before = len(account.searches())
    assert account.sync() == 0, where
    assert set(account.told()["statuses"].values()) == {"ok"}, where
    _asked_for_nothing_landed(account.searches()[before:], landed, where)
    assert [call for call in account.simulator.calls if call.status == 429] == [], where
    tables = account.tables()
    for name, rows in undisturbed.tables.items():
        assert tables[name] == rows, f"{where}: mart.{name}"


def _asked_for_nothing_landed(calls: list[Call], landed: set[tuple[str, str, str | None]], where: str) -> None:
    for call in calls:
        params = call.params
        asked = (params["lastUpdatedAfter"], params["lastUpdatedBefore"], params.get("paginationToken"))
        assert asked not in landed, f"{where}: a landed page was asked for again"


def test_a_killed_command_is_told_of_and_the_next_one_publishes_what_is_right(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    with RunningSimulator(orders_per_day=ORDERS_PER_DAY, sku_count=SKUS) as simulator:
        simulator.world.warm_up()
        environment = {
            **simulator.environment,
            "AMAZON_DATA_DIR": str(data_dir),
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "PYTHONPATH": str(ROOT),
        }
        command = [sys.executable, "-m", "amazon_pipeline.cli", "sync"]
        killed = subprocess.Popen(
            command, env=environment, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 120
        while sum(call.operation == "searchOrders" for call in simulator.calls) < 3:
            assert killed.poll() is None, "it ended before it asked for its third page of orders"
            assert time.monotonic() < deadline
            time.sleep(0.002)
        killed.kill()
        assert killed.wait() == -signal.SIGKILL
        done = subprocess.run(
            command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=180, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

        settings = Settings(_env_file=None, **{name: environment[name] for name in environment if "AMAZON_" in name})  # type: ignore[arg-type]
        _two_runs_are_told(settings)
        tokens = [call.params.get("paginationToken") for call in simulator.calls if call.operation == "searchOrders"]
        repeated = [token for token in tokens if token and tokens.count(token) > 1]
        assert len(set(repeated)) <= 1, "only the page that was on its way when the sync was killed"
        assert [call for call in simulator.calls if call.status == 429] == []
        _published_is_the_truth(settings, simulator.world)


def _two_runs_are_told(settings: Settings) -> None:
    from amazon_pipeline.events import EventLog

    events = EventLog(settings.state_path).after(0)
    assert [event.event for event in events] == [
        "amazon-sync-started", "amazon-sync-error", "amazon-sync-started", "amazon-sync-completed",
    ]  # fmt: skip
    assert events[0].run_id == events[1].run_id != events[2].run_id == events[3].run_id
    assert "stopped before it finished" in events[1].data


def _published_is_the_truth(settings: Settings, world: World) -> None:
    with duckdb.connect(settings.published_path.resolve(), read_only=True) as published:
        published.execute("SET TimeZone = 'UTC'")
        ((watermark,),) = published.execute(
            "SELECT epoch_us(watermark) FROM mart.sync_status WHERE stream = 'orders' AND status = 'ok'"
        ).fetchall()
        rows = dict(published.execute("SELECT amazon_order_id, epoch_ms(last_update_date) FROM mart.orders").fetchall())
    end = datetime.fromtimestamp(watermark / 1e6, UTC)
    states = world.orders_at(end, end - timedelta(days=14))
    truth = {state.order_id: state.changed for state in states if state.last_updated > end - timedelta(hours=48)}
    wrong = {order_id for order_id, changed in truth.items() if rows.get(order_id) != changed}
    now = datetime.now(UTC)
    changed_since = {
        state.order_id for state in world.orders_at(now, end - timedelta(days=14)) if state.last_updated > end
    }
    assert wrong <= changed_since, "but for those that changed while the sync went on: the next one brings them"
    assert len(truth) > 400
