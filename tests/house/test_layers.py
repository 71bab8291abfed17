"""What import-linter cannot see: imports by name, the names and sizes of modules, and what an import does."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from amazon_pipeline.settings import Settings
from tests.house.documents import ROOT

SOURCES = [*(ROOT / "amazon_pipeline").rglob("*.py"), *(ROOT / "api").rglob("*.py")]
TEXTS = [
    path
    for folder in ("amazon_pipeline", "api", "docs", "tests", ".ci")
    for path in (ROOT / folder).rglob("*")
    if path.is_file() and path.suffix in {"", ".py", ".sql", ".md", ".js", ".css", ".html", ".toml", ".yaml"}
]
TEXTS += [
    ROOT / name
    for name in (
        "README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", ".env.example", "pyproject.toml",
        "dagster.yaml", "workspace.yaml",
    )
]  # fmt: skip


def _named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_only_the_library_module_loads_the_library() -> None:
    loading = re.compile(r"^\s*(from|import) sp_api|[\"']sp_api\.", re.MULTILINE)
    found = {_named(path) for path in SOURCES if loading.search(path.read_text(encoding="utf-8"))}
    allowed = {"amazon_pipeline/selling_partner/library.py", "amazon_pipeline/selling_partner/transport.py"}
    assert found <= allowed, "transport.py names the library's loggers"


def test_no_module_is_a_drawer_for_odds_and_ends() -> None:
    drawers = {"util", "utils", "helper", "helpers", "common", "misc"}
    assert [_named(path) for path in SOURCES if {path.stem, path.parent.name} & drawers] == []


def test_no_module_is_long() -> None:
    lengths = {_named(path): len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert {name: length for name, length in lengths.items() if length > 450} == {}


def test_every_module_says_what_it_is() -> None:
    silent = [
        _named(path)
        for path in SOURCES
        if (text := path.read_text(encoding="utf-8")).strip() and not text.startswith('"""')
    ]
    assert silent == []


def test_no_source_leaves_work_or_a_path_of_one_machine_behind() -> None:
    left = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b(?!')|/ho" + r"me/\w|/wo" + r"rk/|/Us" + r"ers/")
    found = [
        f"{_named(path)}: {line.strip()}"
        for path in TEXTS
        for line in path.read_text(encoding="utf-8").splitlines()
        if left.search(line)
    ]
    assert found == []


def test_no_except_swallows_everything() -> None:
    """A broad ``except`` may only log or tidy up and raise, or be the marked last resort."""
    broad = re.compile(r"^\s*except( BaseException| Exception)?( as \w+)?:(.*)$", re.MULTILINE)
    swallowing = []
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        for found in broad.finditer(text):
            indent = len(found[0]) - len(found[0].lstrip())
            body = re.match(rf"(?:\n(?: {{{indent + 1},}}.*)?)*", text[found.end() :])
            if not re.search(r"\braise\b", body[0] if body else "") and "#" not in found[3]:
                swallowing.append(f"{_named(path)}: {found[0].strip()}")
    assert swallowing == []


_WATCHED = """
import sys
seen = []

def watch(event, arguments):
    writes = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
    if writes or event in ("socket.connect", "sqlite3.connect"):
        seen.append((event, arguments))

sys.addaudithook(watch)
import {module}
assert not seen, seen
"""


@pytest.mark.parametrize("module", ["amazon_pipeline.cli", "amazon_pipeline.definitions", "api.app"])
def test_importing_an_entry_point_reads_nothing_and_writes_nothing(module: str, tmp_path: Path) -> None:
    """Every setting is nonsense and the directory is empty: an import that looked would fail, or leave something."""
    nonsense = {str(field.alias): "\x01 nonsense" for field in Settings.model_fields.values()}
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1", **nonsense}
    program = _WATCHED.format(module=module)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert list(tmp_path.iterdir()) == []
