"""Amazon's stock report: one sync asks, a later one lands it, once a day for each marketplace."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from amazon_pipeline.errors import DocumentLinkExpired
from amazon_pipeline.extraction import Fetched, fetch_stock_report
from amazon_pipeline.simulator.clock import ManualClock
from amazon_pipeline.simulator.server import RunningSimulator
from tests.amazon_answers import CA, US
from tests.unit.extraction.amazon_session import Stream

START: Final = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)


class Stock(Stream):
    """The stream under test."""

    def sync(self, *, after: timedelta = timedelta(0)) -> Fetched:
        self.clock.advance(after)
        return self.fetch(lambda ext, got: fetch_stock_report(ext, got, marketplace_ids=[CA, US]))

    def marketplaces(self) -> list[str]:
        return [batch.manifest.params["marketplace_id"] for batch in self.batches()]


QUARTER: Final = timedelta(minutes=15)


@pytest.fixture
def stock(tmp_path: Path) -> Iterator[Stock]:
    clock = ManualClock(START)
    with RunningSimulator(clock=clock, orders_per_day=5, quota_speed=1000) as simulator:
        yield Stock("stock_report", simulator, clock, tmp_path)


def test_one_sync_asks_and_a_later_one_lands_what_the_account_held_when_it_was_made(stock: Stock) -> None:
    before = stock.clock()
    asked = stock.sync()
    assert stock.clock() == before, "a sync does not wait for a report"
    assert (asked.was_due, asked.pages, asked.is_available) == (False, 0, True)
    assert "a later sync fetches it" in (asked.note or "")
    landed = stock.sync(after=QUARTER)
    assert (landed.was_due, landed.note) == (True, None)
    (batch,) = stock.batches()
    (page,) = batch.pages()
    made_at = datetime.fromisoformat(page.params["reportedAt"])
    assert START < made_at < START + QUARTER, "the time is Amazon's, not that of the fetch"
    truth = {row.seller_sku: row for row in stock.simulator.world.inventory_at(made_at) if row.marketplace_id == CA}
    lines = {line["sku"]: line for line in page.body["stock_lines"]}
    assert lines.keys() == truth.keys()
    assert {sku: int(line["afn-fulfillable-quantity"]) for sku, line in lines.items()} == {
        sku: row.fulfillable for sku, row in truth.items()
    }
    assert "your-price" not in next(iter(lines.values()))


def test_each_marketplace_has_one_report_a_day_and_amazon_is_never_asked_too_soon(stock: Stock) -> None:
    for _ in range(90):
        stock.sync(after=QUARTER)
    assert stock.marketplaces() == [CA, US]
    assert stock.statuses() == ["complete", "complete"]
    opened = [batch.manifest.opened_at for batch in stock.batches()]
    assert opened[1] - opened[0] > timedelta(minutes=30)
    calls = len(stock.simulator.calls)
    assert not stock.sync().was_due
    assert len(stock.simulator.calls) == calls, "nothing is due, and Amazon is not asked"
    stock.sync(after=QUARTER * 4)
    assert stock.marketplaces() == [CA, US, CA], "a new day (UTC)"


@pytest.mark.parametrize(
    ("kind", "words"),
    [("report-fatal", "FATAL"), ("report-cancelled", "cancelled"), ("report-sentence", "sentence")],
)
def test_a_report_that_amazon_does_not_make_is_noted_all_day_and_asked_for_the_next(
    stock: Stock, kind: str, words: str
) -> None:
    stock.simulator.faults.add(operation="createReport", kind=kind, times=1)
    stock.sync()
    assert words in (stock.sync(after=QUARTER).note or "")
    for _ in range(10):
        assert words in (stock.sync(after=QUARTER).note or "")
    assert stock.statuses() == ["abandoned", "complete"], "the other marketplace has its own"
    stock.sync(after=timedelta(hours=22))
    assert stock.marketplaces() == [CA, US, CA]


def test_a_report_that_is_never_made_is_given_up_after_a_day(stock: Stock) -> None:
    stock.simulator.faults.add(operation="createReport", kind="report-stuck", times=1)
    stock.sync()
    stock.sync(after=timedelta(hours=23))
    assert stock.statuses() == ["open"]
    stock.sync(after=timedelta(hours=2))
    assert stock.statuses() == ["abandoned", "open"]


def test_a_marketplace_that_amazon_refuses_is_noted_and_the_others_go_on(stock: Stock) -> None:
    stock.simulator.faults.add(operation="createReport", kind="400", times=1)
    assert "No stock report of" in (stock.sync().note or "")
    stock.sync(after=QUARTER * 3)
    stock.sync(after=QUARTER)
    assert list(zip(stock.marketplaces(), stock.statuses(), strict=True)) == [(CA, "abandoned"), (US, "complete")]


def test_a_document_that_cannot_be_had_leaves_the_report_to_the_next_sync(stock: Stock) -> None:
    stock.sync()
    stock.simulator.faults.add(operation="downloadDocument", kind="expired-link", times=3)
    with pytest.raises(DocumentLinkExpired):
        stock.sync(after=QUARTER)
    assert stock.sync().was_due
    assert (stock.statuses(), stock.calls("createReport")) == (["complete"], 1)


def test_a_sync_killed_while_it_lands_goes_on_with_the_same_report(stock: Stock) -> None:
    stock.sync()
    stock.sync(after=QUARTER)
    (batch,) = stock.batches()
    kept = batch.page_path(1).read_bytes()
    manifest = batch.directory / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"status": "complete"', '"status": "open"'))
    stock.sync(after=timedelta(minutes=1))
    (batch,) = stock.batches()
    assert batch.manifest.status == "complete"
    assert batch.page_path(1).read_bytes() == kept
    assert stock.calls("createReport") == 1
