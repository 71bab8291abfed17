"""FBA Inventory API v1 to ``staging.inventory``.

``totalQuantity`` counts inbound units too and is never what can be sold; see the model fbaInventory and
https://developer-docs.amazon.com/sp-api/docs/fba-inventory-api-v1-use-case-guide.
"""

from __future__ import annotations

from typing import Any

from amazon_pipeline.landing import LandedPage
from amazon_pipeline.schemas import STAGING_TABLES
from amazon_pipeline.staging.reading import Reading
from amazon_pipeline.staging.validated import Draft, Staged, validate


def stage_inventory(page: LandedPage, seller_id: str) -> Staged:
    """The SKUs of one landed page of ``getInventorySummaries``."""
    marketplace_id = page.params.get("marketplaceIds") or page.params.get("granularityId")
    found = Reading(page.body).rows("payload.inventorySummaries")
    drafts = []
    for n, raw in enumerate(found):
        sku = Reading(raw)
        row = {
            "seller_id": seller_id,
            "marketplace_id": marketplace_id,
            "observed_at": page.received_at,
            "batch_id": page.batch_id,
            "page": page.number,
            **_columns(sku),
        }
        drafts.append(Draft(sku.text("sellerSku"), raw, n, sku.reasons, {"inventory": [row]}))
    return validate(page, "inventory", seller_id, drafts, (STAGING_TABLES["inventory"],))


def _columns(sku: Reading) -> dict[str, Any]:
    details = "inventoryDetails"
    inbound = {
        name: sku.integer(f"{details}.{name}")
        for name in ("inboundWorkingQuantity", "inboundShippedQuantity", "inboundReceivingQuantity")
    }
    known_inbound = [quantity for quantity in inbound.values() if quantity is not None]
    return {
        "seller_sku": sku.text("sellerSku"),
        "fn_sku": sku.text("fnSku"),
        "asin": sku.text("asin"),
        "product_name": sku.text("productName"),
        "condition": sku.text("condition"),
        "fulfillable_quantity": sku.integer(f"{details}.fulfillableQuantity"),
        "reserved_quantity": sku.integer(f"{details}.reservedQuantity.totalReservedQuantity"),
        "reserved_customer_orders": sku.integer(f"{details}.reservedQuantity.pendingCustomerOrderQuantity"),
        "reserved_fc_transfer": sku.integer(f"{details}.reservedQuantity.pendingTransshipmentQuantity"),
        "reserved_fc_processing": sku.integer(f"{details}.reservedQuantity.fcProcessingQuantity"),
        "inbound_working_quantity": inbound["inboundWorkingQuantity"],
        "inbound_shipped_quantity": inbound["inboundShippedQuantity"],
        "inbound_receiving_quantity": inbound["inboundReceivingQuantity"],
        "inbound_quantity": sum(known_inbound) if known_inbound else None,
        "unfulfillable_quantity": sku.integer(f"{details}.unfulfillableQuantity.totalUnfulfillableQuantity"),
        "researching_quantity": sku.integer(f"{details}.researchingQuantity.totalResearchingQuantity"),
        "total_quantity": sku.integer("totalQuantity"),
        "last_updated": sku.instant("lastUpdatedTime"),
    }
