"""The SQL of the marts, as it stands in ``marts/sql``."""

from __future__ import annotations

from importlib import resources


def mart_sql(name: str) -> str:
    """The text of ``marts/sql/<name>.sql``."""
    return resources.files("amazon_pipeline.marts").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")
