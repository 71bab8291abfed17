"""``python -m api --workers``: real processes, real signals."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from amazon_pipeline.events import EventLog
from api.workers import WorkerFailed, run_workers
from tests.api.application import CREDENTIALS, Running, settings_for
from tests.api.published_account import Published
from tests.api.test_live import append, stream

COMMAND = [sys.executable, "-m", "api", "--port", "0", "--workers", "2"]
_PROC = Path("/proc")


@contextmanager
def serving_workers(published: Published, cwd: Path, **variables: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    environment = {
        **os.environ, **CREDENTIALS, **variables,
        "AMAZON_DATA_DIR": str(published.data_dir), "PYTHONPATH": str(Path.cwd()),
    }  # fmt: skip
    process = subprocess.Popen(
        COMMAND, env=environment, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert first.startswith("Serving on http://127.0.0.1:"), first
        yield first.split()[-1], process
    finally:
        process.kill()
        process.communicate()


def children(pid: int) -> set[int]:
    """The workers of a parent: the children that serve, without multiprocessing's own."""
    tasks = (_PROC / str(pid) / "task" / str(pid) / "children").read_text().split()
    return {int(child) for child in tasks if b"spawn_main" in command_line(child)}


def command_line(pid: str) -> bytes:
    """Of a process as it runs; nothing of one that ended since it was listed."""
    try:
        return (_PROC / pid / "cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def runs(pid: int) -> bool:
    """Whether a process lives; one that has ended and that nobody reaps does not."""
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def served_by(url: str) -> str:
    """The name of the worker that answers on a connection of its own."""
    text = httpx.get(f"{url}/metrics", headers={"Connection": "close"}, timeout=20).text
    return text.partition('worker="')[2][0]


def wait_until_both_serve(url: str) -> None:
    seen: set[str] = set()
    while seen != {"0", "1"}:
        seen.add(served_by(url))


@pytest.mark.slow
def test_workers_share_a_port_and_all_streams_end_at_once_when_told(published: Published, tmp_path: Path) -> None:
    published.publish()
    log = EventLog(settings_for(published.data_dir).state_path)
    with serving_workers(published, tmp_path) as (url, process), ExitStack() as stack:
        wait_until_both_serve(url)
        running = Running(url, None, None)  # type: ignore[arg-type]
        streams = [stack.enter_context(stream(running)) for _ in range(8)]
        append(log)
        assert [live.ids(1) for live in streams] == [[1]] * 8
        process.send_signal(signal.SIGTERM)
        assert [live.block() for live in streams] == [{}] * 8  # the end, orderly: a cut one would raise
        output, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, "")
    assert output.count("GET /api/sse 200") == 8


@pytest.mark.slow
def test_a_worker_that_is_killed_is_replaced_and_none_outlives_the_parent(published: Published, tmp_path: Path) -> None:
    with serving_workers(published, tmp_path) as (url, process):
        wait_until_both_serve(url)
        before = children(process.pid)
        assert len(before) == 2
        killed = min(before)
        os.kill(killed, signal.SIGKILL)
        while len(now := children(process.pid) - {killed}) < 2:
            pass
        wait_until_both_serve(url)
        process.kill()
        _, errors = process.communicate(timeout=10)
        while any(runs(pid) for pid in now):
            pass
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{url}/health")
    assert "ended by itself (exit code -9)" in errors


def ends_before_it_serves(_listener: socket.socket, _name: str, _serves: Callable[[], None]) -> None:
    """A worker whose application does not start."""


@pytest.mark.slow
def test_workers_that_do_not_come_to_serve_are_not_started_for_ever() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(WorkerFailed, match="before it served"):
        run_workers(ends_before_it_serves, listener, 2)
