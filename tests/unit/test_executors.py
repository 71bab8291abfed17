"""Which executor a setting chooses, and what it is given."""

from __future__ import annotations

from typing import Any

import dagster as dg
import pytest
from dagster._serdes import serialize_value

from amazon_pipeline.defs.executors import celery_config, chosen_executor
from amazon_pipeline.settings import Settings

STATE = "postgresql://pipeline:hunter2@db/pipeline"
BROKER = "redis://:hunter3@redis:6379/0"


def settings(**given: str) -> Settings:
    return Settings(_env_file=None, AMAZON_STATE_URL=STATE, AMAZON_CELERY_BROKER=BROKER, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("setting", "name"),
    [("in-process", "in_process"), ("multiprocess", "multiprocess"), ("celery", "celery"), ("kubernetes", "k8s")],
)
def test_the_setting_chooses_the_executor(setting: str, name: str) -> None:
    assert chosen_executor(settings(AMAZON_EXECUTOR=setting)).name == name


def test_what_dagster_keeps_of_a_job_has_no_password_of_the_broker() -> None:
    @dg.job(executor_def=chosen_executor(settings(AMAZON_EXECUTOR="celery")))
    def nothing() -> None:
        """Nothing."""

    kept = serialize_value(nothing.get_job_snapshot()) + serialize_value(nothing.get_config_schema_snapshot())
    assert "nothing" in kept
    assert "hunter" not in kept


@pytest.mark.parametrize(
    ("broker", "backend", "used"),
    [
        (BROKER, None, BROKER),
        ("pyamqp://user@rabbit//", None, "rpc://"),
        (BROKER, "redis://redis:6379/1", "redis://redis:6379/1"),
    ],
)
def test_results_go_to_the_broker_unless_a_setting_says_otherwise(broker: str, backend: str | None, used: str) -> None:
    given: dict[str, Any] = {"AMAZON_CELERY_BROKER": broker, "AMAZON_CELERY_BACKEND": backend}
    found = celery_config(Settings(_env_file=None, AMAZON_STATE_URL=STATE, **given))
    assert (found["broker"], found["backend"]) == (broker, used)


def test_a_worker_holds_no_task_that_it_does_not_do_and_gets_none_twice_while_its_run_lives() -> None:
    config = celery_config(settings(AMAZON_SYNC_BUDGET_SECONDS="600"))["config_source"]
    assert (config["task_acks_late"], config["worker_prefetch_multiplier"]) == (True, 1)
    assert config["broker_transport_options"]["visibility_timeout"] > 1800
