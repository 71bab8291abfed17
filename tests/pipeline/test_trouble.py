"""What happens when Amazon, the quota, the credentials or the process fail."""

from __future__ import annotations

import json
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from amazon_pipeline.defs.one_sync import end_dead_runs, only_sync
from amazon_pipeline.defs.session import MOST_RETRIES
from amazon_pipeline.defs.sync_job import CLI_RUN_TAGS, active_syncs
from amazon_pipeline.errors import SyncAlreadyRunning
from amazon_pipeline.events import SYNC_STARTED, EventLog
from amazon_pipeline.selling_partner.calls import ATTEMPTS
from tests.pipeline.seller import Answer, refuse, running_seller

HOLD_THE_LOCK = """
import fcntl, sys
lock = open(sys.argv[1], "a")
fcntl.flock(lock, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""
HTML = (503, {"content-type": "text/html"}, b"<html><body>Service Unavailable</body></html>")


def test_one_streams_failure_stops_no_other_and_is_told(tmp_path: Path) -> None:
    broken = {"now": True}

    def no_inventory(path: str, _headers: dict[str, str]) -> Answer | None:
        return refuse(403, "Unauthorized") if broken["now"] and "/fba/inventory/" in path else None

    with running_seller(tmp_path, fault=no_inventory, quota_speed=1000) as seller:
        result = seller.sync()
        assert not result.success
        status = {row[0]: row[1:] for row in seller.rows("SELECT stream, status, message FROM mart.sync_status")}
        assert status["orders"][0] == status["inbound_shipments"][0] == "ok"
        assert status["inventory"][0] == "failed"
        assert "Amazon Fulfillment" in status["inventory"][1], "the role that is missing"
        assert "request-of-the-fault" in status["inventory"][1], "what Amazon's support asks for"
        assert seller.rows("SELECT count(*) > 100 FROM mart.orders") == [(True,)]
        assert seller.event_names() == ["amazon-sync-started", "amazon-sync-completed", "amazon-sync-error"]
        sentence = json.loads(seller.events[-1].data)["error"]
        assert sentence.startswith("Inventory could not be refreshed")

        broken["now"] = False
        seller.pass_time(minutes=15)
        assert seller.sync().success
        assert seller.rows("SELECT count(*) FROM mart.sync_status WHERE status = 'ok'") == [(7,)]


def test_a_step_that_met_what_may_pass_is_tried_again_and_ends_well(tmp_path: Path) -> None:
    asked: list[str] = []

    def unwell_for_a_while(path: str, _headers: dict[str, str]) -> Answer | None:
        if "/fba/inventory/" not in path:
            return None
        asked.append(path)
        return HTML if len(asked) <= ATTEMPTS + 1 else None

    with running_seller(tmp_path, fault=unwell_for_a_while, quota_speed=1000) as seller:
        result = seller.sync()
        assert result.success
        retried = [event.step_key for event in result.all_events if event.event_type_value == "STEP_UP_FOR_RETRY"]
        assert retried == ["raw__inventory"]
        assert seller.event_names() == ["amazon-sync-started", "amazon-sync-completed"], "nobody is alarmed"
        assert seller.rows("SELECT count(*) > 0 FROM mart.inventory") == [(True,)]


@pytest.mark.slow
def test_a_step_that_meets_it_again_and_again_fails_in_words_and_what_is_permanent_is_tried_once(
    tmp_path: Path,
) -> None:
    asked: dict[str, int] = {"inventory": 0, "orders": 0}

    def unwell(path: str, _headers: dict[str, str]) -> Answer | None:
        if "/fba/inventory/" in path:
            asked["inventory"] += 1
            return HTML
        if path.startswith("/orders/"):
            asked["orders"] += 1
            return refuse(403, "Unauthorized")
        return None

    with running_seller(tmp_path, fault=unwell, quota_speed=1000) as seller:
        assert not seller.sync().success
        assert asked == {"inventory": ATTEMPTS * (1 + MOST_RETRIES), "orders": 1}


@pytest.mark.slow
def test_a_page_of_html_is_never_taken_for_an_empty_day(tmp_path: Path) -> None:
    broken = {"now": False}

    def no_orders(path: str, _headers: dict[str, str]) -> Answer | None:
        return HTML if broken["now"] and path.startswith("/orders/") else None

    settings = {"AMAZON_HISTORY_DAYS": "0"}
    with running_seller(tmp_path, fault=no_orders, settings=settings, quota_speed=1000) as seller:
        assert seller.sync().success
        before = seller.rows("SELECT * FROM mart.orders ORDER BY ALL")
        watermark = seller.rows("SELECT watermark FROM mart.sync_status WHERE stream = 'orders'")
        broken["now"] = True
        seller.pass_time(minutes=30)
        assert not seller.sync().success
        assert seller.rows("SELECT * FROM mart.orders ORDER BY ALL") == before
        assert seller.rows("SELECT watermark FROM mart.sync_status WHERE stream = 'orders'") == watermark


@pytest.mark.slow
def test_rows_that_are_invalid_by_the_dozen_fail_their_stream(tmp_path: Path) -> None:
    """A format that changed set aside every row, and the sync ended green with old figures."""
    settings = {"AMAZON_HISTORY_DAYS": 0}
    with running_seller(tmp_path, fault=lambda _path, _headers: None, settings=settings, quota_speed=1000) as seller:
        assert seller.sync().success
        before = seller.rows("SELECT * FROM mart.orders ORDER BY ALL")
        seller.spoil = lambda _path, answer: (*answer[:2], answer[2].replace(b'"lastUpdatedTime"', b'"updatedAt"'))
        seller.pass_time(hours=6)
        result = seller.sync()
        assert not result.success
        evaluations = {(check.asset_key, check.check_name): check for check in result.get_asset_check_evaluations()}
        check = evaluations[dg.AssetKey(["staging", "orders"]), "none_quarantined"]
        assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.ERROR)
        assert check.metadata["quarantine_rate"].value == 1
        ((message,),) = seller.rows("SELECT message FROM mart.sync_status WHERE status = 'failed'")
        assert "rows were set aside as invalid, the first because: last_update_date" in message
        assert message in json.loads(seller.events[-1].data)["error"]
        assert seller.rows("SELECT * FROM mart.orders ORDER BY ALL") == before


@pytest.mark.slow
def test_a_sync_in_which_nothing_worked_is_not_told_as_completed(tmp_path: Path) -> None:
    """The marketplaces are asked for once a day; that they were not due made a run of failures look like news."""
    broken = {"now": False}

    def nothing(path: str, _headers: dict[str, str]) -> Answer | None:
        return refuse(403, "Unauthorized") if broken["now"] and not path.startswith("/auth/") else None

    with running_seller(tmp_path, fault=nothing, quota_speed=1000) as seller:
        assert seller.sync().success
        broken["now"] = True
        seller.pass_time(minutes=15)
        assert not seller.sync().success
        assert seller.event_names()[2:] == ["amazon-sync-started", "amazon-sync-error"]
        assert seller.rows("SELECT count(*) FROM mart.sync_status WHERE status = 'failed'") == [(3,)]
        assert seller.rows("SELECT count(*) > 100 FROM mart.orders") == [(True,)], "what was known is still shown"


def test_refused_credentials_are_tried_once_and_nothing_is_published(tmp_path: Path) -> None:
    settings = {"AMAZON_LWA_CLIENT_SECRET": "wrong"}
    with running_seller(tmp_path, settings=settings, quota_speed=1000) as seller:
        assert not seller.sync().success
        assert seller.calls("getAccessToken") == 1
        assert not seller.settings.published_path.exists()
        assert seller.event_names() == ["amazon-sync-started", "amazon-sync-error"]
        assert "AMAZON_LWA_CLIENT_SECRET" in seller.events[-1].data


@pytest.mark.slow
def test_a_dry_quota_ends_the_sync_cleanly_and_the_next_goes_on_from_there(tmp_path: Path) -> None:
    """The first window holds more pages than the bucket tokens."""
    settings = {"AMAZON_SYNC_BUDGET_SECONDS": "600"}
    with running_seller(tmp_path, settings=settings, orders_per_day=1000, sku_count=20) as seller:
        assert seller.sync().success, "a backlog is no failure"
        row = seller.rows(
            "SELECT status, backlog, watermark, quota_wait_seconds > 0 FROM mart.sync_status WHERE stream = 'orders'"
        )
        assert row == [("backlog", True, None, True)]
        assert seller.rows("SELECT count(*) > 1900 FROM mart.orders") == [(True,)], "what landed is shown already"
        assert seller.rows("SELECT count(*) FROM mart.order_metrics_24h") == [(0,)], "no figure of half a window"
        for _ in range(12):
            seller.pass_time(minutes=15)
            assert seller.sync().success
            if seller.rows("SELECT backlog FROM mart.sync_status WHERE stream = 'orders'") == [(False,)]:
                break
        assert seller.rows("SELECT count(*) > 0 FROM mart.order_metrics_24h") == [(True,)]
        tokens = [
            call.params["paginationToken"] for call in seller.simulator.calls if call.params.get("paginationToken")
        ]
        assert len(tokens) == len(set(tokens)), "no page is fetched twice"
        assert [call for call in seller.simulator.calls if call.status == 429] == []


@pytest.mark.slow
def test_an_account_without_fba_has_no_inventory_and_no_failure(tmp_path: Path) -> None:
    def no_fba(path: str, _headers: dict[str, str]) -> Answer | None:
        return refuse(400, "InvalidInput", "Invalid input") if "/fba/inventory/" in path else None

    with running_seller(tmp_path, fault=no_fba, quota_speed=1000) as seller:
        assert seller.sync().success
        assert seller.rows("SELECT status FROM mart.sync_status WHERE stream = 'inventory'") == [("not-available",)]


@pytest.mark.slow
def test_a_reader_keeps_what_it_opened_and_never_stops_a_sync(tmp_path: Path) -> None:
    with running_seller(tmp_path, quota_speed=1000) as seller:
        assert seller.sync().success
        link = seller.settings.published_path
        with duckdb.connect(link.resolve(), read_only=True) as reader:
            before = reader.execute("SELECT publication_id FROM meta.publication").fetchall()
            for _ in range(2):
                seller.pass_time(minutes=15)
                assert seller.sync().success
            assert reader.execute("SELECT publication_id FROM meta.publication").fetchall() == before
        assert seller.rows("SELECT publication_id FROM meta.publication") == [(3,)]
        assert not list(link.parent.glob("published/*.wal"))


def test_a_sync_that_was_killed_is_told_and_marked_failed(tmp_path: Path) -> None:
    with running_seller(tmp_path, quota_speed=1000) as seller:
        run = seller.instance.create_run_for_job(_job(seller))
        seller.instance.report_engine_event("started", run)
        events = EventLog(seller.settings.state_path)
        events.append(SYNC_STARTED, {}, at=seller.clock(), run_id=run.run_id)
        assert end_dead_runs(seller.settings, seller.instance) == [run.run_id]
        assert seller.event_names() == ["amazon-sync-started", "amazon-sync-error"]
        ended = seller.instance.get_run_by_id(run.run_id)
        assert ended is not None
        assert ended.is_failure
        assert end_dead_runs(seller.settings, seller.instance) == [], "told once"


def test_a_foreground_sync_that_died_before_it_began_blocks_no_other(tmp_path: Path) -> None:
    """Killed after Dagster had made its run and before it said so, it made each later sync answer «already running»."""
    with running_seller(tmp_path, quota_speed=1000) as seller:
        run = seller.instance.create_run_for_job(_job(seller), tags=CLI_RUN_TAGS)
        assert active_syncs(seller.instance) == [run.run_id]
        end_dead_runs(seller.settings, seller.instance)
        assert active_syncs(seller.instance) == []


def test_a_second_sync_is_refused_and_names_the_first(tmp_path: Path) -> None:
    with running_seller(tmp_path, quota_speed=1000) as seller:
        EventLog(seller.settings.state_path).append(SYNC_STARTED, {}, at=seller.clock(), run_id="run-1")
        import subprocess
        import sys

        held = subprocess.Popen(
            [
                sys.executable,
                "-c",
                HOLD_THE_LOCK,
                str(seller.settings.lock_path),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        try:
            assert held.stdout is not None
            held.stdout.readline()
            with pytest.raises(SyncAlreadyRunning, match="run-1"), only_sync(seller.settings):
                pass
        finally:
            held.communicate()


def _job(seller: object) -> object:
    from amazon_pipeline.definitions import build_definitions
    from amazon_pipeline.defs.sync_job import JOB

    return build_definitions(seller.settings).resolve_job_def(JOB)  # type: ignore[attr-defined]


@pytest.mark.slow
def test_an_application_that_may_not_use_reports_still_syncs(tmp_path: Path) -> None:
    def no_reports(path: str, _headers: dict[str, str]) -> Answer | None:
        return refuse(403, "Unauthorized") if path.startswith("/reports/") else None

    with running_seller(tmp_path, fault=no_reports, quota_speed=1000) as seller:
        assert seller.sync().success
        (row,) = seller.rows("SELECT status, message FROM mart.sync_status WHERE stream = 'orders_history'")
        assert row[0] == "not-available"
        assert "request-of-the-fault" in row[1]
