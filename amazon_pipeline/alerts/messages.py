"""What people read: one message for many changes, plain text with a subject."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from amazon_pipeline.alerts.rules import Notice, Subject
from amazon_pipeline.alerts.stock import StockFigures
from amazon_pipeline.alerts.sync_incidents import OVERDUE, WHOLE_SYNC
from amazon_pipeline.marketplaces import MARKETPLACES

SHOWN: Final = 25
"""SKUs of a group; the others are counted."""
_LONGEST_NAME: Final = 60
_NAMED: Final = 3
"""More failing streams than these are counted in a subject; the text names each."""
_GROUPS: Final = (("out-of-stock", "Out of stock"), ("low-stock", "Low"), ("over", "Over"))


@dataclass(frozen=True)
class Message:
    """A subject of one line, and a body of plain text."""

    title: str
    body: str


def stock_message(
    notices: Sequence[Notice],
    figures: Mapping[Subject, StockFigures],
    *,
    owners: Mapping[str, str] | None = None,
    is_simulated: bool = False,
) -> Message:
    """One digest: what is out, what is low, what is over; in each group the fewest units first.

    ``owners``: by seller id the names of the accounts, where there are several.
    """
    parts, counts = [], []
    for group, heading in _GROUPS:
        of_group = [one for one in notices if ("over" if one.what == "resolved" else one.level) == group]
        if not of_group:
            continue
        counts.append(f"{len(of_group)} {heading.lower()}")
        of_group.sort(key=lambda one: (_left(figures.get(one.subject)), one.subject.seller_sku))
        lines = [f"- {_line(one, figures.get(one.subject), owners or {})}" for one in of_group[:SHOWN]]
        if len(of_group) > SHOWN:
            lines.append(f"- and {len(of_group) - SHOWN} more")
        parts.append("\n".join([f"{heading} ({len(of_group)})", *lines]))
    return _message(f"Amazon stock: {', '.join(counts)}", "\n\n".join(parts), is_simulated)


def sync_message(notices: Sequence[Notice], *, is_simulated: bool = False) -> Message:
    """How it stands with the sync; there is one subject, so one notice."""
    (notice,) = notices
    if notice.what == "resolved":
        body = f"A sync completed at {_at(notice.changed_at)}. The trouble began at {_at(notice.opened_at)}."
        return _message("Amazon sync: works again", body, is_simulated)
    body = f"{notice.sentence}\n\nSince {_at(notice.opened_at)}. You will hear of it when it is over."
    return _message(f"Amazon sync: {_trouble(notice.level)}", body, is_simulated)


def trial_message() -> Message:
    """For a person who wants to see whether messages arrive."""
    return Message("Amazon Pipeline: a trial", "This channel works. Nothing has happened to your stock.")


def _message(title: str, body: str, is_simulated: bool) -> Message:
    if not is_simulated:
        return Message(title, body)
    return Message(f"[simulated] {title}", f"{body}\n\nThese figures are simulated; no real stock is meant.")


def _left(figures: StockFigures | None) -> int:
    return figures.left if figures else 0


def _line(notice: Notice, figures: StockFigures | None, owners: Mapping[str, str]) -> str:
    subject = notice.subject
    store = MARKETPLACES.get(subject.marketplace_id)
    whose = f"{owners[subject.seller_id]}, " if subject.seller_id in owners else ""
    name = " ".join((figures.product_name or "").split())[:_LONGEST_NAME] if figures else ""
    head = (
        f"{subject.seller_sku} {name}".strip() + f" ({whose}{store.sales_channel if store else subject.marketplace_id})"
    )
    if notice.level == "gone":
        return f"{head}: no longer in the inventory, or counted in another marketplace. [{notice.alert_id}]"
    if figures is None:
        return f"{head} [{notice.alert_id}]"
    return f"{head}: {' '.join(_sentences(notice, figures))} [{notice.alert_id}]"


def _sentences(notice: Notice, figures: StockFigures) -> list[str]:
    """How many left, how long they last, what is on its way and when it arrives, what to order."""
    if notice.what == "resolved":
        return [f"{figures.left} left, not low any more."]
    was_low = ", was low before" if notice.what == "worsened" else ""
    words = [f"{figures.left} left (threshold {figures.threshold}){was_low}."]
    if figures.left and figures.days_of_cover is not None:
        until = f", until {figures.stockout_date}" if figures.stockout_date else ""
        words.append(f"{figures.days_of_cover} days of cover{until}.")
    if figures.inbound:
        arrival = f", next arrival {figures.next_arrival_date}" if figures.next_arrival_date else ""
        words.append(f"{figures.inbound} inbound{arrival}.")
    else:
        words.append("Inbound is not known." if figures.inbound is None else "Nothing inbound.")
    if figures.to_order:
        by = f" by {figures.order_date}" if figures.order_date else ""
        words.append(f"Order {figures.to_order}{by}.")
    elif figures.to_order == 0:
        words.append("Nothing to order.")
    return words


def _trouble(level: str) -> str:
    streams = [part.replace("_", " ") for part in level.split(",") if part not in (OVERDUE, WHOLE_SYNC)]
    if len(streams) > _NAMED:
        # a stream of one of several accounts is "orders (Europe)"
        owners = Counter(part.partition(" (")[2].rstrip(")") for part in streams)
        counted = [
            f"{n} stream{'s' if n > 1 else ''}{f' of {owner}' if owner else ''}" for owner, n in owners.most_common()
        ]
        return f"{', '.join(counted)} failing"
    if streams:
        return f"{', '.join(streams)} failing"
    return "overdue" if level == OVERDUE else "failing"


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
