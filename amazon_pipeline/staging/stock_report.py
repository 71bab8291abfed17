"""Amazon's stock report to ``staging.stock_report``.

Columns: https://developer-docs.amazon.com/sp-api/docs/report-type-values-fba, FBA Manage Inventory.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from amazon_pipeline.landing import LandedPage
from amazon_pipeline.schemas import STAGING_TABLES
from amazon_pipeline.staging.reading import Reading
from amazon_pipeline.staging.report_line import ReportLine
from amazon_pipeline.staging.validated import Draft, Staged, validate

STREAM: Final = "stock_report"

_QUANTITIES: Final = {
    "fulfillable_quantity": "afn-fulfillable-quantity",
    "reserved_quantity": "afn-reserved-quantity",
    "inbound_working_quantity": "afn-inbound-working-quantity",
    "inbound_shipped_quantity": "afn-inbound-shipped-quantity",
    "inbound_receiving_quantity": "afn-inbound-receiving-quantity",
    "unfulfillable_quantity": "afn-unsellable-quantity",
    "researching_quantity": "afn-researching-quantity",
    "total_quantity": "afn-total-quantity",
}


def stage_stock_report(page: LandedPage, seller_id: str) -> Staged:
    """The SKUs of one landed page of the report, which is of one marketplace."""
    found = Reading(page.body).rows("stock_lines")
    drafts = [_draft(raw, n, page, seller_id) for n, raw in enumerate(found)]
    return validate(page, STREAM, seller_id, drafts, (STAGING_TABLES["stock_report"],))


def _draft(raw: Any, row_number: int, page: LandedPage, seller_id: str) -> Draft:
    line = ReportLine(raw)
    sku = line.text("sku")
    row = {
        "seller_id": seller_id,
        "marketplace_id": page.params["marketplaceId"],
        "seller_sku": sku,
        "fn_sku": line.text("fnsku"),
        "asin": line.text("asin"),
        "product_name": line.text("product-name"),
        "condition": line.text("condition"),
        **{name: line.whole(column) for name, column in _QUANTITIES.items()},
        "reported_at": datetime.fromisoformat(page.params["reportedAt"]),
        "observed_at": page.received_at,
        "batch_id": page.batch_id,
        "page": page.number,
    }
    return Draft(sku, raw, row_number, line.all_reasons(), {"stock_report": [row]})
