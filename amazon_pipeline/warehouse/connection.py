"""Opening the working file: alone, for a short time, and always closed again."""

from __future__ import annotations

import fcntl
import re
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Final

import duckdb

from amazon_pipeline.errors import WarehouseHeld, WarehouseOutdated, WarehouseUnavailable
from amazon_pipeline.marketplaces import MARKETPLACES
from amazon_pipeline.schemas import MART_TABLES, STAGING_TABLES

TABLES: Final = (*MART_TABLES.values(), *STAGING_TABLES.values())
_MARKETPLACES: Final = [
    (one.marketplace_id, one.country_code, one.currency, one.time_zone, one.region) for one in MARKETPLACES.values()
]
SCHEMA_VERSION: Final = (
    zlib.crc32(
        "\n".join(
            [line for table in TABLES for line in (table.create_sql(), *table.comment_sql())]
            + [repr(row) for row in _MARKETPLACES]
        ).encode()
    )
    & 0x7FFFFFFF
)
"""Changes whenever a table, or what a column means, does: so a file of other tables is recognized and brought up to
date (``migration.py``)."""
LOCK_WAIT_SECONDS: Final = 30.0
MEMORY_LIMIT_BYTES: Final = 3_000_000_000
"""What DuckDB may hold: Python and what it does not count fit beside it in 4 GiB; more spills beside the file."""
_RETRY_SECONDS: Final = 0.2
_REBUILD: Final = "Run amazon-pipeline rebuild: it makes the file again from the landed pages."
_OPENING_OR_CLOSING: Final = threading.Lock()
"""Threads of one process share DuckDB's instance of a file; opening it while the last of them closes it fails."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class MadeBy:
    """Which program a file's tables are of: their checksum, and the product's version, if the file says it."""

    schema_version: int
    product: str | None

    @property
    def is_newer(self) -> bool:
        """Whether a newer version of this product made the tables."""
        return self.product is not None and _numbers(self.product) > _numbers(product_version())


def product_version() -> str:
    """This product's version, ``0.1.0``."""
    return version("amazon-pipeline")


@contextmanager
def open_warehouse(
    path: Path,
    *,
    wait_seconds: float = LOCK_WAIT_SECONDS,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The working file, open for writing and with all its tables; closed when the body ends or raises.

    Raises WarehouseUnavailable as ``open_file`` does, and WarehouseOutdated for a file with another version's tables.
    """
    with open_file(path, wait_seconds=wait_seconds, sleep=sleep) as connection:
        found = made_by(connection)
        if found is None:
            with transaction(connection):
                lay_out(connection)
        elif found.schema_version != SCHEMA_VERSION:
            raise _of_another_version(path, found)
        yield connection


@contextmanager
def open_file(
    path: Path,
    *,
    wait_seconds: float = LOCK_WAIT_SECONDS,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The working file as it is, whatever its tables; closed when the body ends or raises.

    DuckDB lets one process write: another one that has the file open is waited for, ``wait_seconds`` at the most.
    Raises WarehouseUnavailable, naming the file and who holds it, or saying that it is damaged or no DuckDB file.
    """
    connection = _connect(path, wait_seconds, sleep)
    try:
        yield connection
    except duckdb.Error as error:
        if "Corrupt database file" in str(error):
            raise WarehouseUnavailable(
                f"The working file {path} is damaged ({_first_line(error)}). {_REBUILD}"
            ) from error
        raise
    finally:
        with _OPENING_OR_CLOSING:
            connection.close()


def made_by(connection: duckdb.DuckDBPyConnection) -> MadeBy | None:
    """Whose tables the file has; None for a new file."""
    there = connection.execute(
        "SELECT 1 FROM duckdb_tables() WHERE schema_name = 'meta' AND table_name = 'schema_version'"
    ).fetchone()
    if there is None:
        return None
    cursor = connection.execute("SELECT * FROM meta.schema_version")
    names = [column[0] for column in cursor.description or []]
    found = dict(zip(names, cursor.fetchone() or (0,), strict=False))
    return MadeBy(int(found["version"]), found.get("product"))


def lay_out(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the tables that are not there, and write every comment, the marketplaces and the version of all that.

    Inside the caller's transaction.
    """
    for schema in ("mart", "staging", "meta"):
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    for table in TABLES:
        connection.execute(table.create_sql())
        for statement in table.comment_sql():
            connection.execute(statement)
    connection.execute("DELETE FROM meta.known_marketplaces")
    connection.executemany("INSERT INTO meta.known_marketplaces VALUES (?, ?, ?, ?, ?)", _MARKETPLACES)
    connection.execute(
        "CREATE OR REPLACE TABLE meta.schema_version AS SELECT ?::INTEGER AS version, ?::VARCHAR AS product",
        [SCHEMA_VERSION, product_version()],
    )


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
    if not path.exists() or path.stat().st_size == 0:
        _make(path)
    waited = 0.0
    while True:
        try:
            with _OPENING_OR_CLOSING:
                connection = duckdb.connect(path)
        except duckdb.Error as error:
            if "Could not set lock" not in str(error):
                raise WarehouseUnavailable(
                    f"The working file {path} cannot be opened ({_first_line(error)}). {_REBUILD}"
                ) from error
            if waited >= wait_seconds:
                raise WarehouseHeld(
                    f"The working file {path} is held by another program ({_first_line(error)}). "
                    "Only the pipeline may open it; read the published amazon.duckdb instead."
                ) from error
            sleep(_RETRY_SECONDS)
            waited += _RETRY_SECONDS
        else:
            _configure(connection)
            return connection


def _make(path: Path) -> None:
    """Have DuckDB make the file, one process at a time: an empty one, left by a process that was killed, it refuses."""
    with path.with_name(f".{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if path.exists() and path.stat().st_size > 0:
            return  # another process has made it meanwhile
        path.unlink(missing_ok=True)
        try:
            duckdb.connect(path).close()
        except duckdb.Error as error:
            raise WarehouseUnavailable(
                f"The working file {path} cannot be opened ({_first_line(error)}). {_REBUILD}"
            ) from error


def _configure(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")  # drawn into the output of processes without a terminal
    # DuckDB's own limit is most of the machine's memory: on a small machine it is the lower one, and stays
    limits = connection.execute("SELECT parse_formatted_bytes(current_setting('memory_limit'))").fetchall()
    if limits[0][0] > MEMORY_LIMIT_BYTES:
        connection.execute(f"SET memory_limit = '{MEMORY_LIMIT_BYTES}B'")


def _of_another_version(path: Path, found: MadeBy) -> WarehouseUnavailable:
    made, ours = found.product or "an earlier version", product_version()
    if found.is_newer:
        return WarehouseUnavailable(
            f"The working file {path} was made by version {made} of this program, which is newer than this one, "
            f"{ours}. Install {made} again, or run amazon-pipeline rebuild: it makes the file anew "
            f"with the tables of {ours}."
        )
    return WarehouseOutdated(
        f"The working file {path} has the tables of {made}, not those of this program, {ours}. "
        "The next sync brings it up to date."
    )


def refuse_newer(path: Path, found: MadeBy) -> None:
    """Raises WarehouseUnavailable, naming both versions, for a file that a newer program made."""
    if found.is_newer:
        raise _of_another_version(path, found)


def _numbers(product: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", product)[:3])


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
