"""From a request to an answer: setup, freshness, the published file, the cache, the envelope."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import sqlite3
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import duckdb
from fastapi import Request
from starlette.responses import JSONResponse, Response

from amazon_pipeline.errors import PipelineError
from amazon_pipeline.events import SYNC_COMPLETED, SYNC_ERROR, EventLog
from amazon_pipeline.settings import Settings
from api import cursors
from api.errors import InvalidParameter, PublishedFileUnreadable
from api.exact_json import Json, Raw, encode
from api.lists import Choice, ListPage, ListSource, ReadyList
from api.pages import Page, PageResponse
from api.parameters import ListParameters, Parameters
from api.queries import Database
from api.snapshot import Snapshot, SnapshotStore, Stream

LOGGER = logging.getLogger(__name__)

STALE_AFTER: Final = timedelta(minutes=30)
"""Two of the sync's schedules."""

_REVISION: Final = 1
"""Raise when an answer's form changes, so that no browser keeps the old form under an old ETag."""

_PLACE_IN_LIST: Final = ("limit", "cursor", "offset")
"""Parameters that choose a page of a list, and not which list."""

_AT_ONCE: Final = 4
"""Answers made at the same time; DuckDB gains nothing beyond the cores, and waiting costs less than thrashing."""


@dataclass(frozen=True)
class Freshness:
    """Up to when each stream that an answer uses is known, and which of them are older than two schedules."""

    as_of: Mapping[Stream, datetime | None]
    stale: frozenset[Stream]
    good_until: datetime | None

    @classmethod
    def at(cls, now: datetime, as_of: Mapping[Stream, datetime | None]) -> Freshness:
        """What holds at ``now``, and until when."""
        ends = {stream: known + STALE_AFTER for stream, known in as_of.items() if known is not None}
        stale = frozenset(stream for stream, end in ends.items() if now > end)
        return cls(as_of, stale, min((end for end in ends.values() if now <= end), default=None))

    @property
    def oldest(self) -> datetime | None:
        """The as-of time of an answer that mixes the streams; None if none is known."""
        return min((known for known in self.as_of.values() if known is not None), default=None)


@dataclass(frozen=True)
class Reading:
    """What a resource makes its data from. ``database`` is None before the first publish: all figures unknown."""

    database: Database | None
    freshness: Freshness
    settings: Settings
    start: int
    cursor_at: Callable[[int], str]
    rows: ReadyList | None = None

    def known(self, stream: Stream) -> bool:
        """Whether the stream has ever succeeded."""
        return self.freshness.as_of.get(stream) is not None

    def page(self, choice: Choice, parameters: ListParameters) -> ListPage:
        """The page asked for of the resource's list; none before the first publish."""
        if self.rows is None:
            return ListPage(Raw("[]"), 0, None)
        return self.rows.page(choice, start=self.start, limit=parameters.limit)

    def next_cursor(self, next_start: int | None) -> str | None:
        """The cursor for the next page, None after the last."""
        return None if next_start is None else self.cursor_at(next_start)


@dataclass(frozen=True)
class Resource:
    """One address: its name, the streams its figures come from, and how its ``data`` is made.

    ``make`` runs in a worker thread. Keys of its ``metadata`` are put beside those every answer has. ``rows`` is the
    list that pages are cut from, if there is one; ``timed`` adds when the body was made and how long that took.
    """

    name: str
    streams: tuple[Stream, ...]
    make: Callable[[Reading, Any], dict[str, Json]]
    rows: ListSource | None = None
    timed: bool = False


@dataclass
class _Question:
    """One request, understood: what decides the bytes of its answer."""

    resource: Resource
    parameters: Parameters
    list_id: str = field(init=False)
    id: str = field(init=False)

    def __post_init__(self) -> None:
        given = self.parameters.model_dump(mode="json")
        self.id = _hash(self.resource.name, given)
        self.list_id = _hash(self.resource.name, {k: v for k, v in given.items() if k not in _PLACE_IN_LIST})

    def start(self, fingerprint: str | None) -> int:
        if not isinstance(self.parameters, ListParameters):
            return 0
        if self.parameters.cursor is None:
            return self.parameters.offset
        start = cursors.read(self.parameters.cursor, fingerprint, self.list_id)
        if self.parameters.offset:
            raise InvalidParameter("offset", "is not for use with cursor, which says where to start")
        return start


class Answers:
    """Answers the data addresses. One per application; ``hits`` came from the cache, ``misses`` had to be made."""

    def __init__(self, settings: Settings, store: SnapshotStore, log: EventLog, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._store = store
        self._log = log
        self._clock = clock
        self._setup = _setup_body(settings)
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self.hits = 0
        self.misses = 0

    def kept(self, path: str, query_string: bytes) -> Page | None:
        """The page for exactly this address, if it is in the cache, current and true now."""
        snapshot = self._store.fresh()
        page = None if snapshot is None else snapshot.pages.get((path, query_string), self._clock())
        if page is not None:
            self.hits += 1
        return page

    async def answer(self, request: Request, resource: Resource, parameters: Parameters) -> Response:
        """The answer to a request whose parameters are valid. Raises ApiError."""
        if self._setup is not None:
            return JSONResponse(self._setup, headers={"Cache-Control": "no-store"})
        question = _Question(resource, parameters)
        snapshot = await self._store.current()
        if snapshot is None:
            return PageResponse(await self._before_first_publish(question))
        self.misses += 1
        key = (request.scope["path"], request.scope["query_string"])
        with snapshot.hold():  # from here on: a publish may retire it before the page's own task starts
            page = await snapshot.pages.get_or_make(key, self._clock(), lambda: self._make(snapshot, question))
        return PageResponse(page)

    async def _make(self, snapshot: Snapshot, question: _Question) -> Page:
        start = question.start(snapshot.publication.fingerprint)
        with snapshot.hold():
            try:
                source = question.resource.rows
                rows = await snapshot.rows(source) if source is not None else None
                async with self._slots:
                    return await asyncio.to_thread(self._page, snapshot, question, start, rows)
            except duckdb.Error as error:
                LOGGER.warning("the published file %s cannot be read: %s", snapshot.path, error)
                self._store.discard(snapshot)
                raise PublishedFileUnreadable from error

    def _page(self, snapshot: Snapshot, question: _Question, start: int, rows: ReadyList | None) -> Page:
        began = time.perf_counter()
        now = self._clock()
        freshness = Freshness.at(now, {stream: snapshot.as_of[stream] for stream in question.resource.streams})
        fingerprint = snapshot.publication.fingerprint
        database = snapshot.database()
        try:
            reading = Reading(
                Database(database, snapshot.answered),
                freshness,
                self._settings,
                start,
                lambda row: cursors.make(fingerprint, question.list_id, row),
                rows,
            )
            data = question.resource.make(reading, question.parameters)
        finally:
            database.close()
        body = _body(question.resource, data, freshness, snapshot.publication.source, now=now, began=began)
        tag = _hash(fingerprint, question.id, sorted(freshness.stale), self._settings.reporting_currency, _REVISION)
        suffix = "-stale" if freshness.stale else ""
        etag = f'W/"{snapshot.publication.publication_id}-{tag}{suffix}"'
        return Page(body, etag=etag, good_until=freshness.good_until)

    async def _before_first_publish(self, question: _Question) -> Page:
        began = time.perf_counter()
        start = question.start(None)
        now = self._clock()
        freshness = Freshness.at(now, dict.fromkeys(question.resource.streams))
        reading = Reading(None, freshness, self._settings, start, str)
        data = question.resource.make(reading, question.parameters)
        if failure := await asyncio.to_thread(self._first_failure):
            extra = data.get("metadata")
            data["metadata"] = {**(extra if isinstance(extra, Mapping) else {}), "connectionError": failure}
        body = _body(question.resource, data, freshness, self._settings.source, now=now, began=began)
        tag = _hash(question.id, failure, self._settings.source, self._settings.reporting_currency, _REVISION)
        return Page(body, etag=f'W/"0-{tag}"', good_until=None)

    def _first_failure(self) -> str | None:
        """The sentence of the newest sync's failure, None if it did not fail or there was none."""
        location = self._settings.state
        if isinstance(location, Path) and not location.exists():
            return None
        try:
            newest = self._log.newest(SYNC_COMPLETED, SYNC_ERROR)
        except (PipelineError, sqlite3.Error) as error:
            LOGGER.warning("the event log cannot be read: %s", error)
            return None
        if newest is None or newest.event != SYNC_ERROR:
            return None
        return str(json.loads(newest.data)["error"])


def _body(
    resource: Resource, data: dict[str, Json], freshness: Freshness, source: str, *, now: datetime, began: float
) -> bytes:
    metadata: dict[str, Json] = {
        "asOf": freshness.oldest,
        "stale": bool(freshness.stale),
        "source": source,
    }
    extra = data.get("metadata")
    if isinstance(extra, Mapping):
        metadata |= extra
    if resource.timed:
        metadata |= {"timestamp": now, "responseTime": round((time.perf_counter() - began) * 1000)}
    return encode({"success": True, "data": {**data, "metadata": metadata}}).encode()


def _setup_body(settings: Settings) -> dict[str, Any] | None:
    """The contract's setup prompt, None when the credentials are complete and well formed."""
    missing, malformed = settings.missing_credentials, settings.malformed_credentials
    if not missing and not malformed:
        return None
    sentences = ["Amazon SP-API not configured."]
    if missing:
        sentences.append(f"Set {', '.join(missing)} in the environment or in .env, then restart.")
    sentences += malformed.values()
    if malformed and not missing:
        sentences.append("Correct it in the environment or in .env, then restart.")
    return {
        "success": False,
        "setupRequired": True,
        "message": " ".join(sentences),
        "missing": list(missing),
        "data": None,
    }


def _hash(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
