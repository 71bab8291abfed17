"""The landed pages are enough: rebuild, quarantine and purge through the whole pipeline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from amazon_pipeline.commands.rebuild import rebuild
from amazon_pipeline.definitions import build_definitions
from amazon_pipeline.defs.upkeep import PURGE_JOB, REPLAY_JOB
from amazon_pipeline.schemas import MART_TABLES
from tests.pipeline.seller import Answer, Seller, running_seller


def tables(seller: Seller) -> dict[str, list[Any]]:
    """Every mart, but the statistics of the last run."""
    return {
        name: seller.rows(f"SELECT * FROM mart.{name} ORDER BY ALL") for name in MART_TABLES if name != "sync_status"
    }


def comments(seller: Seller) -> dict[str, str | None]:
    """What the published file says of every table and column of schema mart."""
    return dict(
        seller.rows(
            """SELECT table_name, comment FROM duckdb_tables() WHERE schema_name = 'mart'
               UNION ALL
               SELECT table_name || '.' || column_name, comment FROM duckdb_columns() WHERE schema_name = 'mart'"""
        )
    )


def meanings() -> dict[str, str]:
    """What the schemas say of them."""
    tables = {table.name: table.description for table in MART_TABLES.values()}
    return tables | {
        f"{table.name}.{column.name}": column.meaning for table in MART_TABLES.values() for column in table.columns
    }


@pytest.mark.slow
def test_rebuild_gives_the_same_tables_and_comments_from_the_landed_pages_alone(tmp_path: Path) -> None:
    with running_seller(tmp_path, quota_speed=1000) as seller:
        for _ in range(2):
            assert seller.sync().success
            seller.pass_time(hours=5)
        before = tables(seller)
        assert comments(seller) == meanings()
        watermarks = seller.rows("SELECT stream, watermark FROM mart.sync_status ORDER BY ALL")
        calls = len(seller.simulator.calls)
        seller.settings.warehouse_path.write_bytes(b"not a database any more")
        said: list[str] = []
        assert rebuild(seller.settings, said.append)
        assert tables(seller) == before
        assert comments(seller) == meanings()
        assert seller.rows("SELECT stream, watermark FROM mart.sync_status ORDER BY ALL") == watermarks
        assert len(seller.simulator.calls) == calls, "Amazon was not asked"
        assert "published" in said[-1]
        seller.pass_time(minutes=15)
        assert seller.sync().success, "and syncing goes on from there"


def test_a_bad_order_is_set_aside_asked_for_again_and_taken_when_it_is_good(tmp_path: Path) -> None:
    state: dict[str, Any] = {"broken": True, "id": None}

    def one_bad_row(path: str, headers: dict[str, str]) -> Answer | None:
        return None

    with running_seller(tmp_path, fault=one_bad_row, quota_speed=1000) as seller:

        def spoil(answer: Answer) -> Answer:
            body = json.loads(answer[2])
            orders = body.get("orders") or [body.get("order") or {}]
            for order in orders:
                state["id"] = state["id"] or order.get("orderId")
                if state["broken"] and order.get("orderId") == state["id"]:
                    order["createdTime"] = "the day before yesterday"
            return answer[0], answer[1], json.dumps(body).encode()

        seller.spoil = lambda path, answer: spoil(answer) if path.startswith("/orders/") else answer
        assert seller.sync().success, "good rows go on"
        assert seller.rows("SELECT record_id FROM staging.quarantine") == [(state["id"],)]
        assert seller.rows("SELECT rows_quarantined FROM mart.sync_status WHERE stream = 'orders'") == [(1,)]
        state["broken"] = False
        seller.pass_time(minutes=15)
        assert seller.sync().success
        assert seller.calls("getOrder") == 1
        assert seller.rows(f"SELECT count(*) FROM mart.orders WHERE amazon_order_id = '{state['id']}'") == [(1,)]
        seller.pass_time(minutes=15)
        assert seller.sync().success
        assert seller.calls("getOrder") == 1, "once it is there, nobody asks again"


def test_the_jobs_beside_the_sync_run(tmp_path: Path) -> None:
    with running_seller(tmp_path, quota_speed=1000) as seller:
        assert seller.sync().success
        definitions = build_definitions(seller.settings, seller.surroundings)
        seller.pass_time(days=1000)
        for name in (REPLAY_JOB, PURGE_JOB):
            job = definitions.resolve_job_def(name)
            assert job.execute_in_process(instance=seller.instance).success
        assert not list(seller.settings.landing_dir.glob("*/*/*"))
        assert seller.event_names() == [], "upkeep is no sync, and what was told long ago is forgotten"
