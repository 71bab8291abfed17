"""What both kinds of state offer, and how each says that it cannot be used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from amazon_pipeline.errors import PipelineError

Parameters = Sequence[Any] | Mapping[str, Any]


class StateError(PipelineError):
    """Operational state cannot be read or written."""


class StateUnreadable(StateError):
    """The state file is not a SQLite database, or cannot be written. Names the file."""


class StateUnavailable(StateError):
    """The state database does not answer, or refuses. Names the setting and the server, never the password."""


class Cursor(Protocol):
    """The result of a statement."""

    @property
    def rowcount(self) -> int:
        """Rows written, or found."""

    def fetchone(self) -> Any:
        """The next row as a tuple, or None."""

    def fetchall(self) -> list[Any]:
        """The remaining rows."""

    def __iter__(self) -> Iterator[Any]:
        """The rows."""


class Connection(Protocol):
    """A connection to the state."""

    def execute(self, sql: str, parameters: Parameters = (), /) -> Cursor:
        """Run a statement."""

    def executemany(self, sql: str, parameters: Iterable[Parameters], /) -> Cursor:
        """Run it once for each of these."""

    def close(self) -> None:
        """Give it up."""
