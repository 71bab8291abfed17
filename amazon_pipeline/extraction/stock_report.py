"""The stock_report stream: Amazon's own stock report, one per marketplace and UTC day, to set beside our inventory.

The report has no column for the marketplace, so each has its own. No sync waits for one: a sync asks, a later one looks
once and lands what is made. Amazon makes this report at most every 30 minutes (selling-partner-api-models#4032), for
some sellers of each marketplace, for some of all of them (selling-partner-api-docs#1645, #1385), and who asks sooner
gets none; so one is under way at a time, and the next is asked for when that time is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from amazon_pipeline.errors import AccessDenied, ReportNotReady, ReportRefused, RequestRejected
from amazon_pipeline.extraction.report_batch import (
    LINES_A_PAGE,
    Lines,
    land_lines,
    open_batches,
    report_of,
    why_not_made,
)
from amazon_pipeline.extraction.stream import Extraction, Fetched
from amazon_pipeline.landing import Batch
from amazon_pipeline.landing.personal_data import STOCK_REPORT_LINE
from amazon_pipeline.selling_partner.calls import Progress
from amazon_pipeline.selling_partner.operations import CREATE_REPORT
from amazon_pipeline.selling_partner.report_table import read_table
from amazon_pipeline.selling_partner.reports import FBA_STOCK, Report, create_report, fetch_document

STREAM: Final = "stock_report"

SPACING: Final = timedelta(minutes=31)
"""Amazon's 30 minutes, and one for a clock that is off."""

GIVEN_UP_AFTER: Final = timedelta(hours=24)
"""A report that Amazon has not made by then is left alone: the next day's would be due."""

STOCK_LINES: Final = "stock_lines"
"""The key of a page's lines, apart from that of other reports, so that each has its own allow-list."""

_LOOK_BACK: Final = timedelta(days=3)
_REQUIRED: Final = ("sku", "afn-fulfillable-quantity", "afn-total-quantity")
_CANCELLED: Final = "Amazon cancelled it: it would be empty, or somebody had asked for it within the 30 minutes before"


def fetch_stock_report(extraction: Extraction, fetched: Fetched, *, marketplace_ids: Sequence[str]) -> None:
    """Go one step on, without waiting: land a report that is made, and ask for the next that is due.

    A report that Amazon is still making, and one that it made not, are noted; the latter is asked for again the next
    day. An application that may not use reports is noted too. None of these fails a sync.
    """
    fetched.was_due = False
    since = (extraction.clock() - _LOOK_BACK).date()
    try:
        for batch in open_batches(extraction.landing.batches(STREAM, since=since)):
            _finish(extraction, fetched, batch)
        _ask_for_next(extraction, extraction.landing.batches(STREAM, since=since), marketplace_ids)
    except AccessDenied as error:
        fetched.is_available = False
        fetched.note = f"Amazon's stock report is not available: {error}"
        return
    notes = [_note(batch) for batch in _todays(extraction.landing.batches(STREAM, since=since), extraction.clock())]
    fetched.note = " ".join(note for note in notes if note) or None


def _todays(batches: Sequence[Batch], now: datetime) -> list[Batch]:
    return [batch for batch in batches if batch.manifest.opened_at.date() == now.date()]


def _note(batch: Batch) -> str | None:
    params, status = batch.manifest.params, batch.manifest.status
    if status == "open":
        return f"Amazon is making the stock report of {params['marketplace_id']}; a later sync fetches it."
    if status == "abandoned":
        why = batch.manifest.facts["why"]
        return f"No stock report of {params['marketplace_id']} today: {why}. It is asked for again tomorrow."
    return None


def _ask_for_next(extraction: Extraction, batches: Sequence[Batch], marketplace_ids: Sequence[str]) -> None:
    now = extraction.clock()
    if open_batches(batches) or (batches and now - batches[-1].manifest.opened_at < SPACING):
        return
    asked = {batch.manifest.params["marketplace_id"] for batch in _todays(batches, now)}
    marketplace_id = next((one for one in marketplace_ids if one not in asked), None)
    if marketplace_id is not None:
        _ask(extraction, marketplace_id)


def _ask(extraction: Extraction, marketplace_id: str) -> None:
    refusal: str | None = None
    report_id: str | None = None
    try:
        report_id = create_report(extraction.client, FBA_STOCK, marketplace_ids=[marketplace_id])
    except RequestRejected as error:
        refusal = str(error)
    batch = extraction.landing.open_batch(
        STREAM,
        source=extraction.source,
        at=extraction.clock(),
        params={"report_type": FBA_STOCK, "report_id": report_id, "marketplace_id": marketplace_id},
    )
    if refusal is not None:
        _abandon(extraction, batch, refusal)
        return
    words = f"report {report_id} is asked for: FBA stock of {marketplace_id}"
    extraction.client.tell(Progress(CREATE_REPORT.name, "report", message=words))


def _finish(extraction: Extraction, fetched: Fetched, batch: Batch) -> None:
    try:
        report = report_of(extraction.client, batch, is_patient=False)
    except ReportNotReady:
        if extraction.clock() - batch.manifest.opened_at > GIVEN_UP_AFTER:
            _abandon(extraction, batch, "Amazon did not make it within a day")
        return
    if report is None:
        _abandon(extraction, batch, "Amazon no longer has it")
    elif report.status == "DONE":
        _land(extraction, fetched, batch, report)
    elif report.status == "CANCELLED":
        _abandon(extraction, batch, _CANCELLED)
    else:
        _abandon(extraction, batch, why_not_made(extraction.client, report))


def _land(extraction: Extraction, fetched: Fetched, batch: Batch, report: Report) -> None:
    try:
        document = fetch_document(extraction.client, report.document_id or "")
        lines = list(read_table(document, required=_REQUIRED, kept=STOCK_REPORT_LINE.keys()))
    except ReportRefused as error:
        _abandon(extraction, batch, error.reason)
        return
    reported_at = report.ended_at or extraction.clock()
    facts = {"marketplaceId": batch.manifest.params["marketplace_id"], "reportedAt": reported_at.isoformat()}
    land_lines(extraction, fetched, batch, _pages(lines), member=STOCK_LINES, facts=facts)
    fetched.rows += len(lines)
    fetched.was_due = True
    batch.close("complete", at=extraction.clock(), facts={"window_end": reported_at, "lines": len(lines)})


def _pages(lines: Lines) -> list[Lines]:
    return [lines[start : start + LINES_A_PAGE] for start in range(0, len(lines), LINES_A_PAGE)]


def _abandon(extraction: Extraction, batch: Batch, why: str) -> None:
    batch.close("abandoned", at=extraction.clock(), facts={"why": why})
