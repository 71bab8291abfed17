"""Reports API v2021-06-30: https://developer-docs.amazon.com/sp-api/docs/reports-api-v2021-06-30-reference.

A report is asked for, made in Amazon's own time (seconds to many minutes), and then fetched from a link that lives five
minutes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from amazon_pipeline.errors import MalformedAnswer, ReportNotReady, TransientError
from amazon_pipeline.selling_partner.calls import Progress
from amazon_pipeline.selling_partner.client import SellingPartner, iso
from amazon_pipeline.selling_partner.operations import CREATE_REPORT, GET_REPORT, GET_REPORT_DOCUMENT
from amazon_pipeline.selling_partner.report_document import DOWNLOAD, Document, download_document

ORDERS_BY_ORDER_DATE: Final = "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL"
"""All orders placed in a span of at most 30 days, one line per order line, of all marketplaces of the region."""

_MOST_MARKETPLACES: Final = 25
_FIRST_INTERVAL: Final = 5.0  # seconds between two looks at a report; grows by half each time
_LONGEST_INTERVAL: Final = 60.0
_DOWNLOADS: Final = 3


@dataclass(frozen=True)
class Report:
    """How a report stands. ``was_processed``: Amazon has begun to make it; ``document_id``: where it can be fetched."""

    report_id: str
    status: str
    was_processed: bool
    document_id: str | None

    @property
    def is_waiting(self) -> bool:
        """Whether Amazon is not done with it."""
        return self.status in ("IN_QUEUE", "IN_PROGRESS")


def create_report(
    client: SellingPartner, report_type: str, *, marketplace_ids: Sequence[str], start: datetime, end: datetime
) -> str:
    """Ask for a report; returns its id."""
    params = {
        "reportType": report_type,
        "marketplaceIds": ",".join(marketplace_ids[:_MOST_MARKETPLACES]),
        "dataStartTime": iso(start),
        "dataEndTime": iso(end),
    }
    report_id: str = client.ask(CREATE_REPORT, params).body["reportId"]
    return report_id


def get_report(client: SellingPartner, report_id: str) -> Report:
    """How a report stands now. Raises RequestRejected with status 404 for one that Amazon no longer has."""
    body = client.ask(GET_REPORT, {"reportId": report_id}).body
    document_id = body.get("reportDocumentId")
    if body["processingStatus"] == "DONE" and not document_id:
        raise MalformedAnswer("the report is done and has no document", operation=GET_REPORT.name, status=200)
    return Report(report_id, body["processingStatus"], bool(body.get("processingStartTime")), document_id or None)


def wait_for_report(client: SellingPartner, report_id: str, *, is_patient: bool) -> Report:
    """The report once Amazon is done with it, whichever way; without patience it is looked at once.

    Raises ReportNotReady when it is not done and there is no time, or no wish, to wait.
    """
    interval = _FIRST_INTERVAL
    while True:
        report = get_report(client, report_id)
        if not report.is_waiting:
            return report
        words = f"report {report_id} is being made by Amazon ({report.status})"
        step = Progress(GET_REPORT.name, "report", seconds=interval, message=words)
        if not is_patient or not client.pause(step):
            raise ReportNotReady(
                operation=GET_REPORT.name,
                wait_seconds=interval,
                message=f"{words}; the next run fetches it",
            )
        interval = min(_LONGEST_INTERVAL, interval * 1.5)


def fetch_document(client: SellingPartner, document_id: str) -> Document:
    """The report's document, downloaded at once; each new attempt asks for a new link."""
    pause = 1.0
    for attempt in range(1, _DOWNLOADS + 1):
        body = client.ask(GET_REPORT_DOCUMENT, {"reportDocumentId": document_id}).body
        try:
            return download_document(body["url"], body.get("compressionAlgorithm"))
        except TransientError as error:
            step = Progress(DOWNLOAD, "retry", number=attempt, seconds=pause, message=str(error))
            if attempt == _DOWNLOADS or not client.pause(step):
                raise
            pause *= 4
    raise AssertionError("the last attempt returns or raises")
