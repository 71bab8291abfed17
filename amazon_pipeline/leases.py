"""Who may sync, or fetch history: one run at a time, and every process of that run.

A lease is held per run, because the steps of one may be processes of their own, at the same time or one after the
other. On one machine it is a lock of the kernel on a file, which all processes of a run share; it ends with the last of
them, however that ends. With ``AMAZON_STATE_URL`` it is a row for each process in the database, renewed by a thread
while the process lives; a row that was not renewed for a minute counts no more.
"""

from __future__ import annotations

import fcntl
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Literal, Protocol

from pydantic import SecretStr

from amazon_pipeline import state
from amazon_pipeline.errors import PipelineError
from amazon_pipeline.settings import Settings

Name = Literal["sync", "history"]
STALE_SECONDS: Final = 60.0
"""A process that has not renewed for so long is taken for dead."""
_RENEWED_EACH: Final = 10.0
_LOOKED_EACH: Final = 0.25
_FRESH: Final = f"renewed_at > clock_timestamp() - make_interval(secs => {STALE_SECONDS})"


class LeaseTaken(PipelineError):
    """Another run holds the lease; ``run_id`` is its id, or names the process, empty if that is not known."""

    def __init__(self, run_id: str) -> None:
        super().__init__(f"The lease is held by {run_id or 'another process'}.")
        self.run_id = run_id


class LeaseLost(PipelineError):
    """This process could not renew its lease for so long that another run has begun, or may have."""


class Lease(Protocol):
    """A lease that is held."""

    def ensure_held(self) -> None:
        """Raises LeaseLost where others may think us dead."""

    def doing(self, step: str) -> None:
        """Say which step this process does."""

    def died(self, step: str) -> bool:
        """Whether the process that did a step of this run has stopped renewing. What can be seen elsewhere is not."""


@contextmanager
def hold(settings: Settings, name: Name, run_id: str | None = None, *, wait_seconds: float = 0) -> Iterator[Lease]:
    """Hold a lease for as long as the body runs, with whoever else holds it for the same run.

    Without a ``run_id`` nobody shares it. Raises LeaseTaken, StateError.
    """
    ours = run_id or _this_process()
    lease: _FileLease | _RowLease
    if settings.state_url is None:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        lease = _FileLease(settings.lock_path if name == "sync" else settings.history_lock_path, ours)
    else:
        lease = _RowLease(settings.state_url, name, ours)
    with _held(lease, wait_seconds):
        yield lease


@contextmanager
def hold_here(path: Path) -> Iterator[None]:
    """Hold a file of this machine, wherever the state is, for as long as the body runs. Raises LeaseTaken."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _held(_FileLease(path, _this_process()), wait_seconds=0):
        yield


def _this_process() -> str:
    """A holder that no other process, and no other call of this one, is."""
    return f"process {socket.gethostname()}:{os.getpid()} {uuid.uuid4().hex[:8]}"


@contextmanager
def _held(lease: _FileLease | _RowLease, wait_seconds: float) -> Iterator[None]:
    deadline = time.monotonic() + wait_seconds
    while (holder := lease.take()) is not None:
        if time.monotonic() >= deadline:
            raise LeaseTaken(holder)
        time.sleep(_LOOKED_EACH)
    try:
        yield
    finally:
        lease.release()


class _FileLease:
    """A lock on a file that names the run."""

    def __init__(self, path: Path, run_id: str) -> None:
        self._path = path
        self._run_id = run_id
        self._descriptor = -1

    def take(self) -> str | None:
        """Try to hold it; the run that does, where that is another."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        taken = False
        try:
            with _guard(self._path):
                taken = self._lock(descriptor)
                holder = "" if taken else os.pread(descriptor, 200, 0).decode(errors="replace")
        finally:
            if taken:
                self._descriptor = descriptor
            else:
                os.close(descriptor)
        return None if taken else holder

    def _lock(self, descriptor: int) -> bool:
        ours = self._run_id.encode()
        if _has(descriptor, fcntl.LOCK_EX):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, ours, 0)
            # the kernel may let go in between, but whoever else wants it waits at the guard
            return _has(descriptor, fcntl.LOCK_SH)
        return os.pread(descriptor, 200, 0) == ours and _has(descriptor, fcntl.LOCK_SH)

    def release(self) -> None:
        """Let go; it is free when no process of the run holds it."""
        os.close(self._descriptor)

    def ensure_held(self) -> None:
        """The kernel takes it from no living process."""

    def doing(self, step: str) -> None:
        """Nobody asks."""

    def died(self, step: str) -> bool:  # noqa: ARG002
        """The executors of one machine see their processes end."""
        return False


def _has(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@contextmanager
def _guard(path: Path) -> Iterator[None]:
    """One process at a time may take, or share, the lock."""
    descriptor = os.open(path.with_name(f".{path.name}"), os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


class _RowLease:
    """A row of the table ``leases`` for this process. The times in it are the database's, so clocks need not agree."""

    def __init__(self, url: SecretStr, name: str, run_id: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._url = url
        self._key = {"name": name, "holder": uuid.uuid4().hex}
        self._row: dict[str, Any] = {
            **self._key,
            "run_id": run_id,
            "process": f"{socket.gethostname()}:{os.getpid()}",
            "step": None,
        }
        self._monotonic = monotonic
        self._renewed = self._looking_since = monotonic()
        self._is_lost = False
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"lease-{name}", daemon=True)

    def take(self) -> str | None:
        """Try to hold it; the run that does, where that is another."""
        with state.transaction(self._url) as connection:
            others = connection.execute(
                f"SELECT run_id FROM leases WHERE name = :name AND run_id <> :run_id AND {_FRESH} LIMIT 1", self._row
            ).fetchall()
            if others:
                return str(others[0][0])
            connection.execute("DELETE FROM leases WHERE name = :name AND run_id <> :run_id", self._row)
            self._insert(connection)
        self._renewed = self._looking_since = self._monotonic()
        self._thread.start()
        return None

    def release(self) -> None:
        """Let go. A row that cannot be deleted now counts no more in a minute."""
        self._ended.set()
        self._thread.join()
        with suppress(state.StateError), state.transaction(self._url) as connection:
            connection.execute("DELETE FROM leases WHERE name = :name AND holder = :holder", self._key)

    def ensure_held(self) -> None:
        """Raises LeaseLost where others may think us dead."""
        if self._monotonic() - self._renewed > STALE_SECONDS:
            with suppress(state.StateError):
                self._renew()
        if self._is_lost or self._monotonic() - self._renewed > STALE_SECONDS:
            raise LeaseLost(
                "This process could not reach the state database for a minute, so that another run may have begun. "
                "It stops; the next sync goes on from what has landed."
            )

    def doing(self, step: str) -> None:
        """Say which step this process does."""
        self._row["step"] = step
        self._renew()

    def died(self, step: str) -> bool:
        """Whether the process that did a step of this run has stopped renewing, while we could have seen it do so."""
        if self._monotonic() - self._looking_since < STALE_SECONDS:
            return False
        asked = {**self._row, "asked": step}
        with state.reading(self._url) as connection:
            rows = connection.execute(
                f"SELECT bool_or({_FRESH}) FROM leases WHERE name = :name AND run_id = :run_id AND step = :asked", asked
            ).fetchall()
        return rows[0][0] is False

    def _keep(self) -> None:
        while not self._ended.wait(_RENEWED_EACH):
            with suppress(state.StateError):
                self._renew()

    def _renew(self) -> None:
        with state.transaction(self._url) as connection:
            renewed = connection.execute(
                "UPDATE leases SET renewed_at = clock_timestamp(), step = :step"
                " WHERE name = :name AND holder = :holder",
                self._row,
            ).rowcount
            if not renewed:
                others = connection.execute(
                    "SELECT 1 FROM leases WHERE name = :name AND run_id <> :run_id", self._row
                ).fetchall()
                self._is_lost = bool(others)
                if not others:  # the database was restored, or who took it has ended
                    self._insert(connection)
        now = self._monotonic()
        if now - self._renewed > 3 * _RENEWED_EACH:
            self._looking_since = now  # the others may have been as cut off as we were
        self._renewed = now

    def _insert(self, connection: state.Connection) -> None:
        connection.execute(
            "INSERT INTO leases (name, holder, run_id, process, step, renewed_at)"
            " VALUES (:name, :holder, :run_id, :process, :step, clock_timestamp())",
            self._row,
        )
