"""A published file is the working file as it was, whatever the filesystem can."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from amazon_pipeline.warehouse import Publication, open_warehouse, publish

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 (a second filesystem, not a place for secrets)


@pytest.fixture
def working_file(tmp_path: Path) -> Path:
    path = tmp_path / "private" / "warehouse.duckdb"
    with open_warehouse(path):
        pass
    return path


@pytest.fixture
def other_filesystem(tmp_path: Path) -> Iterator[Path]:
    if not SHARED_MEMORY.exists() or SHARED_MEMORY.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second filesystem")
    with tempfile.TemporaryDirectory(dir=SHARED_MEMORY) as directory:
        yield Path(directory)


def published(working_file: Path, directory: Path) -> Publication:
    link = directory / "amazon.duckdb"
    return publish(working_file, link, seller_ids=["A1"], source="simulator", at=datetime(2026, 11, 22, tzinfo=UTC))


def test_a_published_file_is_the_working_file_byte_for_byte(working_file: Path, tmp_path: Path) -> None:
    publication = published(working_file, tmp_path)
    assert publication.path.read_bytes() == working_file.read_bytes()
    assert (tmp_path / "amazon.duckdb").resolve() == publication.path


def test_it_is_so_too_on_another_filesystem(working_file: Path, other_filesystem: Path) -> None:
    publication = published(working_file, other_filesystem)
    assert publication.path.read_bytes() == working_file.read_bytes()
