"""Reads a request's query as strictly as Amazon's models describe it: lists are comma-separated, nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import UTC, datetime

from amazon_pipeline.simulator.clock import to_ms
from amazon_pipeline.simulator.refusals import invalid_input

DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)")
"""ISO 8601 with a zone, as in https://developer-docs.amazon.com/sp-api/docs/iso-8601."""


class Query:
    """The parameters of one request."""

    def __init__(self, pairs: Iterable[tuple[str, str]], allowed: Collection[str]) -> None:
        self.values: dict[str, str] = {}
        for name, value in pairs:
            if name not in allowed:
                raise invalid_input(name, "the operation has no such parameter")
            if name in self.values:
                raise invalid_input(name, "given more than once; a list is separated by commas")
            if not value:
                raise invalid_input(name, "empty")
            self.values[name] = value

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def text(self, name: str) -> str | None:
        return self.values.get(name)

    def required(self, name: str) -> str:
        if name not in self.values:
            raise invalid_input(name, "required but missing")
        return self.values[name]

    def texts(self, name: str, most: int | None = None) -> list[str]:
        """The members of a list; empty if the parameter is absent."""
        if name not in self.values:
            return []
        members = self.values[name].split(",")
        if most is not None and len(members) > most:
            raise invalid_input(name, f"at most {most} values are allowed")
        if "" in members:
            raise invalid_input(name, "holds an empty value")
        return members

    def choice(self, name: str, allowed: Collection[str], default: str | None = None) -> str | None:
        value = self.values.get(name, default)
        if value is not None and value not in allowed:
            raise invalid_input(name, f"{value} is none of {', '.join(allowed)}")
        return value

    def choices(self, name: str, allowed: Collection[str]) -> list[str]:
        members = self.texts(name)
        for member in members:
            if member not in allowed:
                raise invalid_input(name, f"{member} is none of {', '.join(allowed)}")
        return members

    def flag(self, name: str) -> bool:
        """True or false in any case: Amazon's own Python SDK writes ``True``."""
        value = self.values.get(name, "false").lower()
        if value not in ("true", "false"):
            raise invalid_input(name, f"{value} is neither true nor false")
        return value == "true"

    def integer(self, name: str, low: int, high: int, default: int) -> int:
        value = self.values.get(name)
        if value is None:
            return default
        if not re.fullmatch(r"-?\d{1,9}", value) or not low <= int(value) <= high:
            raise invalid_input(name, f"{value} is not a whole number from {low} to {high}")
        return int(value)

    def instant(self, name: str) -> int | None:
        """Milliseconds since 1970 of a date-time parameter."""
        value = self.values.get(name)
        return None if value is None else to_ms(date_time(name, value))


def date_time(name: str, value: str) -> datetime:
    """The aware datetime (in UTC) of an ISO 8601 text."""
    return zoned(name, value).astimezone(UTC)


def zoned(name: str, value: str) -> datetime:
    """The same with its own offset."""
    if DATE_TIME.fullmatch(value):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            pass  # 30 February and the like: refused below
    raise invalid_input(name, f"{value} is not an ISO 8601 date and time with a time zone")
