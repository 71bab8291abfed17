"""What the streams share: their tools, the count of what they fetched, and how an attempt ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, Protocol, TypeVar

from amazon_pipeline.errors import BudgetSpent, PipelineError, StoreBudgetSpent
from amazon_pipeline.landing import Batch, Landing
from amazon_pipeline.pacing import CallStats
from amazon_pipeline.selling_partner.client import SellingPartner


class Session(Protocol):
    """What a stream's outcome is told from: a session with Amazon, or with a Shopify store."""

    clock_ahead_seconds: float | None

    @property
    def stats(self) -> dict[str, CallStats]:
        """Per operation called: attempts, refusals among them, seconds waited."""

    def quota_left(self, operation_name: str, /) -> float:
        """What may be asked at once: Amazon's calls, Shopify's points."""


class Tools(Protocol):
    """What the outcome needs of what a fetch works with."""

    @property
    def client(self) -> Session:
        """The session."""

    @property
    def clock(self) -> Callable[[], datetime]:
        """Aware UTC."""


AnyTools = TypeVar("AnyTools", bound=Tools)


class AnyPage(Protocol):
    """A page of either source."""

    @property
    def operation(self) -> str:
        """Whose answer it is."""

    @property
    def params(self) -> dict[str, str]:
        """What was asked."""

    @property
    def number(self) -> int:
        """From 1."""

    @property
    def body(self) -> dict[str, Any]:
        """The answer."""

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Its rows."""

    @property
    def next_token(self) -> str | None:
        """The cursor of the page after it."""

    @property
    def received_at(self) -> datetime:
        """Aware UTC."""

    @property
    def request_id(self) -> str | None:
        """The source's id of the call."""


PageOf = TypeVar("PageOf", bound=AnyPage)


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
    """What landed, with the batches by id; and a note for people where something is out of the ordinary."""

    pages: int = 0
    rows: int = 0
    bytes: int = 0
    batches: dict[str, Batch] = field(default_factory=dict)
    note: str | None = None
    is_available: bool = True
    was_due: bool = True

    def land(
        self, batch: Batch, pages: Iterable[PageOf], *, extra_params: dict[str, str] | None = None
    ) -> list[PageOf]:
        """Write each page as it comes; returns them."""
        landed = []
        for page in pages:
            number = self._next_number(batch, page, extra_params)
            batch.write_page(
                number=number,
                operation=page.operation,
                params={**page.params, **(extra_params or {})},
                received_at=page.received_at,
                request_id=page.request_id,
                next_token=page.next_token,
                body=page.body,
            )
            self.wrote(batch, number)
            self.rows += len(page.rows)
            landed.append(page)
        return landed

    def wrote(self, batch: Batch, number: int) -> None:
        """Count one page that is on disk now."""
        self.pages += 1
        self.bytes += batch.page_path(number).stat().st_size
        self.batches[batch.id] = batch

    @property
    def window_start(self) -> datetime | None:
        """Where the earliest window of what landed begins, if it has one."""
        return min(self._moments("window_start"), default=None)

    @property
    def known_until(self) -> datetime | None:
        """Up to when what was read whole is known, by Amazon's word where it says so."""
        return max(self._moments("window_end"), default=None)

    def _moments(self, name: str) -> list[datetime]:
        closed = [batch.manifest for batch in self.batches.values() if batch.manifest.status == "complete"]
        found = [manifest.facts.get(name, manifest.params.get(name)) for manifest in closed]
        return [moment for one in found if (moment := manifest_instant(one))]

    @staticmethod
    def _next_number(batch: Batch, page: AnyPage, extra_params: dict[str, str] | None) -> int:
        """The pager's own number, but for batches that hold several listings one after the other."""
        if extra_params is None:
            return page.number
        numbers = batch.page_numbers()
        return numbers[-1] + 1 if numbers else 1


@dataclass(frozen=True)
class Outcome:
    """How one fetch of a stream ended.

    ``succeeded_at`` is None unless something was due and all of it has landed. ``error`` is the exception behind a
    failure. ``quota_left`` has the calls that each operation asked may be made at once,
    ``clock_ahead_seconds`` is how far our clock is ahead of Amazon's, by its last answer.
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
    duration_seconds: float = 0.0
    quota_left: Mapping[str, float] = field(default_factory=dict)
    clock_ahead_seconds: float | None = None


def manifest_instant(value: Any) -> datetime | None:
    """A time of a manifest, which is text once it has been on disk."""
    if isinstance(value, str):
        return datetime.fromisoformat(value).astimezone(UTC)
    return value if isinstance(value, datetime) else None


def run_stream(
    stream: str, open_extraction: Callable[[], AnyTools], fetch: Callable[[AnyTools, Fetched], None]
) -> Outcome:
    """Fetch one stream and say how it went, so that the trouble of one never stops another.

    Whatever Amazon or the settings did is in the outcome; only errors that are not ours pass through.
    """
    fetched = Fetched()
    extraction: AnyTools | None = None
    before = (0, 0, 0.0)
    quota_before: dict[str, int] = {}
    began: datetime | None = None
    error: PipelineError | None = None
    try:
        extraction = open_extraction()
        began = extraction.clock()
        before = _totals(extraction.client)
        quota_before = {name: one.calls for name, one in extraction.client.stats.items()}
        fetch(extraction, fetched)
    except PipelineError as problem:
        error = problem
    after = _totals(extraction.client) if extraction else before
    status: Literal["ok", "backlog", "failed", "not-available"] = "ok" if fetched.is_available else "not-available"
    if error is not None:
        status = "backlog" if isinstance(error, BudgetSpent | StoreBudgetSpent) else "failed"
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
        duration_seconds=round((extraction.clock() - began).total_seconds(), 3) if extraction and began else 0.0,
        quota_left=_quota_left(extraction.client, quota_before) if extraction else {},
        clock_ahead_seconds=extraction.client.clock_ahead_seconds if extraction else None,
    )


def _quota_left(client: Session, before: Mapping[str, int]) -> dict[str, float]:
    """Of the operations that were called since, how many calls Amazon would take at once."""
    called = [name for name, one in client.stats.items() if one.calls > before.get(name, 0)]
    return {name: round(client.quota_left(name), 2) for name in sorted(called)}


def _totals(client: Session) -> tuple[int, int, float]:
    stats = client.stats.values()
    return (
        sum(one.calls for one in stats),
        sum(one.throttled for one in stats),
        sum(one.quota_wait_seconds for one in stats),
    )
