"""The shopify_history stream: the orders before a store's first sync, through bulk operations.

One sync asks, the first one after Shopify has made the file lands it. A batch is one bulk operation over at most 30
days, so that its file fits into memory; its manifest holds the operation's id from the moment Shopify gives it, and a
run that is cut off leaves an open batch that the next one goes on with. One operation at a time per store.

Shopify gives orders of the last 60 days to every app, and older ones to apps with the scope ``read_all_orders``:
https://shopify.dev/docs/api/usage/access-scopes. Without it the older ones would be left out without a word, so they
are not asked for, and that is noted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from amazon_pipeline.errors import BulkFailed, BulkNotReady
from amazon_pipeline.extraction.shopify_session import ShopifyExtraction
from amazon_pipeline.extraction.shopify_shop import STREAM as SHOP_STREAM
from amazon_pipeline.extraction.stream import Fetched, manifest_instant
from amazon_pipeline.landing import Batch
from amazon_pipeline.pacing import Progress
from amazon_pipeline.shopify.bulk import HISTORY, RUN, BulkOperation, failed, orders_of, start, status
from amazon_pipeline.shopify.shop import shop

STREAM: Final = "shopify_history"

LONGEST_WINDOW: Final = timedelta(days=30)
WITHOUT_ALL_ORDERS: Final = timedelta(days=60)
ORDERS_A_PAGE: Final = 500
NOT_AGAIN_WITHIN: Final = timedelta(hours=6)
"""An operation that Shopify ended without a file is not repeated at once."""
_MARGIN: Final = timedelta(minutes=5)
_LONGEST_PAUSE: Final = 60.0  # seconds

Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class _Run:
    extraction: ShopifyExtraction
    fetched: Fetched
    is_patient: bool
    first_sync: datetime
    orders_a_page: int


def fetch_shopify_history(
    extraction: ShopifyExtraction,
    fetched: Fetched,
    *,
    days: int,
    is_patient: bool = False,
    orders_a_page: int = ORDERS_A_PAGE,
) -> None:
    """Go towards the last ``days`` days before the store's first sync: a step, or all the way when ``is_patient``.

    Raises BulkNotReady or StoreBudgetSpent when there is more to do (what has landed stays, the next run goes on),
    BulkFailed when Shopify ends an operation without its file, and other ShopifyErrors.
    """
    now = extraction.clock()
    batches = extraction.landing.batches(STREAM)
    ends = [end for one in batches if (end := manifest_instant(one.manifest.params.get("first_sync")))]
    end = ends[0] if ends else now.replace(microsecond=0)
    run = _Run(extraction, fetched, is_patient, end, orders_a_page)
    scopes = _scopes(extraction)
    begin = end - timedelta(days=days)
    reach = (now - WITHOUT_ALL_ORDERS + _MARGIN).replace(microsecond=0)
    if "read_all_orders" not in scopes and begin < reach:
        begin = reach
        fetched.note = f"Orders before {reach:%Y-%m-%d} are not available: the app lacks the scope read_all_orders"
    under_way = [batch for batch in batches if batch.manifest.status == "open"]
    fetched.was_due = bool(under_way or _missing((begin, end), batches))
    for batch in under_way:
        _finish(run, batch)
    batches = extraction.landing.batches(STREAM)
    for window in _missing((begin, end), batches):
        if not is_patient:
            _check_not_refused_lately(extraction, batches)
        _finish(run, _ask(run, window, with_customers="read_customers" in scopes))


def _scopes(extraction: ShopifyExtraction) -> list[str]:
    """What the token may do, as the stream of the shop itself landed it, or else by asking."""
    for batch in reversed(extraction.landing.batches(SHOP_STREAM)):
        for page in batch.readable_pages():
            scopes = page.body.get("accessScopes")
            if isinstance(scopes, list):
                return scopes
    found: list[str] = shop(extraction.client).body["accessScopes"]
    return found


def _ask(run: _Run, window: Span, *, with_customers: bool) -> Batch:
    """Ask for an operation, and open its batch with the id that Shopify gave it."""
    extraction = run.extraction
    bulk_id = start(extraction.client, window, with_customers=with_customers)
    batch = extraction.landing.open_batch(
        STREAM,
        source=extraction.source,
        at=extraction.clock(),
        params={
            "bulk_id": bulk_id,
            "window_start": window[0],
            "window_end": window[1],
            "first_sync": run.first_sync,
            "customers": "asked" if with_customers else "denied",
        },
    )
    words = f"orders placed from {window[0]:%Y-%m-%d} to {window[1]:%Y-%m-%d} are asked for"
    extraction.client.tell(Progress(RUN, "report", message=words))
    if not run.is_patient:
        raise BulkNotReady(f"{words}; the next sync fetches them", store=extraction.seller_id, operation=RUN)
    return batch


def _finish(run: _Run, batch: Batch) -> None:
    """See an open batch to its end: the operation done, its orders on disk, and the batch closed."""
    bulk = _awaited(run, str(batch.manifest.params["bulk_id"]))
    with_customers = batch.manifest.params.get("customers") == "asked"
    if bulk is None or bulk.status == "EXPIRED":
        _close(run, batch, "abandoned", why="Shopify no longer has its file")
        _finish(run, _ask(run, _window(batch), with_customers=with_customers))
    elif bulk.status == "COMPLETED":
        _land(run, batch, bulk)
    elif bulk.error_code == "ACCESS_DENIED" and with_customers:
        _close(run, batch, "abandoned", why="customers may not be read")
        _finish(run, _ask(run, _window(batch), with_customers=False))
    else:
        error = failed(run.extraction.client, bulk)
        _close(run, batch, "abandoned", why=error.reason, was_refused=True)
        raise error


def _awaited(run: _Run, bulk_id: str) -> BulkOperation | None:
    pause = 2.0
    while (bulk := status(run.extraction.client, bulk_id)) is not None and bulk.is_under_way:
        words = f"bulk operation {bulk_id} is {bulk.status}, {bulk.roots} orders so far"
        progress = Progress(RUN, "report", seconds=pause, message=words)
        if not run.is_patient or not run.extraction.client.pause(progress):
            raise BulkNotReady(f"{words}; the next run fetches its file", store=run.extraction.seller_id, operation=RUN)
        pause = min(pause * 2, _LONGEST_PAUSE)
    return bulk


def _land(run: _Run, batch: Batch, bulk: BulkOperation) -> None:
    """Write the orders, page by page; a page that is on disk is left alone: the same file is cut the same way."""
    extraction, params = run.extraction, batch.manifest.params
    orders = orders_of(extraction.client, bulk, extraction.hashed)
    already = set(batch.page_numbers())
    for number, first in enumerate(range(0, len(orders), run.orders_a_page), start=1):
        if number in already:
            continue
        rows = orders[first : first + run.orders_a_page]
        batch.write_page(
            number=number,
            operation=HISTORY,
            params={"bulk_id": params["bulk_id"], "customers": params["customers"]},
            received_at=extraction.clock(),
            request_id=None,
            next_token=None,
            body={"orders": rows},
        )
        run.fetched.wrote(batch, number)
        run.fetched.rows += len(rows)
        extraction.client.tell(Progress(HISTORY, "page", number=number, rows=len(rows)))
    _close(run, batch, "complete", orders=len(orders))


def _missing(span: Span, batches: Iterable[Batch]) -> list[Span]:
    """The parts of the span that no complete batch holds, in windows of at most 30 days, oldest first."""
    begin, end = span
    found: list[Span] = []
    for known_start, known_end in sorted(window for batch in batches if (window := _complete_window(batch))):
        if known_end > begin and known_start < end:
            found += _cut(begin, min(known_start, end))
            begin = max(begin, known_end)
    return found + _cut(begin, end)


def _cut(begin: datetime, end: datetime) -> list[Span]:
    found: list[Span] = []
    while begin < end:
        found.append((begin, min(begin + LONGEST_WINDOW, end)))
        begin = found[-1][1]
    return found


def _check_not_refused_lately(extraction: ShopifyExtraction, batches: Sequence[Batch]) -> None:
    """Raises BulkFailed again, without a call, when the newest operation failed a short while ago."""
    newest = batches[-1].manifest if batches else None
    if newest and newest.facts.get("was_refused") and newest.closed_at:
        again_at = newest.closed_at + NOT_AGAIN_WITHIN
        if extraction.clock() < again_at:
            raise BulkFailed(
                f"{newest.facts['why']}; it is asked for again after {again_at:%Y-%m-%d %H:%M} UTC",
                store=extraction.seller_id,
                operation=RUN,
            )


def _close(run: _Run, batch: Batch, how: Any, **facts: Any) -> None:
    params = batch.manifest.params
    window = {name: params.get(name) for name in ("window_start", "window_end")}
    batch.close(how, at=run.extraction.clock(), facts={**window, **facts})


def _window(batch: Batch) -> Span:
    start_, end = (manifest_instant(batch.manifest.params[name]) for name in ("window_start", "window_end"))
    assert start_ is not None  # noqa: S101  # _ask wrote both
    assert end is not None  # noqa: S101  # as above
    return start_, end


def _complete_window(batch: Batch) -> Span | None:
    return _window(batch) if batch.manifest.status == "complete" else None
