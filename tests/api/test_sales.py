"""Sales over time: Amazon's, and those of all channels."""

from __future__ import annotations

from decimal import Decimal

from tests.api.application import DATA_PATHS, body_of
from tests.api.conftest import MakeClient
from tests.api.published_account import CA, Published, small_account, two_stores

SALES, CHANNEL_SALES = DATA_PATHS[4], DATA_PATHS[-1]


def test_sales_are_points_in_time_by_hour_and_by_day(make_client: MakeClient, published: Published) -> None:
    published.publish()
    client = make_client()
    data = body_of(client, SALES)
    assert set(data) == {"interval", "days", "currency", "dateRange", "points", "metadata"}
    assert data["dateRange"] == {"start": "2026-11-15T12:00:00Z", "end": "2026-11-22T11:00:00Z"}
    ten, eleven = data["points"]
    assert (ten["period"], ten["complete"], ten["orders"], ten["revenue"]) == (
        "2026-11-22T10:00:00Z", True, 3, Decimal("0.30")
    )  # fmt: skip
    assert (eleven["complete"], eleven["revenue"]) == (False, 0)  # no order in the reporting currency
    assert eleven["byCurrency"] == [{"currency": "EUR", "orders": 1, "units": 1, "revenue": None}]
    assert body_of(client, SALES, marketplaceId=CA)["points"][0]["orders"] == 1
    by_day = body_of(client, SALES, interval="day", days="2")
    assert by_day["dateRange"] == {"start": "2026-11-21", "end": "2026-11-22"}
    assert [(point["period"], point["complete"]) for point in by_day["points"]] == [
        ("2026-11-21", True),
        ("2026-11-22", False),
    ]


def test_sales_of_all_channels_are_summed_by_currency_and_those_of_one_stand_alone(
    make_client: MakeClient, published: Published
) -> None:
    published.publish({**small_account(), **two_stores()})
    client = make_client(REPORTING_CURRENCY="USD")
    data = body_of(client, CHANNEL_SALES, days="1")
    assert (data["channels"], data["dateRange"]["end"]) == (["amazon", "shopify"], "2026-11-22T11:00:00Z")
    eleven = data["points"][-1]
    assert (eleven["period"], eleven["complete"], eleven["orders"], eleven["units"]) == (
        "2026-11-22T11:00:00Z", False, 3, 4
    )  # fmt: skip
    assert [(row["currency"], row["orders"], row["revenue"]) for row in eleven["byCurrency"]] == [
        ("EUR", 2, Decimal("10.00")), ("USD", 1, Decimal("10.00"))
    ]  # fmt: skip
    stores = body_of(client, CHANNEL_SALES, channel="shopify", days="2")
    assert [(point["period"][11:13], point["orders"]) for point in stores["points"]] == [
        ("10", 1),
        ("11", 1),
        ("11", 2),
    ]
    amazon = body_of(client, CHANNEL_SALES, channel="amazon")
    assert amazon["points"] == body_of(client, SALES)["points"]


def test_days_of_all_channels_are_unfinished_while_one_of_their_zones_is_in_them(
    make_client: MakeClient, published: Published
) -> None:
    published.publish({**small_account(), **two_stores()})
    data = body_of(make_client(), CHANNEL_SALES, interval="day", days="2")
    assert data["dateRange"] == {"start": "2026-11-22", "end": "2026-11-23"}, "it is the 23rd in Auckland"
    (today,) = data["points"]
    assert (today["complete"], today["orders"], today["units"]) == (False, 5, 7)
    published.publish()
    without = body_of(make_client(), CHANNEL_SALES, channel="shopify")
    assert (without["channels"], without["dateRange"], without["points"]) == ([], {"start": None, "end": None}, [])
