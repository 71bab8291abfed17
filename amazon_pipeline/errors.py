"""Every error this product raises on purpose.

    PipelineError
    ├── SettingsError                 a setting is wrong; names the variable, never its value
    │   └── CredentialsMissing        Amazon's credentials are missing or malformed
    ├── SyncAlreadyRunning            another process holds the sync lock; names its run
    ├── HistoryAlreadyRunning         another process is fetching order history
    ├── StepProcessDied               a worker died while it did a step of a run
    ├── RunIsOver                     a step of a run that has ended meanwhile
    ├── LeaseTaken, LeaseLost         another run has begun (leases.py)
    ├── StateError                    operational state cannot be used (state/)
    ├── MarketplacesUnknown           nobody has said yet where the seller sells
    ├── LandingCorrupt                a landed page or manifest is damaged; names the file
    ├── LandingUnavailable            a landed file cannot be reached: rights, or the disk; names the file
    ├── WarehouseUnavailable          the working DuckDB file or the lake cannot be opened; names it
    │   ├── WarehouseHeld             another program has it open: it may soon be free
    │   ├── WarehouseUnreachable      the lake's catalogue or object store does not answer: it may soon
    │   └── WarehouseOutdated         it has an older version's tables: the next sync brings it up to date
    ├── MartInvalid                   a mart broke its schema; nothing was published
    ├── PublishFailed                 the snapshot could not be made or named
    ├── ShopifyError                  anything Shopify answered, or did not; store, operation, status, request id
    │   ├── ShopifyTransient          the same call may work later: retried inside the budget
    │   │   ├── ShopifyThrottled      429, or THROTTLED beside a 200
    │   │   ├── ShopifyServiceFailure 5xx, or Shopify's word that something broke there
    │   │   ├── ShopifyUnreachable    no answer: reset, hang, refused
    │   │   ├── ShopifyMalformed      a 200 that is not the answer asked for, or only a part of it
    │   │   └── BulkLinkExpired       the link to a bulk operation's file is no longer valid
    │   ├── ShopifyPermanent          the same call will fail again: never repeated
    │   │   ├── StoreTokenRefused     401
    │   │   ├── StoreClosed           402, 423: frozen, locked or closed
    │   │   ├── StoreUnknown          404: no such store, or no such API version
    │   │   ├── StoreAccessDenied     403, or fields that the token may not read; names them and the scope
    │   │   ├── ShopifyRejected       Shopify objects to the request itself
    │   │   │   └── QueryTooCostly    one query asks for more points than a query may
    │   │   ├── ShopifyPagesRepeat    the pages stopped bringing anything new
    │   │   └── BulkFailed            a bulk operation ended without its file
    │   └── StoreBudgetSpent          not a failure: the points are used up and the run's time is up
    │       └── BulkNotReady          nor is this: a bulk operation is still running
    └── SellingPartnerError           anything Amazon answered, or did not; operation, status, request id
        ├── TransientError            the same call may work later: retried inside the budget
        │   ├── Throttled             429
        │   ├── ServiceFailure        5xx in any form
        │   ├── ConnectionFailed      no answer: reset, hang, refused
        │   ├── MalformedAnswer       a 200 that is not the documented answer
        │   └── DocumentLinkExpired   a report's link is no longer valid: ask for another
        ├── PermanentError            the same call will fail again: never repeated
        │   ├── LoginRefused          the token endpoint refused the credentials
        │   ├── AccessDenied          403 for a missing role or marketplace
        │   ├── RequestRejected       400, 404, 413, 415: names what Amazon objected to
        │   ├── PaginationLoop        Amazon's pages stopped bringing anything new
        │   └── ReportRefused         Amazon made no report, or sent something else than a table
        ├── PageTokenExpired          the cursor is too old: start its window again
        └── BudgetSpent               not a failure: the quota is dry and the run's time is up
            └── ReportNotReady        nor is this: Amazon is still making a report

A caller treats ``TransientError`` (try at the next sync), ``PermanentError`` (tell a person) and ``BudgetSpent`` (stop
cleanly, go on next time) differently; the leaves differ in what a person has to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class PipelineError(Exception):
    """Base of all errors of this product; its text is one sentence a person can act on."""


class SettingsError(PipelineError):
    """A setting is missing or wrong. Names the variables, never shows a value."""


class CredentialsMissing(SettingsError):
    """Amazon's credentials are absent or malformed.

    ``missing`` holds the names of the unset variables, ``invalid`` those with a wrong form.
    """

    def __init__(self, message: str, *, missing: tuple[str, ...] = (), invalid: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.missing = missing
        self.invalid = invalid


class SyncAlreadyRunning(PipelineError):
    """Another process is syncing this data directory."""

    def __init__(self, run_id: str) -> None:
        super().__init__(f"A sync is already running (run {run_id}). Wait for it to end, or stop it, then try again.")
        self.run_id = run_id


class HistoryAlreadyRunning(PipelineError):
    """Another process is fetching order history into this data directory."""

    def __init__(self) -> None:
        super().__init__("Order history is already being fetched. Wait for that to end, or stop it, then try again.")


class StepProcessDied(PipelineError):
    """The process that did a step of a run stopped without a word. Names the step."""


class RunIsOver(PipelineError):
    """A worker took up a step of a run that has ended meanwhile."""


class MarketplacesUnknown(PipelineError):
    """Neither the setting nor Amazon has named a marketplace, so there is nothing to ask for."""


class LandingCorrupt(PipelineError):
    """A landed file is damaged. Names the file."""


class LandingUnavailable(PipelineError):
    """A landed file cannot be reached now, which says nothing about what is in it. Names the file."""


class WarehouseUnavailable(PipelineError):
    """The working DuckDB file, or the lake, cannot be opened. Names it, or the setting, and what is wrong."""


class WarehouseHeld(WarehouseUnavailable):
    """Another program has the working file or the lake open, and had it for as long as was waited."""


class WarehouseUnreachable(WarehouseUnavailable):
    """The lake's PostgreSQL or its object store does not answer; it may soon."""


class WarehouseOutdated(WarehouseUnavailable):
    """The working file has the tables of an older version; the next sync brings it up to date."""


@dataclass(frozen=True)
class Violation:
    """A rule of a mart that rows break: how many, and the first of them as text under their column names."""

    rule: str
    count: int
    columns: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]


class MartInvalid(PipelineError):
    """A mart does not keep its own schema; it stays as it was, and so does the last good published file."""

    def __init__(self, mart: str, violations: Sequence[Violation]) -> None:
        self.mart = mart
        self.violations = tuple(violations)
        broken = "; ".join(
            f"that {one.rule} is broken by {one.count} row{'s' * (one.count != 1)}, such as "
            f"{dict(zip(one.columns, one.rows[0], strict=True))}"
            for one in violations
        )
        super().__init__(f"{mart} was not renewed: {broken}")


class PublishFailed(PipelineError):
    """The published snapshot could not be made; the last good one stays."""


class SellingPartnerError(PipelineError):
    """Something Amazon answered, or failed to answer.

    ``operation`` is Amazon's name of the call (``searchOrders``), ``status`` the HTTP status or None when no answer
    came, ``request_id`` Amazon's ``x-amzn-RequestId``, which its support asks for.
    """

    def __init__(
        self, message: str, *, operation: str, status: int | None = None, request_id: str | None = None
    ) -> None:
        self.reason = message
        self.operation = operation
        self.status = status
        self.request_id = request_id
        facts = [f"HTTP {status}" if status is not None else "", f"request id {request_id}" if request_id else ""]
        suffix = ", ".join(fact for fact in facts if fact)
        super().__init__(f"{operation}: {message}" + (f" ({suffix})" if suffix else ""))


class TransientError(SellingPartnerError):
    """The same call may succeed later."""


class Throttled(TransientError):
    """429. ``retry_after`` is Amazon's wish in seconds, if it sent one."""

    def __init__(
        self, message: str, *, operation: str, retry_after: float | None = None, request_id: str | None = None
    ) -> None:
        super().__init__(message, operation=operation, status=429, request_id=request_id)
        self.retry_after = retry_after


class ServiceFailure(TransientError):
    """500, 502, 503 or 504, whatever the body."""


class ConnectionFailed(TransientError):
    """No answer came: refused, reset, cut off or timed out."""


class MalformedAnswer(TransientError):
    """A success status with a body that is not the documented one (HTML, truncated JSON, missing payload)."""


class DocumentLinkExpired(TransientError):
    """A report's link, which lives five minutes, is no longer valid."""


class PermanentError(SellingPartnerError):
    """The same call would fail again."""


class LoginRefused(PermanentError):
    """Login with Amazon refused the credentials. ``code`` is its OAuth error code."""

    def __init__(self, message: str, *, code: str, status: int | None = None, request_id: str | None = None) -> None:
        super().__init__(message, operation="LWA token", status=status, request_id=request_id)
        self.code = code


class AccessDenied(PermanentError):
    """403: the application lacks a role, or the seller's authorisation does not cover this."""


class RequestRejected(PermanentError):
    """400, 404, 413 or 415: Amazon objects to the request itself."""


class PaginationLoop(PermanentError):
    """Amazon repeated a page token, or pages that bring nothing new."""


class ReportRefused(PermanentError):
    """Amazon made no report, or sent a sentence or a page where a table should be. Quotes it."""


class PageTokenExpired(SellingPartnerError):
    """A page token is no longer accepted; the window has to be read again from its first page."""


class BudgetSpent(SellingPartnerError):
    """The quota is dry and waiting for it would outlast the run. ``wait_seconds`` until the next call is allowed."""

    def __init__(self, *, operation: str, wait_seconds: float, message: str | None = None) -> None:
        super().__init__(
            message
            or f"Amazon's quota is used up for another {wait_seconds:.0f} s, longer than this sync may still take; "
            "the next sync goes on from here",
            operation=operation,
        )
        self.wait_seconds = wait_seconds


class ReportNotReady(BudgetSpent):
    """Amazon is still making a report. Its id is kept, so that the next run asks for the same one."""


class ShopifyError(PipelineError):
    """Something Shopify answered, or failed to answer.

    ``store`` is the store's domain, ``operation`` the name of the GraphQL operation, ``status`` the HTTP status or None
    when no answer came, ``request_id`` Shopify's ``X-Request-Id``.
    """

    def __init__(
        self, message: str, *, store: str, operation: str, status: int | None = None, request_id: str | None = None
    ) -> None:
        self.reason = message
        self.store = store
        self.operation = operation
        self.status = status
        self.request_id = request_id
        facts = [f"HTTP {status}" if status is not None else "", f"request id {request_id}" if request_id else ""]
        suffix = ", ".join(fact for fact in facts if fact)
        super().__init__(f"{store}, {operation}: {message}" + (f" ({suffix})" if suffix else ""))


class ShopifyTransient(ShopifyError):
    """The same call may succeed later."""


class ShopifyThrottled(ShopifyTransient):
    """429, or THROTTLED. ``retry_after`` is Shopify's wish in seconds, if it sent one."""

    retry_after: float | None = None


class ShopifyServiceFailure(ShopifyTransient):
    """5xx in any form, or INTERNAL_SERVER_ERROR beside a 200."""


class ShopifyUnreachable(ShopifyTransient):
    """No answer came: refused, reset, cut off or timed out."""


class ShopifyMalformed(ShopifyTransient):
    """A success status with a body that is not the answer: HTML, truncated JSON, no data, a part of the data."""


class BulkLinkExpired(ShopifyTransient):
    """The link to a bulk operation's file is no longer valid; asked again how it stands, Shopify gives a new one."""


class ShopifyPermanent(ShopifyError):
    """The same call would fail again."""


class StoreTokenRefused(ShopifyPermanent):
    """401: the token is wrong, or the app was uninstalled."""


class StoreClosed(ShopifyPermanent):
    """402, 423 or SHOP_INACTIVE: the store is frozen, locked or closed."""


class StoreUnknown(ShopifyPermanent):
    """404: there is no store of that domain, or Shopify does not know the API version."""


class StoreAccessDenied(ShopifyPermanent):
    """403, or ACCESS_DENIED for ``fields`` (their paths, dotted, without indexes; empty when Shopify names none)."""

    fields: tuple[str, ...] = ()


class ShopifyRejected(ShopifyPermanent):
    """Shopify objects to the request itself. Quotes it."""


class QueryTooCostly(ShopifyRejected):
    """One query asks for more points than a single query may: fewer rows a page are the way out."""


class ShopifyPagesRepeat(ShopifyPermanent):
    """Shopify repeated a cursor, or gave none for a page it says there is."""


class BulkFailed(ShopifyPermanent):
    """A bulk operation failed, was cancelled or has expired. ``code`` is Shopify's error code, if it gave one."""

    code: str | None = None


class StoreBudgetSpent(ShopifyError):
    """The points are used up, and waiting would outlast the run; the next sync goes on from here."""

    wait_seconds: float = 0.0


class BulkNotReady(StoreBudgetSpent):
    """A bulk operation is still running. Its id is kept, so that the next run asks for the same one."""
