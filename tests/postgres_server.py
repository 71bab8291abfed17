"""A PostgreSQL server of a test's own: a new cluster on a free port of 127.0.0.1, gone when the test is.

It needs PostgreSQL's server programs (``apt-get install postgresql``), which lie outside PATH on Debian. They refuse to
run as root, so a test run by root runs them as ``postgres``.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

USER = "pipeline"
PASSWORD = "a-password-of-the-tests"
_DEBIAN = Path("/usr/lib/postgresql")
_ATTEMPTS = 5
"""Another program may take the free port between our finding it and the server's binding it."""


@dataclass
class PostgresServer:
    """A running server with one superuser, who logs in by password."""

    programs: Path
    directory: Path
    port: int = 0

    def url(self, database: str, *, user: str = USER, password: str = PASSWORD) -> str:
        """``postgresql://user:password@127.0.0.1:port/database``."""
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def create_database(self, name: str) -> str:
        """Make an empty database; its URL."""
        self.run(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def run(self, sql: str, *, database: str = "postgres") -> list[list[str]]:
        """The rows of one statement, or of several parted by semicolons, as psql prints their values."""
        command = ["psql", "-X", "-q", "-A", "-t", "-F", "\x1f", "-v", "ON_ERROR_STOP=1", "-c", sql, self.url(database)]
        printed = self._call(*command)
        return [line.split("\x1f") for line in printed.splitlines()]

    def start(self) -> None:
        """Start it, at its port if it has had one."""
        for attempt in range(_ATTEMPTS):
            port = self.port or _free_port()
            options = (
                f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off "
                "-c shared_buffers=32MB -c max_connections=100 -c timezone=UTC"
            )
            command = ["pg_ctl", "start", "-w", "-D", str(self._data), "-o", options, "-l", str(self._log)]
            try:
                self._call(*command)
            except RuntimeError as error:
                said = self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""
                if self.port or attempt == _ATTEMPTS - 1 or "could not bind" not in said:
                    raise RuntimeError(f"PostgreSQL did not start:\n{said}") from error
                self._log.unlink()
            else:
                self.port = port
                return

    def stop(self) -> None:
        """Stop it, dropping whoever is connected."""
        self._call("pg_ctl", "stop", "-w", "-m", "fast", "-D", str(self._data))

    def make(self) -> None:
        """Lay the cluster out on disk."""
        secret = self.directory / "password"
        secret.write_text(PASSWORD, encoding="utf-8")
        secret.chmod(0o644)
        command = ["initdb", "-D", str(self._data), "-U", USER, "-A", "scram-sha-256", f"--pwfile={secret}"]
        self._call(*command, "-E", "UTF8", "--locale=C", "--no-sync")

    @property
    def is_running(self) -> bool:
        """Whether it has been started and not been stopped."""
        return (self._data / "postmaster.pid").exists()

    @property
    def _data(self) -> Path:
        return self.directory / "data"

    @property
    def _log(self) -> Path:
        return self.directory / "log"

    def _call(self, program: str, *arguments: str) -> str:
        done = subprocess.run(
            [str(self.programs / program), *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
            cwd=self.directory, env={"PATH": os.environ["PATH"], "LC_ALL": "C"}, timeout=120, **_as_other_than_root(),
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{program} ended with {done.returncode}:\n{done.stdout}")
        return done.stdout


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A server for as long as the body runs. Its files lie apart from the test's: they are another user's."""
    directory = Path(tempfile.mkdtemp(prefix="postgres-"))
    server = PostgresServer(_programs(), directory)
    try:
        if user := _as_other_than_root():
            shutil.chown(directory, user["user"], user["group"])
        server.make()
        server.start()
        yield server
    finally:
        if server.is_running:
            server.stop()
        shutil.rmtree(directory)


def are_programs_here() -> bool:
    """Whether a server can be started on this machine."""
    return any(_DEBIAN.glob("*/bin/initdb"))


def _programs() -> Path:
    """Where initdb and its companions are: of the newest version where Debian puts them, or in PATH."""
    versions = sorted(
        (path for path in _DEBIAN.glob("*/bin") if (path / "initdb").exists()),
        key=lambda path: [int(number) for number in re.findall(r"\d+", path.parent.name)],
    )
    if not versions:
        raise RuntimeError(
            "PostgreSQL's server programs are not here; these tests need them: apt-get install postgresql"
        )
    return versions[-1]


def _as_other_than_root() -> Mapping[str, Any]:
    """Arguments of subprocess.run."""
    if os.geteuid() != 0:
        return {}
    account = pwd.getpwnam("postgres")
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
