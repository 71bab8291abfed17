"""Landed pages into the staging tables: each page exactly once, whatever was killed before."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

import duckdb
import polars as pl

from amazon_pipeline.errors import LandingCorrupt
from amazon_pipeline.landing import Batch, LandedPage, Landing
from amazon_pipeline.schemas import STAGING_TABLES
from amazon_pipeline.staging import (
    Staged,
    stage_inbound,
    stage_inventory,
    stage_marketplaces,
    stage_order_metrics,
    stage_order_report,
    stage_orders,
    stage_shopify_fees,
    stage_shopify_orders,
    stage_shopify_shop,
    stage_stock_report,
)
from amazon_pipeline.warehouse.connection import transaction
from amazon_pipeline.warehouse.stale_sales import MarketplaceFacts

STAGERS: Final[dict[str, Callable[[LandedPage, str], Staged]]] = {
    "marketplaces": stage_marketplaces,
    "orders": stage_orders,
    "orders_history": stage_order_report,
    "inventory": stage_inventory,
    "inbound_shipments": stage_inbound,
    "order_metrics": stage_order_metrics,
    "stock_report": stage_stock_report,
}
"""What each stream of Amazon's is staged by."""

STORE_STAGERS: Final[dict[str, Callable[[LandedPage, str], Staged]]] = {
    "shopify_shop": stage_shopify_shop,
    "shopify_orders": stage_shopify_orders,
    "shopify_history": stage_shopify_orders,
    "shopify_fees": stage_shopify_fees,
}
"""What each stream of a Shopify store is staged by."""

_ALL_STAGERS: Final = STAGERS | STORE_STAGERS

_LONGEST_OPEN: Final = timedelta(days=3)
"""No batch stays open longer: an order cursor lives 24 hours. Older days need not be looked through again."""

_WHOLE_ONLY: Final = frozenset({"inventory", "orders_history", "stock_report", "shopify_history"})
"""Streams of which an open batch means nothing yet: half a snapshot, half a report."""

_NEWEST_ONLY: Final = {
    "order_metrics": ("seller_id", "marketplace_id", "day"),
    "stock_report": ("seller_id", "marketplace_id"),
}
"""Staging tables that are kept, by what a newer batch's rows replace the older ones of."""

_PAGE_BY_PAGE: Final = frozenset(
    {"orders", "orders_history", "order_metrics", "shopify_orders", "shopify_history", "shopify_fees"}
)
"""Streams of which a page means the same without the others: where one is damaged, the others are taken."""

UNREADABLE: Final = "unreadable"
"""Status of a batch that is staged as far as it can be read; its stream asks Amazon for it again."""

_SNAPSHOTS: Final = frozenset({"marketplaces", "shopify_shop"})
"""Streams of which each page replaces all that is known of the seller."""

_PARTS_TOGETHER: Final = frozenset({"getShipmentItemsByShipmentId", "getShipmentItems"})
"""Pages that mean something only together with the pages their token leads to: one shipment's items."""

_FEW: Final = 5
_TOLERATED: Final = 0.05
"""Fewer invalid records than that, or a smaller part of all, are single bad rows: they are set aside, and shown."""


@dataclass
class Loaded:
    """What staging did: pages, valid and quarantined records, and a few of the quarantined as (record id, reason).

    ``unreadable`` has a sentence for each damaged file, which counts as one quarantined record.
    """

    pages: int = 0
    rows_valid: int = 0
    rows_quarantined: int = 0
    sample: list[tuple[str, str]] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)

    def plus(self, other: Loaded) -> Loaded:
        """This and another stream's together."""
        return Loaded(
            self.pages + other.pages,
            self.rows_valid + other.rows_valid,
            self.rows_quarantined + other.rows_quarantined,
            (self.sample + other.sample)[:10],
            self.unreadable + other.unreadable,
        )

    @property
    def quarantine_rate(self) -> float:
        """Which part of the records was set aside as invalid; damaged files are none."""
        records = self.rows_valid + self._invalid
        return self._invalid / records if records else 0.0

    @property
    def too_many(self) -> str | None:
        """A sentence, if so many records are invalid that it is no single bad row but another format."""
        if self._invalid < _FEW or self.quarantine_rate <= _TOLERATED:
            return None
        why = next((reason for record, reason in self.sample if reason not in self.unreadable), "?")
        return (
            f"{self._invalid} of {self.rows_valid + self._invalid} rows were set aside as invalid, the first because: "
            f"{why}. It looks as if the format has changed. They are kept with their pages in staging.quarantine."
        )

    @property
    def _invalid(self) -> int:
        return self.rows_quarantined - len(self.unreadable)

    def add(self, staged: Staged) -> None:
        """Count one more page."""
        self.pages += 1
        self.rows_valid += staged.records_valid
        self.rows_quarantined += staged.quarantined.height
        for row in staged.quarantined.head(10 - len(self.sample)).iter_rows(named=True):
            self.sample.append((row["record_id"] or "?", row["reason"]))


def stage_landed(connection: duckdb.DuckDBPyConnection, landing: Landing, stream: str, seller_id: str) -> Loaded:
    """Stage every landed page of a stream that has not been, oldest batch first, one transaction a batch.

    An inventory snapshot or a report is staged only when it is complete; the items of a shipment only when all their
    pages are there. A damaged file is quarantined with its path, and its batch is marked: nothing of it is taken, or
    the other pages are where each means the same alone. Raises LandingUnavailable.
    """
    loaded = Loaded()
    finished = {
        row[0]
        for row in connection.execute(
            "SELECT batch_id FROM staging.staged_batches WHERE stream = ? AND seller_id = ?", [stream, seller_id]
        ).fetchall()
    }
    for batch in landing.batches(stream, since=_oldest_day(connection, stream, seller_id)):
        if batch.id not in finished:
            with transaction(connection):
                _stage_batch(connection, batch, stream, seller_id, loaded)
    return loaded


def _oldest_day(connection: duckdb.DuckDBPyConnection, stream: str, seller_id: str) -> date | None:
    row = connection.execute(
        "SELECT max(opened_at)::VARCHAR FROM staging.staged_batches WHERE stream = ? AND seller_id = ?",
        [stream, seller_id],
    ).fetchone()
    newest = row[0] if row else None
    return (datetime.fromisoformat(newest) - _LONGEST_OPEN).date() if newest else None


def _stage_batch(
    connection: duckdb.DuckDBPyConnection, batch: Batch, stream: str, seller_id: str, loaded: Loaded
) -> None:
    status = batch.manifest.status
    if status == "open" and stream in _WHOLE_ONLY:
        return
    damaged: dict[int, str] = {}
    if status == UNREADABLE:
        damaged[1] = str(batch.manifest.facts.get("why"))
    elif status != "abandoned":
        done = {
            row[0]
            for row in connection.execute(
                "SELECT page FROM staging.staged_pages WHERE batch_id = ?", [batch.id]
            ).fetchall()
        }
        pages, damaged = _read(batch, [number for number in batch.page_numbers() if number not in done])
        if damaged and stream not in _PAGE_BY_PAGE:
            pages = []
        for page in _whole(pages):
            staged = _ALL_STAGERS[stream](page, seller_id)
            _insert_staged(connection, staged, seller_id, is_snapshot=stream in _SNAPSHOTS)
            loaded.add(staged)
    _quarantine_pages(connection, batch, seller_id, damaged, loaded)
    if status != "open":
        _finish(connection, batch, seller_id)


def _read(batch: Batch, numbers: Iterable[int]) -> tuple[Iterable[LandedPage], dict[int, str]]:
    """The pages, and what is wrong with those that are damaged, by number.

    Each is read twice, first to see whether it can be: a batch may be larger than memory.
    """
    good, damaged = [], {}
    for number in numbers:
        try:
            batch.read_page(number)
        except LandingCorrupt as error:
            damaged[number] = str(error)
        else:
            good.append(number)
    return (batch.read_page(number) for number in good), damaged


def _quarantine_pages(
    connection: duckdb.DuckDBPyConnection, batch: Batch, seller_id: str, damaged: dict[int, str], loaded: Loaded
) -> None:
    """Set whole pages aside: rows of the quarantine without a record."""
    for number, why in damaged.items():
        connection.execute(
            """INSERT INTO staging.quarantine BY NAME SELECT
                 ? AS seller_id, ? AS stream, ? AS reason, 0 AS row_number, '' AS row_json, ? AS quarantined_at,
                 ? AS batch_id, ? AS page, 0 AS asked_again""",
            [seller_id, batch.manifest.stream, why, batch.manifest.opened_at, batch.id, number],
        )
        connection.execute("INSERT INTO staging.staged_pages VALUES (?, ?)", [batch.id, number])
        loaded.rows_quarantined += 1
        loaded.sample.insert(0, (batch.page_path(number).name, why))
        loaded.unreadable.append(why)


def _whole(pages: Iterable[LandedPage]) -> Iterable[LandedPage]:
    """The pages, less those of a shipment's items whose last page never came."""
    waiting: list[LandedPage] = []
    for page in pages:
        if page.operation not in _PARTS_TOGETHER:
            yield page
            continue
        if waiting and waiting[-1].params.get("shipmentId") != page.params.get("shipmentId"):
            waiting = []
        waiting.append(page)
        if page.next_token is None:
            yield from waiting
            waiting = []


def _insert_staged(connection: duckdb.DuckDBPyConnection, staged: Staged, seller_id: str, *, is_snapshot: bool) -> None:
    facts = MarketplaceFacts(connection) if is_snapshot else None
    for name, frame in staged.frames.items():
        if is_snapshot and frame.height:
            connection.execute(f"DELETE FROM staging.{name} WHERE seller_id = ?", [seller_id])
        insert_frame(connection, STAGING_TABLES[name].qualified_name, frame)
        if name in _NEWEST_ONLY:
            _delete_older(connection, name, staged.page.batch_id)
    if facts:
        facts.mark_changes()
    insert_frame(connection, "staging.quarantine", staged.quarantined)
    connection.execute("INSERT INTO staging.staged_pages VALUES (?, ?)", [staged.page.batch_id, staged.page.number])


def _delete_older(connection: duckdb.DuckDBPyConnection, name: str, batch_id: str) -> None:
    key = ", ".join(_NEWEST_ONLY[name])
    connection.execute(
        f"""DELETE FROM staging.{name} WHERE batch_id <> $batch_id
            AND ({key}) IN (SELECT ({key}) FROM staging.{name} WHERE batch_id = $batch_id)""",
        {"batch_id": batch_id},
    )


def _finish(connection: duckdb.DuckDBPyConnection, batch: Batch, seller_id: str) -> None:
    manifest = batch.manifest
    is_complete = manifest.status == "complete"
    is_damaged = bool(
        connection.execute(
            "SELECT 1 FROM staging.quarantine WHERE batch_id = ? AND row_json = '' LIMIT 1", [batch.id]
        ).fetchone()
    )
    connection.execute("DELETE FROM staging.staged_pages WHERE batch_id = ?", [batch.id])
    connection.execute(
        "INSERT INTO staging.staged_batches VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            seller_id,
            manifest.stream,
            batch.id,
            UNREADABLE if is_damaged else manifest.status,
            manifest.opened_at,
            manifest.closed_at,
            manifest.params.get("window_start") if is_complete else None,
            manifest.facts.get("window_end") if is_complete else None,
            bool(manifest.params.get("is_first")),
            manifest.params.get("marketplace_id"),
            # nothing of it is there for a merge to take
            manifest.status == "abandoned" or (is_damaged and manifest.stream not in _PAGE_BY_PAGE),
        ],
    )


class _ArrowStream:
    """Hands a Polars frame to DuckDB through the Arrow C interface, which needs no pyarrow."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self._frame.__arrow_c_stream__(requested_schema)


def insert_frame(connection: duckdb.DuckDBPyConnection, table: str, frame: pl.DataFrame) -> None:
    """Append a frame to a table, column by name."""
    if frame.height:
        connection.register("frame_to_insert", _ArrowStream(frame))
        connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM frame_to_insert")
        connection.unregister("frame_to_insert")
