"""Access tokens and page tokens: signed notes to self, so that a restarted simulator still honours them."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import datetime, timedelta
from typing import Any

from amazon_pipeline.simulator.clock import from_ms, to_ms
from amazon_pipeline.simulator.refusals import denied

ACCESS_LIFE = timedelta(seconds=3600)
"""https://developer-docs.amazon.com/sp-api/docs/connecting-to-the-selling-partner-api."""
ACCESS_PREFIX = "Atza|"
EXPIRED = "has expired"


class BadToken(Exception):
    """Not a token of this simulator, or too old."""


class Notes:
    """Writes and reads the signed notes of one account."""

    def __init__(self, seed: int) -> None:
        self._key = f"simulated-account/{seed}".encode()

    def write(self, kind: str, now: datetime, content: dict[str, Any]) -> str:
        note = json.dumps([kind, to_ms(now), content], separators=(",", ":"), sort_keys=True).encode()
        return base64.urlsafe_b64encode(self._sign(note) + note).decode().rstrip("=")

    def read(self, kind: str, token: str, now: datetime, life: timedelta | None) -> dict[str, Any]:
        """The note's content; :class:`BadToken` if it is forged, of another kind, or older than ``life``."""
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except ValueError as error:
            raise BadToken("is not a token this API has issued") from error
        signature, note = raw[:8], raw[8:]
        if not hmac.compare_digest(signature, self._sign(note)):
            raise BadToken("is not a token this API has issued")
        written_kind, written_at, content = json.loads(note)
        if written_kind != kind:
            raise BadToken("was issued by another operation")
        if life is not None and now >= from_ms(written_at) + life:
            raise BadToken(EXPIRED)
        assert isinstance(content, dict)  # noqa: S101 - we wrote it
        return content

    def _sign(self, note: bytes) -> bytes:
        return hmac.digest(self._key, note, "sha256")[:8]


class AccessTokens:
    """Issues access tokens and checks those that come with a request."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._issued = 0
        self._expired: set[str] = set()

    def issue(self, now: datetime) -> str:
        self._issued += 1
        return ACCESS_PREFIX + self._notes.write("access", now, {"n": self._issued})

    def expire(self, token: str | None) -> None:
        """Declare a token expired before its time."""
        if token:
            self._expired.add(token)

    def check(self, token: str | None, now: datetime) -> None:
        """Raise the 403 that Amazon answers to a missing, wrong or expired access token."""
        if not token:
            raise denied("Access token is missing in the request header.")
        life = timedelta(0) if token in self._expired else ACCESS_LIFE
        try:
            self._notes.read("access", token.removeprefix(ACCESS_PREFIX), now, life)
        except BadToken as error:
            expired = str(error) == EXPIRED
            details = "has expired" if expired else "is revoked, malformed or invalid"
            raise denied(f"The access token you provided {details}.") from error
