"""Serving the application with uvicorn: where it may listen, and how it stops."""

from __future__ import annotations

import errno
import socket
from typing import Final

import uvicorn

from amazon_pipeline.errors import SettingsError
from amazon_pipeline.settings import Settings, is_loopback
from api.app import DashboardApi, create_app

_GRACE_SECONDS: Final = 5


class Server(uvicorn.Server):
    """uvicorn's server, which ends the event streams first when it stops; else it would wait for them for ever."""

    def __init__(self, app: DashboardApi) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                lifespan="on",
                ws="none",
                log_level="warning",
                access_log=False,
                server_header=False,
                # an X-Forwarded-For that anybody can write would be a way around the lockout
                proxy_headers=False,
                timeout_graceful_shutdown=_GRACE_SECONDS,
            )
        )
        self._app = app

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


def run(settings: Settings, host: str = "127.0.0.1", port: int = 8000) -> None:
    """Serve until SIGINT or SIGTERM. Raises SettingsError before it starts, if host or port cannot be used."""
    check_bind(host, settings)
    listener = listen(host, port)
    print(f"Serving on http://{_shown(host)}:{listener.getsockname()[1]}", flush=True)
    Server(create_app(settings)).run(sockets=[listener])


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
