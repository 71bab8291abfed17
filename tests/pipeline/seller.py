"""A whole pipeline under test: the simulated seller over HTTP, a data directory, and Dagster in this process."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dagster as dg
import duckdb

from amazon_pipeline.definitions import build_definitions
from amazon_pipeline.defs.session import Surroundings
from amazon_pipeline.defs.sync_job import CLI_RUN_TAGS, JOB
from amazon_pipeline.events import Event, EventLog
from amazon_pipeline.settings import Settings
from amazon_pipeline.simulator.clock import ManualClock
from amazon_pipeline.simulator.server import RunningSimulator

START = datetime(2026, 11, 20, 15, 7, 30, tzinfo=UTC)

Answer = tuple[int, dict[str, str], bytes]
Fault = Callable[[str, dict[str, str]], Answer | None]
"""Of a path and query string: the answer to give in Amazon's place, or None to let Amazon answer."""


@dataclass
class Seller:
    """The account, and a pipeline that syncs it."""

    simulator: RunningSimulator
    clock: ManualClock
    settings: Settings
    instance: dg.DagsterInstance
    surroundings: Surroundings
    progress: list[Any] = field(default_factory=list)
    spoil: Callable[[str, Answer], Answer] = lambda _path, answer: answer
    """With a fault given: what becomes of Amazon's own answers on their way."""
    _reading: tuple[Path, duckdb.DuckDBPyConnection] | None = None

    def sync(self) -> dg.ExecuteInProcessResult:
        """One run of the job amazon_sync."""
        job = build_definitions(self.settings, self.surroundings).resolve_job_def(JOB)
        return job.execute_in_process(instance=self.instance, raise_on_error=False, tags=CLI_RUN_TAGS)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What a query finds in the published file."""
        return self._published().execute(query).fetchall()

    def _published(self) -> duckdb.DuckDBPyConnection:
        """The published file, opened once: it never changes."""
        path = self.settings.published_path.resolve()
        if self._reading is None or self._reading[0] != path:
            self.stop_reading()
            self._reading = path, duckdb.connect(path, read_only=True)
            self._reading[1].execute("SET TimeZone = 'UTC'")
        return self._reading[1]

    def stop_reading(self) -> None:
        """Close the published file."""
        if self._reading is not None:
            self._reading[1].close()
            self._reading = None

    @property
    def events(self) -> list[Event]:
        """All events so far."""
        return EventLog(self.settings.state_path).after(0)

    def event_names(self) -> list[str]:
        """Their names, in order."""
        return [event.event for event in self.events]

    def calls(self, operation: str) -> int:
        """How often Amazon was asked for something."""
        return sum(call.operation == operation for call in self.simulator.calls)

    def pass_time(self, **step: float) -> None:
        """Let the world and our clock go on together."""
        self.clock.advance(timedelta(**step))


@contextmanager
def running_seller(data_dir: Path, *, fault: Fault | None = None, **account: Any) -> Iterator[Seller]:
    """A seller whose world and whose pipeline share one clock; a wait for quota moves it on.

    A smaller account than the demo's unless ``orders_per_day`` says otherwise: the second sync brings a month of them.
    """
    account.setdefault("orders_per_day", 80)
    settings_changes = account.pop("settings", {})
    has_stores = account.pop("stores", False)
    clock = ManualClock(account.pop("start", START))
    sellers: list[Seller] = []
    with (
        RunningSimulator(clock=clock, **account) as simulator,
        in_front(
            simulator.sp_api_endpoint,
            fault,
            lambda path, answer: sellers[0].spoil(path, answer) if sellers else answer,
        ) as endpoint,
    ):
        environment = {**simulator.environment, "AMAZON_SP_API_ENDPOINT": endpoint, "AMAZON_DATA_DIR": str(data_dir)}
        environment["AMAZON_LWA_ENDPOINT"] = f"{endpoint}/auth/o2/token"
        if has_stores:
            environment.update(simulator.store_environment)
        settings = Settings(_env_file=None, **{**environment, **settings_changes})  # type: ignore[arg-type]
        progress: list[Any] = []
        surroundings = Surroundings(
            clock=clock,
            monotonic=lambda: clock().timestamp(),
            sleep=lambda seconds: void(clock.advance(timedelta(seconds=seconds))),
            on_progress=progress.append,
            retry_seconds=0,
        )
        with dg.DagsterInstance.ephemeral() as instance:
            sellers.append(Seller(simulator, clock, settings, instance, surroundings, progress))
            try:
                yield sellers[0]
            finally:
                sellers[0].stop_reading()


def void(_value: object) -> None:
    """Nothing."""


@contextmanager
def in_front(endpoint: str, fault: Fault | None, spoil: Callable[[str, Answer], Answer]) -> Iterator[str]:
    """A proxy that answers some requests itself; without a fault, the endpoint as it is."""
    if fault is None:
        yield endpoint
        return
    upstream = urlsplit(endpoint)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._serve("GET")

        def do_POST(self) -> None:
            self._serve("POST")

        def _serve(self, method: str) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            answer = fault(self.path, dict(self.headers)) or spoil(self.path, self._ask(method, body))
            status, headers, content = answer
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() not in ("content-length", "transfer-encoding", "connection", "date", "server"):
                    self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def _ask(self, method: str, body: bytes) -> Answer:
            connection = http.client.HTTPConnection(upstream.hostname or "", upstream.port)
            headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            try:
                connection.request(method, self.path, body, headers)
                answer = connection.getresponse()
                return answer.status, dict(answer.getheaders()), answer.read()
            finally:
                connection.close()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def refuse(status: int, code: str, message: str = "Access to requested resource is denied.") -> Answer:
    """An answer in Amazon's error shape."""
    body = json.dumps({"errors": [{"code": code, "message": message, "details": ""}]}).encode()
    return status, {"content-type": "application/json", "x-amzn-RequestId": "request-of-the-fault"}, body
