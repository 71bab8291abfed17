"""The gate each mart passes before its rows count: its own schema, and the totals that must agree.

A gate looks at candidate rows. What it finds goes with MartInvalid, so that the failing rows can be read where the run
is looked at; the mart stays as it was.
"""

from __future__ import annotations

from typing import Final

import duckdb

from amazon_pipeline.errors import MartInvalid, Violation
from amazon_pipeline.schemas import Column, Table

_SHOWN: Final = 10
"""Failing rows that are kept of each rule."""

_GREATEST: Final = 10**12
"""No sum of units and no amount of money of a seller comes near it."""

_AGREEMENTS: Final[dict[str, dict[str, str]]] = {
    "inventory_history": {
        "each SKU that is not gone has one period that goes on, with the quantities of mart.inventory": """
            SELECT seller_id, marketplace_id, seller_sku
            FROM (SELECT * FROM mart.inventory WHERE NOT is_gone) AS i
            FULL JOIN (SELECT * FROM mart.inventory_history WHERE valid_to IS NULL) AS h
                USING (seller_id, marketplace_id, seller_sku)
            WHERE i.fulfillable_quantity IS DISTINCT FROM h.fulfillable_quantity
               OR i.total_quantity IS DISTINCT FROM h.total_quantity""",
    },
    "inventory_summary": {
        "ALL counts the marketplaces' SKUs less the pool duplicates": """
            SELECT a.* FROM candidate AS a
            WHERE a.marketplace_id = 'ALL' AND a.total_skus + (
                SELECT count(*) FROM mart.inventory AS i
                WHERE i.seller_id = a.seller_id AND i.is_pool_duplicate AND NOT i.is_gone
            ) <> (
                SELECT sum(total_skus) FROM candidate AS c
                WHERE c.seller_id = a.seller_id AND c.marketplace_id <> 'ALL'
            )""",
        "each marketplace's units are the sum of its rows": """
            SELECT c.* FROM candidate AS c
            WHERE c.marketplace_id <> 'ALL' AND c.total_quantity <> (
                SELECT coalesce(sum(i.total_quantity), 0) FROM mart.inventory AS i
                WHERE i.seller_id = c.seller_id AND i.marketplace_id = c.marketplace_id AND NOT i.is_gone
            )""",
    },
    "low_stock": {
        "there are as many rows as mart.inventory has under their threshold": """
            SELECT listed, stocked
            FROM (SELECT count(*) AS listed FROM candidate)
            CROSS JOIN (
                SELECT count(*) AS stocked FROM mart.inventory WHERE NOT is_gone AND stock_status <> 'in-stock'
            )
            WHERE listed <> stocked""",
    },
    "order_metrics_24h": {
        "total_orders is the sum of the statuses": """
            SELECT * FROM candidate
            WHERE total_orders <> pending_count + unshipped_count + shipped_count + other_count
               OR previous_total_orders <> previous_pending_count + previous_unshipped_count
                  + previous_shipped_count + previous_other_count""",
        "ALL is the sum of the marketplaces, currency by currency": """
            SELECT seller_id, currency,
                sum(total_orders) FILTER (marketplace_id = 'ALL') AS orders_of_all,
                sum(total_orders) FILTER (marketplace_id <> 'ALL') AS orders_of_marketplaces,
                sum(total_revenue) FILTER (marketplace_id = 'ALL') AS revenue_of_all,
                sum(total_revenue) FILTER (marketplace_id <> 'ALL') AS revenue_of_marketplaces
            FROM candidate
            GROUP BY seller_id, currency
            HAVING orders_of_all IS DISTINCT FROM orders_of_marketplaces
                OR coalesce(revenue_of_all, 0) <> coalesce(revenue_of_marketplaces, 0)""",
    },
    "sales_daily": {
        "orders, units and revenue over all days are those of mart.sales_hourly": """
            SELECT seller_id, marketplace_id, currency, fulfillment_channel, by_day, by_hour
            FROM (
                SELECT seller_id, marketplace_id, currency, fulfillment_channel,
                    [sum(orders), sum(units), sum(revenue), sum(orders_without_amount)] AS by_day
                FROM mart.sales_daily GROUP BY ALL
            ) FULL JOIN (
                SELECT seller_id, marketplace_id, currency, fulfillment_channel,
                    [sum(orders), sum(units), sum(revenue), sum(orders_without_amount)] AS by_hour
                FROM mart.sales_hourly GROUP BY ALL
            ) USING (seller_id, marketplace_id, currency, fulfillment_channel)
            WHERE by_day IS DISTINCT FROM by_hour
              AND NOT EXISTS (SELECT 1 FROM staging.stale_sales WHERE mart = 'sales_hourly')""",
    },
}
"""Rules beyond a table's own schema: each a sentence, and the SQL of the rows that break it."""


def check_rows(connection: duckdb.DuckDBPyConnection, table: Table, candidate: str) -> None:
    """Hold candidate rows (a relation with the table's columns) to its schema. Raises MartInvalid."""
    conditions = dict(pair for column in table.columns for pair in _conditions(column))
    counts = ", ".join(f"count(*) FILTER ({condition})" for condition in conditions.values())
    broken = connection.execute(f"SELECT {counts} FROM {candidate}").fetchall()[0]
    rules = {f"{', '.join(table.key)} is unique": _duplicates(table, candidate)}
    rules |= {
        rule: f"SELECT * FROM {candidate} WHERE {condition}"
        for (rule, condition), count in zip(conditions.items(), broken, strict=True)
        if count
    }
    _hold(connection, table, rules)


def check_totals(connection: duckdb.DuckDBPyConnection, table: Table, candidate: str) -> None:
    """Hold candidate rows to the totals they must agree with. Raises MartInvalid."""
    rules = _AGREEMENTS.get(table.name, {})
    _hold(connection, table, {rule: query.replace("candidate", candidate) for rule, query in rules.items()})


def _hold(connection: duckdb.DuckDBPyConnection, table: Table, rules: dict[str, str]) -> None:
    found = [violation for rule, query in rules.items() if (violation := _violation(connection, rule, query))]
    if found:
        raise MartInvalid(table.qualified_name, found)


def _violation(connection: duckdb.DuckDBPyConnection, rule: str, query: str) -> Violation | None:
    broken = connection.execute(f"SELECT COLUMNS(*)::VARCHAR FROM ({query}) LIMIT {_SHOWN}")
    columns = tuple(column[0] for column in broken.description or [])
    rows = broken.fetchall()
    if not rows:
        return None
    count = connection.execute(f"SELECT count(*) FROM ({query})").fetchall()[0][0]
    return Violation(rule, int(count), columns, tuple(rows))


def _duplicates(table: Table, candidate: str) -> str:
    key = ", ".join(f'"{name}"' for name in table.key)
    return f"SELECT {key}, count(*) AS rows FROM {candidate} GROUP BY {key} HAVING count(*) > 1"


def _conditions(column: Column) -> list[tuple[str, str]]:
    found = []
    if not column.nullable:
        found.append((f"{column.name} is there", f'"{column.name}" IS NULL'))
    if column.minimum is not None:
        found.append((f"{column.name} is {column.minimum} or more", f'"{column.name}" < {column.minimum}'))
    if column.type in ("BIGINT", "DECIMAL(18,2)"):
        found.append((f"{column.name} is below a million million", f'"{column.name}" >= {_GREATEST}'))
    if column.values:
        listed = ", ".join(f"'{value}'" for value in column.values)
        found.append((f"{column.name} is one of {listed}", f'"{column.name}" NOT IN ({listed})'))
    return found
