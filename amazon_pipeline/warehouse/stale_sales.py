"""Notes in ``staging.stale_sales`` which hours and days of the sales marts are to be made anew, and why.

The merge of orders notes the orders that changed (``marts/sql/orders.sql``); here are the other reasons.
"""

from __future__ import annotations

from typing import Any, Final

import duckdb

# all time zones are whole quarters of an hour from UTC, so a quarter of an hour lies in one hour and in one day
_MARK: Final = """
INSERT INTO staging.stale_sales
SELECT mart, seller_id, marketplace_id, to_timestamp(epoch_us(purchase_date) // 900000000 * 900)
FROM mart.orders
CROSS JOIN (SELECT unnest(['sales_hourly', 'sales_daily']) AS mart)
WHERE {condition}
GROUP BY ALL
"""


def mark_sales(connection: duckdb.DuckDBPyConnection, condition: str, parameters: dict[str, Any]) -> None:
    """Note the hours and days of the orders that fulfil an SQL condition."""
    connection.execute(_MARK.format(condition=condition), parameters)


class MarketplaceFacts:
    """What the sales marts take from the marketplaces: remembered before a change, compared after it."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._before = self._read()

    def mark_changes(self) -> None:
        """Note all sales of each marketplace whose currency or time zone is another one now."""
        changed = sorted({row[0] for row in self._before ^ self._read()})
        if changed:
            mark_sales(self._connection, "marketplace_id IN (SELECT unnest($changed))", {"changed": changed})

    def _read(self) -> set[tuple[Any, ...]]:
        query = "SELECT marketplace_id, currency, time_zone FROM staging.marketplaces"
        return set(self._connection.execute(query).fetchall())
