"""What is older than Amazon allows it to be kept goes, and nothing else."""

from __future__ import annotations

from datetime import timedelta

from amazon_pipeline.warehouse import open_warehouse, purge
from tests.amazon_answers import NOON, inventory_summary, land_inventory, land_orders, order
from tests.amazon_figures import land_metrics, land_stock, metrics_of, stock_line
from tests.unit.warehouse_fixture import TestWarehouse

OLD = NOON - timedelta(days=600)


def test_old_rows_and_landed_days_go_and_the_rest_stays(warehouse: TestWarehouse) -> None:
    land_orders(warehouse.landing, order("old", created=OLD, updated=OLD), at=OLD)
    land_orders(warehouse.landing, order("new"))
    land_inventory(warehouse.landing, inventory_summary("A", 20), at=OLD)
    land_inventory(warehouse.landing, inventory_summary("A", 2))
    land_metrics(warehouse.landing, metrics_of(OLD.date(), 1, 1, "1.00"), at=OLD)
    land_stock(warehouse.landing, [stock_line("A", 20)], at=OLD)
    warehouse.sync()
    with open_warehouse(warehouse.path) as connection:
        gone = purge(connection, warehouse.landing, NOON - timedelta(days=548))
    assert gone["mart.orders"] == gone["mart.order_items"] == 1
    assert gone["staging.order_metrics"] == gone["staging.stock_report"] == 1
    assert gone["landed days"] == 4
    assert warehouse.rows("SELECT amazon_order_id FROM mart.orders") == [("new",)]
    assert warehouse.rows("SELECT count(*) FROM mart.stock_transitions") == [(1,)]
    assert warehouse.sync()["orders"].pages == 0, "nothing is staged again"
