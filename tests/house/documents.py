"""Where the documents are, and how their tables and code blocks are read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
README: Final = ROOT / "README.md"
GUIDE: Final = ROOT / "docs" / "integrations" / "amazon-sp-api-setup.md"


def section(document: Path, title: str) -> str:
    """What stands under a ``## title`` up to the next heading of that level."""
    text = document.read_text(encoding="utf-8")
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"{document.name} has no section {title!r}"
    return found[1]


def table_rows(text: str) -> list[tuple[str, ...]]:
    """The cells of every table row, without the header and its rule; an escaped bar is a bar."""
    rows = []
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if not line.startswith("|") or re.fullmatch(r"[|: -]+", line):
            continue
        if number + 1 < len(lines) and re.fullmatch(r"\|[|: -]+\|", lines[number + 1]):
            continue  # the header
        cells = re.split(r"(?<!\\)\|", line.strip().removeprefix("|").removesuffix("|"))
        rows.append(tuple(cell.strip().replace("\\|", "|") for cell in cells))
    return rows


def code_blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def in_code(text: str) -> list[str]:
    """What stands between single back-ticks."""
    return re.findall(r"`([^`\n]+)`", text)
