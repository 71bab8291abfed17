"""The week with this product: its client, its ledger, its orders stream, its landing; everything but Dagster."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from amazon_pipeline.extraction import Extraction, Fetched, fetch_orders, run_stream
from amazon_pipeline.extraction.orders import complete_window
from amazon_pipeline.extraction.windows import contiguous_end
from amazon_pipeline.landing import Landing
from amazon_pipeline.selling_partner.client import open_selling_partner
from amazon_pipeline.selling_partner.quota import Budget
from amazon_pipeline.settings import Settings
from benchmarks.quota.scene import BUDGET_SECONDS, DELAY, MARKETPLACES, Played, Scene

_LOOK_BACK: Final = timedelta(days=2)


def play(stage: Scene, directory: Path) -> Played:
    """Every sync of the week, landing below ``directory``."""
    settings = Settings(_env_file=None, **stage.simulator.environment, AMAZON_DATA_DIR=directory)  # type: ignore[arg-type]
    landing = Landing(settings.landing_dir, settings.credentials().seller_id)
    played = Played(known_until=stage.known_before)
    for _ in stage.syncs():
        played.read_until = stage.clock() - DELAY
        status = _sync(stage, settings, landing, played.known_until)
        played.syncs += 1
        played.incomplete += status == "backlog"
        if status not in ("ok", "backlog"):
            raise RuntimeError(f"a sync ended as {status}")
        since = (stage.clock() - _LOOK_BACK).date()
        windows = (complete_window(batch.manifest) for batch in landing.batches("orders", since=since))
        played.known_until = contiguous_end(played.known_until, [window for window in windows if window])
        if played.known_until:
            played.lags.append(stage.clock() - played.known_until)
    played.calls, played.throttled = stage.calls()
    for batch in landing.batches("orders"):
        for page in batch.pages():
            for order in page.body["orders"]:
                version = (order["orderId"], datetime.fromisoformat(order["lastUpdatedTime"]))
                played.rows += 1
                played.landed[version] = min(page.received_at, played.landed.get(version, page.received_at))
    return played


def _sync(stage: Scene, settings: Settings, landing: Landing, watermark: datetime | None) -> str:
    clock = stage.clock
    budget = Budget(BUDGET_SECONDS, lambda: clock().timestamp())
    with open_selling_partner(settings, budget=budget, clock=clock, sleep=stage.sleep) as client:
        extraction = Extraction(client, landing, settings.credentials().seller_id, settings.source, clock)

        def fetch(extraction: Extraction, fetched: Fetched) -> None:
            fetch_orders(extraction, fetched, marketplace_ids=MARKETPLACES, watermark=watermark)

        return run_stream("orders", lambda: extraction, fetch).status
