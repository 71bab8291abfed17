"""Operational state of several machines: a schema of a PostgreSQL database.

Connections are kept open between uses, because the event stream looks ten times a second. One that has died meanwhile
(the server was started again) is noticed by the first statement on it, which changes nothing, and replaced. Whoever
writes in a process that has reached the database before waits some seconds for it to come back; a reader, and a process
that never has, is told at once.
"""

from __future__ import annotations

import atexit
import os
import re
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Any, Final

from pydantic import SecretStr

from amazon_pipeline.errors import SettingsError
from amazon_pipeline.state.connection import Parameters, StateUnavailable
from amazon_pipeline.state.schema import POSTGRES, VERSION

try:
    import psycopg
    from psycopg.conninfo import conninfo_to_dict
except ImportError as missing:
    raise SettingsError(
        "AMAZON_STATE_URL: the driver of PostgreSQL is not installed. Install it: uv sync --extra scale-out"
    ) from missing

SCHEMA: Final = "amazon_pipeline"
"""Ours in the database, which Dagster and DuckLake may share."""

_TURN: Final = 7_310_441_208_155_027_203
"""The advisory lock that each write transaction holds: it makes them follow one another, as SQLite does, so that ids
are given and become visible in one order. (PostgreSQL makes a transaction visible before it lets its locks go.)"""
_WAIT_SECONDS: Final = 20.0
"""For a server that is being started again."""
_AGAIN_SECONDS: Final = 0.25
_MOST_IDLE: Final = 4
_SESSION: Final = (
    # whoever waits for a turn gives up as with SQLite; a process that was frozen in its turn loses it
    "-c lock_timeout=30s -c idle_in_transaction_session_timeout=60s -c timezone=UTC -c client_encoding=UTF8 "
    "-c default_transaction_isolation=read\\ committed"
)


class PostgresConnection:
    """One connection of the pool, in a transaction; ``close`` gives it back."""

    def __init__(self, pool: _Pool, inner: psycopg.Connection[Any]) -> None:
        self._pool = pool
        self._inner = inner

    def execute(self, sql: str, parameters: Parameters = ()) -> psycopg.Cursor[Any]:
        """Run a statement. Raises StateUnavailable."""
        with self._pool.telling():
            return self._inner.execute(_translated(sql), parameters) if parameters else self._inner.execute(sql)

    def executemany(self, sql: str, parameters: Iterable[Parameters]) -> psycopg.Cursor[Any]:
        """Run it once for each of these. Raises StateUnavailable."""
        with self._pool.telling():
            cursor = self._inner.cursor()
            cursor.executemany(_translated(sql), parameters)
            return cursor

    def close(self) -> None:
        """End the transaction, undoing what was not committed, and give the connection back."""
        self._pool.give_back(self._inner)


def connect(url: SecretStr) -> PostgresConnection:
    """A connection to read with: what it reads is of one moment or later. Raises StateUnavailable."""
    pool = _pool(url)
    return PostgresConnection(pool, pool.begin("BEGIN READ ONLY", wait_seconds=0))


@contextmanager
def transaction(url: SecretStr) -> Iterator[PostgresConnection]:
    """A short write transaction, one at a time among all processes. Raises StateUnavailable.

    Where the connection is lost as it commits, nobody can say whether it did.
    """
    pool = _pool(url)
    connection = PostgresConnection(pool, pool.begin(f"BEGIN; SELECT pg_advisory_xact_lock({_TURN})"))
    try:
        yield connection
        connection.execute("COMMIT")
    finally:
        connection.close()


def _is_true(connection: psycopg.Connection[Any], query: str) -> bool:
    row = connection.execute(query).fetchone()
    return bool(row and row[0])


class _Pool:
    """The idle connections of this process to one database."""

    def __init__(self, url: SecretStr) -> None:
        self._url = url
        self._idle: list[psycopg.Connection[Any]] = []
        self._lock = threading.Lock()
        self._was_reached = False

    def begin(self, first: str, *, wait_seconds: float = _WAIT_SECONDS) -> psycopg.Connection[Any]:
        """A connection on which ``first``, which may be repeated, has been run."""
        deadline = time.monotonic() + (wait_seconds if self._was_reached else 0)
        while True:
            while (idle := self._take_idle()) is not None:
                try:
                    idle.execute(first)
                except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                    idle.close()
                    if isinstance(error, psycopg.errors.LockNotAvailable):
                        raise self._unavailable(error) from error
                else:
                    return idle
            try:
                return self._fresh(first)
            except psycopg.Error as error:
                if isinstance(error, psycopg.errors.LockNotAvailable) or time.monotonic() > deadline:
                    raise self._unavailable(error) from error
                time.sleep(_AGAIN_SECONDS)

    def give_back(self, connection: psycopg.Connection[Any]) -> None:
        """Keep it for the next, unless it is broken or there are enough."""
        with suppress(psycopg.Error):
            if not connection.closed and connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
                connection.execute("ROLLBACK")
            if not connection.closed:
                with self._lock:
                    if len(self._idle) < _MOST_IDLE:
                        self._idle.append(connection)
                        return
        connection.close()

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Whatever the driver raises becomes ours."""
        try:
            yield
        except psycopg.Error as error:
            raise self._unavailable(error) from error

    def close_idle(self) -> None:
        """End what is kept; the pool goes on."""
        while (idle := self._take_idle()) is not None:
            idle.close()

    def _take_idle(self) -> psycopg.Connection[Any] | None:
        with self._lock:
            return self._idle.pop() if self._idle else None

    def _fresh(self, first: str) -> psycopg.Connection[Any]:
        secret = self._url.get_secret_value()
        given = conninfo_to_dict(secret)
        connection: psycopg.Connection[Any] = psycopg.connect(
            secret,
            autocommit=True,  # transactions are begun in words
            cursor_factory=psycopg.ClientCursor,  # the values' types are clear without asking the server
            options=f"{given.get('options') or ''} {_SESSION} -c search_path={SCHEMA}".strip(),
            connect_timeout=given.get("connect_timeout") or 10,
            application_name=given.get("application_name") or SCHEMA,
            # a server that vanished without a word is noticed within half a minute
            keepalives_idle=10,
            keepalives_interval=5,
            keepalives_count=3,
            tcp_user_timeout=30_000,
        )
        try:
            if not self._was_reached:
                _lay_out(connection)
            connection.execute(first)
        except BaseException:
            connection.close()
            raise
        self._was_reached = True
        return connection

    def _unavailable(self, error: psycopg.Error) -> StateUnavailable:
        given = conninfo_to_dict(self._url.get_secret_value())
        where = f"{given.get('host', 'localhost')}:{given.get('port', 5432)}/{given.get('dbname', '')}"
        reason = " ".join(str(error).split()) or type(error).__name__
        if password := str(given.get("password") or ""):
            reason = reason.replace(password, "***")
        return StateUnavailable(f"The state database {where} of AMAZON_STATE_URL cannot be used: {reason}")


def _lay_out(connection: psycopg.Connection[Any]) -> None:
    """Make the tables that are not there."""
    if _version(connection) >= VERSION:
        return
    connection.execute(f"BEGIN; SELECT pg_advisory_xact_lock({_TURN})")
    if _version(connection) < VERSION:  # nobody else has made them meanwhile
        connection.execute(
            f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}; {POSTGRES}"
            "CREATE TABLE IF NOT EXISTS state_version (version INTEGER NOT NULL); DELETE FROM state_version; "
            f"INSERT INTO state_version VALUES ({VERSION})"
        )
    connection.execute("COMMIT")


def _version(connection: psycopg.Connection[Any]) -> int:
    if not _is_true(connection, f"SELECT to_regclass('{SCHEMA}.state_version') IS NOT NULL"):
        return 0
    row = connection.execute("SELECT max(version) FROM state_version").fetchone()
    return int(row[0] or 0) if row else 0


_pools: dict[str, _Pool] = {}
_pools_lock = threading.Lock()


def _pool(url: SecretStr) -> _Pool:
    with _pools_lock:
        return _pools.setdefault(url.get_secret_value(), _Pool(url))


_of_the_parent: list[dict[str, _Pool]] = []


def _forget() -> None:
    """In a forked child: the parent's connections are not ours to use, nor to end."""
    global _pools, _pools_lock  # a fork may come while another thread holds the lock
    _of_the_parent.append(_pools)
    _pools, _pools_lock = {}, threading.Lock()


def _end() -> None:
    for pool in _pools.values():
        pool.close_idle()


atexit.register(_end)
os.register_at_fork(after_in_child=_forget)


@lru_cache(maxsize=256)
def _translated(sql: str) -> str:
    """Parameters as the driver writes them: ``?`` is ``%s``, ``:name`` is ``%(name)s``."""
    named = re.sub(r"(?<![:\w]):([a-z_]+)", r"%(\1)s", sql.replace("%", "%%"))
    return named.replace("?", "%s")
