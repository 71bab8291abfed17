"""The Dagster instance of a data directory: the checkout's dagster.yaml with its paths moved there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from amazon_pipeline.errors import SettingsError
from amazon_pipeline.settings import Settings


def project_root() -> Path:
    """The checkout: where dagster.yaml and workspace.yaml are. Raises SettingsError if this is not one."""
    root = Path(__file__).resolve().parents[2]
    if not (root / "dagster.yaml").exists():
        raise SettingsError(
            f"{root} holds no dagster.yaml: run amazon-pipeline from a checkout (uv run amazon-pipeline)"
        )
    return root


def prepare_dagster_home(settings: Settings) -> Path:
    """The directory for DAGSTER_HOME, with a dagster.yaml that keeps everything in it. Returns its absolute path."""
    home = settings.data_dir.resolve() / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    instance = yaml.safe_load((project_root() / "dagster.yaml").read_text(encoding="utf-8"))
    if settings.state_url is not None:
        # the name of the variable, so that the password stands in no file; dagster_environment puts it there
        instance["storage"] = {"postgres": {"postgres_url": {"env": "AMAZON_STATE_URL"}}}
    text = "# Made from the checkout's dagster.yaml at each start; edit that one.\n" + yaml.safe_dump(
        _moved(instance, home)
    )
    target = home / "dagster.yaml"
    if not target.exists() or target.read_text(encoding="utf-8") != text:
        target.write_text(text, encoding="utf-8")
    return home


def dagster_environment(settings: Settings) -> dict[str, str]:
    """What the instance's file names: it may be in a ``.env`` file, which Dagster does not read."""
    return {} if settings.state_url is None else {"AMAZON_STATE_URL": settings.state_url.get_secret_value()}


def _moved(node: Any, home: Path) -> Any:
    if isinstance(node, dict):
        return {
            key: str(home / Path(value).relative_to("data/dagster")) if key == "base_dir" else _moved(value, home)
            for key, value in node.items()
        }
    return [_moved(entry, home) for entry in node] if isinstance(node, list) else node
