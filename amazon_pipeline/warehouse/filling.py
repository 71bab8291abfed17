"""Filling a lake with the rows of a working file: how one is made anew, and how a warehouse moves to it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import duckdb

from amazon_pipeline.lakes import Lake
from amazon_pipeline.warehouse.connection import TABLES, lay_out, open_as_found, transaction

_FILE: Final = "rebuilt"
_WRITTEN_ANEW: Final = "meta.known_marketplaces"
"""By ``lay_out``."""


def fill_lake(lake: Lake, file: Path) -> None:
    """Give the lake this program's tables and the file's rows, in one transaction: until it ends the old ones stay.

    The file must have this program's tables and be open nowhere.
    """
    with open_as_found(lake) as connection:
        escaped = str(file).replace("'", "''")
        connection.execute(f"ATTACH '{escaped}' AS {_FILE} (READ_ONLY)")
        try:
            with transaction(connection):
                _drop_all(connection)
                lay_out(connection)
                for table in TABLES:
                    if table.qualified_name != _WRITTEN_ANEW:
                        name = table.qualified_name
                        connection.execute(f"INSERT INTO {name} BY NAME FROM {_FILE}.{name}")
        finally:
            connection.execute(f"DETACH {_FILE}")


def _drop_all(connection: duckdb.DuckDBPyConnection) -> None:
    for schema, name in connection.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database() "
        "AND schema_name IN ('mart', 'staging', 'meta')"
    ).fetchall():
        connection.execute(f'DROP TABLE {schema}."{name}"')
