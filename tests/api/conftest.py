"""A data directory, an application on it and its client."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from api.app import create_app
from tests.api.application import Client, Clock, settings_for
from tests.api.published_account import Published

MakeClient = Callable[..., Client]


@pytest.fixture
def clock() -> Clock:
    """The time of the application under test."""
    return Clock()


@pytest.fixture
def published(tmp_path: Path) -> Published:
    """An empty data directory."""
    return Published(tmp_path / "data")


@pytest.fixture
def make_client(published: Published, clock: Clock, tmp_path: Path) -> Iterator[MakeClient]:
    """A client of an application with these settings, its lifespan running until the test ends."""
    with ExitStack() as stack:

        def make(address: str = "127.0.0.1", **variables: str) -> Client:
            settings = settings_for(published.data_dir, **variables)
            static_dir, docs_dir = tmp_path / "static", tmp_path / "docs"
            for folder in (static_dir, docs_dir):
                folder.mkdir(exist_ok=True)
            client = Client(create_app(settings, clock=clock, static_dir=static_dir, docs_dir=docs_dir), address)
            stack.callback(client.close)
            return client

        yield make


@pytest.fixture
def client(make_client: MakeClient) -> Client:
    """A client of an application that has its credentials."""
    return make_client()
