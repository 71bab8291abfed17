"""The reports that were asked for, and how far each has come: a matter of the clock alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from amazon_pipeline.simulator.clock import Clock, from_ms, to_ms

DEFAULT_SECONDS = 20.0
QUEUED_PART = 0.25
"""So much of the time a report waits in the queue before it is being made."""
KEPT = timedelta(days=90)
"""Model reports_2021-06-30: reports are retained for a maximum of 90 days."""
ALL_ORDERS = "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL"
FBA_STOCK = "GET_FBA_MYI_UNSUPPRESSED_INVENTORY_DATA"
SPACING = {FBA_STOCK: timedelta(minutes=30)}
"""Sooner after the last one, Amazon answers FATAL or CANCELLED (amzn/selling-partner-api-models#4032)."""

IN_QUEUE, IN_PROGRESS, DONE, CANCELLED, FATAL = "IN_QUEUE", "IN_PROGRESS", "DONE", "CANCELLED", "FATAL"
STATUSES = (CANCELLED, DONE, FATAL, IN_PROGRESS, IN_QUEUE)


@dataclass(frozen=True)
class Wish:
    """What createReport asked for; the table holds what lies in [begin, end], milliseconds since 1970."""

    report_type: str
    marketplace_ids: tuple[str, ...]
    begin: int
    end: int


@dataclass(frozen=True)
class Report:
    """One report; ``outcome`` is the status it comes to in the end, None if it never does."""

    report_id: str
    wish: Wish
    created: datetime
    started: datetime
    ended: datetime
    outcome: str | None
    fault: str | None = None

    def status(self, now: datetime) -> str:
        if now < self.started:
            return IN_QUEUE
        return IN_PROGRESS if self.outcome is None or now < self.ended else self.outcome

    @property
    def document_id(self) -> str:
        """Of the finished report; the other way round: :meth:`Reports.of_document`."""
        return f"amzn1.spdoc.1.4.na.simulated-{self.report_id}"


class Reports:
    """All reports of the account since the simulator was started."""

    def __init__(self, clock: Clock, seconds: float = DEFAULT_SECONDS) -> None:
        self._clock = clock
        self._duration = timedelta(seconds=seconds)
        self._reports: dict[str, Report] = {}

    def create(self, wish: Wish, outcome: str | None, fault: str | None = None) -> Report:
        """Put a report in the queue. ``outcome`` is what it comes to, unless it is asked for too soon."""
        now = self._clock()
        if outcome == DONE and self._too_soon(wish.report_type, now):
            outcome = FATAL
        # No number is given twice, not even by a simulator that was started again.
        number = max([to_ms(now), *(int(one) + 1 for one in self._reports)])
        started = now + self._duration * QUEUED_PART
        made = Report(str(number), wish, now, started, now + self._duration, outcome, fault)
        self._reports[made.report_id] = made
        return made

    def find(self, report_id: str) -> Report | None:
        found = self._reports.get(report_id)
        return found if found and self._clock() - found.created < KEPT else None

    def of_document(self, document_id: str) -> Report | None:
        """The finished report that has that document."""
        found = self.find(document_id.rpartition("-")[2])
        done = found and found.document_id == document_id and found.status(self._clock()) == DONE
        return found if done else None

    def newest_first(self) -> list[Report]:
        now = self._clock()
        return [one for one in reversed(self._reports.values()) if now - one.created < KEPT]

    def _too_soon(self, report_type: str, now: datetime) -> bool:
        spacing = SPACING.get(report_type)
        return spacing is not None and any(
            one.wish.report_type == report_type and one.outcome == DONE and now - one.created < spacing
            for one in self._reports.values()
        )


def present(report: Report, now: datetime) -> dict[str, object]:
    """The report as the Reports API shows it (model reports_2021-06-30, ``Report``)."""
    status = report.status(now)
    body: dict[str, object] = {
        "reportId": report.report_id,
        "reportType": report.wish.report_type,
        "marketplaceIds": list(report.wish.marketplace_ids),
        "dataStartTime": seconds(from_ms(report.wish.begin)),
        "dataEndTime": seconds(from_ms(report.wish.end)),
        "createdTime": seconds(report.created),
        "processingStatus": status,
    }
    if status != IN_QUEUE:
        body["processingStartTime"] = seconds(report.started)
    if status in (DONE, CANCELLED, FATAL):
        body["processingEndTime"] = seconds(report.ended)
    if status == DONE:
        body["reportDocumentId"] = report.document_id
    return body


def seconds(moment: datetime) -> str:
    """``2026-11-22T19:05:00+00:00``: how Amazon's reports write a time."""
    return moment.isoformat(timespec="seconds")
