"""JSON text with exact numbers: a Decimal is printed digit by digit and never becomes a float."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TypeAlias


class Raw(str):
    """JSON text that DuckDB made already; it is spliced in as it is."""

    __slots__ = ()


Json: TypeAlias = "bool | int | str | Decimal | date | Mapping[str, Json] | Sequence[Json] | None"


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC with ``Z``, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def encode(value: Json) -> str:
    """The JSON text of a value. Raises TypeError for a type it does not know (a float, above all)."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, str):
        return value if isinstance(value, Raw) else json.dumps(value, ensure_ascii=False)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{json.dumps(key)}:{encode(item)}" for key, item in value.items()) + "}"
    if isinstance(value, Sequence):
        return "[" + ",".join(map(encode, value)) + "]"
    return _scalar(value)


def _scalar(value: Decimal | date) -> str:
    if isinstance(value, datetime):
        return f'"{iso(value)}"'
    if isinstance(value, date):
        return f'"{value.isoformat()}"'
    if isinstance(value, Decimal) and value.is_finite():
        return format(value, "f")
    raise TypeError(f"{type(value).__name__} has no exact JSON form here")
