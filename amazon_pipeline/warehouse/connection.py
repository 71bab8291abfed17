"""Opening the working file: alone, for a short time, and always closed again."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import duckdb

from amazon_pipeline.errors import WarehouseUnavailable
from amazon_pipeline.marketplaces import MARKETPLACES
from amazon_pipeline.schemas import MART_TABLES, STAGING_TABLES

SCHEMA_VERSION: Final = (
    zlib.crc32("\n".join(table.create_sql() for table in (*MART_TABLES.values(), *STAGING_TABLES.values())).encode())
    & 0x7FFFFFFF
)
"""Changes whenever a table does, so that a file of other tables is recognized and not run into."""
LOCK_WAIT_SECONDS: Final = 30.0
MEMORY_LIMIT_BYTES: Final = 3_000_000_000
"""What DuckDB may hold: Python and what it does not count fit beside it in 4 GiB; more spills beside the file."""
_RETRY_SECONDS: Final = 0.2
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@contextmanager
def open_warehouse(
    path: Path,
    *,
    wait_seconds: float = LOCK_WAIT_SECONDS,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The working file, open for writing and with all its tables; closed when the body ends or raises.

    DuckDB lets one process write: another one that has the file open is waited for, ``wait_seconds`` at the most.
    Raises WarehouseUnavailable, naming the file and who holds it, or saying that it is no DuckDB file.
    """
    connection = _connect(path, wait_seconds, sleep)
    try:
        _ensure_tables(connection, path)
        yield connection
    finally:
        connection.close()


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All or nothing: commits when the body ends, rolls back when it raises."""
    connection.execute("BEGIN TRANSACTION")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def from_microseconds(since_1970: int) -> datetime:
    """A time as ``epoch_us`` gives it, as aware UTC. (Fetching TIMESTAMPTZ as objects needs pytz.)"""
    return _EPOCH + timedelta(microseconds=since_1970)


def _connect(path: Path, wait_seconds: float, sleep: Callable[[float], None]) -> duckdb.DuckDBPyConnection:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size == 0:
        path.unlink()  # a process was killed while DuckDB made it; DuckDB refuses such a file
    waited = 0.0
    while True:
        try:
            connection = duckdb.connect(path)
        except duckdb.Error as error:
            if "lock" not in str(error):
                raise WarehouseUnavailable(
                    f"The working file {path} cannot be opened ({_first_line(error)}). Run amazon-pipeline rebuild: "
                    "it makes the file again from the landed pages."
                ) from error
            if waited >= wait_seconds:
                raise WarehouseUnavailable(
                    f"The working file {path} is held by another program ({_first_line(error)}). "
                    "Only the pipeline may open it; read the published amazon.duckdb instead."
                ) from error
            sleep(_RETRY_SECONDS)
            waited += _RETRY_SECONDS
        else:
            _configure(connection)
            return connection


def _configure(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")  # drawn into the output of processes without a terminal
    # DuckDB's own limit is most of the machine's memory: on a small machine it is the lower one, and stays
    limits = connection.execute("SELECT parse_formatted_bytes(current_setting('memory_limit'))").fetchall()
    if limits[0][0] > MEMORY_LIMIT_BYTES:
        connection.execute(f"SET memory_limit = '{MEMORY_LIMIT_BYTES}B'")


def _ensure_tables(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    found = connection.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'meta' AND table_name = 'schema_version'"
    ).fetchone()
    if found and found[0]:
        version = connection.execute("SELECT version FROM meta.schema_version").fetchall()
        if version != [(SCHEMA_VERSION,)]:
            raise WarehouseUnavailable(
                f"The working file {path} was made by another version of this program, with other tables. "
                "Run amazon-pipeline rebuild: it makes the file again from the landed pages."
            )
        return
    with transaction(connection):
        for schema in ("mart", "staging", "meta"):
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        for table in (*MART_TABLES.values(), *STAGING_TABLES.values()):
            connection.execute(table.create_sql())
            for statement in table.comment_sql():
                connection.execute(statement)
        connection.executemany(
            "INSERT INTO meta.known_marketplaces VALUES (?, ?, ?, ?, ?)",
            [
                (one.marketplace_id, one.country_code, one.currency, one.time_zone, one.region)
                for one in MARKETPLACES.values()
            ],
        )
        connection.execute("CREATE TABLE meta.schema_version AS SELECT ?::INTEGER AS version", [SCHEMA_VERSION])


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
