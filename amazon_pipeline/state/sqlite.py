"""Operational state of one machine: a SQLite file of the data directory.

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

from amazon_pipeline.state.connection import StateUnreadable
from amazon_pipeline.state.schema import SQLITE, VERSION

_LEAST_ROOM: Final = 1_000_000  # bytes


def connect(path: Path) -> sqlite3.Connection:
    """Open (and create, with its tables) the state file in autocommit mode. Raises StateUnreadable."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            if connection.execute("PRAGMA user_version").fetchone()[0] < VERSION:
                connection.executescript(f"BEGIN IMMEDIATE; {SQLITE} PRAGMA user_version={VERSION}; COMMIT;")
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
