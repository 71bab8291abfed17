"""That everyone can use the page: narrow screens, keyboard, contrast, and the strict content policy."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from amazon_pipeline.events import LOW_STOCK_ALERT, SYNC_COMPLETED
from amazon_pipeline.marketplaces import MARKETPLACES
from tests.browser.conftest import Dashboard
from tests.browser.seller_account import Sku, Store, busy_account
from tests.browser.test_dashboard_live import ALERT, COMPLETED, live

pytestmark = pytest.mark.browser

STATIC = Path(__file__).parents[2] / "api" / "static"
Serve = Callable[..., Dashboard]
NewPage = Callable[..., Page]
Picture = Callable[..., None]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_axe_finds_no_violation(serve: Serve, new_page: NewPage, width: int, scheme: str) -> None:
    account = busy_account()
    account.source = "simulator"
    dashboard = serve(account)
    page = live(new_page(width, color_scheme=scheme, reduced_motion="reduce"), dashboard)
    dashboard.tell(SYNC_COMPLETED, COMPLETED)
    dashboard.tell(LOW_STOCK_ALERT, ALERT)
    expect(page.locator(".toast")).to_have_count(2)
    expect(page.locator(".changed")).to_have_count(0)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("configured", [True, False])
def test_axe_finds_no_violation_before_there_is_data(serve: Serve, new_page: NewPage, *, configured: bool) -> None:
    page = new_page()
    page.goto(serve(configured=configured).url)
    page.wait_for_selector("body.settled, #setup:not([hidden])")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("width", [320, 390, 720, 840, 1024, 1350])
def test_no_part_of_the_page_is_wider_than_the_screen(
    serve: Serve, new_page: NewPage, picture: Picture, width: int
) -> None:
    account = busy_account()
    account.source = "simulator"
    account.skus.append(Sku("A-VERY-LONG-SKU-THAT-SOMEBODY-MADE-UP-2026", 1, name="Unbreakable" * 8))
    account.stores = [
        Store("UK/EU", "GBP", fees="33.25", sold=[(30, "1759.19")]),
        Store("USA", "USD", sold=[(9, "1133.91")]),
    ]
    page = live(new_page(width, 844), serve(account))
    assert page.evaluate("document.documentElement.scrollWidth") == width
    for part in page.locator(".card:visible").all():
        box = part.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= width
        assert part.evaluate("card => card.scrollWidth <= card.clientWidth"), part.get_attribute("id")
    for row in page.locator(".list tbody tr").all():
        assert row.evaluate("row => row.scrollHeight <= row.clientHeight + 1"), row.inner_text()
    picture(page, f"width-{width}")


def test_the_layout_does_not_jump_when_the_figures_come(serve: Serve, new_page: NewPage) -> None:
    page = new_page()
    page.add_init_script("""
      window.shifted = 0;
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
      }).observe({ type: "layout-shift", buffered: true });
    """)
    live(page, serve(busy_account()))
    assert page.evaluate("window.shifted") < 0.1


def test_the_keyboard_reaches_the_list_from_its_count(serve: Serve, new_page: NewPage) -> None:
    page = live(new_page(), serve(busy_account()))
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the figures")).to_be_focused()
    link = page.get_by_role("link", name="5 SKUs under their threshold: go to the list")
    while not link.evaluate("link => link === document.activeElement"):
        page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="5 SKUs under their threshold: go to the list")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#inventory")).to_be_focused()
    expect(page.locator("#inventory tbody tr")).to_have_count(5)


def test_a_product_name_with_markup_in_it_stays_text(serve: Serve, new_page: NewPage) -> None:
    account = busy_account()
    account.skus.append(Sku("EVIL", 0, name="<img src=x onerror=alert(1)>"))
    page = live(new_page(), serve(account))
    expect(page.locator("#inventory tbody tr", has_text="EVIL")).to_contain_text("<img src=x onerror=alert(1)>")


def test_the_page_knows_the_same_marketplaces_as_the_pipeline() -> None:
    text = (STATIC / "marketplaces.js").read_text(encoding="utf-8")
    known = dict(re.findall(r"^ {2}(\w+): \"(\w+)\",$", text, re.MULTILINE))
    assert known == {each.marketplace_id: each.country_code for each in MARKETPLACES.values()}


def test_every_module_is_fetched_ahead() -> None:
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    ahead = set(re.findall(r'rel="modulepreload" href="/static/([\w-]+\.js)"', page))
    assert ahead == {path.name for path in STATIC.glob("*.js")} - {"main.js"}


def test_the_page_is_ours_alone_and_small() -> None:
    files = [path for path in STATIC.iterdir() if path.is_file()]
    assert sum(len(gzip.compress(path.read_bytes(), 9)) for path in files) < 60 * 1000
    for path in files:
        text = path.read_text(encoding="utf-8")
        elsewhere = set(re.findall(r"https?://[\w.]+", text)) - {
            "http://www.w3.org",
            "https://sellercentral.amazon.com",
        }
        assert not elsewhere, path.name
        assert "innerHTML" not in text, path.name
