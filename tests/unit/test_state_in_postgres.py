"""What is asked of state in PostgreSQL beyond what holds for both kinds."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from amazon_pipeline import state
from amazon_pipeline.errors import SettingsError
from amazon_pipeline.events import EventLog
from amazon_pipeline.selling_partner.operations import SEARCH_ORDERS
from amazon_pipeline.selling_partner.quota import QuotaLedger
from amazon_pipeline.settings import load_settings
from tests.postgres_server import PASSWORD, PostgresServer, are_programs_here, postgres_server

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A server that may be stopped."""
    if not are_programs_here():
        pytest.skip("PostgreSQL's server programs are not here: apt-get install postgresql (.ci/run does)")
    with postgres_server() as server:
        yield server


def test_ids_become_visible_in_the_order_they_are_given(state_url: SecretStr) -> None:
    """An id given early and committed late would be passed over by whoever reads on from the newest."""
    log = EventLog(state_url)
    seen: list[int] = []
    done = threading.Event()

    def follow() -> None:
        while not done.is_set() or log.last_id() > (seen[-1] if seen else 0):
            seen.extend(event.id for event in log.after(seen[-1] if seen else 0))

    with ThreadPoolExecutor(5) as pool:
        reader = pool.submit(follow)
        writers = [pool.submit(lambda: [log.append("e", {"a": "100%?"}, at=NOW) for _ in range(40)]) for _ in range(4)]
        ids = [one for writer in writers for one in writer.result()]
        done.set()
        reader.result()
    assert seen == sorted(ids)
    assert len(set(ids)) == 160


def test_looking_again_and_again_opens_no_connection_for_each_look(
    postgres: PostgresServer, state_url: SecretStr
) -> None:
    log = EventLog(state_url)
    for _ in range(50):
        log.after(0)
    count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'amazon_pipeline'"
    assert int(postgres.run(count)[0][0]) <= 4
    sessions = "SELECT sessions FROM pg_stat_database WHERE datname = 'state'"
    before = postgres.run(sessions)
    log.after(0)
    assert postgres.run(sessions) == before


def test_a_server_that_is_started_again_is_waited_for_by_writers_and_costs_no_token(
    own_server: PostgresServer,
) -> None:
    url = SecretStr(own_server.create_database("state"))
    ledger = QuotaLedger(url, seller_id="A1", clock=lambda: NOW)
    for _ in range(20):
        ledger.settle(take) if (take := ledger.take(SEARCH_ORDERS)) else None
    assert ledger.take(SEARCH_ORDERS) is None
    own_server.stop()
    with pytest.raises(state.StateUnavailable, match="AMAZON_STATE_URL") as refused:
        EventLog(url).after(0)
    assert PASSWORD not in str(refused.value)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(ledger.take, SEARCH_ORDERS)
        own_server.start()
        assert waiting.result() is None, "the bucket is as empty as it was"
    assert EventLog(url).after(0) == []


def test_a_password_that_is_wrong_is_not_shown(postgres: PostgresServer) -> None:
    wrong = SecretStr(postgres.url("state", password="not-the-password"))
    with pytest.raises(state.StateUnavailable, match="password authentication failed") as refused:
        EventLog(wrong).last_id()
    assert "not-the-password" not in str(refused.value)


@pytest.mark.parametrize(
    "url", ["mysql://u:hunter2@h/d", "postgresql:///d", "postgresql://u:hun@ter2@h/d", "postgresql://u:hunter2@h:x/d"]
)
def test_a_url_that_is_no_databases_is_refused_without_being_shown(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMAZON_STATE_URL", url)
    with pytest.raises(SettingsError, match=r"^AMAZON_STATE_URL: must be postgresql://") as refused:
        load_settings(None)
    assert "ter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("variables", "missing"),
    [
        ({"AMAZON_EXECUTOR": "kubernetes"}, "needs AMAZON_STATE_URL"),
        ({"AMAZON_EXECUTOR": "celery", "AMAZON_STATE_URL": "postgresql://h/d"}, "needs AMAZON_CELERY_BROKER"),
    ],
)
def test_workers_without_a_place_to_meet_are_refused(
    variables: dict[str, str], missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=missing):
        load_settings(None)
