"""The replica: a DuckDB file with the rows of the lake, from which snapshots are published.

It is brought up to date by what changed in the lake since it was last (DuckLake's change feed), so that publishing
costs what changed and not what there is. It is made anew, by a full copy, where it is missing, damaged, of other
tables, or behind snapshots that the lake has forgotten. It holds nothing that the lake does not.

Why a count is proof. Of each key that the feed names, all rows leave the replica, and those come that the feed brings
and does not take away again. What is left is a part of the lake's rows, each of them right: if there are as many, they
are the same. Where they are fewer (two rows of one key, of which one changed) the table is copied.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import duckdb

from amazon_pipeline.schemas import Table
from amazon_pipeline.warehouse.connection import SCHEMA_VERSION, TABLES, lay_out, transaction
from amazon_pipeline.warehouse.lake import NAME as LAKE
from amazon_pipeline.warehouse.lake_errors import is_of_the_lake

_REPLICA: Final = "replica"

_ROWS_ONLY: Final = frozenset(
    {
        "tables_inserted_into",
        "tables_deleted_from",
        "inlined_insert",
        "inlined_delete",
        "flushed_inlined",
        "merge_adjacent",
        "rewrite_delete",
    }
)
"""What a snapshot of the lake may have changed for the feed to tell all of it; else tables were made or changed."""


@dataclass
class Refreshed:
    """What bringing the replica up to date took: rows that came by the feed; tables that were copied whole."""

    rows: int = 0
    copied: list[str] = field(default_factory=list)


def refresh(connection: duckdb.DuckDBPyConnection, path: Path) -> Refreshed:
    """Make the file at ``path`` hold the rows that the lake has now; one that cannot be used is made anew.

    The file is whole at any moment: its new rows, and the snapshot that they are of, come in one transaction.
    """
    if path.exists():
        try:
            with _attached(connection, path):
                return _bring_up_to_date(connection)
        except duckdb.Error as error:
            if is_of_the_lake(error):
                raise
            path.unlink()  # it is only a copy: whatever is wrong with it, another one can be made
            path.with_name(path.name + ".wal").unlink(missing_ok=True)
    with _attached(connection, path):
        return _bring_up_to_date(connection)


@contextmanager
def _attached(connection: duckdb.DuckDBPyConnection, path: Path) -> Iterator[None]:
    escaped = str(path).replace("'", "''")
    connection.execute(f"ATTACH '{escaped}' AS {_REPLICA}")
    try:
        yield
    finally:
        connection.execute(f"DETACH {_REPLICA}")


def _bring_up_to_date(connection: duckdb.DuckDBPyConnection) -> Refreshed:
    with transaction(connection):
        now = _number(connection, f"SELECT id FROM {LAKE}.current_snapshot()")
        known = _known_snapshot(connection)
        changed = None if known is None else _changed_tables(connection, known, now)
        refreshed = _copy_all(connection) if changed is None else _take_changes(connection, changed, known or 0, now)
        connection.execute(
            f"CREATE OR REPLACE TABLE {_REPLICA}.meta.lake_snapshot AS SELECT {now}::BIGINT AS snapshot_id, "
            f"{SCHEMA_VERSION}::BIGINT AS schema_version"
        )
    connection.execute(f"CHECKPOINT {_REPLICA}")
    return refreshed


def _known_snapshot(connection: duckdb.DuckDBPyConnection) -> int | None:
    """The lake's snapshot that the replica has the rows of; None if it has none, or other tables than these."""
    try:
        row = connection.execute(
            f"SELECT snapshot_id FROM {_REPLICA}.meta.lake_snapshot WHERE schema_version = {SCHEMA_VERSION}"
        ).fetchone()
    except duckdb.CatalogException:
        return None
    return int(row[0]) if row else None


def _changed_tables(connection: duckdb.DuckDBPyConnection, known: int, now: int) -> list[Table] | None:
    """The tables of which rows came or went since; None if the lake cannot tell, or if more than rows changed."""
    snapshots = connection.execute(
        f"SELECT snapshot_id, changes FROM ducklake_snapshots('{LAKE}') WHERE snapshot_id BETWEEN {known} AND {now}"
    ).fetchall()
    if len(snapshots) != now - known + 1:
        return None  # it has forgotten some, or is another lake
    changes = [change for number, change in snapshots if number != known]
    if any(set(change) - _ROWS_ONLY for change in changes):
        return None
    ids = {int(one) for change in changes for listed in change.values() for one in listed}
    names = dict(connection.execute(f"SELECT table_id, table_name FROM ducklake_table_info('{LAKE}')").fetchall())
    return [table for table in TABLES if table.name in {names[one] for one in ids}]


def _copy_all(connection: duckdb.DuckDBPyConnection) -> Refreshed:
    for schema, name in connection.execute(
        f"SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = '{_REPLICA}'"
    ).fetchall():
        connection.execute(f'DROP TABLE {_REPLICA}.{schema}."{name}"')
    connection.execute(f"USE {_REPLICA}")
    try:
        lay_out(connection)
    finally:
        connection.execute(f"USE {LAKE}")
    refreshed = Refreshed()
    for table in TABLES:
        _copy(connection, table, refreshed)
    return refreshed


def _copy(connection: duckdb.DuckDBPyConnection, table: Table, refreshed: Refreshed) -> None:
    name = table.qualified_name
    connection.execute(f"DELETE FROM {_REPLICA}.{name}")
    connection.execute(f"INSERT INTO {_REPLICA}.{name} BY NAME FROM {LAKE}.{name}")
    refreshed.copied.append(name)


def _take_changes(connection: duckdb.DuckDBPyConnection, tables: list[Table], known: int, now: int) -> Refreshed:
    refreshed = Refreshed()
    for table in tables:
        name = table.qualified_name
        feed = f"ducklake_table_changes('{LAKE}', '{table.schema}', '{table.name}', {known + 1}, {now})"
        connection.execute(f"CREATE OR REPLACE TEMP TABLE feed AS FROM {feed}")
        key = ", ".join(f'"{column}"' for column in table.key)
        same = " AND ".join(f'r."{column}" IS NOT DISTINCT FROM k."{column}"' for column in table.key)
        connection.execute(
            f"DELETE FROM {_REPLICA}.{name} AS r USING (SELECT DISTINCT {key} FROM feed) AS k WHERE {same}"
        )
        refreshed.rows += _number(
            connection,
            f"""INSERT INTO {_REPLICA}.{name} BY NAME
                SELECT * EXCLUDE (snapshot_id, rowid, change_type) FROM (
                  FROM feed QUALIFY row_number() OVER (
                    PARTITION BY rowid ORDER BY snapshot_id DESC, change_type = 'update_postimage' DESC) = 1)
                WHERE change_type IN ('insert', 'update_postimage')""",
        )
        if _number(connection, f"SELECT count(*) FROM {_REPLICA}.{name}") != _number(
            connection, f"SELECT count(*) FROM {LAKE}.{name}"
        ):
            _copy(connection, table, refreshed)
    connection.execute("DROP TABLE IF EXISTS feed")
    return refreshed


def _number(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(connection.execute(query).fetchall()[0][0])
