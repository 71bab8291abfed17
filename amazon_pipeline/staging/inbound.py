"""Fulfillment Inbound API v0 to ``staging.inbound_shipments`` and ``staging.inbound_shipment_items``.

``QuantityShipped`` is what was announced, ``QuantityReceived`` what has arrived; see the model fulfillmentInboundV0.
"""

from __future__ import annotations

from typing import Any

from amazon_pipeline.landing import LandedPage
from amazon_pipeline.schemas import STAGING_TABLES
from amazon_pipeline.staging.reading import Reading
from amazon_pipeline.staging.validated import Draft, Staged, validate


def stage_inbound(page: LandedPage, seller_id: str) -> Staged:
    """One landed page of shipments, or of one shipment's items."""
    if page.operation == "getShipments":
        table = STAGING_TABLES["inbound_shipments"]
        found = Reading(page.body).rows("payload.ShipmentData")
        drafts = [_shipment(raw, n, page, seller_id) for n, raw in enumerate(found)]
    else:
        table = STAGING_TABLES["inbound_shipment_items"]
        found = Reading(page.body).rows("payload.ItemData")
        drafts = [_item(raw, n, page, seller_id) for n, raw in enumerate(found)]
    return validate(page, "inbound_shipments", seller_id, drafts, (table,))


def _landed(page: LandedPage, seller_id: str) -> dict[str, Any]:
    return {
        "seller_id": seller_id,
        "observed_at": page.received_at,
        "batch_id": page.batch_id,
        "page": page.number,
    }


def _shipment(raw: Any, row_number: int, page: LandedPage, seller_id: str) -> Draft:
    shipment = Reading(raw)
    shipment_id = shipment.text("ShipmentId")
    row = {
        **_landed(page, seller_id),
        "marketplace_id": page.params.get("MarketplaceId"),
        "shipment_id": shipment_id,
        "shipment_name": shipment.text("ShipmentName"),
        "shipment_status": shipment.text("ShipmentStatus"),
        "destination_fulfillment_center": shipment.text("DestinationFulfillmentCenterId"),
        "need_by_date": shipment.day("ConfirmedNeedByDate"),
    }
    return Draft(shipment_id, raw, row_number, shipment.reasons, {"inbound_shipments": [row]})


def _item(raw: Any, row_number: int, page: LandedPage, seller_id: str) -> Draft:
    item = Reading(raw)
    shipment_id = item.text("ShipmentId") or page.params.get("shipmentId")
    row = {
        **_landed(page, seller_id),
        "shipment_id": shipment_id,
        "seller_sku": item.text("SellerSKU"),
        "fn_sku": item.text("FulfillmentNetworkSKU"),
        "quantity_expected": item.integer("QuantityShipped"),
        "quantity_received": item.integer("QuantityReceived"),
    }
    return Draft(shipment_id, raw, row_number, item.reasons, {"inbound_shipment_items": [row]})
