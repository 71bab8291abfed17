"""What the dashboard shows of a published file."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from amazon_pipeline.events import SYNC_ERROR
from tests.browser.conftest import Dashboard
from tests.browser.seller_account import AS_OF, Order, SellerAccount, Sku, Store, busy_account, calm_account

pytestmark = pytest.mark.browser

Serve = Callable[..., Dashboard]
NewPage = Callable[..., Page]
Picture = Callable[..., None]
CARDS = ("revenue", "orders", "units", "average", "inventory", "low", "out")


def opened(page: Page, dashboard: Dashboard) -> Page:
    page.goto(dashboard.url)
    page.wait_for_selector("body.settled")
    return page


def column(page: Page, table: str, number: int) -> list[str]:
    return page.locator(f"#{table} tbody tr > :nth-child({number})").all_inner_texts()


def test_each_card_says_its_figure_its_change_and_its_window(serve: Serve, new_page: NewPage, picture: Picture) -> None:
    page = opened(new_page(), serve(busy_account()))
    expect(page.locator("#kpi-revenue .value")).to_have_text("US$600.00")
    expect(page.locator("#kpi-revenue .change")).to_have_text("▲Up 20% vs 24\u00a0h before")
    expect(page.locator("#kpi-revenue .when")).to_have_text("24\u00a0h to 12:45")
    expect(page.locator("#kpi-orders .value")).to_have_text("28")
    expect(page.locator("#kpi-orders .detail")).to_have_text("To ship 2Pending 1Shipped 251 canceled, not counted")
    expect(page.locator("#kpi-average .value")).to_have_text("US$25.00")
    expect(page.locator("#kpi-inventory .value")).to_have_text("1,200")
    expect(page.locator("#kpi-inventory .detail")).to_contain_text("Available 1,023")
    expect(page.locator("#kpi-low .value a")).to_contain_text("5")
    expect(page.locator("#kpi-out .value a")).to_contain_text("2")
    expect(page.locator("#freshness")).to_have_text("Data as of 12:45 (3 min ago)")
    picture(page, "wide")


def test_another_currency_stands_beside_the_revenue_and_is_never_added(serve: Serve, new_page: NewPage) -> None:
    page = opened(new_page(), serve(busy_account()))
    expect(page.locator("#kpi-revenue .detail")).to_contain_text("also CA$120.00 in 3 orders")
    expect(page.locator("#kpi-average .detail")).to_contain_text("also CA$40.00 in 3 orders")


def test_the_most_urgent_stock_comes_first_with_its_splits_and_its_advice(serve: Serve, new_page: NewPage) -> None:
    page = opened(new_page(), serve(busy_account()))
    rows = page.locator("#inventory tbody tr")
    expect(rows).to_have_count(25)
    assert [word.strip() for word in column(page, "inventory", 1)[:6]] == [
        "Out of stock", "Out of stock", "Low", "Low", "Low", "In stock"
    ]  # fmt: skip
    kettle = page.locator("#inventory tbody tr", has_text="KETTLE-09")
    expect(kettle.locator("td").nth(1)).to_contain_text("threshold 10")
    expect(kettle.locator("td").nth(2)).to_have_text("32\u00a0customer, 1\u00a0transfer")
    expect(kettle.locator("td").nth(3)).to_have_text("4848\u00a0shipped")
    expect(kettle.locator("td").nth(4).locator("svg")).to_be_visible()
    expect(kettle.locator("td").nth(4)).to_contain_text("30 days: from 33 to 2 available")
    expect(kettle.locator("td").nth(6)).to_have_text("1Critical")
    expect(kettle.locator("td").nth(7)).to_have_text("128to order")
    expect(page.locator("#inventory .summary")).to_have_text("25 SKUs: 2 out of stock, 3 low, 2 with units inbound")


def test_why_tells_the_arithmetic_of_a_row_and_closes_again(serve: Serve, new_page: NewPage, picture: Picture) -> None:
    page = opened(new_page(), serve(busy_account()))
    button = page.get_by_role("button", name="Why: the arithmetic for KETTLE-09")
    button.click()
    expect(page.locator(".why")).to_contain_text("KETTLE-09: 2 x (30 + 45 + 14) less what there is.")
    expect(page.locator(".why")).to_contain_text("Reorder point")
    expect(button).to_have_attribute("aria-expanded", "true")
    picture(page, "why")
    button.click()
    expect(page.locator(".why")).to_have_count(0)


def test_the_inventory_is_filtered_searched_sorted_and_turned_page_by_page(
    serve: Serve, new_page: NewPage, picture: Picture
) -> None:
    account = SellerAccount(skus=[Sku(f"SKU-{number:03d}", number % 40) for number in range(80)])
    page = opened(new_page(), serve(account))
    shown = page.locator('#inventory [data-part="shown"]')
    expect(shown).to_have_text("1 to 25 of 80 rows")
    page.get_by_role("button", name="Last").click()
    expect(shown).to_have_text("76 to 80 of 80 rows")
    page.get_by_role("button", name="Back", exact=True).click()
    expect(shown).to_have_text("51 to 75 of 80 rows")
    page.get_by_role("button", name="Needs attention").click()
    expect(shown).to_have_text("1 to 20 of 20 rows")
    page.get_by_label("Search SKU").fill("sku-04")
    expect(shown).to_have_text("1 to 10 of 10 rows")
    assert "status=alert" in page.url
    assert "q=sku-04" in page.url
    page.reload()
    expect(shown).to_have_text("1 to 10 of 10 rows")
    page.get_by_label("Sort by").select_option("-fulfillable")
    expect(page.locator("#inventory tbody th").first).to_contain_text("SKU-049")
    picture(page, "filtered")


def test_nothing_low_is_said_in_words(serve: Serve, new_page: NewPage, picture: Picture) -> None:
    page = opened(new_page(640), serve(calm_account()))
    page.get_by_role("button", name="Needs attention").click()
    expect(page.locator("#inventory .list-foot")).to_contain_text("Nothing is low")
    expect(page.locator("#kpi-low .value")).to_have_text("0")
    expect(page.locator("#shipments .list-foot")).to_contain_text("No shipments.")
    picture(page, "calm")


def test_the_download_has_all_rows_that_the_filters_leave_and_no_formula(serve: Serve, new_page: NewPage) -> None:
    account = busy_account()
    account.skus.append(Sku("=EVIL", 1, name='=HYPERLINK("x")'))
    page = opened(new_page(), serve(account))
    page.get_by_role("button", name="Needs attention").click()
    expect(page.locator('#inventory [data-part="shown"]')).to_have_text("1 to 6 of 6 rows")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    lines = download.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert lines[0].startswith("Status,SKU,ASIN,Product,Marketplace")
    assert len(lines) == 7
    assert "'=EVIL" in "\n".join(lines)


def test_figures_times_and_the_download_follow_the_readers_locale_and_time_zone(
    serve: Serve, new_page: NewPage
) -> None:
    account = busy_account()
    account.skus = [Sku("A;B", 1, velocity=2.5)]
    page = opened(new_page(locale="de-DE", timezone_id="Europe/Berlin"), serve(account))
    expect(page.locator("#kpi-revenue .value")).to_have_text("600,00\u00a0$")
    expect(page.locator("#kpi-revenue .when")).to_have_text("24\u00a0h to 13:45")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    with download.value.path().open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file, delimiter=";")
    assert (row["SKU"], row["Velocity, units a day"]) == ("A;B", "2,5")


def test_sales_are_drawn_by_the_hour_and_by_the_day_and_stand_in_a_table(
    serve: Serve, new_page: NewPage, picture: Picture
) -> None:
    page = opened(new_page(), serve(busy_account()))
    sales = page.locator("#sales")
    expect(sales.locator(".column")).to_have_count(24)
    sales.get_by_role("button", name="Orders").click()
    expect(sales.locator(".readout")).to_contain_text("orders in 23 full hours since")
    sales.get_by_text("Show as a table").click()
    expect(sales.locator("tbody tr")).to_have_count(24)
    sales.locator(".chart").press("End")
    sales.locator(".chart").press("ArrowLeft")
    expect(sales.locator('[data-part="said"]')).to_contain_text("12:00: 10 orders, the day before 20 orders")
    expect(sales.locator(".chart-tip")).to_contain_text("Day before 20 orders")
    sales.get_by_role("button", name="30 days").click()
    expect(sales.locator(".readout")).to_have_text(
        "48 orders 21 Nov to 22 Nov, the last day not over yet; no orders are known before 21 Nov"
    )
    expect(sales.locator("tbody tr")).to_have_count(30)
    picture(page, "sales-30-days")


def test_the_channels_stand_side_by_side_with_each_currency_on_its_own(serve: Serve, new_page: NewPage) -> None:
    page = opened(new_page(), serve(busy_account()))
    channels = page.locator("#channels")
    expect(channels.locator("thead th")).to_have_text(["ShopifyNot connected", "Amazon FBAConnected"])
    expect(channels.locator(".not-configured")).to_have_text("Channel not configured No Shopify store is connected.")
    expect(channels.locator("tbody th")).to_have_text(
        ["Revenue", "Net revenue", "Fees", "Orders", "Average order", "Inventory", "Low stock", "Unshipped"]
    )
    expect(channels.locator("tr", has_text="Revenue").first.locator(".line")).to_have_text(["US$600.00", "CA$120.00"])


def test_connected_stores_have_their_column_and_their_part_in_the_cards_and_the_chart(
    serve: Serve, new_page: NewPage, picture: Picture
) -> None:
    account = busy_account()
    account.stores = [
        Store("UK/EU", "GBP", fees="0.40", sold=[(30, "20.00"), (200, "30.00")]),
        Store("USA", "USD", fees="1.45", sold=[(90, "50.00")]),
    ]
    page = opened(new_page(), serve(account))
    expect(page.locator("#kpi-orders .value")).to_have_text("31")
    expect(page.locator("#kpi-revenue .detail")).to_contain_text("Amazon US$600.00Shopify US$50.00")
    expect(page.locator("#kpi-revenue .detail")).to_contain_text("also £50.00 in 2 orders")
    expect(page.locator("#kpi-revenue .trend svg")).to_be_visible()
    expect(page.locator("#channels tbody tr td:nth-of-type(1)")).to_have_text(
        [
            "£50.00US$50.00",
            "£49.60US$48.55",
            "£0.40 (0.8%)US$1.45 (2.9%)",
            "3",
            "3",
            "£25.00US$50.00",
            "—This channel keeps no stock here",
            "—This channel keeps no stock here",
            "—This channel does not say what is still to ship",
        ]
    )
    sales = page.locator("#sales")
    sales.get_by_label("Channel").select_option("Shopify")
    sales.get_by_role("button", name="Orders").click()
    sales.get_by_role("button", name="30 days").click()
    expect(sales.locator(".readout")).to_contain_text("3 orders")
    picture(page, "shopify")


def test_stock_is_compared_with_24_hours_before(serve: Serve, new_page: NewPage) -> None:
    account = busy_account()
    account.skus[0].day_before = 0
    page = opened(new_page(), serve(account))
    expect(page.locator("#kpi-out .change")).to_have_text("▲Up 1 vs 24\u00a0h before")
    expect(page.locator("#kpi-units .value")).to_have_text("28")
    expect(page.locator("#kpi-inventory .trend svg")).to_be_visible()


def test_a_figure_tells_how_it_is_reckoned(serve: Serve, new_page: NewPage, picture: Picture) -> None:
    page = opened(new_page(), serve(busy_account()))
    page.get_by_role("button", name="How it is reckoned: Days of cover").focus()
    expect(page.get_by_role("tooltip")).to_contain_text("Available divided by the velocity")
    picture(page, "tip", full_page=False)
    page.keyboard.press("Escape")
    expect(page.get_by_role("tooltip")).to_be_hidden()


def test_orders_come_newest_first_and_an_amount_that_is_not_known_is_a_dash(serve: Serve, new_page: NewPage) -> None:
    page = opened(new_page(), serve(busy_account()))
    assert column(page, "orders", 1)[:3] == ["12:43", "12:40", "12:33"]
    assert "Amazon has given no amount yet" in column(page, "orders", 8)[0]
    assert column(page, "orders", 8)[1] == "US$25.00"


def test_shipments_say_what_was_received_of_what_was_expected_and_what_is_missing(
    serve: Serve, new_page: NewPage
) -> None:
    page = opened(new_page(), serve(busy_account()))
    expect(page.locator("#shipments tbody tr")).to_have_count(4)
    receiving = page.locator("#shipments tbody tr", has_text="FBA15ABCDE01")
    expect(receiving).to_contain_text("120 of 200")
    expect(receiving.locator("td").last).to_have_text("9")
    expect(page.locator("#shipments tbody tr", has_text="FBA15ABCDE03")).to_contain_text("not been read yet")
    expect(page.locator("#shipments tbody tr", has_text="Summer refill").locator("td").nth(2)).to_have_text("-2")


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
    expect(page.locator('[data-subject="first-sync"]').get_by_role("link", name="Setup guide")).to_be_visible()
    expect(page.locator("#channels .not-configured").last).to_contain_text("Waiting for the first sync")
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
