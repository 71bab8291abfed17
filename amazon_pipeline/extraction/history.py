"""The orders_history stream: orders of the past, through reports of at most 30 days each.

A batch is one report. It is opened when Amazon has given the report its id, which its manifest then holds: a run that
is cut off, or out of time, leaves an open batch, and the next one goes on asking for that report instead of for a new
one. One report is under way at a time. A span that has landed is not asked for again, whichever windows it came in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from amazon_pipeline.errors import AccessDenied, ReportNotReady, ReportRefused, RequestRejected
from amazon_pipeline.extraction.orders import DATA_DELAY
from amazon_pipeline.extraction.report_batch import (
    LINES_A_PAGE,
    Lines,
    land_lines,
    open_batches,
    report_of,
    why_not_made,
)
from amazon_pipeline.extraction.stream import Extraction, Fetched, manifest_instant
from amazon_pipeline.landing import Batch
from amazon_pipeline.landing.personal_data import ORDER_REPORT_LINE
from amazon_pipeline.selling_partner.calls import Progress
from amazon_pipeline.selling_partner.operations import CREATE_REPORT
from amazon_pipeline.selling_partner.report_document import Document
from amazon_pipeline.selling_partner.report_table import read_table
from amazon_pipeline.selling_partner.reports import ORDERS_BY_ORDER_DATE, Report, create_report, fetch_document

STREAM: Final = "orders_history"

LONGEST_WINDOW: Final = timedelta(days=30)
"""Amazon makes this report for at most 30 days; a wider one comes as a sentence (selling-partner-api-models#2591)."""

REACH: Final = timedelta(days=730)
"""Amazon keeps orders for two years."""

NOT_AGAIN_WITHIN: Final = timedelta(hours=6)
"""A sync does not repeat a report that Amazon refused; it waits this long before it asks anew."""

_REQUIRED: Final = ("amazon-order-id", "purchase-date", "last-updated-date", "order-status", "sku", "quantity")

Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class _Run:
    """One run of this stream; ``is_patient``: it waits for Amazon to make a report, within its budget."""

    extraction: Extraction
    fetched: Fetched
    marketplace_ids: Sequence[str]
    is_patient: bool
    facts: Mapping[str, Any]
    lines_a_page: int = LINES_A_PAGE


def fetch_history(
    extraction: Extraction,
    fetched: Fetched,
    *,
    marketplace_ids: Sequence[str],
    since: datetime,
    until: datetime,
    lines_a_page: int = LINES_A_PAGE,
) -> None:
    """Land the orders placed in [since, until), as far as they have not landed and Amazon keeps them, oldest first.

    The hour that is not over is left to the syncs, so that a run that goes on does not ask for the minutes between.
    Waits for each report. Raises ReportNotReady or BudgetSpent when the run's time is up (what has landed stays, the
    next run goes on), and ReportRefused when Amazon makes none.
    """
    now = extraction.clock()
    last_hour = (now - DATA_DELAY).replace(minute=0, second=0, microsecond=0)
    span = (max(since, now - REACH), min(until, last_hour))
    _land(_Run(extraction, fetched, marketplace_ids, is_patient=True, facts={}, lines_a_page=lines_a_page), span)


def fetch_first_history(extraction: Extraction, fetched: Fetched, *, marketplace_ids: Sequence[str], days: int) -> None:
    """Go one step towards the last ``days`` days before a new account's first sync, without waiting for Amazon.

    One sync asks for the report (and raises ReportNotReady), the first one after Amazon has made it lands it. A report
    that another run left under way is finished first, whatever its span. An application that may not use reports has
    no history to wait for: that is noted, and fails no sync.
    """
    now = extraction.clock()
    batches = extraction.landing.batches(STREAM)
    ends = [end for batch in batches if (end := manifest_instant(batch.manifest.params.get("first_sync")))]
    end = ends[0] if ends else now - DATA_DELAY
    span = (max(end - timedelta(days=days), now - REACH), end)
    fetched.was_due = bool(open_batches(batches) or _missing(span, batches))
    try:
        _land(_Run(extraction, fetched, marketplace_ids, is_patient=False, facts={"first_sync": end}), span)
    except (AccessDenied, RequestRejected) as error:
        fetched.is_available, fetched.was_due = False, False
        fetched.note = f"Order history is not available: {error}"


def _land(run: _Run, span: Span) -> None:
    landing = run.extraction.landing
    for batch in open_batches(landing.batches(STREAM)):
        _finish(run, batch)
    batches = landing.batches(STREAM)
    for window in _missing(span, batches):
        if not run.is_patient:
            _check_not_refused_lately(run, batches)
        _finish(run, _ask(run, window))


def _missing(span: Span, batches: Iterable[Batch]) -> list[Span]:
    """The parts of the span that no complete batch holds, in windows that Amazon takes, oldest first."""
    start, end = span
    found: list[Span] = []
    for known_start, known_end in sorted(_windows(batches)):
        if known_end > start and known_start < end:
            found += _cut(start, min(known_start, end))
            start = max(start, known_end)
    return found + _cut(start, end)


def _windows(batches: Iterable[Batch]) -> Iterator[Span]:
    for batch in batches:
        start, end = _window(batch)
        if batch.manifest.status == "complete" and start and end:
            yield start, end


def _cut(start: datetime, end: datetime) -> list[Span]:
    found: list[Span] = []
    while start < end:
        found.append((start, min(start + LONGEST_WINDOW, end)))
        start = found[-1][1]
    return found


def _ask(run: _Run, window: Span, *, is_again: bool = False) -> Batch:
    """Ask for a report, and open its batch with the id that Amazon gave it."""
    extraction = run.extraction
    report_id = create_report(
        extraction.client,
        ORDERS_BY_ORDER_DATE,
        marketplace_ids=run.marketplace_ids,
        span=window,
    )
    batch = extraction.landing.open_batch(
        STREAM,
        source=extraction.source,
        at=extraction.clock(),
        params={
            **run.facts,
            "report_type": ORDERS_BY_ORDER_DATE,
            "report_id": report_id,
            "window_start": window[0],
            "window_end": window[1],
            "is_again": is_again,
        },
    )
    words = f"report {report_id} is asked for: orders placed from {_day(window[0])} to {_day(window[1])}"
    extraction.client.tell(Progress(CREATE_REPORT.name, "report", message=words))
    if not run.is_patient:
        raise ReportNotReady(operation=CREATE_REPORT.name, wait_seconds=0, message=f"{words}; the next sync fetches it")
    return batch


def _finish(run: _Run, batch: Batch) -> None:
    """See an open batch to its end: the report made, fetched, on disk, and the batch closed."""
    report = report_of(run.extraction.client, batch, is_patient=run.is_patient)
    if report is None:
        _close(run, batch, "abandoned", why=f"Amazon no longer has report {batch.manifest.params['report_id']}")
    elif report.status == "DONE":
        _land_report(run, batch, report)
    elif report.status == "CANCELLED":
        _finish_cancelled(run, batch, report)
    else:
        _refuse(run, batch, why_not_made(run.extraction.client, report))


def _finish_cancelled(run: _Run, batch: Batch, report: Report) -> None:
    """Amazon cancels a report that would be empty; but one it never began may also have been cancelled by somebody.

    Such a one is asked for once more before it counts as empty.
    """
    start, end = _window(batch)
    if report.was_processed or batch.manifest.params.get("is_again") or start is None or end is None:
        _close(run, batch, "complete", why="Amazon has no orders in this span", orders=0, lines=0)
        return
    _close(run, batch, "abandoned", why="it was cancelled before Amazon began with it")
    _finish(run, _ask(run, (start, end), is_again=True))


def _land_report(run: _Run, batch: Batch, report: Report) -> None:
    document = fetch_document(run.extraction.client, report.document_id or "")
    try:
        orders = _by_order(document)
    except ReportRefused as error:
        _refuse(run, batch, error.reason)
    land_lines(run.extraction, run.fetched, batch, _pages(orders, run.lines_a_page))
    lines_landed = sum(len(lines) for lines in orders)
    run.fetched.rows += lines_landed
    _close(run, batch, "complete", orders=len(orders), lines=lines_landed, encoding=document.encoding)


def _by_order(document: Document) -> list[Lines]:
    """The lines of each order together, wherever in the report they stand: what an order is takes all of them."""
    found: dict[str, Lines] = {}
    for line in read_table(document, required=_REQUIRED, kept=ORDER_REPORT_LINE.keys()):
        found.setdefault(line.get("amazon-order-id", ""), []).append(line)
    return list(found.values())


def _pages(orders: Iterable[Lines], most: int) -> Iterator[Lines]:
    page: Lines = []
    for lines in orders:
        if page and len(page) + len(lines) > most:
            yield page
            page = []
        page.extend(lines)
    if page:
        yield page


def _refuse(run: _Run, batch: Batch, why: str) -> None:
    _close(run, batch, "abandoned", why=why, was_refused=True)
    raise ReportRefused(why, operation=ORDERS_BY_ORDER_DATE)


def _check_not_refused_lately(run: _Run, batches: Sequence[Batch]) -> None:
    """Raises ReportRefused again, without a call, when the newest report was refused a short while ago."""
    newest = batches[-1].manifest if batches else None
    if newest and newest.facts.get("was_refused") and newest.closed_at:
        again_at = newest.closed_at + NOT_AGAIN_WITHIN
        if run.extraction.clock() < again_at:
            why = f"{newest.facts['why']}; it is asked for again after {again_at:%Y-%m-%d %H:%M} UTC"
            raise ReportRefused(why, operation=ORDERS_BY_ORDER_DATE)


def _close(run: _Run, batch: Batch, status: Any, **facts: Any) -> None:
    params = batch.manifest.params
    window = {name: params.get(name) for name in ("window_start", "window_end")}
    batch.close(status, at=run.extraction.clock(), facts={**window, **facts})


def _window(batch: Batch) -> tuple[datetime | None, datetime | None]:
    params = batch.manifest.params
    return manifest_instant(params.get("window_start")), manifest_instant(params.get("window_end"))


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"
