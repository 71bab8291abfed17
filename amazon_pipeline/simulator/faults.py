"""What can be made to go wrong, and how often: switched on by tests and by the command line.

A fault meets requests of one operation (``*``: any of the Selling Partner API), lets the first ``after`` of them pass,
and is used up after ``times`` (None: never). What each kind does is in :data:`KINDS`; :mod:`.faulty` does it. A fault
that finds nothing to spoil (no next page, a request that is refused anyway) is not used up.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

LOGIN = "getAccessToken"
DOWNLOAD = "downloadDocument"
EVERY = "*"
PAGED = frozenset({"searchOrders", "getInventorySummaries", "getShipments", "getShipmentItems", "getReports"})
STOCK = frozenset({"getInventorySummaries"})
CREATE = frozenset({"createReport"})
API = PAGED | CREATE | {
    "getOrder", "getShipmentItemsByShipmentId", "getMarketplaceParticipations", "getOrderMetrics", "getReport",
    "getReportDocument",
}  # fmt: skip
ANYWHERE = API | {LOGIN, DOWNLOAD}
ALWAYS = "always"

REFUSAL, CONNECTION, PAGE, ACCOUNT, REPORT = "refusal", "connection", "page", "account", "report"
Option = str | float


@dataclass(frozen=True)
class Kind:
    """One way in which an answer goes wrong."""

    name: str
    group: str
    text: str
    on: frozenset[str] = API
    times: int | None = 1
    options: tuple[str, ...] = ()
    needs_token: bool = False
    """Meets only requests for a following page."""
    first_page_only: bool = False


def _failures() -> list[Kind]:
    forms = {
        "": "Amazon's JSON",
        "-html": "a page of HTML",
        "-empty": "no body",
        "-message": '{"message": ...}',
    }
    return [
        Kind(f"{status}{ending}", REFUSAL, f"{status} with {form}", ANYWHERE)
        for status in (500, 502, 503, 504)
        for ending, form in forms.items()
    ]


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("429", REFUSAL, "429 without Retry-After", ANYWHERE),
        Kind("429-retry-after", REFUSAL, "429 with Retry-After of `seconds` (30)", ANYWHERE, options=("seconds",)),
        Kind("429-html", REFUSAL, "429 with a page of HTML", ANYWHERE),
        Kind("429-message", REFUSAL, '429 with {"message": ...}', ANYWHERE),
        *_failures(),
        Kind("html-200", REFUSAL, "200 with a page of HTML", ANYWHERE),
        Kind("empty-200", REFUSAL, "200 without a body", ANYWHERE),
        Kind("400", REFUSAL, "400 that names `parameter` (marketplaceIds)", API, options=("parameter",)),
        Kind("401", REFUSAL, "401 Unauthorized", API),
        Kind("role-403", REFUSAL, "403 without details: the role is missing", API),
        Kind("no-fba", REFUSAL, "400 InvalidInput: the account has no FBA", STOCK, times=None),
        Kind("expired-page-token", REFUSAL, "400: the page token has expired", PAGED, needs_token=True),
        Kind("invalid_grant", REFUSAL, "login: the refresh token is revoked", frozenset({LOGIN})),
        Kind("invalid_client", REFUSAL, "login: the secret is wrong", frozenset({LOGIN})),
        Kind("unauthorized_client", REFUSAL, "login: the refresh token is another client's", frozenset({LOGIN})),
        Kind("expired-link", REFUSAL, "the link to a document has expired: S3's 403", frozenset({DOWNLOAD})),
        Kind("truncated", CONNECTION, "half the body that Content-Length promises, then the end", ANYWHERE),
        Kind("reset", CONNECTION, "the connection is reset before an answer", ANYWHERE),
        Kind("hang", CONNECTION, "the answer comes after `seconds` (real ones), or never", ANYWHERE, 1, ("seconds",)),
        Kind("expired-token", ACCOUNT, "the access token that came is declared expired: 403 until a new login"),
        Kind("greedy", ACCOUNT, "another program takes `tokens` (all) from the bucket first", options=("tokens",)),
        Kind(
            "rate-header", ACCOUNT, "another rate is announced and applied, `rate` a second (half)", API, None,
            ("rate",),
        ),
        Kind("repeated-token", PAGE, "the next token is the one that came", PAGED, needs_token=True),
        Kind("same-page", PAGE, "the page comes again under a new token, for ever", PAGED, None),
        Kind("empty-page", PAGE, "no rows, but a token to the page that should have come", PAGED),
        Kind("row-twice", PAGE, "the last row of a page comes again first on the next", PAGED),
        Kind(
            "bad-row", PAGE, "a row (the first, or that whose id is `row`) whose `field` cannot be read, or with "
            "how=missing is not there",
            PAGED | {"getOrder", "getShipmentItemsByShipmentId"}, 1, ("row", "field", "how"),
        ),
        Kind(
            "missing-skus", PAGE, "whole snapshots lack a `share` (0.3) of their SKUs, always the same", STOCK,
            None, ("share",), first_page_only=True,
        ),
        Kind("report-fatal", REPORT, "the report comes to FATAL", CREATE),
        Kind("report-cancelled", REPORT, "the report comes to CANCELLED", CREATE),
        Kind("report-stuck", REPORT, "the report stays IN_PROGRESS", CREATE),
        Kind("report-sentence", REPORT, "the document holds a sentence, no table", CREATE),
        Kind("windows-1252", REPORT, "the document is in Windows-1252", CREATE | {"getReportDocument"}, None),
    )
}  # fmt: skip


@dataclass
class Fault:
    """A fault that is switched on."""

    operation: str
    kind: Kind
    times: int | None
    after: int = 0
    options: dict[str, Option] = field(default_factory=dict)
    met: int = 0
    """Answers it has spoilt so far."""
    passed: int = 0
    """Requests it has let pass."""

    def number(self, name: str, default: float) -> float:
        return float(self.options.get(name, default))

    def word(self, name: str, default: str) -> str:
        return str(self.options.get(name, default))


class BadFault(ValueError):
    """No such fault; the message says what there is."""


class Faults:
    """The faults that are switched on, in the order in which they were added; safe to use from any thread."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._lock = threading.Lock()
        self._active = list(faults)

    def add(
        self, *, operation: str, kind: str, times: int | str | None = None, after: int = 0, **options: Option
    ) -> Fault:
        """Switch a fault on. ``times``: how many answers (None: the kind's own habit; ``"always"``: until cleared).

        :class:`BadFault` for what does not exist.
        """
        fault = _fault(operation, kind, times, after, options)
        with self._lock:
            self._active.append(fault)
        return fault

    def clear(self) -> None:
        """Switch everything off; a request that hangs goes on hanging."""
        with self._lock:
            self._active.clear()

    def claim(self, operation: str, groups: Collection[str], *, with_token: bool) -> Fault | None:
        """The first fault that meets this request, counted as used; give it back if there is nothing to spoil."""
        return next(iter(self._claim(operation, groups, with_token=with_token, most=1)), None)

    def claim_all(self, operation: str, groups: Collection[str], *, with_token: bool) -> list[Fault]:
        """Every fault that meets this request, counted as used."""
        return self._claim(operation, groups, with_token=with_token, most=None)

    def give_back(self, fault: Fault) -> None:
        with self._lock:
            fault.met -= 1

    def _claim(self, operation: str, groups: Collection[str], *, with_token: bool, most: int | None) -> list[Fault]:
        claimed: list[Fault] = []
        with self._lock:
            for fault in self._active:
                if len(claimed) != most and _meets(fault, operation, groups, with_token=with_token):
                    if fault.passed < fault.after:
                        fault.passed += 1
                    else:
                        fault.met += 1
                        claimed.append(fault)
        return claimed


def parse_fault(text: str) -> Fault:
    """``OPERATION:KIND[:TIMES][:OPTION=VALUE]…`` of the command line; :class:`BadFault` says what is wrong."""
    operation, _, rest = text.partition(":")
    kind, *others = rest.split(":")
    times: str | None = None
    if others and "=" not in others[0]:
        times = others.pop(0)
    options: dict[str, Option] = {}
    for one in others:
        name, equals, value = one.partition("=")
        if not equals:
            raise BadFault(f"{text}: {one} is no OPTION=VALUE")
        options[name] = value
    after = str(options.pop("after", "0"))
    if not after.isdigit():
        raise BadFault(f"{text}: after={after} is not a number of requests")
    return _fault(operation, kind, times, int(after), options)


def explain() -> str:
    """How a fault is written on the command line, and the kinds, one a line, for ``--help``."""
    kinds = "\n".join(
        f"  {kind.name:<20} {kind.text}{' [always]' if kind.times is None else ''}" for kind in KINDS.values()
    )
    return (
        "A fault is OPERATION:KIND[:TIMES][:OPTION=VALUE]...\n"
        f"OPERATION is * (all of the Selling Partner API) or one of {', '.join(sorted(ANYWHERE))}.\n"
        f"TIMES is how many answers it spoils, or {ALWAYS}; without it once, or always where that is said below.\n"
        "OPTION after=N lets N requests pass first; other options stand in `quotes` below.\n"
        f"KIND is one of:\n{kinds}"
    )


def _fault(operation: str, kind: str, times: int | str | None, after: int, options: dict[str, Option]) -> Fault:
    if kind not in KINDS:
        raise BadFault(f"{kind or 'nothing'} is no kind of fault; the kinds are {', '.join(KINDS)}")
    found = KINDS[kind]
    if operation != EVERY and operation not in ANYWHERE:
        raise BadFault(f"{operation} is no operation; the operations are {EVERY}, {', '.join(sorted(ANYWHERE))}")
    if operation != EVERY and operation not in found.on:
        raise BadFault(f"{kind} does not happen to {operation}, but to {', '.join(sorted(found.on))}")
    if operation == EVERY and not found.on & API:
        raise BadFault(f"{kind} happens to {', '.join(sorted(found.on))}, which {EVERY} does not include")
    for name in options:
        if name not in found.options:
            raise BadFault(f"{kind} has no option {name}; its options: {', '.join((*found.options, 'after'))}")
    return Fault(operation, found, _times(times, found), after, _checked(options))


def _times(times: int | str | None, kind: Kind) -> int | None:
    if times is None:
        return kind.times
    if times == ALWAYS:
        return None
    if not str(times).isdigit() or int(times) < 1:
        raise BadFault(f"{times} is not how often: a number from 1, or {ALWAYS}")
    return int(times)


def _checked(options: dict[str, Option]) -> dict[str, Option]:
    for name in ("seconds", "tokens", "rate", "share"):
        if name in options:
            try:
                options[name] = float(options[name])
            except ValueError as error:
                raise BadFault(f"{name}={options[name]} is not a number") from error
    return options


def _meets(fault: Fault, operation: str, groups: Collection[str], *, with_token: bool) -> bool:
    kind = fault.kind
    named = operation == fault.operation or (fault.operation == EVERY and operation in API)
    return (
        named
        and operation in kind.on
        and kind.group in groups
        and (fault.times is None or fault.met < fault.times)
        and (with_token or not kind.needs_token)
        and not (with_token and kind.first_page_only)
    )
