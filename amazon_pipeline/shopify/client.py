"""The session with one store: waits for points, asks, reads strictly, retries what may work later.

A wait that would outlast the run's Budget is not begun. THROTTLED waits for the bucket; other transient failures are
retried after exponential backoff with full jitter, at most four attempts in all; permanent ones are not repeated.
"""

from __future__ import annotations

import json
import logging
import random as random_module
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, Self

import httpx

from amazon_pipeline.errors import (
    BulkLinkExpired,
    ShopifyMalformed,
    ShopifyServiceFailure,
    ShopifyThrottled,
    ShopifyTransient,
    ShopifyUnreachable,
    StoreBudgetSpent,
)
from amazon_pipeline.pacing import Budget, CallStats, Progress, ignore_progress
from amazon_pipeline.shopify.answers import Answer, Reader, Received, parsed
from amazon_pipeline.shopify.cost import CostLedger, ThrottleStatus, read_cost
from amazon_pipeline.shopify.documents import Operation, operation
from amazon_pipeline.stores import ShopifyStore

ATTEMPTS: Final = 4
_FIRST_PAUSE: Final = 1.0  # seconds; doubles with each attempt
_LONGEST_PAUSE: Final = 30.0
_LARGEST_ANSWER: Final = 64 * 1024 * 1024  # bytes
_LONGEST_ANSWER: Final = 60.0  # seconds; a read timeout alone lets a server drip a byte at a time for ever
_LONGEST_DOWNLOAD: Final = 600.0  # seconds
_DOWNLOAD: Final = "ShopifyBulkFile"


@dataclass(frozen=True)
class Page:
    """What of one answer is to land. ``number`` counts from 1, ``next_token`` is the cursor of the page after it."""

    operation: str
    params: dict[str, str]
    number: int
    body: dict[str, Any]
    rows: list[dict[str, Any]]
    next_token: str | None
    received_at: datetime
    request_id: str | None


@dataclass(frozen=True)
class Asked:
    """One answered call: its whole data, when it came, and Shopify's id of it."""

    data: dict[str, Any]
    received_at: datetime
    request_id: str | None
    version: str | None


class ShopifyAdmin:
    """A session with the Admin API of one store; a context manager, for one thread.

    ``transport`` is what httpx sends through, ``ledger`` the store's bucket, ``budget`` bounds every wait, ``clock``
    gives aware UTC, ``sleep`` takes seconds, ``random`` gives floats in [0, 1). ``stats`` counts per operation,
    ``clock_ahead_seconds`` is how far ``clock`` is ahead of Shopify's.
    """

    def __init__(
        self,
        store: ShopifyStore,
        *,
        version: str,
        ledger: CostLedger,
        budget: Budget,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
        on_progress: Callable[[Progress], None] = ignore_progress,
        transport: httpx.BaseTransport | None = None,
        random: Callable[[], float] = random_module.random,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        for name in ("httpx", "httpcore"):  # they would write links that are secrets
            logging.getLogger(name).setLevel(logging.WARNING)
        self.store = store
        self._url = f"{store.endpoint}/admin/api/{version}/graphql.json"
        self._ledger = ledger
        self._budget = budget
        self._clock = clock
        self._sleep = sleep
        self._random = random
        self._monotonic = monotonic
        self._on_progress = on_progress
        self._http = httpx.Client(
            transport=transport or httpx.HTTPTransport(),
            timeout=httpx.Timeout(30.0, connect=10.0),
            trust_env=False,
            follow_redirects=False,
            headers={"User-Agent": "amazon-pipeline"},
        )
        self._costs: dict[str, float] = {}
        self.stats: dict[str, CallStats] = {}
        self.clock_ahead_seconds: float | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def now(self) -> datetime:
        """The session's clock."""
        return self._clock()

    def ask(self, name: str, variables: Mapping[str, Any]) -> Asked:
        """The answer to ``queries/<name>.graphql``. Raises a ShopifyError; StoreBudgetSpent when time is up."""
        one = operation(name)
        failure: ShopifyTransient | None = None
        for attempt in range(1, ATTEMPTS + 1):
            try:
                taken = self._ready(one)
            except StoreBudgetSpent:
                if failure is None or isinstance(failure, ShopifyThrottled):
                    raise
                raise failure from None  # not the points are why another attempt was needed
            try:
                return self._attempt(one, variables, taken)
            except ShopifyTransient as error:
                failure = error
                if attempt == ATTEMPTS:
                    raise
                self._recover(one, error, attempt)
        raise AssertionError("unreachable")  # the last attempt returns or raises

    def quota_left(self, _operation: str) -> float:
        """Points in the store's bucket, the same for every operation."""
        return self._ledger.points()

    def pause(self, progress: Progress) -> bool:
        """Tell ``progress`` and wait its ``seconds``; False, without waiting, when that would outlast the budget."""
        if progress.seconds > self._budget.remaining():
            return False
        self._on_progress(progress)
        self._sleep(progress.seconds)
        return True

    def tell(self, progress: Progress) -> None:
        """Tell whoever follows the session."""
        self._on_progress(progress)

    def lines(self, url: str, *, size: int | None) -> Iterator[bytes]:
        """The lines of a bulk operation's file of ``size`` bytes. The token is not sent: the link is the right to it.

        Raises BulkLinkExpired, ShopifyServiceFailure, ShopifyUnreachable, or ShopifyMalformed for another size.
        """
        headers = {"Accept-Encoding": "identity"}
        with self._wire(_DOWNLOAD), self._http.stream("GET", url, headers=headers) as response:
            self._check_download(response)
            rest, read, deadline = b"", 0, self._monotonic() + _LONGEST_DOWNLOAD
            for chunk in response.iter_bytes():
                read += len(chunk)
                if self._monotonic() > deadline:
                    raise ShopifyUnreachable(
                        "a bulk operation's file did not come to an end", store=self.store.domain, operation=_DOWNLOAD
                    )
                *whole, rest = (rest + chunk).split(b"\n")
                yield from (line for line in whole if line.strip())
            if size is not None and read != size:
                raise ShopifyMalformed(
                    f"a bulk operation's file has {read} bytes, where Shopify says {size}",
                    store=self.store.domain,
                    operation=_DOWNLOAD,
                )
            if rest.strip():
                yield rest

    def _check_download(self, response: httpx.Response) -> None:
        facts: dict[str, Any] = {
            "store": self.store.domain,
            "operation": _DOWNLOAD,
            "status": response.status_code,
        }
        if response.status_code >= 500 or response.status_code == 429:
            raise ShopifyServiceFailure("the file of a bulk operation could not be fetched", **facts)
        if response.status_code >= 400:
            raise BulkLinkExpired("the link to a bulk operation's file is no longer valid", **facts)
        if response.status_code != 200:
            raise ShopifyMalformed("the link to a bulk operation's file leads somewhere else", **facts)

    def _ready(self, one: Operation) -> float:
        """Wait until the bucket holds what the operation asks for, and take it."""
        stats = self.stats.setdefault(one.name, CallStats())
        cost = self._costs.get(one.name, one.cost)
        while (wait := self._ledger.take(cost)) > 0:
            if wait > self._budget.remaining():
                error = StoreBudgetSpent(
                    f"the store's points are used up for another {wait:.0f} s, longer than this sync may still take; "
                    "the next sync goes on from here",
                    store=self.store.domain,
                    operation=one.name,
                )
                error.wait_seconds = wait
                raise error
            self._on_progress(Progress(one.name, "wait", seconds=wait))
            stats.quota_wait_seconds += wait
            self._sleep(wait)
        return cost

    def _attempt(self, one: Operation, variables: Mapping[str, Any], taken: float) -> Asked:
        stats = self.stats[one.name]
        stats.calls += 1
        received: Received | None = None
        throttled: ShopifyThrottled | None = None
        answer: Answer | None = None
        try:
            received = self._exchange(one, variables)
            answer = Reader(self.store.domain, one).read(received)
        except ShopifyThrottled as error:
            throttled = error
            raise
        finally:
            status = answer.cost if answer else _cost_of(received)
            if status and status.requested:
                self._costs[one.name] = status.requested
            if throttled is None:
                self._ledger.settle(taken, status)
            else:
                stats.throttled += 1
                cost = self._costs.get(one.name, taken)
                self._ledger.throttled(cost, status, retry_after=throttled.retry_after)
        moment = self._clock()
        if received.answered_at is not None:
            self.clock_ahead_seconds = round((moment - received.answered_at).total_seconds(), 1)
        return Asked(answer.data, moment, received.request_id, received.version)

    def _exchange(self, one: Operation, variables: Mapping[str, Any]) -> Received:
        content = json.dumps({"query": one.text, "operationName": one.name, "variables": dict(variables)})
        headers = {
            # taken out of SecretStr only for the moment of the request
            "X-Shopify-Access-Token": self.store.token.get_secret_value(),
            "Content-Type": "application/json",
            "Accept": "application/json",
        }
        with self._wire(one.name), self._http.stream("POST", self._url, content=content, headers=headers) as response:
            return Received(
                response.status_code,
                {name.lower(): value for name, value in response.headers.items()},
                self._content(one, response),
            )

    def _content(self, one: Operation, response: httpx.Response) -> bytes:
        deadline = self._monotonic() + _LONGEST_ANSWER
        content = bytearray()
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) > _LARGEST_ANSWER or self._monotonic() > deadline:
                raise ShopifyUnreachable(
                    "Shopify's answer did not come to an end", store=self.store.domain, operation=one.name
                )
        return bytes(content)

    @contextmanager
    def _wire(self, name: str) -> Iterator[None]:
        # "from None" everywhere: a protocol error's own text may quote a header, and that may be the token
        facts: dict[str, Any] = {"store": self.store.domain, "operation": name}
        try:
            yield
        except httpx.TimeoutException:
            raise ShopifyUnreachable("Shopify did not answer in time; check the network", **facts) from None
        except httpx.ConnectError as error:
            raise ShopifyUnreachable(
                f"Shopify could not be reached ({error}); check the network and the domain in SHOPIFY_STORES", **facts
            ) from None
        except httpx.DecodingError:
            raise ShopifyMalformed("Shopify sent an answer whose compression is damaged", **facts) from None
        except httpx.TransportError as error:
            raise ShopifyUnreachable(
                f"the connection broke before the answer was complete ({type(error).__name__})", **facts
            ) from None

    def _recover(self, one: Operation, error: ShopifyTransient, attempt: int) -> None:
        """Pause before the next attempt, or raise ``error`` when there is no time for one."""
        if isinstance(error, ShopifyThrottled):  # the pause is the bucket's
            self._on_progress(Progress(one.name, "throttled", number=attempt, message=str(error)))
            return
        ceiling: float = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (attempt - 1))
        progress = Progress(one.name, "retry", number=attempt, seconds=self._random() * ceiling, message=str(error))
        if not self.pause(progress):
            raise error


def _cost_of(received: Received | None) -> ThrottleStatus | None:
    """What a refusal says of the bucket, if it says anything."""
    body = parsed(received.content) if received else None
    return read_cost(body.get("extensions")) if isinstance(body, dict) else None


def iso(moment: datetime) -> str:
    """A time as Shopify's search reads it: ``2026-11-22T10:30:00Z``, to the second."""
    if moment.tzinfo is None:
        raise ValueError("a window needs aware datetimes")
    return moment.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")
