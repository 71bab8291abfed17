"""Spoils a page of rows: its rows, its next token, or what that token leads to."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from amazon_pipeline.simulator.chance import fraction
from amazon_pipeline.simulator.faults import Fault

Json = dict[str, Any]


@dataclass(frozen=True)
class Layout:
    """Where an operation's answer has its rows and its next token."""

    rows: tuple[str, ...]
    row_id: str
    spoilt: str
    """The field of a row that is made unreadable, unless another is asked for."""
    token: tuple[str, ...] = ()
    parameter: str = ""
    """The query parameter by which the token comes back."""


ITEMS = ("payload", "ItemData")
LAYOUTS = {
    "searchOrders": Layout(("orders",), "orderId", "createdTime", ("pagination", "nextToken"), "paginationToken"),
    "getOrder": Layout(("order",), "orderId", "createdTime"),
    "getInventorySummaries": Layout(
        ("payload", "inventorySummaries"), "sellerSku", "totalQuantity", ("pagination", "nextToken"), "nextToken"
    ),
    "getShipments": Layout(
        ("payload", "ShipmentData"), "ShipmentId", "ShipmentStatus", ("payload", "NextToken"), "NextToken"
    ),
    "getShipmentItems": Layout(ITEMS, "SellerSKU", "QuantityReceived", ("payload", "NextToken"), "NextToken"),
    "getShipmentItemsByShipmentId": Layout(ITEMS, "SellerSKU", "QuantityReceived"),
    "getReports": Layout(("reports",), "reportId", "createdTime", ("nextToken",), "nextToken"),
}
SHORT_NAMES = {"status": "fulfillment.fulfillmentStatus"}


@dataclass
class Page:
    """One answer, and the query that brought it."""

    layout: Layout
    body: Json
    query: str

    @property
    def rows(self) -> list[Json]:
        found = _at(self.body, self.layout.rows)
        return found if isinstance(found, list) else [found]

    @property
    def token(self) -> str | None:
        holder = _at(self.body, self.layout.token[:-1]) if self.layout.token else None
        return holder.get(self.layout.token[-1]) if holder else None

    @token.setter
    def token(self, value: str) -> None:
        holder = self.body
        for name in self.layout.token[:-1]:
            holder = holder.setdefault(name, {})
        holder[self.layout.token[-1]] = value

    @property
    def came_with(self) -> str | None:
        """The token of the request."""
        return dict(parse_qsl(self.query)).get(self.layout.parameter)


Sequel = Callable[[Page], None]
"""What happens to the page that a token leads to."""


class PageFaults:
    """Spoils pages, and remembers what has to happen to those that follow."""

    def __init__(self) -> None:
        self._queries: dict[str, str] = {}
        """Tokens that were made up here, and the query each stands for."""
        self._renamed: dict[str, str] = {}
        """Tokens that were made up here, and the account's token each stands for."""
        self._smaller: dict[str, dict[str, str]] = {}
        self._sequels: dict[str, Sequel] = {}

    def undo(self, operation: str, query: str) -> str:
        """The query with which the account is to be asked."""
        layout = LAYOUTS.get(operation)
        values = dict(parse_qsl(query))
        token = values.get(layout.parameter) if layout else None
        if layout and token in self._renamed:
            return urlencode(values | {layout.parameter: self._renamed[token]} | self._smaller.get(token, {}))
        return self._queries.get(token or "", query)

    def sequel(self, operation: str, query: str) -> Sequel | None:
        layout = LAYOUTS.get(operation)
        return self._sequels.get(dict(parse_qsl(query)).get(layout.parameter, "")) if layout else None

    def spoil(self, fault: Fault, page: Page) -> bool:
        """Whether there was anything to spoil."""
        match fault.kind.name:
            case "repeated-token":
                page.token = page.came_with or ""
            case "same-page":
                page.token = self._token_to(page.query)
            case "empty-page":
                page.token = self._token_to(page.query)
                page.rows.clear()
            case "row-twice":
                return self._repeat_last_row(page)
            case "bad-row":
                return _break_row(fault, page)
            case "missing-skus":
                self._lose_skus(fault.number("share", 0.3), page)
        return True

    def _token_to(self, query: str) -> str:
        token = uuid.uuid4().hex
        self._queries[token] = query
        return token

    def _then(self, page: Page, token: str, sequel: Sequel) -> None:
        """Let something happen to the next page; under a token of its own, for the account's may be given twice."""
        name = page.token = uuid.uuid4().hex
        self._renamed[name] = token
        self._sequels[name] = sequel

    def _repeat_last_row(self, page: Page) -> bool:
        if page.token is None or not page.rows:
            return False
        row = page.rows[-1]
        self._then(page, page.token, lambda following: following.rows.insert(0, row))
        if page.layout.parameter == "paginationToken":
            # One row fewer is asked for, so that the page with the repeated one is not larger than allowed.
            self._smaller[page.token] = {"maxResultsPerPage": str(max(1, len(page.rows) - 1))}
        return True

    def _lose_skus(self, share: float, page: Page) -> None:
        page.rows[:] = [row for row in page.rows if fraction("lost", row["sellerSku"]) >= share]
        if page.token:
            self._then(page, page.token, lambda following: self._lose_skus(share, following))


def open_page(operation: str, body: bytes, query: str) -> Page:
    return Page(LAYOUTS[operation], json.loads(body), query)


def _break_row(fault: Fault, page: Page) -> bool:
    wanted = fault.options.get("row")
    named = fault.word("field", page.layout.spoilt)
    path = SHORT_NAMES.get(named, named).split(".")
    for row in page.rows:
        if wanted is None or row.get(page.layout.row_id) == wanted:
            holder = _at(row, tuple(path[:-1]))
            if not isinstance(holder, dict) or path[-1] not in holder:
                continue
            if fault.word("how", "unreadable") == "missing":
                del holder[path[-1]]
            else:
                holder[path[-1]] = "unreadable (simulated fault)"
            return True
    return False


def _at(body: Any, path: tuple[str, ...]) -> Any:
    """What stands at a place in a JSON document; None if there is nothing."""
    for name in path:
        body = body.get(name) if isinstance(body, dict) else None
    return body
