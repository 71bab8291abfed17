"""One call of Amazon's API, seen through: wait for quota, log in, send, retry what may work later.

The rules: every HTTP attempt costs a token of the operation's bucket. A wait or pause that would outlast the run's
Budget is not begun. A 429 is never answered with a quick retry: it waits for the bucket. Other transient failures are
retried after exponential backoff with full jitter (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/),
at most four attempts in all. Permanent failures are not repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from amazon_pipeline.errors import BudgetSpent, Throttled, TransientError
from amazon_pipeline.pacing import CallStats, Progress
from amazon_pipeline.selling_partner.answers import TOKEN_OPERATION, AccessTokenExpired
from amazon_pipeline.selling_partner.login import Login
from amazon_pipeline.selling_partner.operations import Operation
from amazon_pipeline.selling_partner.quota import Budget, QuotaLedger, Take
from amazon_pipeline.selling_partner.transport import StrictTransport

__all__ = ["ATTEMPTS", "CallStats", "Caller", "Progress"]

ATTEMPTS: Final = 4
_FIRST_PAUSE: Final = 1.0  # seconds; doubles with each attempt
_LONGEST_PAUSE: Final = 30.0


class Caller:
    """Performs calls for one session; not for several threads."""

    def __init__(
        self,
        *,
        login: Login,
        login_transport: StrictTransport,
        quota: QuotaLedger,
        budget: Budget,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
        random: Callable[[], float],
        on_progress: Callable[[Progress], None],
    ) -> None:
        self._login = login
        self._login_transport = login_transport
        self._quota = quota
        self._budget = budget
        self._clock = clock
        self._sleep = sleep
        self._random = random
        self._on_progress = on_progress
        self.stats: dict[str, CallStats] = {}

    def perform(self, operation: Operation, transport: StrictTransport, send: Callable[[], object]) -> None:
        """``send`` once successfully; its answer is in ``transport``. Raises the last typed error, or BudgetSpent."""
        attempt, renewed = 0, False
        failure: TransientError | None = None
        while True:
            try:
                take = self._ready(operation)
            except BudgetSpent:
                if failure is None or isinstance(failure, Throttled):
                    raise
                raise failure from None  # not the quota is why another attempt was needed
            try:
                self._attempt(operation, take, transport, send)
            except AccessTokenExpired:
                if renewed:
                    raise
                renewed = True
                self._login.forget()
            except TransientError as error:
                attempt, failure = attempt + 1, error
                self._recover(operation, error, attempt, transport)
            else:
                return

    def quota_left(self, operation: Operation) -> float:
        """Tokens in the operation's bucket now."""
        return self._quota.tokens(operation)

    def pause(self, progress: Progress) -> bool:
        """Tell ``progress`` and wait its ``seconds``; False, without waiting, when that would outlast the budget."""
        if progress.seconds > self._budget.remaining():
            return False
        self._on_progress(progress)
        self._sleep(progress.seconds)
        return True

    def _ready(self, operation: Operation) -> Take:
        """Wait for quota, log in, take a token: so a dry bucket costs no login, a refused login no quota."""
        stats = self.stats.setdefault(operation.name, CallStats())
        while True:
            wait = self._quota.wait_seconds(operation)
            if wait <= 0:
                self._log_in()
                take = self._quota.take(operation)
                if take is not None:
                    return take
                continue  # another process was faster
            if wait > self._budget.remaining():
                raise BudgetSpent(operation=operation.name, wait_seconds=wait)
            self._on_progress(Progress(operation.name, "wait", seconds=wait))
            stats.quota_wait_seconds += wait
            self._sleep(wait)

    def _attempt(
        self, operation: Operation, take: Take, transport: StrictTransport, send: Callable[[], object]
    ) -> None:
        stats = self.stats[operation.name]
        stats.calls += 1
        throttled: Throttled | None = None
        try:
            send()
        except Throttled as error:
            throttled = error if error.operation == operation.name else None  # else the token endpoint's
            raise
        finally:
            rate = transport.received.announced_rate if transport.received else None
            if throttled is None:
                self._quota.settle(take, rate)
            else:
                stats.throttled += 1
                self._quota.throttled(take, retry_after=throttled.retry_after, announced_rate=rate)

    def _recover(self, operation: Operation, error: TransientError, attempt: int, transport: StrictTransport) -> None:
        """Pause before the next attempt, or raise ``error`` when there is to be none."""
        if attempt >= ATTEMPTS:
            raise error
        if isinstance(error, Throttled) and error.operation == operation.name:  # the pause is the bucket's
            wait = self._quota.wait_seconds(operation)
            self._on_progress(Progress(operation.name, "throttled", number=attempt, seconds=wait, message=str(error)))
            return
        self._pause(operation.name, error, attempt, transport)

    def _pause(self, name: str, error: TransientError, attempt: int, transport: StrictTransport) -> None:
        wished = transport.received.retry_after(self._clock()) if transport.received else None
        ceiling: float = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (attempt - 1))
        pause = max(wished or 0.0, self._random() * ceiling)
        if pause > self._budget.remaining():
            raise error
        self._on_progress(Progress(name, "retry", number=attempt, seconds=pause, message=str(error)))
        self._sleep(pause)

    def _log_in(self) -> None:
        """Have a valid access token, with retries of its own: they cost none of the operation's quota."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._login.get_auth()
            except TransientError as error:
                if attempt == ATTEMPTS:
                    raise
                self._pause(TOKEN_OPERATION, error, attempt, self._login_transport)
            else:
                return
