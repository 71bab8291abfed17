"""A client that is logged in to a running simulator, for the tests of the simulator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from amazon_pipeline.simulator import account
from amazon_pipeline.simulator.server import RunningSimulator

NOW = datetime(2026, 11, 22, 19, 30, tzinfo=UTC)
US, CA = "ATVPDKIKX0DER", "A2EUQ1WTGCTBG2"
FORM = {
    "grant_type": "refresh_token",
    "refresh_token": account.REFRESH_TOKEN,
    "client_id": account.APP_ID,
    "client_secret": account.CLIENT_SECRET,
}


@dataclass
class Visitor:
    """Logged in to a running simulator."""

    simulator: RunningSimulator
    http: httpx.Client

    def log_in(self) -> None:
        answer = self.http.post(self.simulator.lwa_endpoint, data=FORM)
        self.http.headers["x-amz-access-token"] = answer.json()["access_token"]

    def get(self, path: str, **parameters: str | int) -> httpx.Response:
        return self.http.get(path, params=parameters)

    def orders(self, **parameters: str | int) -> httpx.Response:
        return self.get("/orders/2026-01-01/orders", **parameters)

    def all_orders(self, **parameters: str | int) -> list[dict[str, Any]]:
        """Every page's orders."""
        body = self.orders(**parameters).json()
        orders = list(body["orders"])
        while "pagination" in body:
            body = self.orders(**{**parameters, "paginationToken": body["pagination"]["nextToken"]}).json()
            orders += body["orders"]
        return orders

    def inventory(self, marketplace_id: str = US, **parameters: str | int) -> httpx.Response:
        return self.get(
            "/fba/inventory/v1/summaries",
            granularityType="Marketplace",
            granularityId=marketplace_id,
            marketplaceIds=marketplace_id,
            **parameters,
        )

    def create_report(self, report_type: str, **fields: Any) -> httpx.Response:
        body = {"reportType": report_type, "marketplaceIds": [US], **fields}
        return self.http.post("/reports/2021-06-30/reports", json=body)

    def report(self, report_id: str) -> dict[str, Any]:
        return dict(self.get(f"/reports/2021-06-30/reports/{report_id}").json())

    def document_link(self, document_id: str, **parameters: str) -> httpx.Response:
        return self.get(f"/reports/2021-06-30/documents/{document_id}", **parameters)

    def shipments(self, **parameters: str | int) -> httpx.Response:
        return self.get("/fba/inbound/v0/shipments", **{"MarketplaceId": US, **parameters})


def visit(simulator: RunningSimulator) -> Iterator[Visitor]:
    with httpx.Client(base_url=simulator.sp_api_endpoint) as http:
        visitor = Visitor(simulator, http)
        visitor.log_in()
        yield visitor


def refusal(answer: httpx.Response, status: int = 400) -> str:
    """The message of an error in Amazon's shape."""
    assert answer.status_code == status, answer.text
    (error,) = answer.json()["errors"]
    assert set(error) == {"code", "message", "details"}
    return str(error["message"])
