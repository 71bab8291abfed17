"""Sellers API v1: https://developer-docs.amazon.com/sp-api/docs/sellers-api."""

from __future__ import annotations

from amazon_pipeline.selling_partner.client import Page, SellingPartner
from amazon_pipeline.selling_partner.operations import GET_MARKETPLACE_PARTICIPATIONS


def marketplace_participations(client: SellingPartner) -> Page:
    """The marketplaces the seller may list in: one row each, with ``marketplace`` and ``participation``."""
    return client.get(GET_MARKETPLACE_PARTICIPATIONS, {})
