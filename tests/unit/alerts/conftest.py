from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from amazon_pipeline import state
from tests.unit.alerts.inboxes import Inbox, http_inbox, smtp_inbox
from tests.unit.alerts.shop import Shop


@pytest.fixture
def chat() -> Iterator[Inbox]:
    """A service that takes messages over HTTP."""
    with http_inbox() as inbox:
        yield inbox


@pytest.fixture
def mail() -> Iterator[Inbox]:
    """A mail server."""
    with smtp_inbox() as inbox:
        yield inbox


@pytest.fixture
def shop(tmp_path: Path, chat: Inbox, state_location: state.Location) -> Shop:
    """A seller with one channel."""
    return Shop(tmp_path, [chat.url], state_url=state_location if isinstance(state_location, SecretStr) else None)
