"""The shopify_shop stream: the store's name, currency, time zone and plan. Asked for once a day."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from amazon_pipeline.extraction.shopify_session import ShopifyExtraction
from amazon_pipeline.extraction.stream import Fetched
from amazon_pipeline.shopify.shop import shop

STREAM: Final = "shopify_shop"
REFRESH_AFTER: Final = timedelta(hours=24)


def fetch_shop(extraction: ShopifyExtraction, fetched: Fetched) -> None:
    """Land the store's own data unless the last answer is younger than a day. Raises a ShopifyError."""
    now = extraction.clock()
    recent = extraction.landing.batches(STREAM, since=(now - REFRESH_AFTER).date())
    if any(batch.manifest.status == "complete" and now - batch.manifest.opened_at < REFRESH_AFTER for batch in recent):
        fetched.was_due = False
        return
    page = shop(extraction.client)
    batch = extraction.landing.open_batch(STREAM, source=extraction.source, at=now, params={})
    fetched.land(batch, [page])
    batch.close("complete", at=extraction.clock(), facts={"window_end": page.received_at})
