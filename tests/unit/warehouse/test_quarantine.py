"""Quarantined orders: asked for again, resolved, replayed."""

from __future__ import annotations

from datetime import timedelta

from amazon_pipeline.landing import Landing
from amazon_pipeline.marts import merge_orders
from amazon_pipeline.warehouse import (
    count_asked_again,
    open_warehouse,
    orders_to_ask_again,
    replay_quarantined_orders,
)
from tests.amazon_answers import NOON, SELLER, land, land_orders, order
from tests.unit.warehouse_fixture import TestWarehouse

BAD = order("2") | {"fulfillment": {}}


def to_ask(warehouse: TestWarehouse) -> list[str]:
    with open_warehouse(warehouse.path) as connection:
        return orders_to_ask_again(connection, SELLER)


def test_a_quarantined_order_is_asked_for_at_the_next_three_syncs_and_then_left(warehouse: TestWarehouse) -> None:
    land_orders(warehouse.landing, order("1"), BAD)
    warehouse.sync()
    for minutes in range(1, 4):
        assert to_ask(warehouse) == ["2"]
        with open_warehouse(warehouse.path) as connection:
            count_asked_again(connection, SELLER, ["2"])
        land(warehouse.landing, "orders", "getOrder", [{"order": BAD}], at=NOON + timedelta(minutes=minutes))
        warehouse.sync()
    assert to_ask(warehouse) == []


def test_a_valid_version_resolves_it(warehouse: TestWarehouse) -> None:
    land_orders(warehouse.landing, BAD)
    warehouse.sync()
    land(warehouse.landing, "orders", "getOrder", [{"order": order("2")}], at=NOON + timedelta(minutes=15))
    warehouse.sync()
    assert to_ask(warehouse) == []
    assert warehouse.rows("SELECT amazon_order_id FROM mart.orders") == [("2",)]


def test_after_a_fix_the_quarantined_orders_are_taken_from_their_landed_pages(warehouse: TestWarehouse) -> None:
    """The fix is played by quarantining by hand a row that is valid."""
    land_orders(warehouse.landing, order("1"), order("2"))
    warehouse.sync()
    with open_warehouse(warehouse.path) as connection:
        (batch_id,) = connection.execute("SELECT batch_id FROM staging.staged_batches").fetchall()[0]
        for table in ("orders", "order_items"):
            connection.execute(f"DELETE FROM mart.{table} WHERE amazon_order_id = '2'")
        connection.execute(
            "INSERT INTO staging.quarantine VALUES (?, 'orders', '2', 'a rule of ours', 1, '{}', now(), ?, 1, 0, NULL)",
            [SELLER, batch_id],
        )
        assert replay_quarantined_orders(connection, Landing(warehouse.landing, SELLER), SELLER) == 1
        merge_orders(connection)
        assert orders_to_ask_again(connection, SELLER) == []
    assert warehouse.rows("SELECT amazon_order_id FROM mart.orders ORDER BY 1") == [("1",), ("2",)]
