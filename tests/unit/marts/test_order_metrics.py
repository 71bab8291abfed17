"""mart.order_metrics_24h and the sales tables: each figure by hand."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from tests.amazon_answers import CA, NOON, land_marketplaces, land_orders, order, order_item
from tests.unit.warehouse_fixture import TestWarehouse

START = NOON - timedelta(hours=24)


def metrics(warehouse: TestWarehouse, marketplace_id: str, currency: str) -> dict[str, Any]:
    return warehouse.one(
        f"SELECT * EXCLUDE (window_start, window_end) FROM mart.order_metrics_24h "
        f"WHERE marketplace_id = '{marketplace_id}' AND currency = '{currency}'"
    )


def test_each_status_is_counted_where_it_belongs(warehouse: TestWarehouse) -> None:
    statuses = {
        "PENDING": 1,
        "PENDING_AVAILABILITY": 1,
        "UNSHIPPED": 2,
        "PARTIALLY_SHIPPED": 1,
        "SHIPPED": 3,
        "CANCELLED": 2,
        "UNFULFILLABLE": 1,
        "SOMETHING_NEW": 1,
    }
    names = [status for status, count in statuses.items() for _ in range(count)]
    land_marketplaces(warehouse.landing)
    land_orders(warehouse.landing, *(order(str(n), status=status) for n, status in enumerate(names)), window_end=NOON)
    warehouse.sync()
    found = metrics(warehouse, "ALL", "USD")
    assert (found["pending_count"], found["unshipped_count"], found["shipped_count"]) == (2, 3, 3)
    assert (found["other_count"], found["canceled_count"], found["total_orders"]) == (2, 2, 10)
    assert found["total_revenue"] == Decimal("120.00")


def test_the_window_is_half_open_and_stands_beside_the_one_before(warehouse: TestWarehouse) -> None:
    land_marketplaces(warehouse.landing)
    created = {
        "at the end, excluded": NOON,
        "last microsecond": NOON - timedelta(microseconds=1),
        "at the start": START,
        "just before": START - timedelta(microseconds=1),
        "before, at its start": START - timedelta(hours=24),
        "too old": START - timedelta(hours=24, microseconds=1),
    }
    land_orders(warehouse.landing, *(order(name, created=moment) for name, moment in created.items()), window_end=NOON)
    warehouse.sync()
    found = metrics(warehouse, "ALL", "USD")
    assert (found["total_orders"], found["previous_total_orders"]) == (2, 2)


def test_an_order_without_an_amount_is_counted_and_not_zero(warehouse: TestWarehouse) -> None:
    land_marketplaces(warehouse.landing)
    nothing = order("1", status="PENDING", total=None, marketplace_id=CA, items=[order_item(subtotal=None)])
    land_orders(warehouse.landing, nothing, order("2", total="10.00"), order("3", total="15.01"), window_end=NOON)
    warehouse.sync()
    canada = metrics(warehouse, CA, "CAD")
    assert (canada["total_orders"], canada["orders_without_amount"], canada["average_order_value"]) == (1, 1, None)
    assert canada["total_revenue"] is None
    assert metrics(warehouse, "ALL", "USD")["average_order_value"] == Decimal("12.51"), "12.505, half up"


def test_currencies_are_never_added_together(warehouse: TestWarehouse) -> None:
    land_marketplaces(warehouse.landing)
    land_orders(
        warehouse.landing,
        order("1", total="10.00"),
        order("2", total="30.00", currency="CAD", marketplace_id=CA, items=[order_item(currency="CAD")]),
        window_end=NOON,
    )
    warehouse.sync()
    found = warehouse.rows("SELECT currency, total_revenue FROM mart.order_metrics_24h WHERE marketplace_id = 'ALL'")
    assert sorted(found) == [("CAD", Decimal("30.00")), ("USD", Decimal("10.00"))]


def test_multi_channel_orders_are_in_orders_and_in_no_metric(warehouse: TestWarehouse) -> None:
    land_marketplaces(warehouse.landing)
    land_orders(warehouse.landing, order("1", marketplace_id=None), window_end=NOON)
    warehouse.sync()
    assert metrics(warehouse, "ALL", "USD")["total_orders"] == 0
    assert warehouse.rows("SELECT count(*) FROM mart.orders") == [(1,)]
    assert warehouse.rows("SELECT count(*) FROM mart.sales_hourly") == [(0,)]


def test_there_are_no_figures_before_a_whole_window_is_known(warehouse: TestWarehouse) -> None:
    land_marketplaces(warehouse.landing)
    land_orders(warehouse.landing, order("1"), status="open")
    warehouse.sync()
    assert warehouse.rows("SELECT * FROM mart.order_metrics_24h") == []


def test_a_day_is_the_marketplaces_own(warehouse: TestWarehouse) -> None:
    land_marketplaces(warehouse.landing)
    late_evening_in_california = NOON.replace(hour=7)
    land_orders(warehouse.landing, order("1", created=late_evening_in_california), window_end=NOON)
    warehouse.sync()
    assert warehouse.rows("SELECT day::VARCHAR FROM mart.sales_daily") == [("2026-11-19",)]
    assert warehouse.rows("SELECT hour::VARCHAR FROM mart.sales_hourly") == [("2026-11-20 07:00:00+00",)]


def test_canceled_orders_are_in_no_sales_figure(warehouse: TestWarehouse) -> None:
    land_marketplaces(warehouse.landing)
    land_orders(warehouse.landing, order("1", status="CANCELLED"), order("2", items=[order_item(quantity=4)]))
    warehouse.sync()
    assert warehouse.rows("SELECT orders, units, revenue FROM mart.sales_daily") == [(1, 4, Decimal("12.00"))]
