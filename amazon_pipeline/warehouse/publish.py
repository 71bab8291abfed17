"""Publishing: a snapshot of the working file, or of the lake's replica, under a new name; then a symlink swung to it.

Readers open ``amazon.duckdb``, a symlink to the newest ``published/amazon-<n>.duckdb``. A snapshot never changes, so
an open reader keeps what it has, and the pipeline never waits for one. Copy-on-write clone where the filesystem can,
else a copy. The working file must not be open in this process while it is copied: closing the copy's file descriptor
would drop DuckDB's lock on it.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BufferedReader, BufferedWriter
from pathlib import Path
from typing import Final

import duckdb

from amazon_pipeline.errors import PublishFailed
from amazon_pipeline.lakes import Lake
from amazon_pipeline.warehouse.connection import SCHEMA_VERSION, open_warehouse, transaction
from amazon_pipeline.warehouse.replica import refresh
from amazon_pipeline.warehouse.tidying import merge_small_files

KEPT_SNAPSHOTS: Final = 3
_MERGED_EVERY: Final = 4
"""Publications, an hour of syncs: after so many the small files of a lake are merged, which each of them added to."""
_FICLONE: Final = 0x40049409  # linux/fs.h: share the extents of another file
_PIECE_BYTES: Final = 256 * 1024 * 1024


@dataclass(frozen=True)
class Publication:
    """One published snapshot: its number, its file, and its size in bytes."""

    publication_id: int
    path: Path
    size: int


def publish(where: Path | Lake, link: Path, *, seller_ids: Sequence[str], source: str, at: datetime) -> Publication:
    """Snapshot the warehouse and make it what readers get next.

    Raises PublishFailed; the last published file then stays what it was.
    """
    directory = link.parent / "published"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        number = _next_number(directory)
        source_file = _stamp(where, number, seller_ids=seller_ids, source=source, at=at)
        hidden = directory / f".amazon-{number}.duckdb.part"
        hidden.unlink(missing_ok=True)  # one that a kill left is read-only
        try:
            _clone_or_copy(source_file, hidden)
            _verify(hidden, number)
            hidden.chmod(0o444)
            final = hidden.rename(directory / f"amazon-{number}.duckdb")
        finally:
            hidden.unlink(missing_ok=True)
        _swing(link, final)
        _forget_old(directory, number)
    except (OSError, duckdb.Error) as error:
        raise PublishFailed(f"The new data could not be published to {link}: {str(error).splitlines()[0]}") from error
    return Publication(number, final, final.stat().st_size)


def _next_number(directory: Path) -> int:
    """One more than the newest, so that a name is never used twice, even after the working file was made anew."""
    return max((number for number, _ in _snapshots(directory)), default=0) + 1


def _snapshots(directory: Path) -> list[tuple[int, Path]]:
    found = [(re.fullmatch(r"amazon-(\d+)\.duckdb", path.name), path) for path in directory.iterdir()]
    return sorted((int(match[1]), path) for match, path in found if match)


def _stamp(where: Path | Lake, number: int, *, seller_ids: Sequence[str], source: str, at: datetime) -> Path:
    """Write what is being published into the warehouse. Returns the file to snapshot, which is whole and not open."""
    file = where.replica_path if isinstance(where, Lake) else where
    with open_warehouse(where) as connection:
        with transaction(connection):
            connection.execute("DELETE FROM meta.publication")
            connection.execute(
                "INSERT INTO meta.publication VALUES (?, ?, ?, ?, ?)",
                [number, at, ",".join(seller_ids), source, SCHEMA_VERSION],
            )
        if isinstance(where, Lake):
            if number % _MERGED_EVERY == 0:
                merge_small_files(connection)
            refresh(connection, file)
        else:
            connection.execute("CHECKPOINT")
    if file.with_name(file.name + ".wal").exists():
        raise PublishFailed(f"{file} still has a write-ahead log after a checkpoint; another program has it")
    return file


def _clone_or_copy(source: Path, target: Path) -> None:
    with source.open("rb") as reader, target.open("wb") as writer:
        try:
            fcntl.ioctl(writer.fileno(), _FICLONE, reader.fileno())
        except OSError:  # the filesystem has no copy-on-write
            _copy(reader, writer)
        writer.flush()
        os.fsync(writer.fileno())


def _copy(reader: BufferedReader, writer: BufferedWriter) -> None:
    """By the kernel, which takes a third of the time; through this process where the kernel cannot."""
    try:
        while os.copy_file_range(reader.fileno(), writer.fileno(), _PIECE_BYTES):
            pass
    except (AttributeError, OSError):  # not on this system, or not between these two filesystems
        reader.seek(0)
        writer.seek(0)
        shutil.copyfileobj(reader, writer, 1024 * 1024)


def _verify(snapshot: Path, number: int) -> None:
    with duckdb.connect(snapshot, read_only=True) as connection:
        row = connection.execute("SELECT publication_id FROM meta.publication").fetchone()
    if row is None or row[0] != number:
        raise PublishFailed(f"The snapshot {snapshot} is not the state that was to be published")


def _swing(link: Path, target: Path) -> None:
    temporary = link.with_name(f".{link.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target.relative_to(link.parent))
    temporary.replace(link)
    descriptor = os.open(link.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _forget_old(directory: Path, newest: int) -> None:
    """Unlink all but the newest few. Whoever has an old one open keeps it until they close it."""
    for number, path in _snapshots(directory):
        if number <= newest - KEPT_SNAPSHOTS:
            path.unlink(missing_ok=True)
