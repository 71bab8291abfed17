"""The headline figures: what is unknown stays unknown, and money stays exact."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from api.exact_json import Raw, encode
from api.figures import CurrencyOrders, OrderFigures, change, money, trend


def test_an_average_has_no_more_decimals_than_its_currency() -> None:
    assert money(Decimal("1234.56"), "JPY") == Decimal(1235)
    assert money(Decimal("1234.56"), "USD") == Decimal("1234.56")
    assert money(None, "USD") is None


def test_a_change_against_nothing_or_the_unknown_is_null() -> None:
    assert change(5, 0) is None
    assert change(None, 5) is None
    assert change(5, None) is None
    assert change(Decimal("90.00"), Decimal("100.00")) == Decimal("-0.1")
    assert (trend(5, 0), trend(1, 2), trend(None, 2), trend(3, 3)) == ("up", "down", "neutral", "neutral")


def test_orders_without_any_amount_have_an_unknown_revenue() -> None:
    row = CurrencyOrders("USD", 2, None, None, 2, 0, 0, 0, 2, 0, None, None)
    assert row.revenue is None
    assert row.previous_revenue == 0
    assert replace(row, orders=0).revenue == 0
    assert OrderFigures.of([], None).total(lambda each: each.orders) is None


def test_an_exact_number_is_printed_digit_by_digit_and_a_float_is_refused() -> None:
    assert encode({"a": [Decimal("0.10"), Decimal("1E+3"), Raw('{"b":1}'), None, True, "\u00e9\n"]}) == (
        '{"a":[0.10,1000,{"b":1},null,true,"\u00e9\\n"]}'
    )
    for inexact in (0.1, Decimal("NaN")):
        with pytest.raises(TypeError):
            encode(inexact)  # type: ignore[arg-type]
