"""The SQL of the marts, as it stands in ``marts/sql``."""

from __future__ import annotations

from pathlib import Path


def mart_sql(name: str) -> str:
    """The text of ``marts/sql/<name>.sql``."""
    return mart_sql_path(name).read_text(encoding="utf-8")


def mart_sql_path(name: str) -> Path:
    """Where that text is on this machine."""
    return Path(__file__).with_name("sql") / f"{name}.sql"
