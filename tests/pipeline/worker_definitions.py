"""The product's definitions with a clock in a file, for runs whose steps are done by several processes."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import dagster as dg

from amazon_pipeline.definitions import build_definitions
from amazon_pipeline.defs.session import Surroundings
from amazon_pipeline.settings import load_settings
from tests.pipeline.sync_process import SharedClock

CLOCK = "TEST_CLOCK"


@dg.definitions
def defs() -> dg.Definitions:
    """Of the environment's settings."""
    path = Path(os.environ[CLOCK])
    clock = SharedClock(path)

    def sleep(seconds: float) -> None:
        with path.open("rb") as file:  # two that wait at once both move it on
            fcntl.flock(file, fcntl.LOCK_EX)
            clock.sleep(seconds)

    return build_definitions(
        load_settings(None),
        Surroundings(clock=clock, monotonic=lambda: clock().timestamp(), sleep=sleep, retry_seconds=0),
    )
