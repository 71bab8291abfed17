"""Which inventory snapshots are believed.

Amazon's list is known to lack SKUs at times (selling-partner-api-docs#2312, selling-partner-api-models#2447). One that
loses more than a fifth of a marketplace's SKUs at once waits until the next one agrees; meanwhile the last values stay.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import duckdb

from amazon_pipeline.marts.gates import check_rows
from amazon_pipeline.marts.sql_files import mart_sql
from amazon_pipeline.schemas import MART_TABLES
from amazon_pipeline.warehouse import from_microseconds

BELIEVED_LOSS: Final = 0.2
"""Share of a marketplace's SKUs that may be missing from one snapshot."""

_SNAPSHOT: Final = "(SELECT * EXCLUDE (previous_status, is_changed) FROM snapshot)"


@dataclass(frozen=True)
class _Snapshot:
    """One staged snapshot: its batch, whose it is, its marketplace (None if it is empty and the manifest has none)."""

    batch_id: str
    seller_id: str
    marketplace_id: str | None
    at: datetime


@dataclass
class Merged:
    """What merging snapshots did, of each seller: rows changed, and a sentence for each newest one that is doubted."""

    rows_changed: Counter[str]
    doubts: dict[str, list[str]]


def merge_snapshots(connection: duckdb.DuckDBPyConnection) -> Merged:
    """Take the staged snapshots, oldest first, inside the caller's transaction."""
    changed: Counter[str] = Counter()
    doubts: dict[tuple[str, str | None], str] = {}
    for snapshot in _staged(connection):
        whose = snapshot.seller_id, snapshot.marketplace_id
        lost, known = _lost(connection, snapshot)
        doubted = _doubted(connection, snapshot)
        agrees = doubted is not None and _agree(connection, snapshot.batch_id, doubted)
        doubts.pop(whose, None)
        if doubted is not None:
            _forget(connection, doubted)
        if known and lost > BELIEVED_LOSS * known and not agrees:
            connection.execute(
                "INSERT INTO staging.doubted_snapshots VALUES (?, ?)", [snapshot.marketplace_id, snapshot.batch_id]
            )
            doubts[whose] = (
                f"The newest snapshot of {snapshot.marketplace_id} lacks {lost} of {known} SKUs and is not believed "
                "until the next one agrees; the values before it stay."
            )
            continue
        changed[snapshot.seller_id] += _take(connection, snapshot, misses=2 if agrees else 1)
    by_seller: dict[str, list[str]] = {}
    for (seller_id, _), sentence in doubts.items():
        by_seller.setdefault(seller_id, []).append(sentence)
    return Merged(changed, by_seller)


def _staged(connection: duckdb.DuckDBPyConnection) -> list[_Snapshot]:
    rows = connection.execute(
        """SELECT
             b.batch_id, b.seller_id, coalesce(b.marketplace_id, any_value(i.marketplace_id)), epoch_us(b.opened_at)
           FROM staging.staged_batches AS b LEFT JOIN staging.inventory AS i USING (batch_id)
           WHERE b.stream = 'inventory' AND NOT b.is_merged
           GROUP BY b.batch_id, b.seller_id, b.marketplace_id, b.opened_at ORDER BY b.opened_at, b.batch_id"""
    ).fetchall()
    return [_Snapshot(batch, seller, marketplace, from_microseconds(at)) for batch, seller, marketplace, at in rows]


def _lost(connection: duckdb.DuckDBPyConnection, snapshot: _Snapshot) -> tuple[int, int]:
    """SKUs of the marketplace that the snapshot lacks, and all that are known there and not gone."""
    rows = connection.execute(
        """SELECT count(*) FILTER (s.seller_sku IS NULL), count(*)
           FROM mart.inventory AS m
           LEFT JOIN (SELECT DISTINCT seller_sku FROM staging.inventory WHERE batch_id = $batch) AS s USING (seller_sku)
           WHERE m.seller_id = $seller AND m.marketplace_id = $marketplace AND NOT m.is_gone""",
        {"batch": snapshot.batch_id, "seller": snapshot.seller_id, "marketplace": snapshot.marketplace_id},
    ).fetchall()
    return int(rows[0][0]), int(rows[0][1])


def _doubted(connection: duckdb.DuckDBPyConnection, snapshot: _Snapshot) -> str | None:
    """The batch of the snapshot of the same seller and marketplace that waits for one to agree with it."""
    rows = connection.execute(
        """SELECT d.batch_id FROM staging.doubted_snapshots AS d JOIN staging.staged_batches AS b USING (batch_id)
           WHERE b.seller_id = ? AND d.marketplace_id = ?""",
        [snapshot.seller_id, snapshot.marketplace_id],
    ).fetchall()
    return str(rows[0][0]) if rows else None


def _agree(connection: duckdb.DuckDBPyConnection, batch_id: str, doubted: str) -> bool:
    """Whether two snapshots list much the same SKUs: fewer than a fifth stand in only one of them."""
    rows = connection.execute(
        """SELECT count(*) FILTER (n = 1), count(*) FROM (
             SELECT seller_sku, count(DISTINCT batch_id) AS n FROM staging.inventory
             WHERE batch_id IN (?, ?) GROUP BY seller_sku)""",
        [batch_id, doubted],
    ).fetchall()
    only_one, either = rows[0]
    return bool(only_one <= BELIEVED_LOSS * either)


def _forget(connection: duckdb.DuckDBPyConnection, doubted: str) -> None:
    connection.execute("DELETE FROM staging.doubted_snapshots WHERE batch_id = ?", [doubted])
    connection.execute("DELETE FROM staging.inventory WHERE batch_id = ?", [doubted])


def _take(connection: duckdb.DuckDBPyConnection, snapshot: _Snapshot, *, misses: int) -> int:
    for name, value in (
        ("batch_id", snapshot.batch_id),
        ("snapshot_seller_id", snapshot.seller_id),
        ("snapshot_marketplace_id", snapshot.marketplace_id),
        ("snapshot_at", snapshot.at),
        ("misses", misses),
    ):
        connection.execute(f"SET VARIABLE {name} = ?", [value])
    connection.execute(mart_sql("inventory"))
    check_rows(connection, MART_TABLES["inventory"], _SNAPSHOT)
    connection.execute(mart_sql("inventory_history"))
    connection.execute(mart_sql("stock_transitions"))
    rows = connection.execute("SELECT count(*) FROM snapshot WHERE is_changed").fetchall()
    return int(rows[0][0])
