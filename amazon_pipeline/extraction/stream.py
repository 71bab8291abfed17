"""What the streams share: their tools, the count of what they fetched, and how an attempt ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from amazon_pipeline.errors import BudgetSpent, PipelineError
from amazon_pipeline.landing import Batch, Landing
from amazon_pipeline.selling_partner.client import Page, SellingPartner


@dataclass(frozen=True)
class Extraction:
    """What a fetch works with: the session with Amazon, where pages land, whose data it is, and the clock."""

    client: SellingPartner
    landing: Landing
    seller_id: str
    source: str
    clock: Callable[[], datetime]


@dataclass
class Fetched:
    """Pages and rows that landed, and a note for people where something is out of the ordinary."""

    pages: int = 0
    rows: int = 0
    note: str | None = None
    is_available: bool = True
    was_due: bool = True

    def land(self, batch: Batch, pages: Iterable[Page], *, extra_params: dict[str, str] | None = None) -> list[Page]:
        """Write each page as it comes; returns them."""
        landed = []
        for page in pages:
            batch.write_page(
                number=self._next_number(batch, page, extra_params),
                operation=page.operation,
                params={**page.params, **(extra_params or {})},
                received_at=page.received_at,
                request_id=page.request_id,
                next_token=page.next_token,
                body=page.body,
            )
            self.pages += 1
            self.rows += len(page.rows)
            landed.append(page)
        return landed

    @staticmethod
    def _next_number(batch: Batch, page: Page, extra_params: dict[str, str] | None) -> int:
        """The pager's own number, but for batches that hold several listings one after the other."""
        if extra_params is None:
            return page.number
        numbers = batch.page_numbers()
        return numbers[-1] + 1 if numbers else 1


@dataclass(frozen=True)
class Outcome:
    """How one fetch of a stream ended.

    ``succeeded_at`` is None unless something was due and all of it has landed. ``error`` is the exception behind a
    failure.
    """

    stream: str
    status: Literal["ok", "backlog", "failed", "not-available"]
    message: str | None
    succeeded_at: datetime | None
    fetched: Fetched
    api_calls: int
    throttled_calls: int
    quota_wait_seconds: float
    error: PipelineError | None = None


def run_stream(
    stream: str, open_extraction: Callable[[], Extraction], fetch: Callable[[Extraction, Fetched], None]
) -> Outcome:
    """Fetch one stream and say how it went, so that the trouble of one never stops another.

    Whatever Amazon or the settings did is in the outcome; only errors that are not ours pass through.
    """
    fetched = Fetched()
    extraction: Extraction | None = None
    before = (0, 0, 0.0)
    error: PipelineError | None = None
    try:
        extraction = open_extraction()
        before = _totals(extraction.client)
        fetch(extraction, fetched)
    except PipelineError as problem:
        error = problem
    after = _totals(extraction.client) if extraction else before
    status: Literal["ok", "backlog", "failed", "not-available"] = "ok" if fetched.is_available else "not-available"
    if error is not None:
        status = "backlog" if isinstance(error, BudgetSpent) else "failed"
    return Outcome(
        stream=stream,
        status=status,
        message=str(error) if error else fetched.note,
        succeeded_at=extraction.clock() if extraction and error is None and fetched.was_due else None,
        fetched=fetched,
        api_calls=after[0] - before[0],
        throttled_calls=after[1] - before[1],
        quota_wait_seconds=round(after[2] - before[2], 3),
        error=error,
    )


def _totals(client: SellingPartner) -> tuple[int, int, float]:
    stats = client.stats.values()
    return (
        sum(one.calls for one in stats),
        sum(one.throttled for one in stats),
        sum(one.quota_wait_seconds for one in stats),
    )
