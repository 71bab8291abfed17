"""What the orders stream asks for next, against the simulated seller's own quota, with a clock moved by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from amazon_pipeline.errors import BudgetSpent
from amazon_pipeline.extraction import Extraction, Fetched, fetch_orders
from amazon_pipeline.extraction.orders import DATA_DELAY, OVERLAP, SHORTEST_OVERLAP
from amazon_pipeline.landing import Landing
from amazon_pipeline.selling_partner.client import open_selling_partner
from amazon_pipeline.selling_partner.quota import Budget
from amazon_pipeline.settings import Settings
from amazon_pipeline.simulator.clock import ManualClock
from amazon_pipeline.simulator.server import RunningSimulator
from tests.amazon_answers import US

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class Stream:
    """The orders stream of one account; every sync has no time to wait for quota."""

    def __init__(self, simulator: RunningSimulator, clock: ManualClock, directory: Path) -> None:
        self.simulator = simulator
        self.clock = clock
        self.landing = Landing(directory / "landing", "A3SIMULATEDDEMO")
        self._settings = Settings(_env_file=None, **simulator.environment, AMAZON_DATA_DIR=directory)  # type: ignore[arg-type]

    def sync(self, watermark: datetime | None = None) -> bool:
        """Returns whether all was read."""
        clock = self.clock
        budget = Budget(0, lambda: clock().timestamp())
        with open_selling_partner(self._settings, budget=budget, clock=clock, sleep=lambda _: None) as client:
            extraction = Extraction(client, self.landing, "A3SIMULATEDDEMO", "simulator", clock)
            try:
                fetch_orders(extraction, Fetched(), marketplace_ids=[US], watermark=watermark)
            except BudgetSpent:
                return False
        return True

    def windows(self) -> list[tuple[str, datetime, datetime]]:
        """(status, start, end) of each batch, oldest first."""
        return [
            (
                batch.manifest.status,
                datetime.fromisoformat(str(batch.manifest.params["window_start"])),
                datetime.fromisoformat(str(batch.manifest.params["window_end"])),
            )
            for batch in self.landing.batches("orders")
        ]


@pytest.fixture
def stream(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Stream]:
    clock = ManualClock(START)
    per_day = getattr(request, "param", 100)
    with RunningSimulator(clock=clock, orders_per_day=per_day, sku_count=10, marketplaces=(US,)) as simulator:
        yield Stream(simulator, clock, tmp_path)


def test_the_first_window_reaches_back_two_days_and_keeps_off_the_present(stream: Stream) -> None:
    assert stream.sync()
    ((status, start, end),) = stream.windows()
    assert status == "complete"
    assert start <= START - timedelta(hours=48)
    assert end == START - DATA_DELAY


@pytest.mark.parametrize(("stream", "overlap"), [(100, OVERLAP), (1200, None)], indirect=["stream"])
def test_the_next_window_starts_a_little_before_the_last_one_ended(stream: Stream, overlap: timedelta | None) -> None:
    """The overlap is shorter where orders change fast: what it reads anew is a tenth of a page at the most."""
    while not stream.sync():
        stream.clock.advance(timedelta(minutes=15))
    stream.clock.advance(timedelta(minutes=15))
    stream.sync()
    *_, (_, _, first_end), (_, start, _) = stream.windows()
    if overlap is not None:
        assert start == first_end - overlap
    assert SHORTEST_OVERLAP <= first_end - start <= OVERLAP


@pytest.mark.parametrize("stream", [1200], indirect=True)
def test_fresh_changes_come_before_the_backlog_and_the_backlog_is_gone_on_with(stream: Stream) -> None:
    assert not stream.sync(), "some 25 pages or more, and the bucket holds 20"
    stream.clock.advance(timedelta(minutes=65))
    before = len(stream.simulator.calls)
    stream.sync()
    news = [call for call in stream.simulator.calls[before:] if call.operation == "searchOrders"]
    assert "paginationToken" not in news[0].params, "the fresh window is asked for first"
    (old, *_), (fresh, start, _) = stream.windows()
    assert fresh == "complete"
    assert old in {"open", "complete"}
    assert start == START - DATA_DELAY - OVERLAP, "the fresh window is only the news"
    for _ in range(30):
        stream.clock.advance(timedelta(minutes=15))
        stream.sync()
        if all(status == "complete" for status, _, _ in stream.windows()):
            break
    assert {status for status, _, _ in stream.windows()} == {"complete"}
    tokens = [call.params["paginationToken"] for call in stream.simulator.calls if "paginationToken" in call.params]
    assert len(tokens) == len(set(tokens)), "no page is read twice"
    assert not [call for call in stream.simulator.calls if call.status == 429]


@pytest.mark.parametrize("stream", [1200], indirect=True)
def test_a_window_whose_token_grew_too_old_is_read_again(stream: Stream) -> None:
    assert not stream.sync()
    stream.clock.advance(timedelta(hours=25))
    stream.sync()
    statuses = [status for status, _, _ in stream.windows()]
    assert statuses[0] == "partial"
    assert stream.windows()[1][1] <= stream.clock() - timedelta(hours=48), "from where nothing is known"
