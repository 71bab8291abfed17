"""The long lists of one published file, in memory, ready to be cut into pages: a query a page costs 50 times as much.

A list is read once, when it is first asked for: its rows as JSON text, which DuckDB makes (a DECIMAL digit by digit),
beside the few columns that rows are chosen and sorted by.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

import duckdb
import polars as pl

from api.exact_json import Raw

_ROW: Final = "row_json"


@dataclass(frozen=True)
class ListSource:
    """Where a list is read from: a FROM clause, the order of its rows, the SQL of a row's JSON.

    ``columns`` are what rows can be chosen and sorted by: name and SQL expression. ``order`` must be total, else a row
    could come twice or never.
    """

    name: str
    table: str
    order: str
    row: str
    columns: Mapping[str, str]

    def read(self, database: duckdb.DuckDBPyConnection) -> ReadyList:
        """The list as the published file has it. Raises duckdb.Error."""
        columns = ", ".join(f'{expression} AS "{name}"' for name, expression in self.columns.items())
        found = database.sql(f"SELECT {columns}, {self.row} AS {_ROW} FROM {self.table} ORDER BY {self.order}")
        try:
            return ReadyList(pl.DataFrame(found))
        except pl.exceptions.ComputeError as error:  # how Polars passes on an error of DuckDB's that comes on the way
            raise duckdb.Error(str(error)) from error


@dataclass(frozen=True)
class ListPage:
    """Rows as a JSON array, how many were chosen in all, and the number of the row after these if there is one."""

    rows: Raw
    total: int
    next_start: int | None


@dataclass(frozen=True)
class Choice:
    """Which rows, and in what order.

    ``only``: each of these columns has one of the values; None is any. ``text``: the column ``searched``, which is in
    lower case, contains it. ``sort``: by this column, empty values last, equal ones in the list's own order; None is
    that order.
    """

    only: Mapping[str, Collection[str] | None]
    text: str | None = None
    sort: str | None = None
    is_descending: bool = False


class ReadyList:
    """One list of one published file. Safe in any thread."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame
        self._orders: dict[tuple[str | None, bool], pl.Series] = {}

    def page(self, choice: Choice, *, start: int, limit: int) -> ListPage:
        """``limit`` of the rows chosen, from number ``start`` on."""
        chosen = self._order(choice.sort, is_descending=choice.is_descending)
        if (kept := self._kept(choice)) is not None:
            chosen = chosen.filter(kept.gather(chosen))
        rows = self._frame[_ROW].gather(chosen.slice(start, limit)).to_list()
        total = len(chosen)
        return ListPage(Raw(f"[{','.join(rows)}]"), total, start + limit if start + limit < total else None)

    def _kept(self, choice: Choice) -> pl.Series | None:
        """Which rows are chosen, None for all."""
        conditions = [pl.col(name).is_in(list(values)) for name, values in choice.only.items() if values is not None]
        if choice.text:
            conditions.append(pl.col("searched").str.contains(choice.text, literal=True))
        return self._frame.select(kept=pl.all_horizontal(conditions)).to_series() if conditions else None

    def _order(self, sort: str | None, *, is_descending: bool) -> pl.Series:
        """The rows' numbers in this order; made once, so that a page is a slice of it."""
        order = self._orders.get((sort, is_descending))
        if order is None:
            if sort is None:
                order = pl.int_range(len(self._frame), dtype=pl.UInt32, eager=True)
            else:
                by = pl.arg_sort_by(sort, descending=is_descending, nulls_last=True, maintain_order=True)
                order = self._frame.select(by).to_series()
            self._orders[sort, is_descending] = order
        return order
