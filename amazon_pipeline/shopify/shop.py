"""The store itself: name, currency, time zone, plan, and what its token may do."""

from __future__ import annotations

from typing import Any, Final

from amazon_pipeline.shopify.client import Page, ShopifyAdmin
from amazon_pipeline.shopify.members import Where, text

SHOP: Final = "ShopifyShop"


def shop(client: ShopifyAdmin) -> Page:
    """One page with the store, the token's scopes and the API version that answered. Raises a ShopifyError."""
    asked = client.ask(SHOP, {})
    where = Where(client.store.domain, SHOP, asked.request_id)
    found: Any = asked.data.get("shop")
    if not isinstance(found, dict) or not all(
        text(found, key) for key in ("id", "name", "currencyCode", "ianaTimezone")
    ):
        raise where.malformed("without the shop's id, name, currency and time zone")
    installation: Any = asked.data.get("currentAppInstallation")
    scopes = installation.get("accessScopes") if isinstance(installation, dict) else None
    if not isinstance(scopes, list) or not all(isinstance(one, dict) and text(one, "handle") for one in scopes):
        raise where.malformed("without the token's scopes")
    handles = {one["handle"] for one in scopes}
    handles |= {
        f"read_{one.removeprefix('write_')}" for one in handles if one.startswith("write_")
    }  # who may write may read
    body = {
        "shop": found,
        "accessScopes": sorted(handles),
        "apiVersion": asked.version,
    }
    return Page(SHOP, {}, 1, body, [found], None, asked.received_at, asked.request_id)
