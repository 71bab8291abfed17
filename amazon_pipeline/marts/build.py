"""Runs the SQL of the marts, each in one transaction that also checks what it made.

Three groups take staged rows and keep state (orders, inventory, inbound shipments): they empty the staging tables, move
the stream's watermark and mark its batches as merged in the same transaction. The others are functions of those.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

import duckdb

from amazon_pipeline.errors import MartInvalid
from amazon_pipeline.extraction.windows import Window, contiguous_end
from amazon_pipeline.marts.snapshots import merge_snapshots
from amazon_pipeline.marts.sql_files import mart_sql
from amazon_pipeline.schemas import MART_TABLES, Table
from amazon_pipeline.warehouse import from_microseconds, transaction

DERIVED: Final = (
    "inventory_summary",
    "low_stock",
    "order_metrics_24h",
    "sales_hourly",
    "sales_daily",
    "sync_status",
)
"""Marts that are made anew from the others at each sync."""

InventoryPools = Literal["auto", "per-marketplace", "region"]

_STOCK_STATUSES: Final = ("out-of-stock", "low-stock", "in-stock")

# sum by count, rounded half up, in whole numbers: a division of DECIMALs would go through floating point
_AVERAGE_MONEY: Final = """
CREATE OR REPLACE TEMP MACRO average_money(total, n) AS
CASE WHEN n > 0 THEN ((((total * 100)::HUGEINT * 2 + n) // (2 * n))::DECIMAL(20, 0) * 0.01)::DECIMAL(18, 2) END
"""


@dataclass(frozen=True)
class Built:
    """What a build left: rows in each mart it made, and how many rows of its stream changed (None for derived ones).

    ``doubts`` are the inventory snapshots that were not believed, a sentence each.
    """

    rows: dict[str, int]
    rows_changed: int | None = None
    doubts: tuple[str, ...] = ()


def merge_orders(connection: duckdb.DuckDBPyConnection) -> Built:
    """Take the staged orders and their lines, of the API and of reports; the watermarks move with them."""
    with transaction(connection):
        connection.execute(mart_sql("orders"))
        connection.execute(mart_sql("order_items"))
        built = _conclude(connection, "orders", "orders", "order_items")
        connection.execute("SET VARIABLE rows_changed = getvariable('history_rows_changed')")
        history = _conclude(connection, "orders_history")
        return Built(built.rows, (built.rows_changed or 0) + (history.rows_changed or 0))


def merge_inbound(connection: duckdb.DuckDBPyConnection) -> Built:
    """Take the staged shipments and their items, batch by batch, so that each change of status has its own time."""
    with transaction(connection):
        connection.execute("SET VARIABLE rows_changed = 0")
        for batch_id in _unmerged(connection, "inbound_shipments"):
            connection.execute("SET VARIABLE batch_id = ?", [batch_id])
            connection.execute(mart_sql("inbound_shipments"))
            connection.execute(mart_sql("inbound_shipment_items"))
        return _conclude(connection, "inbound_shipments", "inbound_shipments", "inbound_shipment_items")


def merge_inventory(
    connection: duckdb.DuckDBPyConnection, *, default_threshold: int, inventory_pools: InventoryPools
) -> Built:
    """Take the staged snapshots one after the other, oldest first, so that no change of status between them is lost."""
    with transaction(connection):
        connection.execute("SET VARIABLE default_threshold = ?", [default_threshold])
        connection.execute("SET VARIABLE inventory_pools = ?", [inventory_pools])
        merged = merge_snapshots(connection)
        connection.execute("SET VARIABLE rows_changed = ?", [merged.rows_changed])
        connection.execute(mart_sql("pool_duplicates"))
        if merged.doubts:
            connection.execute(
                "UPDATE staging.stream_status SET message = ? WHERE stream = 'inventory'", [" ".join(merged.doubts)]
            )
        built = _conclude(connection, "inventory", "inventory", "stock_transitions")
        return replace(built, doubts=tuple(merged.doubts))


def _unmerged(connection: duckdb.DuckDBPyConnection, stream: str) -> list[str]:
    rows = connection.execute(
        "SELECT batch_id FROM staging.staged_batches WHERE stream = ? AND NOT is_merged ORDER BY opened_at, batch_id",
        [stream],
    ).fetchall()
    return [row[0] for row in rows]


def build(connection: duckdb.DuckDBPyConnection, name: str) -> Built:
    """Make one derived mart anew. Raises MartInvalid, leaving the mart as it was."""
    connection.execute(_AVERAGE_MONEY)
    with transaction(connection):
        connection.execute(mart_sql(name))
        return Built({name: _checked(connection, MART_TABLES[name])})


def _conclude(connection: duckdb.DuckDBPyConnection, stream: str, *marts: str) -> Built:
    rows = {name: _checked(connection, MART_TABLES[name]) for name in marts}
    changed = _one(connection, "SELECT getvariable('rows_changed')")
    connection.execute(
        "UPDATE staging.stream_status SET rows_changed = $changed, watermark = $watermark WHERE stream = $stream",
        {"changed": changed, "watermark": _watermark(connection, stream), "stream": stream},
    )
    connection.execute(
        "UPDATE staging.staged_batches SET is_merged = true WHERE stream = ? AND NOT is_merged", [stream]
    )
    return Built(rows, changed)


def _watermark(connection: duckdb.DuckDBPyConnection, stream: str) -> datetime | None:
    """Up to when the stream is known without a gap: the old watermark, and on over the windows merged now.

    A stream that reads everything each time has no window starts: there the newest end counts.
    """
    rows = connection.execute(
        "SELECT epoch_us(max(watermark)) FROM staging.stream_status WHERE stream = ?", [stream]
    ).fetchall()
    known = from_microseconds(rows[0][0]) if rows[0][0] is not None else None
    merged = connection.execute(
        """SELECT coalesce(epoch_us(window_start), 0), epoch_us(window_end), is_first OR window_start IS NULL
           FROM staging.staged_batches WHERE stream = ? AND status = 'complete' AND window_end IS NOT NULL""",
        [stream],
    ).fetchall()
    windows = [Window(from_microseconds(start), from_microseconds(end), is_first) for start, end, is_first in merged]
    return contiguous_end(known, windows)


def _checked(connection: duckdb.DuckDBPyConnection, table: Table) -> int:
    """The number of rows, once the table keeps its own schema. Raises MartInvalid, which rolls the build back."""
    key = ", ".join(f'"{name}"' for name in table.key)
    twice = connection.execute(
        f"SELECT {key} FROM {table.qualified_name} GROUP BY ALL HAVING count(*) > 1 LIMIT 5"
    ).fetchall()
    if twice:
        raise MartInvalid(f"{table.qualified_name} has more than one row for {key} = {twice}")
    wrong = [f'"{column.name}" < {column.minimum}' for column in table.columns if column.minimum is not None]
    if "stock_status" in table.column_names:
        wrong.append(f"stock_status NOT IN {_STOCK_STATUSES}")
    if wrong:
        bad = connection.execute(
            f"SELECT {key} FROM {table.qualified_name} WHERE {' OR '.join(wrong)} LIMIT 5"
        ).fetchall()
        if bad:
            raise MartInvalid(f"{table.qualified_name} has values out of range for {key} = {bad}")
    return _one(connection, f"SELECT count(*) FROM {table.qualified_name}")


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0
