"""Opaque cursors: a place in one list of one published file, useless for any other."""

from __future__ import annotations

import base64
import binascii
import json

from api.errors import DataMovedOn, InvalidParameter


def make(fingerprint: str, list_id: str, start: int) -> str:
    """A cursor for row ``start`` of the list ``list_id`` (its name, filters and sort) of one published file."""
    text = json.dumps([fingerprint, list_id, start], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read(cursor: str, fingerprint: str | None, list_id: str) -> int:
    """The row a cursor points to.

    Raises DataMovedOn if it is of another published file than ``fingerprint`` (None: none is published), and
    InvalidParameter if it is no cursor of ours or of a list with other parameters.
    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        parts = json.loads(base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True))
        of_file, of_list, start = parts
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise InvalidParameter("cursor", "is not a cursor this API gave") from None
    if not (isinstance(of_file, str) and isinstance(of_list, str) and type(start) is int and 0 <= start < 2**31):
        raise InvalidParameter("cursor", "is not a cursor this API gave")
    if of_list != list_id:
        raise InvalidParameter("cursor", "belongs to a request with other parameters; start again without it")
    if of_file != fingerprint:
        raise DataMovedOn
    return start
