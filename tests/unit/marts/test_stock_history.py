"""mart.inventory_history: every change of every quantity, with the period it held for."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.amazon_answers import CA, NOON, inventory_summary, land_inventory
from tests.unit.warehouse_fixture import TestWarehouse

QUARTER = timedelta(minutes=15)


def periods(warehouse: TestWarehouse, columns: str = "fulfillable_quantity") -> list[tuple[object, ...]]:
    """From, to (in quarters of an hour after NOON) and the quantities."""
    start = int(NOON.timestamp() * 1_000_000)
    return warehouse.rows(
        f"SELECT (epoch_us(valid_from) - {start}) // 900000000, (epoch_us(valid_to) - {start}) // 900000000, {columns} "
        "FROM mart.inventory_history ORDER BY seller_sku, marketplace_id, valid_from"
    )


def test_a_period_lasts_until_a_quantity_changes(warehouse: TestWarehouse) -> None:
    for n, quantity in enumerate((20, 20, 5, 5, 20)):
        land_inventory(warehouse.landing, inventory_summary("A", quantity), at=NOON + n * QUARTER)
        warehouse.sync()
    assert periods(warehouse) == [(0, 2, 20), (2, 4, 5), (4, None, 20)]


def test_a_quantity_that_falls_and_returns_between_two_syncs_is_in_the_history(warehouse: TestWarehouse) -> None:
    for n, quantity in enumerate((20, 0, 20)):
        land_inventory(warehouse.landing, inventory_summary("A", quantity), at=NOON + n * QUARTER)
    warehouse.sync()
    assert periods(warehouse) == [(0, 1, 20), (1, 2, 0), (2, None, 20)]


def test_a_change_of_any_quantity_begins_a_period(warehouse: TestWarehouse) -> None:
    for n, inbound in enumerate((0, 40)):
        land_inventory(warehouse.landing, inventory_summary("A", 5, inbound=inbound), at=NOON + n * QUARTER)
    warehouse.sync()
    assert periods(warehouse, "inbound_quantity") == [(0, 1, 0), (1, None, 40)]


def test_a_sku_that_is_missing_keeps_its_period_and_one_that_is_gone_has_none(warehouse: TestWarehouse) -> None:
    others = [inventory_summary(str(n), 9) for n in range(9)]
    land_inventory(warehouse.landing, inventory_summary("A", 5), *others)
    for n in (1, 2):
        land_inventory(warehouse.landing, *others, at=NOON + n * QUARTER)
    warehouse.sync()
    gone = [row for row in periods(warehouse) if row[2] == 5]
    assert gone == [(0, None, 5)]
    land_inventory(warehouse.landing, *others, at=NOON + 3 * QUARTER)
    warehouse.sync()
    assert [row for row in periods(warehouse) if row[2] == 5] == [(0, 3, 5)]
    land_inventory(warehouse.landing, inventory_summary("A", 5), *others, at=NOON + 4 * QUARTER)
    warehouse.sync()
    assert [row for row in periods(warehouse) if row[2] == 5] == [(0, 3, 5), (4, None, 5)]


def test_what_was_known_at_a_moment_is_one_simple_query(warehouse: TestWarehouse) -> None:
    for n, quantity in enumerate((20, 7, 3)):
        for marketplace_id in ("ATVPDKIKX0DER", CA):
            summary = inventory_summary("A", quantity, fn_sku=marketplace_id)
            land_inventory(warehouse.landing, summary, marketplace_id=marketplace_id, at=NOON + n * QUARTER)
    warehouse.sync()

    def known(moment: datetime) -> list[tuple[object, ...]]:
        return warehouse.rows(
            f"SELECT fulfillable_quantity FROM mart.inventory_history WHERE valid_from <= TIMESTAMPTZ '{moment}' "
            f"AND (valid_to > TIMESTAMPTZ '{moment}' OR valid_to IS NULL)"
        )

    assert known(NOON - QUARTER) == []
    assert known(NOON + QUARTER - timedelta(seconds=1)) == [(20,), (20,)]
    assert known(NOON + QUARTER) == [(7,), (7,)]
    assert known(NOON + 9 * QUARTER) == [(3,), (3,)]
