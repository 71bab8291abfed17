"""The shopify_fees stream: what Shopify Payments booked, with the fee of each charge and refund.

A store without Shopify Payments, or a token that may not read it, has no such stream: that is noted, and fails no sync.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from amazon_pipeline.errors import StoreAccessDenied
from amazon_pipeline.extraction.shopify_session import ShopifyExtraction
from amazon_pipeline.extraction.shopify_windows import Reading, read_windows
from amazon_pipeline.extraction.stream import Fetched
from amazon_pipeline.extraction.windows import Window
from amazon_pipeline.shopify.payments import balance_transactions, booked_in

STREAM: Final = "shopify_fees"

OVERLAP: Final = timedelta(hours=1)
"""A booking may be dated a little before Shopify shows it; it never changes afterwards."""
DATA_DELAY: Final = timedelta(minutes=1)
SHORTEST_REACH: Final = timedelta(hours=49)

NO_PAYMENTS: Final = "Transaction fees are not available: the store does not use Shopify Payments."


def fetch_shopify_fees(
    extraction: ShopifyExtraction,
    fetched: Fetched,
    *,
    watermark: datetime | None,
    days: int,
    lost: Sequence[Window] = (),
) -> None:
    """Land what was booked since ``watermark``, or in the last ``days`` days when nothing is known yet.

    Raises a ShopifyError, but not for access that is denied: then ``fetched`` is not available.
    """
    reading = Reading(
        STREAM,
        lambda window, resume: balance_transactions(
            extraction.client, booked_in(window.start, window.end), resume=resume
        ),
        overlap=OVERLAP,
        delay=DATA_DELAY,
        first_reach=max(SHORTEST_REACH, timedelta(days=days)),
    )
    try:
        fetched.was_due = read_windows(extraction, fetched, reading, watermark=watermark, lost=lost)
    except StoreAccessDenied as error:
        fetched.is_available, fetched.was_due = False, False
        fetched.note = f"Transaction fees are not available: {error}"
        return
    if fetched.was_due and fetched.pages == 0:
        fetched.is_available, fetched.was_due = False, False
        fetched.note = NO_PAYMENTS
