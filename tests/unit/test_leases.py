"""One run at a time, and every process of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from amazon_pipeline import leases, state
from amazon_pipeline.leases import LeaseLost, LeaseTaken, hold
from amazon_pipeline.settings import Settings
from tests.state_locations import both_kinds

state_location = both_kinds

HOLD_FOR_RUN_1 = """
import sys
from amazon_pipeline.leases import hold
from amazon_pipeline.settings import load_settings
with hold(load_settings(None), "sync", "run-1"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def settings(tmp_path: Path, state_location: state.Location) -> Settings:
    url = state_location if isinstance(state_location, SecretStr) else None
    return Settings(_env_file=None, AMAZON_DATA_DIR=tmp_path, AMAZON_STATE_URL=url)  # type: ignore[call-arg]


def refused(settings: Settings, run_id: str | None = None) -> str:
    """Who holds it instead."""
    with pytest.raises(LeaseTaken) as taken, hold(settings, "sync", run_id):
        pass
    return taken.value.run_id


def test_processes_of_one_run_hold_it_together_and_another_run_waits_for_the_last_of_them(settings: Settings) -> None:
    with hold(settings, "sync", "run-1"):
        with hold(settings, "sync", "run-1"):
            assert refused(settings, "run-2") == "run-1"
        assert refused(settings, "run-2") == "run-1"
        assert refused(settings) == "run-1"
        with hold(settings, "history", "run-2"):
            pass
    with hold(settings, "sync", "run-2"):
        assert refused(settings, "run-1") == "run-2"


def test_who_belongs_to_no_run_shares_it_with_nobody(settings: Settings) -> None:
    with hold(settings, "sync"):
        assert refused(settings).startswith("process ")


def test_a_run_whose_process_is_killed_frees_it(settings: Settings, state_location: state.Location) -> None:
    environment = {"AMAZON_DATA_DIR": str(settings.data_dir)}
    if isinstance(state_location, SecretStr):
        environment["AMAZON_STATE_URL"] = state_location.get_secret_value()
    program = [sys.executable, "-c", HOLD_FOR_RUN_1]
    with subprocess.Popen(program, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with hold(settings, "sync", "run-1"):
            pass  # ours has gone, theirs holds on
        assert refused(settings, "run-2") == "run-1"
        other.kill()
        other.communicate()
    if isinstance(state_location, SecretStr):
        assert refused(settings, "run-2") == "run-1", "the kernel of another machine tells nobody"
        _make_old(state_location)
    with hold(settings, "sync", "run-2"):
        pass


def _make_old(url: SecretStr) -> None:
    with state.transaction(url) as connection:
        connection.execute("UPDATE leases SET renewed_at = renewed_at - interval '61 seconds'")


class _Watch:
    """A stop watch that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_step_is_dead_when_its_process_has_not_renewed_for_a_minute_that_we_saw(state_url: SecretStr) -> None:
    watch = _Watch()
    run = leases._RowLease(state_url, "sync", "run-1", watch)
    step = leases._RowLease(state_url, "sync", "run-1", watch)
    try:
        assert run.take() is None
        assert step.take() is None
        step.doing("raw__orders")
        watch.now = 50
        run._renew()
        _make_old(state_url)
        watch.now = 65
        run._renew()
        assert not run.died("raw__orders"), "nobody has looked for a minute without a break"
        for moment in range(70, 140, 10):
            watch.now = moment
            run._renew()
        assert run.died("raw__orders")
        assert not run.died("raw__inventory"), "no process has begun it"
        step._renew()
        assert not run.died("raw__orders")
    finally:
        run.release()
        step.release()


def test_who_was_cut_off_for_a_minute_and_was_taken_for_dead_stops(state_url: SecretStr) -> None:
    watch = _Watch()
    ours, theirs = (leases._RowLease(state_url, "sync", run, watch) for run in ("run-1", "run-2"))
    try:
        assert ours.take() is None
        ours.ensure_held()
        _make_old(state_url)
        assert theirs.take() is None
        watch.now = 61
        with pytest.raises(LeaseLost, match="another run may have begun"):
            ours.ensure_held()
    finally:
        ours.release()
        theirs.release()
