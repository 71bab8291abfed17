"""Batches of landed pages on disk.

    <landing>/<seller id>/<stream>/<YYYY-MM-DD>/<batch id>/page-00001.json.gz …, manifest.json

A batch is what one sync read of one stream. A page is written once (temporary file, fsync, rename) before anything
looks at it, and never changed. Its file holds the page token that comes after it, so the open cursor of a batch is
simply its last page: after a crash there is nothing to bring into step. The manifest is written when the batch opens
and replaced when it closes.
"""

from __future__ import annotations

import errno
import gzip
import hashlib
import json
import os
import secrets
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Literal

from amazon_pipeline.errors import LandingCorrupt, LandingUnavailable
from amazon_pipeline.landing.personal_data import without_personal_data

FORMAT_VERSION: Final = 1

BatchStatus = Literal["open", "complete", "partial", "abandoned", "unreadable"]
"""open: being read, or cut off; complete: all pages; partial: all that will be read of it; abandoned: to be ignored;
unreadable: its manifest is damaged, or the warehouse has found that one of its pages is. Never written to disk."""


@dataclass(frozen=True)
class LandedPage:
    """One page: what was asked, what came and when (aware UTC), and the token of the page after it."""

    batch_id: str
    number: int
    operation: str
    params: dict[str, str]
    received_at: datetime
    request_id: str | None
    next_token: str | None
    body: dict[str, Any]


@dataclass(frozen=True)
class Manifest:
    """What a batch is: its stream, window or other parameters, state, and facts about how it was read."""

    batch_id: str
    stream: str
    seller_id: str
    source: str
    status: BatchStatus
    opened_at: datetime
    closed_at: datetime | None = None
    params: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    pages: list[dict[str, Any]] = field(default_factory=list)


class Batch:
    """One batch directory. Made by ``Landing``."""

    def __init__(self, directory: Path, manifest: Manifest) -> None:
        self.directory = directory
        self.manifest = manifest

    @property
    def id(self) -> str:
        """The batch's id, unique for ever; ids of one stream sort by time."""
        return self.manifest.batch_id

    def page_numbers(self) -> list[int]:
        """Numbers of the pages on disk, ascending."""
        return sorted(int(path.name[5:10]) for path in self.directory.glob("page-*.json.gz"))

    def page_path(self, number: int) -> Path:
        """Where a page is, or will be."""
        return self.directory / f"page-{number:05d}.json.gz"

    def write_page(
        self,
        *,
        number: int,
        operation: str,
        params: Mapping[str, str],
        received_at: datetime,
        request_id: str | None,
        next_token: str | None,
        body: dict[str, Any],
    ) -> LandedPage:
        """Keep a page, without personal data, atomically. Returns it as it was kept."""
        page = LandedPage(
            batch_id=self.id,
            number=number,
            operation=operation,
            params=dict(params),
            received_at=received_at,
            request_id=request_id,
            next_token=next_token,
            body=without_personal_data(operation, body),
        )
        text = json.dumps({"version": FORMAT_VERSION, **vars(page)}, default=_encode, ensure_ascii=False)
        _write_atomically(self.page_path(number), gzip.compress(text.encode(), compresslevel=6, mtime=0))
        return page

    def read_page(self, number: int) -> LandedPage:
        """A page back from disk. Raises LandingCorrupt or LandingUnavailable, naming the file."""
        path = self.page_path(number)
        content = _bytes_of(path)
        try:
            fields = json.loads(gzip.decompress(content))
            fields.pop("version")
            return LandedPage(**{**fields, "received_at": datetime.fromisoformat(fields["received_at"])})
        except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError, AttributeError) as error:
            raise LandingCorrupt(f"The landed page {path} cannot be read: {error}") from error

    def pages(self) -> Iterator[LandedPage]:
        """All pages on disk, in order."""
        for number in self.page_numbers():
            yield self.read_page(number)

    def readable_pages(self) -> Iterator[LandedPage]:
        """The pages on disk that are not damaged, in order."""
        for number in self.page_numbers():
            with suppress(LandingCorrupt):
                yield self.read_page(number)

    def last_page(self) -> LandedPage | None:
        """The newest page, which holds the cursor to go on from."""
        numbers = self.page_numbers()
        return self.read_page(numbers[-1]) if numbers else None

    def close(self, status: BatchStatus, *, at: datetime, facts: Mapping[str, Any]) -> None:
        """Write the final manifest: how the batch ended, and each page's size and SHA-256."""
        pages = []
        for number in self.page_numbers():
            content = self.page_path(number).read_bytes()
            pages.append({"number": number, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()})
        self._save(replace(self.manifest, status=status, closed_at=at, facts=dict(facts), pages=pages))

    def _save(self, manifest: Manifest) -> None:
        text = json.dumps({"version": FORMAT_VERSION, **asdict(manifest)}, default=_encode, indent=1)
        _write_atomically(self.directory / "manifest.json", text.encode())
        self.manifest = manifest


class Landing:
    """The landed batches of one seller; ``unreadable`` are the ids of those with damaged pages, as far as is known."""

    def __init__(self, root: Path, seller_id: str, *, unreadable: Collection[str] = ()) -> None:
        self._root = root / seller_id
        self._seller_id = seller_id
        self._unreadable = frozenset(unreadable)

    def open_batch(self, stream: str, *, source: str, at: datetime, params: Mapping[str, Any]) -> Batch:
        """Start a batch: its directory and its manifest in state ``open``."""
        moment = at.astimezone(UTC)
        batch_id = f"{stream}-{moment:%Y%m%dT%H%M%S}.{moment.microsecond // 1000:03d}Z-{secrets.token_hex(3)}"
        directory = self._root / stream / f"{moment:%Y-%m-%d}" / batch_id
        directory.mkdir(parents=True)
        batch = Batch(
            directory,
            Manifest(batch_id, stream, self._seller_id, source, "open", opened_at=moment, params=dict(params)),
        )
        batch._save(batch.manifest)  # noqa: SLF001  (a batch and its landing are one unit)
        return batch

    def batches(self, stream: str, *, since: date | None = None) -> list[Batch]:
        """The batches of a stream, oldest first; ``since`` leaves out the days before (UTC, by opening).

        One whose manifest is damaged is ``unreadable``, and its ``facts`` say why. A directory without a manifest is
        one whose opening was cut off before its first page: ignored. Raises LandingUnavailable.
        """
        found = []
        for day in sorted((self._root / stream).glob("????-??-??")):
            if since is not None and day.name < since.isoformat():
                continue
            found += [self._load(path, stream, day.name) for path in sorted(day.glob("*/manifest.json"))]
        return found

    def batch(self, stream: str, batch_id: str) -> Batch | None:
        """A batch by its id. Raises LandingUnavailable."""
        for path in (self._root / stream).glob(f"????-??-??/{batch_id}/manifest.json"):
            return self._load(path, stream, path.parent.parent.name)
        return None

    def _load(self, path: Path, stream: str, day: str) -> Batch:
        content = _bytes_of(path)
        try:
            fields = json.loads(content)
            fields.pop("version")
            fields["opened_at"] = datetime.fromisoformat(fields["opened_at"])
            fields["closed_at"] = datetime.fromisoformat(fields["closed_at"]) if fields["closed_at"] else None
            manifest = Manifest(**fields)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            manifest = Manifest(
                batch_id=path.parent.name,
                stream=stream,
                seller_id=self._seller_id,
                source="",
                status="unreadable",
                opened_at=datetime.combine(date.fromisoformat(day), time(), UTC),
                facts={"why": f"The manifest {path} cannot be read: {error}"},
            )
        if manifest.batch_id in self._unreadable:
            manifest = replace(manifest, status="unreadable")
        return Batch(path.parent, manifest)


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        if error.errno == errno.EIO:
            raise LandingCorrupt(f"The disk cannot read {path}: {error.strerror}") from error
        raise LandingUnavailable(f"The landed file {path} cannot be reached: {error.strerror}") from error


def _encode(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be written to a landed page")


def _write_atomically(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
