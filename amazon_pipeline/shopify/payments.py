"""What Shopify Payments booked in a span: the fee of every charge and refund."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from amazon_pipeline.errors import QueryTooCostly
from amazon_pipeline.pacing import Progress
from amazon_pipeline.shopify.client import Asked, Page, ShopifyAdmin, iso
from amazon_pipeline.shopify.members import Where, connection
from amazon_pipeline.shopify.orders import Resume

BALANCE: Final = "ShopifyBalanceTransactions"
TRANSACTIONS_A_PAGE: Final = 100


def booked_in(start: datetime, end: datetime) -> str:
    """Shopify's search for what was booked in [start, end)."""
    return f"processed_at:>='{iso(start)}' AND processed_at:<'{iso(end)}'"


def balance_transactions(client: ShopifyAdmin, query: str, *, resume: Resume | None = None) -> Iterator[Page]:
    """All pages of what ``query`` finds; none at all from a store without Shopify Payments.

    Raises a ShopifyError: StoreAccessDenied when the token may not read payments.
    """
    params = dict(resume.params) if resume else {"query": query, "first": str(TRANSACTIONS_A_PAGE)}
    cursor, number = (resume.next_token, resume.number) if resume else (None, 1)
    seen = {cursor} if cursor else set()
    while True:
        asked, params = _ask(client, params, cursor)
        where = Where(client.store.domain, BALANCE, asked.request_id)
        account = asked.data.get("shopifyPaymentsAccount", "")
        if account is None and number == 1:
            return
        if not isinstance(account, dict):
            raise where.malformed("without the member 'shopifyPaymentsAccount'")
        found = connection(account.get("balanceTransactions"), "balanceTransactions", where)
        cursor = found.next_cursor
        if cursor is not None and (cursor in seen or not found.nodes):
            raise where.repeats("Shopify's pages of balance transactions bring nothing new")
        body = {"balanceTransactions": found.nodes}
        yield Page(BALANCE, params, number, body, found.nodes, cursor, asked.received_at, asked.request_id)
        client.tell(Progress(BALANCE, "page", number=number, rows=len(found.nodes)))
        if cursor is None:
            return
        seen.add(cursor)
        number += 1


def _ask(client: ShopifyAdmin, params: dict[str, str], cursor: str | None) -> tuple[Asked, dict[str, str]]:
    while True:
        first = int(params["first"])
        try:
            return client.ask(BALANCE, {"query": params["query"], "first": first, "after": cursor}), params
        except QueryTooCostly:
            if first == 1:
                raise
            params = {**params, "first": str(first // 2)}
