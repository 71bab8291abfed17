"""A batch that is one report of Amazon's: asked for by one run, looked after by whichever comes next.

The manifest holds the report's id from the moment Amazon gives it. A run that is cut off, or that does not wait, leaves
an open batch, and the next one goes on with that report instead of asking for a new one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from amazon_pipeline.errors import RequestRejected, SellingPartnerError
from amazon_pipeline.extraction.stream import Extraction, Fetched
from amazon_pipeline.landing import Batch
from amazon_pipeline.selling_partner.calls import Progress
from amazon_pipeline.selling_partner.client import SellingPartner
from amazon_pipeline.selling_partner.operations import GET_REPORT_DOCUMENT
from amazon_pipeline.selling_partner.report_table import first_words
from amazon_pipeline.selling_partner.reports import Report, fetch_document, wait_for_report

LINES_A_PAGE: Final = 5000
_NOT_FOUND: Final = 404

Lines = list[dict[str, str]]


def open_batches(batches: Iterable[Batch]) -> list[Batch]:
    """Those whose report nobody has seen to its end."""
    return [batch for batch in batches if batch.manifest.status == "open"]


def report_of(client: SellingPartner, batch: Batch, *, is_patient: bool) -> Report | None:
    """The batch's report once Amazon is done with it, whichever way; None if Amazon no longer has it.

    Raises ReportNotReady when it is not done and there is no time, or no wish, to wait.
    """
    try:
        return wait_for_report(client, str(batch.manifest.params["report_id"]), is_patient=is_patient)
    except RequestRejected as error:
        if error.status != _NOT_FOUND:
            raise
        return None


def why_not_made(client: SellingPartner, report: Report) -> str:
    """Why Amazon made no report: such a report may come with a document that says so."""
    said = f"Amazon failed to make report {report.report_id} ({report.status})"
    if report.document_id is None:
        return said
    try:
        return f"{said}: “{first_words(fetch_document(client, report.document_id))}”"
    except SellingPartnerError:
        return f"{said}, and its reason could not be read"


def land_lines(
    extraction: Extraction,
    fetched: Fetched,
    batch: Batch,
    pages: Iterable[Lines],
    *,
    member: str = "lines",
    facts: Mapping[str, str] | None = None,
) -> None:
    """Write a report's lines, page by page, under the key ``member``; ``facts`` go with each page's parameters.

    A page that is on disk is left alone: a run that was killed here wrote it from the same document, cut the same way.
    """
    already = set(batch.page_numbers())
    params = batch.manifest.params
    for number, lines in enumerate(pages, start=1):
        if number in already:
            continue
        batch.write_page(
            number=number,
            operation=GET_REPORT_DOCUMENT.name,
            params={"reportId": params["report_id"], "reportType": params["report_type"], **(facts or {})},
            received_at=extraction.clock(),
            request_id=None,
            next_token=None,
            body={member: lines},
        )
        fetched.wrote(batch, number)
        extraction.client.tell(Progress(GET_REPORT_DOCUMENT.name, "page", number=number, rows=len(lines)))
