"""Two accounts in one deployment: what each has is its own, and one's trouble is not the other's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from amazon_pipeline.commands.backfill import backfill
from amazon_pipeline.commands.rebuild import rebuild
from amazon_pipeline.defs.session import Surroundings
from amazon_pipeline.errors import SettingsError
from amazon_pipeline.schemas import MART_TABLES
from amazon_pipeline.settings import Settings
from amazon_pipeline.simulator.clock import ManualClock
from amazon_pipeline.simulator.server import RunningSimulator
from tests.pipeline.seller import START, Seller, void

NORTH, SOUTH = "A1NORTH", "A2SOUTH"
SMALL: dict[str, Any] = {"quota_speed": 1000, "orders_per_day": 20, "sku_count": 60}


def write_accounts(path: Path, *accounts: tuple[str, str, RunningSimulator]) -> None:
    """The file of AMAZON_ACCOUNTS for simulated sellers: name, seller id, simulator."""
    entries = []
    for name, seller_id, simulator in accounts:
        of = simulator.environment
        entries.append(
            f"""[[accounts]]
name = "{name}"
seller_id = "{seller_id}"
region = "us-east-1"
refresh_token = "{of["AMAZON_REFRESH_TOKEN"]}"
lwa_app_id = "{of["AMAZON_LWA_APP_ID"]}"
lwa_client_secret = "{of["AMAZON_LWA_CLIENT_SECRET"]}"
sp_api_endpoint = "{simulator.sp_api_endpoint}"
lwa_endpoint = "{of["AMAZON_LWA_ENDPOINT"]}"
"""
        )
    path.write_text("\n".join(entries), encoding="utf-8")


class Accounts:
    """Two simulated sellers with the same world, so that nothing but the seller id tells their rows apart."""

    def __init__(self, directory: Path, stack: ExitStack) -> None:
        self.clock = ManualClock(START)
        self.north = stack.enter_context(RunningSimulator(clock=self.clock, **SMALL))
        self.south = stack.enter_context(RunningSimulator(clock=self.clock, **SMALL))
        self.file = directory / "accounts.toml"
        self._data_dir = directory / "data"
        self._instance = stack.enter_context(dg.DagsterInstance.ephemeral())
        self.progress: list[Any] = []
        self.list((("North", NORTH, self.north), ("South", SOUTH, self.south)))

    def list(self, accounts: tuple[tuple[str, str, RunningSimulator], ...]) -> None:
        write_accounts(self.file, *accounts)

    @property
    def deployment(self) -> Seller:
        """The pipeline of all listed accounts, as the file is now."""
        surroundings = Surroundings(
            clock=self.clock,
            monotonic=lambda: self.clock().timestamp(),
            sleep=lambda seconds: void(self.clock.advance(timedelta(seconds=seconds))),
            on_progress=self.progress.append,
            retry_seconds=0,
        )
        settings = Settings(_env_file=None, AMAZON_ACCOUNTS=self.file, AMAZON_DATA_DIR=self._data_dir)  # type: ignore[call-arg]
        return Seller(self.north, self.clock, settings, self._instance, surroundings)


@contextmanager
def two_accounts(directory: Path) -> Iterator[Accounts]:
    with ExitStack() as stack:
        yield Accounts(directory, stack)


def test_each_account_has_the_tables_it_would_have_alone(tmp_path: Path) -> None:
    with two_accounts(tmp_path) as accounts:
        both = accounts.deployment
        assert both.sync().success
        both.pass_time(minutes=45)
        assert both.sync().success
        for name, table in MART_TABLES.items():
            # when each stream was fetched, and with how many calls, is the one thing that may differ
            columns = [
                column
                for column in table.column_names
                if column not in ("seller_id", "transition_id", "api_calls", "throttled_calls", "quota_wait_seconds")
                and not column.endswith("_at")
                and column not in ("at", "since", "valid_from", "valid_to", "watermark", "last_sync", "window_start")
                and column not in ("window_end", "known_since", "explanation")
            ]
            listed = ", ".join(f'"{column}"' for column in columns)
            north = both.rows(f"SELECT {listed} FROM mart.{name} WHERE seller_id = '{NORTH}' ORDER BY ALL")
            south = both.rows(f"SELECT {listed} FROM mart.{name} WHERE seller_id = '{SOUTH}' ORDER BY ALL")
            assert north == south, name
            is_of_a_store = name.startswith("shopify_")
            assert north or is_of_a_store or name == "inventory_reconciliation", f"{name} is empty"
        assert both.rows("SELECT seller_id FROM meta.publication") == [(f"{NORTH},{SOUTH}",)]
        assert {progress.account for progress in accounts.progress} == {"North", "South"}
        summary = next(event for event in both.events if event.event == "amazon-sync-completed")
        assert f'"totalSKUs": {2 * SMALL["sku_count"]}' in summary.data.replace('":', '": ').replace("  ", " ")


@pytest.mark.slow
def test_one_account_that_is_refused_stops_no_other_and_every_surface_names_it(tmp_path: Path) -> None:
    with two_accounts(tmp_path) as accounts:
        both = accounts.deployment
        assert both.sync().success
        accounts.south.faults.add(operation="getAccessToken", kind="invalid_grant", times="always")
        both.pass_time(minutes=15)
        before = both.rows("SELECT max(last_success_at) FROM mart.sync_status")[0][0]
        run = both.sync()
        assert not run.success
        status = {
            (seller, stream): (state, message)
            for seller, stream, state, message in both.rows(
                "SELECT seller_id, stream, status, message FROM mart.sync_status"
            )
        }
        assert status[NORTH, "orders"][0] == "ok"
        assert status[SOUTH, "orders"][0] == "failed"
        fresh = f"SELECT min(last_success_at) > '{before}' FROM mart.sync_status WHERE stream = 'inventory'"
        assert both.rows(f"{fresh} AND seller_id = '{NORTH}'") == [(True,)]
        assert both.rows(f"{fresh} AND seller_id = '{SOUTH}'") == [(False,)]
        error = both.events[-1]
        assert error.event == "amazon-sync-error"
        assert "South: Inbound shipments, Inventory, Orders, Order history, " in error.data, "a reason is told once"
        assert "North" not in error.data
        (check,) = [
            one
            for one in run.get_asset_check_evaluations()
            if one.asset_key == dg.AssetKey(["raw", "orders"]) and one.check_name == "fetched"
        ]
        assert not check.passed
        assert "| South | failed |" in str(check.metadata["accounts"].value)
        assert str(check.description).startswith("South: LWA token: Login with Amazon refused")
        (failure,) = run.filter_events(lambda event: event.is_step_failure)
        assert "South: Inbound shipments, Inventory, Orders, " in failure.step_failure_data.error.message
        accounts.south.faults.clear()
        both.pass_time(minutes=15)
        assert both.sync().success


@pytest.mark.slow
def test_an_account_without_its_token_fails_alone(tmp_path: Path) -> None:
    with two_accounts(tmp_path) as accounts:
        text = accounts.file.read_text(encoding="utf-8")
        first, second = text.split("[[accounts]]")[1:]
        token = second.split('refresh_token = "')[1].split('"')[0]
        without = second.replace(f'refresh_token = "{token}"', 'refresh_token_env = "NOT_SET_ANYWHERE"')
        accounts.file.write_text(f"[[accounts]]{first}[[accounts]]{without}", encoding="utf-8")
        both = accounts.deployment
        assert both.settings.missing_credentials == ()
        assert not both.sync().success
        assert both.rows("SELECT DISTINCT seller_id FROM mart.orders") == [(NORTH,)]
        messages = both.rows(f"SELECT DISTINCT message FROM mart.sync_status WHERE seller_id = '{SOUTH}'")
        assert any("NOT_SET_ANYWHERE (account South)" in message for (message,) in messages)


@pytest.mark.slow
def test_an_account_that_waits_for_quota_keeps_no_other_waiting(tmp_path: Path) -> None:
    with two_accounts(tmp_path) as accounts, RunningSimulator(clock=accounts.clock, orders_per_day=1000) as busy:
        accounts.list((("North", NORTH, accounts.north), ("South", SOUTH, busy)))
        both = accounts.deployment
        both.settings = both.settings.model_copy(update={"sync_budget_seconds": 10})
        assert both.sync().success
        status = "SELECT seller_id, status FROM mart.sync_status WHERE stream = 'orders' ORDER BY ALL"
        assert both.rows(status) == [(NORTH, "ok"), (SOUTH, "backlog")]
        assert both.rows(f"SELECT count(*) > 0 FROM mart.orders WHERE seller_id = '{SOUTH}'") == [(True,)]


@pytest.mark.slow
def test_an_account_may_be_added_and_is_only_left_out_by_a_rebuild(tmp_path: Path) -> None:
    with two_accounts(tmp_path) as accounts:
        north, south = ("North", NORTH, accounts.north), ("South", SOUTH, accounts.south)
        accounts.list((north,))
        assert accounts.deployment.sync().success
        accounts.list((north, south))
        assert accounts.deployment.sync().success
        accounts.list((south,))
        alone = accounts.deployment
        assert not alone.sync().success
        assert "does not list" in alone.events[-1].data
        assert NORTH in alone.events[-1].data
        assert rebuild(alone.settings, lambda _line: None)
        assert alone.rows("SELECT DISTINCT seller_id FROM mart.orders") == [(SOUTH,)]
        alone.pass_time(minutes=15)
        assert alone.sync().success


def test_a_backfill_is_of_all_accounts_or_of_the_one_that_is_named(tmp_path: Path) -> None:
    with two_accounts(tmp_path) as accounts:
        both = accounts.deployment
        day = (accounts.clock() - timedelta(days=3)).date()
        said: list[str] = []
        with pytest.raises(SettingsError, match="--account West: there is no such account \\(North, South\\)"):
            backfill(both.settings, day, day, said.append, both.surroundings, account="West")
        assert backfill(both.settings, day, day, said.append, both.surroundings, account="South")
        assert both.rows("SELECT DISTINCT seller_id FROM mart.orders") == [(SOUTH,)]
        assert backfill(both.settings, day, day, said.append, both.surroundings)
        assert both.rows("SELECT DISTINCT seller_id FROM mart.orders ORDER BY 1") == [(NORTH,), (SOUTH,)]
