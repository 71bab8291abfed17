"""Bringing the tables of an older working file up to date, where they stand.

Everything happens in one transaction: a process that dies leaves the file as it was. What can be made in place is a new
table, a column that may be NULL, a column that is gone, another order of columns. Tables that are made from others are
emptied, and the next sync fills them. What needs values that only the landed pages have is not made here.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import duckdb

from amazon_pipeline.lakes import Lake
from amazon_pipeline.schemas import Table
from amazon_pipeline.warehouse.connection import (
    SCHEMA_VERSION,
    TABLES,
    checkpoint,
    lay_out,
    made_by,
    open_as_found,
    refuse_newer,
    transaction,
)
from amazon_pipeline.warehouse.stale_sales import mark_sales

_FILLED_ANEW: Final = frozenset(
    {"staging.planning_defaults", "staging.stock_thresholds", "meta.publication", "meta.known_marketplaces"}
)
"""Beside the derived marts: what each sync writes whole."""

_SALES: Final = frozenset({"mart.sales_hourly", "mart.sales_daily"})
"""Marts of which a sync makes only the hours and days that are marked."""

_AS_DUCKDB_SAYS: Final = {"TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE"}

_Columns = list[tuple[str, str, bool]]
"""Of a table, in its order: name, DuckDB type, whether it may be NULL."""


@dataclass
class Migration:
    """What a file needs to be up to date, and has been given unless ``outgrown``.

    ``outgrown`` says, a sentence each, what cannot be made in place: then nothing was changed.
    """

    made_by: str
    emptied: list[str] = field(default_factory=list)
    copied: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    outgrown: list[str] = field(default_factory=list)


def migrate(where: Path | Lake, *, derived: Collection[str]) -> Migration | None:
    """Bring the warehouse's tables up to date; None if they are, or if there are none. The caller holds the sync lock.

    ``derived`` are the marts (``mart.sales_daily``) that a sync makes from the others. Raises WarehouseUnavailable,
    naming both versions, for a file of a newer program.
    """
    if isinstance(where, Path) and not where.exists():
        return None
    with open_as_found(where) as connection:
        found = made_by(connection)
        if found is None or found.schema_version == SCHEMA_VERSION:
            return None
        refuse_newer(where, found)
        remade = {*derived, *_FILLED_ANEW}
        plan = _plan(connection, found.product or "an earlier version", remade)
        if not plan.outgrown:
            with transaction(connection):
                _carry_out(connection, plan)
            checkpoint(connection)
    return plan


def _plan(connection: duckdb.DuckDBPyConnection, maker: str, remade: Collection[str]) -> Migration:
    there = _tables(connection)
    is_used = bool(connection.execute("SELECT 1 FROM staging.staged_batches LIMIT 1").fetchone())
    plan = Migration(maker, dropped=sorted(set(there) - {table.qualified_name for table in TABLES}))
    for table in TABLES:
        name = table.qualified_name
        found, wanted = there.get(name), _columns(table)
        if found is None:
            if is_used and table.schema == "mart" and name not in remade:
                plan.outgrown.append(f"{name} is new and is filled from the landed pages")
            elif name in _SALES:
                plan.emptied.append(name)
        elif found == wanted:
            continue
        elif name in remade or not connection.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchone():
            plan.emptied.append(name)
        elif reasons := _incompatible(found, wanted):
            plan.outgrown += [f"{name}.{reason}" for reason in reasons]
        else:
            plan.copied.append(name)
    return plan


def _incompatible(found: _Columns, wanted: _Columns) -> list[str]:
    """Columns whose values the rows that are there cannot have."""
    before = {name: (kind, nullable) for name, kind, nullable in found}
    reasons = []
    for name, kind, nullable in wanted:
        if name not in before:
            if not nullable:
                reasons.append(f"{name} is new and never NULL")
        elif before[name][0] != kind:
            reasons.append(f"{name} was {before[name][0]} and is {kind}")
        elif before[name][1] and not nullable:
            reasons.append(f"{name} could be NULL and never is")
    return reasons


def _carry_out(connection: duckdb.DuckDBPyConnection, plan: Migration) -> None:
    there = _tables(connection)
    are_sales_stale = bool(_SALES & {*plan.emptied, *plan.copied}) or _means_something_else(connection, _SALES)
    for name in (*plan.dropped, *plan.emptied):
        connection.execute(f"DROP TABLE IF EXISTS {name}")
    for name in plan.copied:
        connection.execute(f"ALTER TABLE {name} RENAME TO {_before(name)}")
    lay_out(connection)
    for name in plan.copied:
        old = f"{name.partition('.')[0]}.{_before(name)}"
        wanted = {column for table in TABLES if table.qualified_name == name for column in table.column_names}
        shared = ", ".join(f'"{column}"' for column, _, _ in there[name] if column in wanted)
        connection.execute(f"INSERT INTO {name} BY NAME SELECT {shared} FROM {old}")
        connection.execute(f"DROP TABLE {old}")
    if are_sales_stale:
        mark_sales(connection, "true", {})


def _before(name: str) -> str:
    return f"{name.partition('.')[2]}__before"


def _tables(connection: duckdb.DuckDBPyConnection) -> dict[str, _Columns]:
    """The file's tables by qualified name, but for the one that holds their version."""
    found: dict[str, _Columns] = {}
    for schema, table, column, kind, nullable in connection.execute(
        """SELECT schema_name, table_name, column_name, data_type, is_nullable
           FROM duckdb_columns() JOIN duckdb_tables() USING (database_name, schema_name, table_name)
           WHERE database_name = current_database() AND schema_name IN ('mart', 'staging', 'meta')
             AND (schema_name, table_name) <> ('meta', 'schema_version')
           ORDER BY schema_name, table_name, column_index"""
    ).fetchall():
        found.setdefault(f"{schema}.{table}", []).append((column, kind, nullable))
    return found


def _columns(table: Table) -> _Columns:
    return [(column.name, _AS_DUCKDB_SAYS.get(column.type, column.type), column.nullable) for column in table.columns]


def _means_something_else(connection: duckdb.DuckDBPyConnection, names: Collection[str]) -> bool:
    """Whether the file describes one of these tables in other words than the schemas do."""
    wanted = {
        (name, column): meaning
        for table in TABLES
        if (name := table.qualified_name) in names
        for column, meaning in (("", table.description), *((one.name, one.meaning) for one in table.columns))
    }
    found = connection.execute(
        """SELECT schema_name || '.' || table_name, column_name, comment FROM duckdb_columns()
           WHERE database_name = current_database()
           UNION ALL SELECT schema_name || '.' || table_name, '', comment FROM duckdb_tables()
           WHERE database_name = current_database()"""
    ).fetchall()
    return {(table, column): comment for table, column, comment in found if table in names} != wanted
