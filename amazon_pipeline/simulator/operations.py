"""The operations the simulator answers: path, quota and query parameters, as Amazon's models state them.

The figures are written down here and compared with the models by tests/contract/test_simulator_against_models.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from amazon_pipeline.simulator.parameters import Query
from amazon_pipeline.simulator.reports import Reports
from amazon_pipeline.simulator.tokens import Notes
from amazon_pipeline.simulator.world import World

RATE_HEADER = "x-amzn-RateLimit-Limit"
RATE_HEADER_ON = (200, 202, 400, 404)
"""The models list the header on these answers and not on 403, 429 and 5xx."""


@dataclass(frozen=True)
class PageSizes:
    """How many rows an answer holds. Only searchOrders lets the caller choose."""

    orders: int = 100
    """Model orders_2026-01-01: default and highest value of maxResultsPerPage."""
    inventory: int = 50
    """amzn/selling-partner-api-docs#2312."""
    shipments: int = 50
    shipment_items: int = 200
    """amzn/selling-partner-api-models#5102."""


@dataclass(frozen=True)
class Seller:
    """What a handler needs: the account's truth, the page tokens, the page sizes and the reports."""

    world: World
    notes: Notes
    pages: PageSizes
    reports: Reports


@dataclass(frozen=True)
class Ask:
    """One authenticated request within quota."""

    seller: Seller
    query: Query
    path: dict[str, str]
    now: datetime
    host: str = ""
    """Under which address the caller knows this server: ``http://127.0.0.1:8077``."""
    body: bytes = b""
    fault: str | None = None
    """The kind of fault that the answer itself shall have (:mod:`.faults`)."""


@dataclass(frozen=True)
class Operation:
    """One operation; ``answer`` gives the body of the success, or raises a Refusal."""

    name: str
    path: str
    rate: float
    """Requests a second."""
    burst: int
    parameters: frozenset[str]
    answer: Callable[[Ask], dict[str, Any]]
    method: str = "GET"
    success: int = 200
