"""Two published files of one world, compared: all of every table but what differs with when and how it was made."""

from __future__ import annotations

from collections.abc import Collection

import duckdb

from amazon_pipeline.schemas import MART_TABLES
from amazon_pipeline.settings import Settings

OBSERVED = {
    "observed_at", "items_observed_at", "first_seen_at", "status_changed_at", "at", "since", "last_sync",
    "valid_from", "valid_to", "last_good_at",
}  # fmt: skip
"""When we looked. A sync that is run again looks a little later, within the same hour."""
OF_THE_RUN = {"transition_id", "last_success_at", "rows_changed", "api_calls", "throttled_calls", "quota_wait_seconds"}
"""What may differ: ids made from such times, and what the last run of a stream cost."""


def comparable_tables(
    settings: Settings, also_observed: Collection[str] = (), left_out: Collection[str] = ()
) -> dict[str, list[tuple[str | None, ...]]]:
    """Every published table as text, without what legitimately differs; of times ``also_observed`` too, the hour."""
    found = {}
    with duckdb.connect(settings.published_path.resolve(), read_only=True) as published:
        published.execute("SET TimeZone = 'UTC'")
        for name, table in MART_TABLES.items():
            compared = [column for column in table.column_names if column not in {*OF_THE_RUN, *left_out}]
            columns = [_as_text(column, also_observed) for column in compared]
            query = f"SELECT {', '.join(columns)} FROM {table.qualified_name} ORDER BY ALL"
            found[name] = published.execute(query).fetchall()
    return found


def _as_text(column: str, also_observed: Collection[str]) -> str:
    """A column in SQL; of times when we looked, the hour."""
    if column == "watermark" and column not in also_observed:
        # up to when orders are known comes from Amazon; other streams write when they looked
        return "(CASE stream WHEN 'orders' THEN watermark ELSE date_trunc('hour', watermark) END)::VARCHAR"
    hour = column in OBSERVED or column in also_observed
    return f"date_trunc('hour', \"{column}\")::VARCHAR" if hour else f'"{column}"::VARCHAR'
