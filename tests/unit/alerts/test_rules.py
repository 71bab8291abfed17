"""The rules of alerts, by themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from amazon_pipeline.alerts.rules import (
    MOST_ATTEMPTS,
    Alert,
    Change,
    Notice,
    Subject,
    What,
    is_due,
    is_news,
    next_try,
    stock_changes,
)

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
MUG = Subject("S", "US", "MUG")
NOTICE = Notice(1, 1, "opened", MUG, "low-stock", None, NOW, NOW, None, None, False, 0, None, None)


@pytest.mark.parametrize(
    ("before", "status", "what"),
    [
        (None, "in-stock", None),
        (None, "low-stock", "opened"),
        (None, "out-of-stock", "opened"),
        ("low-stock", "low-stock", None),
        ("low-stock", "out-of-stock", "worsened"),
        ("low-stock", "in-stock", "resolved"),
        ("out-of-stock", "low-stock", "eased"),
        ("out-of-stock", "in-stock", "resolved"),
    ],
)
def test_a_status_against_the_open_alert(before: str | None, status: str, what: What | None) -> None:
    alerts = [Alert(4, MUG, before, NOW)] if before else []
    expected = [Change(what, MUG, status, 4 if before else None)] if what else []
    assert stock_changes(alerts, {MUG: status}) == expected


def test_an_alert_of_what_is_not_listed_any_more_is_over() -> None:
    assert stock_changes([Alert(4, MUG, "low-stock", NOW)], {}) == [Change("resolved", MUG, "gone", 4)]


@pytest.mark.parametrize(
    ("what", "was_told", "news"),
    [
        ("opened", False, True), ("worsened", True, True), ("worsened", False, True),
        ("eased", True, False), ("eased", False, True), ("resolved", True, True), ("resolved", False, False),
    ],
)  # fmt: skip
def test_what_is_news_to_a_channel_depends_on_what_it_was_told(what: What, was_told: bool, news: bool) -> None:
    assert is_news(replace(NOTICE, what=what, was_told=was_told), NOW) is news


@pytest.mark.parametrize(
    ("acknowledged", "level", "news"),
    [("low-stock", "low-stock", False), ("low-stock", "out-of-stock", True), ("out-of-stock", "low-stock", False)],
)
def test_an_acknowledgement_holds_until_it_is_worse(acknowledged: str, level: str, news: bool) -> None:
    assert is_news(replace(NOTICE, acknowledged_level=acknowledged, level=level), NOW) is news


def test_a_snooze_ends_with_the_start_of_its_day_in_utc() -> None:
    snoozed = replace(NOTICE, snoozed_until=date(2026, 11, 21))
    assert not is_news(snoozed, datetime(2026, 11, 20, 23, 59, tzinfo=UTC))
    assert is_news(snoozed, datetime(2026, 11, 21, 0, 0, tzinfo=UTC))


def test_the_waits_double_up_to_an_hour_and_end() -> None:
    waits = [next_try(attempts, NOW) for attempts in range(1, MOST_ATTEMPTS + 1)]
    minutes = [(moment - NOW) / timedelta(minutes=1) if moment else None for moment in waits]
    assert minutes == [0.5, 1, 2, 4, 8, 16, 32, 60, 60, None]


def test_a_notice_is_due_when_it_was_never_tried_or_its_wait_is_over() -> None:
    assert is_due(NOTICE, NOW)
    assert is_due(replace(NOTICE, attempts=1, next_try_at=NOW), NOW)
    assert not is_due(replace(NOTICE, attempts=1, next_try_at=NOW + timedelta(seconds=1)), NOW)
    assert not is_due(replace(NOTICE, attempts=MOST_ATTEMPTS), NOW)
