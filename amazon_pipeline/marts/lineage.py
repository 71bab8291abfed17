"""Which columns each column of a mart is made from.

Of a derived mart its SQL says so: ``lineage.json`` is read out of it, and a test compares the two. A merge takes the
staged columns of the same name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from amazon_pipeline.marts.build import DERIVED
from amazon_pipeline.schemas import MART_TABLES, STAGING_TABLES

Lineage = Mapping[str, Sequence[str]]
"""Column to the ``schema.table.column`` of each one its value is taken from or computed with."""


def derived_lineage() -> dict[str, Lineage]:
    """Of each derived mart, by its name."""
    text = Path(__file__).with_name("lineage.json").read_text(encoding="utf-8")
    found: dict[str, Lineage] = json.loads(text)
    return {name: found[name] for name in DERIVED}


def merged_lineage(name: str, staged: Sequence[str]) -> Lineage:
    """Of a mart that takes rows of these staging tables."""
    return {
        column: [f"staging.{table}.{column}" for table in staged if column in STAGING_TABLES[table].column_names]
        for column in MART_TABLES[name].column_names
    }
