"""Keeping a lake small: few files, and no more of the past than somebody may need.

A lake keeps every state it was in as a snapshot, and each sync adds small files. All this is DuckLake's own
maintenance (https://ducklake.select/docs/stable/duckdb/maintenance/recommended_maintenance).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import duckdb

from amazon_pipeline.warehouse.connection import is_lake
from amazon_pipeline.warehouse.lake import NAME

KEPT: Final = timedelta(days=3)
"""How long a snapshot is kept: readers of the lake may be in it, and a replica that is older is copied anew."""


@dataclass(frozen=True)
class Tidied:
    """What it came to: files merged into fewer, snapshots forgotten, files deleted."""

    merged: int
    snapshots: int
    deleted: int


def tidy_lake(connection: duckdb.DuckDBPyConnection, *, older_than: timedelta = KEPT) -> Tidied | None:
    """Write small changes into files, merge small files, forget older snapshots, delete files given up so long ago.

    Each step is a transaction of its own: one that is cut off has done no harm, and the next one goes on. The change
    feed tells of merged files what it told before. A warehouse that is a file needs none of it, and gives None.
    """
    if not is_lake(connection):
        return None
    merged = merge_small_files(connection)
    seconds = older_than.total_seconds()
    # times as text: fetching TIMESTAMPTZ as objects needs pytz
    forgotten = connection.execute(
        f"SELECT count(*) FROM ducklake_expire_snapshots('{NAME}', older_than => now() - to_seconds({seconds}))"
    ).fetchall()
    deleted = connection.execute(
        f"SELECT count(*) FROM ducklake_cleanup_old_files('{NAME}', older_than => now() - to_seconds({seconds}))"
    ).fetchall()
    return Tidied(merged, int(forgotten[0][0]), int(deleted[0][0]))


def merge_small_files(connection: duckdb.DuckDBPyConnection) -> int:
    """Make few files of the many that syncs leave; returns by how many there are less. Takes about a second."""
    connection.execute(f"CALL ducklake_flush_inlined_data('{NAME}')")  # small changes are in the catalogue itself
    merged = connection.execute(f"CALL ducklake_merge_adjacent_files('{NAME}')").fetchall()
    return sum(row[2] - row[3] for row in merged)
