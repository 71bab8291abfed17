"""A stream against the simulated seller, with a clock moved by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Final

from amazon_pipeline.extraction import Extraction, Fetched
from amazon_pipeline.landing import Batch, Landing
from amazon_pipeline.selling_partner.client import open_selling_partner
from amazon_pipeline.selling_partner.quota import Budget
from amazon_pipeline.settings import Settings
from amazon_pipeline.simulator.clock import ManualClock
from amazon_pipeline.simulator.server import RunningSimulator

SELLER: Final = "A3SIMULATEDDEMO"


class Stream:
    """One stream of an account on one landing directory."""

    def __init__(self, name: str, simulator: RunningSimulator, clock: ManualClock, directory: Path) -> None:
        self.simulator = simulator
        self.clock = clock
        self.landing = Landing(directory / "landing", SELLER)
        self._name = name
        self._settings = Settings(_env_file=None, **simulator.environment, AMAZON_DATA_DIR=directory)  # type: ignore[arg-type]

    def fetch(self, fetch: Callable[[Extraction, Fetched], None]) -> Fetched:
        """One sync's part for this stream."""
        fetched = Fetched()
        clock = self.clock
        with open_selling_partner(
            self._settings,
            budget=Budget(600, lambda: clock().timestamp()),
            clock=clock,
            sleep=lambda pause: clock.advance(timedelta(seconds=pause)),  # type: ignore[arg-type,return-value]
        ) as client:
            fetch(Extraction(client, self.landing, SELLER, "simulator", clock), fetched)
        return fetched

    def batches(self) -> list[Batch]:
        """Oldest first."""
        return self.landing.batches(self._name)

    def statuses(self) -> list[str]:
        """How its batches stand, oldest first."""
        return [batch.manifest.status for batch in self.batches()]

    def calls(self, operation: str) -> int:
        """How often Amazon was asked for something."""
        return sum(call.operation == operation for call in self.simulator.calls)
