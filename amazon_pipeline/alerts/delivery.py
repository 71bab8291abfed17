"""From what is recorded to the channels: each change once to each, tried again while a channel is down."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from amazon_pipeline.alerts.channels import Channel
from amazon_pipeline.alerts.messages import Message, stock_message, sync_message
from amazon_pipeline.alerts.record import AlertBook
from amazon_pipeline.alerts.rules import Kind, Notice, is_due, is_news, next_try
from amazon_pipeline.alerts.stock import stock_figures


@dataclass(frozen=True)
class Attempt:
    """One message to one channel: how many changes it told, and how that went. ``number`` counts the attempts."""

    label: str
    changes: int
    number: int
    error: str | None
    next_try_at: datetime | None

    def __str__(self) -> str:
        what = f"{self.label}: {self.changes} {'change' if self.changes == 1 else 'changes'}"
        if self.error is None:
            return f"{what} delivered"
        then = f"next at {self.next_try_at:%H:%M:%S} UTC" if self.next_try_at else "given up until more is to tell"
        return f"{what} not delivered, {self.error} (attempt {self.number}, {then})"


def deliver_stock_alerts(
    book: AlertBook,
    channels: Sequence[Channel],
    published_path: Path,
    *,
    at: datetime,
    owners: Mapping[str, str] | None = None,
    is_simulated: bool = False,
) -> list[Attempt]:
    """Send each channel one digest of what it has not heard of low stock, if any of it is due.

    ``owners``: by seller id the names of the accounts, where there are several.
    """

    def write(notices: Sequence[Notice]) -> Message:
        figures = stock_figures(published_path, [one.subject.seller_sku for one in notices])
        return stock_message(notices, figures, owners=owners, is_simulated=is_simulated)

    return _deliver(book, channels, "stock", write, at)


def deliver_sync_alerts(
    book: AlertBook, channels: Sequence[Channel], *, at: datetime, is_simulated: bool = False
) -> list[Attempt]:
    """Send each channel what it has not heard of the sync, if it is due."""
    return _deliver(book, channels, "sync", lambda notices: sync_message(notices, is_simulated=is_simulated), at)


def _deliver(
    book: AlertBook,
    channels: Iterable[Channel],
    kind: Kind,
    write: Callable[[Sequence[Notice]], Message],
    at: datetime,
) -> list[Attempt]:
    attempts = []
    for channel in channels:
        notices = [one for one in book.unheard(kind, channel) if is_news(one, at)]
        if not any(is_due(one, at) for one in notices):
            continue
        message = write(notices)
        book.intend(notices, channel, at=at)
        error = channel.send(message)
        book.settle(notices, channel, at=at, error=error)
        number = min(one.attempts for one in notices) + 1
        attempts.append(Attempt(channel.label, len(notices), number, error, next_try(number, at) if error else None))
    return attempts
