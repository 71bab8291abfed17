"""Which hours and days of the sales marts are to be made anew: those in which an order was placed that has changed.

The merge of orders notes them in ``staging.stale_sales``, for each of the two marts; so a sync costs what changed, and
a mart whose build was cut off still knows what it has to do.
"""

from __future__ import annotations

from typing import Final

import duckdb

from amazon_pipeline.warehouse.stale_sales import mark_sales

_PLACED: Final = """
SELECT DISTINCT
    s.seller_id,
    s.marketplace_id,
    epoch_us(s.purchase_date) // 3600000000 AS utc_hour,
    (s.purchase_date AT TIME ZONE coalesce(f.time_zone, 'UTC'))::DATE AS "day"
FROM staging.stale_sales AS s
LEFT JOIN marketplace_facts AS f USING (marketplace_id)
WHERE s.mart = $mart
"""

# a day of any time zone on earth begins at most 14 hours before that of UTC, and ends at most 12 hours after it
_SCOPES: Final = {
    "sales_hourly": """
        CREATE OR REPLACE TEMP TABLE stale_hours AS
        SELECT DISTINCT seller_id, marketplace_id, utc_hour, to_timestamp(utc_hour * 3600) AS "hour" FROM stale_sales
        """,
    "sales_daily": """
        CREATE OR REPLACE TEMP TABLE stale_days AS
        SELECT DISTINCT seller_id, marketplace_id, "day" FROM stale_sales;
        CREATE OR REPLACE TEMP TABLE stale_hours AS
        SELECT DISTINCT seller_id, marketplace_id,
            unnest(range(epoch("day")::BIGINT // 3600 - 14, epoch("day")::BIGINT // 3600 + 36)) AS utc_hour
        FROM stale_days
        """,
}
_JOINS: Final = {
    "sales_hourly": 'stale_hours USING (seller_id, marketplace_id, "hour")',
    "sales_daily": 'stale_days USING (seller_id, marketplace_id, "day")',
}


def choose(connection: duckdb.DuckDBPyConnection, mart: str) -> str | None:
    """What of the mart is to be made anew, as a table to join and its columns; None: all of it."""
    if mart not in _SCOPES:
        return None
    connection.execute(f"CREATE OR REPLACE TEMP TABLE stale_sales AS {_PLACED}", {"mart": mart})
    connection.execute(_SCOPES[mart])
    return _JOINS[mart]


def all_of_it(connection: duckdb.DuckDBPyConnection, mart: str) -> None:
    """Note every hour and day of a sales mart as stale."""
    if mart in _SCOPES:
        mark_sales(connection, "true", {})


def done(connection: duckdb.DuckDBPyConnection, mart: str) -> None:
    """The mart is made: nothing of it is stale any more."""
    connection.execute("DELETE FROM staging.stale_sales WHERE mart = ?", [mart])
