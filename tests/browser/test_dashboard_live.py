"""What the dashboard does when something happens while it is open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from amazon_pipeline.events import LOW_STOCK_ALERT, SYNC_COMPLETED, SYNC_ERROR, SYNC_STARTED
from tests.browser.conftest import Dashboard
from tests.browser.seller_account import US, Order, Sku, busy_account

pytestmark = pytest.mark.browser

Serve = Callable[..., Dashboard]
NewPage = Callable[..., Page]
Picture = Callable[..., None]

STARTED: dict[str, Any] = {"timestamp": "2026-11-22T12:46:00Z", "runId": "run-1"}
COMPLETED: dict[str, Any] = {
    "inventory": {"totalSKUs": 26, "totalQuantity": 1200, "lowStockItems": 6},
    "orders": {"totalOrders": 29, "totalRevenue": 625.0, "unshippedOrders": 2},
    **STARTED,
}
FAILED: dict[str, Any] = {"error": "Amazon did not answer. The next sync tries again.", **STARTED}
ALERT: dict[str, Any] = {
    "count": 7,
    "items": [
        {
            "sku": "MUG-BLUE-2",
            "productName": "Enamel camping mug",
            "marketplaceId": US,
            "fulfillableQuantity": 0,
            "inboundQuantity": 120,
            "status": "out-of-stock",
        }
    ],
    "timestamp": "2026-11-22T12:46:00Z",
}


def live(page: Page, dashboard: Dashboard) -> Page:
    page.goto(dashboard.url)
    page.wait_for_selector("body.settled")
    page.wait_for_selector('#live[data-state="live"]')
    return page


def test_a_finished_sync_changes_the_cells_in_place_and_keeps_scroll_and_focus(
    serve: Serve, new_page: NewPage, picture: Picture
) -> None:
    account = busy_account()
    dashboard = serve(account)
    page = live(new_page(height=600), dashboard)
    row = page.locator("#orders tbody tr", has_text="111-0000000-0000101")
    row.evaluate("row => { row.marked = true; }")
    button = page.locator("#orders").get_by_role("button", name="Show more")
    button.focus()
    button.scroll_into_view_if_needed()
    scrolled = page.evaluate("scrollY")
    assert scrolled > 0

    account.orders.remove(next(order for order in account.orders if order.number == 101))
    account.orders += [Order(101, 45), Order(500, 1)]
    account.skus.append(Sku("LADLE-01", 3))
    dashboard.publish(account)
    dashboard.tell(SYNC_COMPLETED, COMPLETED)

    toast = page.locator(".toast", has_text="Synced at 12:46")
    expect(toast).to_contain_text("29 orders in 24 h (+1)")
    expect(toast).to_contain_text("6 low-stock SKUs (+1)")
    expect(page.locator("#kpi-orders .value")).to_have_text("29")
    expect(row).to_contain_text("Shipped")
    expect(page.locator("#inventory tbody tr", has_text="LADLE-01")).to_have_count(1)
    assert row.evaluate("row => row.marked")
    expect(button).to_be_focused()
    picture(page, "synced", full_page=False)
    # a row more in the table above: the browser's scroll anchoring keeps what is in view where it is
    assert abs(page.evaluate("scrollY") - scrolled) < 120
    expect(button).to_be_in_viewport()


def test_a_finished_sync_keeps_the_page_the_filter_and_what_was_opened_of_the_inventory(
    serve: Serve, new_page: NewPage
) -> None:
    account = busy_account()
    account.skus = [Sku(f"SKU-{number:03d}", number % 10) for number in range(60)]
    dashboard = serve(account)
    page = live(new_page(), dashboard)
    page.get_by_role("button", name="Needs attention").click()
    page.get_by_role("button", name="Next").click()
    shown = page.locator('#inventory [data-part="shown"]')
    expect(shown).to_have_text("26 to 50 of 60 rows")
    sku = page.locator("#inventory tbody th .code").nth(3).inner_text()
    row = page.locator(f'#inventory tr[data-key$=" {sku}"]').first
    row.get_by_role("button").click()
    expect(page.locator(".why")).to_have_count(1)
    row.evaluate("row => { row.marked = true; }")
    next(one for one in account.skus if one.sku == sku).reserved = 7
    account.skus[9].available = 900
    dashboard.publish(account)
    dashboard.tell(SYNC_COMPLETED, COMPLETED)
    expect(shown).to_have_text("26 to 50 of 59 rows")
    expect(row.locator("td").nth(2)).to_contain_text("7")
    assert row.evaluate("row => row.marked")
    expect(page.locator(".why")).to_have_count(1)


def test_open_alerts_are_counted_in_the_title_and_on_the_icon(serve: Serve, new_page: NewPage) -> None:
    dashboard = serve(busy_account())
    page = live(new_page(), dashboard)
    icon = page.locator('link[rel="icon"]')
    dashboard.tell(LOW_STOCK_ALERT, ALERT)
    dashboard.tell(SYNC_ERROR, FAILED)
    expect(page).to_have_title("(2) Amazon Pipeline")
    assert str(icon.get_attribute("href")).startswith("data:image/svg")
    page.get_by_role("alert").first.get_by_role("button", name="Close").click()
    expect(page).to_have_title("(1) Amazon Pipeline")
    page.get_by_role("alert").first.get_by_role("button", name="Close").click()
    expect(page).to_have_title("Amazon Pipeline")
    assert str(icon.get_attribute("href")).endswith("/static/icon.svg")


def test_a_low_stock_alert_stays_until_it_is_closed_and_leads_to_the_list(
    serve: Serve, new_page: NewPage, picture: Picture
) -> None:
    dashboard = serve(busy_account())
    page = live(new_page(390, 700), dashboard)
    dashboard.tell(LOW_STOCK_ALERT, ALERT)
    toast = page.get_by_role("alert")
    expect(toast).to_contain_text("Low stock: 7 SKUs need attention")
    expect(toast).to_contain_text("Enamel camping mug, United States")
    expect(toast).to_contain_text("and 6 more")
    picture(page, "alert", full_page=False)
    toast.get_by_role("button", name="View inventory").click()
    expect(page.locator("#inventory")).to_be_focused()
    expect(page.locator("#inventory h2")).to_be_in_viewport()
    expect(page.locator("#inventory tbody tr")).to_have_count(5)
    expect(toast).to_have_count(0)


def test_a_sync_that_fails_is_told_in_its_own_words(serve: Serve, new_page: NewPage) -> None:
    dashboard = serve(busy_account())
    page = live(new_page(), dashboard)
    dashboard.tell(SYNC_ERROR, FAILED)
    toast = page.get_by_role("alert")
    expect(toast).to_contain_text("Amazon did not answer. The next sync tries again.")
    toast.get_by_role("button", name="Close").click()
    expect(toast).to_have_count(0)


def test_the_pill_says_when_a_sync_runs(serve: Serve, new_page: NewPage) -> None:
    dashboard = serve(busy_account())
    page = live(new_page(), dashboard)
    dashboard.tell(SYNC_STARTED, STARTED)
    expect(page.locator("#live")).to_have_text("Live, syncing…")
    dashboard.tell(SYNC_COMPLETED, COMPLETED)
    expect(page.locator("#live")).to_have_text("Live")


def test_the_first_figures_appear_by_themselves_when_the_first_sync_finishes(serve: Serve, new_page: NewPage) -> None:
    dashboard = serve()
    page = live(new_page(), dashboard)
    expect(page.locator("#kpi-revenue .value")).to_contain_text("—")
    dashboard.tell(SYNC_STARTED, STARTED)
    expect(page.locator('[data-subject="first-sync"]')).to_contain_text("The first sync is running.")
    dashboard.publish(busy_account())
    dashboard.tell(SYNC_COMPLETED, COMPLETED)
    expect(page.locator("#kpi-revenue .value")).to_have_text("US$600.00")
    expect(page.locator('[data-subject="first-sync"]')).to_have_count(0)


def test_when_the_api_is_gone_the_last_figures_stay_and_come_alive_again(
    serve: Serve, new_page: NewPage, picture: Picture
) -> None:
    account = busy_account()
    dashboard = serve(account)
    page = live(new_page(may_complain=True), dashboard)
    dashboard.stop()
    expect(page.locator("#live")).to_have_text("Reconnecting…")
    band = page.locator('[data-subject="api"]')
    expect(band).to_contain_text("The API does not answer. Shown is the data as of 12:45.")
    expect(page.locator("#kpi-revenue .value")).to_have_text("US$600.00")
    picture(page, "unreachable")

    account.orders.append(Order(500, 1))
    dashboard.publish(account)
    dashboard.tell(LOW_STOCK_ALERT, ALERT)
    dashboard.start()
    band.get_by_role("button", name="Try now").click()
    expect(band).to_have_count(0)
    expect(page.locator("#kpi-orders .value")).to_have_text("29")
    expect(page.locator("#live")).to_have_text("Live")


def test_a_stream_that_closed_for_good_is_opened_again_and_brings_what_was_missed(
    serve: Serve, new_page: NewPage
) -> None:
    """A browser gives up an EventSource after any answer but 200; the page must make a new one."""
    dashboard = serve(busy_account())
    page = live(new_page(may_complain=True), dashboard)
    dashboard.tell(SYNC_STARTED, STARTED)
    expect(page.locator("#live")).to_have_text("Live, syncing…")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/sse" in request.url else None)
    page.route("**/api/sse*", lambda route: route.fulfill(status=503))
    dashboard.stop()
    dashboard.tell(LOW_STOCK_ALERT, ALERT)
    dashboard.start()
    expect(page.locator("#live")).to_have_text("Reconnecting…")
    page.wait_for_event("requestfinished", lambda request: "lastEventId=1" in request.url)
    page.unroute("**/api/sse*")
    expect(page.get_by_role("alert")).to_contain_text("Low stock: 7 SKUs need attention")
    expect(page.locator("#live")).to_contain_text("Live")
    assert asked[-1].endswith("?lastEventId=1")
