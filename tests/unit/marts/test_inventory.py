"""mart.inventory and what is made of it: status, thresholds, pools, transitions."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.amazon_answers import CA, NOON, inventory_summary, land_inventory
from tests.unit.warehouse_fixture import TestWarehouse

LATER = NOON + timedelta(minutes=15)


def statuses(warehouse: TestWarehouse) -> dict[str, str]:
    return dict(warehouse.rows("SELECT seller_sku, stock_status FROM mart.inventory"))  # type: ignore[arg-type]


def test_a_sku_is_low_below_its_threshold_and_out_at_nothing(warehouse: TestWarehouse) -> None:
    summaries = [inventory_summary(str(n), n) for n in (0, 1, 9, 10, 11)]
    land_inventory(warehouse.landing, *summaries)
    warehouse.sync()
    assert statuses(warehouse) == {
        "0": "out-of-stock",
        "1": "low-stock",
        "9": "low-stock",
        "10": "in-stock",
        "11": "in-stock",
    }
    summary = warehouse.one("SELECT low_stock_count, out_of_stock_count FROM mart.inventory_summary LIMIT 1")
    assert summary == {"low_stock_count": 3, "out_of_stock_count": 1}


def test_thresholds_of_the_managers_file_go_before_the_default(warehouse: TestWarehouse) -> None:
    (warehouse.directory / "stock_thresholds.csv").write_text(
        "seller_sku,marketplace_id,low_stock_threshold,lead_time_days,case_pack\n"
        f"A,,50,,\nA,{CA},5,,\nB,,,20,12\nC,,many,,\n"
    )
    for marketplace in ("ATVPDKIKX0DER", CA):
        summaries = [inventory_summary(sku, 20, fn_sku=f"{sku}{marketplace}") for sku in "ABC"]
        land_inventory(warehouse.landing, *summaries, marketplace_id=marketplace)
    warehouse.sync()
    found = warehouse.rows("SELECT seller_sku, low_stock_threshold FROM mart.inventory ORDER BY ALL")
    assert found == [("A", 5), ("A", 50), ("B", 10), ("B", 10), ("C", 10), ("C", 10)]


def test_a_change_of_status_is_one_transition_and_no_change_is_none(warehouse: TestWarehouse) -> None:
    for minutes, quantity in enumerate((20, 20, 5, 4, 0, 30)):
        land_inventory(warehouse.landing, inventory_summary("A", quantity), at=NOON + timedelta(minutes=minutes))
    warehouse.sync()
    found = warehouse.rows(
        'SELECT from_status, to_status, fulfillable_quantity FROM mart.stock_transitions ORDER BY "at"'
    )
    assert found == [("in-stock", "low-stock", 5), ("low-stock", "out-of-stock", 0), ("out-of-stock", "in-stock", 30)]


def test_snapshots_taken_one_by_one_or_all_at_once_give_the_same_transitions(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    one_by_one, at_once = (TestWarehouse(tmp_path_factory.mktemp("warehouse")) for _ in range(2))
    for minutes, quantity in enumerate((20, 5, 0, 3)):
        at = NOON + timedelta(minutes=minutes)
        for each in (one_by_one, at_once):
            land_inventory(each.landing, inventory_summary("A", quantity), at=at)
        one_by_one.sync()
    at_once.sync()
    query = "SELECT * FROM mart.stock_transitions ORDER BY ALL"
    assert one_by_one.rows(query) == at_once.rows(query)


def test_a_sku_first_seen_low_has_no_status_before(warehouse: TestWarehouse) -> None:
    land_inventory(warehouse.landing, inventory_summary("A", 5), inventory_summary("B", 50))
    warehouse.sync()
    assert warehouse.rows("SELECT seller_sku, from_status FROM mart.stock_transitions") == [("A", None)]
    assert warehouse.one("SELECT since::VARCHAR AS since FROM mart.low_stock") == {"since": "2026-11-20 12:00:00+00"}


def test_a_sku_missing_from_a_snapshot_keeps_its_last_value_and_its_age(warehouse: TestWarehouse) -> None:
    others = [inventory_summary(sku, 50) for sku in "BCDE"]
    land_inventory(warehouse.landing, inventory_summary("A", 5), *others)
    land_inventory(warehouse.landing, inventory_summary("B", 49), *others[1:], at=LATER)
    warehouse.sync()
    found = warehouse.rows(
        "SELECT seller_sku, fulfillable_quantity, observed_at::VARCHAR FROM mart.inventory ORDER BY 1 LIMIT 2"
    )
    assert found == [("A", 5, "2026-11-20 12:00:00+00"), ("B", 49, "2026-11-20 12:15:00+00")]


def test_a_snapshot_that_is_not_whole_is_not_looked_at(warehouse: TestWarehouse) -> None:
    land_inventory(warehouse.landing, inventory_summary("A", 0), status="open")
    land_inventory(warehouse.landing, inventory_summary("A", 0), status="abandoned", at=LATER)
    warehouse.sync()
    assert warehouse.rows("SELECT * FROM mart.inventory") == []


@pytest.mark.parametrize(
    ("pools", "total_skus", "units"),
    [("auto", 3, 57), ("per-marketplace", 4, 64), ("region", 2, 37)],
)
def test_the_same_units_in_two_marketplaces_are_counted_once(
    warehouse: TestWarehouse, pools: str, total_skus: int, units: int
) -> None:
    warehouse.planning["AMAZON_INVENTORY_POOLS"] = pools
    same, differing = {"fn_sku": "X00POOL"}, {"fn_sku": "X00OWN"}
    land_inventory(warehouse.landing, inventory_summary("P", 7, **same), inventory_summary("O", 20, **differing))
    land_inventory(
        warehouse.landing,
        inventory_summary("P", 7, **same),
        inventory_summary("O", 30, **differing),
        marketplace_id=CA,
    )
    warehouse.sync()
    found = warehouse.one(
        "SELECT total_skus, fulfillable_quantity FROM mart.inventory_summary WHERE marketplace_id = 'ALL'"
    )
    assert found == {"total_skus": total_skus, "fulfillable_quantity": units}


def test_a_pool_at_zero_everywhere_is_one_out_of_stock_sku(warehouse: TestWarehouse) -> None:
    for marketplace in ("ATVPDKIKX0DER", CA):
        land_inventory(warehouse.landing, inventory_summary("P", 0, fn_sku="X00P"), marketplace_id=marketplace)
    warehouse.sync()
    found = warehouse.one("SELECT out_of_stock_count FROM mart.inventory_summary WHERE marketplace_id = 'ALL'")
    assert found == {"out_of_stock_count": 1}


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("A,,ten,,", "line 2: low_stock_threshold must be a whole number of 0 or more"),
        ("A,,-1,,", "line 2: low_stock_threshold"),
        (",,5,,", "line 2: seller_sku is empty"),
        ("A,,5", "line 2: has 3 fields instead of 5"),
        ("A,,5,,0", "line 2: case_pack must be a whole number of 1 or more"),
        ("A,,5,,\nA,,6,,", "line 3: A is listed twice"),
        ("A,US,5,,", "line 2: 'US' is no marketplace id"),
        ('"A,,5,,', "line 2: its quotes are not closed"),
        (f"A,,{'9' * 5000},,", "line 2: low_stock_threshold must be a whole number"),
    ],
)
def test_a_bad_line_of_the_thresholds_is_named_by_number(warehouse: TestWarehouse, line: str, problem: str) -> None:
    from amazon_pipeline.marts import read_planning
    from amazon_pipeline.warehouse import open_warehouse

    path = warehouse.directory / "stock_thresholds.csv"
    path.write_text(f"seller_sku,marketplace_id,low_stock_threshold,lead_time_days,case_pack\n{line}\nGOOD,,7,,\n")
    with open_warehouse(warehouse.path) as connection:
        (found,) = read_planning(connection, warehouse.settings)
        assert problem in found
        assert ("GOOD",) in connection.execute("SELECT seller_sku FROM staging.stock_thresholds").fetchall()


def land_skus(warehouse: TestWarehouse, count: int, *, minutes: int) -> None:
    land_inventory(
        warehouse.landing, *(inventory_summary(f"S{n}", 50) for n in range(count)), at=NOON + timedelta(minutes=minutes)
    )


def skus(warehouse: TestWarehouse) -> tuple[int, int]:
    """SKUs in the totals, and SKUs marked gone."""
    found = warehouse.one(
        "SELECT (SELECT total_skus FROM mart.inventory_summary WHERE marketplace_id = 'ALL') AS counted, "
        "(SELECT count(*) FROM mart.inventory WHERE is_gone) AS gone"
    )
    return found["counted"], found["gone"]


def test_a_sku_is_gone_after_three_snapshots_without_it_and_comes_back_when_it_is_shown_again(
    warehouse: TestWarehouse,
) -> None:
    land_skus(warehouse, 10, minutes=0)
    for minutes, expected in ((1, (10, 0)), (2, (10, 0)), (3, (9, 1))):
        land_skus(warehouse, 9, minutes=minutes)
        warehouse.sync()
        assert skus(warehouse) == expected
    land_skus(warehouse, 10, minutes=4)
    warehouse.sync()
    assert skus(warehouse) == (10, 0)


def test_a_snapshot_that_loses_more_than_a_fifth_is_not_believed_until_the_next_one_agrees(
    warehouse: TestWarehouse,
) -> None:
    land_skus(warehouse, 10, minutes=0)
    land_skus(warehouse, 7, minutes=1)
    warehouse.sync()
    assert warehouse.rows("SELECT max(missed_snapshots) FROM mart.inventory") == [(0,)]
    (message,) = warehouse.rows("SELECT message FROM mart.sync_status WHERE stream = 'inventory'")[0]
    assert "lacks 3 of 10 SKUs and is not believed" in message
    land_skus(warehouse, 7, minutes=2)
    warehouse.sync()
    assert warehouse.rows("SELECT max(missed_snapshots) FROM mart.inventory") == [(2,)], "two snapshots lacked them"
    assert warehouse.rows("SELECT message FROM mart.sync_status WHERE stream = 'inventory'") == [(None,)]


def test_a_doubted_snapshot_is_dropped_when_the_next_one_is_whole_again(warehouse: TestWarehouse) -> None:
    land_skus(warehouse, 10, minutes=0)
    land_skus(warehouse, 2, minutes=1)
    land_skus(warehouse, 10, minutes=2)
    warehouse.sync()
    assert warehouse.rows("SELECT count(*), max(missed_snapshots) FROM mart.inventory") == [(10, 0)]
    assert warehouse.rows("SELECT count(*) FROM staging.inventory") == [(0,)]
    assert warehouse.rows("SELECT count(*) FROM staging.doubted_snapshots") == [(0,)]


def test_an_empty_snapshot_empties_nothing_at_once(warehouse: TestWarehouse) -> None:
    land_skus(warehouse, 5, minutes=0)
    for minutes in (1, 2):
        land_inventory(warehouse.landing, at=NOON + timedelta(minutes=minutes))
    warehouse.sync()
    assert warehouse.rows("SELECT count(*) FROM mart.inventory WHERE NOT is_gone") == [(5,)]
