"""Two Shopify stores beside Amazon: their figures are those of their orders, and one's failure is its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr

from amazon_pipeline.commands.rebuild import rebuild
from amazon_pipeline.defs.session import StoreSession, Surroundings, is_worth_another_try
from amazon_pipeline.errors import ShopifyUnreachable
from amazon_pipeline.extraction import Fetched, Outcome
from amazon_pipeline.settings import Settings
from amazon_pipeline.simulator.shopify.world import UK, USA, true_figures
from amazon_pipeline.stores import ShopifyStore
from tests.pipeline.seller import Seller, running_seller

WINDOW = (
    "SELECT DISTINCT window_start::VARCHAR, window_end::VARCHAR FROM mart.channel_performance WHERE seller_id = '{}'"
)


def truth(seller: Seller, store: str, start: datetime, end: datetime):  # type: ignore[no-untyped-def]
    return true_figures(seller.simulator.stores[store].world, start, end, seller.clock())


def window_of(seller: Seller, domain: str) -> tuple[datetime, datetime]:
    ((start, end),) = seller.rows(WINDOW.format(domain))
    return datetime.fromisoformat(start), datetime.fromisoformat(end)


def test_the_figures_of_both_stores_are_those_of_their_orders(tmp_path: Path) -> None:
    with running_seller(tmp_path, stores=True, quota_speed=1000, orders_per_day=20) as seller:
        assert seller.sync().success
        seller.pass_time(minutes=15)
        assert seller.sync().success
        for account in (UK, USA):
            start, end = window_of(seller, account.domain)
            assert (start, end) == window_of(seller, seller.settings.seller_ids[0]), "the same 24 hours as Amazon's"
            true = truth(seller, account.key, start, end)
            ((orders, revenue, net, customers, average, fees, rate, estimated, store, currency),) = seller.rows(
                "SELECT orders, revenue, net_revenue, customers, average_order_value, fees, fee_rate, "
                "fees_are_estimated, store, currency "
                f"FROM mart.channel_performance WHERE seller_id = '{account.domain}'"
            )
            expected_fees = true.fees if true.fees is not None else None
            assert (orders, revenue, customers) == (true.orders, true.revenue, true.customers)
            assert (store, currency) == (account.name, account.currency)
            assert orders > 5
            assert estimated is (expected_fees is None)
            if expected_fees is None:
                assert fees == (revenue * Decimal("0.029")).quantize(Decimal("0.01"), "ROUND_HALF_UP")
            else:
                assert fees == expected_fees
            assert net == revenue - fees
            assert average == (revenue / orders).quantize(Decimal("0.01"), "ROUND_HALF_UP")
            assert abs(Decimal(str(rate)) - fees / revenue) < Decimal("0.0001")
        assert not any(store.personal for store in seller.simulator.stores.values()), "nothing of a person is asked for"


@pytest.mark.slow
def test_history_brings_the_days_before_and_each_day_is_the_stores_own(tmp_path: Path) -> None:
    with running_seller(tmp_path, stores=True, quota_speed=1000, orders_per_day=20) as seller:
        for _ in range(3):
            assert seller.sync().success
            seller.pass_time(minutes=15)
        days = seller.rows(
            "SELECT day, orders, revenue FROM mart.shopify_daily "
            f"WHERE seller_id = '{UK.domain}' ORDER BY day DESC OFFSET 1 LIMIT 20"
        )
        assert len(days) == 20
        for day, orders, revenue in days:
            midnight = datetime.combine(day, time(), ZoneInfo("Europe/London"))
            true = truth(seller, "uk-eu", midnight, midnight + timedelta(days=1))
            assert (orders, revenue) == (true.orders, true.revenue), day


@pytest.mark.slow
def test_a_products_demand_over_all_channels_is_one_query(tmp_path: Path) -> None:
    with running_seller(tmp_path, stores=True, quota_speed=1000, orders_per_day=60) as seller:
        assert seller.sync().success
        ((named,),) = seller.rows("SELECT min(sku) FROM mart.shopify_order_lines WHERE sku LIKE 'SHOP-%'")
        (tmp_path / "sku_map.csv").write_text(
            f"seller_id,seller_sku,product_sku\n,{named},{named.removeprefix('SHOP-')}\n,X\n", encoding="utf-8"
        )
        seller.pass_time(minutes=15)
        result = seller.sync()
        assert result.success
        (check,) = [one for one in result.get_asset_check_evaluations() if one.check_name == "thresholds_read"]
        assert "sku_map.csv line 3: has 2 fields instead of 3" in str(check.metadata["what"].value)
        product = named.removeprefix("SHOP-")
        rows = seller.rows(
            "SELECT channel, store, skus, units_7d <= units_30d FROM mart.product_demand "
            f"WHERE product_sku = '{product}'"
        )
        assert "Shopify" in {row[0] for row in rows}
        assert all(row[3] for row in rows)
        assert named in {sku for row in rows for sku in row[2].split(", ")}
        assert seller.rows(f"SELECT count(*) FROM mart.product_demand WHERE product_sku = '{named}'") == [(0,)]
        ((end, units),) = seller.rows(
            "SELECT any_value(known_until)::VARCHAR, sum(units_7d)::INTEGER FROM mart.product_demand "
            f"WHERE seller_id = '{UK.domain}'"
        )
        until = datetime.fromisoformat(end)
        true = truth(seller, "uk-eu", until - timedelta(days=7), until)
        assert units == sum(true.units.values())


@pytest.mark.slow
def test_a_store_that_fails_touches_neither_the_other_nor_amazon(tmp_path: Path) -> None:
    with running_seller(tmp_path, stores=True, quota_speed=1000, orders_per_day=20) as seller:
        assert seller.sync().success
        for fault in ("402", "errors-beside-data", "throttled"):
            seller.simulator.stores["usa"].add_fault(fault, None)
            seller.pass_time(minutes=15)
            assert not seller.sync().success
            status = {
                (row[0], row[1]): row[2:]
                for row in seller.rows("SELECT seller_id, stream, status, message FROM mart.sync_status")
            }
            assert status[USA.domain, "shopify_orders"][0] == "failed"
            assert {state for (who, _), (state, _) in status.items() if who != USA.domain} == {"ok"}
            older, newer = (window_of(seller, one.domain)[1] for one in (USA, UK))
            assert older < newer, "the store that fails keeps its last figures, with their age"
            assert "USA: Shopify orders could not be refreshed" in seller.events[-1].data
            assert USA.token not in seller.events[-1].data
            seller.simulator.stores["usa"].clear_faults()
        seller.simulator.stores["usa"].add_fault("throttled", 2)
        seller.pass_time(minutes=15)
        assert seller.sync().success, "it was only asked to wait"


@pytest.mark.slow
def test_rebuild_gives_the_same_tables_of_the_stores(tmp_path: Path) -> None:
    tables = ("shopify_orders", "shopify_order_lines", "shopify_fees", "shopify_daily", "channel_performance")
    with running_seller(tmp_path, stores=True, quota_speed=1000, orders_per_day=20) as seller:
        for _ in range(2):
            assert seller.sync().success
            seller.pass_time(minutes=15)
        before = {table: seller.rows(f"SELECT * FROM mart.{table} ORDER BY ALL") for table in tables}
        assert rebuild(seller.settings, lambda _line: None)
        for table, rows in before.items():
            assert seller.rows(f"SELECT * FROM mart.{table} ORDER BY ALL") == rows, table
        seller.settings = seller.settings.model_copy(update={"shopify_stores": ()})
        assert seller.sync().success
        for table in ("shopify_daily", "sync_status", "product_demand", "channel_performance"):
            left = seller.rows(f"SELECT count(*) FROM mart.{table} WHERE seller_id LIKE '%.myshopify.com'")
            assert left == [(0,)], f"nobody refreshes {table} of a store that was taken out"


@pytest.mark.parametrize(("seconds", "is_slow"), [(59.0, False), (60.0, True)])
def test_a_store_that_is_slow_to_fail_is_not_asked_again_in_the_same_sync(
    tmp_path: Path, seconds: float, *, is_slow: bool
) -> None:
    """A store that did not answer was waited for by each stream, three times over, and Amazon with it."""
    store = ShopifyStore("UK/EU", UK.domain, SecretStr(UK.token), "http://127.0.0.1:9")
    settings = Settings(_env_file=None, AMAZON_DATA_DIR=str(tmp_path))  # type: ignore[call-arg]
    session = StoreSession(store, settings, Surroundings(), run_id="run")
    error = ShopifyUnreachable("no answer", store=UK.domain, operation="ShopifyShop")
    failed = Outcome("shopify_shop", "failed", "", None, Fetched(), 4, 0, 0.0, error=error, duration_seconds=seconds)
    assert session.remember(failed) is failed
    assert is_worth_another_try(failed) is not is_slow
    if is_slow:
        with pytest.raises(ShopifyUnreachable):
            session.extraction()
    assert not is_worth_another_try(replace(failed, api_calls=0, duration_seconds=0.0))
