"""The event stream over real HTTP, and how the server starts and stops."""

from __future__ import annotations

import asyncio
import inspect
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from amazon_pipeline import state
from amazon_pipeline.errors import SettingsError
from amazon_pipeline.events import SYNC_COMPLETED, SYNC_STARTED, EventLog
from amazon_pipeline.settings import Settings
from api.app import create_app
from api.server import listen
from api.sse import Hub
from tests.api.application import CREDENTIALS, Running, serving, settings_for
from tests.api.published_account import NOW, Published
from tests.postgres_server import PASSWORD, are_programs_here, postgres_server


class Stream:
    """An open event stream, read block by block."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.iter_lines()

    def block(self) -> dict[str, str]:
        """The next block's fields; a comment is the field with no name. Empty at the end of the stream."""
        fields: dict[str, str] = {}
        for line in self._lines:
            if not line:
                return fields
            name, _, value = line.partition(":")
            fields[name] = value.strip()
        return fields

    def ids(self, count: int) -> list[int]:
        """The ids of the next events."""
        found: list[int] = []
        while len(found) < count:
            block = self.block()
            assert block, "the stream ended"
            if "id" in block:
                found.append(int(block["id"]))
        return found


@contextmanager
def stream(running: Running, last: int | None = None, query: str = "") -> Iterator[Stream]:
    headers = {} if last is None else {"Last-Event-ID": str(last)}
    with httpx.stream("GET", f"{running.url}/api/sse{query}", headers=headers, timeout=10) as response:
        assert response.status_code == 200
        opened = Stream(response)
        assert opened.block() == {"retry": "3000"}
        yield opened


@pytest.fixture
def settings(published: Published) -> Settings:
    return settings_for(published.data_dir)


@pytest.fixture
def log(settings: Settings) -> EventLog:
    return EventLog(settings.state_path)


def quick(settings: Settings, **intervals: float) -> Hub:
    return Hub(EventLog(settings.state_path), **{"poll_seconds": 0.01, **intervals})


def append(log: EventLog, count: int = 1) -> int:
    newest = None
    for number in range(count):
        newest = log.append(SYNC_STARTED, {"timestamp": "2026-11-22T12:00:00Z", "runId": f"é{number}"}, at=NOW)
    assert newest is not None
    return newest


def append_in_one(settings: Settings, count: int) -> None:
    """Many events in one transaction: one each would take seconds."""
    rows = [(SYNC_STARTED, "{}", "2026-11-22T12:00:00+00:00")] * count
    with state.transaction(settings.state_path) as connection:
        connection.executemany("INSERT INTO events (event, data, created_at) VALUES (?, ?, ?)", rows)


def test_a_new_client_gets_only_new_events_each_as_the_contract_has_it(settings: Settings, log: EventLog) -> None:
    append(log, 3)
    with serving(create_app(settings, hub=quick(settings))) as running, stream(running) as live:
        assert live.response.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert live.response.headers["cache-control"] == "no-store, no-transform"
        assert live.response.headers["x-accel-buffering"] == "no"
        assert "default-src 'none'" in live.response.headers["content-security-policy"]
        log.append(SYNC_COMPLETED, {"runId": "é"}, at=NOW, run_id="r1")
        assert live.block() == {"id": "4", "event": "amazon-sync-completed", "data": '{"runId":"é"}'}


def test_a_missing_state_file_is_no_hindrance(settings: Settings, log: EventLog) -> None:
    with serving(create_app(settings, hub=quick(settings))) as running, stream(running) as live:
        append(log)
        assert live.ids(1) == [1]


def test_a_client_that_returns_gets_what_it_missed_once_also_across_a_restart(
    settings: Settings, log: EventLog
) -> None:
    append(log, 2)
    with serving(create_app(settings, hub=quick(settings))) as running, stream(running, last=1) as live:
        assert live.ids(1) == [2]
        append(log)
        assert live.ids(1) == [3]
    append_in_one(settings, 1500)  # more than one read of the log
    with serving(create_app(settings, hub=quick(settings))) as running:
        with stream(running, last=3) as live, stream(running, query="?lastEventId=1502") as other:
            assert live.ids(1500) == list(range(4, 1504))
            assert other.ids(1) == [1503]
            append(log)
            assert live.ids(1) == [1504]
            assert other.ids(1) == [1504]
        with stream(running, last=1503, query="?lastEventId=1") as live:
            assert live.ids(1) == [1504]  # a browser that reconnects sends the header: it is the newer


def test_clients_that_come_while_events_are_written_miss_and_double_none(settings: Settings, log: EventLog) -> None:
    with serving(create_app(settings, hub=quick(settings))) as running:
        for start in range(0, 60, 3):
            append(log)
            with stream(running, last=start) as live:
                append(log, 2)
                assert live.ids(3) == [start + 1, start + 2, start + 3]


def test_an_id_beyond_the_newest_is_of_a_log_that_is_gone(settings: Settings, log: EventLog) -> None:
    append(log, 2)
    with serving(create_app(settings, hub=quick(settings))) as running, stream(running, last=10**17) as live:
        assert live.ids(2) == [1, 2]


@pytest.mark.parametrize("header", ["abc", "-1", "1.5", "9" * 30, "1; 2", ""])
def test_a_header_that_is_no_id_counts_as_none(header: str, settings: Settings, log: EventLog) -> None:
    """A browser sends back whatever it was once given; refusing that would close its stream for good."""
    append(log, 2)
    with (
        serving(create_app(settings, hub=quick(settings))) as running,
        httpx.stream("GET", f"{running.url}/api/sse", headers={"Last-Event-ID": header}, timeout=10) as response,
    ):
        live = Stream(response)
        assert live.block() == {"retry": "3000"}
        append(log)
        assert live.ids(1) == [3]


def test_nothing_is_missed_or_doubled_over_publishes_and_restarts(
    settings: Settings, log: EventLog, published: Published
) -> None:
    last, seen = 0, []
    for _ in range(3):
        published.publish()
        with serving(create_app(settings, hub=quick(settings))) as running, stream(running, last=last) as live:
            append(log, 2)
            seen += live.ids(2)
            last = seen[-1]
        append(log, 2)  # while nobody serves
        with serving(create_app(settings, hub=quick(settings))) as running, stream(running, last=last) as live:
            published.publish()
            assert httpx.get(f"{running.url}/ready").status_code == 200
            seen += live.ids(2)
            last = seen[-1]
    assert seen == list(range(1, 13))


def test_a_comment_comes_every_fifteen_seconds_unless_told_otherwise() -> None:
    assert inspect.signature(Hub).parameters["keep_alive_seconds"].default == 15.0


def test_a_quiet_stream_is_kept_alive(settings: Settings) -> None:
    hub = quick(settings, keep_alive_seconds=0.01)
    with serving(create_app(settings, hub=hub)) as running, stream(running) as live:
        assert live.block() == {"": "keep-alive"}
        assert live.block() == {"": "keep-alive"}


def test_an_unreadable_log_is_a_503_that_may_pass(settings: Settings, log: EventLog) -> None:
    settings.state_path.parent.mkdir(parents=True)
    settings.state_path.write_bytes(b"this is no database" * 1000)
    with serving(create_app(settings, hub=quick(settings))) as running:
        response = httpx.get(running.url + "/api/sse")
        assert response.status_code == 503
        assert response.json()["retryable"] is True
        settings.state_path.unlink()
        with stream(running) as live:
            append(log)
            assert live.ids(1) == [1]


def test_streams_outlive_a_state_database_that_is_started_again(settings: Settings) -> None:
    if not are_programs_here():
        pytest.skip("PostgreSQL's server programs are not here: apt-get install postgresql (.ci/run does)")
    with postgres_server() as server:
        remote = settings.model_copy(update={"state_url": SecretStr(server.create_database("state"))})
        log = EventLog(remote.state)
        append(log, 2)
        hub = Hub(log, poll_seconds=0.01)
        with serving(create_app(remote, hub=hub)) as running, stream(running, last=1) as live:
            assert live.ids(1) == [2]
            server.stop()
            refused = httpx.get(running.url + "/api/sse")
            assert (refused.status_code, refused.json()["retryable"]) == (503, True)
            assert PASSWORD not in refused.text
            server.start()
            append(log)
            assert live.ids(1) == [3]


def test_a_stopping_server_ends_its_streams_at_once(settings: Settings, log: EventLog) -> None:
    with serving(create_app(settings, hub=quick(settings))) as running, stream(running) as live:
        append(log)
        assert live.ids(1) == [1]
        running.server.should_exit = True
        assert live.block() == {}  # the end, orderly: a cut one would raise


def test_a_client_that_leaves_is_forgotten(settings: Settings, log: EventLog) -> None:
    hub = quick(settings, keep_alive_seconds=0.01)
    with serving(create_app(settings, hub=hub)) as running, stream(running) as stays:
        with stream(running) as leaves:
            leaves.block()
            assert hub.clients == 2
        while hub.clients == 2:
            stays.block()
        append(log)
        assert stays.ids(1) == [1]


def test_the_memory_of_a_crowd_that_left_is_given_back(settings: Settings, log: EventLog) -> None:
    given_back = threading.Event()
    hub = Hub(log, poll_seconds=0.01, keep_alive_seconds=0.01, crowd=3, give_back=given_back.set)
    with serving(create_app(settings, hub=hub)) as running, stream(running) as stays:
        stays.block()
        with stream(running) as first, stream(running) as second:
            first.block()
            second.block()
            assert not given_back.is_set()
        assert given_back.wait(10)


def test_a_slow_client_is_dropped_and_not_waited_for(settings: Settings, log: EventLog) -> None:
    """Two clients on one hub, one of which never takes what is written."""
    hub = quick(settings, patience_seconds=0.05)

    async def scenario() -> list[bytes]:
        got: list[bytes] = []
        arrived = asyncio.Event()

        async def quick_send(message: Any) -> None:
            got.append(message.get("body", b""))
            if message.get("body", b"").startswith(b"id: 2"):
                arrived.set()

        slow_started = asyncio.Event()

        async def slow_send(message: Any) -> None:
            if message.get("body", b"").startswith(b"id"):
                slow_started.set()
                await asyncio.Event().wait()

        async def receive() -> Any:
            await asyncio.Event().wait()

        scope = {"type": "http", "method": "GET", "query_string": b"", "headers": [], "path": "/api/sse"}
        hub.start()
        slow = asyncio.create_task(hub(scope, receive, slow_send))
        fast = asyncio.create_task(hub(scope, receive, quick_send))
        while hub.clients < 2:  # noqa: ASYNC110 - the hub has no event for it, and needs none
            await asyncio.sleep(0)
        append(log)
        await slow_started.wait()
        append(log)
        async with asyncio.timeout(5):
            await arrived.wait()
            await slow  # ended by the hub
        assert hub.clients == 1
        await hub.close()
        fast.cancel()
        await asyncio.gather(fast, return_exceptions=True)
        return got

    got = asyncio.run(scenario())
    assert [body[:5] for body in got if body.startswith(b"id")] == [b"id: 1", b"id: 2"]


def test_what_comes_while_a_write_is_under_way_waits_behind_it(settings: Settings, log: EventLog) -> None:
    """A client was dropped as slow when a keep-alive or a second event came before the first was written."""
    hub = quick(settings, keep_alive_seconds=0.001)

    async def scenario() -> bytes:
        got = b""
        writing, release, all_there = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def send(message: Any) -> None:
            nonlocal got
            if message.get("body", b"").startswith(b"id: 1\n"):
                writing.set()
                await release.wait()
            got += message.get("body", b"")
            if b"id: 3\n" in got:
                all_there.set()

        async def receive() -> Any:
            await asyncio.Event().wait()

        hub.start()
        client = asyncio.create_task(
            hub({"type": "http", "method": "GET", "query_string": b"", "headers": []}, receive, send)
        )
        while hub.clients < 1:  # noqa: ASYNC110 - the hub has no event for it, and needs none
            await asyncio.sleep(0)
        append(log)
        await writing.wait()
        append(log, 2)
        release.set()
        async with asyncio.timeout(5):
            await all_there.wait()
        await hub.close()
        client.cancel()
        await asyncio.gather(client, return_exceptions=True)
        return got

    got = asyncio.run(scenario())
    assert [line for line in got.splitlines() if line.startswith(b"id")] == [b"id: 1", b"id: 2", b"id: 3"]


def test_a_client_that_stops_reading_is_cut_off_and_leaves_nothing(settings: Settings, log: EventLog) -> None:
    hub = quick(settings, patience_seconds=0.05)
    with serving(create_app(settings, hub=hub)) as running:
        port = int(running.url.rpartition(":")[2])
        with socket.socket() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.connect(("127.0.0.1", port))
            deaf.sendall(b"GET /api/sse HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b"200 OK" in deaf.recv(4096)
            with stream(running) as hears:
                last = 0
                while hub.clients == 2:
                    last = log.append(SYNC_STARTED, {"padding": "x" * 500_000}, at=NOW) or 0
                    assert hears.ids(1) == [last]
                assert last < 100


def test_a_taken_port_is_an_error_that_names_it() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=rf"Port {port} .* is taken.*--port"):
            listen("127.0.0.1", port)


def test_the_command_serves_until_a_signal_and_stops_with_a_stream_open(
    published: Published, log: EventLog, tmp_path: Path
) -> None:
    published.publish()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        **CREDENTIALS,
        "AMAZON_DATA_DIR": str(published.data_dir),
        "PYTHONPATH": str(Path.cwd()),
    }
    command = [sys.executable, "-m", "api", "--port", str(port)]
    process = subprocess.Popen(
        command, env=environment, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert f"http://127.0.0.1:{port}" in process.stdout.readline()
        running = Running(f"http://127.0.0.1:{port}", None, None)  # type: ignore[arg-type]
        with stream(running) as live:
            append(log)
            assert live.ids(1) == [1]
            process.send_signal(signal.SIGTERM)
            assert live.block() == {}
        _, errors = process.communicate(timeout=10)
    finally:
        process.kill()
        process.wait()
    assert errors == ""
    assert process.returncode in (0, -signal.SIGTERM)


def test_the_command_refuses_a_public_host_without_a_key_with_a_sentence(tmp_path: Path) -> None:
    environment = {**os.environ, **CREDENTIALS, "AMAZON_DATA_DIR": str(tmp_path), "PYTHONPATH": str(Path.cwd())}
    command = [sys.executable, "-m", "api", "--host", "0.0.0.0", "--port", "0"]  # noqa: S104 - refused
    ended = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert ended.stderr.startswith("Host 0.0.0.0 can be reached from other machines: set AMAZON_API_KEY")
    assert "Traceback" not in ended.stderr
