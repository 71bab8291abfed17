"""The inbound shipments stream: all shipments at each sync, and the items of those that may have changed.

Amazon gives no change times (fulfillmentInboundV0), so the list is read whole; items cost one call a shipment and are
read for new shipments, changed ones, open ones, and once a day for those closed within 30 days, whose received
quantities Amazon may still correct. Where many have never been read, one listing brings most of them in a few calls.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from amazon_pipeline.errors import PageTokenExpired, PaginationLoop, RequestRejected, SellingPartnerError
from amazon_pipeline.extraction.stream import Extraction, Fetched
from amazon_pipeline.landing import Batch, Landing
from amazon_pipeline.selling_partner.client import Page
from amazon_pipeline.selling_partner.inbound import items_of_updated_shipments, shipment_items, shipments

STREAM: Final = "inbound_shipments"
ENDED: Final = frozenset({"CLOSED", "CANCELLED", "DELETED"})
FROZEN_AFTER: Final = timedelta(days=30)
REREAD_AFTER: Final = timedelta(hours=20)
MANY: Final = 20
"""More due shipments than this: list the items instead of asking shipment by shipment (2 calls a second, burst 30)."""
LISTING_REACH: Final = timedelta(days=548)
_URGENCIES: Final = (0, 1, 2)


@dataclass(frozen=True)
class KnownShipment:
    """What the warehouse knows of a shipment: its status, since when, and when its items were last read (or never)."""

    status: str
    status_changed_at: datetime
    items_observed_at: datetime | None


def fetch_inbound_shipments(
    extraction: Extraction, fetched: Fetched, *, marketplace_ids: Sequence[str], known: Mapping[str, KnownShipment]
) -> None:
    """Land the list of all shipments and the items that are due, in one batch.

    The batch is closed as partial when Amazon's quota or a fault ends it early: what landed counts, the next sync reads
    on. Items that were never read come first, so that a long first read goes forward from sync to sync.
    """
    close_what_was_cut_off(extraction.landing, extraction.clock())
    opened_at = extraction.clock()
    batch = extraction.landing.open_batch(
        STREAM, source=extraction.source, at=opened_at, params={"marketplace_ids": list(marketplace_ids)}
    )
    try:
        listed = _land_list(extraction, fetched, batch, marketplace_ids)
        due = _due(listed, known, opened_at)
        read = _land_many(extraction, fetched, batch, marketplace_ids) if len(due) > MANY else set()
        for shipment_id in due:
            if shipment_id in read:
                continue
            items = shipment_items(extraction.client, shipment_id, listed[shipment_id][1])
            fetched.land(batch, items, extra_params={"shipmentId": shipment_id})
    except SellingPartnerError as error:
        batch.close("partial", at=extraction.clock(), facts={"why": str(error)})
        raise
    batch.close("complete", at=extraction.clock(), facts={"window_end": opened_at, "shipments": len(listed)})


def close_what_was_cut_off(landing: Landing, now: datetime) -> None:
    """Close the batch of a sync that was killed: what has landed of it counts."""
    for batch in landing.batches(STREAM, since=(now - timedelta(days=3)).date()):
        if batch.manifest.status == "open":
            batch.close("partial", at=now, facts={"why": "its sync was killed"})


def _land_list(
    extraction: Extraction, fetched: Fetched, batch: Batch, marketplace_ids: Sequence[str]
) -> dict[str, tuple[str, str]]:
    """Shipment id to (status, marketplace it was listed for), over all marketplaces."""
    listed: dict[str, tuple[str, str]] = {}
    for marketplace_id in marketplace_ids:
        for page in fetched.land(batch, shipments(extraction.client, marketplace_id), extra_params={}):
            for row in page.rows:
                if isinstance(shipment_id := row.get("ShipmentId"), str):
                    listed.setdefault(shipment_id, (str(row.get("ShipmentStatus")), marketplace_id))
    return listed


def _land_many(extraction: Extraction, fetched: Fetched, batch: Batch, marketplace_ids: Sequence[str]) -> set[str]:
    """Ids of the shipments whose items one listing per marketplace brought.

    A listing that Amazon refuses or that goes round in circles brings none: its shipments are read one by one.
    """
    read: set[str] = set()
    before = extraction.clock()
    for marketplace_id in marketplace_ids:
        pages = items_of_updated_shipments(
            extraction.client, marketplace_id, after=before - LISTING_REACH, before=before
        )
        try:
            landed = fetched.land(batch, _unread(pages, read), extra_params={})
        except (RequestRejected, PageTokenExpired, PaginationLoop) as error:
            fetched.note = f"The items could not be listed and are read shipment by shipment: {error}"
            continue
        read.update(row["ShipmentId"] for page in landed for row in page.rows)
    return read


def _unread(pages: Iterator[Page], read: set[str]) -> Iterator[Page]:
    """The pages without the items of shipments that another marketplace's listing brought, or of none that is named."""
    for page in pages:
        rows = [row for row in page.rows if isinstance(row.get("ShipmentId"), str) and row["ShipmentId"] not in read]
        yield replace(page, body={"payload": {**page.body["payload"], "ItemData": rows}})


def _due(listed: Mapping[str, tuple[str, str]], known: Mapping[str, KnownShipment], now: datetime) -> list[str]:
    """Ids of the shipments whose items are to be read, most urgent first."""
    urgency = {
        shipment_id: _urgency(known.get(shipment_id), status, now) for shipment_id, (status, _) in listed.items()
    }
    return [shipment_id for level in _URGENCIES for shipment_id in listed if urgency[shipment_id] == level]


def _urgency(known: KnownShipment | None, status: str, now: datetime) -> int | None:
    """0: items never read; 1: open, or changed; 2: ended lately and not read today; None: leave them."""
    if known is None or known.items_observed_at is None:
        return 0
    if status not in ENDED or status != known.status:
        return 1
    is_recent = now - known.status_changed_at < FROZEN_AFTER
    return 2 if is_recent and now - known.items_observed_at > REREAD_AFTER else None
