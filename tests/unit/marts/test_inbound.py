"""mart.inbound_shipments: our own times, received against expected."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from amazon_pipeline.landing import Landing
from tests.amazon_answers import NOON, SELLER, US
from tests.unit.warehouse_fixture import TestWarehouse


def land_shipment(
    warehouse: TestWarehouse,
    status: str,
    items: list[tuple[str, int, int]] | None,
    *,
    at: datetime = NOON,
    cut_off: bool = False,
) -> None:
    """One batch as the stream lands it: the list, then the items of the one shipment."""
    batch = Landing(warehouse.landing, SELLER).open_batch("inbound_shipments", source="amazon", at=at, params={})

    def write(number: int, operation: str, params: dict[str, str], payload: dict[str, Any], token: str | None) -> None:
        batch.write_page(
            number=number,
            operation=operation,
            params=params,
            received_at=at,
            request_id=None,
            next_token=token,
            body={"payload": payload},
        )

    write(
        1,
        "getShipments",
        {"MarketplaceId": US},
        {"ShipmentData": [{"ShipmentId": "FBA1", "ShipmentStatus": status}]},
        None,
    )
    if items is not None:
        data = [{"SellerSKU": sku, "QuantityShipped": sent, "QuantityReceived": got} for sku, sent, got in items]
        params = {"shipmentId": "FBA1", "MarketplaceId": US}
        write(2, "getShipmentItemsByShipmentId", params, {"ItemData": data}, "more" if cut_off else None)
    batch.close("partial" if cut_off else "complete", at=at, facts={"window_end": at})


def shipment(warehouse: TestWarehouse) -> dict[str, Any]:
    return warehouse.one(
        "SELECT shipment_status, sku_count, units_expected, units_received, units_discrepancy, days_in_status, "
        "first_seen_at::VARCHAR AS first_seen_at FROM mart.inbound_shipments"
    )


def test_units_are_null_until_the_items_are_read(warehouse: TestWarehouse) -> None:
    land_shipment(warehouse, "WORKING", None)
    warehouse.sync()
    found = shipment(warehouse)
    assert (found["sku_count"], found["units_expected"], found["units_received"]) == (None, None, None)


def test_received_stands_against_expected(warehouse: TestWarehouse) -> None:
    land_shipment(warehouse, "RECEIVING", [("A", 100, 60), ("B", 20, 25)])
    warehouse.sync()
    found = shipment(warehouse)
    assert (found["sku_count"], found["units_expected"], found["units_received"]) == (2, 120, 85)
    assert found["units_discrepancy"] == -35


def test_days_in_status_count_from_when_we_first_saw_it(warehouse: TestWarehouse) -> None:
    land_shipment(warehouse, "SHIPPED", [("A", 10, 0)])
    land_shipment(warehouse, "RECEIVING", [("A", 10, 2)], at=NOON + timedelta(days=2))
    land_shipment(warehouse, "RECEIVING", [("A", 10, 9)], at=NOON + timedelta(days=5, hours=23))
    warehouse.sync()
    found = shipment(warehouse)
    assert (found["shipment_status"], found["units_received"]) == ("RECEIVING", 9)
    assert found["first_seen_at"] == "2026-11-20 12:00:00+00"


def test_days_in_status_are_whole_days(warehouse: TestWarehouse) -> None:
    land_shipment(warehouse, "RECEIVING", [("A", 10, 2)])
    warehouse.sync()
    land_shipment(warehouse, "RECEIVING", [("A", 10, 9)], at=NOON + timedelta(days=2, hours=23))
    warehouse.sync()
    assert shipment(warehouse)["days_in_status"] == 2


def test_items_whose_last_page_never_came_do_not_replace_what_is_known(warehouse: TestWarehouse) -> None:
    land_shipment(warehouse, "SHIPPED", [("A", 10, 0), ("B", 5, 0)])
    warehouse.sync()
    land_shipment(warehouse, "RECEIVING", [("A", 10, 3)], at=NOON + timedelta(hours=1), cut_off=True)
    warehouse.sync()
    found = shipment(warehouse)
    assert (found["shipment_status"], found["sku_count"], found["units_received"]) == ("RECEIVING", 2, 0)
