"""Order history against the simulated seller's Reports API, with a clock moved by hand."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from amazon_pipeline.errors import DocumentLinkExpired, ReportNotReady, ReportRefused
from amazon_pipeline.extraction import Extraction, Fetched, fetch_first_history, fetch_history
from amazon_pipeline.landing import Landing
from amazon_pipeline.selling_partner.client import open_selling_partner
from amazon_pipeline.selling_partner.quota import Budget
from amazon_pipeline.settings import Settings
from amazon_pipeline.simulator.clock import ManualClock
from amazon_pipeline.simulator.server import RunningSimulator
from tests.amazon_answers import US

START: Final = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LONG_AGO: Final = START - timedelta(days=70)
SELLER: Final = "A3SIMULATEDDEMO"
ALL_DAY: Final = 86400.0


class History:
    """The history of one account on one landing directory; ``seconds`` is how long a run may wait."""

    def __init__(self, simulator: RunningSimulator, clock: ManualClock, directory: Path) -> None:
        self.simulator = simulator
        self.clock = clock
        self.directory = directory
        self.landing = Landing(directory / "landing", SELLER)
        self.fetched = Fetched()
        self._settings = Settings(_env_file=None, **simulator.environment, AMAZON_DATA_DIR=directory)  # type: ignore[arg-type]

    def fetch(
        self, since: datetime, until: datetime = START, *, seconds: float = ALL_DAY, lines_a_page: int = 5000
    ) -> None:
        with self._extraction(seconds) as extraction:
            fetch_history(
                extraction,
                self.fetched,
                marketplace_ids=[US],
                since=since,
                until=until,
                lines_a_page=lines_a_page,
            )

    def sync(self, days: int = 30) -> bool:
        """One sync's step towards the first history. Returns whether anything was due."""
        self.fetched = Fetched()
        with self._extraction(600) as extraction:
            fetch_first_history(extraction, self.fetched, marketplace_ids=[US], days=days)
        return self.fetched.was_due

    def _extraction(self, seconds: float) -> Any:
        return _Session(self, self._settings, seconds)

    def calls(self, operation: str) -> int:
        return sum(call.operation == operation for call in self.simulator.calls)

    def batches(self) -> list[tuple[str, datetime, datetime]]:
        """(status, start, end) of each report, oldest first."""
        return [
            (
                batch.manifest.status,
                _at(batch.manifest.params["window_start"]),
                _at(batch.manifest.params["window_end"]),
            )
            for batch in self.landing.batches("orders_history")
        ]

    def orders(self) -> set[str]:
        """Ids of all orders landed."""
        return {line["amazon-order-id"] for line in self.lines()}

    def lines(self) -> list[dict[str, str]]:
        batches = self.landing.batches("orders_history")
        return [line for batch in batches for page in batch.pages() for line in page.body["lines"]]

    def truth(self, since: datetime, until: datetime) -> set[str]:
        orders = self.simulator.world.orders_at(self.clock(), since)
        return {order.order_id for order in orders if since <= order.created <= until}


def _at(value: object) -> datetime:
    return datetime.fromisoformat(str(value))


class _Session:
    def __init__(self, history: History, settings: Settings, seconds: float) -> None:
        clock = history.clock
        self._history = history
        self._client = open_selling_partner(
            settings,
            budget=Budget(seconds, lambda: clock().timestamp()),
            clock=clock,
            sleep=lambda pause: clock.advance(timedelta(seconds=pause)),  # type: ignore[arg-type,return-value]
        )

    def __enter__(self) -> Extraction:
        return Extraction(self._client, self._history.landing, SELLER, "simulator", self._history.clock)

    def __exit__(self, *_: object) -> None:
        self._client.close()


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    clock = ManualClock(START)
    with RunningSimulator(clock=clock, orders_per_day=20, sku_count=20) as simulator:
        yield History(simulator, clock, tmp_path)


def test_a_span_comes_in_reports_of_at_most_thirty_days_without_a_gap(history: History) -> None:
    history.fetch(LONG_AGO)
    batches = history.batches()
    assert [status for status, _, _ in batches] == ["complete"] * 3
    assert all(end - start <= timedelta(days=30) for _, start, end in batches)
    assert [start for _, start, _ in batches[1:]] == [end for _, _, end in batches[:-1]]
    assert batches[0][1] == LONG_AGO
    assert history.orders() == history.truth(LONG_AGO, batches[-1][2])
    assert history.fetched.rows == len(history.lines())
    assert [call for call in history.simulator.calls if call.status == 429] == []


def test_nothing_about_where_an_order_is_sent_reaches_the_disk(history: History) -> None:
    history.fetch(START - timedelta(days=3))
    kept = "".join(gzip.decompress(path.read_bytes()).decode() for path in history.directory.rglob("page-*.json.gz"))
    assert "amazon-order-id" in kept
    assert "Nowhere" not in kept
    assert {name for line in history.lines() for name in line if name.startswith("ship-")} <= {
        "ship-promotion-discount"
    }
    assert "X-Amz" not in "".join(path.read_text() for path in history.directory.rglob("manifest.json"))


def test_what_has_landed_is_not_asked_for_again_whatever_the_windows(history: History) -> None:
    history.fetch(START - timedelta(days=40), START - timedelta(days=20))
    history.fetch(START - timedelta(days=45), START - timedelta(days=15))
    windows = [(start, end) for _, start, end in history.batches()]
    days = [((START - start).days, (START - end).days) for start, end in windows]
    assert days == [(40, 20), (45, 40), (20, 15)]
    asked = history.calls("createReport")
    history.fetch(START - timedelta(days=42), START - timedelta(days=18))
    assert history.calls("createReport") == asked == 3


def test_a_span_is_cut_to_what_amazon_keeps_and_has(history: History) -> None:
    history.fetch(START - timedelta(days=800), START + timedelta(days=5), seconds=ALL_DAY)
    batches = history.batches()
    assert batches[0][1] == START - timedelta(days=730)
    assert batches[-1][2] == START - timedelta(hours=1), "the hour that is not over is the syncs' to bring"


def test_a_run_out_of_time_leaves_its_report_to_the_next_one(history: History) -> None:
    with pytest.raises(ReportNotReady):
        history.fetch(START - timedelta(days=10), seconds=8)
    assert [status for status, _, _ in history.batches()] == ["open"]
    history.fetch(START - timedelta(days=10))
    assert [status for status, _, _ in history.batches()] == ["complete"]
    assert history.calls("createReport") == 1


def test_a_run_killed_while_it_lands_goes_on_with_the_same_report_and_keeps_the_pages(history: History) -> None:
    with pytest.raises(ReportNotReady):
        history.fetch(START - timedelta(days=10), seconds=8)
    history.fetch(START - timedelta(days=10), lines_a_page=20)
    (batch,) = history.landing.batches("orders_history")
    numbers = batch.page_numbers()
    assert len(numbers) > 3
    whole = [batch.read_page(number).body for number in numbers]
    # as a kill after the second page leaves it
    kept = batch.page_path(1).read_bytes()
    for number in numbers[2:]:
        batch.page_path(number).unlink()
    manifest = batch.directory / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"status": "complete"', '"status": "open"'))
    history.clock.advance(timedelta(minutes=2))
    history.fetch(START - timedelta(days=10), lines_a_page=20)
    (batch,) = history.landing.batches("orders_history")
    assert batch.manifest.status == "complete"
    assert [page.body for page in batch.pages()] == whole
    assert batch.page_path(1).read_bytes() == kept
    assert history.calls("createReport") == 1


def test_all_lines_of_an_order_stand_on_one_page(history: History) -> None:
    history.fetch(START - timedelta(days=5), lines_a_page=7)
    (batch,) = history.landing.batches("orders_history")
    pages = [{line["amazon-order-id"] for line in page.body["lines"]} for page in batch.pages()]
    assert len(pages) > 5
    assert sum(map(len, pages)) == len(set().union(*pages))


def test_a_report_amazon_cancels_has_no_orders(history: History) -> None:
    history.fetch(START - timedelta(days=700), START - timedelta(days=680))
    assert [status for status, _, _ in history.batches()] == ["complete"]
    assert history.landing.batches("orders_history")[0].manifest.facts["orders"] == 0


@pytest.mark.parametrize("kind", ["report-fatal", "report-sentence"])
def test_a_report_amazon_refuses_is_a_failure_and_asked_for_anew_by_the_next_run(history: History, kind: str) -> None:
    history.simulator.faults.add(operation="createReport", kind=kind, times=1)
    with pytest.raises(ReportRefused):
        history.fetch(START - timedelta(days=10))
    assert history.orders() == set()
    history.fetch(START - timedelta(days=10))
    assert [status for status, _, _ in history.batches()] == ["abandoned", "complete"]


def test_a_link_that_expired_is_asked_for_anew(history: History) -> None:
    history.simulator.faults.add(operation="downloadDocument", kind="expired-link", times=2)
    history.fetch(START - timedelta(days=10))
    assert history.calls("getReportDocument") == 3
    assert history.orders() == history.truth(START - timedelta(days=10), history.batches()[0][2])


def test_a_document_that_cannot_be_had_leaves_the_report_open_for_the_next_run(history: History) -> None:
    history.simulator.faults.add(operation="downloadDocument", kind="expired-link", times=3)
    with pytest.raises(DocumentLinkExpired):
        history.fetch(START - timedelta(days=10))
    history.fetch(START - timedelta(days=10))
    assert [status for status, _, _ in history.batches()] == ["complete"]
    assert history.calls("createReport") == 1


def test_a_report_amazon_has_forgotten_is_asked_for_anew(history: History) -> None:
    with pytest.raises(ReportNotReady):
        history.fetch(START - timedelta(days=10), seconds=8)
    history.clock.advance(timedelta(days=91))
    history.fetch(START - timedelta(days=10))
    assert [status for status, _, _ in history.batches()] == ["abandoned", "complete"]


def test_a_new_accounts_first_sync_asks_and_a_later_one_lands_and_then_nothing_is_due(history: History) -> None:
    before = history.clock()
    with pytest.raises(ReportNotReady, match="the next sync fetches it"):
        history.sync()
    assert history.clock() == before, "a sync does not wait for a report"
    with pytest.raises(ReportNotReady, match="being made"):
        history.sync()
    history.clock.advance(timedelta(minutes=15))
    assert history.sync()
    ((status, start, end),) = history.batches()
    assert (status, end - start, end) == ("complete", timedelta(days=30), START - timedelta(minutes=3))
    assert history.orders() == history.truth(start, end)
    calls = len(history.simulator.calls)
    for _ in range(3):
        history.clock.advance(timedelta(hours=9))
        assert not history.sync()
    assert len(history.simulator.calls) == calls


def test_more_days_than_a_report_holds_come_one_report_a_sync(history: History) -> None:
    for _ in range(4):
        try:
            history.sync(days=70)
        except ReportNotReady:
            history.clock.advance(timedelta(minutes=15))
    assert [status for status, _, _ in history.batches()] == ["complete"] * 3
    assert not history.sync(days=70)
    assert history.batches()[0][1] == START - timedelta(minutes=3, days=70)


def test_no_history_is_asked_for_when_none_is_wanted(history: History) -> None:
    assert not history.sync(days=0)
    assert history.simulator.calls == []


def test_a_sync_does_not_repeat_a_refused_report_before_some_hours_are_over(history: History) -> None:
    history.simulator.faults.add(operation="createReport", kind="report-fatal", times=1)
    with pytest.raises(ReportNotReady):
        history.sync()
    history.clock.advance(timedelta(minutes=15))
    with pytest.raises(ReportRefused, match="FATAL"):
        history.sync()
    calls = len(history.simulator.calls)
    history.clock.advance(timedelta(hours=5))
    with pytest.raises(ReportRefused, match="asked for again after"):
        history.sync()
    assert len(history.simulator.calls) == calls
    history.clock.advance(timedelta(hours=2))
    with pytest.raises(ReportNotReady):
        history.sync()
