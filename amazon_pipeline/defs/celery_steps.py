"""Steps sent to Celery's workers, each watched: Celery does not say when the worker that has a task has died.

dagster-celery 0.29.27 waits for such a task for ever, and after a task that ended without the step's events it goes
round in circles. Here the step then fails, as any step may: what does not need it goes on, and the run ends.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from typing import Any

from celery.exceptions import TaskRevokedError
from dagster import DagsterEvent
from dagster._core.execution.plan.objects import StepFailureData
from dagster._serdes import serialize_value
from dagster._utils.error import serializable_error_info_from_exc_info
from dagster_celery.core_execution_loop import core_celery_execution_loop
from dagster_celery.executor import _submit_task

from amazon_pipeline.errors import StepProcessDied
from amazon_pipeline.leases import Lease
from amazon_pipeline.state import StateError

LOGGER = logging.getLogger(__name__)


def send_watched_steps(plan_context: Any, execution_plan: Any, lease: Lease) -> Iterator[Any]:
    """dagster-celery's own loop, with results that are there in any case."""

    def submit(app: Any, context: Any, step: Any, *how: Any) -> _Watched:
        return _Watched(_submit_task(app, context, step, *how), context.for_step(step), lease)

    yield from core_celery_execution_loop(plan_context, execution_plan, step_execution_fn=submit)


class _Watched:
    """A task's result, which is also there once its process has died, and is always the step's events."""

    def __init__(self, result: Any, step_context: Any, lease: Lease) -> None:
        self._result = result
        self._step_context = step_context
        self._lease = lease
        self._died = False

    def ready(self) -> bool:
        """Whether the step has ended, one way or the other."""
        if self._result.ready():
            return True
        try:
            self._died = self._died or self._lease.died(self._step_context.step.key)
        except StateError as error:
            LOGGER.warning("%s", error)
        return self._died

    def get(self) -> list[str]:
        """The step's events; its failure, where the worker brought none."""
        try:
            if self._died and not self._result.ready():
                raise StepProcessDied(  # noqa: TRY301  (caught for its traceback)
                    f"The worker that did the step {self._step_context.step.key} died. "
                    "What had landed is kept; the next sync goes on there."
                )
            return list(self._result.get())
        except TaskRevokedError:
            raise
        except Exception:  # noqa: BLE001  (whatever it was, it is the step's failure, and shown there)
            error = serializable_error_info_from_exc_info(sys.exc_info())
            data = StepFailureData(error=error, user_failure_data=None)
            return [serialize_value(DagsterEvent.step_failure_event(self._step_context, data))]

    def revoke(self) -> None:
        """Take the task back, if no worker has it yet."""
        self._result.revoke()
