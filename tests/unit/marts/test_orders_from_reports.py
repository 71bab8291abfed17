"""Orders from reports beside orders from the API: newer knowledge wins, and an order's lines come as a set."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import pytest

from tests.amazon_answers import NOON, iso, land_marketplaces, land_orders, order, order_item
from tests.order_reports import land_pages, land_report, line
from tests.unit.warehouse_fixture import TestWarehouse

T: Final = NOON - timedelta(days=2)
LATER: Final = NOON + timedelta(minutes=15)


def versions(warehouse: TestWarehouse) -> tuple[list[tuple[str, str]], list[str]]:
    items = warehouse.rows("SELECT order_item_id FROM mart.order_items ORDER BY 1")
    return warehouse.rows("SELECT order_status, source FROM mart.orders"), [row[0] for row in items]  # type: ignore[return-value]


def from_api(status: str = "SHIPPED", *, updated: object = T) -> dict[str, object]:
    return order("1", status=status, updated=updated, items=[order_item("77"), order_item("78")])  # type: ignore[arg-type]


def from_report(status: str = "Unshipped", *, updated: object = T) -> list[dict[str, str]]:
    at = iso(updated)  # type: ignore[arg-type]
    return [line("1", order_status=status, last_updated_date=at) for _ in range(3)]


API: Final = ([("Shipped", "orders_api")], ["77", "78"])
REPORT: Final = ([("Unshipped", "report")], ["report:1", "report:2", "report:3"])


@pytest.mark.parametrize("minutes_newer", [0, 5])
@pytest.mark.parametrize("which_first", ["report", "api", "together"])
def test_the_api_wins_when_it_is_newer_or_of_the_same_time_whichever_came_first(
    warehouse: TestWarehouse, which_first: str, minutes_newer: int
) -> None:
    land_api = {"orders": [from_api(updated=T + timedelta(minutes=minutes_newer))]}
    if which_first == "report":
        land_report(warehouse.landing, *from_report())
        warehouse.sync()
        assert versions(warehouse) == REPORT
    land_orders(warehouse.landing, *land_api["orders"])
    if which_first == "api":
        warehouse.sync()
        assert versions(warehouse) == API
    if which_first != "report":
        land_report(warehouse.landing, *from_report(), at=LATER)
    warehouse.sync()
    assert versions(warehouse) == API


def test_a_report_in_whole_seconds_does_not_overwrite_the_same_version_of_the_api(warehouse: TestWarehouse) -> None:
    land_orders(warehouse.landing, from_api(updated=T + timedelta(milliseconds=431)))
    land_report(warehouse.landing, *from_report(updated=T))
    warehouse.sync()
    assert versions(warehouse) == API


def test_a_report_that_is_newer_wins_with_all_its_lines_until_the_api_catches_up(warehouse: TestWarehouse) -> None:
    land_orders(warehouse.landing, from_api("PENDING", updated=T - timedelta(hours=1)))
    warehouse.sync()
    land_report(warehouse.landing, *from_report(), at=LATER)
    warehouse.sync()
    assert versions(warehouse) == REPORT
    land_orders(warehouse.landing, from_api(updated=T + timedelta(milliseconds=1)), at=LATER + timedelta(minutes=15))
    warehouse.sync()
    assert versions(warehouse) == API


def test_each_stream_counts_its_own_changes_and_quarantined_rows(warehouse: TestWarehouse) -> None:
    land_orders(warehouse.landing, order("9"))
    land_report(warehouse.landing, line("1"), line("2"), line("3", quantity="x"))
    warehouse.sync()
    found = warehouse.rows(
        "SELECT stream, rows_changed, rows_quarantined FROM mart.sync_status WHERE stream LIKE 'orders%' ORDER BY 1"
    )
    assert found == [("orders", 1, 0), ("orders_history", 2, 1)]


def test_history_does_not_move_the_watermark_of_the_orders(warehouse: TestWarehouse) -> None:
    """The window of the metrics ends there."""
    land_report(warehouse.landing, line("1"), window_end=NOON)
    warehouse.sync()
    assert warehouse.rows("SELECT watermark FROM mart.sync_status WHERE stream = 'orders'") == [(None,)]
    assert warehouse.rows("SELECT count(*) FROM mart.order_metrics_24h") == [(0,)]


def test_a_report_that_is_half_landed_is_not_staged(warehouse: TestWarehouse) -> None:
    batch = land_pages(warehouse.landing, [[line("1")], [line("2")]], status="open")
    assert warehouse.sync()["orders_history"].pages == 0
    batch.close("complete", at=LATER, facts={"window_end": NOON})
    assert warehouse.sync()["orders_history"].pages == 2
    assert warehouse.rows("SELECT count(*) FROM mart.orders") == [(2,)]


def test_history_is_in_the_daily_sales(warehouse: TestWarehouse) -> None:
    land_marketplaces(warehouse.landing)
    land_report(warehouse.landing, line("1"), line("2", item_price=None), line("3", order_status="Cancelled"))
    warehouse.sync()
    found = warehouse.rows("SELECT orders, units, revenue::VARCHAR, currency FROM mart.sales_daily")
    assert found == [(2, 2, "10.83", "USD")]


def test_a_warehouse_that_was_lost_is_made_again_with_its_history(warehouse: TestWarehouse) -> None:
    land_report(warehouse.landing, *from_report(), line("2"))
    land_orders(warehouse.landing, from_api(), at=LATER)
    warehouse.sync()
    before = [warehouse.rows(f"SELECT * FROM mart.{name} ORDER BY ALL") for name in ("orders", "order_items")]
    warehouse.lose_file()
    warehouse.sync()
    assert [warehouse.rows(f"SELECT * FROM mart.{name} ORDER BY ALL") for name in ("orders", "order_items")] == before
