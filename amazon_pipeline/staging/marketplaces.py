"""Sellers API v1 to ``staging.marketplaces``: the Amazon stores the account sells in."""

from __future__ import annotations

from typing import Any

from amazon_pipeline.landing import LandedPage
from amazon_pipeline.marketplaces import MARKETPLACES
from amazon_pipeline.schemas import STAGING_TABLES
from amazon_pipeline.staging.reading import Reading
from amazon_pipeline.staging.validated import Draft, Staged, validate


def stage_marketplaces(page: LandedPage, seller_id: str) -> Staged:
    """The marketplaces of one landed page of ``getMarketplaceParticipations`` in which the seller participates."""
    drafts = []
    for n, raw in enumerate(Reading(page.body).rows("payload")):
        entry = Reading(raw)
        if entry.value("participation.isParticipating") is True and _is_amazon_store(entry):
            drafts.append(_draft(entry, raw, n, page, seller_id))
    return validate(page, "marketplaces", seller_id, drafts, (STAGING_TABLES["marketplaces"],))


def _is_amazon_store(entry: Reading) -> bool:
    """Whether orders can be asked for there: the list also names Amazon's internal and Non-Amazon marketplaces.

    Asking for orders of those is answered 403 (github.com/amzn/selling-partner-api-sdk/issues/764).
    """
    domain = entry.text("marketplace.domainName") or ""
    return entry.text("marketplace.id") in MARKETPLACES or domain.startswith("www.amazon.")


def _draft(entry: Reading, raw: Any, row_number: int, page: LandedPage, seller_id: str) -> Draft:
    marketplace_id = entry.text("marketplace.id")
    known = MARKETPLACES.get(marketplace_id or "")
    row = {
        "seller_id": seller_id,
        "marketplace_id": marketplace_id,
        "name": entry.text("marketplace.name"),
        "country_code": entry.text("marketplace.countryCode"),
        "currency": entry.text("marketplace.defaultCurrencyCode"),
        "time_zone": known.time_zone if known else "UTC",
        "observed_at": page.received_at,
    }
    return Draft(marketplace_id, raw, row_number, entry.reasons, {"marketplaces": [row]})
