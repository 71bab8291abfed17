"""Operational state, shared by every process: quota buckets, events, alerts, what the steps of a run tell each other.

It lies in one SQLite file of the data directory or, where ``AMAZON_STATE_URL`` is set, in PostgreSQL. Callers write one
SQL for both: ``?`` and ``:name`` as parameters, ``ON CONFLICT`` and ``RETURNING``. Write transactions are one after the
other in both, so a read-then-write is safe across processes, and ids become visible in the order they are given.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from amazon_pipeline.state import sqlite
from amazon_pipeline.state.connection import Connection, Cursor, StateError, StateUnavailable, StateUnreadable

if TYPE_CHECKING:
    from types import ModuleType

__all__ = [
    "Connection",
    "Cursor",
    "Location",
    "StateError",
    "StateUnavailable",
    "StateUnreadable",
    "connect",
    "reading",
    "transaction",
]

Location = Path | SecretStr
"""The SQLite file, or the URL of the PostgreSQL database, which holds a password."""


def connect(location: Location) -> Connection:
    """A connection to read with; close it. Raises StateError."""
    if isinstance(location, Path):
        return sqlite.connect(location)
    return _postgres().connect(location)  # type: ignore[no-any-return]


@contextmanager
def reading(location: Location) -> Iterator[Connection]:
    """The same, closed when the body ends."""
    with closing(connect(location)) as connection:
        yield connection


def transaction(location: Location) -> AbstractContextManager[Connection]:
    """A short write transaction: commits at the end, rolls back when the body raises. Raises StateError."""
    if isinstance(location, Path):
        return sqlite.transaction(location)
    return _postgres().transaction(location)  # type: ignore[no-any-return]


def _postgres() -> ModuleType:
    # its driver comes with the extra scale-out, which one machine does without
    from amazon_pipeline.state import postgres  # noqa: PLC0415

    return postgres
