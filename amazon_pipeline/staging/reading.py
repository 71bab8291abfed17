"""Typed values out of one landed row, remembering what was wrong instead of raising."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, Final

_CENT: Final = Decimal("0.01")
_LARGEST_INTEGER: Final = 2**31 - 1
_LARGEST_AMOUNT: Final = Decimal(10) ** 12
"""Where the gates of the marts end (``marts/gates.py``): a greater one is quarantined, and must not stop a sync."""


class Reading:
    """Reads one JSON object. ``reasons`` collects a sentence for every value that is not what it should be.

    Paths are dotted keys, as Amazon writes them. An absent or null value is None without a reason: whether a column may
    be NULL is the schema's to say.
    """

    def __init__(self, row: Any) -> None:
        self._row = row
        self.reasons: list[str] = []
        if not isinstance(row, dict):
            self.reasons.append("the row is not an object")

    def value(self, path: str) -> Any:
        """Whatever is at the path, or None."""
        found = self._row
        for key in path.split("."):
            if not isinstance(found, dict):
                return None
            found = found.get(key)
        return found

    def text(self, path: str) -> str | None:
        """A string."""
        found = self.value(path)
        if found is None or isinstance(found, str):
            return found
        self._wrong(path, "is not a text")
        return None

    def integer(self, path: str) -> int | None:
        """A whole number that fits 32 bits."""
        found = self.value(path)
        if found is None:
            return None
        if isinstance(found, bool) or not isinstance(found, int) or abs(found) > _LARGEST_INTEGER:
            self._wrong(path, "is not a whole number")
            return None
        return found

    def money(self, path: str) -> Decimal | None:
        """The amount of a ``{amount, currencyCode}`` object, rounded half up to two decimals."""
        found = self.value(f"{path}.amount")
        if found is None:
            return None
        try:
            amount = Decimal(str(found)).quantize(_CENT, rounding=ROUND_HALF_UP)
        except InvalidOperation:
            self._wrong(f"{path}.amount", "is not an amount")
            return None
        if abs(amount) >= _LARGEST_AMOUNT:
            self._wrong(f"{path}.amount", "is too large")
            return None
        return amount

    def instant(self, path: str) -> datetime | None:
        """An ISO 8601 time with a zone, as aware UTC."""
        found = self.text(path)
        if found is None:
            return None
        try:
            moment = datetime.fromisoformat(found)
        except ValueError:
            self._wrong(path, "is not an ISO 8601 time")
            return None
        if moment.tzinfo is None:
            self._wrong(path, "has no time zone")
            return None
        return moment.astimezone(UTC)

    def day(self, path: str) -> date | None:
        """An ISO 8601 date; of a time, its date part."""
        found = self.text(path)
        if found is None:
            return None
        try:
            return date.fromisoformat(found[:10])
        except ValueError:
            self._wrong(path, "is not a date")
            return None

    def rows(self, path: str) -> list[Any]:
        """A list; empty if absent."""
        found = self.value(path)
        if found is None:
            return []
        if isinstance(found, list):
            return found
        self._wrong(path, "is not a list")
        return []

    def _wrong(self, path: str, what: str) -> None:
        self.reasons.append(f"{path} {what}")
