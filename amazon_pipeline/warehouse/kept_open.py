"""The warehouse kept open from one step of a run to the next: opening it costs as much as most steps do."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from amazon_pipeline.lakes import Lake
from amazon_pipeline.warehouse.connection import open_warehouse

LONGEST_SECONDS: Final = 5.0
"""How long it is kept at most, so that whoever else waits for the file (``LOCK_WAIT_SECONDS``) gets it in between."""


class KeptOpen:
    """While the file is kept open, opening it again in this process takes a thirtieth of the time.

    Each opening is a connection of its own all the same. One thread keeps and releases; any may open. To be released
    before anything that waits, copies the file or follows an error, after which DuckDB may refuse to go on.
    """

    def __init__(self, where: Path | Lake, monotonic: Callable[[], float]) -> None:
        self._where = where
        self._monotonic = monotonic
        self._open = ExitStack()
        self._since: float | None = None

    def keep(self) -> None:
        """Open the file, unless it is open. Raises WarehouseUnavailable."""
        if self._since is not None and self._monotonic() - self._since > LONGEST_SECONDS:
            self.release()
        if self._since is None:
            self._open.enter_context(open_warehouse(self._where))
            self._since = self._monotonic()

    def release(self) -> None:
        """Close the file, if it is open."""
        self._since = None
        self._open.close()
