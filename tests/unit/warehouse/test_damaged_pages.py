"""A landed file that is damaged: named, set aside, asked for again, and nobody else's trouble."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from amazon_pipeline.errors import LandingUnavailable
from amazon_pipeline.landing import Batch, Landing
from amazon_pipeline.warehouse import lost_windows, open_warehouse, reached, unreadable_batches
from tests.amazon_answers import NOON, SELLER, inventory_summary, land, land_inventory, land_orders, order
from tests.unit.warehouse_fixture import TestWarehouse

HOUR = timedelta(hours=1)


def damage(path: Path) -> None:
    """Flip bits in the middle, as a bad sector or a broken copy does."""
    content = bytearray(path.read_bytes())
    for place in range(len(content) // 3, len(content) // 3 + 20):
        content[place] ^= 0xFF
    path.write_bytes(content)


def land_window(warehouse: TestWarehouse, *pages: str, hours: int) -> Batch:
    """Land a window of one hour, a page for each order."""
    at = NOON + hours * HOUR
    bodies = [{"orders": [order(order_id)]} for order_id in pages]
    return land(warehouse.landing, "orders", "searchOrders", bodies, at=at, window_start=at - HOUR, window_end=at)


def test_a_damaged_page_is_quarantined_with_its_path_and_the_other_pages_and_batches_are_taken(
    warehouse: TestWarehouse,
) -> None:
    land_orders(warehouse.landing, order("0"))
    batch = land_window(warehouse, "1", "2", "3", hours=1)
    land_window(warehouse, "4", hours=2)
    damage(batch.page_path(2))
    loaded = warehouse.sync()["orders"]
    assert loaded.rows_quarantined == 1
    assert str(batch.page_path(2)) in loaded.unreadable[0]
    assert warehouse.rows("SELECT amazon_order_id FROM mart.orders ORDER BY 1") == [("0",), ("1",), ("3",), ("4",)]
    (row,) = warehouse.rows("SELECT batch_id, page, record_id, reason FROM staging.quarantine")
    assert row[:3] == (batch.id, 2, None)
    assert str(batch.page_path(2)) in row[3]
    assert warehouse.sync()["orders"].rows_quarantined == 0, "said once, and kept in the table"


@pytest.mark.parametrize("content", [b"", b"\x1f\x8b\x08", b"<html>", b"\x00" * 400])
def test_whatever_the_damage_is_it_is_recognized(warehouse: TestWarehouse, content: bytes) -> None:
    batch = land_orders(warehouse.landing, order("1"))
    batch.page_path(1).write_bytes(content)
    assert warehouse.sync()["orders"].unreadable


def test_a_lost_window_is_to_be_read_again_and_then_no_more(warehouse: TestWarehouse) -> None:
    land(warehouse.landing, "orders", "searchOrders", [{"orders": []}], window_start=NOON - HOUR, window_end=NOON)
    lost = land_window(warehouse, "1", hours=1)
    land_window(warehouse, "2", hours=2)
    damage(lost.page_path(1))
    warehouse.sync()
    with open_warehouse(warehouse.path) as connection:
        assert [(one.start, one.end) for one in lost_windows(connection, SELLER, "orders")] == [(NOON, NOON + HOUR)]
        assert unreadable_batches(connection, SELLER) == {lost.id}
        assert reached(connection, SELLER, "orders") == NOON + 2 * HOUR, "the next window begins after it"
    at = NOON + 3 * HOUR
    land(
        warehouse.landing, "orders", "searchOrders", [{"orders": [order("1")]}], at=at,
        window_start=NOON, window_end=NOON + HOUR,
    )  # fmt: skip
    warehouse.sync()
    assert warehouse.rows("SELECT count(*) FROM mart.orders") == [(2,)]
    with open_warehouse(warehouse.path) as connection:
        assert lost_windows(connection, SELLER, "orders") == []


def test_a_damaged_snapshot_is_no_snapshot(warehouse: TestWarehouse) -> None:
    """Half of one read as an empty list would have every SKU missing."""
    land_inventory(warehouse.landing, inventory_summary("A", 5), inventory_summary("B", 7))
    warehouse.sync()
    damage(land_inventory(warehouse.landing, inventory_summary("A", 4), at=NOON + HOUR).page_path(1))
    assert warehouse.sync()["inventory"].rows_quarantined == 1
    assert warehouse.rows(
        "SELECT seller_sku, fulfillable_quantity, missed_snapshots FROM mart.inventory ORDER BY 1"
    ) == [
        ("A", 5, 0),
        ("B", 7, 0),
    ]
    land_inventory(warehouse.landing, inventory_summary("A", 3), inventory_summary("B", 7), at=NOON + 2 * HOUR)
    warehouse.sync()
    assert warehouse.rows("SELECT fulfillable_quantity FROM mart.inventory ORDER BY seller_sku") == [(3,), (7,)]


def test_a_damaged_manifest_is_named_and_its_batch_left_out(warehouse: TestWarehouse) -> None:
    manifest = land_orders(warehouse.landing, order("1")).directory / "manifest.json"
    manifest.write_text('{"version": 1, "batch')
    land_orders(warehouse.landing, order("2"), at=NOON + HOUR)
    loaded = warehouse.sync()["orders"]
    assert str(manifest) in loaded.unreadable[0]
    assert warehouse.rows("SELECT amazon_order_id FROM mart.orders") == [("2",)]


def test_a_file_that_cannot_be_reached_is_not_taken_for_damaged(warehouse: TestWarehouse) -> None:
    batch = land_orders(warehouse.landing, order("1"))
    kept = batch.page_path(1).read_bytes()
    batch.page_path(1).unlink()
    batch.page_path(1).mkdir()
    with pytest.raises(LandingUnavailable, match=r"page-00001\.json\.gz cannot be reached"):
        warehouse.sync()
    batch.page_path(1).rmdir()
    batch.page_path(1).write_bytes(kept)
    assert warehouse.sync()["orders"].rows_valid == 1


def test_a_batch_that_the_warehouse_found_unreadable_is_so_for_who_asks_for_more(warehouse: TestWarehouse) -> None:
    batch = land_orders(warehouse.landing, order("1"))
    (found,) = Landing(warehouse.landing, SELLER, unreadable={batch.id}).batches("orders")
    assert found.manifest.status == "unreadable"
