"""The queries of the README and of the analyst guide, asked of the published file of an account that was synced."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.house.documents import README, ROOT, code_blocks
from tests.pipeline.seller import running_seller

pytestmark = pytest.mark.slow

ANALYST_GUIDE = ROOT / "docs" / "analyst-guide.md"
QUERIES = code_blocks(ANALYST_GUIDE.read_text(encoding="utf-8"), "sql")
README_QUERIES = code_blocks(README.read_text(encoding="utf-8"), "sql")
MONDAY = datetime(2026, 11, 16, 15, 7, 30, tzinfo=UTC)
"""Before the moment that the documents ask for; the second sync is after it."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Published:
    """The file of the first sync, on Monday, and the newest one, of Saturday."""

    first: Path
    newest: Path

    def ask(self, query: str, path: Path | None = None) -> list[Row]:
        """What the query finds in the newest file, or another."""
        with duckdb.connect(path or self.newest, read_only=True) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            found = connection.execute(query)
            names = [column[0] for column in found.description or []]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    """One account for all: a sync costs seconds."""
    directory = tmp_path_factory.mktemp("account")
    with running_seller(directory, quota_speed=1000, start=MONDAY, orders_per_day=60.0, stores=True) as seller:
        assert seller.sync().success
        first = seller.settings.published_path.resolve()
        seller.pass_time(days=5)
        assert seller.sync().success
        yield Published(first, seller.settings.published_path.resolve())


def test_every_query_of_the_readme_runs(published: Published) -> None:
    assert len(README_QUERIES) >= 3
    for query in README_QUERIES:
        published.ask(query)


def test_the_guide_has_seven_queries_and_each_finds_something(published: Published) -> None:
    assert [bool(published.ask(query)) for query in QUERIES] == [True] * 7


@pytest.mark.parametrize("queries", [QUERIES, README_QUERIES], ids=["guide", "readme"])
def test_what_was_known_at_a_moment_is_what_the_file_of_that_time_says(
    published: Published, queries: list[str]
) -> None:
    (as_of,) = (query for query in queries if "inventory_history" in query and "asked" in query)
    columns = ("seller_sku", "marketplace_id", "fulfillable_quantity", "reserved_quantity", "inbound_quantity")
    then = published.ask(f"SELECT {', '.join(columns)} FROM mart.inventory ORDER BY ALL", published.first)
    now = published.ask(f"SELECT {', '.join(columns)} FROM mart.inventory ORDER BY ALL")
    asked = [{name: row[name] for name in columns if name in row} for row in published.ask(as_of)]
    assert sorted(asked, key=str) == sorted(then, key=str) != sorted(now, key=str)


def test_the_reorder_list_holds_what_falls_to_its_reorder_point_within_a_week_with_the_sum_that_says_so(
    published: Published,
) -> None:
    listed = published.ask(QUERIES[1])
    advised = published.ask("SELECT * FROM mart.sku_velocity WHERE restock_quantity > 0")
    assert {(row["seller_sku"], row["marketplace_id"]) for row in listed} == {
        (row["seller_sku"], row["marketplace_id"])
        for row in advised
        if row["supply_quantity"] - row["reorder_point"] < 7 * row["pool_velocity"]
    }
    assert all(f"{row['restock_quantity']} to order." in row["explanation"] for row in listed)


def test_the_stock_outs_hold_every_sku_that_is_out_and_count_its_days(published: Published) -> None:
    found = published.ask(QUERIES[2])
    out = published.ask("SELECT * FROM mart.inventory WHERE fulfillable_quantity = 0")
    assert {(row["seller_sku"], row["marketplace_id"]) for row in found if row["is_out_now"]} == {
        (row["seller_sku"], row["marketplace_id"]) for row in out
    }
    was_out = published.ask("SELECT seller_sku FROM mart.inventory WHERE fulfillable_quantity = 0", published.first)
    assert was_out, "five days lie between the two snapshots"
    assert {row["days_out"] for row in found} <= {0.0, 5.0}
    assert {row["seller_sku"] for row in found if row["days_out"] == 5.0} == {row["seller_sku"] for row in was_out}


def test_the_two_weeks_are_those_of_the_daily_sales(published: Published) -> None:
    compared = published.ask(QUERIES[3])
    days = published.ask("SELECT * FROM mart.sales_daily WHERE day >= DATE '2026-11-09'")
    for name in ("orders", "units", "revenue"):
        both = sum((row[name] or 0) + (row[f"{name}_last_week"] or 0) for row in compared)
        assert both == sum(row[name] or 0 for row in days) > 0


def test_the_shipments_listed_lack_units(published: Published) -> None:
    found = published.ask(QUERIES[4])
    assert all(row["quantity_received"] < row["quantity_expected"] for row in found)
    assert {row["problem"] for row in found} >= {"short", "too late for stock"}
    assert all((row["due"] is None) == (row["problem"] == "short") for row in found)


def test_the_completeness_has_every_stream_once(published: Published) -> None:
    found = published.ask(QUERIES[5])
    streams = published.ask("SELECT seller_id, stream FROM mart.sync_status ORDER BY ALL")
    assert [{key: row[key] for key in ("seller_id", "stream")} for row in found] == streams
    (orders,) = (row for row in found if row["stream"] == "orders")
    assert (orders["status"], orders["minutes_behind"], orders["rows_set_aside"]) == ("ok", 3, 0)
    assert orders["orders_without_amount"] >= 0
