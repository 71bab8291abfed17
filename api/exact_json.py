"""JSON text with exact numbers: a Decimal is printed digit by digit and never becomes a float."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Final, TypeAlias


class Raw(str):
    """JSON text that DuckDB made already; it is spliced in as it is."""

    __slots__ = ()


Json: TypeAlias = "bool | int | str | Decimal | date | Mapping[str, Json] | Sequence[Json] | None"


_CONSTANTS: Final = {None: "null", True: "true", False: "false"}


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC with ``Z``, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def encode(value: Json) -> str:
    """The JSON text of a value. Raises TypeError for a type it does not know (a float, above all)."""
    if isinstance(value, str):
        return value if isinstance(value, Raw) else encode_basestring(value)
    if value is None or isinstance(value, bool):
        return _CONSTANTS[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, dict | Mapping):  # dict first: the check for a Mapping takes longer than the rest together
        return "{" + ",".join([f"{encode_basestring(key)}:{encode(item)}" for key, item in value.items()]) + "}"
    if isinstance(value, list | Sequence):
        return "[" + ",".join([encode(item) for item in value]) + "]"
    return _scalar(value)


def _scalar(value: Decimal | date) -> str:
    if isinstance(value, datetime):
        return f'"{iso(value)}"'
    if isinstance(value, date):
        return f'"{value.isoformat()}"'
    if isinstance(value, Decimal) and value.is_finite():
        return format(value, "f")
    raise TypeError(f"{type(value).__name__} has no exact JSON form here")
