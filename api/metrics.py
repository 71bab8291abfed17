"""What /metrics tells Prometheus: the requests, how long they took, how old the data is, who listens.

One registry per application (``api/app.py``). With several workers each counts for itself, and says which one it is.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import accumulate
from typing import Final

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from api.answers import Answers
from api.snapshot import SnapshotStore
from api.sse import Hub

_SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class RequestMetrics(Collector):
    """Counts finished requests. ``worker`` is empty, which to Prometheus is no label, unless there are several.

    Counted in plain numbers, on the event loop's thread alone: the client library's own counters take a lock each,
    which cost a request from the cache three times as much.
    """

    def __init__(self, *, worker: str = "") -> None:
        self._worker = worker
        self._counts: dict[tuple[str, str, int], int] = {}
        self._timings: dict[str, _Timings] = {}

    def count(self, route: str, method: str, status: int) -> None:
        """One more request of this route; ``method`` is as the client sent it."""
        key = (route, method if method in _METHODS else "other", status)
        self._counts[key] = self._counts.get(key, 0) + 1

    def time(self, route: str, seconds: float) -> None:
        """How long one request of this route took."""
        timings = self._timings.get(route)
        if timings is None:
            timings = self._timings[route] = _Timings()
        timings.buckets[bisect_left(_SECONDS, seconds)] += 1
        timings.sum += seconds

    def describe(self) -> list[Metric]:
        """Nothing: the registry need not collect in order to learn the names."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The requests so far."""
        requests = CounterMetricFamily(
            "amazon_pipeline_http_requests",
            "Requests answered, also those from the cache.",
            labels=("route", "method", "status", "worker"),
        )
        for (route, method, status), count in self._counts.items():
            requests.add_metric((route, method, str(status), self._worker), count)
        yield requests
        seconds = HistogramMetricFamily(
            "amazon_pipeline_http_request_duration_seconds",
            "Time from the request's head to the end of its answer; event streams, which do not end, are left out.",
            labels=("route", "worker"),
        )
        for route, timings in self._timings.items():
            seconds.add_metric((route, self._worker), timings.cumulative(), timings.sum)
        yield seconds


class _Timings:
    """One route's latencies: how many fell into each bucket, the last for what took longer, and their sum."""

    __slots__ = ("buckets", "sum")

    def __init__(self) -> None:
        self.buckets = [0] * (len(_SECONDS) + 1)
        self.sum = 0.0

    def cumulative(self) -> list[tuple[str, float]]:
        """Prometheus's form: each bucket counts those below it too."""
        limits = [*map(floatToGoString, _SECONDS), "+Inf"]
        return list(zip(limits, accumulate(self.buckets), strict=True))


class StateMetrics(Collector):
    """What holds at the moment of the scrape. ``answers``, ``hub`` and ``store`` are the application's own."""

    def __init__(
        self,
        answers: Answers,
        hub: Hub,
        store: SnapshotStore,
        clock: Callable[[], datetime],
        *,
        worker: str,
    ) -> None:
        self._answers = answers
        self._hub = hub
        self._store = store
        self._clock = clock
        self._worker = worker

    def describe(self) -> list[Metric]:
        """Nothing: the registry need not collect in order to learn the names."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The published file, the open streams and the cache."""
        yield from self._published()
        streams = GaugeMetricFamily(
            "amazon_pipeline_event_streams", "Clients that listen to the live events.", labels=("worker",)
        )
        streams.add_metric((self._worker,), self._hub.clients)
        yield streams
        cache = CounterMetricFamily(
            "amazon_pipeline_page_cache_requests",
            "Data requests answered from the cache (hit) or by making the answer (miss).",
            labels=("result", "worker"),
        )
        cache.add_metric(("hit", self._worker), self._answers.hits)
        cache.add_metric(("miss", self._worker), self._answers.misses)
        yield cache

    def _published(self) -> Iterator[Metric]:
        snapshot = self._store.fresh()
        yield GaugeMetricFamily(
            "amazon_pipeline_published_file_readable",
            "1 while a published file is open, 0 before the first publish and while it cannot be read.",
            value=int(snapshot is not None),
        )
        if snapshot is None:
            return
        yield GaugeMetricFamily(
            "amazon_pipeline_publication_id",
            "Number of the published file that is open.",
            value=snapshot.publication.publication_id,
        )
        age = GaugeMetricFamily(
            "amazon_pipeline_data_age_seconds",
            "Seconds since the time up to which a stream is known; none for a stream that never succeeded.",
            labels=("stream",),
        )
        for stream, known in snapshot.as_of.items():
            if known is not None:
                age.add_metric((stream,), (self._clock() - known).total_seconds())
        yield age
