"""The marketplaces stream: where the seller sells. Changes rarely and is asked for once a day."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from amazon_pipeline.extraction.stream import Extraction, Fetched
from amazon_pipeline.selling_partner.sellers import marketplace_participations

STREAM: Final = "marketplaces"
REFRESH_AFTER: Final = timedelta(hours=24)


def fetch_marketplaces(extraction: Extraction, fetched: Fetched) -> None:
    """Land ``getMarketplaceParticipations`` unless the last answer is younger than a day."""
    now = extraction.clock()
    recent = extraction.landing.batches(STREAM, since=(now - REFRESH_AFTER).date())
    if any(batch.manifest.status == "complete" and now - batch.manifest.opened_at < REFRESH_AFTER for batch in recent):
        fetched.was_due = False
        return
    page = marketplace_participations(extraction.client)
    batch = extraction.landing.open_batch(STREAM, source=extraction.source, at=now, params={})
    fetched.land(batch, [page])
    batch.close("complete", at=extraction.clock(), facts={"window_end": page.received_at})
