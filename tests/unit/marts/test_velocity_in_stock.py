"""mart.sku_velocity: which days count as in stock, where stock was not seen all the time."""

from __future__ import annotations

from datetime import timedelta

from amazon_pipeline.landing import Landing
from tests.amazon_answers import (
    CA,
    NOON,
    SELLER,
    US,
    inventory_summary,
    land,
    land_inventory,
    land_orders,
    order,
    order_item,
)
from tests.unit.marts.test_velocity import DAY, TODAY, chosen, know_orders, sales, stock, velocity
from tests.unit.warehouse_fixture import TestWarehouse

OTHERS = [inventory_summary(f"OTHER-{n}", 50) for n in range(9)]


def test_the_later_pages_of_the_first_snapshot_have_no_fewer_days_than_its_first(warehouse: TestWarehouse) -> None:
    """Each page is received a moment after the one before; SKUs beyond the 50th had only the days they sold on."""
    know_orders(warehouse, [one for sku in "AB" for one in sales(range(0, 30, 10), 1, sku=sku)], days=30)
    batch = Landing(warehouse.landing, SELLER).open_batch(
        "inventory", source="amazon", at=NOON, params={"marketplace_id": US}
    )
    for page, sku in enumerate("AB", start=1):
        batch.write_page(
            number=page,
            operation="getInventorySummaries",
            params={"marketplaceIds": US, "granularityId": US},
            received_at=NOON + timedelta(seconds=page),
            request_id=None,
            next_token=None,
            body={"payload": {"inventorySummaries": [inventory_summary(sku, 50)]}},
        )
    batch.close("complete", at=NOON + timedelta(seconds=3), facts={"window_end": NOON})
    first, second = velocity(warehouse, "A"), velocity(warehouse, "B")
    same = {"in_stock_days_30d": 30, "daily_velocity": first["daily_velocity"]}
    assert chosen(first, **same) == chosen(second, **same) == same


def test_a_sku_that_sold_before_a_snapshot_showed_it_was_in_stock_since_then(warehouse: TestWarehouse) -> None:
    """Amazon's lists lack SKUs at times: one that the first snapshot lacked is no new one if it has sold before."""
    know_orders(warehouse, sales((5, 15, 25), 1, sku="SLOW") + sales((2,), 1, sku="NEW"))
    land_inventory(warehouse.landing, *OTHERS, at=NOON - 4 * DAY)
    land_inventory(
        warehouse.landing, *OTHERS, inventory_summary("SLOW", 5), inventory_summary("NEW", 5), at=NOON - 3 * DAY
    )
    assert chosen(velocity(warehouse, "SLOW"), units_30d=3, in_stock_days_30d=26) == {
        "units_30d": 3,
        "in_stock_days_30d": 26,
    }
    assert velocity(warehouse, "NEW")["in_stock_days_30d"] == 3


def test_days_on_which_a_sku_was_gone_from_the_list_are_not_in_stock(warehouse: TestWarehouse) -> None:
    know_orders(warehouse, sales(range(30, 90), 2) + sales(range(10), 2))
    both = [*OTHERS, inventory_summary("MUG", 50)]
    for days_ago, listed in {95: both, 32: OTHERS, 31: OTHERS, 30: OTHERS, 10: both, 0: both}.items():
        land_inventory(warehouse.landing, *listed, at=NOON - days_ago * DAY)
    expected = {"in_stock_days_7d": 7, "in_stock_days_30d": 10, "in_stock_days_90d": 70, "daily_velocity": 2.0}
    assert chosen(velocity(warehouse), **expected) == expected


def test_a_line_of_no_units_makes_no_day_in_stock(warehouse: TestWarehouse) -> None:
    nothing = order(
        "0",
        created=NOON - DAY * 1.5,
        updated=NOON - DAY,
        items=[order_item(sku="MUG", quantity=0), order_item("2", sku="OTHER")],
    )
    know_orders(warehouse, [*sales(range(10, 90), 2), nothing])
    stock(warehouse, {95: 50, 10: 0, 0: 0})
    assert chosen(velocity(warehouse), units_7d=0, in_stock_days_7d=0) == {"units_7d": 0, "in_stock_days_7d": 0}


def test_dates_of_a_stock_that_hardly_sells_end_with_the_calendar(warehouse: TestWarehouse) -> None:
    """Python and most programs read no date after the year 9999; one unit in 90 days of a large stock reached it."""
    know_orders(warehouse, sales((80,), 1))
    stock(warehouse, {95: 8000, 0: 2_000_000_000})
    row = velocity(warehouse)
    assert row["days_of_cover"] > 1e11
    assert row["stockout_date"].year == row["reorder_date"].year == 9966


def test_the_next_arrival_is_that_of_the_marketplace_whose_stock_it_is(warehouse: TestWarehouse) -> None:
    """The same SKU can lie in two marketplaces apart; a shipment to one is no supply of the other."""
    land_orders(
        warehouse.landing,
        *sales(range(90), 1),
        *sales(range(90), 1, marketplace_id=CA),
        window_start=NOON - 100 * DAY,
        window_end=NOON,
    )
    for marketplace_id in (US, CA):
        own = inventory_summary("MUG", 20, fn_sku=f"X{marketplace_id}", inbound=40)
        land_inventory(warehouse.landing, own, marketplace_id=marketplace_id)
    for shipment_id, marketplace_id, due in (("FBA1", US, "2026-12-24"), ("FBA2", CA, "2026-11-30")):
        shipment = {"ShipmentId": shipment_id, "ShipmentStatus": "SHIPPED", "ConfirmedNeedByDate": due}
        item = {"ShipmentId": shipment_id, "SellerSKU": "MUG", "QuantityShipped": 40, "QuantityReceived": 0}
        listed, items = {"payload": {"ShipmentData": [shipment]}}, {"payload": {"ItemData": [item]}}
        for operation, body, params in (
            ("getShipments", listed, {"MarketplaceId": marketplace_id}),
            ("getShipmentItemsByShipmentId", items, {"shipmentId": shipment_id}),
        ):
            land(warehouse.landing, "inbound_shipments", operation, [body], params=params)
    assert velocity(warehouse, marketplace_id=US)["next_arrival_date"] == TODAY + 34 * DAY
    assert velocity(warehouse, marketplace_id=CA)["next_arrival_date"] == TODAY + 10 * DAY
