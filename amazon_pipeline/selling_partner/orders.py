"""Orders API v2026-01-01: https://developer-docs.amazon.com/sp-api/docs/orders-api."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from amazon_pipeline.selling_partner.client import Page, Resume, SellingPartner, iso
from amazon_pipeline.selling_partner.operations import GET_ORDER, SEARCH_ORDERS

INCLUDED_DATA: Final = "FULFILLMENT,PROCEEDS,CANCELLATION,PROMOTION"
"""The data sets asked for. Never BUYER, RECIPIENT, TAX or PAYMENT: they carry personal data."""


def search_orders(
    client: SellingPartner,
    *,
    marketplace_ids: Sequence[str],
    last_updated_after: datetime,
    last_updated_before: datetime,
    resume: Resume | None = None,
) -> Iterator[Page]:
    """The orders of all ``marketplace_ids`` (at most 50) changed in the window, both ends inclusive, 100 a page.

    ``last_updated_before`` must be at least two minutes past. A ``resume`` (``Page.resume`` of the last page kept)
    goes on within its own frozen window, whatever the other arguments: Amazon wants every parameter repeated. Page
    tokens live 24 hours; PageTokenExpired then means to read the window again.
    """
    params = {
        "marketplaceIds": ",".join(marketplace_ids),
        "lastUpdatedAfter": iso(last_updated_after),
        "lastUpdatedBefore": iso(last_updated_before),
        "includedData": INCLUDED_DATA,
        "maxResultsPerPage": "100",
    }
    yield from client.pages(SEARCH_ORDERS, params, resume=resume)


def get_order(client: SellingPartner, order_id: str) -> Page:
    """One order. Raises RequestRejected with status 404 for an order Amazon does not know."""
    return client.get(GET_ORDER, {"orderId": order_id, "includedData": INCLUDED_DATA})
