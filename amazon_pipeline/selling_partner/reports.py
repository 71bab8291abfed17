"""Reports API v2021-06-30: https://developer-docs.amazon.com/sp-api/docs/reports-api-v2021-06-30-reference.

A report is asked for, made in Amazon's own time (seconds to many minutes), and then fetched from a link that lives five
minutes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from amazon_pipeline.errors import MalformedAnswer, ReportNotReady, TransientError
from amazon_pipeline.selling_partner.calls import Progress
from amazon_pipeline.selling_partner.client import Page, SellingPartner, iso
from amazon_pipeline.selling_partner.operations import CREATE_REPORT, GET_REPORT, GET_REPORT_DOCUMENT, GET_REPORTS
from amazon_pipeline.selling_partner.report_document import DOWNLOAD, Document, download_document

ORDERS_BY_ORDER_DATE: Final = "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL"
"""All orders placed in a span of at most 30 days, one line per order line, of all marketplaces of the region."""

FBA_STOCK: Final = "GET_FBA_MYI_UNSUPPRESSED_INVENTORY_DATA"
"""All FBA stock, one line per SKU, those without stock included. No column names the marketplace."""

_MOST_MARKETPLACES: Final = 25
_FIRST_INTERVAL: Final = 5.0  # seconds between two looks at a report; grows by half each time
_LONGEST_INTERVAL: Final = 60.0
_DOWNLOADS: Final = 3


@dataclass(frozen=True)
class Report:
    """How a report stands.

    ``was_processed``: Amazon has begun to make it; ``document_id``: where it can be fetched; ``ended_at``: when Amazon
    was done with it, where it says.
    """

    report_id: str
    status: str
    was_processed: bool
    document_id: str | None
    ended_at: datetime | None

    @property
    def is_waiting(self) -> bool:
        """Whether Amazon is not done with it."""
        return self.status in ("IN_QUEUE", "IN_PROGRESS")


def create_report(
    client: SellingPartner,
    report_type: str,
    *,
    marketplace_ids: Sequence[str],
    span: tuple[datetime, datetime] | None = None,
) -> str:
    """Ask for a report, of a span of time or, without one, of how things stand now; returns its id."""
    params = {"reportType": report_type, "marketplaceIds": ",".join(marketplace_ids[:_MOST_MARKETPLACES])}
    if span is not None:
        params |= {"dataStartTime": iso(span[0]), "dataEndTime": iso(span[1])}
    report_id: str = client.ask(CREATE_REPORT, params).body["reportId"]
    return report_id


def recent_reports(client: SellingPartner, report_type: str) -> Page:
    """The newest ten reports of a type that anybody has asked for."""
    return client.get(GET_REPORTS, {"reportTypes": report_type})


def get_report(client: SellingPartner, report_id: str) -> Report:
    """How a report stands now. Raises RequestRejected with status 404 for one that Amazon no longer has."""
    body = client.ask(GET_REPORT, {"reportId": report_id}).body
    document_id = body.get("reportDocumentId")
    if body["processingStatus"] == "DONE" and not document_id:
        raise MalformedAnswer("the report is done and has no document", operation=GET_REPORT.name, status=200)
    return Report(
        report_id,
        body["processingStatus"],
        was_processed=bool(body.get("processingStartTime")),
        document_id=document_id or None,
        ended_at=_instant(body.get("processingEndTime")),
    )


def _instant(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None


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
