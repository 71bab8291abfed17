"""Several processes on one socket: started, replaced when they die, and stopped together."""

from __future__ import annotations

import logging
import multiprocessing
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import connection
from multiprocessing.context import SpawnProcess
from multiprocessing.synchronize import Event
from types import FrameType
from typing import Final, TypeAlias

LOGGER = logging.getLogger(__name__)

_GRACE_SECONDS: Final = 10.0
_LOOK_SECONDS: Final = 0.5

Work: TypeAlias = Callable[[socket.socket, str, Callable[[], None]], None]
"""What a worker does until SIGTERM, with the socket and its own name; calls the function once it serves. Picklable."""


class WorkerFailed(Exception):
    """A worker ended before it served, and another would as well; the log has its reason."""


@dataclass
class _Worker:
    name: str
    process: SpawnProcess
    serves: Event


def run_workers(work: Work, listener: socket.socket, count: int) -> None:
    """Keep ``count`` processes at work until SIGINT or SIGTERM, then stop them all.

    A worker that dies is replaced. Raises WorkerFailed, after stopping the others, if one dies before it serves.
    """
    with _told_to_stop() as stop:
        workers = [_started(work, listener, str(number)) for number in range(count)]
        try:
            while not stop.is_set():
                ended = connection.wait([worker.process.sentinel for worker in workers], _LOOK_SECONDS)
                for index, worker in enumerate(workers):
                    if worker.process.sentinel in ended and not stop.is_set():
                        workers[index] = _replaced(worker, work, listener)
        finally:
            _end(workers)


def _started(work: Work, listener: socket.socket, name: str) -> _Worker:
    # spawned, not forked: a fork copies locks and connections of threads that are not there
    spawn = multiprocessing.get_context("spawn")
    serves = spawn.Event()
    process = spawn.Process(target=_work, args=(work, listener, name, serves), name=name)
    process.start()
    return _Worker(name, process, serves)


def _replaced(worker: _Worker, work: Work, listener: socket.socket) -> _Worker:
    worker.process.join()
    LOGGER.warning("worker %s ended by itself (exit code %s)", worker.name, worker.process.exitcode)
    if not worker.serves.is_set():
        raise WorkerFailed(f"Worker {worker.name} ended before it served.")
    return _started(work, listener, worker.name)


def _end(workers: list[_Worker]) -> None:
    for worker in workers:
        worker.process.terminate()
    deadline = time.monotonic() + _GRACE_SECONDS
    for worker in workers:
        worker.process.join(max(0.0, deadline - time.monotonic()))
        worker.process.kill()
        worker.process.join()


@contextmanager
def _told_to_stop() -> Iterator[threading.Event]:
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _work(work: Work, listener: socket.socket, name: str, serves: Event) -> None:
    threading.Thread(target=_follow_parent, daemon=True).start()
    try:
        work(listener, name, serves.set)
    except KeyboardInterrupt:  # Ctrl-C reaches the whole group; uvicorn has stopped in order and raises it again
        return


def _follow_parent() -> None:
    """Stop when the parent is gone, even killed: nobody else would end this process."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        signal.raise_signal(signal.SIGTERM)
