"""What Schemathesis has to know of the API beyond JSON Schema; its command line loads this file."""

from __future__ import annotations

import schemathesis


@schemathesis.hook
def before_call(_context: schemathesis.HookContext, case: schemathesis.Case, _kwargs: object) -> None:
    """Keep two rules of the contract that a schema cannot say, in requests that are meant to be right.

    A cursor is opaque: only one that the API gave for the same list is right. ``days`` is at most 31 by the hour.
    """
    if not case.meta.generation.mode.is_positive:
        return
    case.query.pop("cursor", None)
    days = str(case.query.get("days", ""))
    if case.query.get("interval", "hour") in ("hour", "") and days.isdigit() and int(days) > 31:
        case.query["days"] = 31
