"""The data dictionary, ``docs/data-dictionary.md``: every table and column a reader of the published file may use.

Regenerate it with ``uv run python -m amazon_pipeline.schemas.dictionary > docs/data-dictionary.md``.
"""

from __future__ import annotations

import re
import sys
from typing import Final

from amazon_pipeline.schemas.mart import MART_TABLES
from amazon_pipeline.schemas.staging import PLANNING_DEFAULTS, PUBLICATION, QUARANTINE, STOCK_THRESHOLDS
from amazon_pipeline.schemas.table import Column, Table

READABLE: Final = (PUBLICATION, QUARANTINE, PLANNING_DEFAULTS, STOCK_THRESHOLDS)
"""Tables of the pipeline that are of use to readers."""

_COMMAND: Final = "uv run python -m amazon_pipeline.schemas.dictionary > docs/data-dictionary.md"
_HEAD: Final = f"""\
# Data dictionary

Every table of schema `mart` in the published file `amazon.duckdb`, and the tables of the pipeline that are of use to
readers. The same words are the comments of tables and columns in the file. [analyst-guide.md](analyst-guide.md) shows
how to open the file and what to ask it.

This page is generated from `amazon_pipeline/schemas/`; a test compares the two. After a change of the schemas:
`{_COMMAND}`.

Times are `TIMESTAMPTZ`, in UTC. An amount is `DECIMAL(18,2)` in the `currency` of its row. NULL means not known or not
given, never 0.
"""


def markdown() -> str:
    """The whole page."""
    marts = tuple(MART_TABLES.values())
    parts = [
        _HEAD,
        "## Contents\n",
        "\n".join(f"- [`{table.qualified_name}`](#{_anchor(table)})" for table in (*marts, *READABLE)) + "\n",
        "## Schema mart\n",
        *(_section(table) for table in marts),
        "## Tables of the pipeline\n",
        *(_section(table) for table in READABLE),
    ]
    return "\n".join(parts)


def _section(table: Table) -> str:
    lines = [
        f"### {table.qualified_name}",
        "",
        _text(table.description),
        "",
        "Key: " + ", ".join(f"`{name}`" for name in table.key),
        "",
        "| column | type | NULL | meaning |",
        "|---|---|---|---|",
        *(_row(column) for column in table.columns),
        "",
    ]
    return "\n".join(lines)


def _row(column: Column) -> str:
    meaning = _text(column.meaning)
    if column.values:
        meaning += f" (one of {', '.join(f'`{value}`' for value in column.values)})"
    return f"| `{column.name}` | {column.type} | {'yes' if column.nullable else 'no'} | {meaning} |"


def _anchor(table: Table) -> str:
    """The address of a heading as GitHub makes it."""
    return table.qualified_name.replace(".", "")


def _text(plain: str) -> str:
    """A comment as Markdown: names with an underscore as code, and its signs escaped."""
    for sign in ("|", "*", "<"):
        plain = plain.replace(sign, "\\" + sign)
    return re.sub(r"[\w./]*\w_\w[\w./]*(?<![.])|\bmart\.\w+", lambda found: f"`{found[0]}`", plain)


if __name__ == "__main__":
    sys.stdout.write(markdown())
