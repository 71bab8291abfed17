"""``alerts``: what is open, who was told; silence a SKU; try the channels."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from amazon_pipeline.alerts import AlertBook, open_channels, stock_figures, trial_message
from amazon_pipeline.alerts.record import Standing
from amazon_pipeline.errors import PipelineError
from amazon_pipeline.settings import Settings


class NothingToSilence(PipelineError):
    """No SKU of that name is there to be snoozed or acknowledged. Names it."""


def list_alerts(settings: Settings, say: Callable[[str], None]) -> bool:
    """A line for each open alert, then one for each channel that was told of it, or not yet."""
    standing = AlertBook(settings.state).standing()
    figures = stock_figures(settings.published_path, [one.alert.subject.seller_sku for one in standing])
    for one in standing:
        found = figures.get(one.alert.subject)
        say(_headline(one, settings) + (f", {found.left} left" if found else "") + _silence(one))
        for label, attempts, delivered_at, error in one.deliveries:
            how = f"told at {_minute(delivered_at)}" if delivered_at else f"not told, {error or 'no answer'}"
            say(f"    {label}: {how}" + (f" (attempt {attempts})" if attempts > 1 else ""))
    say(f"{len(standing)} open. Channels: {_labels(settings)}.")
    return True


def acknowledge(settings: Settings, seller_sku: str, marketplace_id: str, say: Callable[[str], None]) -> bool:
    """No more messages of a SKU until it gets worse. Raises NothingToSilence."""
    count = AlertBook(settings.state).acknowledge(seller_sku, marketplace_id)
    if not count:
        raise NothingToSilence(
            f"No alert of {seller_sku}{_in(marketplace_id)} is open. amazon-pipeline alerts lists those that are."
        )
    say(f"{count} {'alert' if count == 1 else 'alerts'} of {seller_sku} acknowledged: silent until it gets worse.")
    return True


def snooze(settings: Settings, seller_sku: str, marketplace_id: str, until: date, say: Callable[[str], None]) -> bool:
    """No messages of a SKU until a day (UTC), low or out alike. Raises NothingToSilence."""
    known = stock_figures(settings.published_path, [seller_sku])
    if not any(marketplace_id in ("", subject.marketplace_id) for subject in known):
        raise NothingToSilence(f"The published inventory has no SKU {seller_sku}{_in(marketplace_id)}.")
    AlertBook(settings.state).snooze(seller_sku, marketplace_id, until=until)
    say(f"{seller_sku}{_in(marketplace_id)}: no messages until {until} (UTC).")
    return True


def try_channels(settings: Settings, say: Callable[[str], None]) -> bool:
    """Send each channel a trial message, with a line on how that went. Returns whether all took it."""
    channels = open_channels(settings.alert_urls)
    if not channels:
        say("ALERT_URLS is not set: nobody would be told.")
    errors = [(channel.label, channel.send(trial_message())) for channel in channels]
    for label, error in errors:
        say(f"{label}: {error or 'ok'}")
    return bool(channels) and not any(error for _, error in errors)


def _headline(one: Standing, settings: Settings) -> str:
    subject = one.alert.subject
    owner = settings.account_names.get(subject.seller_id)
    where = f"{owner}, {subject.marketplace_id}" if owner else subject.marketplace_id
    what = f"{subject.seller_sku} ({where})" if one.kind == "stock" else "the sync"
    return f"[{one.alert.alert_id}] {one.alert.level}: {what}, since {one.alert.opened_at:%Y-%m-%d %H:%M} UTC"


def _minute(moment: str) -> str:
    return f"{datetime.fromisoformat(moment):%Y-%m-%d %H:%M} UTC"


def _silence(one: Standing) -> str:
    acknowledged = f", acknowledged as {one.acknowledged_level}" if one.acknowledged_level else ""
    return acknowledged + (f", snoozed until {one.snoozed_until}" if one.snoozed_until else "")


def _in(marketplace_id: str) -> str:
    return f" in {marketplace_id}" if marketplace_id else ""


def _labels(settings: Settings) -> str:
    return ", ".join(channel.label for channel in open_channels(settings.alert_urls)) or "none (ALERT_URLS is not set)"
