"""getShipments, getShipmentItemsByShipmentId and getShipmentItems. Rules:
https://developer-docs.amazon.com/sp-api/docs/fulfillment-inbound-api-v0-reference (model fulfillmentInboundV0) and,
where the model is silent, what was seen live: amzn/selling-partner-api-models pull 5375 and issues 822, 5102."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from amazon_pipeline.simulator.clock import to_ms
from amazon_pipeline.simulator.inbound import Shipment, ShipmentItem, status_at
from amazon_pipeline.simulator.marketplaces import STORES
from amazon_pipeline.simulator.operations import Ask, Operation
from amazon_pipeline.simulator.refusals import invalid_input, not_found
from amazon_pipeline.simulator.tokens import BadToken

STATUSES = (
    "WORKING", "READY_TO_SHIP", "SHIPPED", "RECEIVING", "CANCELLED", "DELETED", "CLOSED", "ERROR", "IN_TRANSIT",
    "DELIVERED", "CHECKED_IN",
)  # fmt: skip
MOST_IDS = 999
FILTERS = ("ShipmentStatusList", "ShipmentIdList", "LastUpdatedAfter", "LastUpdatedBefore")


@dataclass(frozen=True)
class Selection:
    """Which shipments were asked for; instants in milliseconds since 1970."""

    marketplace_id: str
    statuses: list[str]
    ids: list[str]
    begin: int | None
    end: int | None

    def shipments(self, ask: Ask) -> list[Shipment]:
        world, now = ask.seller.world, to_ms(ask.now)
        return [
            one
            for one in world.shipments(now)
            if one.group.home == self.marketplace_id
            and (not self.statuses or status_at(one, now) in self.statuses)
            and (not self.ids or one.shipment_id in self.ids)
            and (self.begin is None or self.begin <= world.shipment_updated_at(one, now) <= (self.end or now))
        ]


def get_shipments(ask: Ask) -> dict[str, Any]:
    """One page of shipments, oldest first."""
    marketplace_id = _marketplace(ask)
    kind = _query_type(ask, ("SHIPMENT", "DATE_RANGE", "NEXT_TOKEN"))
    filters = _filters(ask, marketplace_id, dated=kind == "DATE_RANGE")
    if kind == "NEXT_TOKEN" and not any(name in ask.query for name in FILTERS):
        selection, start = _resume(ask, "getShipments", marketplace_id)
    elif kind == "NEXT_TOKEN":
        # Amazon looks at the filters and not at the token, and gives the same page for ever (models#822).
        ask.query.required("NextToken")
        selection, start = filters, 0
    else:
        if not (filters.statuses or filters.ids):
            raise invalid_input("ShipmentStatusList, ShipmentIdList", "at least one of the two must be given")
        selection, start = filters, 0
    found = selection.shipments(ask)
    size = ask.seller.pages.shipments
    now = to_ms(ask.now)
    payload: dict[str, Any] = {"ShipmentData": [_shipment(one, now) for one in found[start : start + size]]}
    if len(found) > start + size:
        payload["NextToken"] = _token(ask, "getShipments", selection, start + size)
    return {"payload": payload}


def get_shipment_items_by_shipment_id(ask: Ask) -> dict[str, Any]:
    """The first page of a shipment's items; the deprecated MarketplaceId is accepted and ignored."""
    shipment_id = ask.path["shipmentId"]
    for shipment in ask.seller.world.shipments(to_ms(ask.now)):
        if shipment.shipment_id == shipment_id:
            return _items(ask, Selection(shipment.group.home, [], [shipment_id], None, None), 0)
    raise not_found(f"Shipment {shipment_id}")


def get_shipment_items(ask: Ask) -> dict[str, Any]:
    """Items of the shipments that changed in a window, or the next page of an earlier answer."""
    marketplace_id = _marketplace(ask)
    kind = _query_type(ask, ("DATE_RANGE", "NEXT_TOKEN"))
    filters = _filters(ask, marketplace_id, dated=kind == "DATE_RANGE")
    if kind == "NEXT_TOKEN" and not any(name in ask.query for name in FILTERS):
        return _items(ask, *_resume(ask, "getShipmentItems", marketplace_id))
    if kind == "NEXT_TOKEN":
        ask.query.required("NextToken")
    return _items(ask, filters, 0)


def _items(ask: Ask, selection: Selection, start: int) -> dict[str, Any]:
    now, world, size = to_ms(ask.now), ask.seller.world, ask.seller.pages.shipment_items
    rows = [
        _item(shipment, item)
        for shipment in selection.shipments(ask)
        for item in world.shipment_state(shipment, now).items
    ]
    payload: dict[str, Any] = {"ItemData": rows[start : start + size]}
    if len(rows) > start + size:
        payload["NextToken"] = _token(ask, "getShipmentItems", selection, start + size)
    return {"payload": payload}


def _marketplace(ask: Ask) -> str:
    """Where the goods are stored."""
    marketplace_id = ask.query.required("MarketplaceId")
    if marketplace_id not in ask.seller.world.marketplaces:
        raise invalid_input("MarketplaceId", f"{marketplace_id} is not a marketplace of this seller")
    return marketplace_id


def _query_type(ask: Ask, allowed: tuple[str, ...]) -> str:
    ask.query.choice("QueryType", allowed)
    return ask.query.required("QueryType")


def _filters(ask: Ask, marketplace_id: str, *, dated: bool) -> Selection:
    query = ask.query
    begin, end = query.instant("LastUpdatedAfter"), query.instant("LastUpdatedBefore")
    if dated:
        query.required("LastUpdatedAfter")
        query.required("LastUpdatedBefore")
        if begin is not None and end is not None and end < begin:
            raise invalid_input("LastUpdatedBefore", "is before LastUpdatedAfter")
    statuses = query.choices("ShipmentStatusList", STATUSES)
    ids = query.texts("ShipmentIdList", MOST_IDS)
    return Selection(marketplace_id, statuses, ids, begin if dated else None, end if dated else None)


def _token(ask: Ask, operation: str, selection: Selection, start: int) -> str:
    return ask.seller.notes.write(operation, ask.now, {"selection": vars(selection), "start": start})


def _resume(ask: Ask, operation: str, marketplace_id: str) -> tuple[Selection, int]:
    try:
        note = ask.seller.notes.read(operation, ask.query.required("NextToken"), ask.now, None)
    except BadToken as error:
        raise invalid_input("NextToken", str(error)) from error
    if note["selection"]["marketplace_id"] != marketplace_id:
        raise invalid_input("MarketplaceId", "is not the one of the request that gave the NextToken")
    return Selection(**note["selection"]), int(note["start"])


def _shipment(shipment: Shipment, now: int) -> dict[str, Any]:
    """Without ConfirmedNeedByDate: Amazon gives it for pre-order shipments only."""
    return {
        "ShipmentId": shipment.shipment_id,
        "ShipmentName": shipment.name,
        "ShipFromAddress": _ship_from(shipment.group.home),
        "DestinationFulfillmentCenterId": shipment.destination,
        "ShipmentStatus": status_at(shipment, now),
        "LabelPrepType": "SELLER_LABEL",
        "AreCasesRequired": False,
        "BoxContentsSource": "INTERACTIVE",
    }


def _ship_from(marketplace_id: str) -> dict[str, str]:
    place = {"US": ("Portland", "OR", "97201"), "CA": ("Vancouver", "BC", "V5K 0A1")}
    country = STORES[marketplace_id].country_code
    city, state, postal_code = place[country]
    return {
        "Name": "Northmill Warehouse (simulated)",
        "AddressLine1": "1 Simulated Way",
        "City": city,
        "StateOrProvinceCode": state,
        "CountryCode": country,
        "PostalCode": postal_code,
    }


def _item(shipment: Shipment, item: ShipmentItem) -> dict[str, Any]:
    return {
        "ShipmentId": shipment.shipment_id,
        "SellerSKU": item.pool.seller_sku,
        "FulfillmentNetworkSKU": item.pool.fn_sku,
        "QuantityShipped": item.expected,
        "QuantityReceived": item.received,
        "QuantityInCase": 0,
        "PrepDetailsList": [{"PrepInstruction": "Labeling", "PrepOwner": "SELLER"}],
    }


_LIST_PARAMETERS = frozenset({*FILTERS, "QueryType", "NextToken", "MarketplaceId"})

OPERATIONS = (
    Operation("getShipments", "/fba/inbound/v0/shipments", 2, 30, _LIST_PARAMETERS, get_shipments),
    Operation(
        "getShipmentItemsByShipmentId", "/fba/inbound/v0/shipments/{shipmentId}/items", 2, 30,
        frozenset({"MarketplaceId"}), get_shipment_items_by_shipment_id,
    ),
    Operation(
        "getShipmentItems", "/fba/inbound/v0/shipmentItems", 2, 30,
        _LIST_PARAMETERS - {"ShipmentStatusList", "ShipmentIdList"}, get_shipment_items,
    ),
)  # fmt: skip
