"""The published file, as the API holds it: one immutable Snapshot per file, swapped when a newer one is published.

A Snapshot opens the resolved, versioned name. DuckDB keeps one instance per path and process, so opening the symlink
again after a publish would return the old data.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias

import duckdb

from api.errors import PublishedFileUnreadable
from api.lists import ListSource, ReadyList
from api.pages import PageCache

LOGGER = logging.getLogger(__name__)

Stream = Literal["orders", "inventory", "inbound_shipments", "shopify_orders", "publication"]
FileKey: TypeAlias = tuple[int, int, int, int]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LOCKED_DOWN: Final[dict[str, str | bool | int | float | list[str]]] = {
    "enable_external_access": "false",
    "autoload_known_extensions": "false",
    "autoinstall_known_extensions": "false",
    "lock_configuration": "true",
}
_PUBLICATION: Final = "SELECT publication_id, epoch_us(published_at), seller_id, source FROM meta.publication"
# A stream that succeeded and has no rows is known too: the end of its last fetch is the time of "there are none".
# Figures over several sellers are as old as those of the seller whose are oldest.
_AS_OF: Final = """
WITH seen AS (
  SELECT 'inventory' AS stream, seller_id, max(observed_at) AS observed_at FROM mart.inventory GROUP BY ALL
  UNION ALL
  SELECT 'inbound_shipments', seller_id, max(observed_at) FROM mart.inbound_shipments GROUP BY ALL
),
known AS (
  SELECT stream, min(coalesce(observed_at, last_success_at)) AS as_of
  FROM (SELECT stream, seller_id, last_success_at FROM mart.sync_status
        WHERE stream IN ('inventory', 'inbound_shipments'))
  FULL JOIN seen USING (stream, seller_id)
  GROUP BY stream
)
SELECT
  (SELECT epoch_us(min(window_end)) FROM mart.order_metrics_24h),
  (SELECT epoch_us(as_of) FROM known WHERE stream = 'inventory'),
  (SELECT epoch_us(as_of) FROM known WHERE stream = 'inbound_shipments'),
  (SELECT epoch_us(min(window_end)) FROM mart.channel_performance WHERE channel = 'Shopify')
"""


def moment(epoch_us: int) -> datetime:
    """A time of DuckDB's ``epoch_us``, exact, in UTC."""
    return _EPOCH + timedelta(microseconds=epoch_us)


@dataclass(frozen=True)
class Publication:
    """Which file this is, whose, and whether its figures are Amazon's or the simulator's."""

    publication_id: int
    published_at: datetime
    seller_id: str
    source: str

    @property
    def fingerprint(self) -> str:
        """Tells files apart, also when a new data directory counts from 1 again."""
        identity = f"{self.publication_id}|{self.published_at.isoformat()}|{self.seller_id}|{self.source}"
        return hashlib.sha256(identity.encode()).hexdigest()[:16]


class Snapshot:
    """One published file, open and immutable, with the answers made from it.

    ``as_of`` says up to when each stream is known, None if it never succeeded. ``hold`` keeps the file open while an
    answer is made; the last holder of a retired snapshot closes it. Holders live on the event loop's thread.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        publication: Publication,
        as_of: Mapping[Stream, datetime | None],
        *,
        path: str,
        key: FileKey,
    ) -> None:
        self.publication = publication
        self.as_of = MappingProxyType(dict(as_of))
        self.path = path
        self.key = key
        self.pages = PageCache()
        self.answered: dict[str, Any] = {}
        self.closed = asyncio.Event()
        self._lists: dict[str, asyncio.Task[ReadyList]] = {}
        self._connection = connection
        self._connecting = threading.Lock()
        self._holders = 0
        self._retired = False

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Keep the file open for the length of the block."""
        self._holders += 1
        try:
            yield
        finally:
            self._holders -= 1
            self._close_if_done()

    def database(self) -> duckdb.DuckDBPyConnection:
        """A cursor of its own for one request; from any thread."""
        with self._connecting:
            return self._connection.cursor()

    async def rows(self, source: ListSource) -> ReadyList:
        """The list as this file has it, read when it is first asked for. Raises duckdb.Error. To be held meanwhile."""
        reading = self._lists.get(source.name)
        if reading is None:
            reading = asyncio.create_task(asyncio.to_thread(self._read, source))
            self._lists[source.name] = reading
        return await asyncio.shield(reading)

    def _read(self, source: ListSource) -> ReadyList:
        database = self.database()
        try:
            return source.read(database)
        finally:
            database.close()

    def retire(self) -> None:
        """No new request will come: close now, or when the last holder is done."""
        self._retired = True
        self._close_if_done()

    def _close_if_done(self) -> None:
        if self._retired and self._holders == 0 and not self.closed.is_set():
            self._connection.close()
            self.closed.set()


class SnapshotStore:
    """Hands out the snapshot of the newest published file; notices a new one at the next request."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._path_as_text = str(path)
        self._current: Snapshot | None = None
        self._opening = asyncio.Lock()

    def fresh(self) -> Snapshot | None:
        """The open snapshot if it is still the published one, else None. Costs one ``stat``."""
        current = self._current
        if current is None:
            return None
        try:
            return current if _key(self._path_as_text) == current.key else None
        except OSError:
            return None

    async def current(self) -> Snapshot | None:
        """The snapshot of the newest published file, None before the first publish.

        Raises PublishedFileUnreadable; the next call tries again, so a mended file needs no restart.
        """
        if snapshot := self.fresh():
            return snapshot
        async with self._opening:
            if snapshot := self.fresh():
                return snapshot
            before, self._current = self._current, None
            if before is not None and self._points_to(before):
                before.retire()  # written over in place: DuckDB would hand the old instance out again
                await before.closed.wait()
            try:
                self._current = await asyncio.to_thread(_open, self._path)
            finally:
                if before is not None:
                    before.retire()
            return self._current

    def _points_to(self, snapshot: Snapshot) -> bool:
        return snapshot.path == os.path.realpath(self._path)

    def discard(self, snapshot: Snapshot) -> None:
        """Open the file anew at the next request, because reading this snapshot failed."""
        if self._current is snapshot:
            self._current = None
        snapshot.retire()

    def close(self) -> None:
        """Close the open snapshot, once nobody reads it."""
        current, self._current = self._current, None
        if current is not None:
            current.retire()


def _key(path: str | Path) -> FileKey:
    status = os.stat(path)  # noqa: PTH116 - Path.stat costs three times as much, and every request pays
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size


def _open(path: Path) -> Snapshot | None:
    for _attempt in range(3):
        if not os.path.lexists(path):
            return None
        resolved = os.path.realpath(path)
        try:
            return _open_resolved(resolved)
        except (duckdb.Error, OSError) as error:
            if os.path.realpath(path) == resolved:
                LOGGER.warning("the published file %s cannot be read: %s", resolved, error)
                raise PublishedFileUnreadable from error
            # a publish swung the symlink and removed this name between the two lines: take the new one
    raise PublishedFileUnreadable


def _open_resolved(resolved: str) -> Snapshot:
    key = _key(resolved)
    connection = duckdb.connect(resolved, read_only=True, config=_LOCKED_DOWN)
    try:
        publication = _publication(connection)
        times = connection.execute(_AS_OF).fetchall()[0]
    except BaseException:
        connection.close()
        raise
    as_of: dict[Stream, datetime | None] = {"publication": publication.published_at}
    streams: tuple[Stream, ...] = ("orders", "inventory", "inbound_shipments", "shopify_orders")
    for stream, epoch_us in zip(streams, times, strict=True):
        as_of[stream] = None if epoch_us is None else moment(epoch_us)
    return Snapshot(connection, publication, as_of, path=resolved, key=key)


def _publication(connection: duckdb.DuckDBPyConnection) -> Publication:
    rows = connection.execute(_PUBLICATION).fetchall()
    if len(rows) != 1:
        raise duckdb.InvalidInputException(f"meta.publication has {len(rows)} rows instead of one")
    publication_id, published_us, seller_id, source = rows[0]
    return Publication(int(publication_id), moment(published_us), str(seller_id), str(source))
