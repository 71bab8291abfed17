"""A warehouse under test: land, sync, look."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from amazon_pipeline.extraction import Fetched, Outcome
from amazon_pipeline.lakes import Lake
from amazon_pipeline.landing import Landing
from amazon_pipeline.marts import build, merge_inbound, merge_inventory, merge_orders, read_planning
from amazon_pipeline.marts.build import DERIVED
from amazon_pipeline.settings import Settings
from amazon_pipeline.warehouse import Loaded, open_warehouse, record_outcome, record_quarantined, stage_landed
from amazon_pipeline.warehouse.load import STAGERS
from tests.amazon_answers import NOON, SELLER


@dataclass
class TestWarehouse:
    """What a sync does after the fetch, without Dagster."""

    __test__ = False
    directory: Path
    planning: dict[str, str] = field(default_factory=dict)
    """Settings of stock and restock by the name of their variable."""
    lake: Lake | None = None
    """Where the warehouse is, if it is no file."""
    _kept_open: ExitStack = field(default_factory=ExitStack)

    def lay_out(self) -> None:
        """Have the file that an empty warehouse has; copying it takes a twentieth of the time of making it."""
        self.path.parent.mkdir(parents=True)
        self.path.write_bytes(_empty_file())

    @contextmanager
    def kept_open(self) -> Iterator[TestWarehouse]:
        """Opening the file again in this process is cheap as long as it is open."""
        with self._kept_open:
            self._kept_open.enter_context(open_warehouse(self.path))
            yield self

    def lose_file(self) -> None:
        """No working file any more; what has landed is there."""
        self._kept_open.close()
        self.path.unlink()

    @property
    def landing(self) -> Path:
        return self.directory / "landing"

    @property
    def settings(self) -> Settings:
        return Settings(_env_file=None, AMAZON_DATA_DIR=self.directory, **self.planning)  # type: ignore[call-arg]

    @property
    def path(self) -> Path:
        return self.directory / "private" / "warehouse.duckdb"

    @property
    def where(self) -> Path | Lake:
        return self.lake or self.path

    def sync(self, at: datetime = NOON) -> dict[str, Loaded]:
        """Stage, merge and build all that has landed."""
        loaded = {}
        with open_warehouse(self.where) as connection:
            for stream in STAGERS:
                record_outcome(connection, SELLER, Outcome(stream, "ok", None, at, Fetched(), 1, 0, 0.0))
                loaded[stream] = stage_landed(connection, Landing(self.landing, SELLER), stream, SELLER)
                record_quarantined(connection, SELLER, stream, loaded[stream].rows_quarantined)
            read_planning(connection, self.settings)
            merge_orders(connection)
            merge_inventory(connection)
            merge_inbound(connection)
            for name in DERIVED:
                build(connection, name)
        return loaded

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What a query finds."""
        with open_warehouse(self.where) as connection:
            return connection.execute(query).fetchall()

    def one(self, query: str) -> dict[str, Any]:
        """The one row a query finds, by column name."""
        with open_warehouse(self.where) as connection:
            cursor = connection.execute(query)
            names = [column[0] for column in cursor.description or []]
            (row,) = cursor.fetchall()
        return dict(zip(names, row, strict=True))


@cache
def _empty_file() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "warehouse.duckdb"
        with open_warehouse(path):
            pass
        return path.read_bytes()
