"""The files of docs/scaling: what they name exists, and the programs they are for can read them."""

from __future__ import annotations

import importlib
import importlib.util
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from pydantic import SecretStr

from amazon_pipeline.lakes import Lake
from amazon_pipeline.settings import Settings
from tests.house.documents import ROOT

SCALING = ROOT / "docs" / "scaling"
PAGE = (ROOT / "docs" / "scaling.md").read_text(encoding="utf-8")
SETTINGS = {str(field.alias) for field in Settings.model_fields.values()}
OF_OTHERS = {"POSTGRES_PASSWORD", "POSTGRES_USER", "POSTGRES_DB", "POSTGRES_HOST", "DAGSTER_HOME"}


def read(name: str) -> Any:
    """A file of one YAML document."""
    return yaml.safe_load((SCALING / name).read_text(encoding="utf-8"))


def commands() -> Iterator[list[str]]:
    """Of the services and containers that run our image, and of the page."""
    compose = read("compose.yaml")
    yield from (one["command"] for one in compose["services"].values() if one["image"] == "amazon-pipeline")
    for document in yaml.safe_load_all((SCALING / "kubernetes.yaml").read_text(encoding="utf-8")):
        if document["kind"] == "Deployment":
            yield from (one["command"] for one in document["spec"]["template"]["spec"]["containers"])
    yield from (shlex.split(found) for found in re.findall(r"\| `((?:dagster|celery|python)[^`]*)` \|", PAGE))


@pytest.mark.parametrize("command", sorted(set(map(tuple, commands()))), ids=lambda command: command[0])
def test_every_command_is_a_program_of_ours_or_of_a_dependency(command: tuple[str, ...]) -> None:
    assert (Path(sys.executable).with_name(command[0])).exists()
    arguments = list(command)
    if "-m" in arguments:
        assert importlib.util.find_spec(arguments[arguments.index("-m") + 1])
    if "-A" in arguments:
        assert importlib.util.find_spec(arguments[arguments.index("-A") + 1])
    if "-w" in arguments:
        assert (ROOT / arguments[arguments.index("-w") + 1]).exists()


@pytest.mark.parametrize("path", sorted(SCALING.iterdir()), ids=lambda path: path.name)
def test_every_variable_in_capitals_is_a_setting(path: Path) -> None:
    named = set(re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", path.read_text(encoding="utf-8")))
    own = {name for name in named if name.startswith(("AMAZON_", "ALERT_", "SHOPIFY_"))}
    assert own <= SETTINGS
    assert {name for name in named - own if name.startswith(("POSTGRES", "DAGSTER"))} <= (
        OF_OTHERS | {"DAGSTER_DISABLE_TELEMETRY"}
    )


def test_what_compose_and_helm_set_is_a_valid_choice_of_settings() -> None:
    compose = read("compose.yaml")
    given = {
        name: value.replace("${POSTGRES_PASSWORD:?set it in .env}", "s3cret")
        for name, value in compose["x-pipeline"]["environment"].items()
    }
    url = given["AMAZON_STATE_URL"]
    settings = Settings(_env_file=None, **given)
    assert (settings.executor, settings.state) == ("celery", SecretStr(url))
    assert isinstance(settings.warehouse, Lake)
    assert dict(settings.warehouse.catalogue)["dbname"] == "lake"
    assert compose["configs"]["lake"]["content"] == "CREATE DATABASE lake;"
    (deployment,) = read("helm-values.yaml")["dagster-user-deployments"]["deployments"]
    named = {one["name"]: one["value"] for one in deployment["env"]}
    assert Settings(_env_file=None, AMAZON_STATE_URL=url, **named).executor == "kubernetes"
    assert importlib.util.find_spec(deployment["dagsterApiGrpcArgs"][1])


def test_every_service_of_ours_runs_the_one_image_on_the_one_volume_and_waits_for_the_servers() -> None:
    services = read("compose.yaml")["services"]
    ours = [one for one in services.values() if one["image"] == "amazon-pipeline"]
    assert len(ours) == 4
    for one in ours:
        assert one["volumes"] == ["data:/data"]
        assert set(one["depends_on"]) == {"postgres", "redis"} <= set(services)
    assert services["worker"]["deploy"]["replicas"] == 2
    for port in services["api"]["ports"] + services["webserver"]["ports"]:
        assert port.startswith("127.0.0.1:"), "neither is for the open network"


def test_the_image_copies_what_is_there() -> None:
    lines = (SCALING / "Dockerfile").read_text(encoding="utf-8").splitlines()
    copied = [part for line in lines if line.startswith("COPY ") for part in line.split()[1:-1]]
    assert [part for part in copied if not (ROOT / part).exists()] == []
    assert {"pyproject.toml", "uv.lock", "amazon_pipeline", "api", "docs", "dagster.yaml", "workspace.yaml"} <= set(
        copied
    )


def test_the_instance_file_differs_from_the_checkouts_in_storage_and_place_alone() -> None:
    ours, theirs = yaml.safe_load((ROOT / "dagster.yaml").read_text(encoding="utf-8")), read("dagster.yaml")
    assert theirs.pop("storage") == {"postgres": {"postgres_url": {"env": "AMAZON_STATE_URL"}}}
    ours.pop("storage")
    assert yaml.safe_dump(theirs).replace("/data/dagster", "data/dagster") == yaml.safe_dump(ours)


@dg.op
def _do_nothing() -> None:
    """Nothing."""


@dg.job
def _nothing() -> None:
    _do_nothing()


def test_dagster_opens_the_instance_file_on_a_postgresql(
    state_url: SecretStr, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (SCALING / "dagster.yaml").read_text(encoding="utf-8").replace("/data/", f"{tmp_path}/")
    (tmp_path / "dagster.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("AMAZON_STATE_URL", state_url.get_secret_value())
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert type(instance.run_storage).__name__ == "PostgresRunStorage"
        assert _nothing.execute_in_process(instance=instance).success, "its events can be written"
        assert instance.get_runs_count() == 1
        assert instance.event_log_storage.supports_global_concurrency_limits


def test_the_helm_values_agree_with_the_checkouts_instance() -> None:
    values, instance = read("helm-values.yaml"), yaml.safe_load((ROOT / "dagster.yaml").read_text(encoding="utf-8"))
    ours = values["concurrency"]
    assert ours["pools"] == {"granularity": "op", "defaultLimit": instance["concurrency"]["pools"]["default_limit"]}
    assert ours["runs"]["tagConcurrencyLimits"] == instance["concurrency"]["runs"]["tag_concurrency_limits"]
    assert values["retention"]["sensor"]["purgeAfterDays"].items() >= (
        instance["retention"]["sensor"]["purge_after_days"].items()
    )


def test_kubectl_reads_the_manifests() -> None:
    documents = list(yaml.safe_load_all((SCALING / "kubernetes.yaml").read_text(encoding="utf-8")))
    assert [one["kind"] for one in documents] == ["PersistentVolumeClaim", "Deployment", "Service"]
    client = importlib.import_module("kubernetes.client")
    for one in documents:
        kind = getattr(client, f"V1{one['kind']}")
        unknown = {key for key in one if key not in kind.attribute_map.values()}
        assert not unknown


def test_the_page_names_the_files_that_are_there() -> None:
    named = set(re.findall(r"docs/scaling/([\w.-]+)", PAGE))
    assert named == {path.name for path in SCALING.iterdir()}


def test_the_image_is_what_the_page_builds() -> None:
    assert "docs/scaling/compose.yaml --env-file .env up --build" in PAGE
    build = read("compose.yaml")["x-pipeline"]["build"]
    assert (SCALING / build["context"]).resolve() == ROOT
    assert (ROOT / build["dockerfile"]).exists()
