"""A simulated seller on a standing clock, and a client that is logged in to it."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

import pytest

from amazon_pipeline.simulator.clock import ManualClock
from amazon_pipeline.simulator.server import RunningSimulator
from amazon_pipeline.simulator.world import World
from tests.simulator.visitor import NOW, Visitor, visit


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def visitor(clock: ManualClock) -> Iterator[Visitor]:
    """A small account with Amazon's real quota; the clock may be moved."""
    with RunningSimulator(clock=clock, orders_per_day=40, sku_count=20) as simulator:
        yield from visit(simulator)


@pytest.fixture(scope="module")
def reader() -> Iterator[Visitor]:
    """A small account without quota, on a clock that nobody moves: tests of one module share it."""
    with RunningSimulator(clock=ManualClock(NOW), orders_per_day=40, sku_count=20, quota_speed=inf) as simulator:
        yield from visit(simulator)


@pytest.fixture(scope="module")
def world() -> World:
    """The account of the demo, as large as it is there."""
    return World(clock=ManualClock(NOW))
