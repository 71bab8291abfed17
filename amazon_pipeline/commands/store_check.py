"""``check`` of one Shopify store: its token, the scopes it lacks, the API version that answers, its payments."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import httpx

from amazon_pipeline.errors import PipelineError, StoreAccessDenied
from amazon_pipeline.extraction import open_shopify
from amazon_pipeline.pacing import Budget
from amazon_pipeline.selling_partner.client import utc_now
from amazon_pipeline.settings import Settings
from amazon_pipeline.shopify.client import ShopifyAdmin
from amazon_pipeline.shopify.customers import CustomerHash
from amazon_pipeline.shopify.orders import changed_in, orders
from amazon_pipeline.shopify.payments import balance_transactions, booked_in
from amazon_pipeline.shopify.shop import shop
from amazon_pipeline.stores import ShopifyStore

_PAYMENTS_SCOPES: Final = ("read_shopify_payments", "read_shopify_payments_accounts")
_WISHED: Final = {
    "read_customers": "without read_customers customers are not counted",
    "read_all_orders": "without read_all_orders Shopify gives 60 days of orders",
}


def check_store(
    settings: Settings,
    store: ShopifyStore,
    say: Callable[[str], None],
    *,
    transport: httpx.BaseTransport | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> bool:
    """Say in one line how the store answers; returns whether its orders can be read.

    ``transport`` is the network unless a test brings another.
    """
    name = f"Shopify {store.name} ({store.domain})"
    budget = Budget(settings.sync_budget_seconds)
    with open_shopify(settings, store, budget=budget, clock=utc_now, sleep=sleep, transport=transport) as client:
        try:
            body = shop(client).body
            if "read_orders" in body["accessScopes"]:
                _orders(client)
            payments = _payments(client)
        except PipelineError as error:
            say(f"{name}: {str(error).removeprefix(f'{store.domain}, ')}")
            return False
    scopes, served = set(body["accessScopes"]), body["apiVersion"]
    missing = [words for scope, words in _WISHED.items() if scope not in scopes]
    if served and served != settings.shopify_api_version:
        missing.append(f"Shopify answers with API version {served}, not {settings.shopify_api_version}")
    found = body["shop"]
    facts = [
        f"“{found['name']}”, {found['currencyCode']}, {found['ianaTimezone']}",
        f"API {served or 'version not said'}",
        f"scopes {', '.join(sorted(scopes)) or 'none'}",
        payments,
        *missing,
    ]
    if "read_orders" not in scopes:
        say(f"{name}: the token lacks the scope read_orders, so no order can be read ({'; '.join(facts)})")
        return False
    say(f"{name}: ok ({'; '.join(facts)})")
    return True


def _orders(client: ShopifyAdmin) -> None:
    """Read the last hour's orders: a scope may be there, and Shopify still want its approval of the app."""
    now = client.now()
    next(orders(client, changed_in(now - timedelta(hours=1), now), hashed=CustomerHash(b"not kept")), None)


def _payments(client: ShopifyAdmin) -> str:
    now = client.now()
    try:
        page = next(balance_transactions(client, booked_in(now - timedelta(hours=1), now)), None)
    except StoreAccessDenied:
        return f"payments not readable, fees are estimated: give the app {' or '.join(_PAYMENTS_SCOPES)}"
    return "payments readable" if page else "no Shopify Payments, fees are estimated"
