"""A process's session with a DuckLake: an in-memory DuckDB with the catalogue attached, and the right to write.

DuckDB gives a file to one process at a time, and this room relies on it. A lake has many writers, so this process takes
a lock of PostgreSQL's for as long as it has the lake open (``pg_try_advisory_xact_lock``): whoever else wants it waits,
as for the file. A process that dies loses its connection and so the lock. Should a lock be lost while its holder lives,
DuckLake itself refuses the second of two commits that touch the same rows.
"""

from __future__ import annotations

import os
import platform
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import duckdb

from amazon_pipeline.errors import WarehouseHeld, WarehouseUnavailable
from amazon_pipeline.lakes import Lake, ObjectStore
from amazon_pipeline.warehouse.extensions import load_extension
from amazon_pipeline.warehouse.lake_errors import explained

NAME: Final = "warehouse"
"""What the lake is called in the process's DuckDB."""
RETRY_SECONDS: Final = 0.2
_LOCK_DATABASE: Final = "catalogue_lock"
_LOCK: Final = "1634558318, 1818323813"
"""Two numbers of our own: ``amzn`` and ``lake``. Locks of PostgreSQL are per database."""
_ATTACHING_LOCK: Final = "1634558318, 1635021921"
"""``amzn`` and ``atta``: held for the moment in which a process attaches the lake, beside whoever writes it."""
_WHO_HOLDS: Final = f"""
SELECT application_name, coalesce(client_addr::text, 'this machine')
FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE locktype = 'advisory' AND granted AND (classid, objid) = ({_LOCK.replace(",", "::oid,")}::oid)
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_CONNECT_SECONDS: Final = "10"
_NO_INSTALLS: Final = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
_SESSIONS: Final[dict[tuple[int, Lake], _Session]] = {}
"""Of this process (a fork has none): opening one costs half a second of CPU, and a sync opens the warehouse often."""
_TURN: Final = threading.Lock()


class _Session:
    """A DuckDB instance with the lake attached; its users in this process; and what holds the lock for them."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        self.users = 0
        self.is_sound = True
        self._holder: duckdb.DuckDBPyConnection | None = None
        self.instance = _attach(lake)

    def take_lock(self) -> str | None:
        """Take the lock; or say who has it."""
        if self._holder is not None:
            return None
        holder = self.instance.cursor()
        holder.execute("BEGIN TRANSACTION")
        if _ask(holder, f"SELECT pg_try_advisory_xact_lock({_LOCK})")[0][0]:
            self._holder = holder
            return None
        found = _ask(holder, _WHO_HOLDS)
        _end(holder)
        return " at ".join(str(part) for part in found[0]) if found else "which ended just now"

    def give_back(self) -> None:
        """Let others have the lake."""
        if self._holder is not None:
            _end(self._holder)
            self._holder = None

    def close(self) -> None:
        """End it."""
        self.give_back()
        self.instance.close()


def connect(lake: Lake, wait_seconds: float, sleep: Callable[[float], None]) -> duckdb.DuckDBPyConnection:
    """A connection that no other process writes beside; ``release`` gives it back.

    Raises WarehouseHeld, WarehouseUnreachable and WarehouseUnavailable, each naming the setting and no secret.
    """
    waited = 0.0
    while True:
        with _TURN:
            session = _session(lake)
            try:
                holder = session.take_lock()
            except duckdb.Error:  # the server was started anew, or its connection was cut: once more, from the start
                _drop(session)
                session = _session(lake)
                try:
                    holder = session.take_lock()
                except duckdb.Error as error:
                    raise explained(lake, error) from error
            if holder is None:
                connection = session.instance.cursor()
                connection.execute(f"USE {NAME}")
                session.users += 1
                return connection
        if waited >= wait_seconds:
            raise WarehouseHeld(
                f"The warehouse in {lake} is held by another process of the pipeline ({holder}). It is tried again."
            )
        sleep(RETRY_SECONDS)
        waited += RETRY_SECONDS


def release(lake: Lake, connection: duckdb.DuckDBPyConnection, *, is_sound: bool) -> None:
    """Close a connection of ``connect``; the last of this process lets others have the lake.

    After an error (``is_sound`` false) the session is not used again: its connections to PostgreSQL may be broken.
    """
    with _TURN:
        _end(connection)
        session = _SESSIONS[os.getpid(), lake]
        session.users -= 1
        session.is_sound = session.is_sound and is_sound
        if session.users == 0:
            if session.is_sound:
                session.give_back()
            else:
                _drop(session)


def _end(connection: duckdb.DuckDBPyConnection) -> None:
    """Close it, whatever it was in: closing one whose transaction has lost its server would end the whole process."""
    with suppress(duckdb.Error):
        connection.execute("ROLLBACK")
    connection.close()


def _session(lake: Lake) -> _Session:
    key = os.getpid(), lake
    if key not in _SESSIONS:
        try:
            _SESSIONS[key] = _Session(lake)
        except duckdb.Error as error:
            raise explained(lake, error) from error
    return _SESSIONS[key]


def _drop(session: _Session) -> None:
    del _SESSIONS[os.getpid(), session.lake]
    session.close()


def _attach(lake: Lake) -> duckdb.DuckDBPyConnection:
    lake.scratch.mkdir(parents=True, exist_ok=True)
    instance = duckdb.connect(config={**_NO_INSTALLS, "temp_directory": str(lake.scratch / "spill")})
    try:
        for name in ("postgres_scanner", "ducklake", *(("httpfs",) if lake.is_in_a_bucket else ())):
            load_extension(instance, name)
        # in a secret, because DuckDB shows the address of what is attached
        password = f", PASSWORD {_quoted(lake.password.get_secret_value())}" if lake.password else ""
        instance.execute(f"CREATE SECRET catalogue (TYPE postgres{password})")
        if lake.store is not None:
            instance.execute(_store_secret(lake.store))
        address = _parameters(lake)
        instance.execute(f"ATTACH {_quoted(address)} AS {_LOCK_DATABASE} (TYPE postgres, SECRET catalogue)")
        with _one_at_a_time(instance):
            instance.execute(
                f"ATTACH {_quoted(f'ducklake:postgres:{address}')} AS {NAME} "
                f"(DATA_PATH {_quoted(lake.data)}, META_SECRET catalogue)"
            )
            _see_to_the_directory(lake, instance)
    except BaseException:
        instance.close()
        raise
    return instance


@contextmanager
def _one_at_a_time(instance: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Who attaches a lake first makes its catalogue, and fails where another process is making it."""
    turn = instance.cursor()
    turn.execute("BEGIN TRANSACTION")
    try:
        _ask(turn, f"SELECT pg_advisory_xact_lock({_ATTACHING_LOCK})::text")
        yield
    finally:
        _end(turn)


def _parameters(lake: Lake) -> str:
    """libpq's, with a name by which a person finds this process in pg_stat_activity."""
    ours = {
        "application_name": f"amazon-pipeline on {platform.node()} (PID {os.getpid()})",
        "connect_timeout": _CONNECT_SECONDS,
    }
    found = ours | dict(lake.catalogue)
    return " ".join(f"{name}={_quoted(value, escape=True)}" for name, value in found.items())


def _store_secret(store: ObjectStore) -> str:
    fields = {"KEY_ID": store.key_id, "SECRET": store.secret.get_secret_value(), "REGION": store.region}
    if store.session_token is not None:
        fields["SESSION_TOKEN"] = store.session_token.get_secret_value()
    options = [f"{name} {_quoted(value)}" for name, value in fields.items()]
    if store.endpoint is not None:
        scheme, _, host = store.endpoint.rstrip("/").partition("://")
        options += [f"ENDPOINT {_quoted(host)}", f"USE_SSL {scheme == 'https'}", "URL_STYLE 'path'"]
    return f"CREATE SECRET store (TYPE s3, {', '.join(options)})"


def _see_to_the_directory(lake: Lake, instance: duckdb.DuckDBPyConnection) -> None:
    """Make the directory of a new lake. One that is gone is a disk that is not there, and is not made."""
    if lake.is_in_a_bucket or Path(lake.data).is_dir():
        return
    if instance.execute(f"SELECT 1 FROM ducklake_table_info('{NAME}') WHERE file_count > 0 LIMIT 1").fetchone():
        raise WarehouseUnavailable(
            f"AMAZON_WAREHOUSE_DATA: the directory {lake.data} is not there, but {lake} has rows in it. "
            "Mount it, or restore it from a backup."
        )
    Path(lake.data).mkdir(parents=True)


def _ask(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[object, ...]]:
    """Ask PostgreSQL itself."""
    return connection.execute(f"FROM postgres_query('{_LOCK_DATABASE}', {_quoted(query)})").fetchall()


def _quoted(text: str, *, escape: bool = False) -> str:
    """As a literal of SQL, or with ``escape`` of libpq."""
    if escape:
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return "'" + text.replace("'", "''") + "'"
