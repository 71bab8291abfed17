"""From rows as read to frames as validated: pandera looks at the whole frame, lazily, and each bad row is named."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandera.errors
import polars as pl

from amazon_pipeline.landing import LandedPage
from amazon_pipeline.schemas import STAGING_TABLES, Table
from amazon_pipeline.schemas.frames import pandera_schema, polars_schema

QUARANTINE = STAGING_TABLES["quarantine"]


@dataclass
class Draft:
    """One record as read from a page: its row for each table, what was wrong with it, and where it stands."""

    record_id: str | None
    raw: Any
    row_number: int
    reasons: list[str]
    rows: dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Staged:
    """One page's outcome: valid rows by staging table, and the quarantined ones (columns of ``staging.quarantine``)."""

    page: LandedPage
    stream: str
    frames: dict[str, pl.DataFrame]
    quarantined: pl.DataFrame
    records_valid: int


def once(drafts: Sequence[Draft]) -> list[Draft]:
    """What stands twice in a page counts as it stood last: lines that counted twice would break the mart's key."""
    last = {draft.record_id: n for n, draft in enumerate(drafts)}
    return [draft for n, draft in enumerate(drafts) if draft.record_id is None or last[draft.record_id] == n]


def validate(page: LandedPage, stream: str, seller_id: str, drafts: Sequence[Draft], tables: Sequence[Table]) -> Staged:
    """Split the records of a page: all rows of a record go on together, or none does.

    A record is bad if reading it gave a reason or if pandera rejects any of its rows in any table.
    """
    reasons: dict[int, list[str]] = {n: list(draft.reasons) for n, draft in enumerate(drafts)}
    for table in tables:
        for n, found in _rejections(table, [(n, d.rows.get(table.name, [])) for n, d in enumerate(drafts)]).items():
            reasons[n] += found
    good = [draft for n, draft in enumerate(drafts) if not reasons[n]]
    return Staged(
        page=page,
        stream=stream,
        frames={
            table.name: _frame(table, (row for draft in good for row in draft.rows[table.name])) for table in tables
        },
        quarantined=_frame(
            QUARANTINE,
            (
                {
                    "seller_id": seller_id,
                    "stream": stream,
                    "record_id": draft.record_id,
                    "reason": "; ".join(dict.fromkeys(reasons[n])),
                    "row_number": draft.row_number,
                    "row_json": json.dumps(draft.raw, ensure_ascii=False, default=str),
                    "quarantined_at": page.received_at,
                    "batch_id": page.batch_id,
                    "page": page.number,
                    "asked_again": 0,
                    "resolved_at": None,
                }
                for n, draft in enumerate(drafts)
                if reasons[n]
            ),
        ),
        records_valid=len(good),
    )


def _rejections(table: Table, rows_of: Iterable[tuple[int, list[dict[str, Any]]]]) -> dict[int, list[str]]:
    owners: list[int] = []
    rows: list[dict[str, Any]] = []
    found: dict[int, list[str]] = defaultdict(list)
    for owner, its_rows in rows_of:
        keys = [tuple(row.get(name) for name in table.key) for row in its_rows]
        if len(set(keys)) < len(keys):
            found[owner].append(f"{table.name}: the same {' and '.join(table.key)} twice")
        owners += [owner] * len(its_rows)
        rows += its_rows
    try:
        pandera_schema(table).validate(_frame(table, rows), lazy=True)
    except pandera.errors.SchemaErrors as error:
        for case in error.failure_cases.iter_rows(named=True):
            what = "is missing" if case["check"] == "not_nullable" else str(case["check"])
            found[owners[case["index"]]].append(f"{case['column']} {what}")
    return found


def _frame(table: Table, rows: Iterable[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=polars_schema(table), orient="row")
