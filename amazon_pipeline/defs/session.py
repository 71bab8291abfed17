"""One sync in one process: its sessions with Amazon and the stores, and what it tells the world."""

from __future__ import annotations

import json
import os
import queue
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, TypeVar

import dagster as dg
import duckdb

from amazon_pipeline.defs.one_sync import end_dead_runs, only_sync, timestamp
from amazon_pipeline.errors import (
    PipelineError,
    RunIsOver,
    ShopifyTransient,
    TransientError,
    WarehouseHeld,
    WarehouseUnreachable,
)
from amazon_pipeline.events import SYNC_COMPLETED, SYNC_ERROR, SYNC_STARTED, EventLog
from amazon_pipeline.events.runs import RunRecord
from amazon_pipeline.extraction import (
    Extraction,
    Outcome,
    ShopifyExtraction,
    as_text,
    from_text,
    open_shopify,
    shopify_extraction,
    slow_failure,
)
from amazon_pipeline.landing import Landing
from amazon_pipeline.leases import Lease
from amazon_pipeline.marts import bring_up_to_date
from amazon_pipeline.selling_partner.calls import Progress
from amazon_pipeline.selling_partner.client import SellingPartner, ignore_progress, open_selling_partner, utc_now
from amazon_pipeline.selling_partner.quota import Budget
from amazon_pipeline.settings import Account, Settings
from amazon_pipeline.shopify.client import ShopifyAdmin
from amazon_pipeline.stores import ShopifyStore
from amazon_pipeline.warehouse import KeptOpen, claim, open_warehouse, unreadable_batches

MOST_RETRIES: Final = 2
"""Of a step, after its first try."""
Result = TypeVar("Result")
Source = TypeVar("Source", bound="AccountSession | StoreSession")
_LOCK_WAIT_SECONDS: Final = 30.0
_SLOW_SECONDS: Final = 60.0
"""A store that took so long to fail is not asked again in the same sync: the others and Amazon wait for it."""
_DISK_FULL: Final = ("No space left on device", "database or disk is full", "the disk is full")
"""How the system, SQLite and we say it."""


@dataclass(frozen=True)
class Surroundings:
    """What a sync meets outside: the clock (aware UTC), a stop watch and how to wait (seconds), and who follows it."""

    clock: Callable[[], datetime] = utc_now
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    on_progress: Callable[[Progress], None] = ignore_progress
    retry_seconds: float = 30.0
    """How long Dagster waits before it tries a step again."""


class AccountSession:
    """One account within a run: its session with Amazon, its quota, its landed pages."""

    def __init__(
        self,
        account: Account,
        surroundings: Surroundings,
        writing: threading.Lock | None = None,
        run_id: str | None = None,
    ) -> None:
        self.name = account.name
        self.settings = account.settings
        self.run_id = run_id
        self.clock = surroundings.clock
        self.writing = writing or threading.Lock()
        """Held by whoever writes tables that hold several accounts' rows, while accounts are fetched side by side."""
        self.on_progress: Callable[[Progress], None] = surroundings.on_progress
        self._account = account
        self._surroundings = surroundings
        self._client: SellingPartner | None = None

    @property
    def seller_id(self) -> str:
        """The seller. Raises CredentialsMissing."""
        return self._account.seller_id

    @property
    def landing(self) -> Landing:
        """The seller's landed pages. Raises CredentialsMissing."""
        return Landing(self.settings.landing_dir, self.seller_id)

    def extraction(self) -> Extraction:
        """What a fetch works with; one session with Amazon serves the whole run. Raises CredentialsMissing."""
        if self._client is None:
            self._client = open_selling_partner(
                self.settings,
                budget=_budget(self.settings, self._surroundings, f"amazon/{self.name}", self.run_id),
                on_progress=lambda progress: self.on_progress(replace(progress, account=self.name)),
                clock=self.clock,
                sleep=self._surroundings.sleep,
            )
        with open_warehouse(self.settings.warehouse) as connection:
            unreadable = unreadable_batches(connection, self.seller_id)
        landing = Landing(self.settings.landing_dir, self.seller_id, unreadable=unreadable)
        return Extraction(self._client, landing, self.seller_id, self.settings.source, self.clock)

    def close(self) -> None:
        """End the session with Amazon."""
        if self._client is not None:
            self._client.close()


class StoreSession:
    """One Shopify store within a run: its session, its points, its landed pages."""

    def __init__(self, store: ShopifyStore, settings: Settings, surroundings: Surroundings, run_id: str) -> None:
        self.name = store.name
        self.run_id = run_id
        self.seller_id = store.domain
        self.settings = settings
        self.clock = surroundings.clock
        self.on_progress: Callable[[Progress], None] = surroundings.on_progress
        self._store = store
        self._surroundings = surroundings
        self._client: ShopifyAdmin | None = None
        self._failed_slowly: ShopifyTransient | None = None

    @property
    def landing(self) -> Landing:
        """The store's landed pages."""
        return Landing(self.settings.landing_dir, self.seller_id)

    def extraction(self) -> ShopifyExtraction:
        """What a fetch works with; one session with the store serves the whole run.

        Raises the error of a stream of this run that the store was slow to fail.
        """
        if self._client is None and self._failed_slowly is None:
            recorded = RunRecord(self.settings.state, self.run_id).outcomes()
            ours = [
                text for (stream, name), text in recorded.items() if name == self.name and stream.startswith("shopify_")
            ]
            self._failed_slowly = slow_failure(ours, seconds=_SLOW_SECONDS)
        if self._failed_slowly is not None:
            raise self._failed_slowly
        if self._client is None:
            self._client = open_shopify(
                self.settings,
                self._store,
                budget=_budget(self.settings, self._surroundings, f"shopify/{self.name}", self.run_id),
                on_progress=lambda progress: self.on_progress(replace(progress, account=self.name, service="Shopify")),
                clock=self.clock,
                sleep=self._surroundings.sleep,
            )
        with open_warehouse(self.settings.warehouse) as connection:
            unreadable = unreadable_batches(connection, self.seller_id)
        return shopify_extraction(self.settings, self._client, unreadable=unreadable)

    def remember(self, outcome: Outcome) -> Outcome:
        """The outcome of a stream; if the store was slow to fail, its other streams fail with it, without a call."""
        if isinstance(outcome.error, ShopifyTransient) and outcome.duration_seconds >= _SLOW_SECONDS:
            self._failed_slowly = outcome.error
        return outcome

    def close(self) -> None:
        """End the session with the store."""
        if self._client is not None:
            self._client.close()


def _budget(settings: Settings, surroundings: Surroundings, source: str, run_id: str | None) -> Budget:
    """What is left of the time that the run may wait for a source, if another of its processes asked it before."""
    spent = 0.0
    if run_id is not None:
        now = surroundings.clock()
        spent = (now - RunRecord(settings.state, run_id).began(source, at=now)).total_seconds()
    return Budget(settings.sync_budget_seconds - max(spent, 0.0), surroundings.monotonic)


class SyncSession:
    """What the assets of one run share in this process: all of them, or each in a process of its own.

    Made by ``sync_resource``. What has to outlive a process lies in the state (``RunRecord``).
    """

    def __init__(self, settings: Settings, run_id: str, surroundings: Surroundings, lease: Lease | None = None) -> None:
        self.settings = settings
        self._lease = lease
        self.run_id = run_id
        self.events = EventLog(settings.state)
        self.clock = surroundings.clock
        self._surroundings = surroundings
        self._record = RunRecord(settings.state, run_id)
        self._log: Callable[[str], None] = lambda _line: None
        self._is_up_to_date = False
        self.step_seconds = 0.0
        """What the last step that went well took."""
        writing = threading.Lock()
        self.accounts = tuple(AccountSession(account, surroundings, writing, run_id) for account in settings.accounts)
        self.stores = tuple(StoreSession(store, settings, surroundings, run_id) for store in settings.shopify_stores)
        self.warehouse = KeptOpen(settings.warehouse, surroundings.monotonic)

    @property
    def sources(self) -> tuple[AccountSession | StoreSession, ...]:
        """All whose data this is: Amazon's accounts, and the Shopify stores."""
        return (*self.accounts, *self.stores)

    @property
    def has_only_failures(self) -> bool:
        """Whether streams of this run failed and not one page came; a stream that was not due is no success."""
        outcomes = [json.loads(text) for text in self._record.outcomes().values()]
        failed = any(outcome["status"] == "failed" for outcome in outcomes)
        return failed and not any(outcome["fetched"]["pages"] for outcome in outcomes)

    def remember(self, stream: str, source: AccountSession | StoreSession, outcome: Outcome) -> None:
        """How a fetch ended, for the other steps of the run and for another try of this one."""
        self._record.remember(stream, source.name, as_text(outcome), at=self.clock())

    def fetched(self, stream: str) -> dict[str, Callable[[AccountSession | StoreSession], Outcome]]:
        """Of an earlier try of the step, by source: what did not fail, which is not fetched again."""
        earlier = {name: text for (_, name), text in self._record.outcomes(stream).items()}
        return {
            name: lambda source, text=text: from_text(stream, text, source.landing)  # type: ignore[misc]
            for name, text in earlier.items()
            if json.loads(text)["status"] != "failed"
        }

    def of_each(self, sources: Sequence[Source], do: Callable[[Source], Result]) -> list[tuple[Source, Result]]:
        """What ``do`` gives for each account or store: side by side, since each waits for a quota of its own.

        Progress is told from this thread alone. What ``do`` raises passes through once all have ended.
        """
        self.warehouse.release()
        if len(sources) < 2:
            for source in sources:
                source.on_progress = self._progress
            return [(source, do(source)) for source in sources]
        told: queue.SimpleQueue[Progress | None] = queue.SimpleQueue()

        def work(source: Source) -> Result:
            try:
                return do(source)
            finally:
                told.put(None)

        for source in sources:
            source.on_progress = told.put
        with ThreadPoolExecutor(len(sources), thread_name_prefix="source") as pool:
            futures = [pool.submit(work, source) for source in sources]
            ended = 0
            while ended < len(futures):
                progress = told.get()
                if progress is None:
                    ended += 1
                else:
                    self._progress(progress)
        return [(source, future.result()) for source, future in zip(sources, futures, strict=True)]

    def follow(self, context: dg.AssetExecutionContext) -> None:
        """Let progress go to the log of this asset."""
        self._log = context.log.info

    def bring_up_to_date(self, say: Callable[[str], None]) -> None:
        """Before anything opens the working file: give it this program's tables, once. Raises WarehouseUnavailable."""
        if not self._is_up_to_date:
            bring_up_to_date(self.settings, say)
            self._is_up_to_date = True

    @contextmanager
    def step(self, context: dg.AssetExecutionContext) -> Iterator[None]:
        """The body of an asset: progress goes to its log, and whatever stops it is told as ``amazon-sync-error``."""
        self.follow(context)
        if self.settings.executor != "in-process":
            run = context.instance.get_run_by_id(self.run_id)
            if run is not None and run.is_finished:
                raise RunIsOver(f"The run {self.run_id} has ended; this step of it came too late and is not done.")
        if self._lease is not None:
            self._lease.ensure_held()
            self._lease.doing(context.get_step_execution_context().step.key)
        started = self._surroundings.monotonic()
        try:
            self.bring_up_to_date(context.log.warning)
            if self.settings.executor == "in-process":  # else the next step's process needs it
                self.warehouse.keep()
            yield
            self.step_seconds = round(self._surroundings.monotonic() - started, 3)
        except (WarehouseHeld, WarehouseUnreachable) as error:
            self.warehouse.release()
            self.try_again(context, error)
            self.failed(str(error))
            raise
        except dg.RetryRequested:
            self.warehouse.release()
            raise
        except BaseException as error:
            self.warehouse.release()
            self.failed(self._sentence(context, error))
            raise

    def try_again(self, context: dg.AssetExecutionContext, error: PipelineError) -> None:
        """Have Dagster try the step again, seen as "up for retry"; returns if it was tried often enough.

        For what may be over soon. Half of the time that a sync may wait for quota may go into such waits.
        """
        retries = context.instance.all_logs(context.run.run_id, of_type=dg.DagsterEventType.STEP_UP_FOR_RETRY)
        waited = len(retries) * self._surroundings.retry_seconds
        if context.retry_number >= MOST_RETRIES or waited >= self.settings.sync_budget_seconds / 2:
            return
        wait = self._surroundings.retry_seconds
        context.log.warning(f"{error} The step is tried again in {wait:.0f} s.")
        raise dg.RetryRequested(max_retries=MOST_RETRIES, seconds_to_wait=wait) from error

    def _sentence(self, context: dg.AssetExecutionContext, error: BaseException) -> str:
        if any(words in str(error) for words in _DISK_FULL):
            return (
                "The disk of the data directory is full, so the sync stopped. Make room; the next sync goes on from "
                "there. The figures shown are those of the sync before."
            )
        return str(error) if isinstance(error, PipelineError) else _unexpected(context)

    def begin(self, context: dg.AssetExecutionContext, connection: duckdb.DuckDBPyConnection) -> None:
        """Make sure the warehouse is these sellers', and tell that a sync has begun, if this run is to publish.

        A run of a few assets from the UI is no sync: nobody waits for its end. Raises SettingsError.
        """
        if self.settings.accounts_file is None:
            self.settings.require_credentials()
        claim(connection, self.settings)
        selected = context.run.asset_selection
        if not selected or dg.AssetKey("published") in selected:
            self._tell(SYNC_STARTED, {})

    def completed(self, summary: dict[str, Any]) -> None:
        """Tell that new data is published."""
        self._tell(SYNC_COMPLETED, summary)

    def failed(self, sentence: str, streams: Sequence[str] = ()) -> None:
        """Tell what went wrong, and which streams failed, none if the sync as a whole; a run's first telling counts."""
        self._tell(SYNC_ERROR, {"error": without_directories(sentence, self.settings), "streams": list(streams)})

    def close(self) -> None:
        """End the sessions with Amazon and the stores."""
        self.warehouse.release()
        for source in self.sources:
            source.close()

    def _tell(self, event: str, data: dict[str, Any]) -> None:
        now = self.clock()
        body = {**data, "timestamp": timestamp(now), "runId": self.run_id}
        self.events.append(event, body, at=now, run_id=self.run_id)

    def _progress(self, progress: Progress) -> None:
        self._log(describe(progress))
        self._surroundings.on_progress(progress)


def is_worth_another_try(outcome: Outcome) -> bool:
    """Whether the fetch may work in half a minute, and is not one that everything else has waited for long enough."""
    if isinstance(outcome.error, ShopifyTransient):
        return outcome.api_calls > 0 and outcome.duration_seconds < _SLOW_SECONDS
    return isinstance(outcome.error, TransientError)


def without_directories(sentence: str, settings: Settings) -> str:
    """The sentence with files named as they lie in the data directory, and programs by their name.

    It goes to whoever looks at the dashboard; the run in the Dagster UI names the whole path.
    """
    for directory in {settings.data_dir.resolve(), settings.data_dir.absolute()}:
        sentence = sentence.replace(f"{directory}{os.sep}", "")
    return re.sub(r"(?<= in )/(?:[^\s/]+/)*([^\s/]+ \(PID)", r"\1", sentence)


def describe(progress: Progress) -> str:
    """One line a person can follow a sync by."""
    return f"{progress.account}: {_happened(progress)}" if progress.account else _happened(progress)


def _happened(progress: Progress) -> str:
    match progress.kind:
        case "page":
            return f"{progress.operation}: page {progress.number}, {progress.rows} rows"
        case "wait":
            return f"{progress.operation}: waiting {progress.seconds:.0f} s for {progress.service}'s quota"
        case "throttled":
            return f"{progress.operation}: throttled by {progress.service}, next call in {progress.seconds:.0f} s"
        case "retry":
            return f"{progress.message}; trying again in {progress.seconds:.1f} s"
        case "report":
            return progress.message + (f"; looking again in {progress.seconds:.0f} s" if progress.seconds else "")


def _unexpected(context: dg.AssetExecutionContext) -> str:
    where = " and ".join(sorted(key.to_user_string() for key in context.selected_asset_keys))
    return (
        f"The sync stopped in {where} for a reason it was not made for; the run in the Dagster UI says more. "
        "The figures shown are those of the sync before."
    )


def sync_resource(settings: Settings, surroundings: Surroundings) -> dg.ResourceDefinition:
    """The resource ``sync``: a SyncSession that holds the sync lease with the run's other processes."""

    @dg.resource(description="The sync lease, the session with Amazon, and the event log.")
    def sync(context: dg.InitResourceContext) -> Iterator[SyncSession]:
        run_id = context.run.run_id if context.run else f"process-{os.getpid()}"
        with only_sync(settings, run_id, wait_seconds=_LOCK_WAIT_SECONDS) as lease:
            if context.instance is not None:
                end_dead_runs(settings, context.instance, but=run_id)
            session = SyncSession(settings, run_id, surroundings, lease)
            try:
                yield session
            finally:
                session.close()

    return sync
