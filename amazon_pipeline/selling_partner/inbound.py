"""Fulfillment Inbound API v0, the only source of all shipments and of received quantities.

https://developer-docs.amazon.com/sp-api/docs/fulfillment-inbound-api-v0-reference
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from amazon_pipeline.selling_partner.client import Page, SellingPartner, iso, row_key
from amazon_pipeline.selling_partner.operations import (
    GET_SHIPMENT_ITEMS,
    GET_SHIPMENT_ITEMS_BY_SHIPMENT_ID,
    GET_SHIPMENTS,
)

STATUSES: Final = (
    "WORKING",
    "READY_TO_SHIP",
    "SHIPPED",
    "RECEIVING",
    "CANCELLED",
    "DELETED",
    "CLOSED",
    "ERROR",
    "IN_TRANSIT",
    "DELIVERED",
    "CHECKED_IN",
)
_MOST_ITEMS: Final = 200  # that one answer of getShipmentItemsByShipmentId holds


def shipments(client: SellingPartner, marketplace_id: str, *, statuses: Sequence[str] = STATUSES) -> Iterator[Page]:
    """The inbound shipments in ``statuses``, 50 a page.

    Amazon wants at least one status although its model calls them optional
    (https://github.com/amzn/selling-partner-api-models/pull/5375), and for later pages nothing but the token and the
    marketplace: any filter beside them brings the same page for ever (models#822).
    """
    params = {"QueryType": "SHIPMENT", "ShipmentStatusList": ",".join(statuses), "MarketplaceId": marketplace_id}
    yield from client.pages(GET_SHIPMENTS, params, follow=_next)


def shipment_items(client: SellingPartner, shipment_id: str, marketplace_id: str) -> Iterator[Page]:
    """The items of one shipment, up to 200 a page.

    The operation gives a token and takes none, so later pages come from getShipmentItems (their ``params`` name no
    shipment). The end is a page without token, one that is not full, or one that brings nothing new; it is yielded with
    no ``next_token`` (https://github.com/amzn/selling-partner-api-models/issues/5102).
    """
    params = {"shipmentId": shipment_id, "MarketplaceId": marketplace_id}
    page = client.get(GET_SHIPMENT_ITEMS_BY_SHIPMENT_ID, params)
    seen: set[object] = set()
    while True:
        keys = {row_key(GET_SHIPMENT_ITEMS, row) for row in page.rows}
        if page.next_token is None or len(page.rows) < _MOST_ITEMS or keys <= seen:
            yield replace(page, next_token=None)
            return
        seen |= keys
        token = page.next_token
        yield page
        page = client.get(GET_SHIPMENT_ITEMS, _next(page.params), number=page.number + 1, token=token)


def items_of_updated_shipments(
    client: SellingPartner, marketplace_id: str, *, after: datetime, before: datetime
) -> Iterator[Page]:
    """The items of all shipments updated in a window, many shipments to a page: far fewer calls than one a shipment."""
    params = {
        "QueryType": "DATE_RANGE",
        "LastUpdatedAfter": iso(after),
        "LastUpdatedBefore": iso(before),
        "MarketplaceId": marketplace_id,
    }
    yield from client.pages(GET_SHIPMENT_ITEMS, params, follow=_next)


def _next(params: Mapping[str, str]) -> dict[str, str]:
    return {"QueryType": "NEXT_TOKEN", "MarketplaceId": params["MarketplaceId"]}
