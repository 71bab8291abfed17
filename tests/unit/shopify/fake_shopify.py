"""Answers of a Shopify store, made by hand and sent through httpx's own MockTransport."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from amazon_pipeline.extraction.shopify_session import ShopifyExtraction
from amazon_pipeline.landing import Landing
from amazon_pipeline.pacing import Budget, Progress
from amazon_pipeline.shopify.client import ShopifyAdmin
from amazon_pipeline.shopify.cost import CostLedger
from amazon_pipeline.shopify.customers import CustomerHash
from amazon_pipeline.stores import ShopifyStore

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TOKEN = "shpat_0123456789abcdef0123456789abcdef"
STORE = ShopifyStore("UK/EU", "mugs.myshopify.com", SecretStr(TOKEN), "https://mugs.myshopify.com")

Answers = Callable[[str, dict[str, Any]], httpx.Response]


@dataclass
class FakeShopify:
    """Hands each call's operation and variables to ``answer``; keeps them, and what was waited."""

    answer: Answers
    download: Callable[[httpx.Request], httpx.Response] | None = None
    now: datetime = NOW
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    requests: list[httpx.Request] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)
    told: list[Progress] = field(default_factory=list)

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.method == "GET":
            assert self.download is not None
            return self.download(request)
        body = json.loads(request.content)
        self.asked.append((body["operationName"], body["variables"]))
        return self.answer(body["operationName"], body["variables"])

    def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.now += timedelta(seconds=seconds)

    def monotonic(self) -> float:
        return self.now.timestamp()

    def client(self, tmp_path: Path, *, budget: float = 600, store: ShopifyStore = STORE) -> ShopifyAdmin:
        return ShopifyAdmin(
            store,
            version="2026-10",
            ledger=CostLedger(tmp_path / "state.sqlite", store=store.domain, clock=lambda: self.now),
            budget=Budget(budget, monotonic=self.monotonic),
            clock=lambda: self.now,
            sleep=self.sleep,
            on_progress=self.told.append,
            transport=httpx.MockTransport(self.handle),
            random=lambda: 0.5,
            monotonic=self.monotonic,
        )

    def extraction(self, tmp_path: Path, *, budget: float = 600) -> ShopifyExtraction:
        client = self.client(tmp_path, budget=budget)
        landing = Landing(tmp_path / "landing", STORE.domain)
        return ShopifyExtraction(client, landing, STORE.domain, "shopify", client.now, CustomerHash(b"k" * 32))


def in_turn(*answers: httpx.Response) -> Answers:
    """Each call gets the next answer."""
    left = list(answers)
    return lambda _name, _variables: left.pop(0)


def good(data: dict[str, Any], *, available: float = 900, requested: float = 100, **headers: str) -> httpx.Response:
    return httpx.Response(
        200,
        json={"data": data, "extensions": {"cost": cost(available, requested)}},
        headers={"X-Request-Id": "req-1", "X-Shopify-API-Version": "2026-10", **headers},
    )


def refused(
    code: str, message: str = "no", *, path: list[Any] | None = None, data: Any = None, available: float = 0
) -> httpx.Response:
    error: dict[str, Any] = {"message": message, "extensions": {"code": code}}
    if path is not None:
        error["path"] = path
    body = {"errors": [error], "data": data, "extensions": {"cost": cost(available, 100)}}
    return httpx.Response(200, json=body, headers={"X-Request-Id": "req-9"})


def cost(available: float, requested: float) -> dict[str, Any]:
    return {
        "requestedQueryCost": requested,
        "actualQueryCost": requested,
        "throttleStatus": {"maximumAvailable": 1000.0, "currentlyAvailable": available, "restoreRate": 50.0},
    }


def page(nodes: list[dict[str, Any]], cursor: str | None = None) -> dict[str, Any]:
    return {"nodes": nodes, "pageInfo": {"hasNextPage": cursor is not None, "endCursor": cursor}}


def money(amount: str) -> dict[str, Any]:
    return {"shopMoney": {"amount": amount, "currencyCode": "GBP"}}


def line(number: int) -> dict[str, Any]:
    return {
        "id": f"gid://shopify/LineItem/{number}",
        "sku": "MUG-01",
        "title": "Mug",
        "quantity": 2,
        "currentQuantity": 1,
        "isGiftCard": False,
        "discountedTotalSet": money("20.00"),
    }


def fields(number: int, **changed: Any) -> dict[str, Any]:
    """An order without its lines."""
    return {
        "id": f"gid://shopify/Order/{number}",
        "name": f"#{number}",
        "createdAt": "2026-11-22T10:00:00Z",
        "processedAt": "2026-11-22T10:00:00Z",
        "updatedAt": "2026-11-22T11:00:00Z",
        "cancelledAt": None,
        "test": False,
        "currencyCode": "GBP",
        "displayFinancialStatus": "PAID",
        "paymentGatewayNames": ["shopify_payments"],
        "sourceName": "web",
        "customer": {"id": "gid://shopify/Customer/77"},
        "totalPriceSet": money("40.00"),
        "currentTotalPriceSet": money("20.00"),
        "totalReceivedSet": money("40.00"),
        "totalRefundedSet": money("20.00"),
        "refunds": [],
        **changed,
    }


def order(number: int, *, lines: dict[str, Any] | None = None, **changed: Any) -> dict[str, Any]:
    return {**fields(number, **changed), "lineItems": lines or page([line(number)])}


def orders(*found: dict[str, Any], cursor: str | None = None) -> httpx.Response:
    return good({"orders": page(list(found), cursor)})
