"""Amazon's order figures, fetched once a day for each marketplace."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from amazon_pipeline.errors import ServiceFailure
from amazon_pipeline.extraction import Fetched, fetch_order_metrics
from amazon_pipeline.extraction.order_metrics import last_days
from amazon_pipeline.simulator.clock import ManualClock
from amazon_pipeline.simulator.server import RunningSimulator
from tests.amazon_answers import CA, US
from tests.unit.extraction.amazon_session import Stream

START: Final = datetime(2026, 11, 8, 12, 0, tzinfo=UTC)
"""A week after the clocks changed in California: the interval begins and ends with another offset."""


class Metrics(Stream):
    """The stream under test."""

    def sync(self) -> Fetched:
        return self.fetch(lambda ext, got: fetch_order_metrics(ext, got, marketplace_ids=[CA, US]))

    def pages(self) -> list[tuple[str, str, int]]:
        """Marketplace, zone and days of each page on disk."""
        pages = [page for batch in self.batches() for page in batch.pages()]
        return [
            (page.params["marketplaceIds"], page.params["granularityTimeZone"], len(page.body["payload"]))
            for page in pages
        ]


@pytest.fixture
def metrics(tmp_path: Path) -> Iterator[Metrics]:
    clock = ManualClock(START)
    with RunningSimulator(clock=clock, orders_per_day=5, quota_speed=1000) as simulator:
        yield Metrics("order_metrics", simulator, clock, tmp_path)


def test_each_marketplace_comes_once_a_day_with_its_last_fourteen_days_in_its_own_zone(metrics: Metrics) -> None:
    assert metrics.sync().was_due
    zone = "America/Los_Angeles"
    assert metrics.pages() == [(CA, zone, 14), (US, zone, 14)]
    assert metrics.statuses() == ["complete"]
    for _ in range(3):
        metrics.clock.advance(timedelta(hours=3, minutes=59))
        assert not metrics.sync().was_due
    assert metrics.calls("getOrderMetrics") == 2
    metrics.clock.advance(timedelta(minutes=3))
    assert metrics.sync().was_due, "a new day (UTC)"
    assert metrics.calls("getOrderMetrics") == 4


@pytest.mark.parametrize(
    ("zone", "now", "start", "end"),
    [
        ("America/Los_Angeles", (2026, 11, 20, 7, 59), (2026, 11, 5, 8), (2026, 11, 19, 8)),
        ("America/Los_Angeles", (2026, 11, 20, 8, 0), (2026, 11, 6, 8), (2026, 11, 20, 8)),
        ("America/Los_Angeles", (2026, 11, 10, 12, 0), (2026, 10, 27, 7), (2026, 11, 10, 8)),
        ("Asia/Tokyo", (2026, 11, 20, 12, 0), (2026, 11, 5, 15), (2026, 11, 19, 15)),
        ("UTC", (2026, 11, 20, 0, 0), (2026, 11, 6), (2026, 11, 20)),
    ],
)
def test_the_days_end_at_the_last_local_midnight(
    zone: str, now: tuple[int, ...], start: tuple[int, ...], end: tuple[int, ...]
) -> None:
    expected = tuple(datetime(*moment, tzinfo=UTC) for moment in (start, end))  # type: ignore[misc,arg-type]
    assert last_days(zone, datetime(*now, tzinfo=UTC)) == expected  # type: ignore[misc,arg-type]


def test_a_round_that_was_cut_off_goes_on_with_the_marketplaces_it_lacks(metrics: Metrics) -> None:
    metrics.simulator.faults.add(operation="getOrderMetrics", kind="503", times="always", after=1)
    with pytest.raises(ServiceFailure):
        metrics.sync()
    assert metrics.statuses() == ["open"]
    assert [marketplace_id for marketplace_id, _, _ in metrics.pages()] == [CA]
    metrics.simulator.faults.clear()
    assert metrics.sync().pages == 1
    assert [marketplace_id for marketplace_id, _, _ in metrics.pages()] == [CA, US]
    assert metrics.statuses() == ["complete"]


def test_a_round_of_yesterday_that_was_cut_off_is_closed_and_today_begins_anew(metrics: Metrics) -> None:
    metrics.simulator.faults.add(operation="getOrderMetrics", kind="503", times="always", after=1)
    with pytest.raises(ServiceFailure):
        metrics.sync()
    metrics.simulator.faults.clear()
    metrics.clock.advance(timedelta(hours=13))
    assert metrics.sync().pages == 2
    assert metrics.statuses() == ["partial", "complete"]
