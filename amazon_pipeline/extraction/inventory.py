"""The inventory stream: a full snapshot of FBA stock per marketplace at each sync.

Full, because Amazon's increments miss inbound changes; a snapshot counts only when all its pages are there, because a
SKU on a missing page is unknown, not zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from amazon_pipeline.errors import RequestRejected
from amazon_pipeline.extraction.stream import Extraction, Fetched
from amazon_pipeline.selling_partner.inventory import NO_FBA, inventory_snapshot

STREAM: Final = "inventory"


def fetch_inventory(extraction: Extraction, fetched: Fetched, *, marketplace_ids: Sequence[str]) -> None:
    """Land one snapshot per marketplace. A marketplace without FBA is noted and passed over."""
    without_fba = []
    for marketplace_id in marketplace_ids:
        opened_at = extraction.clock()
        try:
            # the page token lives 30 seconds: read first, write after
            pages = inventory_snapshot(extraction.client, marketplace_id)
        except RequestRejected as error:
            if NO_FBA not in error.reason:
                raise
            without_fba.append(marketplace_id)
            fetched.note = str(error)
            continue
        batch = extraction.landing.open_batch(
            STREAM, source=extraction.source, at=opened_at, params={"marketplace_id": marketplace_id}
        )
        fetched.land(batch, pages)
        batch.close(
            "complete",
            at=extraction.clock(),
            facts={"window_end": pages[0].received_at, "skus": sum(len(page.rows) for page in pages)},
        )
    fetched.is_available = len(without_fba) < len(marketplace_ids)
