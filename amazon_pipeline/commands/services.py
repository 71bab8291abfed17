"""Child processes under one parent: started in their own process groups, watched, and all ended together."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Final, Self

from amazon_pipeline.errors import PipelineError

_POLL_SECONDS: Final = 0.2
_GRACE_SECONDS: Final = 10.0
_MOST_RESTARTS: Final = 3
_STEADY_SECONDS: Final = 600.0
"""A child that ran for so long had started well: its end is no part of the trouble before."""
_PROC: Final = Path("/proc")
_LARGE_LOG_BYTES: Final = 10_000_000
_LOOKS_BETWEEN_LOGS: Final = 300  # a minute
_PR_SET_PDEATHSIG: Final = 1
_LIBC: Final = ctypes.CDLL(None) if sys.platform == "linux" else None


class PortTaken(PipelineError):
    """Another program listens on a port we were to use. Names the port and the option that changes it."""


class ServiceFailed(PipelineError):
    """A child process ended again and again. Names it and its log."""


def set_aside_large_log(log: Path) -> None:
    """Copy a log over 10 MB to ``.log.1``, in place of the last such copy, and empty it.

    Copied and not renamed: the child goes on writing to the file it has open, at its end.
    """
    if log.exists() and log.stat().st_size > _LARGE_LOG_BYTES:
        shutil.copyfile(log, log.with_suffix(".log.1"))
        os.truncate(log, 0)


def require_free_port(host: str, port: int, option: str) -> None:
    """Raises PortTaken, or PipelineError where the host is none of this machine's."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTaken(
                f"Port {port} on {host} cannot be used ({error.strerror}). Choose another with {option}."
            ) from error


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_listening(port: int, host: str = "127.0.0.1") -> bool:
    """Whether something answers there."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((host, port)) == 0


def _stop_without_parent(parent: int, number: signal.Signals) -> None:
    """In a child, before its program starts: be told to stop should the parent be killed. Linux alone can do it."""
    if _LIBC is None:
        return
    _LIBC.prctl(_PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:
        os._exit(1)  # it died in the meantime


@dataclass
class Service:
    """One child: its command, its log file, the signal it stops at; ``is_kept``: started again if it ends by itself."""

    name: str
    command: Sequence[str]
    log: Path | None
    is_kept: bool = True
    stop_signal: signal.Signals = signal.SIGTERM
    process: subprocess.Popen[bytes] | None = None
    restarts: int = 0
    started: float = 0.0


@dataclass
class Services:
    """The children of one parent. Use as a context manager: leaving it ends them all, whatever happened."""

    env: Mapping[str, str]
    cwd: Path
    say: Callable[[str], None]
    _services: list[Service] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def start(self, service: Service) -> None:
        """Start a child in a process group of its own, so that Ctrl-C reaches it only through us."""
        if service not in self._services:
            self._services.append(service)
        service.started = time.monotonic()
        if service.log is None:
            service.process = self._spawn(service, None)
            return
        service.log.parent.mkdir(parents=True, exist_ok=True)
        set_aside_large_log(service.log)
        with service.log.open("ab") as log:
            service.process = self._spawn(service, log.fileno())

    def _spawn(self, service: Service, output: int | None) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603  (our own commands, no shell)
            service.command,
            env=dict(self.env),
            cwd=self.cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output is not None else None,
            start_new_session=True,
            # only this thread exists, so nothing can hold a lock at the fork
            preexec_fn=partial(_stop_without_parent, os.getpid(), service.stop_signal),  # noqa: PLW1509
        )

    def wait_until(self, condition: Callable[[], bool], *, seconds: float) -> bool:
        """Wait for something to come true; gives up at the time, or when told to stop. Returns whether it did."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline or self._stop.wait(_POLL_SECONDS):
                return False
        return True

    @property
    def is_stopping(self) -> bool:
        """Whether somebody pressed Ctrl-C or sent a signal."""
        return self._stop.is_set()

    def has_ended(self, service: Service) -> bool:
        """Whether a child has run and ended."""
        return service.process is not None and service.process.poll() is not None

    def watch(self) -> None:
        """Stay until told to stop; start again what ends by itself. Raises ServiceFailed when that does not help."""
        looks = 0
        while not self._stop.wait(_POLL_SECONDS):
            looks += 1
            for service in self._services:
                if service.log is not None and looks % _LOOKS_BETWEEN_LOGS == 0:
                    set_aside_large_log(service.log)
                if service.is_kept and self.has_ended(service):
                    self._again(service)

    def _again(self, service: Service) -> None:
        if time.monotonic() - service.started > _STEADY_SECONDS:
            service.restarts = 0
        service.restarts += 1
        if service.restarts > _MOST_RESTARTS:
            raise ServiceFailed(
                f"{service.name} ended {service.restarts} times; its log is {service.log}\n{self.tail(service)}"
            )
        self.say(f"{service.name} ended by itself; starting it again (log: {service.log})")
        self.start(service)

    @staticmethod
    def tail(service: Service, lines: int = 15) -> str:
        """The last lines of a child's log."""
        if service.log is None or not service.log.exists():
            return ""
        return "\n".join(service.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])

    def end(self) -> None:
        """End every child and its children: first politely, then for sure."""
        living = [service for service in self._services if service.process is not None]
        for service in living:
            _signal_group(service, service.stop_signal)
        self._wait_for_end(living)
        for service in living:
            _signal_group(service, signal.SIGKILL)
            if service.process is not None:
                service.process.wait()

    @staticmethod
    def _wait_for_end(services: Sequence[Service]) -> None:
        deadline = time.monotonic() + _GRACE_SECONDS
        while time.monotonic() < deadline and any(_group_lives(service) for service in services):
            time.sleep(_POLL_SECONDS)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stop.set()


def _signal_group(service: Service, number: signal.Signals) -> None:
    if service.process is None:
        return
    try:
        os.killpg(service.process.pid, number)
    except ProcessLookupError:
        return


def _group_lives(service: Service) -> bool:
    """Whether any process of the child's group still runs; the child itself is reaped on the way.

    Grandchildren that have ended but that nobody reaps, as in a container without an init, do not count.
    """
    if service.process is None:
        return False
    service.process.poll()
    try:
        os.killpg(service.process.pid, 0)
    except ProcessLookupError:
        return False
    return not _PROC.exists() or any(_runs_in_group(entry, service.process.pid) for entry in _PROC.glob("[0-9]*"))


def _runs_in_group(entry: Path, group: int) -> bool:
    try:
        # pid (name) state ppid pgrp …; the name may hold anything, so read from its closing bracket on
        state, _parent, its_group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
    except (OSError, ValueError):
        return False
    return int(its_group) == group and state != "Z"


def script(name: str) -> str:
    """The path of a console script of this environment."""
    return str(Path(sys.executable).with_name(name))
