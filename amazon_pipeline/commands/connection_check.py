"""``check``: the settings, the login, one call of each API, and each Shopify store, one line each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from amazon_pipeline.commands.store_check import check_store
from amazon_pipeline.errors import LoginRefused, PipelineError, RequestRejected
from amazon_pipeline.extraction.orders import DATA_DELAY
from amazon_pipeline.selling_partner.client import Page, SellingPartner, clock_warning, open_selling_partner
from amazon_pipeline.selling_partner.inbound import shipments
from amazon_pipeline.selling_partner.inventory import NO_FBA, inventory_summaries
from amazon_pipeline.selling_partner.orders import search_orders
from amazon_pipeline.selling_partner.reports import ORDERS_BY_ORDER_DATE, recent_reports
from amazon_pipeline.selling_partner.sales import order_metrics
from amazon_pipeline.selling_partner.sellers import marketplace_participations
from amazon_pipeline.settings import Settings


def check_connection(settings: Settings, say: Callable[[str], None]) -> bool:
    """Say for each account, API and store whether it answers; returns whether all do. One token of quota each."""
    amazon = _check_accounts(settings, say)
    stores = [check_store(settings, store, say) for store in settings.shopify_stores]
    return amazon and all(stores)


def _check_accounts(settings: Settings, say: Callable[[str], None]) -> bool:
    if settings.accounts_file is None:
        return _check(settings, say)
    each = []
    for account in settings.accounts:
        say(f"account {account.name} ({account.seller_id}, {account.settings.region})")
        each.append(_check(account.settings, lambda line: say(f"  {line}".replace("\n", "\n  "))))
    return all(each)


def _check(settings: Settings, say: Callable[[str], None]) -> bool:
    try:
        settings.credentials()
    except PipelineError as error:
        say(f"settings: {error}")
        return False
    say(f"settings: ok ({settings.sp_api_endpoint})")
    with open_selling_partner(settings) as client:
        is_good = True
        ids = settings.marketplace_ids
        try:
            found = _participating(marketplace_participations(client))
            say(f"login: ok\nmarketplaces: ok ({', '.join(found) or 'none'})")
            ids = ids or tuple(found)
        except LoginRefused as error:
            say(f"login: {error}")
            return False
        except PipelineError as error:
            say(f"marketplaces: {error}")
            is_good = False
        if not ids:
            say("orders, inventory, inbound shipments, order figures, reports: not tried, no marketplace is known")
            return False
        for name, call in _calls(client, ids):
            is_good = _say(name, call, say) and is_good
        say(f"clock: {clock_warning(client.clock_ahead_seconds) or 'ok'}")
        return is_good


def _participating(page: Page) -> list[str]:
    return [
        row["marketplace"]["id"]
        for row in page.rows
        if row["participation"].get("isParticipating") and row["marketplace"]["domainName"].startswith("www.amazon.")
    ]


def _calls(client: SellingPartner, ids: tuple[str, ...]) -> list[tuple[str, Callable[[], Page]]]:
    before = datetime.now(UTC) - DATA_DELAY
    after = before - timedelta(hours=1)
    return [
        (
            "orders",
            lambda: next(
                search_orders(client, marketplace_ids=ids, last_updated_after=after, last_updated_before=before)
            ),
        ),
        ("inventory", lambda: next(inventory_summaries(client, ids[0]))),
        ("inbound shipments", lambda: next(shipments(client, ids[0]))),
        (
            "order figures",
            lambda: order_metrics(client, ids[0], interval=(after, before), granularity="Total"),
        ),
        ("reports", lambda: recent_reports(client, ORDERS_BY_ORDER_DATE)),
    ]


def _say(name: str, call: Callable[[], Page], say: Callable[[str], None]) -> bool:
    try:
        page = call()
    except RequestRejected as error:
        if NO_FBA in error.reason:
            say(f"{name}: not available ({error})")
            return True
        say(f"{name}: {error}")
        return False
    except PipelineError as error:
        say(f"{name}: {error}")
        return False
    say(f"{name}: ok ({len(page.rows)} rows)")
    return True
