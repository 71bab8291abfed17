"""The session with Amazon's Selling Partner API, and the one pager."""

from __future__ import annotations

import random as random_module
import time
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from types import TracebackType
from typing import Any, Final, Self

import httpx

from amazon_pipeline.errors import PaginationLoop
from amazon_pipeline.marketplaces import Region
from amazon_pipeline.selling_partner.answers import TOKEN_OPERATION, member, read_answer, read_login
from amazon_pipeline.selling_partner.calls import Caller, CallStats, Progress
from amazon_pipeline.selling_partner.library import build_call, build_login
from amazon_pipeline.selling_partner.operations import OPERATIONS, Operation
from amazon_pipeline.selling_partner.quota import Budget, QuotaLedger
from amazon_pipeline.selling_partner.transport import StrictTransport, quieten_loggers
from amazon_pipeline.settings import Credentials, Settings

_PAGES_OF_OLD_ROWS: Final = 3  # consecutive pages that repeat known rows under new tokens: a loop
_CLOCK_OFF_AT_MOST: Final = 60.0  # seconds; windows end three minutes ago, of which Amazon wants two
_EMPTY_PAGES: Final = 10  # consecutive empty pages: Amazon may send some on the way, not for ever

Follow = Callable[[Mapping[str, str]], dict[str, str]]
"""Which parameters beside the page token the next page wants, given those of the page before."""


@dataclass(frozen=True)
class Resume:
    """Where a pager goes on: the parameters of the page before, the token it gave, the number of the page it brings."""

    params: Mapping[str, str]
    next_token: str
    number: int


@dataclass(frozen=True)
class Page:
    """One answer of Amazon.

    ``params`` are those sent, path parameters included, page token not. ``number`` counts from 1. ``body`` is the JSON
    object as answered, fractions as Decimal. ``received_at`` is aware UTC.
    """

    operation: str
    params: dict[str, str]
    number: int
    body: dict[str, Any]
    next_token: str | None
    received_at: datetime
    request_id: str | None

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows of the documented member of ``body``; one for an operation that answers with one object."""
        operation = OPERATIONS[self.operation]
        found = member(self.body, operation.rows)
        return list(found) if operation.rows_are_many else [found]

    @property
    def resume(self) -> Resume | None:
        """Where to go on after this page; None after the last."""
        return Resume(self.params, self.next_token, self.number + 1) if self.next_token else None


def utc_now() -> datetime:
    """The real clock."""
    return datetime.now(UTC)


def iso(moment: datetime) -> str:
    """A time as Amazon reads it: ``2026-11-22T10:30:00Z``, with milliseconds where there are any."""
    if moment.tzinfo is None:
        raise ValueError("a window needs aware datetimes")
    utc = moment.astimezone(UTC)
    return utc.isoformat(timespec="milliseconds" if utc.microsecond else "seconds").replace("+00:00", "Z")


def clock_warning(ahead_seconds: float | None) -> str | None:
    """What to do about a clock that is more than a minute off Amazon's; None if it is not, or nobody knows."""
    if ahead_seconds is None or abs(ahead_seconds) <= _CLOCK_OFF_AT_MOST:
        return None
    return (
        f"This machine's clock is {abs(ahead_seconds):.0f} s {'ahead of' if ahead_seconds > 0 else 'behind'} Amazon's. "
        "Set it by NTP: ahead, Amazon may refuse the windows that are asked for; behind, the figures are older."
    )


def ignore_progress(progress: Progress) -> None:
    """The default for ``on_progress``."""


@dataclass(frozen=True)
class _Line:
    """One operation's way to Amazon."""

    send: Callable[[dict[str, str]], object]
    transport: StrictTransport
    http: httpx.Client


class SellingPartner:
    """A session with Amazon for one seller and region; a context manager.

    For one thread: a program with several opens one session in each, all with the same QuotaLedger file. ``budget``
    bounds every wait, ``clock`` gives aware UTC, ``sleep`` takes seconds, ``random`` gives floats in [0, 1).
    ``stats`` counts per operation; ``clock_ahead_seconds`` is how far ``clock`` is ahead of Amazon's, by the Date of
    its last good answer.
    """

    def __init__(
        self,
        *,
        credentials: Credentials,
        region: Region,
        sp_api_endpoint: str,
        lwa_endpoint: str,
        quota: QuotaLedger,
        budget: Budget,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
        on_progress: Callable[[Progress], None] = ignore_progress,
        connect_timeout: float = 10.0,
        read_timeout: float = 30.0,
        random: Callable[[], float] = random_module.random,
    ) -> None:
        quieten_loggers()
        self._region = region
        self._endpoint = sp_api_endpoint
        self._clock = clock
        self._on_progress = on_progress
        self.clock_ahead_seconds: float | None = None
        self._timeout = httpx.Timeout(read_timeout, connect=connect_timeout)
        self._wire = httpx.HTTPTransport()
        self._lines: dict[str, _Line] = {}
        transport = StrictTransport(self._wire, read_login, name=TOKEN_OPERATION, clock=clock)
        self._login_http = self._http(transport)
        self._login = build_login(
            credentials, lwa_endpoint=lwa_endpoint, transport=transport, http=self._login_http, clock=clock
        )
        self._caller = Caller(
            login=self._login,
            login_transport=transport,
            quota=quota,
            budget=budget,
            clock=clock,
            sleep=sleep,
            random=random,
            on_progress=on_progress,
        )

    @property
    def stats(self) -> dict[str, CallStats]:
        """Per operation called: attempts, 429s among them, seconds waited for quota."""
        return self._caller.stats

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        for line in self._lines.values():
            line.http.close()
        self._login_http.close()
        self._wire.close()

    def get(
        self, operation: Operation, params: Mapping[str, str], *, number: int = 1, token: str | None = None
    ) -> Page:
        """One page: ``params`` by Amazon's names (path parameters too), ``token`` the page token if it is a later one.

        Waits for quota and retries as ``calls.py`` says. Raises a SellingPartnerError.
        """
        page = self.ask(operation, params, number=number, token=token)
        self._on_progress(Progress(operation.name, "page", number=number, rows=len(page.rows)))
        return page

    def ask(
        self, operation: Operation, params: Mapping[str, str], *, number: int = 1, token: str | None = None
    ) -> Page:
        """As ``get``, for an answer that is no page of rows: nobody is told of it."""
        line = self._line(operation)
        sent = dict(params)
        if token is not None:
            if operation.token_parameter is None:
                raise ValueError(f"{operation.name} takes no page token")
            sent[operation.token_parameter] = token
        self._caller.perform(operation, line.transport, lambda: line.send(sent))
        body, received = line.transport.body, line.transport.received
        amazons = received.answered_at if received else None
        if amazons is not None:
            self.clock_ahead_seconds = round((self._clock() - amazons).total_seconds(), 1)
        return Page(
            operation=operation.name,
            params=dict(params),
            number=number,
            body=body,
            next_token=(member(body, operation.token_path) or None) if operation.token_path else None,
            received_at=self._clock(),
            request_id=received.request_id if received else None,
        )

    def quota_left(self, operation_name: str) -> float:
        """Calls of an operation that Amazon would take at once, as far as is known; below 1 there is a wait."""
        return self._caller.quota_left(OPERATIONS[operation_name])

    def pause(self, progress: Progress) -> bool:
        """Tell ``progress`` and wait its ``seconds``; False, without waiting, when that would outlast the budget."""
        return self._caller.pause(progress)

    def tell(self, progress: Progress) -> None:
        """Tell whoever follows the session."""
        self._on_progress(progress)

    def pages(
        self,
        operation: Operation,
        params: Mapping[str, str],
        *,
        follow: Follow = dict,
        resume: Resume | None = None,
    ) -> Iterator[Page]:
        """All pages of ``operation``, or those from ``resume`` on (whose parameters then replace ``params``).

        Raises PaginationLoop instead of a page that repeats a page token, or that has a next page and is the third in
        a row to bring only rows already seen (the tenth in a row to bring none at all); PageTokenExpired when Amazon no
        longer takes a token. A page that was yielded is good.
        """
        if resume is None:
            page = self.get(operation, params)
        else:
            page = self.get(operation, follow(resume.params), number=resume.number, token=resume.next_token)
        guard = _LoopGuard(operation, resume.next_token if resume else None)
        guard.check(page)
        yield page
        while page.next_token:
            page = self.get(operation, follow(page.params), number=page.number + 1, token=page.next_token)
            guard.check(page)
            yield page

    def _line(self, operation: Operation) -> _Line:
        line = self._lines.get(operation.name)
        if line is None:
            transport = StrictTransport(
                self._wire,
                partial(read_answer, operation),
                name=operation.name,
                clock=self._clock,
                token_parameter=operation.token_parameter,
            )
            http = self._http(transport)
            send = build_call(operation, endpoint=self._endpoint, region=self._region, login=self._login, http=http)
            line = self._lines[operation.name] = _Line(send, transport, http)
        return line

    def _http(self, transport: StrictTransport) -> httpx.Client:
        return httpx.Client(transport=transport, timeout=self._timeout, trust_env=False, follow_redirects=False)


class _LoopGuard:
    """Notices pages that lead nowhere: users report tokens that repeat and pages that never end (models#822, #2947)."""

    def __init__(self, operation: Operation, token: str | None) -> None:
        self._operation = operation
        self._tokens = {token} if token else set()
        self._keys: set[Hashable] = set()
        self._old = 0
        self._empty = 0

    def check(self, page: Page) -> None:
        """Raises PaginationLoop."""
        keys = {row_key(self._operation, row) for row in page.rows}
        if not keys:
            self._empty += 1
        else:
            self._empty = 0
            self._old = self._old + 1 if keys <= self._keys else 0
        self._keys |= keys
        if page.next_token is None:
            return  # the end, whatever it holds
        if page.next_token in self._tokens:
            self._raise("Amazon repeats a page token", page)
        if self._old >= _PAGES_OF_OLD_ROWS or self._empty >= _EMPTY_PAGES:
            self._raise("Amazon's pages bring nothing new", page)
        self._tokens.add(page.next_token)

    def _raise(self, what: str, page: Page) -> None:
        raise PaginationLoop(
            f"{what} (page {page.number}); the window is not complete and is to be read again from its first page",
            operation=page.operation,
            status=200,
            request_id=page.request_id,
        )


def row_key(operation: Operation, row: Mapping[str, Any]) -> Hashable:
    """What identifies a row of ``operation``."""
    return tuple(str(row.get(name)) for name in operation.row_key)


def open_selling_partner(
    settings: Settings,
    *,
    budget: Budget | None = None,
    on_progress: Callable[[Progress], None] = ignore_progress,
    clock: Callable[[], datetime] = utc_now,
    sleep: Callable[[float], None] = time.sleep,
) -> SellingPartner:
    """The session that ``settings`` describe, on the real clock; ``budget`` is the settings' one from now if not given.

    Raises CredentialsMissing, before anything is called.
    """
    credentials = settings.credentials()
    return SellingPartner(
        credentials=credentials,
        region=settings.region,
        sp_api_endpoint=settings.sp_api_endpoint,
        lwa_endpoint=settings.lwa_endpoint,
        quota=QuotaLedger(settings.state, seller_id=credentials.seller_id, clock=clock),
        budget=budget if budget is not None else Budget(settings.sync_budget_seconds),
        clock=clock,
        sleep=sleep,
        on_progress=on_progress,
    )
