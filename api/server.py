"""Serving the application with uvicorn: where it may listen, what it logs, and how it stops."""

from __future__ import annotations

import errno
import gc
import logging
import resource
import socket
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Final

import uvicorn

from amazon_pipeline.addresses import is_loopback
from amazon_pipeline.errors import SettingsError
from amazon_pipeline.settings import Settings
from api.access_log import LOGGER_NAME, AccessLog
from api.app import DashboardApi, create_app
from api.http_protocol import BoundedProtocol
from api.workers import run_workers

_GRACE_SECONDS: Final = 5
_CONNECTIONS: Final = 65_536
_SHORT_KEY: Final = 20


class Server(uvicorn.Server):
    """uvicorn's server, which ends the event streams first when it stops; else it would wait for them for ever."""

    def __init__(
        self,
        app: DashboardApi,
        on_started: Callable[[], None] | None = None,
        *,
        protocol: type[BoundedProtocol] = BoundedProtocol,
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                lifespan="on",
                ws="none",
                http=protocol,
                log_config=None,
                log_level="warning",
                access_log=False,  # uvicorn's would print query strings
                server_header=False,
                proxy_headers=False,  # api/proxies.py believes those of AMAZON_TRUSTED_PROXIES and no others
                timeout_graceful_shutdown=_GRACE_SECONDS,
            )
        )
        self._app = app
        self._on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve, and say so."""
        await super().startup(sockets)
        gc.freeze()  # what is here to stay need not be looked through again and again
        if self.started and self._on_started is not None:
            self._on_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, then stop as uvicorn does."""
        await self._app.hub.close()
        await super().shutdown(sockets)


def check_bind(host: str, settings: Settings) -> None:
    """Raises SettingsError for a host that others can reach while no API key is set."""
    if not is_loopback(host) and settings.api_key is None:
        raise SettingsError(
            f"Host {host or '(all addresses)'} can be reached from other machines: set AMAZON_API_KEY first, or use "
            "--host 127.0.0.1."
        )


def has_short_key(settings: Settings) -> bool:
    """Whether there is a key that patience or luck may find."""
    return settings.api_key is not None and len(settings.api_key.get_secret_value()) < _SHORT_KEY


def listen(host: str, port: int) -> socket.socket:
    """A bound socket. Raises SettingsError that names the port if it is taken, the host if it is not ours."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise SettingsError(f"Host {host} is unknown ({error.strerror}). Choose another with --host.") from error
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise SettingsError(f"Port {port} on {host} is taken. Choose another with --port.") from error
        if error.errno == errno.EACCES:
            raise SettingsError(f"Port {port} may not be used by this user. Choose another with --port.") from error
        raise SettingsError(f"Cannot listen on {host}: {error.strerror}. Choose another with --host.") from error
    return listener


def run(
    settings: Settings, host: str = "127.0.0.1", port: int = 8000, *, workers: int = 1, access_log: bool = True
) -> None:
    """Serve until SIGINT or SIGTERM, from this process or from ``workers`` of its children.

    Raises SettingsError before it starts, if host or port cannot be used, and WorkerFailed if workers do not live.
    """
    check_bind(host, settings)
    if has_short_key(settings):
        print("AMAZON_API_KEY is short enough to be guessed. Make one with: openssl rand -base64 32", file=sys.stderr)
    listener = listen(host, port)
    print(f"Serving on http://{_shown(host)}:{listener.getsockname()[1]}", flush=True)
    if workers == 1:
        serve(settings, access_log, listener)
    else:
        _set_up_logging()
        run_workers(partial(serve, settings, access_log), listener, workers)


def serve(
    settings: Settings,
    access_log: bool,
    listener: socket.socket,
    worker: str = "",
    on_started: Callable[[], None] | None = None,
) -> None:
    """Serve on a bound socket, in this process. ``worker`` is its name among several."""
    _set_up_logging()
    _allow_connections()
    log = AccessLog(lambda: datetime.now(UTC)) if access_log else None
    Server(create_app(settings, access_log=log, worker=worker), on_started).run(sockets=[listener])


def _allow_connections() -> None:
    """Raise this process's limit of open files, usually 1,024, to what the system allows it: a connection is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _CONNECTIONS if hard == resource.RLIM_INFINITY else min(hard, _CONNECTIONS)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError) as error:  # macOS has a lower bound that it does not tell
        logging.getLogger(__name__).warning("at most %d connections at a time: %s", soft, error)


def _set_up_logging() -> None:
    """Requests to standard output; warnings and errors, with their time in UTC, to standard error."""
    troubles = logging.StreamHandler()
    formatter = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%SZ")
    formatter.converter = time.gmtime
    troubles.setFormatter(formatter)
    logging.basicConfig(level=logging.WARNING, handlers=[troubles])
    requests = logging.getLogger(LOGGER_NAME)
    requests.setLevel(logging.INFO)
    requests.propagate = False
    requests.handlers = [logging.StreamHandler(sys.stdout)]


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
