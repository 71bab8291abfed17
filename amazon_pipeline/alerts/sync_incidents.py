"""When the sync is in trouble and when that is over, from the event log; so runs from the command line count too."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Self

from amazon_pipeline.alerts.rules import Alert, Change, Subject
from amazon_pipeline.events import SYNC_COMPLETED, SYNC_ERROR, EventLog

WHOLE_SYNC: Final = "sync"
OVERDUE: Final = "overdue"
_SCHEDULE: Final = timedelta(minutes=15)
_START_OF_A_RUN: Final = timedelta(minutes=5)
_SETTLED: Final = timedelta(seconds=10)
"""A sync with a failed stream says completed and then error, milliseconds apart."""
_ASLEEP: Final = timedelta(minutes=5)
"""A gap between two looks that says that nobody was looking: the daemon was stopped."""


@dataclass(frozen=True)
class Watch:
    """Since when somebody has been looking without a break, and when they last did."""

    since: datetime
    seen: datetime

    @classmethod
    def resumed(cls, cursor: str | None, now: datetime) -> Self:
        """The watch noted in a sensor's cursor, gone on with; a new one if there is none or it was interrupted."""
        if cursor:
            since, seen = (datetime.fromisoformat(part) for part in cursor.split(" "))
            if now - seen <= _ASLEEP:
                return cls(since, now)
        return cls(now, now)

    @property
    def cursor(self) -> str:
        """What ``resumed`` reads."""
        return f"{self.since.isoformat()} {self.seen.isoformat()}"


@dataclass(frozen=True)
class Verdict:
    """How the sync stands since ``at``: the failing streams and the sentence that says why, or nothing of both."""

    at: datetime
    streams: frozenset[str] = frozenset()
    sentence: str | None = None


def sync_verdict(
    events: EventLog, watch: Watch, *, now: datetime, budget: timedelta, is_expected: bool
) -> Verdict | None:
    """How the newest sync ended, or that one is overdue; None if that cannot be said yet.

    Overdue: none completed for two schedules, or as long as a sync may take if ``budget`` is longer. Only if syncs are
    ``is_expected`` (there are credentials), and only while somebody has been watching for so long.
    """
    newest = events.newest(SYNC_COMPLETED, SYNC_ERROR)
    body: dict[str, Any] = json.loads(newest.data) if newest else {}
    if newest and newest.event == SYNC_ERROR:
        return Verdict(_moment(body), frozenset(body.get("streams") or [WHOLE_SYNC]), body["error"])
    completed = _moment(body) if newest else None
    patience = max(2 * _SCHEDULE, _SCHEDULE + _START_OF_A_RUN + budget)
    if is_expected and now - max(watch.since, completed or watch.since) > patience:
        since = f"since {completed:%Y-%m-%d %H:%M} UTC" if completed else "ever"
        return Verdict(
            now,
            frozenset([OVERDUE]),
            f"No sync has completed {since}, though one should every 15 minutes. "
            "Look at the schedule and the runs in the Dagster UI.",
        )
    if completed is None or now - completed < _SETTLED:
        return None
    return Verdict(completed)


def sync_changes(open_alerts: Iterable[Alert], verdict: Verdict) -> list[Change]:
    """One alert from the first failure to the next sync without one; a stream that fails as well makes it worse."""
    alert = next(iter(open_alerts), None)
    if alert is None:
        return [Change("opened", Subject(), _level(verdict.streams), None, verdict.sentence)] if verdict.streams else []
    told = frozenset(alert.level.split(","))
    if not verdict.streams:
        return [Change("resolved", Subject(), alert.level, alert.alert_id)] if verdict.at >= alert.opened_at else []
    if verdict.streams <= told:
        return []
    return [Change("worsened", Subject(), _level(told | verdict.streams), alert.alert_id, verdict.sentence)]


def _level(streams: frozenset[str]) -> str:
    return ",".join(sorted(streams))


def _moment(body: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(body["timestamp"])
