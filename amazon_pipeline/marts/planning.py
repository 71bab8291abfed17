"""What the manager decides: settings, ``stock_thresholds.csv`` per SKU, and ``sku_map.csv``.

All are laid into the warehouse, so that the SQL of the marts reads them like any other table and the published file
says what its figures were made with.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb
import polars as pl

from amazon_pipeline.marketplaces import MARKETPLACE_ID_PATTERN
from amazon_pipeline.schemas import STAGING_TABLES, Table
from amazon_pipeline.schemas.frames import polars_schema
from amazon_pipeline.settings import Settings
from amazon_pipeline.warehouse import transaction
from amazon_pipeline.warehouse.load import insert_frame

_NUMBERS: Final = {"low_stock_threshold": 0, "lead_time_days": 0, "case_pack": 1}


@dataclass(frozen=True)
class _File:
    """A file of the user's: the table it is laid into, what is unique in it, and what must not be empty."""

    table: Table
    key: tuple[str, ...]
    required: tuple[str, ...]
    what: str


_THRESHOLDS: Final = _File(
    STAGING_TABLES["stock_thresholds"], ("seller_sku", "marketplace_id"), ("seller_sku",), "thresholds"
)
_SKU_MAP: Final = _File(STAGING_TABLES["sku_map"], ("seller_id", "seller_sku"), ("seller_sku", "product_sku"), "names")


def read_planning(connection: duckdb.DuckDBPyConnection, settings: Settings) -> list[str]:
    """Lay settings, thresholds and SKU names into the warehouse. Returns a sentence for each bad line of the files.

    Without a file there is none of it. A file that cannot be read as a whole changes nothing: what was read before
    stays.
    """
    problems: list[str] = []
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
        connection.execute("DELETE FROM staging.shopify_store_names")
        for store in settings.shopify_stores:
            connection.execute("INSERT INTO staging.shopify_store_names VALUES (?, ?)", [store.domain, store.name])
        for path, file in ((settings.stock_thresholds_path, _THRESHOLDS), (settings.sku_map_path, _SKU_MAP)):
            rows, wrong = _parse(path, file) if path.exists() else ([], [])
            problems += wrong
            if rows is not None:
                connection.execute(f"DELETE FROM {file.table.qualified_name}")
                frame = pl.DataFrame(rows, schema=polars_schema(file.table), orient="row")
                insert_frame(connection, file.table.qualified_name, frame)
    return problems


def _parse(path: Path, file: _File) -> tuple[list[dict[str, object]] | None, list[str]]:
    """The good lines and what is wrong with the others; None instead of lines if it is no such file."""
    rows: dict[tuple[object, ...], dict[str, object]] = {}
    problems: list[str] = []
    stay = f"the {file.what} read before stay."
    try:
        lines = re.split(r"\r\n|\r|\n", path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        return None, [f"{path.name} cannot be read ({error}); {stay}"]
    if tuple(_fields(lines[0]) or ()) != file.table.column_names:
        header = ",".join(file.table.column_names)
        return None, [f"{path.name} line 1: the header must be {header}; {stay}"]
    for number, line in enumerate(lines[1:], start=2):
        fields = _fields(line)
        if fields is not None and not any(fields):
            continue
        row, problem = ({}, "its quotes are not closed") if fields is None else _row(fields, file)
        key = tuple(row.get(name) for name in file.key)
        if problem is None and key in rows:
            place = file.key[0] if file is _SKU_MAP else "marketplace"
            problem = f"{row['seller_sku']} is listed twice for the same {place}"
        if problem is None:
            rows[key] = row
        else:
            problems.append(f"{path.name} line {number}: {problem}")
    return list(rows.values()), problems


def _fields(line: str) -> list[str] | None:
    """A line's fields, None if it is no CSV. Each line is read alone: a quote left open spoils no line after it."""
    try:
        return [field.strip() for field in next(csv.reader([line], strict=True), [])]
    except csv.Error:
        return None


def _row(fields: list[str], file: _File) -> tuple[dict[str, object], str | None]:
    columns = file.table.column_names
    if len(fields) != len(columns):
        return {}, f"has {len(fields)} fields instead of {len(columns)}"
    row: dict[str, object] = {}
    for name, field in zip(columns, fields, strict=True):
        if name == "marketplace_id" and field and not MARKETPLACE_ID_PATTERN.fullmatch(field):
            return {}, f"{field!r} is no marketplace id, such as ATVPDKIKX0DER"
        if name not in _NUMBERS:
            row[name] = field or None
        elif not field:
            row[name] = None
        elif not re.fullmatch("[0-9]{1,10}", field) or not _NUMBERS[name] <= int(field) <= 2**31 - 1:
            return {}, f"{name} must be a whole number of {_NUMBERS[name]} or more"
        else:
            row[name] = int(field)
    empty = [name for name in file.required if not row[name]]
    return ({}, f"{empty[0]} is empty") if empty else (row, None)
