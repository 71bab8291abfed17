"""What the warehouse knows about the streams: read before a fetch, written after it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

from amazon_pipeline.errors import SettingsError
from amazon_pipeline.extraction import KnownShipment, Outcome
from amazon_pipeline.extraction.windows import Window, contiguous_end
from amazon_pipeline.settings import Settings
from amazon_pipeline.warehouse.connection import from_microseconds, transaction


def claim(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Make the warehouse the settings' sellers'. Raises SettingsError if it holds another's, or CredentialsMissing.

    Figures of a seller who is no longer asked for would grow old in every total, and those of a seller and of the
    simulator must never meet in one.
    """
    ours = {(seller_id, settings.source) for seller_id in settings.seller_ids}
    theirs = set(connection.execute("SELECT seller_id, source FROM meta.owner").fetchall())
    for seller_id, source in sorted(theirs - ours):
        if settings.accounts_file is None:
            (configured,) = settings.seller_ids
            raise SettingsError(
                f"AMAZON_DATA_DIR: the directory holds the data of seller {seller_id} (from {source}), "
                f"not of seller {configured} (from {settings.source}). Choose another directory."
            )
        raise SettingsError(
            f"AMAZON_DATA_DIR: the directory holds the data of seller {seller_id} (from {source}), whom "
            f"{settings.accounts_file} does not list as an account of {settings.source}. List the account again, "
            "choose another directory, or run amazon-pipeline rebuild, which leaves it out."
        )
    for seller_id, source in sorted(ours - theirs):
        connection.execute("INSERT INTO meta.owner VALUES (?, ?)", [seller_id, source])


def record_outcome(connection: duckdb.DuckDBPyConnection, seller_id: str, outcome: Outcome) -> None:
    """Replace the stream's row of ``staging.stream_status``; last success and watermark stay until there are newer."""
    with transaction(connection):
        before = connection.execute(
            "SELECT last_success_at::VARCHAR, watermark::VARCHAR FROM staging.stream_status "
            "WHERE seller_id = ? AND stream = ?",
            [seller_id, outcome.stream],
        ).fetchone() or (None, None)
        connection.execute(
            "DELETE FROM staging.stream_status WHERE seller_id = ? AND stream = ?", [seller_id, outcome.stream]
        )
        connection.execute(
            "INSERT INTO staging.stream_status VALUES (?, ?, ?, ?, 0, 0, ?, ?, ?, ?, ?, ?)",
            [
                seller_id,
                outcome.stream,
                outcome.succeeded_at or before[0],
                before[1],
                outcome.api_calls,
                outcome.throttled_calls,
                outcome.quota_wait_seconds,
                outcome.status == "backlog",
                outcome.status,
                outcome.message,
            ],
        )


def record_quarantined(connection: duckdb.DuckDBPyConnection, seller_id: str, stream: str, rows: int) -> None:
    """Write how many rows of this sync were set aside."""
    connection.execute(
        "UPDATE staging.stream_status SET rows_quarantined = ? WHERE seller_id = ? AND stream = ?",
        [rows, seller_id, stream],
    )


def record_invalid(connection: duckdb.DuckDBPyConnection, seller_id: str, stream: str, sentence: str) -> None:
    """Write that what came of a stream could not be used, though it was fetched."""
    connection.execute(
        "UPDATE staging.stream_status SET status = 'failed', message = ? WHERE seller_id = ? AND stream = ?",
        [sentence, seller_id, stream],
    )


def stream_watermark(connection: duckdb.DuckDBPyConnection, seller_id: str, stream: str) -> datetime | None:
    """Up to when the stream's rows are in the marts, UTC; None before the first complete window."""
    row = connection.execute(
        "SELECT epoch_us(watermark) FROM staging.stream_status WHERE seller_id = ? AND stream = ?", [seller_id, stream]
    ).fetchone()
    return from_microseconds(row[0]) if row and row[0] is not None else None


def lost_windows(connection: duckdb.DuckDBPyConnection, seller_id: str, stream: str) -> list[Window]:
    """Windows that were read whole once, of which a landed page is damaged, and that were not read again since."""
    rows = connection.execute(
        """SELECT epoch_us(window_start), epoch_us(window_end), is_first FROM staging.staged_batches AS lost
           WHERE seller_id = $seller AND stream = $stream AND status = 'unreadable' AND window_start < window_end
             AND NOT EXISTS (
               SELECT 1 FROM staging.staged_batches AS again
               WHERE again.seller_id = $seller AND again.stream = $stream AND again.status = 'complete'
                 AND again.window_start <= lost.window_start AND again.window_end >= lost.window_end)
           ORDER BY window_start""",
        {"seller": seller_id, "stream": stream},
    ).fetchall()
    return [Window(from_microseconds(start), from_microseconds(end), is_first) for start, end, is_first in rows]


def reached(connection: duckdb.DuckDBPyConnection, seller_id: str, stream: str) -> datetime | None:
    """Up to when the stream has been read, lost windows included: where the next window is to begin."""
    windows = connection.execute(
        """SELECT epoch_us(window_start), epoch_us(window_end), is_first FROM staging.staged_batches
           WHERE seller_id = ? AND stream = ? AND status IN ('complete', 'unreadable') AND window_start < window_end""",
        [seller_id, stream],
    ).fetchall()
    return contiguous_end(
        stream_watermark(connection, seller_id, stream),
        (Window(from_microseconds(start), from_microseconds(end), is_first) for start, end, is_first in windows),
    )


def unreadable_batches(connection: duckdb.DuckDBPyConnection, seller_id: str) -> set[str]:
    """Ids of the landed batches of which a file is damaged."""
    rows = connection.execute(
        "SELECT batch_id FROM staging.staged_batches WHERE seller_id = ? AND status = 'unreadable'", [seller_id]
    ).fetchall()
    return {row[0] for row in rows}


def marketplace_ids(connection: duckdb.DuckDBPyConnection, seller_id: str) -> tuple[str, ...]:
    """The Amazon stores the account participates in, as last answered."""
    rows = connection.execute(
        "SELECT marketplace_id FROM staging.marketplaces WHERE seller_id = ? ORDER BY marketplace_id", [seller_id]
    ).fetchall()
    return tuple(row[0] for row in rows)


def known_shipments(connection: duckdb.DuckDBPyConnection, seller_id: str) -> dict[str, KnownShipment]:
    """Shipment id to what is known of it."""
    rows = connection.execute(
        """SELECT shipment_id, shipment_status, epoch_us(status_changed_at), epoch_us(items_observed_at)
           FROM mart.inbound_shipments WHERE seller_id = ?""",
        [seller_id],
    ).fetchall()
    return {
        shipment_id: KnownShipment(
            status, from_microseconds(changed), None if read is None else from_microseconds(read)
        )
        for shipment_id, status, changed, read in rows
    }


@dataclass(frozen=True)
class SyncRow:
    """One row of ``mart.sync_status``, as far as a terminal shows it."""

    stream: str
    status: str
    rows_changed: int
    rows_quarantined: int
    api_calls: int
    message: str | None


def sync_rows(connection: duckdb.DuckDBPyConnection, seller_id: str) -> list[SyncRow]:
    """How each stream's last fetch ended."""
    rows = connection.execute(
        """SELECT stream, status, rows_changed, rows_quarantined, api_calls, message
           FROM staging.stream_status WHERE seller_id = ? ORDER BY stream""",
        [seller_id],
    ).fetchall()
    return [SyncRow(*row) for row in rows]


def has_any_success(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether any stream with figures of a seller's own has ever been fetched."""
    row = connection.execute(
        """SELECT count(last_success_at) FROM staging.stream_status
           WHERE stream NOT IN ('marketplaces', 'order_metrics', 'stock_report')"""
    ).fetchone()
    return bool(row and row[0])
