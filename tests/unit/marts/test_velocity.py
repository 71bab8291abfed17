"""mart.sku_velocity: hand-made cases, each with the arithmetic a planner would do on paper."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from tests.amazon_answers import CA, NOON, US, inventory_summary, land, land_inventory, land_orders, order, order_item
from tests.unit.warehouse_fixture import TestWarehouse

MX = "A1AM78C64UM0Y8"
DAY = timedelta(days=1)
TODAY = date(2026, 11, 20)  # noon UTC is the same day in the marketplaces of North America


def sales(
    days_ago: Iterable[int], units: int, *, sku: str = "MUG", marketplace_id: str | None = US, **more: Any
) -> list[dict[str, Any]]:
    """One order on each of these days, placed in the middle of the 24 hours that end so many days before NOON."""
    return [
        order(
            f"{sku}-{marketplace_id}-{n}-{more.get('status', '')}",
            marketplace_id=marketplace_id,
            created=NOON - n * DAY - DAY / 2,
            updated=NOON - n * DAY - DAY / 2,
            items=[order_item(sku=sku, quantity=units)],
            **more,
        )
        for n in days_ago
    ]


def know_orders(warehouse: TestWarehouse, orders: list[dict[str, Any]], *, days: float = 100) -> None:
    """Let the orders of so many days up to NOON be known, these and no others."""
    land_orders(warehouse.landing, *orders, at=NOON, window_start=NOON - days * DAY, window_end=NOON)


def stock(warehouse: TestWarehouse, levels: dict[float, int], *, sku: str = "MUG", **more: Any) -> None:
    """Snapshots so many days before NOON, each with the fulfillable units seen then."""
    for days_ago, fulfillable in sorted(levels.items(), reverse=True):
        land_inventory(warehouse.landing, inventory_summary(sku, fulfillable, **more), at=NOON - days_ago * DAY)


def velocity(warehouse: TestWarehouse, sku: str = "MUG", marketplace_id: str = US) -> dict[str, Any]:
    """The SKU's row, after a sync."""
    warehouse.sync()
    return warehouse.one(
        f"SELECT * EXCLUDE (last_good_at), epoch_us(last_good_at) AS last_good_us FROM mart.sku_velocity "
        f"WHERE seller_sku = '{sku}' AND marketplace_id = '{marketplace_id}'"
    )


def chosen(row: dict[str, Any], **expected: Any) -> dict[str, Any]:
    """The columns of a row that are looked at."""
    return {name: row[name] for name in expected}


def test_a_steady_seller_is_the_arithmetic_of_the_text_book(warehouse: TestWarehouse) -> None:
    (warehouse.directory / "stock_thresholds.csv").write_text(
        "seller_sku,marketplace_id,low_stock_threshold,lead_time_days,case_pack\nMUG,,,,12\n"
    )
    know_orders(warehouse, sales(range(90), 2))
    stock(warehouse, {95: 300, 0: 100})
    row = velocity(warehouse)
    expected = {
        "units_7d": 14, "units_30d": 60, "units_90d": 180,
        "in_stock_days_7d": 7, "in_stock_days_30d": 30, "in_stock_days_90d": 90,
        "velocity_7d": 2.0, "velocity_30d": 2.0, "velocity_90d": 2.0, "daily_velocity": 2.0, "pool_velocity": 2.0,
        "trend": 0.0,
        "days_of_cover": 50.0, "stockout_date": TODAY + 50 * DAY, "cover_status": "healthy",
        "supply_quantity": 100,
        "reorder_point": 88,  # 2 x (30 + 14)
        "reorder_date": TODAY + 6 * DAY,  # 12 units above it, at 2 a day
        "restock_quantity": 84,  # 2 x (30 + 45 + 14) - 100 = 78, in cases of 12
        "next_arrival_date": None, "gap_days": None, "last_good_us": None,
    }  # fmt: skip
    assert chosen(row, **expected) == expected
    assert row["explanation"] == (
        "Sells 2 a day in stock: 14 units in 7 in-stock days of 7 (weight 0.5), 60 in 30 of 30 (0.3), "
        "180 in 90 of 90 (0.2). 100 fulfillable / 2 = 50.0 days of cover, until 2027-01-09. "
        "Supply 100 (100 at Amazon, 0 inbound), reorder point 2 x (30 lead time + 14 safety) = 88: "
        "reorder on 2026-11-26. 2 x (30 + 45 target cover + 14) less 100 = 78, in cases of 12 84 to order."
    )


def test_the_three_windows_are_weighted_and_tell_the_trend(warehouse: TestWarehouse) -> None:
    know_orders(warehouse, sales(range(7), 4) + sales(range(7, 30), 2) + sales(range(30, 90), 1))
    stock(warehouse, {95: 300, 0: 100})
    row = velocity(warehouse)
    v7, v30, v90 = 28 / 7, (28 + 46) / 30, (28 + 46 + 60) / 90
    assert row["daily_velocity"] == pytest.approx(0.5 * v7 + 0.3 * v30 + 0.2 * v90, abs=0.00005)
    assert row["trend"] == pytest.approx(v7 / v30 - 1, abs=0.00005)


def test_a_sku_out_of_stock_for_20_of_30_days_sells_what_it_sold_in_the_other_10(warehouse: TestWarehouse) -> None:
    in_stock = [n for n in range(90) if n < 5 or n >= 25]
    know_orders(warehouse, sales(in_stock, 3))
    stock(warehouse, {95: 200, 25: 0, 5: 200, 0: 200})
    row = velocity(warehouse)
    expected = {
        "units_30d": 30, "in_stock_days_7d": 5, "in_stock_days_30d": 10, "in_stock_days_90d": 70, "daily_velocity": 3.0,
    }  # fmt: skip
    assert chosen(row, **expected) == expected


def test_while_out_of_stock_the_velocity_is_the_one_it_had_when_it_ran_out(warehouse: TestWarehouse) -> None:
    know_orders(warehouse, sales(range(20, 80), 2))
    stock(warehouse, {95: 200, 20: 0, 10: 0, 0: 0})
    row = velocity(warehouse)
    expected = {
        "units_7d": 0, "in_stock_days_7d": 0, "in_stock_days_30d": 10, "velocity_7d": 2.0, "velocity_30d": 2.0,
        "days_of_cover": 0.0, "stockout_date": TODAY, "cover_status": "critical", "reorder_date": TODAY,
        "last_good_us": int((NOON - 20 * DAY).timestamp() * 1_000_000),
    }  # fmt: skip
    assert chosen(row, **expected) == expected
    assert "as when it ran out on 2026-10-31" in row["explanation"]


def test_stock_seen_before_our_first_snapshot_counts_as_there_and_the_text_says_so(warehouse: TestWarehouse) -> None:
    know_orders(warehouse, sales(range(30), 1), days=30)
    stock(warehouse, {0: 50})
    row = velocity(warehouse)
    assert row["in_stock_days_30d"] == 30
    assert row["explanation"].endswith("Stock is known since 2026-11-20; days before it count as in stock.")


def test_a_sku_listed_later_than_others_has_only_the_days_since(warehouse: TestWarehouse) -> None:
    know_orders(warehouse, sales(range(5), 2, sku="NEW"))
    land_inventory(warehouse.landing, inventory_summary("MUG", 5), at=NOON - 60 * DAY)
    for days_ago in (5, 0):
        both = [inventory_summary("MUG", 5), inventory_summary("NEW", 50)]
        land_inventory(warehouse.landing, *both, at=NOON - days_ago * DAY)
    row = velocity(warehouse, "NEW")
    assert (row["in_stock_days_30d"], row["daily_velocity"]) == (5, 2.0)


@pytest.mark.parametrize(
    ("days", "windows", "in_stock_days"),
    [(2, ["velocity_7d"], 2), (10, ["velocity_7d"], 7), (30, ["velocity_7d", "velocity_30d"], 7)],
)
def test_while_history_is_short_fewer_windows_count(
    warehouse: TestWarehouse, days: int, windows: list[str], in_stock_days: int
) -> None:
    know_orders(warehouse, sales(range(days), 3), days=days)
    stock(warehouse, {0: 50})
    row = velocity(warehouse)
    assert row["daily_velocity"] == 3.0
    assert row["in_stock_days_7d"] == in_stock_days
    if days >= 3:
        assert [name for name in ("velocity_7d", "velocity_30d", "velocity_90d") if row[name] is not None] == windows


def test_canceled_orders_are_no_demand_pending_and_replacement_ones_are(warehouse: TestWarehouse) -> None:
    replaced = {"associatedOrders": [{"orderId": "1", "associationType": "REPLACEMENT_ORIGINAL_ID"}]}
    know_orders(
        warehouse,
        sales(range(7), 1)
        + sales(range(7), 10, status="CANCELLED")
        + sales(range(7), 1, status="PENDING", total=None)
        + sales(range(7), 1, status="SHIPPED", **replaced),
    )
    stock(warehouse, {95: 50, 0: 50})
    assert velocity(warehouse)["units_7d"] == 21


def test_units_of_multi_channel_orders_are_demand_where_the_stock_is(warehouse: TestWarehouse) -> None:
    know_orders(warehouse, sales(range(7), 1) + sales(range(7), 2, marketplace_id=None))
    stock(warehouse, {95: 50, 0: 50})
    assert velocity(warehouse)["units_7d"] == 21
    assert warehouse.rows("SELECT sum(units) FROM mart.sales_daily") == [(7,)]


def test_a_pool_over_three_countries_is_one_stock_sold_by_all_and_ordered_once(warehouse: TestWarehouse) -> None:
    markets = {US: 1, CA: 2, MX: 3}
    know_orders(warehouse, [o for market, n in markets.items() for o in sales(range(90), n, marketplace_id=market)])
    for market in markets:
        land_inventory(warehouse.landing, inventory_summary("MUG", 300, fn_sku="X00POOL"), marketplace_id=market)
    warehouse.sync()
    rows = warehouse.rows(
        "SELECT marketplace_id, is_pool_duplicate, daily_velocity, pool_velocity, days_of_cover, reorder_point, "
        "restock_quantity FROM mart.sku_velocity ORDER BY daily_velocity"
    )
    counted_in = min(markets)
    assert rows == [
        (market, market != counted_in, float(n), 6.0, 50.0, *((264, 234) if market == counted_in else (None, None)))
        for market, n in markets.items()
    ]


def test_without_sales_or_without_knowledge_there_is_no_number(warehouse: TestWarehouse) -> None:
    stock(warehouse, {0: 50})
    row = velocity(warehouse)
    nothing = {"daily_velocity": None, "days_of_cover": None, "restock_quantity": None, "cover_status": "unknown"}
    assert chosen(row, **nothing) == nothing
    assert row["explanation"] == "Orders are not known yet."

    know_orders(warehouse, sales(range(7), 2, sku="OTHER"))
    row = velocity(warehouse)
    no_sales = {"daily_velocity": 0.0, "days_of_cover": None, "restock_quantity": 0, "cover_status": "no-sales"}
    assert chosen(row, **no_sales) == no_sales
    other = velocity(warehouse, "OTHER")
    assert (other["fulfillable_quantity"], other["units_7d"], other["cover_status"]) == (None, 14, "unknown")


@pytest.mark.parametrize(
    ("fulfillable", "status"),
    [(0, "critical"), (69, "critical"), (70, "warning"), (209, "warning"), (210, "healthy"), (900, "healthy"),
     (901, "excess")],
)  # fmt: skip
def test_the_bands_are_amazons(warehouse: TestWarehouse, fulfillable: int, status: str) -> None:
    know_orders(warehouse, sales(range(90), 10))
    stock(warehouse, {95: 500, 0: fulfillable})
    assert velocity(warehouse)["cover_status"] == status


@pytest.mark.parametrize(
    ("status", "first_seen", "need_by", "arrival"),
    [
        ("SHIPPED", 10, None, TODAY + 20 * DAY),  # the lead time of 30 days after we first saw it
        ("SHIPPED", 40, None, TODAY),
        ("RECEIVING", 1, None, TODAY),
        ("WORKING", 1, "2026-12-24", date(2026, 12, 24)),
        ("CLOSED", 1, None, None),
    ],
)
def test_the_next_arrival_is_set_against_the_stock_out(
    warehouse: TestWarehouse, status: str, first_seen: int, need_by: str | None, arrival: date | None
) -> None:
    know_orders(warehouse, sales(range(90), 10))
    stock(warehouse, {95: 500, 0: 100}, inbound=40)
    shipment = {
        "ShipmentId": "FBA1",
        "ShipmentName": "one",
        "ShipmentStatus": status,
        "DestinationFulfillmentCenterId": "X",
    }
    if need_by:
        shipment["ConfirmedNeedByDate"] = need_by
    at = NOON - first_seen * DAY
    items = {
        "payload": {
            "ItemData": [{"ShipmentId": "FBA1", "SellerSKU": "MUG", "QuantityShipped": 40, "QuantityReceived": 5}]
        }
    }
    land(warehouse.landing, "inbound_shipments", "getShipments", [{"payload": {"ShipmentData": [shipment]}}], at=at,
         params={"MarketplaceId": US})  # fmt: skip
    land(warehouse.landing, "inbound_shipments", "getShipmentItemsByShipmentId", [items], at=at + DAY / 24,
         params={"shipmentId": "FBA1"})  # fmt: skip
    row = velocity(warehouse)
    assert row["stockout_date"] == TODAY + 10 * DAY
    assert row["next_arrival_date"] == arrival
    assert row["gap_days"] == ((arrival - (TODAY + 10 * DAY)).days if arrival else None)
    assert row["supply_quantity"] == 140
    low = warehouse.rows("SELECT days_of_cover, stockout_date, gap_days FROM mart.low_stock")
    assert low == []


def test_figures_of_units_in_whole_numbers_do_not_slip_by_a_rounding(warehouse: TestWarehouse) -> None:
    """2.5 x 44 is 110, not the 110.00000000000001 of floating point, which would round up to 111."""
    know_orders(warehouse, sales(range(0, 90, 2), 5))
    stock(warehouse, {95: 500, 0: 40000000})
    row = velocity(warehouse)
    assert row["daily_velocity"] == pytest.approx(0.5 * 20 / 7 + 0.3 * 2.5 + 0.2 * 2.5, abs=0.00005)
    exact = round(row["daily_velocity"] * 10000)
    assert row["reorder_point"] == -(-exact * 44 // 10000)
    assert row["days_of_cover"] == round(40000000 * 10000 / exact, 1)


def test_a_velocity_at_half_a_ten_thousandth_is_rounded_up(warehouse: TestWarehouse) -> None:
    """(0.5 x 0 + 0.3 x 5 / 20) / 0.8 is 0.09375; in floating point it came out a little less, as 0.0937."""
    know_orders(warehouse, sales(range(20, 25), 1), days=60)
    stock(warehouse, {60: 50, 20: 0, 10: 50, 0: 50})
    assert chosen(velocity(warehouse), in_stock_days_30d=0, daily_velocity=0) == {
        "in_stock_days_30d": 20,
        "daily_velocity": 0.0938,
    }


def test_low_stock_carries_cover_and_stock_out(warehouse: TestWarehouse) -> None:
    know_orders(warehouse, sales(range(90), 2))
    stock(warehouse, {95: 500, 0: 8})
    warehouse.sync()
    assert warehouse.rows("SELECT days_of_cover, stockout_date, gap_days FROM mart.low_stock") == [
        (4.0, TODAY + 4 * DAY, None)
    ]


def test_a_moment_is_counted_in_one_day_only(warehouse: TestWarehouse) -> None:
    """The windows are half open: an order exactly seven days old is in the 7 days, one a moment older is not."""
    edge = NOON - 7 * DAY
    moments: list[datetime] = [edge, edge - timedelta(microseconds=1), NOON - timedelta(microseconds=1)]
    know_orders(
        warehouse,
        [order(str(n), created=at, updated=at, items=[order_item(sku="MUG")]) for n, at in enumerate(moments)],
    )
    stock(warehouse, {95: 500, 0: 8})
    row = velocity(warehouse)
    assert (row["units_7d"], row["units_30d"]) == (2, 3)
