"""Polars types and pandera schemas, made from the tables' columns."""

from __future__ import annotations

from typing import Any, Final

import pandera.polars as pa
import polars as pl

from amazon_pipeline.schemas.table import Column, DuckDBType, Table

_POLARS: Final[dict[DuckDBType, Any]] = {
    "VARCHAR": pl.String,
    "INTEGER": pl.Int32,
    "BIGINT": pl.Int64,
    "BOOLEAN": pl.Boolean,
    "DATE": pl.Date,
    "DOUBLE": pl.Float64,
    "TIMESTAMPTZ": pl.Datetime("us", "UTC"),
    "DECIMAL(18,2)": pl.Decimal(18, 2),
}


def polars_schema(table: Table) -> dict[str, Any]:
    """Column name to Polars type, in table order."""
    return {column.name: _POLARS[column.type] for column in table.columns}


def pandera_schema(table: Table) -> pa.DataFrameSchema:
    """The table as a strict pandera schema: exactly these columns and types, NULL and bounds as described."""
    return pa.DataFrameSchema(
        {column.name: _pandera_column(column) for column in table.columns}, strict=True, name=table.qualified_name
    )


def _pandera_column(column: Column) -> pa.Column:
    checks = []
    if column.minimum is not None:
        checks.append(pa.Check.ge(column.minimum, error=f"is below {column.minimum}"))
    if column.type == "VARCHAR" and not column.nullable:
        checks.append(pa.Check.str_length(min_value=1, error="is empty"))
    return pa.Column(_POLARS[column.type], checks=checks, nullable=column.nullable)
