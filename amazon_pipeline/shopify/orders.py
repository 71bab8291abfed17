"""Orders changed in a window, page by page, each with all its lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from amazon_pipeline.errors import QueryTooCostly, StoreAccessDenied
from amazon_pipeline.pacing import Progress
from amazon_pipeline.shopify.client import Asked, Page, ShopifyAdmin, iso
from amazon_pipeline.shopify.customers import CustomerHash
from amazon_pipeline.shopify.members import Where, connection

ORDERS: Final = "ShopifyOrders"
ORDER_LINES: Final = "ShopifyOrderLines"

ORDERS_A_PAGE: Final = 20
LINES_WITH_AN_ORDER: Final = 10
LINES_A_PAGE: Final = 100
"""First guesses: where Shopify finds a query too costly, it is asked for half as many."""


@dataclass(frozen=True)
class Resume:
    """Where a pager goes on: the parameters of the page before, its cursor, the number of the page it brings."""

    params: Mapping[str, str]
    next_token: str
    number: int


def changed_in(start: datetime, end: datetime) -> str:
    """Shopify's search for orders changed in [start, end)."""
    return f"updated_at:>='{iso(start)}' AND updated_at:<'{iso(end)}'"


def placed_in(start: datetime, end: datetime) -> str:
    """Shopify's search for orders placed in [start, end)."""
    return f"created_at:>='{iso(start)}' AND created_at:<'{iso(end)}'"


def orders(client: ShopifyAdmin, query: str, *, hashed: CustomerHash, resume: Resume | None = None) -> Iterator[Page]:
    """All pages of the orders that ``query`` finds, or those from ``resume`` on, which brings its own query.

    A page is yielded when it is whole: lines that did not fit were read on. Raises a ShopifyError; ShopifyPagesRepeat
    for a cursor that was there before. Where the token may not read customers, orders come without ``customer``.
    """
    params = dict(resume.params) if resume else {"query": query, "first": str(ORDERS_A_PAGE), "customers": "asked"}
    cursor, number = (resume.next_token, resume.number) if resume else (None, 1)
    seen = {cursor} if cursor else set()
    while True:
        asked, params = _ask(client, params, cursor)
        where = Where(client.store.domain, ORDERS, asked.request_id)
        found = connection(asked.data.get("orders"), "orders", where)
        rows = [_whole(client, order, where, hashed) for order in found.nodes]
        cursor = found.next_cursor
        if cursor is not None and (cursor in seen or not rows):
            raise where.repeats(
                "Shopify repeats a cursor" if rows else "Shopify sends an empty page and says more follow"
            )
        yield Page(ORDERS, params, number, {"orders": rows}, rows, cursor, asked.received_at, asked.request_id)
        client.tell(Progress(ORDERS, "page", number=number, rows=len(rows)))
        if cursor is None:
            return
        seen.add(cursor)
        number += 1


def landed_order(order: Mapping[str, Any], lines: list[dict[str, Any]], hashed: CustomerHash) -> dict[str, Any]:
    """An order in the one shape that lands, from wherever it came."""
    shaped = {key: value for key, value in order.items() if key not in ("lineItems", "customer")}
    if "customer" in order:
        shaped["customer"] = hashed.without_id(order["customer"])
    return {**shaped, "lineItems": lines}


def is_about_customers(error: StoreAccessDenied) -> bool:
    """Whether all that was denied is who placed the orders, which can be done without."""
    return bool(error.fields) and all("customer" in one.split(".") for one in error.fields)


def _ask(client: ShopifyAdmin, params: dict[str, str], cursor: str | None) -> tuple[Asked, dict[str, str]]:
    """One page, with fewer orders where Shopify finds it too costly and without customers where it denies them."""
    while True:
        first, with_customers = int(params["first"]), params["customers"] == "asked"
        variables = {
            "query": params["query"],
            "first": first,
            "after": cursor,
            "firstLines": LINES_WITH_AN_ORDER,
            "withCustomers": with_customers,
        }
        try:
            return client.ask(ORDERS, variables), params
        except QueryTooCostly:
            if first == 1:
                raise
            params = {**params, "first": str(first // 2)}
        except StoreAccessDenied as error:
            if not with_customers or not is_about_customers(error):
                raise
            params = {**params, "customers": "denied"}


def _whole(client: ShopifyAdmin, order: dict[str, Any], where: Where, hashed: CustomerHash) -> dict[str, Any]:
    found = connection(order.get("lineItems"), "lineItems", where)
    lines, cursor = list(found.nodes), found.next_cursor
    seen: set[str] = set()
    first = LINES_A_PAGE
    while cursor is not None:
        if cursor in seen:
            raise where.repeats(f"Shopify repeats a cursor in the lines of {order['id']}")
        seen.add(cursor)
        try:
            asked = client.ask(ORDER_LINES, {"id": order["id"], "first": first, "after": cursor})
        except QueryTooCostly:
            if first == 1:
                raise
            first, seen = first // 2, seen - {cursor}
            continue
        again = Where(client.store.domain, ORDER_LINES, asked.request_id)
        body = asked.data.get("order")
        if not isinstance(body, dict):
            raise again.malformed(f"without the order {order['id']}, which it had named")
        further = connection(body.get("lineItems"), "lineItems", again)
        lines += further.nodes
        cursor = further.next_cursor
    return landed_order(order, lines, hashed)
