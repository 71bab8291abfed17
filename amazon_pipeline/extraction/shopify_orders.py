"""The shopify_orders stream: every order changed since the last complete window, by ``updated_at``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from amazon_pipeline.extraction.shopify_session import ShopifyExtraction
from amazon_pipeline.extraction.shopify_windows import Reading, read_windows
from amazon_pipeline.extraction.stream import Fetched
from amazon_pipeline.extraction.windows import Window
from amazon_pipeline.shopify.orders import changed_in, orders

STREAM: Final = "shopify_orders"

OVERLAP: Final = timedelta(minutes=5)
"""How far a window reaches back into the one before, for orders that Shopify's search indexed late."""
DATA_DELAY: Final = timedelta(minutes=1)
FIRST_REACH: Final = timedelta(hours=49)
"""How far the first window reaches back: two times 24 hours for the metrics, and one to spare."""

CUSTOMERS_DENIED: Final = (
    "How many customers ordered is unknown: the token may not read customers. Give the app the scope read_customers "
    "and install it again."
)


def fetch_shopify_orders(
    extraction: ShopifyExtraction, fetched: Fetched, *, watermark: datetime | None, lost: Sequence[Window] = ()
) -> None:
    """Land the orders changed since ``watermark``, and go on with what was left open. Raises a ShopifyError.

    An order that changes while its window is read moves behind the window's end and comes with the next one.
    """
    reading = Reading(
        STREAM,
        lambda window, resume: orders(
            extraction.client, changed_in(window.start, window.end), hashed=extraction.hashed, resume=resume
        ),
        overlap=OVERLAP,
        delay=DATA_DELAY,
        first_reach=FIRST_REACH,
    )
    fetched.was_due = read_windows(extraction, fetched, reading, watermark=watermark, lost=lost)
    if any(
        page.params.get("customers") == "denied" for one in fetched.batches.values() for page in one.readable_pages()
    ):
        fetched.note = fetched.note or CUSTOMERS_DENIED
