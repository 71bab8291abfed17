"""What the manager decides: the settings of stock and restock, and ``stock_thresholds.csv`` per SKU.

Both are laid into the warehouse, so that the SQL of the marts reads them like any other table and the published file
says what its figures were made with.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Final

import duckdb
import polars as pl

from amazon_pipeline.schemas import STAGING_TABLES
from amazon_pipeline.schemas.frames import polars_schema
from amazon_pipeline.settings import Settings
from amazon_pipeline.warehouse import transaction
from amazon_pipeline.warehouse.load import insert_frame

_TABLE = STAGING_TABLES["stock_thresholds"]
_NUMBERS: Final = {"low_stock_threshold": 0, "lead_time_days": 0, "case_pack": 1}


def read_planning(connection: duckdb.DuckDBPyConnection, settings: Settings) -> list[str]:
    """Lay settings and thresholds into the warehouse. Returns a sentence for each bad line of the file.

    Without a file there are no thresholds. A file that cannot be read as a whole changes nothing: the thresholds read
    before stay.
    """
    path = settings.stock_thresholds_path
    rows, problems = _parse(path) if path.exists() else ([], [])
    with transaction(connection):
        connection.execute("DELETE FROM staging.planning_defaults")
        connection.execute(
            "INSERT INTO staging.planning_defaults VALUES (?, ?, ?, ?, ?)",
            [
                settings.low_stock_threshold,
                settings.lead_time_days,
                settings.target_cover_days,
                settings.safety_stock_days,
                settings.inventory_pools,
            ],
        )
        if rows is not None:
            connection.execute("DELETE FROM staging.stock_thresholds")
            frame = pl.DataFrame(rows, schema=polars_schema(_TABLE), orient="row")
            insert_frame(connection, _TABLE.qualified_name, frame)
    return problems


def _parse(path: Path) -> tuple[list[dict[str, object]] | None, list[str]]:
    """The good lines and what is wrong with the others; None instead of lines if it is no such file."""
    rows: dict[tuple[object, object], dict[str, object]] = {}
    problems: list[str] = []
    try:
        lines = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        return None, [f"{path.name} cannot be read ({error}); the thresholds read before stay."]
    if not lines or tuple(name.strip() for name in lines[0]) != _TABLE.column_names:
        header = ",".join(_TABLE.column_names)
        return None, [f"{path.name} line 1: the header must be {header}; the thresholds read before stay."]
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
        elif not (field.isascii() and field.isdecimal()) or not _NUMBERS[name] <= int(field) <= 2**31 - 1:
            return {}, f"{name} must be a whole number of {_NUMBERS[name]} or more"
        else:
            row[name] = int(field)
    return (row, None) if row["seller_sku"] else ({}, "seller_sku is empty")
