"""The SQL behind the answers. Values are bound, never written into the text. All that is asked for is fetched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

import duckdb

from api.figures import CurrencyOrders

Made = TypeVar("Made")


class Database:
    """One published file, asked with SQL. ``answered`` keeps what was asked once, while the file is current."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, answered: dict[str, Any]) -> None:
        self._connection = connection
        self._answered = answered

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of the result; a query without values has one answer per file. Raises duckdb.Error."""
        if values:
            return self._connection.execute(sql, values).fetchall()
        return self.once(sql, lambda: self._connection.execute(sql).fetchall())

    def once(self, name: str, make: Callable[[], Made]) -> Made:
        """What ``make`` makes of this file, made the first time. There must be few names: nothing is forgotten."""
        if name not in self._answered:
            self._answered[name] = make()
        made: Made = self._answered[name]
        return made


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

    @property
    def sql(self) -> str:
        """``WHERE …``, or nothing."""
        return f"WHERE {' AND '.join(self._conditions)}" if self._conditions else ""


def lower(database: Database, text: str) -> str:
    """The text in DuckDB's lower case, which beyond ASCII other libraries may see differently."""
    if text.isascii():
        return text.lower()
    return str(database.rows("SELECT lower(?)", [text])[0][0])


# an average over several sellers: sum by count, rounded half up, in whole numbers, as the mart's own
_AVERAGE: Final = """
CASE WHEN count(*) = 1 THEN any_value({0}average_order_value)
     WHEN sum({0}total_orders - {0}orders_without_amount) > 0 THEN
       (((sum({0}total_revenue) * 100)::HUGEINT * 2 + sum({0}total_orders - {0}orders_without_amount)::HUGEINT)
        // (2 * sum({0}total_orders - {0}orders_without_amount)::HUGEINT) * 0.01)::DECIMAL(18, 2) END"""
_CURRENCY_ORDERS: Final = f"""
SELECT currency, sum(total_orders)::BIGINT, sum(total_revenue)::DECIMAL(18, 2), {_AVERAGE.format("")},
       sum(pending_count)::BIGINT, sum(unshipped_count)::BIGINT, sum(shipped_count)::BIGINT,
       sum(canceled_count)::BIGINT, sum(orders_without_amount)::BIGINT,
       sum(previous_total_orders)::BIGINT, sum(previous_total_revenue)::DECIMAL(18, 2),
       {_AVERAGE.format("previous_")}, sum(units)::BIGINT, sum(previous_units)::BIGINT,
       sum(previous_orders_without_amount)::BIGINT
FROM mart.order_metrics_24h WHERE marketplace_id = 'ALL'
GROUP BY currency"""


def currency_orders(database: Database | None) -> list[CurrencyOrders]:
    """The 24-hour window over all sellers, one row per currency; none while no whole window is known."""
    if database is None:
        return []
    return [CurrencyOrders(*row) for row in database.rows(_CURRENCY_ORDERS)]


def window(database: Database) -> tuple[int, int] | None:
    """Start and end of the 24-hour window in microseconds since 1970, None while it is not known.

    Each seller has a window of its own; the one given is that of the seller whose orders are known least far.
    """
    sql = "SELECT epoch_us(min(window_start)), epoch_us(min(window_end)) FROM mart.order_metrics_24h"
    start, end = database.rows(sql)[0]
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
SELECT sum(total_skus)::BIGINT, sum(total_quantity)::BIGINT, sum(fulfillable_quantity)::BIGINT,
       sum(reserved_quantity)::BIGINT, sum(inbound_quantity)::BIGINT, sum(low_stock_count)::BIGINT,
       sum(out_of_stock_count)::BIGINT
FROM mart.inventory_summary WHERE marketplace_id = 'ALL'
HAVING count(*) > 0"""


def inventory_figures(database: Database | None, *, known: bool) -> InventoryFigures | None:
    """The ``ALL`` rows of the summary, over all sellers.

    None unless Amazon has told us the stock; zeros if it said there is none.
    """
    if database is None or not known:
        return None
    rows: Sequence[tuple[int, ...]] = database.rows(_INVENTORY)
    return InventoryFigures(*rows[0]) if rows else InventoryFigures()


_UNITS_AT: Final = """
SELECT sum(h.total_quantity)::BIGINT
FROM mart.inventory_history h
JOIN mart.inventory i USING (seller_id, marketplace_id, seller_sku)
WHERE NOT i.is_pool_duplicate
  AND h.valid_from <= ?::TIMESTAMPTZ AND (h.valid_to > ?::TIMESTAMPTZ OR h.valid_to IS NULL)"""


def units_at(database: Database, at: datetime) -> int | None:
    """All units as they were known at a moment, each pool of stock counted once; None before the first snapshot."""
    units = database.rows(_UNITS_AT, [at.isoformat()] * 2)[0][0]
    return None if units is None else int(units)


_INBOUND_SKUS: Final = """
SELECT CASE WHEN count(*) = 0 OR count(inbound_quantity) > 0 THEN count(*) FILTER (inbound_quantity > 0) END
FROM mart.inventory WHERE NOT is_pool_duplicate AND NOT is_gone"""


def inbound_skus(database: Database) -> int | None:
    """SKUs with units on the way to Amazon, each pool of stock counted once; None if Amazon says it of no SKU."""
    found = database.rows(_INBOUND_SKUS)[0][0]
    return None if found is None else int(found)
