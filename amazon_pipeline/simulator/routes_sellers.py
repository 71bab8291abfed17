"""getMarketplaceParticipations (model sellers)."""

from __future__ import annotations

from typing import Any

from amazon_pipeline.simulator.account import STORE_NAME
from amazon_pipeline.simulator.marketplaces import MEXICO, NON_AMAZON, STORES, Store
from amazon_pipeline.simulator.operations import Ask, Operation


def get_marketplace_participations(ask: Ask) -> dict[str, Any]:
    """The account's stores, and two entries that a real account has as well.

    Amazon lists marketplaces the seller could sell in but does not, and the pseudo-marketplace of Multi-Channel orders
    as one it participates in (amzn/selling-partner-api-models#1367, #1763), although no order search accepts it
    (amzn/selling-partner-api-sdk#764).
    """
    entries = [_entry(STORES[one]) for one in ask.seller.world.marketplaces]
    return {"payload": [*entries, _entry(MEXICO, participating=False), _entry(NON_AMAZON)]}


def _entry(store: Store, *, participating: bool = True) -> dict[str, Any]:
    return {
        "marketplace": {
            "id": store.marketplace_id,
            "name": store.name,
            "countryCode": store.country_code,
            "defaultCurrencyCode": store.currency,
            "defaultLanguageCode": store.language,
            "domainName": store.domain,
        },
        "participation": {"isParticipating": participating, "hasSuspendedListings": False},
        "storeName": STORE_NAME,
    }


OPERATIONS = (
    Operation(
        "getMarketplaceParticipations", "/sellers/v1/marketplaceParticipations", 0.016, 15, frozenset(),
        get_marketplace_participations,
    ),
)  # fmt: skip
