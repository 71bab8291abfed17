"""``stock_thresholds.csv``: the manager's own thresholds per SKU, laid into ``staging.stock_thresholds``."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Final

import duckdb
import polars as pl

from amazon_pipeline.schemas import STAGING_TABLES
from amazon_pipeline.schemas.frames import polars_schema
from amazon_pipeline.warehouse import transaction
from amazon_pipeline.warehouse.load import insert_frame

_TABLE = STAGING_TABLES["stock_thresholds"]
_NUMBERS: Final = {"low_stock_threshold": 0, "lead_time_days": 0, "case_pack": 1}


def read_thresholds(connection: duckdb.DuckDBPyConnection, path: Path) -> list[str]:
    """Lay the file's good lines into the warehouse; without a file, none. Returns a sentence for each bad line."""
    rows, problems = _parse(path) if path.exists() else ([], [])
    with transaction(connection):
        connection.execute("DELETE FROM staging.stock_thresholds")
        insert_frame(connection, _TABLE.qualified_name, pl.DataFrame(rows, schema=polars_schema(_TABLE), orient="row"))
    return problems


def _parse(path: Path) -> tuple[list[dict[str, object]], list[str]]:
    rows: dict[tuple[object, object], dict[str, object]] = {}
    problems: list[str] = []
    try:
        lines = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        return [], [f"{path.name} cannot be read: {error}"]
    if not lines or tuple(name.strip() for name in lines[0]) != _TABLE.column_names:
        return [], [f"{path.name} line 1: the header must be {','.join(_TABLE.column_names)}"]
    for number, fields in enumerate(lines[1:], start=2):
        if not any(field.strip() for field in fields):
            continue
        row, problem = _row(fields)
        if problem is None and (row["seller_sku"], row["marketplace_id"]) in rows:
            problem = f"{row['seller_sku']} is listed twice for the same marketplace"
        if problem is None:
            rows[row["seller_sku"], row["marketplace_id"]] = row
        else:
            problems.append(f"{path.name} line {number}: {problem}")
    return list(rows.values()), problems


def _row(fields: list[str]) -> tuple[dict[str, object], str | None]:
    if len(fields) != len(_TABLE.columns):
        return {}, f"has {len(fields)} fields instead of {len(_TABLE.columns)}"
    row: dict[str, object] = {}
    for name, field in zip(_TABLE.column_names, (field.strip() for field in fields), strict=True):
        if name not in _NUMBERS:
            row[name] = field or None
        elif not field:
            row[name] = None
        elif not field.isdecimal() or not _NUMBERS[name] <= int(field) <= 2**31 - 1:
            return {}, f"{name} must be a whole number of {_NUMBERS[name]} or more"
        else:
            row[name] = int(field)
    return (row, None) if row["seller_sku"] else ({}, "seller_sku is empty")
