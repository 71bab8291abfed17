"""searchOrders and getOrder. Rules: https://developer-docs.amazon.com/sp-api/reference/searchorders (model
orders_2026-01-01)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Any

from amazon_pipeline.simulator.clock import MINUTE, iso, to_ms
from amazon_pipeline.simulator.marketplaces import NON_AMAZON_MARKETPLACE
from amazon_pipeline.simulator.operations import Ask, Operation
from amazon_pipeline.simulator.order_answers import DATA_SETS, order_answer
from amazon_pipeline.simulator.orders import OrderState
from amazon_pipeline.simulator.parameters import Query
from amazon_pipeline.simulator.refusals import denied, invalid_input, not_found
from amazon_pipeline.simulator.tokens import BadToken

STATUSES = (
    "PENDING_AVAILABILITY", "PENDING", "UNSHIPPED", "PARTIALLY_SHIPPED", "SHIPPED", "CANCELLED", "UNFULFILLABLE",
)  # fmt: skip
FULFILLED_BY = ("MERCHANT", "AMAZON")
MOST_MARKETPLACES = 50
LAG = 2 * MINUTE
"""The *Before times must lie at least so long before the request."""
TOKEN_LIFE = timedelta(hours=24)
FREE_WITH_TOKEN = ("paginationToken", "maxResultsPerPage", "includedData")
"""All other parameters must be repeated with the same values (``Pagination`` in the model)."""


@dataclass(frozen=True)
class Window:
    """Which orders: by creation or by last update, both ends included; milliseconds since 1970."""

    by_creation: bool
    begin: int
    end: int


def search_orders(ask: Ask) -> dict[str, Any]:
    """One page of orders, oldest change (or creation) first, with the time up to which they were looked at."""
    query, seller = ask.query, ask.seller
    size = query.integer("maxResultsPerPage", 1, 100, seller.pages.orders)
    included = set(query.choices("includedData", DATA_SETS))
    statuses = query.choices("fulfillmentStatuses", STATUSES)
    fulfilled_by = query.choices("fulfilledBy", FULFILLED_BY)
    marketplaces = _marketplaces(ask)
    asked = {name: value for name, value in query.values.items() if name not in FREE_WITH_TOKEN}
    window, after = _resume(ask, asked) if "paginationToken" in query else (_window(query, to_ms(ask.now)), None)

    now = to_ms(ask.now)
    find = seller.world.placements if window.by_creation else seller.world.updates
    matching = (
        state
        for state in find(after[0] if after else window.begin, window.end, now)
        if (not statuses or state.status in statuses)
        and (not fulfilled_by or state.fulfilled_by in fulfilled_by)
        and (marketplaces is None or state.plan.marketplace_id in marketplaces)
        and (after is None or _place(state, window) > after)
    )
    found = list(islice(matching, size + 1))
    page = found[:size]
    body: dict[str, Any] = {"orders": [order_answer(seller.world, state, included) for state in page]}
    body["createdBefore" if window.by_creation else "lastUpdatedBefore"] = iso(window.end)
    if len(found) > size:
        note = {"asked": asked, "window": [window.by_creation, window.begin, window.end]}
        note["after"] = _place(page[-1], window)
        body["pagination"] = {"nextToken": seller.notes.write("searchOrders", ask.now, note)}
    return body


def get_order(ask: Ask) -> dict[str, Any]:
    """One order."""
    included = set(ask.query.choices("includedData", DATA_SETS))
    state = ask.seller.world.order(ask.path["orderId"], to_ms(ask.now))
    if state is None:
        raise not_found(f"Order {ask.path['orderId']}")
    return {"order": order_answer(ask.seller.world, state, included)}


def _place(state: OrderState, window: Window) -> list[int]:
    """Where the order stands in the answer's order."""
    return [state.plan.created if window.by_creation else state.changed, state.plan.day, state.plan.sequence]


def _marketplaces(ask: Ask) -> list[str] | None:
    """The marketplaces asked for, None for all. A Multi-Channel order counts to the one whose stock it is sent from."""
    wanted = ask.query.texts("marketplaceIds", MOST_MARKETPLACES)
    if NON_AMAZON_MARKETPLACE in wanted:
        raise denied()
    for marketplace_id in wanted:
        if marketplace_id not in ask.seller.world.marketplaces:
            raise invalid_input("marketplaceIds", f"{marketplace_id} is not a marketplace of this seller")
    return wanted or None


def _window(query: Query, now: int) -> Window:
    created, updated = "createdAfter" in query, "lastUpdatedAfter" in query
    if created == updated:
        problem = "may not be given together" if created else "is missing: one of the two is needed"
        raise invalid_input("createdAfter, lastUpdatedAfter", problem)
    stem, other = ("created", "lastUpdated") if created else ("lastUpdated", "created")
    if f"{other}Before" in query:
        raise invalid_input(f"{other}Before", f"may not be given with {stem}After")
    begin, end = query.instant(f"{stem}After"), query.instant(f"{stem}Before")
    assert begin is not None  # noqa: S101 - exactly one of the two is there
    if end is None:
        end = now - LAG
        if begin > end:
            raise invalid_input(f"{stem}After", "must be at least two minutes before the time of the request")
    elif end > now - LAG:
        raise invalid_input(f"{stem}Before", "must be at least two minutes before the time of the request")
    elif end < begin:
        raise invalid_input(f"{stem}Before", f"must not be before {stem}After")
    return Window(created, begin, end)


def _resume(ask: Ask, asked: dict[str, str]) -> tuple[Window, list[int]]:
    """The window of the first page and the place of the last order already given."""
    token = ask.query.required("paginationToken")
    try:
        note = ask.seller.notes.read("searchOrders", token, ask.now, TOKEN_LIFE)
    except BadToken as error:
        raise invalid_input("paginationToken", str(error)) from error
    for name in sorted(asked.keys() | note["asked"].keys()):
        if asked.get(name) != note["asked"].get(name):
            raise invalid_input(name, "must have the same value as in the request that gave the paginationToken")
    return Window(*note["window"]), note["after"]


OPERATIONS = (
    Operation(
        "searchOrders", "/orders/2026-01-01/orders", 0.0056, 20,
        frozenset({
            "createdAfter", "createdBefore", "lastUpdatedAfter", "lastUpdatedBefore", "fulfillmentStatuses",
            "marketplaceIds", "fulfilledBy", "maxResultsPerPage", "paginationToken", "includedData",
        }),
        search_orders,
    ),
    Operation("getOrder", "/orders/2026-01-01/orders/{orderId}", 0.5, 30, frozenset({"includedData"}), get_order),
)  # fmt: skip
