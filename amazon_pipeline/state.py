"""The one SQLite file of operational state, shared by every process.

Many processes write tiny rows here (a token taken from a quota bucket, an event); DuckDB is for analysis. WAL lets
readers and a writer meet; ``BEGIN IMMEDIATE`` makes a read-then-write safe across processes.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from amazon_pipeline.errors import PipelineError

_LEAST_ROOM: Final = 1_000_000  # bytes
_VERSION: Final = 2
"""Of the schema; each statement of it leaves a table that is there as it is, so a new table is added to an old file."""

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS quota (
  seller_id TEXT NOT NULL, operation TEXT NOT NULL,
  tokens REAL NOT NULL, rate REAL NOT NULL, burst REAL NOT NULL,
  updated_at REAL NOT NULL, blocked_until REAL NOT NULL DEFAULT 0,
  PRIMARY KEY (seller_id, operation)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  event TEXT NOT NULL, run_id TEXT, data TEXT NOT NULL, created_at TEXT NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS one_event_of_a_kind_per_run ON events (run_id, event) WHERE run_id IS NOT NULL;
CREATE TABLE IF NOT EXISTS alerted_transitions (
  transition_id TEXT PRIMARY KEY, event_id INTEGER NOT NULL REFERENCES events (id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS alerts (
  alert_id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL, seller_id TEXT NOT NULL, marketplace_id TEXT NOT NULL, seller_sku TEXT NOT NULL,
  level TEXT NOT NULL, opened_at TEXT NOT NULL, resolved_at TEXT, acknowledged_level TEXT
);
CREATE UNIQUE INDEX IF NOT EXISTS one_open_alert_of_a_subject
  ON alerts (kind, seller_id, marketplace_id, seller_sku) WHERE resolved_at IS NULL;
CREATE TABLE IF NOT EXISTS alert_changes (
  change_id INTEGER PRIMARY KEY AUTOINCREMENT, alert_id INTEGER NOT NULL REFERENCES alerts (alert_id),
  change TEXT NOT NULL, level TEXT NOT NULL, sentence TEXT, changed_at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS changes_of_an_alert ON alert_changes (alert_id);
CREATE TABLE IF NOT EXISTS alert_deliveries (
  change_id INTEGER NOT NULL REFERENCES alert_changes (change_id), channel TEXT NOT NULL, label TEXT NOT NULL,
  attempts INTEGER NOT NULL, tried_at TEXT NOT NULL, next_try_at TEXT, delivered_at TEXT, last_error TEXT,
  PRIMARY KEY (change_id, channel)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS alert_snoozes (
  seller_sku TEXT NOT NULL, marketplace_id TEXT NOT NULL, until TEXT NOT NULL,
  PRIMARY KEY (seller_sku, marketplace_id)
) WITHOUT ROWID;
"""


class StateUnreadable(PipelineError):
    """The state file is not a SQLite database, or cannot be written. Names the file."""


def connect(path: Path) -> sqlite3.Connection:
    """Open (and create, with its tables) the state file in autocommit mode. Raises StateUnreadable."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            if connection.execute("PRAGMA user_version").fetchone()[0] < _VERSION:
                connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version={_VERSION}; COMMIT;")
        except sqlite3.Error:
            connection.close()
            raise
    except (sqlite3.Error, OSError) as error:
        is_full = path.parent.exists() and shutil.disk_usage(path.parent).free < _LEAST_ROOM
        reason = f"the disk is full ({error})" if is_full else str(error)  # SQLite calls it a disk I/O error
        raise StateUnreadable(f"The state file {path} cannot be used: {reason}") from error
    return connection


@contextmanager
def transaction(path: Path) -> Iterator[sqlite3.Connection]:
    """A short write transaction on the state file: commits at the end, rolls back when the body raises."""
    with closing(connect(path)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
