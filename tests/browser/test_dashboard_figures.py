"""What the dashboard shows of a published file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from amazon_pipeline.events import SYNC_ERROR
from tests.browser.conftest import Dashboard
from tests.browser.seller_account import AS_OF, Order, SellerAccount, Sku, busy_account, calm_account

pytestmark = pytest.mark.browser

Serve = Callable[..., Dashboard]
NewPage = Callable[..., Page]
Picture = Callable[..., None]
CARDS = ("revenue", "orders", "average", "inventory", "low", "out")


def opened(page: Page, dashboard: Dashboard) -> Page:
    page.goto(dashboard.url)
    page.wait_for_selector("body.settled")
    return page


def column(page: Page, table: str, number: int) -> list[str]:
    return page.locator(f"#{table} tbody tr > :nth-child({number})").all_inner_texts()


def test_each_card_says_its_figure_its_change_and_its_window(serve: Serve, new_page: NewPage, picture: Picture) -> None:
    page = opened(new_page(), serve(busy_account()))
    expect(page.locator("#kpi-revenue .value")).to_have_text("US$600.00")
    expect(page.locator("#kpi-revenue .change")).to_have_text("▲Up 20% vs previous 24\u00a0h")
    expect(page.locator("#kpi-revenue .when")).to_have_text("Last 24 hours to 12:45")
    expect(page.locator("#kpi-orders .value")).to_have_text("28")
    expect(page.locator("#kpi-orders .detail")).to_contain_text("2 to ship, 1 pending, 25 shipped")
    expect(page.locator("#kpi-average .value")).to_have_text("US$25.00")
    expect(page.locator("#kpi-inventory .value")).to_have_text("1,200")
    expect(page.locator("#kpi-inventory .detail")).to_contain_text("1,023 available")
    expect(page.locator("#kpi-low .value a")).to_contain_text("5")
    expect(page.locator("#kpi-out .value a")).to_contain_text("2")
    expect(page.locator("#freshness")).to_have_text("Data as of 12:45 (3 min ago)")
    picture(page, "wide")


def test_another_currency_stands_beside_the_revenue_and_is_never_added(serve: Serve, new_page: NewPage) -> None:
    page = opened(new_page(), serve(busy_account()))
    expect(page.locator("#kpi-revenue .detail")).to_contain_text("also CA$120.00 in 3 orders")
    expect(page.locator("#kpi-average .detail")).to_contain_text("also CA$40.00 in 3 orders")


def test_the_low_stock_list_puts_what_is_out_first_then_the_lowest(serve: Serve, new_page: NewPage) -> None:
    page = opened(new_page(), serve(busy_account()))
    assert column(page, "low-stock", 1) == ["Out of stock", "Out of stock", "Low", "Low", "Low"]
    assert column(page, "low-stock", 3)[2:] == ["KETTLE-09", "APRON-GRN", "WHISK-XL"]
    assert column(page, "low-stock", 5) == ["0", "0", "2", "7", "24"]
    assert column(page, "low-stock", 7) == ["10", "10", "10", "10", "40"]
    expect(page.locator("#low-stock .summary")).to_have_text("2 out of stock, 3 low")
    expect(page.locator("#low-stock tbody")).not_to_contain_text("spoon")


def test_show_more_reads_the_rest_of_a_long_list(serve: Serve, new_page: NewPage) -> None:
    account = SellerAccount(skus=[Sku(f"SKU-{number:03d}", number % 10) for number in range(30)])
    page = opened(new_page(), serve(account))
    expect(page.locator("#low-stock .list-foot p")).to_have_text("Showing 12 of 30")
    page.locator("#low-stock").get_by_role("button", name="Show more").click()
    expect(page.locator("#low-stock .list-foot p")).to_have_text("Showing 24 of 30")
    page.locator("#low-stock").get_by_role("button", name="Show more").click()
    expect(page.locator("#low-stock .list-foot p")).to_have_text("30 in all")
    expect(page.locator("#low-stock .list-foot p")).to_be_focused()
    skus = column(page, "low-stock", 3)
    assert len(set(skus)) == 30


def test_nothing_low_is_said_in_words(serve: Serve, new_page: NewPage, picture: Picture) -> None:
    page = opened(new_page(640), serve(calm_account()))
    expect(page.locator("#low-stock .list-foot")).to_contain_text("Nothing is low")
    expect(page.locator("#kpi-low .value")).to_have_text("0")
    expect(page.locator("#shipments .list-foot")).to_contain_text("No open shipments.")
    picture(page, "calm")


def test_orders_come_newest_first_and_an_amount_that_is_not_known_is_a_dash(serve: Serve, new_page: NewPage) -> None:
    page = opened(new_page(), serve(busy_account()))
    assert column(page, "orders", 1)[:3] == ["12:43", "12:40", "12:33"]
    assert "Amazon has given no amount yet" in column(page, "orders", 8)[0]
    assert column(page, "orders", 8)[1] == "US$25.00"


def test_open_shipments_say_what_was_received_of_what_was_expected(serve: Serve, new_page: NewPage) -> None:
    page = opened(new_page(), serve(busy_account()))
    expect(page.locator("#shipments tbody tr")).to_have_count(3)
    receiving = page.locator("#shipments tbody tr", has_text="FBA15ABCDE01")
    expect(receiving).to_contain_text("120 of 200")
    expect(receiving.locator("td").last).to_have_text("9")
    expect(page.locator("#shipments tbody tr", has_text="FBA15ABCDE03")).to_contain_text("not been read yet")
    expect(page.locator("#shipments tbody")).not_to_contain_text("Summer refill")


def test_a_failed_stream_is_shown_with_its_message_and_age(serve: Serve, new_page: NewPage) -> None:
    page = opened(new_page(), serve(busy_account()))
    failed = page.locator("#sync-streams li", has_text="Inbound shipments")
    expect(failed).to_contain_text("Failed")
    expect(failed).to_contain_text("5 hr ago")
    expect(failed).to_contain_text("Add it in Seller Central")
    expect(page.locator("#sync-streams li", has_text="Orders")).to_contain_text("Catching up")


def test_simulated_data_is_marked_as_demo_data_and_real_data_is_not(
    serve: Serve, new_page: NewPage, picture: Picture
) -> None:
    account = busy_account()
    dashboard = serve(account)
    page = opened(new_page(color_scheme="dark"), dashboard)
    expect(page.locator("#demo")).to_be_hidden()
    account.source = "simulator"
    dashboard.publish(account)
    opened(page, dashboard)
    expect(page.locator("#demo")).to_contain_text("No figure here is real.")
    expect(page).to_have_title("Demo · Amazon Pipeline")
    picture(page, "dark-demo")


def test_old_data_is_shown_with_a_warning(serve: Serve, new_page: NewPage, picture: Picture) -> None:
    account = busy_account()
    account.as_of = AS_OF - timedelta(hours=3)
    page = opened(new_page(1024), serve(account))
    expect(page.locator("#freshness.is-stale")).to_have_text("Data as of 09:45 (3 hr ago)")
    expect(page.locator('[data-subject="stale"]')).to_contain_text("These figures are old.")
    expect(page.locator("#kpi-revenue .value")).to_have_text("US$600.00")
    picture(page, "stale")


def test_without_credentials_the_page_asks_for_them_and_holds_no_figure(
    serve: Serve, new_page: NewPage, picture: Picture
) -> None:
    page = new_page()
    page.goto(serve(busy_account(), configured=False).url)
    prompt = page.locator("#setup")
    expect(prompt).to_be_visible()
    expect(prompt).to_contain_text("Amazon SP-API not configured.")
    names = ["AMAZON_REFRESH_TOKEN", "AMAZON_LWA_APP_ID", "AMAZON_LWA_CLIENT_SECRET", "AMAZON_SELLER_ID"]
    assert prompt.locator("li").all_inner_texts() == names
    guide, seller_central = prompt.get_by_role("link").all()
    expect(guide).to_have_attribute("href", "/docs/integrations/amazon-sp-api-setup")
    expect(seller_central).to_have_attribute("href", "https://sellercentral.amazon.com")
    assert not any(character.isdigit() for character in page.locator("main").inner_text())
    picture(page, "setup")


def test_before_the_first_sync_every_figure_is_a_dash_with_its_reason(
    serve: Serve, new_page: NewPage, picture: Picture
) -> None:
    page = opened(new_page(), serve())
    expect(page.locator('[data-subject="first-sync"]')).to_contain_text("The first sync has not finished.")
    for card in CARDS:
        expect(page.locator(f"#kpi-{card} .value")).to_contain_text("—")
        expect(page.locator(f"#kpi-{card} .detail")).to_contain_text("Waiting for the first sync")
    assert not any(character.isdigit() for character in page.locator(".kpis").inner_text())
    picture(page, "first-sync")


def test_a_first_sync_that_failed_says_why(serve: Serve, new_page: NewPage, picture: Picture) -> None:
    dashboard = serve()
    dashboard.tell(
        SYNC_ERROR, {"error": "Amazon refused the login.", "timestamp": "2026-11-22T12:40:00Z", "runId": "r"}
    )
    page = opened(new_page(), dashboard)
    expect(page.locator('[data-subject="first-sync"]')).to_contain_text("Amazon refused the login.")
    picture(page, "first-sync-failed")


def test_orders_that_are_not_known_yet_are_dashes_beside_a_known_stock(serve: Serve, new_page: NewPage) -> None:
    page = opened(new_page(), serve(SellerAccount(skus=[Sku("SPOON-01", 60)])))
    expect(page.locator("#kpi-inventory .value")).to_have_text("60")
    expect(page.locator("#kpi-revenue .value")).to_contain_text("—")
    expect(page.locator("#kpi-revenue .detail")).to_contain_text("has not been read yet")


def test_revenue_is_a_dash_when_no_order_has_an_amount(serve: Serve, new_page: NewPage) -> None:
    account = calm_account()
    account.orders = [Order(1, 10, total=None, status="Pending"), Order(2, 1500)]
    page = opened(new_page(), serve(account))
    expect(page.locator("#kpi-orders .value")).to_have_text("1")
    for card in ("revenue", "average"):
        expect(page.locator(f"#kpi-{card} .value")).to_contain_text("—")
        expect(page.locator(f"#kpi-{card} .detail")).to_contain_text("No order has an amount yet")


def test_a_key_is_asked_for_at_the_login_page(serve: Serve, new_page: NewPage) -> None:
    page = new_page(may_complain=True)
    page.goto(serve(busy_account(), AMAZON_API_KEY="k" * 40).url)
    page.wait_for_url("**/login")
    page.get_by_label("API key").fill("k" * 40)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("#kpi-orders .value")).to_have_text("28")
