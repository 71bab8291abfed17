"""What the streams of one Shopify store work with."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

import httpx

from amazon_pipeline.landing import Landing
from amazon_pipeline.pacing import Budget, Progress, ignore_progress
from amazon_pipeline.settings import Settings
from amazon_pipeline.shopify.client import ShopifyAdmin
from amazon_pipeline.shopify.cost import CostLedger
from amazon_pipeline.shopify.customers import CustomerHash, customer_hash
from amazon_pipeline.stores import ShopifyStore


@dataclass(frozen=True)
class ShopifyExtraction:
    """The session with one store, where its pages land (``seller_id`` is its domain), and how its customers hash."""

    client: ShopifyAdmin
    landing: Landing
    seller_id: str
    source: str
    clock: Callable[[], datetime]
    hashed: CustomerHash


def open_shopify(
    settings: Settings,
    store: ShopifyStore,
    *,
    budget: Budget,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None] = time.sleep,
    on_progress: Callable[[Progress], None] = ignore_progress,
    transport: httpx.BaseTransport | None = None,
) -> ShopifyAdmin:
    """A session with one store; close it. ``transport`` is the network unless a test brings another."""
    return ShopifyAdmin(
        store,
        version=settings.shopify_api_version,
        ledger=CostLedger(settings.state, store=store.domain, clock=clock),
        budget=budget,
        clock=clock,
        sleep=sleep,
        on_progress=on_progress,
        transport=transport,
    )


def shopify_extraction(
    settings: Settings, client: ShopifyAdmin, *, unreadable: Collection[str] = ()
) -> ShopifyExtraction:
    """The tools of one store's streams, for ``run_stream``.

    Raises LandingCorrupt or LandingUnavailable for the key that its customers are hashed with.
    """
    store = client.store
    return ShopifyExtraction(
        client=client,
        landing=Landing(settings.landing_dir, store.domain, unreadable=unreadable),
        seller_id=store.domain,
        source=store.source,
        clock=client.now,
        hashed=customer_hash(settings.landing_dir / store.domain),
    )
