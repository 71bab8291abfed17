"""The channels of ``ALERT_URLS``: one Apprise URL each, which is a secret as a whole."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from amazon_pipeline.alerts.messages import Message

_HOST_IS_NO_SECRET: Final = ("json", "jsons", "xml", "xmls", "form", "forms", "mailto", "mailtos")
"""Schemes that have a host where others (slack, tgram, discord) have a token."""
_TALKATIVE: Final = ("apprise", "urllib3", "requests")
_STATUS: Final = re.compile(r"error=(\d{3})\b")
_NO_CONNECTION: Final = re.compile(r"connection error", re.IGNORECASE)


@dataclass(frozen=True)
class Channel:
    """One place messages go to. ``channel_id``, a hash of the URL, and ``label``, for people, are no secrets."""

    channel_id: str
    label: str
    url: SecretStr

    def send(self, message: Message) -> str | None:
        """Hand the message over. Returns None once the service took it, else why not, without anything of the URL."""
        # a second to import, which only those who have channels need wait for
        import apprise  # noqa: PLC0415

        with _overheard() as said:
            asset = apprise.AppriseAsset(app_id="Amazon Pipeline", app_desc="Amazon Pipeline", async_mode=False)
            services = apprise.Apprise(asset=asset)
            if not services.add(self.url.get_secret_value()):
                return "Apprise does not know such a URL, or it lacks a part"
            taken = services.notify(title=message.title, body=message.body, body_format=apprise.NotifyFormat.TEXT)
        return None if taken else _reason(said)


def open_channels(urls: Sequence[SecretStr]) -> list[Channel]:
    """The channels of these URLs, each URL once."""
    return [_channel(url) for url in dict.fromkeys(urls)]


def _channel(url: SecretStr) -> Channel:
    text = url.get_secret_value()
    # a slow hash: the id is stored, and a password in a URL must not be found by trying
    digest = hashlib.scrypt(text.encode(), salt=b"alert channel", n=2**14, r=8, p=1, dklen=8).hex()
    scheme = text.partition("://")[0].lower()
    host = _host(text) if scheme in _HOST_IS_NO_SECRET else None
    return Channel(digest, f"{scheme} {host} ({digest[:6]})" if host else f"{scheme} ({digest[:6]})", url)


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:  # brackets that are no address
        return None


@contextmanager
def _overheard() -> Iterator[list[str]]:
    """What Apprise warns of, which holds URLs, kept from every log; and for the reason of a failure, heard."""
    said: list[str] = []
    listener = _Listener(said)
    loggers = [logging.getLogger(name) for name in _TALKATIVE]
    before = [logger.propagate for logger in loggers]
    for logger in loggers:
        logger.propagate = False
        logger.addHandler(listener)
    try:
        yield said
    finally:
        for logger, propagate in zip(loggers, before, strict=True):
            logger.removeHandler(listener)
            logger.propagate = propagate


class _Listener(logging.Handler):
    def __init__(self, said: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._said = said

    def emit(self, record: logging.LogRecord) -> None:
        self._said.append(record.getMessage())


def _reason(said: list[str]) -> str:
    """A sentence of our own: what Apprise said may hold the URL."""
    text = "\n".join(said)
    if status := _STATUS.search(text):
        return f"the service answered with status {status[1]}"
    if _NO_CONNECTION.search(text):
        return "no connection to the service, or it broke off"
    return "the service did not take it"
