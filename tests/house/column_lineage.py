"""Which columns each column of a derived mart is made from, read from the SQL.

The answer is kept as ``amazon_pipeline/marts/lineage.json``, because to find it takes a parser and some seconds. Make
it anew with ``uv run python -m tests.house.column_lineage``; a test compares the two.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from sqlglot import exp
from sqlglot.lineage import lineage

from amazon_pipeline.marts.build import DERIVED, VIEWS
from amazon_pipeline.marts.sql_files import mart_sql
from amazon_pipeline.schemas import MART_TABLES, STAGING_TABLES

FILE: Final = Path(__file__).resolve().parents[2] / "amazon_pipeline" / "marts" / "lineage.json"
_JOINS: Final = {"seller_id", "marketplace_id", "seller_sku", "pool_marketplace_id", "pool_seller_sku"}
"""What rows are found by is said of the columns of these names alone, or every figure would be made of them."""
_KNOWN_MARKETPLACES: Final = ("marketplace_id", "country_code", "currency", "time_zone", "region")


def traced(name: str) -> dict[str, list[str]]:
    """Column to ``schema.table.column`` of each one its value is taken from or computed with, sorted."""
    return {column: _sources(name, column) for column in MART_TABLES[name].column_names}


def as_text() -> str:
    """The file for all derived marts."""
    return json.dumps({name: traced(name) for name in DERIVED}, indent=1, sort_keys=True) + "\n"


def _sources(name: str, column: str) -> list[str]:
    views: dict[str, Any] = {view: mart_sql(view) for view in VIEWS}
    root = lineage(column, mart_sql(name), schema=_schema(), sources=views, dialect="duckdb")
    found = set()
    for node in root.walk():
        table = node.source
        if not node.downstream and isinstance(table, exp.Table) and table.db in ("mart", "staging"):
            source = node.name.rpartition(".")[2].strip('"')
            if source == column or source not in _JOINS:
                found.add(f"{table.db}.{table.name}.{source}")
    return sorted(found)


def _schema() -> dict[str, Any]:
    found: dict[str, Any] = {"meta": {"known_marketplaces": dict.fromkeys(_KNOWN_MARKETPLACES, "VARCHAR")}}
    for table in (*MART_TABLES.values(), *STAGING_TABLES.values()):
        found.setdefault(table.schema, {})[table.name] = {column.name: column.type for column in table.columns}
    return found


if __name__ == "__main__":
    FILE.write_text(as_text(), encoding="utf-8")
