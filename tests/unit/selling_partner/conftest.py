"""A session on a misbehaving server, a clock that only a test moves, and no randomness."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from amazon_pipeline import state
from amazon_pipeline.selling_partner.calls import Progress
from amazon_pipeline.selling_partner.client import SellingPartner
from amazon_pipeline.selling_partner.quota import Budget, QuotaLedger
from amazon_pipeline.settings import Credentials
from tests.unit.selling_partner.fake_amazon import APP_ID, CLIENT_SECRET, REFRESH_TOKEN, TOKEN_PATH, FakeAmazon


class ManualClock:
    """Aware UTC time that moves when something sleeps, or a test says so."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
        self.slept: list[float] = []

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def monotonic(self) -> float:
        return self.now.timestamp()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def amazon() -> Iterator[FakeAmazon]:
    with FakeAmazon() as server:
        yield server


@pytest.fixture
def progress() -> list[Progress]:
    return []


@pytest.fixture
def ledger(state_location: state.Location, clock: ManualClock) -> Iterator[QuotaLedger]:
    # SQLite folds its log away whenever the last connection closes: slow by thousands
    with closing(state.connect(state_location)):
        yield QuotaLedger(state_location, seller_id="A1SELLER", clock=clock)


@pytest.fixture
def connect(
    amazon: FakeAmazon, ledger: QuotaLedger, clock: ManualClock, progress: list[Progress]
) -> Iterator[Callable[..., SellingPartner]]:
    """Opens sessions on ``amazon``; ``budget_seconds`` and any argument of SellingPartner may be given."""
    with ExitStack() as sessions:

        def open_session(*, budget_seconds: float = 600, **overrides: Any) -> SellingPartner:
            arguments: dict[str, Any] = {
                "credentials": Credentials(
                    SecretStr(REFRESH_TOKEN), SecretStr(APP_ID), SecretStr(CLIENT_SECRET), "A1SELLER"
                ),
                "region": "us-east-1",
                "sp_api_endpoint": amazon.url,
                "lwa_endpoint": amazon.url + TOKEN_PATH,
                "quota": ledger,
                "budget": Budget(budget_seconds, clock.monotonic),
                "clock": clock,
                "sleep": clock.sleep,
                "on_progress": progress.append,
                "random": lambda: 0.5,
            }
            return sessions.enter_context(SellingPartner(**(arguments | overrides)))

        yield open_session
