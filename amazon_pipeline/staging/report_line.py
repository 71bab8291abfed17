"""Typed values out of one landed line of a report."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Final

from amazon_pipeline.staging.reading import Reading

_CENT: Final = Decimal("0.01")
_LARGEST: Final = 10**9


class ReportLine(Reading):
    """One line: every cell is text, an empty one is not there."""

    def whole(self, name: str) -> int | None:
        """A whole number that is not negative."""
        found = self.text(name)
        if found is None:
            return None
        if not (found.isascii() and found.isdigit()) or int(found) > _LARGEST:
            self._wrong(name, "is not a whole number")
            return None
        return int(found)

    def amount(self, name: str) -> Decimal | None:
        """An amount of money, rounded half up to two decimals."""
        found = self.text(name)
        if found is None:
            return None
        try:
            amount = Decimal(found).quantize(_CENT, rounding=ROUND_HALF_UP)
        except InvalidOperation:
            self._wrong(name, "is not an amount")
            return None
        if not amount.is_finite() or abs(amount) > _LARGEST:
            self._wrong(name, "is not an amount")
            return None
        return amount

    def all_reasons(self) -> list[str]:
        """What is wrong with the line; of one whose cells do not fit the header, that alone."""
        misaligned = self.text("misaligned")
        return [misaligned] if misaligned else self.reasons
