"""The SQL behind the answers. Values are bound, never written into the text; lists come back as JSON text.

DuckDB prints a DECIMAL digit by digit, so money stays exact. Every function fetches all it asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import duckdb

from api.exact_json import Raw
from api.figures import CurrencyOrders

Database = duckdb.DuckDBPyConnection


def utc(column: str) -> str:
    """SQL for a time as ISO 8601 text with Z."""
    return f"strftime({column} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%SZ')"


def json_object(**keys: str) -> str:
    """SQL for one JSON object as text, from key and expression."""
    return "to_json({" + ", ".join(f"'{key}': {expression}" for key, expression in keys.items()) + "})::VARCHAR"


class Filter:
    """Conditions of a WHERE clause and the values bound to them."""

    def __init__(self) -> None:
        self._conditions: list[str] = []
        self.values: list[Any] = []

    def where(self, condition: str, *values: Any) -> None:
        """Add one condition; its ``?`` take these values."""
        self._conditions.append(condition)
        self.values.extend(values)

    def equal(self, column: str, value: str | None) -> None:
        """``column = value``, unless no value was asked for."""
        if value is not None:
            self.where(f"{column} = ?", value)

    def stock_status(self, column: str, status: str | None) -> None:
        """One status, or ``alert`` for low and out together."""
        if status == "alert":
            self.where(f"{column} IN ('out-of-stock', 'low-stock')")
        else:
            self.equal(column, status)

    @property
    def sql(self) -> str:
        """``WHERE …``, or nothing."""
        return f"WHERE {' AND '.join(self._conditions)}" if self._conditions else ""


@dataclass(frozen=True)
class ListPage:
    """Rows of a list as JSON text, and the number of the row after them if there are more."""

    rows: list[Raw]
    next_start: int | None


def list_page(
    database: Database,
    *,
    table: str,
    chosen: Filter,
    order: str,
    row: str,
    start: int,
    limit: int,
    alias: str = "chosen",
) -> ListPage:
    """``limit`` rows from ``start`` on; ``row`` is the SQL of their JSON, where ``alias`` names the table.

    ``order`` must be total, else a row could come twice or never.
    """
    # the rows are chosen first, so that the JSON is made for those alone
    sql = f"""
      SELECT {row} FROM (SELECT * FROM {table} {chosen.sql} ORDER BY {order} LIMIT ? OFFSET ?) {alias}
      ORDER BY {order}"""
    found = database.execute(sql, [*chosen.values, limit + 1, start]).fetchall()
    rows = [Raw(text) for (text,) in found[:limit]]
    return ListPage(rows, start + limit if len(found) > limit else None)


def count_rows(database: Database, table: str, chosen: Filter) -> int:
    """How many rows of ``table`` the filter leaves."""
    rows = database.execute(f"SELECT count(*) FROM {table} {chosen.sql}", chosen.values).fetchall()
    return int(rows[0][0])


_CURRENCY_ORDERS: Final = """
SELECT currency, total_orders, total_revenue, average_order_value, pending_count, unshipped_count, shipped_count,
       canceled_count, orders_without_amount, previous_total_orders, previous_total_revenue,
       previous_average_order_value
FROM mart.order_metrics_24h WHERE marketplace_id = 'ALL'"""


def currency_orders(database: Database | None) -> list[CurrencyOrders]:
    """The ``ALL`` rows of the 24-hour window, one per currency; none while no whole window is known."""
    if database is None:
        return []
    return [CurrencyOrders(*row) for row in database.execute(_CURRENCY_ORDERS).fetchall()]


def window(database: Database) -> tuple[int, int] | None:
    """Start and end of the 24-hour window in microseconds since 1970, None while it is not known."""
    sql = "SELECT epoch_us(max(window_start)), epoch_us(max(window_end)) FROM mart.order_metrics_24h"
    start, end = database.execute(sql).fetchall()[0]
    return None if start is None else (int(start), int(end))


@dataclass(frozen=True)
class InventoryFigures:
    """Stock over all SKUs, each pool of stock counted once; units and numbers of SKUs."""

    total_skus: int = 0
    total_quantity: int = 0
    fulfillable_quantity: int = 0
    reserved_quantity: int = 0
    inbound_quantity: int = 0
    low_stock_count: int = 0
    out_of_stock_count: int = 0


_INVENTORY: Final = """
SELECT total_skus, total_quantity, fulfillable_quantity, reserved_quantity, inbound_quantity, low_stock_count,
       out_of_stock_count
FROM mart.inventory_summary WHERE marketplace_id = 'ALL'"""


def inventory_figures(database: Database | None, *, known: bool) -> InventoryFigures | None:
    """The ``ALL`` row of the summary; None unless Amazon has told us the stock; zeros if it said there is none."""
    if database is None or not known:
        return None
    rows: Sequence[tuple[int, ...]] = database.execute(_INVENTORY).fetchall()
    return InventoryFigures(*rows[0]) if rows else InventoryFigures()


_INBOUND_SKUS: Final = """
SELECT CASE WHEN count(*) = 0 OR count(inbound_quantity) > 0 THEN count(*) FILTER (inbound_quantity > 0) END
FROM mart.inventory WHERE NOT is_pool_duplicate AND NOT is_gone"""


def inbound_skus(database: Database) -> int | None:
    """SKUs with units on the way to Amazon, each pool of stock counted once; None if Amazon says it of no SKU."""
    found = database.execute(_INBOUND_SKUS).fetchall()[0][0]
    return None if found is None else int(found)
