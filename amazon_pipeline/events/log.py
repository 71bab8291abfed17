"""Append-only log of what users are told, in the operational state.

Ids increase and survive restarts, so a client that reconnects can ask for what came after the last one it saw.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from amazon_pipeline import state

SYNC_STARTED: Final = "amazon-sync-started"
SYNC_COMPLETED: Final = "amazon-sync-completed"
SYNC_ERROR: Final = "amazon-sync-error"
LOW_STOCK_ALERT: Final = "amazon-low-stock-alert"


@dataclass(frozen=True)
class Event:
    """One event: its increasing id, its name, its JSON body (text, ready to send) and the run it belongs to, if any."""

    id: int
    event: str
    data: str
    run_id: str | None


class EventLog:
    """Reads and appends events; safe from any process. Opens the state for each call and closes it again."""

    def __init__(self, location: state.Location) -> None:
        self._location = location

    def append(self, event: str, data: Mapping[str, Any], *, at: datetime, run_id: str | None = None) -> int | None:
        """Write one event and return its id, or None if this run has written one of that name already."""
        with state.transaction(self._location) as connection:
            return _insert(connection, event, data, at=at, run_id=run_id)

    def append_alert(self, data: Mapping[str, Any], *, at: datetime, transition_ids: Iterable[str]) -> int | None:
        """Write one low-stock alert and mark its transitions as told, in one transaction; None if all were told."""
        with state.transaction(self._location) as connection:
            told = {row[0] for row in connection.execute("SELECT transition_id FROM alerted_transitions")}
            fresh = [transition_id for transition_id in transition_ids if transition_id not in told]
            if not fresh:
                return None
            event_id = _insert(connection, LOW_STOCK_ALERT, data, at=at, run_id=None)
            connection.executemany(
                "INSERT INTO alerted_transitions VALUES (?, ?)", [(transition_id, event_id) for transition_id in fresh]
            )
            return event_id

    def told_transitions(self) -> set[str]:
        """Ids of the stock transitions an alert has been written for."""
        with state.reading(self._location) as connection:
            return {row[0] for row in connection.execute("SELECT transition_id FROM alerted_transitions")}

    def after(self, last_id: int, limit: int = 1000) -> list[Event]:
        """The events after an id, oldest first."""
        return self._select("WHERE id > ? ORDER BY id LIMIT ?", last_id, limit)

    def last_id(self) -> int:
        """The newest id, 0 when there is none."""
        with state.reading(self._location) as connection:
            return int(connection.execute("SELECT coalesce(max(id), 0) FROM events").fetchone()[0])

    def newest(self, *names: str) -> Event | None:
        """The newest event with one of these names."""
        marks = ", ".join("?" * len(names))
        rows = self._select(f"WHERE event IN ({marks}) ORDER BY id DESC LIMIT 1", *names)
        return rows[0] if rows else None

    def unfinished_runs(self) -> list[str]:
        """Ids of the runs that started and neither completed nor failed: running now, or killed."""
        with state.reading(self._location) as connection:
            rows = connection.execute(
                """SELECT run_id FROM events s WHERE event = ? AND run_id IS NOT NULL AND NOT EXISTS (
                     SELECT 1 FROM events e WHERE e.run_id = s.run_id AND e.event IN (?, ?)) ORDER BY id""",
                (SYNC_STARTED, SYNC_COMPLETED, SYNC_ERROR),
            ).fetchall()
        return [row[0] for row in rows]

    def forget(self, before: datetime) -> int:
        """Delete the events written before a time; returns how many. Ids go on increasing.

        What has been alerted stays known, so that nothing is told twice.
        """
        with state.transaction(self._location) as connection:
            return connection.execute("DELETE FROM events WHERE created_at < ?", (before.isoformat(),)).rowcount

    def _select(self, tail: str, *values: object) -> list[Event]:
        with state.reading(self._location) as connection:
            rows = connection.execute(f"SELECT id, event, data, run_id FROM events {tail}", values).fetchall()
        return [Event(*row) for row in rows]


def _insert(
    connection: state.Connection, event: str, data: Mapping[str, Any], *, at: datetime, run_id: str | None
) -> int | None:
    rows = connection.execute(
        "INSERT INTO events (event, run_id, data, created_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id",
        (event, run_id, json.dumps(data, separators=(",", ":"), ensure_ascii=False), at.isoformat()),
    ).fetchall()
    return int(rows[0][0]) if rows else None
