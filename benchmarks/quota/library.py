"""The same week with python-amazon-sp-api alone, used as its documentation shows.

``@throttle_retry() @load_all_pages(next_token_param="paginationToken")`` around ``search_orders``, every other argument
the library's default: https://github.com/saleweaver/python-amazon-sp-api/blob/master/docs/utils/load_all_pages.rst. In
that order a 429 on the way is not retried, because the outer decorator sees only the making of the generator; so the
week is played the other way round as well.

Around it stands what any careful user writes: each page's orders are kept as they come, the window is done when the
generator ends, and the next one starts where the last complete one ended, less the same overlap as ours.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final
from urllib.parse import urlsplit

import cachetools

from amazon_pipeline.extraction.orders import OVERLAP
from amazon_pipeline.selling_partner.client import iso
from amazon_pipeline.selling_partner.orders import INCLUDED_DATA
from benchmarks.quota.scene import DELAY, MARKETPLACES, Played, Scene

_FIRST_REACH: Final = timedelta(hours=49)


def play(stage: Scene, *, is_retry_inside: bool) -> Played:
    """Every sync of the week. ``is_retry_inside``: the decorators in the order in which the retry can work."""
    load, failures = _loader(stage, is_retry_inside=is_retry_inside)
    played = Played(known_until=stage.known_before)
    for _ in stage.syncs():
        end = stage.clock() - DELAY
        start = played.known_until - OVERLAP if played.known_until else end - _FIRST_REACH
        played.syncs += 1
        played.read_until = end
        try:
            for page in load(start, end):
                for order in page.payload["orders"]:
                    version = (order["orderId"], datetime.fromisoformat(order["lastUpdatedTime"]))
                    played.rows += 1
                    played.landed.setdefault(version, stage.clock())
            played.known_until = end
        except failures:
            played.incomplete += 1
        if played.known_until:
            played.lags.append(stage.clock() - played.known_until)
    played.calls, played.throttled = stage.calls()
    return played


def _loader(
    stage: Scene, *, is_retry_inside: bool
) -> tuple[Callable[[datetime, datetime], Iterator[Any]], type[Exception]]:
    from sp_api.api import Orders  # noqa: PLC0415  # it costs 0.7 s and reads the environment
    from sp_api.auth import AccessTokenClient, access_token_client  # noqa: PLC0415
    from sp_api.base import SellingApiException  # noqa: PLC0415
    from sp_api.util import load_all_pages, throttle_retry  # noqa: PLC0415

    # its two clocks: what it waits with, and what its access token grows old by
    waits = SimpleNamespace(sleep=stage.sleep)
    for module in ("sp_api.util.retry", "sp_api.util.load_all_pages"):
        sys.modules[module].time = waits  # type: ignore[attr-defined]
    access_token_client.cache = cachetools.TTLCache(10, 3200, timer=lambda: stage.clock().timestamp())

    login = urlsplit(stage.simulator.lwa_endpoint)

    class LocalLogin(AccessTokenClient):  # type: ignore[misc]
        scheme = "http://"
        host = login.netloc
        path = login.path

    environment = stage.simulator.environment
    credentials = {
        "refresh_token": environment["AMAZON_REFRESH_TOKEN"],
        "lwa_app_id": environment["AMAZON_LWA_APP_ID"],
        "lwa_client_secret": environment["AMAZON_LWA_CLIENT_SECRET"],
    }
    orders = Orders(version="2026-01-01", credentials=credentials, auth_token_client_class=LocalLogin, timeout=120)
    orders.endpoint = stage.simulator.sp_api_endpoint
    all_pages = load_all_pages(next_token_param="paginationToken")  # noqa: S106  # the name of a parameter
    retry = throttle_retry()

    def search(**arguments: Any) -> Any:
        return orders.search_orders(**arguments)

    decorated = all_pages(retry(search)) if is_retry_inside else retry(all_pages(search))

    def load(start: datetime, end: datetime) -> Iterator[Any]:
        pages: Iterator[Any] = decorated(
            marketplaceIds=list(MARKETPLACES),
            lastUpdatedAfter=iso(start),
            lastUpdatedBefore=iso(end),
            includedData=INCLUDED_DATA,
            maxResultsPerPage="100",
        )
        return pages

    return load, SellingApiException
