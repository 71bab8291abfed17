"""Restock advice, the stock lines of SKUs, and all stock day by day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.api.application import DATA_PATHS, Client, body_of
from tests.api.conftest import MakeClient
from tests.api.published_account import CA, NOW, US, Published, item, small_account

INVENTORY = DATA_PATHS[1]
RESTOCK, DAILY, HISTORY = DATA_PATHS[7:10]
AS_OF = NOW - timedelta(minutes=4)  # when the inventory was read


def planned(sku: str, velocity: float | None, cover: float | None, status: str, **other: Any) -> dict[str, Any]:
    """One row of mart.sku_velocity."""
    return {
        "marketplace_id": US,
        "seller_sku": sku,
        "daily_velocity": velocity,
        "pool_velocity": velocity,
        "days_of_cover": cover,
        "cover_status": status,
        "explanation": f"about {sku}",
        **other,
    }


def period(sku: str, units: int, hours_ago: float, until: float | None = None, **other: Any) -> dict[str, Any]:
    """One row of mart.inventory_history."""
    return {
        "marketplace_id": US,
        "seller_sku": sku,
        "valid_from": AS_OF - timedelta(hours=hours_ago),
        "valid_to": None if until is None else AS_OF - timedelta(hours=until),
        "fulfillable_quantity": units,
        "total_quantity": units,
        **other,
    }


@pytest.fixture
def account(published: Published) -> None:
    rows = {
        **small_account(),
        "inventory": [item("A", 0), item("B", 4), item("C", 60), item("D", 0), item("E", 0), item("F", 200)],
        "sku_velocity": [
            planned("A", 1.5, 0, "critical", restock_quantity=90, reorder_date=NOW.date()),
            planned("B", 4, 1, "critical", restock_quantity=300, reorder_date=NOW.date()),
            planned("C", 5, 12, "warning", restock_quantity=0, product_name="Blue Mug"),
            planned("D", 0, None, "no-sales"),
            planned("E", 9.25, 0, "critical", reorder_date=NOW.date()),
            planned("F", 1, 200, "excess", reorder_date=NOW.date() + timedelta(days=90)),
            planned("C", 5, 12, "warning", marketplace_id=CA, is_pool_duplicate=True),
        ],
        "inventory_history": [
            period("A", 12, 40, 30),
            period("A", 0, 30),
            period("B", 4, 400),
            period("C", 60, 400, marketplace_id=US),
            period("C", 60, 400, marketplace_id=CA),
        ],
    }
    published.publish(rows)


@pytest.mark.usefixtures("account")
def test_restock_advice_puts_what_is_to_be_ordered_first_on_top(client: Client) -> None:
    data = body_of(client, RESTOCK)
    assert [row["sku"] for row in data["items"]] == ["E", "A", "B", "F", "C", "C", "D"]
    assert data["summary"] == {
        "critical": 3, "warning": 1, "healthy": 0, "excess": 1, "noSales": 1, "unknown": 0, "toOrder": 2
    }  # fmt: skip
    assert data["items"][1]["explanation"] == "about A"
    assert data["items"][1]["reorderDate"] == "2026-11-22"


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize(
    ("parameters", "skus"),
    [
        ({"status": "warning"}, ["C", "C"]),
        ({"status": "warning", "marketplaceId": CA}, ["C"]),
        ({"sku": "A"}, ["A"]),
        ({"sku": "a"}, []),
        ({"q": "blue m"}, ["C"]),
        ({"sort": "-velocity", "limit": "2"}, ["E", "C"]),
        ({"sort": "cover", "status": "critical"}, ["E", "A", "B"]),
        ({"offset": "5"}, ["C", "D"]),
    ],
)
def test_restock_advice_is_filtered_and_sorted(client: Client, parameters: dict[str, str], skus: list[str]) -> None:
    assert [row["sku"] for row in body_of(client, RESTOCK, **parameters)["items"]] == skus


@pytest.mark.usefixtures("account")
def test_the_most_urgent_stock_is_what_sells_and_is_out_then_what_lasts_the_fewest_days(client: Client) -> None:
    data = body_of(client, INVENTORY, sort="urgent")
    assert [row["sku"] for row in data["items"]] == ["E", "A", "B", "C", "D", "F"]
    assert (data["items"][1]["daysOfCover"], data["items"][1]["restockQuantity"]) == (0, 90)
    page = body_of(client, INVENTORY, sort="urgent", limit=2, offset=2)
    assert [row["sku"] for row in page["items"]] == ["B", "C"]
    after = body_of(client, INVENTORY, sort="urgent", limit=2, cursor=page["nextCursor"])
    assert [row["sku"] for row in after["items"]] == ["D", "F"]


@pytest.mark.usefixtures("account")
def test_a_stock_line_has_the_units_at_the_end_of_each_day_and_null_before_the_first_snapshot(client: Client) -> None:
    data = body_of(client, HISTORY, sku=["A", "C", "nothing"], days=3)
    assert data["dateRange"] == {"start": "2026-11-21T00:00:00Z", "end": "2026-11-22T11:56:00Z"}
    lines = {(line["sku"], line["marketplaceId"]): line["fulfillable"] for line in data["items"]}
    assert lines == {("A", US): [12, 0, 0], ("C", US): [60, 60, 60], ("C", CA): [60, 60, 60]}
    longer = body_of(client, HISTORY, sku="A", marketplaceId=US, days=4)
    assert longer["items"][0]["fulfillable"] == [None, 12, 0, 0]
    assert body_of(client, HISTORY)["items"] == []


@pytest.mark.usefixtures("account")
def test_the_days_of_all_stock_count_each_pool_once_and_know_the_day_before(client: Client) -> None:
    data = body_of(client, DAILY, days=3)
    assert [(day["totalQuantity"], day["lowStockItems"], day["outOfStockItems"]) for day in data["points"]] == [
        (76, 1, 0), (64, 2, 1), (64, 2, 1)
    ]  # fmt: skip
    assert data["dayBefore"]["at"] == "2026-11-21T11:56:00Z"
    assert data["dayBefore"]["totalQuantity"] == 64
    assert len(body_of(client, DAILY, days=30)["points"]) == 18  # none before the first snapshot


def test_the_headline_says_which_way_all_stock_went_in_a_day(client: Client, published: Published) -> None:
    """It said neutral, always."""

    def trend(*history: dict[str, Any]) -> str:
        published.publish({**small_account(), "inventory_history": list(history)})
        stock = body_of(client, DATA_PATHS[0])["kpis"]["inventory"]
        assert stock["amazon"] == 53
        return str(stock["trend"])

    assert trend() == "neutral"
    assert trend(period("SKU-FINE", 53, 20)) == "neutral"  # nothing is known of the day before
    assert trend(period("SKU-FINE", 52, 40, 20), period("SKU-FINE", 53, 20)) == "up"
    assert trend(period("SKU-FINE", 53, 40)) == "neutral"
    assert trend(period("SKU-FINE", 54, 40, 20), period("SKU-FINE", 53, 20)) == "down"


def test_an_empty_sku_counts_as_not_given_and_a_wrong_one_is_named(
    make_client: MakeClient, published: Published
) -> None:
    """The refusal named the place in the list, 0, instead of the parameter."""
    published.publish()
    client = make_client()
    path = "/api/v1/dashboard/amazon-inventory/history"
    assert client.get(f"{path}?sku=").status_code == 200
    refused = client.get(f"{path}?sku={'x' * 201}")
    assert refused.status_code == 422
    assert refused.json()["message"].startswith('Parameter "sku": ')
