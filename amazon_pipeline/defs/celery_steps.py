"""Steps sent to Celery's workers, each watched: Celery does not say when the worker that has a task has died."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from dagster_celery.core_execution_loop import core_celery_execution_loop
from dagster_celery.executor import _submit_task

from amazon_pipeline.errors import StepProcessDied
from amazon_pipeline.leases import Lease
from amazon_pipeline.state import StateError

LOGGER = logging.getLogger(__name__)


def send_watched_steps(plan_context: Any, execution_plan: Any, lease: Lease) -> Iterator[Any]:
    """dagster-celery's own loop; a step whose process is dead ends as a failure instead of never."""

    def submit(app: Any, context: Any, step: Any, *how: Any) -> _Watched:
        return _Watched(_submit_task(app, context, step, *how), step.key, lease)

    yield from core_celery_execution_loop(plan_context, execution_plan, step_execution_fn=submit)


class _Watched:
    """A task's result, which is also there once its process has died."""

    def __init__(self, result: Any, step: str, lease: Lease) -> None:
        self._result = result
        self._step = step
        self._lease = lease
        self._died = False

    def ready(self) -> bool:
        """Whether the step has ended, one way or the other."""
        if self._result.ready():
            return True
        try:
            self._died = self._died or self._lease.died(self._step)
        except StateError as error:
            LOGGER.warning("%s", error)
        return self._died

    def get(self) -> Any:
        """The step's events. Raises StepProcessDied."""
        if self._died and not self._result.ready():
            raise StepProcessDied(
                f"The worker that did the step {self._step} died. What had landed is kept; the next sync goes on there."
            )
        return self._result.get()

    def revoke(self) -> None:
        """Take the task back, if no worker has it yet."""
        self._result.revoke()
