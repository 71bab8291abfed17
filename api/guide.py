"""A small, safe rendering of our own Markdown: everything is escaped first, and only a few forms are known.

Headings, paragraphs, lists, tables, fenced code, and in the line code, strong text and links.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from itertools import groupby
from typing import Final

_HEADING: Final = re.compile(r"(#{1,6}) +(.*)")
_BULLET: Final = re.compile(r"\s*[-*] +")
_NUMBERED: Final = re.compile(r"\s*\d+[.)] +")
_RULE: Final = re.compile(r"\|?[\s:|-]+\|?")
_CODE: Final = re.compile(r"`([^`]+)`")
_STRONG: Final = re.compile(r"\*\*([^*]+)\*\*")
_LINK: Final = re.compile(r"\[([^\]]+)\]\(((?:https?://|/|#|\.)[^\s)]*)\)")


def render(markdown: str) -> str:
    """HTML of a Markdown text. Unknown forms, HTML among them, come out as the text they are."""
    return "\n".join(_blocks(markdown.splitlines()))


def title_of(markdown: str) -> str:
    """The first heading, or an empty text."""
    found = re.search(r"^#+ +(.*)$", markdown, re.MULTILINE)
    return found.group(1) if found else ""


def _blocks(lines: list[str]) -> Iterator[str]:
    rest = iter(lines)
    paragraph: list[str] = []
    for line in rest:
        if line.startswith("```"):
            yield from _paragraph(paragraph)
            code = []
            for inside in rest:
                if inside.startswith("```"):
                    break
                code.append(inside)
            yield f"<pre><code>{escape(chr(10).join(code))}</code></pre>"
        elif line.strip():
            paragraph.append(line)
        else:
            yield from _paragraph(paragraph)
    yield from _paragraph(paragraph)


def _paragraph(lines: list[str]) -> Iterator[str]:
    """What stands between two empty lines; empties ``lines``."""
    for kind, group in groupby(_continued(lines), key=_kind):
        texts = list(group)
        if kind == "heading":
            for text in texts:
                marks, words = _HEADING.fullmatch(text).groups()  # type: ignore[union-attr]  # _kind matched it
                yield f"<h{len(marks)}>{_inline(words)}</h{len(marks)}>"
        elif kind == "table":
            yield _table(texts)
        elif kind in ("ul", "ol"):
            pattern = _BULLET if kind == "ul" else _NUMBERED
            items = "".join(f"<li>{_inline(pattern.sub('', text, count=1))}</li>" for text in texts)
            yield f"<{kind}>{items}</{kind}>"
        else:
            yield f"<p>{_inline(' '.join(texts))}</p>"
    lines.clear()


def _continued(lines: list[str]) -> list[str]:
    """Indented lines belong to the list item above them."""
    joined: list[str] = []
    for line in lines:
        if joined and line.startswith("  ") and _kind(line) == "text" and _kind(joined[-1]) in ("ul", "ol"):
            joined[-1] += " " + line.strip()
        else:
            joined.append(line)
    return joined


def _kind(line: str) -> str:
    if _HEADING.fullmatch(line):
        return "heading"
    if line.lstrip().startswith("|"):
        return "table"
    if _BULLET.match(line):
        return "ul"
    return "ol" if _NUMBERED.match(line) else "text"


def _table(lines: list[str]) -> str:
    rows = []
    for number, line in enumerate(lines):
        if _RULE.fullmatch(line.strip()):
            continue
        cell = "th" if number == 0 else "td"
        cells = (f"<{cell}>{_inline(text.strip())}</{cell}>" for text in line.strip().strip("|").split("|"))
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return f"<table>{''.join(rows)}</table>"


def _inline(text: str) -> str:
    """Code is taken out first, so that marks inside it stay as they are."""
    parts = _CODE.split(text)
    return "".join(
        f"<code>{escape(part)}</code>" if number % 2 else _marks(escape(part)) for number, part in enumerate(parts)
    )


def _marks(escaped: str) -> str:
    return _LINK.sub(r'<a href="\2">\1</a>', _STRONG.sub(r"<strong>\1</strong>", escaped))
