"""FBA Inventory API v1: https://developer-docs.amazon.com/sp-api/docs/fba-inventory-api."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from amazon_pipeline.errors import PageTokenExpired, RequestRejected
from amazon_pipeline.selling_partner.client import Page, SellingPartner
from amazon_pipeline.selling_partner.operations import GET_INVENTORY_SUMMARIES

RESTARTS: Final = 2
NO_FBA: Final = "Amazon answers so for an account without FBA stock in the marketplace"
"""Part of the message of the RequestRejected for an account that does not use Fulfillment by Amazon."""


def inventory_summaries(client: SellingPartner, marketplace_id: str) -> Iterator[Page]:
    """The whole stock of one marketplace, with details, 50 SKUs a page.

    ``startDateTime`` is never sent: it misses inbound changes. Page tokens live 30 s, so take the pages first and work
    on them after; PageTokenExpired means to start again (``inventory_snapshot`` does). Raises RequestRejected with
    NO_FBA in its message for an account without FBA.
    """
    params = {
        "marketplaceIds": marketplace_id,
        "granularityType": "Marketplace",
        "granularityId": marketplace_id,
        "details": "true",
    }
    number = 0
    try:
        for page in client.pages(GET_INVENTORY_SUMMARIES, params):
            number = page.number
            yield page
    except RequestRejected as error:
        if error.status != 400 or number > 0:
            raise
        # these fixed parameters are right, so a 400 has this cause: https://github.com/ericcj/amz_sp_api/issues/28
        raise RequestRejected(
            f"{error.reason}. {NO_FBA} ({marketplace_id}); if the seller uses FBA there, check AMAZON_MARKETPLACE_IDS",
            operation=error.operation,
            status=error.status,
            request_id=error.request_id,
        ) from None


def inventory_snapshot(client: SellingPartner, marketplace_id: str) -> list[Page]:
    """All pages of ``inventory_summaries``; begun again, at most twice, when a page token expired on the way.

    Raises the third PageTokenExpired.
    """
    for _ in range(RESTARTS):
        try:
            return list(inventory_summaries(client, marketplace_id))
        except PageTokenExpired:
            continue
    return list(inventory_summaries(client, marketplace_id))
