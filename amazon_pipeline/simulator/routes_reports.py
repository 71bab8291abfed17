"""createReport, getReport, getReports and getReportDocument. Rules:
https://developer-docs.amazon.com/sp-api/docs/reports-api-v2021-06-30-reference (model reports_2021-06-30)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from amazon_pipeline.simulator.clock import to_ms
from amazon_pipeline.simulator.operations import Ask, Operation
from amazon_pipeline.simulator.parameters import date_time
from amazon_pipeline.simulator.refusals import invalid_input, not_found
from amazon_pipeline.simulator.report_tables import is_empty
from amazon_pipeline.simulator.reports import (
    ALL_ORDERS,
    CANCELLED,
    DONE,
    FATAL,
    FBA_STOCK,
    KEPT,
    STATUSES,
    Report,
    Wish,
    present,
)
from amazon_pipeline.simulator.tokens import BadToken

TYPES = (ALL_ORDERS, FBA_STOCK)
FIELDS = ("reportType", "marketplaceIds", "dataStartTime", "dataEndTime", "reportOptions")
MOST_MARKETPLACES = 25
MOST_FILTERS = 10
TOKEN_LIFE = timedelta(hours=24)
OUTCOMES = {"report-fatal": FATAL, "report-cancelled": CANCELLED, "report-stuck": None}


def create_report(ask: Ask) -> dict[str, Any]:
    """Put a report in the queue; one without any order in it comes to CANCELLED, as Amazon's do."""
    wish = _wish(ask, _body(ask))
    outcome = CANCELLED if is_empty(ask.seller.world, wish, to_ms(ask.now)) else DONE
    if ask.fault in OUTCOMES:
        return {"reportId": ask.seller.reports.create(wish, OUTCOMES[ask.fault]).report_id}
    return {"reportId": ask.seller.reports.create(wish, outcome, ask.fault).report_id}


def get_report(ask: Ask) -> dict[str, Any]:
    """One report and how far it has come."""
    report = ask.seller.reports.find(ask.path["reportId"])
    if report is None:
        raise not_found(f"Report {ask.path['reportId']}")
    return present(report, ask.now)


def get_reports(ask: Ask) -> dict[str, Any]:
    """One page of reports, the newest first; a nextToken must come alone."""
    filters = _resume(ask) if "nextToken" in ask.query else _filters(ask)
    found = [one for one in ask.seller.reports.newest_first() if _matches(one, filters, ask)]
    page = found[: filters["size"]]
    body: dict[str, Any] = {"reports": [present(one, ask.now) for one in page]}
    if len(found) > len(page):
        body["nextToken"] = ask.seller.notes.write("getReports", ask.now, filters | {"before": page[-1].report_id})
    return body


def get_report_document(ask: Ask) -> dict[str, Any]:
    """A link to the document, signed and good for five minutes."""
    document_id = ask.path["reportDocumentId"]
    encoded = ask.query.flag("enableContentEncodingUrlHeader")
    if ask.seller.reports.of_document(document_id) is None:
        raise not_found(f"Report document {document_id}")
    note = {"document": document_id, "encoded": encoded, "fault": ask.fault}
    signature = ask.seller.notes.write("document", ask.now, note)
    url = f"{ask.host}/documents/{quote(document_id)}?X-Amz-Expires=300&X-Amz-Signature={quote(signature)}"
    return {"reportDocumentId": document_id, "url": url, "compressionAlgorithm": "GZIP"}


def _body(ask: Ask) -> dict[str, Any]:
    try:
        body = json.loads(ask.body)
    except ValueError as error:
        raise invalid_input("body", "is not JSON") from error
    if not isinstance(body, dict):
        raise invalid_input("body", "is not a JSON object")
    for name in body:
        if name not in FIELDS:
            raise invalid_input(name, "the operation has no such parameter")
    return body


def _wish(ask: Ask, body: dict[str, Any]) -> Wish:
    report_type, marketplaces, options = body.get("reportType"), body.get("marketplaceIds"), body.get("reportOptions")
    if report_type not in TYPES:
        raise invalid_input("reportType", f"{report_type} is none of {', '.join(TYPES)}")
    if not isinstance(marketplaces, list) or not 1 <= len(marketplaces) <= MOST_MARKETPLACES:
        raise invalid_input("marketplaceIds", f"a list of 1 to {MOST_MARKETPLACES} marketplaces is required")
    for one in marketplaces:
        if one not in ask.seller.world.marketplaces:
            raise invalid_input("marketplaceIds", f"{one} is not a marketplace of this seller")
    if options is not None and not (
        isinstance(options, dict) and all(isinstance(one, str) for one in options.values())
    ):
        raise invalid_input("reportOptions", "is not an object of texts")
    begin, end = (_instant(ask, body, name) for name in ("dataStartTime", "dataEndTime"))
    if begin > end:
        raise invalid_input("dataStartTime", "is after dataEndTime")
    return Wish(report_type, tuple(marketplaces), begin, end)


def _instant(ask: Ask, body: dict[str, Any], name: str) -> int:
    """Now if it is not given."""
    value = body.get(name)
    if value is None:
        return to_ms(ask.now)
    if not isinstance(value, str):
        raise invalid_input(name, "is not a text")
    moment = date_time(name, value)
    if moment > ask.now:
        raise invalid_input(name, "must be prior to or equal to the current date and time")
    return to_ms(moment)


def _filters(ask: Ask) -> dict[str, Any]:
    query, now = ask.query, to_ms(ask.now)
    query.required("reportTypes")
    return {
        "types": query.texts("reportTypes", MOST_FILTERS),
        "statuses": query.choices("processingStatuses", STATUSES),
        "marketplaces": query.texts("marketplaceIds", MOST_FILTERS),
        "size": query.integer("pageSize", 1, 100, 10),
        "since": query.instant("createdSince") or to_ms(ask.now - KEPT),
        "until": query.instant("createdUntil") or now,
        "before": None,
    }


def _resume(ask: Ask) -> dict[str, Any]:
    others = ask.query.values.keys() - {"nextToken"}
    if others:
        raise invalid_input(min(others), "may not be given with nextToken")
    try:
        return ask.seller.notes.read("getReports", ask.query.required("nextToken"), ask.now, TOKEN_LIFE)
    except BadToken as error:
        raise invalid_input("nextToken", str(error)) from error


def _matches(report: Report, filters: dict[str, Any], ask: Ask) -> bool:
    return (
        report.wish.report_type in filters["types"]
        and (not filters["statuses"] or report.status(ask.now) in filters["statuses"])
        and (not filters["marketplaces"] or not set(filters["marketplaces"]).isdisjoint(report.wish.marketplace_ids))
        and filters["since"] <= to_ms(report.created) <= filters["until"]
        and (filters["before"] is None or int(report.report_id) < int(filters["before"]))
    )


_REPORTS = "/reports/2021-06-30/reports"

OPERATIONS = (
    Operation("createReport", _REPORTS, 0.0167, 15, frozenset(), create_report, "POST", 202),
    Operation("getReport", f"{_REPORTS}/{{reportId}}", 2, 15, frozenset(), get_report),
    Operation(
        "getReports", _REPORTS, 0.0222, 10,
        frozenset({
            "reportTypes", "processingStatuses", "marketplaceIds", "pageSize", "createdSince", "createdUntil",
            "nextToken",
        }),
        get_reports,
    ),
    Operation(
        "getReportDocument", "/reports/2021-06-30/documents/{reportDocumentId}", 0.0167, 15,
        frozenset({"enableContentEncodingUrlHeader"}), get_report_document,
    ),
)  # fmt: skip
