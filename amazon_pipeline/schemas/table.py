"""The two words the schemas are written in: a Table and its Columns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

DuckDBType = Literal["VARCHAR", "INTEGER", "BIGINT", "BOOLEAN", "DATE", "DOUBLE", "TIMESTAMPTZ", "DECIMAL(18,2)"]


@dataclass(frozen=True)
class Column:
    """One column: its DuckDB type, whether it may be NULL, what it means (with the unit), its least value.

    ``values`` are the only ones there are, where the vocabulary is ours; Amazon's own words pass through unchanged.
    """

    name: str
    type: DuckDBType
    meaning: str
    nullable: bool = False
    minimum: int | None = None
    values: tuple[str, ...] = ()

    def but(self, *, meaning: str | None = None, nullable: bool | None = None) -> Column:
        """The same column where another table gives it a narrower meaning."""
        return replace(
            self,
            meaning=self.meaning if meaning is None else meaning,
            nullable=self.nullable if nullable is None else nullable,
        )


@dataclass(frozen=True)
class Table:
    """One table. ``grain`` says what one row is; ``key`` names the columns that are unique together."""

    schema: Literal["mart", "staging", "meta"]
    name: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    note: str = ""

    @property
    def qualified_name(self) -> str:
        """``schema.name``, as SQL writes it."""
        return f"{self.schema}.{self.name}"

    @property
    def description(self) -> str:
        """The table's comment: grain first."""
        return f"One row per {self.grain}." + (f" {self.note}" if self.note else "")

    @property
    def column_names(self) -> tuple[str, ...]:
        """The columns' names, in table order."""
        return tuple(column.name for column in self.columns)

    def create_sql(self) -> str:
        """``CREATE TABLE IF NOT EXISTS``. No primary key and no index: see ARCHITECTURE.md, decisions."""
        lines = [
            f'  "{column.name}" {column.type}' + ("" if column.nullable else " NOT NULL") for column in self.columns
        ]
        return f"CREATE TABLE IF NOT EXISTS {self.qualified_name} (\n" + ",\n".join(lines) + "\n)"

    def comment_sql(self) -> list[str]:
        """``COMMENT ON`` statements for the table and each column."""
        quoted = [f"COMMENT ON TABLE {self.qualified_name} IS {_literal(self.description)}"]
        quoted += [
            f'COMMENT ON COLUMN {self.qualified_name}."{column.name}" IS {_literal(column.meaning)}'
            for column in self.columns
        ]
        return quoted


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
