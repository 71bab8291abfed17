"""Which inventory snapshots are believed.

Amazon's list is known to lack SKUs at times (selling-partner-api-docs#2312, selling-partner-api-models#2447). One that
loses more than a fifth of a marketplace's SKUs at once waits until the next one agrees; meanwhile the last values stay.
"""

from __future__ import annotations

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


@dataclass
class Merged:
    """What merging snapshots did: rows changed, and a sentence for each marketplace whose newest one is doubted."""

    rows_changed: int
    doubts: list[str]


def merge_snapshots(connection: duckdb.DuckDBPyConnection) -> Merged:
    """Take the staged snapshots, oldest first, inside the caller's transaction."""
    merged = Merged(0, [])
    snapshots = connection.execute(
        """SELECT b.batch_id, coalesce(b.marketplace_id, any_value(i.marketplace_id)), epoch_us(b.opened_at)
           FROM staging.staged_batches AS b LEFT JOIN staging.inventory AS i USING (batch_id)
           WHERE b.stream = 'inventory' AND NOT b.is_merged
           GROUP BY b.batch_id, b.marketplace_id, b.opened_at ORDER BY b.opened_at, b.batch_id"""
    ).fetchall()
    doubts: dict[str, str] = {}
    for batch_id, marketplace_id, opened_us in snapshots:
        lost, known = _lost(connection, batch_id, marketplace_id)
        doubted = _doubted(connection, marketplace_id)
        agrees = doubted is not None and _agree(connection, batch_id, doubted)
        doubts.pop(marketplace_id, None)
        if doubted is not None:
            _forget(connection, marketplace_id, doubted)
        if known and lost > BELIEVED_LOSS * known and not agrees:
            connection.execute("INSERT INTO staging.doubted_snapshots VALUES (?, ?)", [marketplace_id, batch_id])
            doubts[marketplace_id] = (
                f"The newest snapshot of {marketplace_id} lacks {lost} of {known} SKUs and is not believed until the "
                "next one agrees; the values before it stay."
            )
            continue
        at = from_microseconds(opened_us)
        merged.rows_changed += _take(connection, batch_id, marketplace_id, at=at, misses=2 if agrees else 1)
    merged.doubts = list(doubts.values())
    return merged


def _lost(connection: duckdb.DuckDBPyConnection, batch_id: str, marketplace_id: str | None) -> tuple[int, int]:
    """SKUs of the marketplace that the snapshot lacks, and all that are known there and not gone."""
    rows = connection.execute(
        """SELECT count(*) FILTER (s.seller_sku IS NULL), count(*)
           FROM mart.inventory AS m
           LEFT JOIN (SELECT DISTINCT seller_sku FROM staging.inventory WHERE batch_id = $batch) AS s USING (seller_sku)
           WHERE m.marketplace_id = $marketplace AND NOT m.is_gone""",
        {"batch": batch_id, "marketplace": marketplace_id},
    ).fetchall()
    return int(rows[0][0]), int(rows[0][1])


def _doubted(connection: duckdb.DuckDBPyConnection, marketplace_id: str | None) -> str | None:
    rows = connection.execute(
        "SELECT batch_id FROM staging.doubted_snapshots WHERE marketplace_id = ?", [marketplace_id]
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


def _forget(connection: duckdb.DuckDBPyConnection, marketplace_id: str | None, doubted: str) -> None:
    connection.execute("DELETE FROM staging.doubted_snapshots WHERE marketplace_id = ?", [marketplace_id])
    connection.execute("DELETE FROM staging.inventory WHERE batch_id = ?", [doubted])


def _take(
    connection: duckdb.DuckDBPyConnection, batch_id: str, marketplace_id: str | None, *, at: datetime, misses: int
) -> int:
    for name, value in (
        ("batch_id", batch_id),
        ("snapshot_marketplace_id", marketplace_id),
        ("snapshot_at", at),
        ("misses", misses),
    ):
        connection.execute(f"SET VARIABLE {name} = ?", [value])
    connection.execute(mart_sql("inventory"))
    check_rows(connection, MART_TABLES["inventory"], _SNAPSHOT)
    connection.execute(mart_sql("inventory_history"))
    connection.execute(mart_sql("stock_transitions"))
    rows = connection.execute("SELECT count(*) FROM snapshot WHERE is_changed").fetchall()
    return int(rows[0][0])
