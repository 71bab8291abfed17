"""``demo`` and ``up``: the API at once, a first sync, then Dagster, all under one parent."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from amazon_pipeline.commands.dagster_home import dagster_environment, prepare_dagster_home, project_root
from amazon_pipeline.commands.services import Service, Services, free_port, is_listening, require_free_port, script
from amazon_pipeline.errors import CredentialsMissing, PipelineError
from amazon_pipeline.events import SYNC_COMPLETED, EventLog
from amazon_pipeline.leases import LeaseTaken, hold_here
from amazon_pipeline.settings import Settings
from api.server import check_bind

FRESH: Final = timedelta(minutes=15)
_DAGSTER_WAITS_AT_MOST: Final = 15.0
"""Seconds: Dagster's start is heavy and would slow the first sync, but a long sync should be seen in its UI."""


@dataclass(frozen=True)
class Addresses:
    """Where the API and the Dagster UI are to listen."""

    host: str
    port: int
    dagster_port: int


class AlreadyUp(PipelineError):
    """Another ``up`` or ``demo`` runs on the data directory. Names the directory."""


@contextmanager
def only_up(settings: Settings) -> Iterator[None]:
    """Hold the data directory for one set of services: two would each run the schedule. Raises AlreadyUp."""
    with ExitStack() as stack:
        try:
            stack.enter_context(hold_here(settings.up_lock_path))
        except LeaseTaken:
            raise AlreadyUp(
                f"amazon-pipeline already runs on {settings.data_dir.resolve()}. Stop it first, or choose another "
                "directory with AMAZON_DATA_DIR."
            ) from None
        yield


def run_services(
    settings: Settings,
    addresses: Addresses,
    *,
    env: dict[str, str],
    cwd: Path,
    say: Callable[[str], None],
    simulator_port: int | None = None,
) -> None:
    """Start everything, print the URLs, stay until Ctrl-C, end every child.

    Raises AlreadyUp, PortTaken or SettingsError before anything is started, then ServiceFailed when a child will not
    stay up.
    """
    check_bind(addresses.host, settings)
    with only_up(settings):
        require_free_port(addresses.host, addresses.port, "--port")
        require_free_port("127.0.0.1", addresses.dagster_port, "--dagster-port")
        home = prepare_dagster_home(settings)
        logs = settings.data_dir.resolve() / "logs"
        env = {
            **env,
            **dagster_environment(settings),
            "DAGSTER_HOME": str(home),
            "AMAZON_DATA_DIR": str(settings.data_dir.resolve()),
        }
        with Services(env, cwd, say) as services:
            if simulator_port is not None:
                _start_simulator(services, simulator_port, logs)
            services.start(
                Service(
                    "API",
                    [sys.executable, "-m", "api", "--host", addresses.host, "--port", str(addresses.port)],
                    logs / "api.log",
                )
            )
            shown = f"[{addresses.host}]" if ":" in addresses.host else addresses.host
            say(f"Dashboard   http://{shown}:{addresses.port}/")
            say(f"Dagster UI  http://127.0.0.1:{addresses.dagster_port}/  (takes a little longer)")
            say(f"Database    {settings.published_path}  (open it read-only, any time)")
            _first_sync(settings, services, say)
            _start_dagster(services, addresses.dagster_port, logs)
            if not services.is_stopping:
                say("Everything is started. Ctrl-C stops it all.")
            services.watch()
            say("Stopping…")


def _start_simulator(services: Services, port: int, logs: Path) -> None:
    simulator = Service(
        "Simulator",
        [sys.executable, "-m", "amazon_pipeline.cli", "simulator", "--port", str(port)],
        logs / "simulator.log",
    )
    services.start(simulator)
    if not services.wait_until(lambda: is_listening(port), seconds=60) and not services.is_stopping:
        raise PipelineError(f"The simulator did not start; its log is {simulator.log}\n{services.tail(simulator)}")


def _first_sync(settings: Settings, services: Services, say: Callable[[str], None]) -> None:
    try:
        settings.require_credentials()
    except CredentialsMissing as error:
        say(f"No sync: {error} The dashboard shows what to set up.")
        return
    age = _age_of_last_sync(settings)
    if age is not None and age < FRESH:
        say(f"The last sync is {age.total_seconds() // 60:.0f} minutes old; the next comes with the schedule.")
        return
    sync = Service(
        "First sync",
        [sys.executable, "-m", "amazon_pipeline.cli", "sync"],
        None,
        is_kept=False,
        stop_signal=signal.SIGINT,
    )
    services.start(sync)
    services.wait_until(lambda: services.has_ended(sync), seconds=_DAGSTER_WAITS_AT_MOST)


def _age_of_last_sync(settings: Settings) -> timedelta | None:
    newest = EventLog(settings.state).newest(SYNC_COMPLETED)
    if newest is None:
        return None
    return datetime.now(UTC) - datetime.fromisoformat(json.loads(newest.data)["timestamp"])


def _start_dagster(services: Services, port: int, logs: Path) -> None:
    workspace = str(project_root() / "workspace.yaml")
    if services.is_stopping:
        return
    daemon = [script("dagster-daemon"), "run", "--log-level", "warning", "-w", workspace]
    ui = [script("dagster-webserver"), "-h", "127.0.0.1", "-p", str(port), "--log-level", "warning", "-w", workspace]
    for name, command, log in (("Dagster daemon", daemon, "dagster-daemon"), ("Dagster UI", ui, "dagster-webserver")):
        # Dagster's services stop at SIGINT and linger at SIGTERM
        services.start(Service(name, command, logs / f"{log}.log", stop_signal=signal.SIGINT))


def demo_environment(settings: Settings, simulated: dict[str, str]) -> dict[str, str]:
    """The environment of a demo's children: nothing of the real account, all of the simulated one."""
    ours = ("AMAZON_", "SHOPIFY_", "REPORTING_CURRENCY", "ALERT_URLS", "DAGSTER_")
    env = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    env.update(simulated)
    if settings.api_key is not None:
        env["AMAZON_API_KEY"] = settings.api_key.get_secret_value()
    if settings.allowed_hosts:
        env["AMAZON_ALLOWED_HOSTS"] = ",".join(settings.allowed_hosts)
    return env


def demo_port() -> int:
    """A free port for the simulator."""
    return free_port()
