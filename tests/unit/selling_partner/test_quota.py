"""The token bucket: never more than Amazon allows, never much less."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from amazon_pipeline.errors import Throttled
from amazon_pipeline.selling_partner.calls import Caller
from amazon_pipeline.selling_partner.client import ignore_progress
from amazon_pipeline.selling_partner.operations import (
    GET_INVENTORY_SUMMARIES,
    GET_SHIPMENTS,
    SEARCH_ORDERS,
    Operation,
)
from amazon_pipeline.selling_partner.quota import Budget, QuotaLedger
from tests.state_locations import both_kinds

state_location = both_kinds


def drain(ledger, operation=SEARCH_ORDERS):
    taken = 0
    while take := ledger.take(operation):
        ledger.settle(take)
        taken += 1
    return taken


def test_a_new_bucket_gives_its_burst_and_then_one_token_per_interval(ledger, clock):
    assert drain(ledger) == 20
    assert ledger.wait_seconds(SEARCH_ORDERS) == pytest.approx(1 / 0.0056, abs=0.1)
    clock.advance(1 / 0.0056 + 0.1)
    assert drain(ledger) == 1


def test_a_bucket_never_holds_more_than_its_burst(ledger, clock):
    drain(ledger)
    clock.advance(86400 * 365)
    assert drain(ledger) == 20


def test_operations_and_sellers_have_buckets_of_their_own(ledger, clock, state_location):
    assert drain(ledger) == 20
    assert drain(ledger, GET_SHIPMENTS) == 30
    assert drain(QuotaLedger(state_location, seller_id="A2OTHER", clock=clock)) == 20


def test_a_restart_remembers_what_was_taken(ledger, clock, state_location):
    assert drain(ledger) == 20
    assert drain(QuotaLedger(state_location, seller_id="A1SELLER", clock=clock)) == 0


@pytest.mark.parametrize("back", [0.5, 30, 3600, 86400 * 30])
def test_a_clock_that_goes_back_mints_nothing_and_blocks_for_no_longer_than_before(ledger, clock, back):
    drain(ledger)
    clock.advance(-back)
    assert drain(ledger) == 0
    clock.advance(46 + 1 / 0.0056 + 0.1)
    assert drain(ledger) == 1


def test_a_clock_that_goes_back_moves_the_block_of_a_429_with_it(ledger, clock):
    ledger.throttled(ledger.take(SEARCH_ORDERS), retry_after=1000)
    clock.advance(-86400)
    assert ledger.wait_seconds(SEARCH_ORDERS) <= 1000
    clock.advance(1001)
    assert ledger.take(SEARCH_ORDERS)


def test_a_full_bucket_refills_from_the_answer_on_not_from_the_request(ledger, clock):
    """Amazon's bucket starts to refill when it sees the request, so the time of the request's way must not count."""
    take = ledger.take(GET_INVENTORY_SUMMARIES)
    clock.advance(10)
    ledger.settle(take)
    assert drain(ledger, GET_INVENTORY_SUMMARIES) == 1


def test_a_slow_call_does_not_count_tokens_that_would_have_overflowed_amazons_bucket(ledger, clock):
    drain(ledger, GET_INVENTORY_SUMMARIES)
    clock.advance(0.75)  # 1.5 tokens of 2
    take = ledger.take(GET_INVENTORY_SUMMARIES)
    clock.advance(2)
    ledger.settle(take)
    assert drain(ledger, GET_INVENTORY_SUMMARIES) == 1


def test_no_token_grows_while_the_call_that_found_the_bucket_full_is_under_way(ledger, clock):
    """Two threads: the second must not count on tokens that Amazon's bucket only grows once it saw the first."""
    slow = ledger.take(GET_INVENTORY_SUMMARIES)
    ledger.settle(ledger.take(GET_INVENTORY_SUMMARIES))
    clock.advance(5)
    assert ledger.take(GET_INVENTORY_SUMMARIES) is None
    assert ledger.wait_seconds(GET_INVENTORY_SUMMARIES) < 1
    ledger.settle(slow)
    clock.advance(0.52)
    assert drain(ledger, GET_INVENTORY_SUMMARIES) == 1


def test_a_call_whose_process_died_holds_its_bucket_for_less_than_a_minute(ledger, clock):
    for _ in range(2):
        ledger.take(GET_INVENTORY_SUMMARIES)
    clock.advance(60)
    assert drain(ledger, GET_INVENTORY_SUMMARIES) == 2


def test_a_429_empties_the_bucket_and_blocks_it_for_one_interval(ledger, clock):
    wait = ledger.throttled(ledger.take(SEARCH_ORDERS), retry_after=None)
    assert wait == pytest.approx(1 / 0.0056, abs=0.1)
    clock.advance(wait)
    assert drain(ledger) == 1


def test_a_429_with_a_longer_retry_after_blocks_for_that(ledger, clock):
    ledger.throttled(ledger.take(GET_SHIPMENTS), retry_after=90)
    clock.advance(89)
    assert ledger.take(GET_SHIPMENTS) is None
    clock.advance(1.1)
    assert ledger.take(GET_SHIPMENTS)


def test_an_absurd_retry_after_blocks_for_an_hour_at_most(ledger):
    assert ledger.throttled(ledger.take(GET_SHIPMENTS), retry_after=1e12) == 3600


def test_the_rate_amazon_announces_replaces_the_documented_one(ledger, clock):
    drain(ledger)
    clock.advance(1 / 0.0056 + 0.1)
    ledger.settle(ledger.take(SEARCH_ORDERS), 0.056)
    assert ledger.wait_seconds(SEARCH_ORDERS) == pytest.approx(1 / 0.056, rel=0.05)


@pytest.mark.parametrize("nonsense", [0.0, -1.0, float("nan"), float("inf")])
def test_an_announced_rate_that_is_no_rate_is_ignored(ledger, nonsense):
    ledger.settle(ledger.take(SEARCH_ORDERS), nonsense)
    drain(ledger)
    assert ledger.wait_seconds(SEARCH_ORDERS) == pytest.approx(1 / 0.0056, abs=0.1)


def test_an_announced_rate_near_zero_cannot_stop_an_operation_for_days(ledger):
    ledger.settle(ledger.take(SEARCH_ORDERS), 1e-9)
    drain(ledger)
    assert ledger.wait_seconds(SEARCH_ORDERS) <= 10 / 0.0056 + 1


DRAIN = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from pydantic import SecretStr
from amazon_pipeline.selling_partner.operations import SEARCH_ORDERS
from amazon_pipeline.selling_partner.quota import QuotaLedger
where = SecretStr(sys.argv[1]) if "://" in sys.argv[1] else Path(sys.argv[1])
now = datetime.fromisoformat(sys.argv[2])
ledger = QuotaLedger(where, seller_id="A1SELLER", clock=lambda: now)
taken = 0
while take := ledger.take(SEARCH_ORDERS):
    ledger.settle(take)
    taken += 1
print(taken)
"""


def test_processes_share_one_bucket_and_never_take_more_than_it_holds(ledger, clock, state_location):
    where = state_location if isinstance(state_location, Path) else state_location.get_secret_value()

    def drain_in_three_processes():
        command = [sys.executable, "-c", DRAIN, str(where), clock().isoformat()]
        processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
        return sum(int(process.communicate()[0]) for process in processes)

    assert drain_in_three_processes() == 20
    clock.advance(5 / 0.0056 + 0.1)
    assert drain_in_three_processes() == 5


class ModelServer:
    """Amazon's side of the quota: a bucket that refills when it sees requests, somewhere on their way."""

    def __init__(self, operation: Operation, clock, random: Random, slowest: float) -> None:
        self.operation, self.clock, self.random, self.slowest = operation, clock, random, slowest
        self.tokens, self.seen_at = float(operation.burst), clock.monotonic()
        self.refused = 0

    def send(self) -> None:
        self.clock.advance(self.random.uniform(0, self.slowest))
        now = self.clock.monotonic()
        elapsed, self.seen_at = now - self.seen_at, now
        self.tokens = min(self.operation.burst, self.tokens + elapsed * self.operation.rate)
        refused = self.tokens < 1 - 1e-9
        if not refused:
            self.tokens -= 1
        self.clock.advance(self.random.uniform(0, self.slowest))
        if refused:
            self.refused += 1
            raise Throttled("", operation=self.operation.name)


class NoLogin:
    def get_auth(self) -> None:
        """Always logged in."""


class NoTransport:
    received = None


@pytest.mark.parametrize(
    ("operation", "calls", "slowest"),
    [(SEARCH_ORDERS, 2000, 2.0), (GET_INVENTORY_SUMMARIES, 700, 0.2), (GET_SHIPMENTS, 700, 0.2)],
    ids=lambda value: getattr(value, "name", None),
)
def test_over_days_amazon_never_answers_429_and_the_rate_is_used_in_full(ledger, clock, operation, calls, slowest):
    server = ModelServer(operation, clock, Random(7), slowest)  # noqa: S311  # latencies, not secrets
    caller = Caller(
        login=NoLogin(),
        login_transport=NoTransport(),
        quota=ledger,
        budget=Budget(1e9, clock.monotonic),
        clock=clock,
        sleep=clock.sleep,
        random=lambda: 0.5,
        on_progress=ignore_progress,
    )
    began = clock.monotonic()
    for number in range(calls):
        caller.perform(operation, NoTransport(), server.send)
        if number % 300 == 299:  # now and then the sync is over, and the bucket fills
            pause = 3 * operation.burst / operation.rate
            clock.advance(pause)
            began += pause - operation.burst / operation.rate
    possible = operation.burst + operation.rate * (clock.monotonic() - began)
    assert server.refused == 0
    assert calls >= 0.98 * possible - operation.burst
    assert caller.stats[operation.name].calls == calls
