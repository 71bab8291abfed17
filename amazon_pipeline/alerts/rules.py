"""When an alert opens, gets worse and is over, and what of it a channel still has to hear. Pure: no file, no clock.

An alert is one spell of trouble of one subject: a SKU in a marketplace, or the sync. Each change of it has an id; a
channel hears of a subject's newest change, once, if that is news to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal

Kind = Literal["stock", "sync"]
What = Literal["opened", "worsened", "eased", "resolved"]

MOST_ATTEMPTS: Final = 10
"""About three hours; after that the change goes along with the next message that is due, and is not tried by itself."""

_FIRST_WAIT: Final = timedelta(seconds=30)
_LONGEST_WAIT: Final = timedelta(hours=1)
_RANK: Final = {"in-stock": 0, "low-stock": 1, "out-of-stock": 2}


@dataclass(frozen=True)
class Subject:
    """What an alert is about: a SKU of a seller in a marketplace; for the sync all three are empty."""

    seller_id: str = ""
    marketplace_id: str = ""
    seller_sku: str = ""


@dataclass(frozen=True)
class Alert:
    """An alert that is open. ``level`` is the stock status; for the sync the failing streams, sorted, with commas."""

    alert_id: int
    subject: Subject
    level: str
    opened_at: datetime


@dataclass(frozen=True)
class Change:
    """One change to record; ``alert_id`` is None for a new alert. ``sentence`` is what the sync said."""

    what: What
    subject: Subject
    level: str
    alert_id: int | None = None
    sentence: str | None = None


@dataclass(frozen=True)
class Notice:
    """The newest change of a subject as one channel stands to it.

    ``was_told``: an earlier change of the same alert was delivered to the channel. ``snoozed_until`` is the first day
    (UTC) of hearing of it again.
    """

    change_id: int
    alert_id: int
    what: What
    subject: Subject
    level: str
    sentence: str | None
    changed_at: datetime
    opened_at: datetime
    acknowledged_level: str | None
    snoozed_until: date | None
    was_told: bool
    attempts: int
    next_try_at: datetime | None
    last_error: str | None


def stock_changes(open_alerts: Iterable[Alert], status: Mapping[Subject, str]) -> list[Change]:
    """What the published stock status changes: open what is low or out, worsen, ease, resolve what is neither any more.

    ``status`` has each pool of stock once. A subject that is not in it is gone or counted elsewhere: its alert is over.
    """
    changes = []
    known = {alert.subject: alert for alert in open_alerts}
    for subject, level in status.items():
        alert = known.get(subject)
        if alert is None:
            if level != "in-stock":
                changes.append(Change("opened", subject, level))
        elif level == "in-stock":
            changes.append(Change("resolved", subject, level, alert.alert_id))
        elif level != alert.level:
            what: What = "worsened" if _RANK[level] > _RANK[alert.level] else "eased"
            changes.append(Change(what, subject, level, alert.alert_id))
    changes += [
        Change("resolved", alert.subject, "gone", alert.alert_id)
        for subject, alert in known.items()
        if subject not in status
    ]
    return changes


def is_news(notice: Notice, now: datetime) -> bool:
    """Whether a channel that was not delivered this change is to hear of it now.

    Nobody hears of the end of what they did not hear of, nor of an out-of-stock SKU that is merely low. What is
    acknowledged is silent until it is worse than it was then, or a new alert; what is snoozed until that day.
    """
    if notice.what == "eased" and notice.was_told:
        return False
    if notice.what == "resolved":
        if not notice.was_told:
            return False
        ended_in_snooze = notice.snoozed_until is not None and notice.changed_at.date() < notice.snoozed_until
        return notice.acknowledged_level is None and not ended_in_snooze
    if notice.acknowledged_level is not None and _RANK[notice.acknowledged_level] >= _RANK[notice.level]:
        return False
    return notice.snoozed_until is None or now.date() >= notice.snoozed_until


def is_due(notice: Notice, now: datetime) -> bool:
    """Whether this notice by itself is a reason to send now: it was never tried, or its wait is over."""
    return notice.attempts == 0 or (notice.next_try_at is not None and notice.next_try_at <= now)


def next_try(attempts: int, now: datetime) -> datetime | None:
    """When to try again after this many failed attempts: twice the wait each time, up to an hour; None to give up."""
    if attempts >= MOST_ATTEMPTS:
        return None
    return now + min(_LONGEST_WAIT, _FIRST_WAIT * (1 << (attempts - 1)))
