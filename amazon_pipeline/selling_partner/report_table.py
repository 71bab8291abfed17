"""A report's document as a table: tab-separated lines under a header.

Amazon may send a sentence where a table should be (a span that is too wide is answered so, with the state DONE:
selling-partner-api-models#2591), or a page of HTML. Neither is a report without rows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from amazon_pipeline.errors import ReportRefused
from amazon_pipeline.selling_partner.answers import quoted
from amazon_pipeline.selling_partner.report_document import DOWNLOAD, Document

MISALIGNED: Final = "misaligned"
"""Key of a line that has not one cell for each column: what is wrong with it. All it has beside is its first cell."""


def read_table(document: Document, *, required: Collection[str], kept: Collection[str]) -> Iterator[dict[str, str]]:
    """The lines by column name, only the ``kept`` columns of them and only the cells that are not empty.

    Of a line with too many or too few cells only the first one is kept, if it is: a stray tab moves what stands
    behind it, and an address with it, into a column of another name. Raises ReportRefused, quoting Amazon, if the first
    line is not a header with the ``required`` columns.
    """
    with document.text() as text:
        first = text.readline()
        header = [name.strip().lower() for name in first.rstrip("\r\n").split("\t")]
        if not set(required) <= set(header):
            missing = [name for name in required if name not in header]
            raise ReportRefused(_what_came_instead(first, text.read(1000), missing), operation=DOWNLOAD)
        wanted = [(place, name) for place, name in enumerate(header) if name in kept]
        seen: dict[str, str] = {}  # titles and codes repeat from line to line: keep each text once
        for line in text:
            cells = line.rstrip("\r\n").split("\t")
            if cells == [""]:
                continue
            if len(cells) != len(header):
                row = {name: cells[0].strip() for place, name in wanted if place == 0}
                yield {**row, MISALIGNED: f"the line has {len(cells)} cells, the header {len(header)}"}
                continue
            yield {name: seen.setdefault(cell, cell) for place, name in wanted if (cell := cells[place].strip())}


def first_words(document: Document) -> str:
    """How a document begins that is no table, fit to be shown."""
    with document.text() as text:
        return quoted(text.read(300))


def _what_came_instead(first: str, rest: str, missing: list[str]) -> str:
    words = f"{first} {rest}".strip()
    if "\t" in words:  # perhaps a line of somebody's order: not quoted
        return f"the report's first line is not the header it should be; it lacks the columns {', '.join(missing)}"
    if not words:
        return "Amazon sent an empty document where a table should be; the span may be too wide"
    if words.startswith("<"):
        return "Amazon sent a page of HTML or XML where a table should be"
    return f"Amazon sent a sentence where a table should be: “{quoted(words)}”"
