"""The quarantined orders: asked for again a few times, and replayed after a fix of ours."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import duckdb
import polars as pl

from amazon_pipeline.landing import Batch, Landing
from amazon_pipeline.staging import stage_orders
from amazon_pipeline.warehouse.connection import transaction
from amazon_pipeline.warehouse.load import insert_frame

ASKED_AGAIN_AT_MOST: Final = 3


def orders_to_ask_again(connection: duckdb.DuckDBPyConnection, seller_id: str) -> list[str]:
    """Ids of the quarantined orders without a valid version since that were asked for fewer than three times."""
    rows = connection.execute(
        """SELECT record_id FROM staging.quarantine
           WHERE seller_id = ? AND stream = 'orders' AND record_id IS NOT NULL AND resolved_at IS NULL
           GROUP BY record_id HAVING max(asked_again) < ? ORDER BY record_id""",
        [seller_id, ASKED_AGAIN_AT_MOST],
    ).fetchall()
    return [row[0] for row in rows]


def count_asked_again(connection: duckdb.DuckDBPyConnection, seller_id: str, order_ids: Collection[str]) -> None:
    """Write that Amazon has answered about these orders once more."""
    for order_id in order_ids:
        connection.execute(
            """UPDATE staging.quarantine SET asked_again = asked_again + 1
               WHERE seller_id = ? AND stream = 'orders' AND record_id = ? AND resolved_at IS NULL""",
            [seller_id, order_id],
        )


def replay_quarantined_orders(
    connection: duckdb.DuckDBPyConnection, landing: Landing, seller_id: str, *, only: Collection[str] = ()
) -> int:
    """Stage the quarantined orders, or ``only`` those of some ids, again from their pages; returns how many are valid.

    For use after a fix of the rules that set them aside. They are resolved when the next merge takes them.
    """
    wanted: dict[tuple[str, int], set[str]] = {}
    for batch_id, page, record_id in connection.execute(
        """SELECT batch_id, page, record_id FROM staging.quarantine
           WHERE seller_id = ? AND stream = 'orders' AND record_id IS NOT NULL AND resolved_at IS NULL""",
        [seller_id],
    ).fetchall():
        if not only or record_id in only:
            wanted.setdefault((batch_id, page), set()).add(record_id)
    batches = {batch.id: batch for batch in landing.batches("orders")} if wanted else {}
    valid = 0
    with transaction(connection):
        for (batch_id, page), record_ids in wanted.items():
            if batch_id in batches:
                valid += _stage_again(connection, batches[batch_id], page, record_ids, seller_id)
    return valid


def _stage_again(
    connection: duckdb.DuckDBPyConnection, batch: Batch, page: int, record_ids: Collection[str], seller_id: str
) -> int:
    frames = stage_orders(batch.read_page(page), seller_id).frames
    chosen = {name: frame.filter(pl.col("amazon_order_id").is_in(list(record_ids))) for name, frame in frames.items()}
    for name, frame in chosen.items():
        insert_frame(connection, f"staging.{name}", frame)
    return chosen["orders"].height
