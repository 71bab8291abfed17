"""Opaque cursors: a place in one list of one published file, useless for any other."""

from __future__ import annotations

import re
from typing import Final

from api.errors import DataMovedOn, InvalidParameter

PATTERN: Final = "^[0-9a-f]{32}[0-9]{1,9}$"
"""What a cursor looks like, for /openapi.json; any text of this form is answered, be it that the data moved on."""

_CURSOR: Final = re.compile(r"[0-9a-f]{32}[0-9]{1,9}")


def make(fingerprint: str, list_id: str, start: int) -> str:
    """A cursor for row ``start`` of the list ``list_id`` (its name, filters and sort) of one published file.

    Fingerprint and list are 16 hexadecimal digits each.
    """
    return f"{fingerprint}{list_id}{start}"


def checked(text: str) -> str:
    """The same text. Raises ValueError if no cursor looks like that."""
    if _CURSOR.fullmatch(text) is None:
        raise ValueError("is not a cursor this API gave")
    return text


def read(cursor: str, fingerprint: str | None, list_id: str) -> int:
    """The row that a checked cursor points to.

    Raises DataMovedOn if it is of another published file than ``fingerprint`` (None: none is published), and
    InvalidParameter if it is of a list with other parameters.
    """
    if cursor[:16] != fingerprint:
        raise DataMovedOn
    if cursor[16:32] != list_id:
        raise InvalidParameter("cursor", "belongs to a request with other parameters; start again without it")
    return int(cursor[32:])
