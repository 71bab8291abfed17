"""mart.orders and mart.order_items: the newest version wins, whole, whatever the order it comes in."""

from __future__ import annotations

from datetime import timedelta

from tests.amazon_answers import NOON, land, land_marketplaces, land_orders, order, order_item
from tests.unit.warehouse_fixture import TestWarehouse


def test_the_newest_version_of_an_order_wins(warehouse: TestWarehouse) -> None:
    newer = NOON - timedelta(minutes=10)
    land_orders(warehouse.landing, order("1", status="SHIPPED", updated=newer))
    land_orders(warehouse.landing, order("1", status="PENDING"), at=NOON + timedelta(minutes=1))
    warehouse.sync()
    assert warehouse.rows("SELECT order_status FROM mart.orders") == [("Shipped",)]


def test_the_same_order_on_two_pages_is_one_row(warehouse: TestWarehouse) -> None:
    bodies = [{"orders": [order("1"), order("2")]}, {"orders": [order("2"), order("3")]}]
    land(warehouse.landing, "orders", "searchOrders", bodies)
    warehouse.sync()
    assert warehouse.rows("SELECT amazon_order_id FROM mart.orders ORDER BY 1") == [("1",), ("2",), ("3",)]


def test_an_order_that_loses_a_line_loses_it_here_too(warehouse: TestWarehouse) -> None:
    land_orders(warehouse.landing, order("1", items=[order_item("1"), order_item("2")]))
    warehouse.sync()
    land_orders(warehouse.landing, order("1", items=[order_item("2")], updated=NOON), at=NOON + timedelta(minutes=15))
    warehouse.sync()
    assert warehouse.rows("SELECT order_item_id FROM mart.order_items") == [("2",)]


def test_syncing_again_changes_nothing_and_counts_nothing(warehouse: TestWarehouse) -> None:
    land_orders(warehouse.landing, order("1"), order("2"))
    warehouse.sync()
    before = warehouse.rows("SELECT * FROM mart.orders ORDER BY ALL")
    land_orders(warehouse.landing, order("1"), order("2"), at=NOON + timedelta(minutes=15))
    warehouse.sync()
    assert warehouse.rows("SELECT * FROM mart.orders ORDER BY ALL") == before
    assert warehouse.one("SELECT rows_changed FROM mart.sync_status WHERE stream = 'orders'") == {"rows_changed": 0}


def test_the_watermark_is_where_the_newest_complete_window_ended(warehouse: TestWarehouse) -> None:
    land_orders(warehouse.landing, order("1"), window_end=NOON)
    land_orders(warehouse.landing, order("2"), at=NOON + timedelta(minutes=15), status="partial")
    warehouse.sync()
    found = warehouse.one("SELECT watermark::VARCHAR AS w FROM mart.sync_status WHERE stream = 'orders'")
    assert found == {"w": "2026-11-20 12:00:00+00"}
    assert len(warehouse.rows("SELECT * FROM mart.orders")) == 2, "a partial window's rows are good"


def test_pages_of_an_open_window_are_taken_once_as_they_come(warehouse: TestWarehouse) -> None:
    batch = land_orders(warehouse.landing, order("1"), status="open")
    assert warehouse.sync()["orders"].pages == 1
    batch.write_page(
        number=2,
        operation="searchOrders",
        params={},
        received_at=NOON,
        request_id=None,
        next_token=None,
        body={"orders": [order("2")]},
    )
    assert warehouse.sync()["orders"].pages == 1
    batch.close("complete", at=NOON, facts={"window_end": NOON})
    assert warehouse.sync()["orders"].pages == 0
    assert len(warehouse.rows("SELECT * FROM mart.orders")) == 2
    assert warehouse.rows("SELECT watermark IS NOT NULL FROM mart.sync_status WHERE stream = 'orders'") == [(True,)]


def test_quarantined_rows_are_counted_and_kept_with_their_page(warehouse: TestWarehouse) -> None:
    land_orders(warehouse.landing, order("1"), order("2") | {"fulfillment": {}})
    warehouse.sync()
    assert warehouse.one("SELECT rows_quarantined FROM mart.sync_status WHERE stream = 'orders'") == {
        "rows_quarantined": 1
    }
    found = warehouse.one("SELECT record_id, reason, page FROM staging.quarantine")
    assert found == {"record_id": "2", "reason": "order_status is missing", "page": 1}


def test_a_warehouse_that_was_lost_is_made_again_from_the_landed_pages(warehouse: TestWarehouse) -> None:
    land_marketplaces(warehouse.landing)
    land_orders(warehouse.landing, order("1"), order("2"))
    land_orders(warehouse.landing, order("2", status="SHIPPED", updated=NOON), at=NOON + timedelta(days=40))
    warehouse.sync()
    tables = ("orders", "order_items", "order_metrics_24h", "sales_daily")
    before = [warehouse.rows(f"SELECT * FROM mart.{name} ORDER BY ALL") for name in tables]
    warehouse.lose_file()
    warehouse.sync()
    assert [warehouse.rows(f"SELECT * FROM mart.{name} ORDER BY ALL") for name in tables] == before
