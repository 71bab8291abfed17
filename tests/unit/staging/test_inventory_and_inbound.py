"""Inventory snapshots, shipments and marketplaces to typed rows."""

from __future__ import annotations

from datetime import date
from typing import Any

from amazon_pipeline.landing import LandedPage
from amazon_pipeline.staging import stage_inbound, stage_inventory
from tests.amazon_answers import NOON, SELLER, US, inventory_summary


def page(operation: str, body: dict[str, Any], **params: str) -> LandedPage:
    return LandedPage("batch-1", 1, operation, params, NOON, None, None, body)


def inventory_rows(*summaries: dict[str, Any]) -> list[dict[str, Any]]:
    body = {"payload": {"inventorySummaries": list(summaries)}}
    return (
        stage_inventory(page("getInventorySummaries", body, marketplaceIds=US), SELLER).frames["inventory"].to_dicts()
    )


def test_a_sku_takes_amazons_quantities_one_by_one() -> None:
    (row,) = inventory_rows(inventory_summary("A", 5, reserved=3, inbound=7))
    assert (row["fulfillable_quantity"], row["reserved_customer_orders"], row["inbound_quantity"]) == (5, 3, 7)
    assert row["total_quantity"] == 15
    assert row["observed_at"] == NOON


def test_a_quantity_that_amazon_leaves_out_is_null_and_not_zero() -> None:
    summary = inventory_summary("A", 5)
    del summary["inventoryDetails"]["reservedQuantity"]
    (row,) = inventory_rows(summary)
    assert row["reserved_quantity"] is None


def test_a_sku_without_fulfillable_units_is_set_aside_and_not_taken_for_out_of_stock() -> None:
    summary = inventory_summary("A", 5)
    del summary["inventoryDetails"]
    body = {"payload": {"inventorySummaries": [summary]}}
    staged = stage_inventory(page("getInventorySummaries", body, marketplaceIds=US), SELLER)
    assert staged.frames["inventory"].height == 0
    assert staged.quarantined["reason"][0] == "fulfillable_quantity is missing"


def test_a_sku_keeps_its_awkward_characters() -> None:
    (row,) = inventory_rows(inventory_summary("MUG/BLK 12,OZ 'x'", 5))
    assert row["seller_sku"] == "MUG/BLK 12,OZ 'x'"


def test_a_shipment_has_amazons_status_word_and_the_marketplace_it_was_asked_for() -> None:
    body = {
        "payload": {
            "ShipmentData": [
                {"ShipmentId": "FBA1", "ShipmentStatus": "CHECKED_IN", "ConfirmedNeedByDate": "2026-12-01"}
            ]
        }
    }
    staged = stage_inbound(page("getShipments", body, MarketplaceId=US), SELLER)
    row = staged.frames["inbound_shipments"].row(0, named=True)
    assert (row["shipment_status"], row["marketplace_id"]) == ("CHECKED_IN", US)
    assert row["need_by_date"] == date(2026, 12, 1)


def test_an_item_without_its_shipments_id_takes_the_one_that_was_asked_for() -> None:
    body = {"payload": {"ItemData": [{"SellerSKU": "A", "QuantityShipped": 10, "QuantityReceived": 4}]}}
    staged = stage_inbound(page("getShipmentItemsByShipmentId", body, shipmentId="FBA1"), SELLER)
    row = staged.frames["inbound_shipment_items"].row(0, named=True)
    assert (row["shipment_id"], row["quantity_expected"], row["quantity_received"]) == ("FBA1", 10, 4)
