"""Bulk operations: a query without pages, whose result is a file of lines.

As documented at https://shopify.dev/docs/api/usage/bulk-operations/queries: a line an object, a child after its parent
and with its id as ``__parentId``, one operation at a time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from graphql import graphql_sync

from amazon_pipeline.simulator.shopify.answers import Asked, iso, root, store_schema
from amazon_pipeline.simulator.shopify.world import StoreWorld

RUNS_FOR = timedelta(seconds=8)


@dataclass
class Operation:
    """One bulk operation: what it asked, when, and how it is to end."""

    number: int
    query: str
    began: datetime
    fate: str | None = None

    @property
    def gid(self) -> str:
        """Its id."""
        return f"gid://shopify/BulkOperation/{self.number}"


class BulkOperations:
    """A store's bulk operations; ``take_fault`` says whether one is to go wrong."""

    def __init__(self, world: StoreWorld, take_fault: Callable[..., str | None]) -> None:
        self._world = world
        self._take_fault = take_fault
        self._all: list[Operation] = []
        self.base_url = ""

    def run(self, query: str, now: datetime) -> dict[str, Any]:
        """``bulkOperationRunQuery``."""
        if self._all and now < self._all[-1].began + RUNS_FOR:
            message = f"A bulk query operation for this app and shop is already in progress: {self._all[-1].gid}."
            return {
                "bulkOperation": None,
                "userErrors": [{"field": None, "message": message, "code": "OPERATION_IN_PROGRESS"}],
            }
        fate = self._take_fault("bulk-failed", "bulk-expired", "bulk-truncated")
        self._all.append(Operation(len(self._all) + 1, query, now, fate))
        return {"bulkOperation": self._shown(self._all[-1], now), "userErrors": []}

    def status(self, gid: str, now: datetime) -> dict[str, Any] | None:
        """``bulkOperation(id:)``."""
        return next((self._shown(one, now) for one in self._all if one.gid == gid), None)

    def file(self, number: int) -> tuple[bytes, int] | None:
        """The file of an operation, and how much of it is sent (all, unless a fault cuts it)."""
        found = next((one for one in self._all if one.number == number), None)
        if found is None:
            return None
        whole = b"".join(json.dumps(line).encode() + b"\n" for line in self._lines(found))
        return whole, len(whole) // 2 if found.fate == "bulk-truncated" else len(whole)

    def _shown(self, one: Operation, now: datetime) -> dict[str, Any]:
        is_done = now >= one.began + RUNS_FOR
        status = "RUNNING" if now > one.began else "CREATED"
        if is_done:
            status = {"bulk-failed": "FAILED", "bulk-expired": "EXPIRED"}.get(one.fate or "", "COMPLETED")
        lines = list(self._lines(one)) if status == "COMPLETED" else []
        size = sum(len(json.dumps(line)) + 1 for line in lines)
        return {
            "__typename": "BulkOperation",
            "id": one.gid,
            "type": "QUERY",
            "status": status,
            "errorCode": "INTERNAL_SERVER_ERROR" if status == "FAILED" else None,
            "createdAt": iso(one.began),
            "completedAt": iso(one.began + RUNS_FOR) if is_done else None,
            "objectCount": str(len(lines)),
            "rootObjectCount": str(sum("__parentId" not in line for line in lines)),
            "fileSize": str(size) if status == "COMPLETED" else None,
            "url": f"{self.base_url}/bulk/{one.number}.jsonl" if lines else None,
            "partialDataUrl": None,
            "query": one.query,
        }

    def _lines(self, one: Operation) -> Iterator[dict[str, Any]]:
        asked = Asked(self._world, one.began, is_bulk=True)
        result = graphql_sync(store_schema(), one.query, root(asked))
        if result.errors or result.data is None:
            raise ValueError(f"the bulk query cannot be run: {result.errors}")
        for connection in result.data.values():
            for edge in connection["edges"]:
                yield from _flat(edge["node"], None)


def _flat(node: dict[str, Any], parent: str | None) -> Iterator[dict[str, Any]]:
    children = {key: value for key, value in node.items() if isinstance(value, dict) and "edges" in value}
    own = {key: value for key, value in node.items() if key not in children}
    yield own if parent is None else {**own, "__parentId": parent}
    for connection in children.values():
        for edge in connection["edges"]:
            yield from _flat(edge["node"], node["id"])
