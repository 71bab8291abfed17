"""Opening the warehouse, a file or a lake: alone, for a short time, and always closed again."""

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
from amazon_pipeline.lakes import Lake
from amazon_pipeline.marketplaces import MARKETPLACES
from amazon_pipeline.schemas import MART_TABLES, STAGING_TABLES
from amazon_pipeline.warehouse.lake import RETRY_SECONDS, connect, release
from amazon_pipeline.warehouse.lake_errors import explained, is_of_the_lake

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
    where: Path | Lake,
    *,
    wait_seconds: float = LOCK_WAIT_SECONDS,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse, open for writing and with all its tables; closed when the body ends or raises.

    Raises WarehouseUnavailable as ``open_as_found`` does, and WarehouseOutdated for one with another version's tables.
    """
    with open_as_found(where, wait_seconds=wait_seconds, sleep=sleep) as connection:
        found = made_by(connection)
        if found is None:
            with transaction(connection):
                lay_out(connection)
        elif found.schema_version != SCHEMA_VERSION:
            raise _of_another_version(where, found)
        yield connection


@contextmanager
def open_as_found(
    where: Path | Lake,
    *,
    wait_seconds: float = LOCK_WAIT_SECONDS,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse as it is, whatever its tables; closed when the body ends or raises.

    One process writes: another one that has it open is waited for, ``wait_seconds`` at the most. Raises
    WarehouseUnavailable, naming the file or the lake and who holds it, or what is wrong with it.
    """
    connection = _connect(where, wait_seconds, sleep)
    is_sound = True
    try:
        yield connection
    except duckdb.Error as error:
        is_sound = False
        if isinstance(where, Lake) and is_of_the_lake(error):
            raise explained(where, error) from error
        if isinstance(where, Path) and "Corrupt database file" in str(error):
            raise WarehouseUnavailable(
                f"The working file {where} is damaged ({_first_line(error)}). {_REBUILD}"
            ) from error
        raise
    finally:
        if isinstance(where, Lake):
            release(where, connection, is_sound=is_sound)
        else:
            with _OPENING_OR_CLOSING:
                connection.close()


def made_by(connection: duckdb.DuckDBPyConnection) -> MadeBy | None:
    """Whose tables the warehouse has; None for a new one."""
    try:
        cursor = connection.execute("SELECT * FROM meta.schema_version")
    except duckdb.CatalogException:  # asking duckdb_tables() costs a lake a tenth of a second
        return None
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


def checkpoint(connection: duckdb.DuckDBPyConnection) -> None:
    """Write all into the file itself. A lake has what is committed in its files already."""
    if not is_lake(connection):
        connection.execute("CHECKPOINT")


def is_lake(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the connection is to a lake."""
    kind = connection.execute("SELECT type FROM duckdb_databases() WHERE database_name = current_database()").fetchone()
    return kind == ("ducklake",)


def _connect(where: Path | Lake, wait_seconds: float, sleep: Callable[[float], None]) -> duckdb.DuckDBPyConnection:
    if isinstance(where, Lake):
        connection = connect(where, wait_seconds, sleep)
    else:
        connection = _connect_to_file(where, wait_seconds, sleep)
    _configure(connection)
    return connection


def _connect_to_file(path: Path, wait_seconds: float, sleep: Callable[[float], None]) -> duckdb.DuckDBPyConnection:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.stat().st_size == 0:
        _make(path)
    waited = 0.0
    while True:
        try:
            with _OPENING_OR_CLOSING:
                return duckdb.connect(path)
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
            sleep(RETRY_SECONDS)
            waited += RETRY_SECONDS


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


def _of_another_version(where: Path | Lake, found: MadeBy) -> WarehouseUnavailable:
    what = f"The warehouse in {where}" if isinstance(where, Lake) else f"The working file {where}"
    made, ours = found.product or "an earlier version", product_version()
    if found.is_newer:
        return WarehouseUnavailable(
            f"{what} was made by version {made} of this program, which is newer than this one, "
            f"{ours}. Install {made} again, or run amazon-pipeline rebuild: it makes {_it(where)} anew "
            f"with the tables of {ours}."
        )
    return WarehouseOutdated(
        f"{what} has the tables of {made}, not those of this program, {ours}. The next sync brings it up to date."
    )


def refuse_newer(where: Path | Lake, found: MadeBy) -> None:
    """Raises WarehouseUnavailable, naming both versions, for a warehouse that a newer program made."""
    if found.is_newer:
        raise _of_another_version(where, found)


def _it(where: Path | Lake) -> str:
    return "it" if isinstance(where, Lake) else "the file"


def _numbers(product: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", product)[:3])


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
