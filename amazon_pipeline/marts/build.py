"""Runs the SQL of the marts, each in one transaction that also holds its rows to their gate.

Merges take staged rows and keep state (orders, inventory, inbound shipments): they empty the staging tables, move the
stream's watermark and mark its batches as merged in the same transaction. Derived marts are functions of those, each
one SELECT; only the rows that differ are written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import duckdb

from amazon_pipeline.extraction.windows import Window, contiguous_end
from amazon_pipeline.marts import sales_scope
from amazon_pipeline.marts.gates import check_rows, check_totals
from amazon_pipeline.marts.snapshots import merge_snapshots
from amazon_pipeline.marts.sql_files import mart_sql
from amazon_pipeline.schemas import MART_TABLES, Table
from amazon_pipeline.warehouse import from_microseconds, stream_watermark, transaction

DERIVED: Final = (
    "inventory_summary",
    "sku_velocity",
    "low_stock",
    "order_metrics_24h",
    "channel_performance",
    "shopify_daily",
    "product_demand",
    "sales_hourly",
    "sales_daily",
    "reconciliation",
    "inventory_reconciliation",
    "sync_status",
)
"""Marts that are made from the others at each sync, in this order."""

VIEWS: Final = ("marketplace_facts", "placed_orders", "orders_known_since", "counted_store_orders")
"""What several marts are made from: a SELECT each, a view while marts are built."""

# sum by count, rounded half up, in whole numbers: a division of DECIMALs would go through floating point
_AVERAGE_MONEY: Final = """
CREATE OR REPLACE TEMP MACRO average_money(total, n) AS
CASE WHEN n > 0 THEN ((((total * 100)::HUGEINT * 2 + n) // (2 * n))::DECIMAL(20, 0) * 0.01)::DECIMAL(18, 2) END
"""

# ten-thousandths as a person writes them: 24107 is 2.4107, 25000 is 2.5
_PLAIN: Final = """
CREATE OR REPLACE TEMP MACRO plain(ten_thousandths) AS
rtrim(rtrim((ten_thousandths * 0.0001)::DECIMAL(18, 4)::VARCHAR, '0'), '.')
"""


@dataclass(frozen=True)
class Built:
    """What a build left: rows in each mart it made, and how many rows changed.

    ``doubts`` are the inventory snapshots that were not believed, a sentence each.
    """

    rows: dict[str, int]
    rows_changed: int = 0
    doubts: tuple[str, ...] = ()


def merge_orders(connection: duckdb.DuckDBPyConnection) -> Built:
    """Take the staged orders and their lines, of the API and of reports; the watermarks move with them.

    Raises MartInvalid, leaving everything as it was. Keys stay unique because those taken are, and every older version
    of them goes: only what is taken is looked at.
    """
    with transaction(connection):
        connection.execute(mart_sql("orders"))
        check_rows(connection, MART_TABLES["orders"], "(SELECT * EXCLUDE (batch_id, page) FROM merged_orders)")
        connection.execute(mart_sql("order_items"))
        check_rows(connection, MART_TABLES["order_items"], "merged_items")
        # each of the two streams that bring orders counts its own
        built = _conclude(connection, "orders", _changed_orders(connection, "="), "orders", "order_items")
        history = _conclude(connection, "orders_history", _changed_orders(connection, "<>"))
        return Built(built.rows, built.rows_changed + history.rows_changed)


def merge_inbound(connection: duckdb.DuckDBPyConnection) -> Built:
    """Take the staged shipments and their items, batch by batch, so that each change of status has its own time.

    Raises MartInvalid, leaving everything as it was.
    """
    changed: Counter[str] = Counter()
    with transaction(connection):
        for batch_id, seller_id in _unmerged(connection, "inbound_shipments"):
            connection.execute("SET VARIABLE batch_id = ?", [batch_id])
            connection.execute(mart_sql("inbound_shipments"))
            changed[seller_id] += _one(connection, "SELECT getvariable('rows_changed')")
            connection.execute(mart_sql("inbound_shipment_items"))
        for name in ("inbound_shipments", "inbound_shipment_items"):
            check_rows(connection, MART_TABLES[name], MART_TABLES[name].qualified_name)
        return _conclude(connection, "inbound_shipments", changed, "inbound_shipments", "inbound_shipment_items")


def merge_shopify(connection: duckdb.DuckDBPyConnection) -> Built:
    """Take the staged orders of the Shopify stores, of the increment and of bulk operations, and their fees.

    Raises MartInvalid, leaving everything as it was.
    """
    with transaction(connection):
        connection.execute(mart_sql("shopify_orders"))
        check_rows(
            connection, MART_TABLES["shopify_orders"], "(SELECT * EXCLUDE (batch_id, page) FROM merged_store_orders)"
        )
        connection.execute(mart_sql("shopify_order_lines"))
        check_rows(connection, MART_TABLES["shopify_order_lines"], "merged_store_lines")
        connection.execute(mart_sql("shopify_fees"))
        check_rows(connection, MART_TABLES["shopify_fees"], "merged_store_fees")
        by_history = "batch_id LIKE 'shopify_history-%'"
        changed = {
            "shopify_orders": f"changed_store_orders WHERE NOT {by_history}",
            "shopify_history": f"changed_store_orders WHERE {by_history}",
            "shopify_fees": "changed_store_fees",
        }
        marts = {"shopify_orders": ("shopify_orders", "shopify_order_lines"), "shopify_fees": ("shopify_fees",)}
        built = [
            _conclude(connection, stream, _count_by_seller(connection, rows), *marts.get(stream, ()))
            for stream, rows in changed.items()
        ]
        rows = {name: count for one in built for name, count in one.rows.items()}
        return Built(rows, sum(one.rows_changed for one in built))


def merge_inventory(connection: duckdb.DuckDBPyConnection) -> Built:
    """Take the staged snapshots one after the other, oldest first, so that no change between them is lost.

    Thresholds and pools are those of ``read_planning``. Raises MartInvalid, leaving everything as it was.
    """
    with transaction(connection):
        merged = merge_snapshots(connection)
        connection.execute(mart_sql("pool_duplicates"))
        history = MART_TABLES["inventory_history"]
        check_rows(connection, history, f"(FROM {history.qualified_name} WHERE valid_to IS NULL)")
        check_rows(connection, MART_TABLES["stock_transitions"], "mart.stock_transitions")
        check_totals(connection, history, history.qualified_name)
        for seller_id, doubts in merged.doubts.items():
            connection.execute(
                "UPDATE staging.stream_status SET message = ? WHERE stream = 'inventory' AND seller_id = ?",
                [" ".join(doubts), seller_id],
            )
        built = _conclude(
            connection, "inventory", merged.rows_changed, "inventory", "inventory_history", "stock_transitions"
        )
        return replace(built, doubts=tuple(one for doubts in merged.doubts.values() for one in doubts))


def _changed_orders(connection: duckdb.DuckDBPyConnection, comparison: str) -> Counter[str]:
    """Of each seller, the orders that changed and whose source compares so with the Orders API."""
    return _count_by_seller(connection, f"changed_orders WHERE source {comparison} 'orders_api'")


def _count_by_seller(connection: duckdb.DuckDBPyConnection, rows: str) -> Counter[str]:
    found = connection.execute(f"SELECT seller_id, count(*) FROM {rows} GROUP BY seller_id").fetchall()
    return Counter(dict(found))


def _unmerged(connection: duckdb.DuckDBPyConnection, stream: str) -> list[tuple[str, str]]:
    """Batch and seller, oldest first."""
    return connection.execute(
        """SELECT batch_id, seller_id FROM staging.staged_batches WHERE stream = ? AND NOT is_merged
           ORDER BY opened_at, batch_id""",
        [stream],
    ).fetchall()


def build(connection: duckdb.DuckDBPyConnection, name: str, *, from_nothing: bool = False) -> Built:
    """Make one derived mart, all of it or the hours and days of it that are stale.

    ``from_nothing``: no row that is there is looked at. Raises MartInvalid, leaving the mart as it was.
    """
    table = MART_TABLES[name]
    define_views(connection)
    with transaction(connection):
        if from_nothing:
            connection.execute(f"DELETE FROM {table.qualified_name}")
            sales_scope.all_of_it(connection, name)
        scope = sales_scope.choose(connection, name)
        columns = ", ".join(f'"{column.name}"::{column.type} AS "{column.name}"' for column in table.columns)
        connection.execute(f"CREATE OR REPLACE TEMP TABLE candidate AS SELECT {columns} FROM ({mart_sql(name)})")
        check_rows(connection, table, "candidate")
        changed = _replace(connection, table, scope)
        check_totals(connection, table, table.qualified_name)
        sales_scope.done(connection, name)
        return Built({name: _row_count(connection, table)}, changed)


def define_views(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the views and macros that the marts' SQL uses, for as long as this connection lives."""
    connection.execute(_AVERAGE_MONEY)
    connection.execute(_PLAIN)
    for view in VIEWS:
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS {mart_sql(view)}")


def _replace(connection: duckdb.DuckDBPyConnection, table: Table, scope: str | None) -> int:
    """Make the mart, or the part in ``scope``, the candidate rows. Returns how many rows came, went or changed."""
    name, key = table.qualified_name, ", ".join(f'"{column}"' for column in table.key)
    present = name if scope is None else f"(SELECT * FROM {name} SEMI JOIN {scope})"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE outdated AS SELECT {key} FROM (FROM {present} EXCEPT FROM candidate)"
    )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE renewed AS FROM candidate EXCEPT FROM {present}")
    same = " AND ".join(f'm."{column}" = o."{column}"' for column in table.key)
    connection.execute(f"DELETE FROM {name} AS m USING outdated AS o WHERE {same}")
    connection.execute(f"INSERT INTO {name} BY NAME FROM renewed")
    return _one(connection, f"SELECT count(*) FROM (SELECT {key} FROM outdated UNION SELECT {key} FROM renewed)")


def _conclude(connection: duckdb.DuckDBPyConnection, stream: str, changed: Mapping[str, int], *marts: str) -> Built:
    """Write of each seller how many rows changed and up to when the stream is known; mark its batches as merged."""
    sellers = connection.execute("SELECT seller_id FROM staging.stream_status WHERE stream = ?", [stream]).fetchall()
    for (seller_id,) in sellers:
        connection.execute(
            """UPDATE staging.stream_status SET rows_changed = $changed, watermark = $watermark
               WHERE stream = $stream AND seller_id = $seller""",
            {
                "changed": changed.get(seller_id, 0),
                "watermark": _watermark(connection, stream, seller_id),
                "stream": stream,
                "seller": seller_id,
            },
        )
    connection.execute(
        "UPDATE staging.staged_batches SET is_merged = true WHERE stream = ? AND NOT is_merged", [stream]
    )
    return Built({name: _row_count(connection, MART_TABLES[name]) for name in marts}, sum(changed.values()))


def _watermark(connection: duckdb.DuckDBPyConnection, stream: str, seller_id: str) -> datetime | None:
    """Up to when the stream is known without a gap: the old watermark, and on over the windows merged now.

    A stream that reads everything each time has no window starts: there the newest end counts.
    """
    known = stream_watermark(connection, seller_id, stream)
    merged = connection.execute(
        """SELECT coalesce(epoch_us(window_start), 0), epoch_us(window_end), is_first OR window_start IS NULL
           FROM staging.staged_batches
           WHERE stream = ? AND seller_id = ? AND status = 'complete' AND window_end IS NOT NULL""",
        [stream, seller_id],
    ).fetchall()
    windows = [Window(from_microseconds(start), from_microseconds(end), is_first) for start, end, is_first in merged]
    return contiguous_end(known, windows)


def _row_count(connection: duckdb.DuckDBPyConnection, table: Table) -> int:
    return _one(connection, f"SELECT count(*) FROM {table.qualified_name}")


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0
