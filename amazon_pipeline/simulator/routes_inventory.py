"""getInventorySummaries. Rules: https://developer-docs.amazon.com/sp-api/reference/getinventorysummaries (model
fbaInventory)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from amazon_pipeline.simulator.catalog import Pool
from amazon_pipeline.simulator.clock import from_ms, to_ms
from amazon_pipeline.simulator.inventory import StockState
from amazon_pipeline.simulator.operations import Ask, Operation
from amazon_pipeline.simulator.refusals import invalid_input
from amazon_pipeline.simulator.tokens import BadToken

TOKEN_LIFE = timedelta(seconds=30)
LONGEST_LOOK_BACK = timedelta(days=548)
"""18 months."""
MOST_SKUS = 50


def get_inventory_summaries(ask: Ask) -> dict[str, Any]:
    """One page of SKUs, in the order of their names."""
    query, now = ask.query, to_ms(ask.now)
    details = query.flag("details")
    marketplace_id = _marketplace(ask)
    pools = _selected(ask, marketplace_id)
    # The selection must be repeated with the token; details may change.
    selection = [query.text(name) for name in ("granularityId", "startDateTime", "sellerSkus", "sellerSku")]
    after = _place(ask, selection)
    rest = [pool.seller_sku for pool in pools if after is None or pool.seller_sku > after]
    page = rest[: ask.seller.pages.inventory]
    rows = ask.seller.world.stock(marketplace_id, page, now)
    body: dict[str, Any] = {
        "payload": {
            "granularity": {"granularityType": "Marketplace", "granularityId": marketplace_id},
            "inventorySummaries": [_summary(row, details=details) for row in rows],
        }
    }
    if len(rest) > len(page):
        token = ask.seller.notes.write("inventory", ask.now, {"selection": selection, "after": page[-1]})
        body["pagination"] = {"nextToken": token}
    return body


def _marketplace(ask: Ask) -> str:
    query = ask.query
    query.required("granularityType")
    query.choice("granularityType", ("Marketplace",))
    query.required("marketplaceIds")
    marketplace_id = query.texts("marketplaceIds", 1)[0]
    if marketplace_id not in ask.seller.world.marketplaces:
        raise invalid_input("marketplaceIds", f"{marketplace_id} is not a marketplace of this seller")
    if query.required("granularityId") != marketplace_id:
        raise invalid_input("granularityId", "is not the marketplace of marketplaceIds")
    return marketplace_id


def _selected(ask: Ask, marketplace_id: str) -> list[Pool]:
    """The SKUs asked for: startDateTime overrides sellerSkus, which overrides sellerSku; unknown SKUs are left out."""
    query, world = ask.query, ask.seller.world
    since = query.instant("startDateTime")
    skus = query.texts("sellerSkus", MOST_SKUS)
    one = query.text("sellerSku")
    pools = world.catalog.sold_in(marketplace_id)
    if since is not None:
        if from_ms(since) < ask.now - LONGEST_LOOK_BACK:
            raise invalid_input("startDateTime", "is more than 18 months ago")
        return [pool for pool in pools if world.stock_changed_at(pool.seller_sku, to_ms(ask.now)) > since]
    if one and not skus:
        skus = [one]
    if skus:
        wanted = set(skus)
        return [pool for pool in pools if pool.seller_sku in wanted]
    return pools


def _place(ask: Ask, selection: list[str | None]) -> str | None:
    token = ask.query.text("nextToken")
    if token is None:
        return None
    try:
        note = ask.seller.notes.read("inventory", token, ask.now, TOKEN_LIFE)
    except BadToken as error:
        raise invalid_input("nextToken", str(error)) from error
    if note["selection"] != selection:
        raise invalid_input("nextToken", "was given for another selection of SKUs")
    return str(note["after"])


def _summary(row: StockState, *, details: bool) -> dict[str, Any]:
    body: dict[str, Any] = {
        "asin": row.pool.asin,
        "fnSku": row.pool.fn_sku,
        "sellerSku": row.seller_sku,
        "condition": "NewItem",
        "lastUpdatedTime": row.last_updated.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "productName": row.pool.title,
        "totalQuantity": row.total,
        "stores": [],
    }
    if details:
        body["inventoryDetails"] = _details(row)
    return body


def _details(row: StockState) -> dict[str, Any]:
    inside = row.on_hand
    return {
        "fulfillableQuantity": row.fulfillable,
        "inboundWorkingQuantity": row.inbound.working,
        "inboundShippedQuantity": row.inbound.shipped,
        "inboundReceivingQuantity": row.inbound.receiving,
        "reservedQuantity": {
            "totalReservedQuantity": row.reserved,
            "pendingCustomerOrderQuantity": inside.customer_orders,
            "pendingTransshipmentQuantity": inside.transfer,
            "fcProcessingQuantity": inside.fc_processing,
        },
        "researchingQuantity": {
            "totalResearchingQuantity": inside.researching,
            "researchingQuantityBreakdown": [
                {"name": "researchingQuantityInShortTerm", "quantity": inside.researching},
                {"name": "researchingQuantityInMidTerm", "quantity": 0},
                {"name": "researchingQuantityInLongTerm", "quantity": 0},
            ],
        },
        "unfulfillableQuantity": {
            "totalUnfulfillableQuantity": row.unfulfillable,
            "customerDamagedQuantity": inside.customer_damaged,
            "warehouseDamagedQuantity": inside.warehouse_damaged,
            "distributorDamagedQuantity": 0,
            "carrierDamagedQuantity": 0,
            "defectiveQuantity": 0,
            "expiredQuantity": 0,
        },
    }


OPERATIONS = (
    Operation(
        "getInventorySummaries", "/fba/inventory/v1/summaries", 2, 2,
        frozenset({
            "details", "granularityType", "granularityId", "startDateTime", "sellerSkus", "sellerSku", "nextToken",
            "marketplaceIds",
        }),
        get_inventory_summaries,
    ),
)  # fmt: skip
