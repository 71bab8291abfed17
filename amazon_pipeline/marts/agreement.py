"""Whether the reconciliation marts agree with Amazon, within what its own sources differ by.

A drift alarm, not a judge: Amazon's Sales API, its reports and its orders are known not to be equal to the last unit
(selling-partner-api-docs#1029, #2030).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import duckdb

TOLERATED_SHARE: Final = 0.02
"""Of Amazon's figure. A stream that loses or doubles something is soon off by more; late cancellations are not."""

TOLERATED_COUNT: Final = 2
"""Orders or units: less is no drift, whatever the share, since one late order is a large share of a small day."""

_SHOWN: Final = 20

_ORDERS: Final = """
SELECT
    day::VARCHAR AS day, marketplace_id, currency, our_orders, amazon_orders, our_units, amazon_units, our_sales,
    amazon_sales, difference,
    is_apart(our_orders, amazon_orders, $count) OR is_apart(our_units, amazon_units, $count)
        OR (orders_without_amount = 0 AND difference IS NOT NULL AND is_apart(our_sales, amazon_sales, 0))
        AS is_beyond
FROM mart.reconciliation
WHERE is_settled
ORDER BY day DESC, marketplace_id, currency
"""
# orders_without_amount: where Amazon has not given us all amounts, ours are less than its own by right

_STOCK: Final = """
SELECT
    marketplace_id, seller_sku, our_fulfillable, amazon_fulfillable, difference,
    strftime(reported_at, '%Y-%m-%d %H:%M') AS reported_at,
    is_apart(our_fulfillable, amazon_fulfillable, $count) AS is_beyond
FROM mart.inventory_reconciliation
ORDER BY abs(coalesce(our_fulfillable, 0) - coalesce(amazon_fulfillable, 0)) DESC, marketplace_id, seller_sku
"""

_IS_APART: Final = f"""
CREATE OR REPLACE TEMP MACRO is_apart(ours, amazons, least) AS
abs(coalesce(ours, 0) - coalesce(amazons, 0)) > {TOLERATED_SHARE} * coalesce(amazons, 0)
AND abs(coalesce(ours, 0) - coalesce(amazons, 0)) >= least
"""


@dataclass(frozen=True)
class Agreement:
    """How many rows were compared and how many lie beyond the tolerance; the first of these, under their header."""

    compared: int
    beyond: int
    header: tuple[str, ...]
    sample: tuple[tuple[Any, ...], ...]


def orders_agreement(connection: duckdb.DuckDBPyConnection) -> Agreement:
    """Of the settled days of ``mart.reconciliation``: younger ones still move on Amazon's side and on ours."""
    return _agreement(connection, _ORDERS, {"count": TOLERATED_COUNT})


def stock_agreement(connection: duckdb.DuckDBPyConnection) -> Agreement:
    """Of the SKUs of ``mart.inventory_reconciliation``, each marketplace as of its newest report."""
    return _agreement(connection, _STOCK, {"count": TOLERATED_COUNT})


def _agreement(connection: duckdb.DuckDBPyConnection, query: str, parameters: dict[str, Any]) -> Agreement:
    connection.execute(_IS_APART)
    cursor = connection.execute(query, parameters)
    header = tuple(column[0] for column in cursor.description or [])[:-1]
    rows = cursor.fetchall()
    beyond = [row[:-1] for row in rows if row[-1]]
    return Agreement(len(rows), len(beyond), header, tuple(beyond[:_SHOWN]))
