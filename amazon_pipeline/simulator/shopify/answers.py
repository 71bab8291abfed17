"""A store's answers to GraphQL: real documents, executed against the schema.

Connections, cursors, the search of orders and the access scopes behave as Shopify documents them:
https://shopify.dev/docs/api/usage/pagination-graphql, https://shopify.dev/docs/api/usage/search-syntax.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from graphql import GraphQLError, GraphQLSchema, build_schema

from amazon_pipeline.simulator.shopify.world import Line, Order, StoreWorld

EVERYONES_REACH = timedelta(days=60)
"""Orders older than that want the scope read_all_orders."""
_CONDITION = re.compile(r"(\w+):(>=|<=|>|<)?'?([^'\s]+)'?")
_COMPARE: dict[str, Callable[[datetime, datetime], bool]] = {
    ">=": lambda one, other: one >= other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    "<": lambda one, other: one < other,
}


@cache
def store_schema() -> GraphQLSchema:
    """The schema of ``schema.graphql``."""
    return build_schema(Path(__file__).with_name("schema.graphql").read_text(encoding="utf-8"))


@dataclass
class Asked:
    """Who asks, when, and what of a person was asked for."""

    world: StoreWorld
    now: datetime
    is_bulk: bool = False
    """A bulk operation reads connections whole."""
    is_stuck: bool = False
    """With a fault: a cursor leads to the page it came from."""
    bulk: Any = None
    personal: list[str] = field(default_factory=list)

    def require(self, scope: str, what: str) -> None:
        """Raises what Shopify answers to a token without the scope."""
        if scope not in self.world.account.scopes:
            raise GraphQLError(
                f"Access denied for {what} field. Required access: `{scope}` access scope.",
                extensions={"code": "ACCESS_DENIED", "requiredAccess": f"`{scope}` access scope."},
            )


def iso(moment: datetime) -> str:
    """``2026-11-22T10:00:00Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def root(asked: Asked) -> dict[str, Any]:
    """The values of QueryRoot and Mutation."""
    account = asked.world.account
    return {
        "shop": {
            "__typename": "Shop",
            "id": "gid://shopify/Shop/1",
            "name": f"Northmill {account.name} (simulated)",
            "myshopifyDomain": account.domain,
            "currencyCode": account.currency,
            "ianaTimezone": account.time_zone,
            "plan": {"publicDisplayName": "Basic", "partnerDevelopment": False, "shopifyPlus": False},
            "email": lambda _info: _personal(asked, "shop.email"),
        },
        "currentAppInstallation": {
            "id": "gid://shopify/AppInstallation/1",
            "accessScopes": [{"handle": scope} for scope in account.scopes],
        },
        "orders": lambda _info, **args: _orders(asked, args),
        "order": lambda _info, id: _order_by_id(asked, id),  # noqa: A006  (Shopify's name)
        "node": lambda _info, id: _order_by_id(asked, id),  # noqa: A006
        "shopifyPaymentsAccount": lambda _info: _payments(asked),
        "bulkOperation": lambda _info, id: asked.bulk.status(id, asked.now),  # noqa: A006
        "bulkOperationRunQuery": lambda _info, query, **_args: asked.bulk.run(query, asked.now),
    }


def _orders(asked: Asked, args: Mapping[str, Any]) -> dict[str, Any]:
    asked.require("read_orders", "orders")
    found = [one for one in _readable(asked) if _fits(one, args.get("query"), asked)]
    key = _SORTED_BY[args.get("sortKey", "PROCESSED_AT")]
    nodes = [(key(one), _order(asked, one)) for one in sorted(found, key=key)]
    return connection(nodes, args, asked, "Order")


_SORTED_BY: dict[str, Callable[[Order], tuple[Any, int]]] = {
    "UPDATED_AT": lambda one: (iso(one.updated_at), one.number),
    "CREATED_AT": lambda one: (iso(one.created_at), one.number),
    "PROCESSED_AT": lambda one: (iso(one.created_at), one.number),
    "ID": lambda one: ("", one.number),
}


def _readable(asked: Asked) -> Sequence[Order]:
    orders = asked.world.orders(asked.now)
    if "read_all_orders" in asked.world.account.scopes:
        return orders
    return [one for one in orders if one.created_at >= asked.now - EVERYONES_REACH]


def _fits(order: Order, query: str | None, asked: Asked) -> bool:
    values = {"updated_at": order.updated_at, "created_at": order.created_at, "processed_at": order.created_at}
    return all(_holds(values, one, asked) for one in _CONDITION.findall(query or ""))


def _holds(values: Mapping[str, datetime], condition: tuple[str, str, str], asked: Asked) -> bool:
    name, how, value = condition
    if name not in values or how not in _COMPARE:
        raise GraphQLError(f"The simulator does not know the search {name}:{how}{value} at {iso(asked.now)}")
    return _COMPARE[how](values[name].replace(microsecond=0), datetime.fromisoformat(value))


def _order_by_id(asked: Asked, gid: str) -> dict[str, Any] | None:
    asked.require("read_orders", "order")
    number = gid.removeprefix("gid://shopify/Order/")
    return next((_order(asked, one) for one in _readable(asked) if str(one.number) == number), None)


def _order(asked: Asked, order: Order) -> dict[str, Any]:
    currency = asked.world.account.currency
    lines = [((line.number,), _line(line, currency)) for line in order.lines]
    return {
        "__typename": "Order",
        "id": f"gid://shopify/Order/{order.number}",
        "name": f"#{order.number}",
        "createdAt": iso(order.created_at),
        "processedAt": iso(order.created_at),
        "updatedAt": iso(order.updated_at),
        "cancelledAt": None if order.cancelled_at is None else iso(order.cancelled_at),
        "test": order.is_test,
        "currencyCode": currency,
        "displayFinancialStatus": order.status,
        "paymentGatewayNames": [order.gateway],
        "sourceName": "web",
        "totalPriceSet": _bag(order.total, currency),
        "currentTotalPriceSet": _bag(order.total - order.refunded, currency),
        "totalReceivedSet": _bag(order.total, currency),
        "totalRefundedSet": _bag(order.refunded, currency),
        "netPaymentSet": _bag(order.total - order.refunded, currency),
        "lineItems": lambda _info, **args: connection(lines, args, asked, "LineItem"),
        "refunds": [
            {
                "id": f"gid://shopify/Refund/{one.number}",
                "createdAt": iso(one.at),
                "totalRefundedSet": _bag(one.amount, currency),
            }
            for one in order.refunds
        ],
        "customer": lambda _info: _customer(asked, order),
        **{name: lambda info: _personal(asked, f"order.{info.field_name}") for name in ("email", "phone", "note")},
    }


def _line(line: Line, currency: str) -> dict[str, Any]:
    return {
        "__typename": "LineItem",
        "id": f"gid://shopify/LineItem/{line.number}",
        "sku": line.sku,
        "title": line.title,
        "name": line.title,
        "quantity": line.quantity,
        "currentQuantity": line.quantity - line.removed,
        "isGiftCard": False,
        "discountedTotalSet": lambda _info, **_args: _bag(line.total, currency),
    }


def _customer(asked: Asked, order: Order) -> dict[str, Any] | None:
    asked.require("read_customers", "customer")
    if order.customer is None:
        return None
    names = ("firstName", "lastName", "displayName")
    return {
        "id": f"gid://shopify/Customer/{order.customer}",
        **{name: lambda info: _personal(asked, f"customer.{info.field_name}") for name in names},
    }


def _personal(asked: Asked, what: str) -> str:
    asked.personal.append(what)
    return f"a made-up person's {what}"


def _payments(asked: Asked) -> dict[str, Any] | None:
    asked.require("read_shopify_payments_accounts", "shopifyPaymentsAccount")
    if not asked.world.account.has_payments:
        return None
    return {
        "id": "gid://shopify/ShopifyPaymentsAccount/1",
        "activated": True,
        "balanceTransactions": lambda _info, **args: _balance(asked, args),
    }


def _balance(asked: Asked, args: Mapping[str, Any]) -> dict[str, Any]:
    conditions = _CONDITION.findall(args.get("query") or "")
    entries = [one for order in asked.world.orders(asked.now) for one in _entries(asked, order)]
    found = [
        (key, entry)
        for key, at, entry in sorted(entries, key=lambda one: one[0])
        if all(_holds({"processed_at": at}, condition, asked) for condition in conditions)
    ]
    return connection(found, args, asked, "ShopifyPaymentsBalanceTransaction")


def _entries(asked: Asked, order: Order) -> list[tuple[tuple[str, str], datetime, dict[str, Any]]]:
    """Of a card payment the charge and what was paid back: sort key, when, and what is said of it."""
    if order.gateway != "shopify_payments":
        return []
    moves = [("CHARGE", order.number, order.created_at, order.total, order.charge_fee)]
    moves += [("REFUND", one.number, one.at, -one.amount, Decimal("0.00")) for one in order.refunds]
    currency = asked.world.account.currency
    found = []
    for kind, number, at, amount, fee in moves:
        gid = f"gid://shopify/ShopifyPaymentsBalanceTransaction/{number * 10 + (kind == 'REFUND')}"
        entry = {
            "id": gid,
            "type": kind,
            "test": order.is_test,
            "transactionDate": iso(at),
            "amount": _money(amount, currency),
            "fee": _money(fee, currency),
            "net": _money(amount - fee, currency),
            "sourceType": kind,
            "associatedOrder": {"id": f"gid://shopify/Order/{order.number}"},
        }
        found.append(((iso(at), gid), at.replace(microsecond=0), entry))
    return found


def connection(
    nodes: Sequence[tuple[tuple[Any, ...], dict[str, Any]]], args: Mapping[str, Any], asked: Asked, kind: str
) -> dict[str, Any]:
    """One page of a connection; ``nodes`` are sorted by their keys, which cursors are made of."""
    first, after = args.get("first"), args.get("after")
    if args.get("last") is not None or args.get("before") is not None or args.get("reverse"):
        raise GraphQLError("The simulator reads connections forwards only")
    if first is None and not asked.is_bulk:
        raise GraphQLError("you must provide one of first or last", extensions={"code": "BAD_REQUEST"})
    if after is not None and not asked.is_stuck:
        keys = {_cursor(key): n for n, (key, _) in enumerate(nodes)}
        # a node that has moved since: go on behind where it was
        nodes = nodes[keys[after] + 1 :] if after in keys else [one for one in nodes if _cursor(one[0]) > after]
    page = nodes if first is None else nodes[:first]
    return {
        "__typename": f"{kind}Connection",
        "edges": [{"cursor": _cursor(key), "node": node} for key, node in page],
        "nodes": [node for _, node in page],
        "pageInfo": {
            "hasNextPage": len(nodes) > len(page),
            "hasPreviousPage": after is not None,
            "startCursor": _cursor(page[0][0]) if page else None,
            "endCursor": _cursor(page[-1][0]) if page else None,
        },
    }


def _cursor(key: tuple[Any, ...]) -> str:
    text = "|".join(f"{part:012d}" if isinstance(part, int) else str(part) for part in key)
    return base64.b16encode(text.encode()).decode()  # keeps the order of what it encodes


def _bag(amount: Decimal, currency: str) -> dict[str, Any]:
    return {"shopMoney": _money(amount, currency), "presentmentMoney": _money(amount, currency)}


def _money(amount: Decimal, currency: str) -> dict[str, Any]:
    return {"amount": str(amount), "currencyCode": currency}
