"""What exists is documented, and what is documented exists."""

from __future__ import annotations

import argparse
import ast
import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb
import pytest
from starlette.routing import Mount

from amazon_pipeline import cli, marketplaces
from amazon_pipeline.definitions import build_definitions
from amazon_pipeline.events import log
from amazon_pipeline.schemas import MART_TABLES, dictionary
from amazon_pipeline.selling_partner.answers import _LWA_REMEDIES
from amazon_pipeline.settings import Settings, load_settings
from amazon_pipeline.warehouse import open_warehouse
from api import guide
from api.app import create_app
from tests.house import column_lineage
from tests.house.documents import GUIDE, README, ROOT, code_blocks, in_code, section, table_rows

REQUIRED = ("AMAZON_REFRESH_TOKEN", "AMAZON_LWA_APP_ID", "AMAZON_LWA_CLIENT_SECRET", "AMAZON_SELLER_ID")
ANALYST_PAGES = (ROOT / "docs" / "analyst-guide.md", ROOT / "docs" / "data-dictionary.md")


def test_the_quick_start_is_the_two_commands_and_no_more() -> None:
    assert code_blocks(section(README, "Quick start"), "sh") == [
        "pip install uv && uv run amazon-pipeline demo\nuv run pytest\n"
    ]


def test_ci_runs_the_test_command_of_the_quick_start() -> None:
    assert "uv run pytest" in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


def test_the_readme_lists_every_setting_with_its_default_and_the_meaning_its_field_has() -> None:
    documented = {in_code(row[0])[0]: row[1:] for row in table_rows(section(README, "Settings"))}
    assert documented == {
        str(field.alias): (_default(str(field.alias), field.default), str(field.description))
        for field in Settings.model_fields.values()
    }


def _default(name: str, value: object) -> str:
    if name in REQUIRED:
        return "required"
    return "none" if value in (None, ()) else f"`{value}`"


def test_the_example_of_a_dotenv_file_has_every_setting_once_and_asks_for_the_required_ones() -> None:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    named = [found.groups() for line in lines if (found := re.match(r"(# )?([A-Z_]+)=", line))]
    assert sorted(name for _, name in named) == sorted(str(field.alias) for field in Settings.model_fields.values())
    assert [name for commented, name in named if not commented] == list(REQUIRED)


def test_the_example_of_a_dotenv_file_as_it_stands_is_a_setup_without_credentials(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for field in Settings.model_fields.values():
        monkeypatch.delenv(str(field.alias), raising=False)
    assert load_settings(ROOT / ".env.example").missing_credentials == REQUIRED


def test_the_readme_lists_every_command_and_option() -> None:
    text = section(README, "Commands")
    commands = _subcommands(cli._parser())
    assert [in_code(row[0])[0] for row in table_rows(text)] == list(commands)
    parts = {f"{name} {part}": one for name, whole in commands.items() for part, one in _subcommands(whole).items()}
    assert [part for part in parts if not any(code.startswith(part) for code in in_code(text))] == []
    both = [*commands.values(), *parts.values()]
    options = {option for one in both for action in one._actions for option in action.option_strings} - {
        "-h",
        "--help",
    }
    assert {code for code in in_code(text) if code.startswith("--")} - {"--help"} == options


def _subcommands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    found = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return {name: one for action in found for name, one in action.choices.items()}


def test_the_readme_lists_every_mart_with_its_grain() -> None:
    documented = {in_code(row[0])[0]: row[1] for row in table_rows(section(README, "Tables"))}
    assert documented == {table.qualified_name: table.grain for table in MART_TABLES.values()}


def test_every_mart_has_the_seller_in_it_as_the_readme_says() -> None:
    assert [name for name, table in MART_TABLES.items() if "seller_id" not in table.column_names] == []


def test_the_readme_lists_every_route() -> None:
    documented = {
        route.partition(" ")[2]
        for row in table_rows(section(README, "HTTP API"))
        for route in in_code(row[0])
        if " /" in route
    }
    app = create_app(Settings(_env_file=None))
    assert documented == {*_paths(app.routes), *app.openapi()["paths"]}


def _paths(routes: Iterable[object]) -> Iterator[str]:
    """The paths of routes, those of included routers too; directories of files are left out."""
    for route in routes:
        inside = getattr(route, "original_router", None)
        if inside is not None:
            yield from _paths(inside.routes)
        elif not isinstance(route, Mount):
            yield str(getattr(route, "path"))  # noqa: B009  (a BaseRoute has none by type)


def test_the_readme_lists_every_event() -> None:
    documented = {in_code(row[0])[0] for row in table_rows(section(README, "HTTP API")) if "amazon-" in row[0]}
    assert documented - set(_routes_of_the_readme()) == {
        value for value in vars(log).values() if isinstance(value, str) and value.startswith("amazon-")
    }


def _routes_of_the_readme() -> list[str]:
    return [code for code in in_code(section(README, "HTTP API")) if code.startswith(("GET ", "POST "))]


@pytest.fixture(scope="module")
def empty_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working file as a first sync finds it."""
    path = tmp_path_factory.mktemp("warehouse") / "warehouse.duckdb"
    with open_warehouse(path):
        return path


def test_the_data_dictionary_is_the_one_made_from_the_schemas() -> None:
    assert (ROOT / "docs" / "data-dictionary.md").read_text(encoding="utf-8") == dictionary.markdown(), (
        "make it anew: uv run python -m amazon_pipeline.schemas.dictionary > docs/data-dictionary.md"
    )


@pytest.mark.slow
def test_the_column_lineage_is_the_one_of_the_sql() -> None:
    assert column_lineage.FILE.read_text(encoding="utf-8") == column_lineage.as_text(), (
        "make it anew: uv run python -m tests.house.column_lineage"
    )


def test_the_data_dictionary_has_every_mart_and_column() -> None:
    text = dictionary.markdown()
    for table in MART_TABLES.values():
        part = text.partition(f"\n### {table.qualified_name}\n")[2].partition("\n### ")[0]
        assert [in_code(row[0])[0] for row in table_rows(part)] == list(table.column_names)


def test_the_column_comments_that_the_readme_promises_are_in_the_file(empty_warehouse: Path) -> None:
    with duckdb.connect(empty_warehouse, read_only=True) as connection:
        bare = connection.execute(
            """SELECT table_name, column_name FROM duckdb_columns() WHERE schema_name = 'mart' AND comment IS NULL
               UNION ALL SELECT table_name, '' FROM duckdb_tables() WHERE schema_name = 'mart' AND comment IS NULL"""
        ).fetchall()
    assert bare == []


def test_the_dependencies_are_those_that_the_architecture_gives_a_reason_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = [one for extra in project["project"]["optional-dependencies"].values() for one in extra]
    dev = [one for one in project["dependency-groups"]["dev"] if not one.startswith("amazon-pipeline")]
    wanted = [*project["project"]["dependencies"], *extras, *dev]
    rows = table_rows(section(ROOT / "ARCHITECTURE.md", "Dependencies"))
    assert {name for row in rows for name in in_code(row[0])} == {re.split(r"[\[<>=~]", one)[0] for one in wanted}


def test_the_rooms_of_the_architecture_are_the_modules_of_the_package() -> None:
    text = section(ROOT / "ARCHITECTURE.md", "Rooms")
    named = {code.rstrip("/").removesuffix(".py") for row in table_rows(text) for code in in_code(row[0])}
    package = ROOT / "amazon_pipeline"
    there = {path.stem for path in package.glob("*.py")} | {path.parent.name for path in package.glob("*/__init__.py")}
    assert named == there - {"__init__", "simulator"}, "the simulator is named below the table"


def test_operations_names_every_check_that_there_is() -> None:
    rows = table_rows(section(ROOT / "docs" / "operations.md", "Reading the Dagster UI at 3 a.m."))
    definitions = build_definitions(Settings(_env_file=None))
    there = {key.name for key in definitions.resolve_asset_graph().asset_check_keys}
    assert {in_code(row[0])[0] for row in rows} == there


@pytest.mark.parametrize(
    "document", [README, GUIDE, *ANALYST_PAGES, ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md"], ids=str
)
def test_every_file_a_document_names_is_there(document: Path) -> None:
    missing = [
        name
        for name in in_code(document.read_text(encoding="utf-8"))
        if re.fullmatch(r"(\.ci|docs|api|tests|amazon_pipeline|\.\.)/[\w./-]+", name) and not (ROOT / name).exists()
    ]
    assert missing == []


@pytest.mark.parametrize(
    "document",
    [
        README,
        *ANALYST_PAGES,
        ROOT / "ARCHITECTURE.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "docs" / "deployment.md",
        ROOT / "docs" / "operations.md",
        ROOT / "docs" / "scaling.md",
    ],
    ids=str,
)
def test_every_document_a_document_links_to_is_there(document: Path) -> None:
    links = re.findall(r"(?<!!)\[[^\]]+\]\(([^)#:]+)\)", document.read_text(encoding="utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_the_guide_lists_every_marketplace_in_its_region() -> None:
    documented = {
        (in_code(row[0])[0], in_code(row[1])[0], country, marketplace_id)
        for row in table_rows(section(GUIDE, "5. Regions and marketplaces"))
        for country, marketplace_id in re.findall(r"([A-Z]{2}) `(\w+)`", row[2])
    }
    assert documented == {
        (one.region, marketplaces.ENDPOINTS[one.region], one.country_code, one.marketplace_id)
        for one in marketplaces.MARKETPLACES.values()
    }


def test_the_guide_quotes_only_messages_that_the_code_has() -> None:
    templates = _templates()
    troubles = section(GUIDE, "Troubleshooting")
    quoted = re.findall(r"^### `(.+)`$", troubles, re.MULTILINE)
    quoted += [code for code in in_code(troubles) if code.startswith(("Amazon ", "Amazon's ", "the connection "))]
    assert [message for message in quoted if not any(_is_said(message, template) for template in templates)] == []
    assert len(quoted) > 20


def test_the_guide_has_every_refusal_of_login_with_amazon() -> None:
    assert set(re.findall(r"refused the credentials \((\w+)\)", section(GUIDE, "Troubleshooting"))) == set(
        _LWA_REMEDIES
    )


def _templates() -> set[str]:
    """Every text of the code that is long enough to be a message, with ``…`` for what is put in."""
    found: set[str] = set()
    for path in [*(ROOT / "amazon_pipeline").rglob("*.py"), *(ROOT / "api").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
            elif isinstance(node, ast.JoinedStr):
                found.add("".join(part.value if isinstance(part, ast.Constant) else "…" for part in node.values))
    return {text for text in found if len(text.replace("…", "")) >= 15}


def _is_said(message: str, template: str) -> bool:
    """Whether a text of the code reads like this, where ``…`` on either side stands for anything."""
    if message.rstrip(" …") in template:
        return True
    start = template.partition("…")[0]
    if start and message.startswith(start) and re.fullmatch(_as_pattern(template), message):
        return True
    return template.startswith(message[:8]) and bool(re.match(_as_pattern(message), template))


def _as_pattern(text: str) -> str:
    return ".*".join(re.escape(part) for part in text.split("…"))


def test_the_guide_holds_nothing_that_the_api_cannot_render() -> None:
    html = guide.render(GUIDE.read_text(encoding="utf-8"))
    text = re.sub(r"<pre>.*?</pre>|<code>.*?</code>", "", html, flags=re.DOTALL)
    assert re.findall(r".{0,40}(?:\*\*|`|\]\(|&lt;|^#|^>|\|).{0,40}", text, re.MULTILINE) == []
    widths = [
        {row.count("<td>") + row.count("<th>") for row in table.split("</tr>") if row}
        for table in re.findall(r"<table>(.*?)</table>", html, re.DOTALL)
    ]
    assert widths
    assert all(len(width) == 1 for width in widths), "a bar inside a cell cuts it in two"
