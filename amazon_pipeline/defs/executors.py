"""Where the steps of a run are done, as ``AMAZON_EXECUTOR`` says: here, in processes, by Celery or Kubernetes.

With all but the first each step is a process of its own. The process of the run then holds the sync lease from the
first step to the last, so that no other run comes in while none of the steps lives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, cast

import dagster as dg

from amazon_pipeline.defs.one_sync import longest_run, only_sync
from amazon_pipeline.errors import SettingsError
from amazon_pipeline.leases import Lease
from amazon_pipeline.settings import Settings

_STEPS_AT_ONCE: Final = 4
"""Of one run, as processes of one machine or jobs of a cluster: a step is mostly waiting for Amazon's quota, or for its
turn to write."""
_HOLDS_NO_SYNC_LEASE: Final = frozenset({"raw__orders_history"})
"""A month of history goes beside a sync."""


def chosen_executor(settings: Settings) -> dg.ExecutorDefinition:
    """The executor of the setting. Raises SettingsError where its package is not installed."""
    match settings.executor:
        case "in-process":
            return dg.in_process_executor
        case "multiprocess":
            # a process forked from one that has imported everything costs a tenth of one that has not
            started = {"forkserver": {"preload_modules": ["amazon_pipeline.definitions"]}}
            return _for_a_whole_run(
                dg.multiprocess_executor,
                settings,
                lambda _lease: None,
                {"max_concurrent": _STEPS_AT_ONCE, "start_method": started},
            )
        case "celery":
            return _celery(settings)
        case "kubernetes":
            return _kubernetes(settings)


def celery_config(settings: Settings) -> dict[str, Any]:
    """What Celery's app is made with, for those who send tasks and for the workers who take them."""
    if settings.celery_broker is None:
        raise SettingsError("AMAZON_CELERY_BROKER is not set: where are Celery's workers to find their tasks?")
    broker = settings.celery_broker.get_secret_value()
    own = settings.celery_backend.get_secret_value() if settings.celery_backend else None
    return {
        "broker": broker,
        "backend": own or ("rpc://" if broker.startswith(("amqp", "pyamqp")) else broker),
        "config_source": {
            # a worker has no more tasks than it does, so that none waits behind a step of minutes, or dies with it
            "worker_prefetch_multiplier": 1,
            "task_acks_late": True,
            # with Redis a task goes to another worker then, though the first may be at it still: when its run is over
            "broker_transport_options": {"visibility_timeout": 2 * longest_run(settings)},
            "worker_send_task_events": False,
            "result_expires": 86_400,
            "broker_connection_retry_on_startup": True,
        },
    }


def _celery(settings: Settings) -> dg.ExecutorDefinition:
    try:
        from dagster_celery import celery_executor  # noqa: PLC0415
    except ImportError as missing:
        raise _not_installed("celery") from missing
    from amazon_pipeline.defs.celery_steps import send_watched_steps  # noqa: PLC0415

    def watch(lease: Lease) -> Callable[[Any, Any], Iterator[Any]]:
        return lambda context, plan: send_watched_steps(context, plan, lease)

    executor = _for_a_whole_run(celery_executor, settings, watch, None)
    # by a function, so that no URL with a password is part of what Dagster keeps of a job
    return executor.configured(lambda _: celery_config(settings), name="celery", config_schema={})


def _kubernetes(settings: Settings) -> dg.ExecutorDefinition:
    try:
        from dagster_k8s import k8s_job_executor  # noqa: PLC0415
    except ImportError as missing:
        raise _not_installed("kubernetes") from missing
    return _for_a_whole_run(k8s_job_executor, settings, lambda _lease: None, None)


def _not_installed(executor: str) -> SettingsError:
    return SettingsError(f"AMAZON_EXECUTOR={executor}: its package is not installed. Run uv sync --extra scale-out.")


Watch = Callable[[Lease], Callable[[Any, Any], Iterator[Any]] | None]


class _ForAWholeRun(dg.Executor):
    """An executor that holds the sync lease while it executes; otherwise the one it is made of."""

    def __init__(self, inner: dg.Executor, settings: Settings, watch: Watch) -> None:
        self._inner = inner
        self._settings = settings
        self._watch = watch

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    @property
    def retries(self) -> Any:
        """The inner one's."""
        return self._inner.retries

    @property
    def step_dependency_config(self) -> Any:
        """The inner one's."""
        return self._inner.step_dependency_config

    def execute(self, plan_context: Any, execution_plan: Any) -> Iterator[Any]:
        """The inner one's events. Raises SyncAlreadyRunning."""
        if set(execution_plan.step_keys_to_execute) <= _HOLDS_NO_SYNC_LEASE:
            yield from self._inner.execute(plan_context, execution_plan)
            return
        with only_sync(self._settings, plan_context.run_id, wait_seconds=30) as lease:
            execute = self._watch(lease) or self._inner.execute
            yield from execute(plan_context, execution_plan)


def _for_a_whole_run(
    inner: dg.ExecutorDefinition, settings: Settings, watch: Watch, config: dict[str, Any] | None
) -> dg.ExecutorDefinition:
    def make(init_context: dg.InitExecutorContext) -> dg.Executor:
        make_inner = cast("Callable[[dg.InitExecutorContext], dg.Executor]", inner.executor_creation_fn)
        return _ForAWholeRun(make_inner(init_context), settings, watch)

    executor = dg.ExecutorDefinition(
        name=inner.name,
        config_schema=cast("Any", inner.config_schema),
        requirements=dg.multiple_process_executor_requirements(),
        executor_creation_fn=make,
        description=inner.description,
    )
    return executor if config is None else executor.configured(config, name=inner.name)
