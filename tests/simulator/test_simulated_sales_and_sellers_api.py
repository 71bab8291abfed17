"""Order metrics agree with the orders; participations show what a real account shows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.simulator.visitor import CA, NOW, US, Visitor, refusal

WEEK = "2026-11-15T00:00:00Z--2026-11-22T00:00:00Z"


def metrics(visitor: Visitor, **parameters: str) -> list[dict[str, object]]:
    asked = {"marketplaceIds": US, "interval": WEEK, "granularity": "Total", **parameters}
    answer = visitor.get("/sales/v1/orderMetrics", **asked)
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, object]] = answer.json()["payload"]
    return rows


def sales(row: dict[str, object]) -> Decimal:
    total = row["totalSales"]
    assert isinstance(total, dict)
    return Decimal(total["amount"])


def test_the_totals_are_those_of_the_orders_placed_in_the_interval(reader: Visitor) -> None:
    begin, end = datetime(2026, 11, 15, tzinfo=UTC), datetime(2026, 11, 22, tzinfo=UTC)
    counted = [
        one
        for one in reader.simulator.world.orders_at(NOW, begin)
        if one.created < end
        and one.order.marketplace_id == CA
        and one.status != "CANCELLED"
        and not one.order.replacement
    ]
    (row,) = metrics(reader, marketplaceIds=CA)
    assert row["orderCount"] == len(counted)
    assert row["unitCount"] == sum(one.quantity_ordered for one in counted)
    assert sales(row) == sum(line.item for one in counted for line in one.order.lines)
    assert row["totalSales"] == {"amount": str(sales(row)), "currencyCode": "CAD"}


@pytest.mark.parametrize(("granularity", "rows"), [("Hour", 168), ("Day", 7), ("Week", 2), ("Month", 1), ("Year", 1)])
def test_the_parts_of_every_granularity_make_the_total(reader: Visitor, granularity: str, rows: int) -> None:
    zone = {} if granularity == "Hour" else {"granularityTimeZone": "UTC"}
    parts = metrics(reader, granularity=granularity, **zone)
    (total,) = metrics(reader)
    assert len(parts) == rows
    assert sum(sales(part) for part in parts) == sales(total)
    intervals = [str(part["interval"]).split("--") for part in parts]
    assert intervals[0][0] == "2026-11-15T00:00Z"
    assert [end for _, end in intervals[:-1]] == [begin for begin, _ in intervals[1:]]


def test_days_end_at_midnight_of_the_zone_also_when_the_clocks_change(reader: Visitor) -> None:
    parts = metrics(
        reader,
        interval="2026-11-01T00:00:00-07:00--2026-11-03T00:00:00-08:00",
        granularity="Day",
        granularityTimeZone="America/Los_Angeles",
    )
    assert [part["interval"] for part in parts] == [
        "2026-11-01T00:00-07:00--2026-11-02T00:00-08:00",
        "2026-11-02T00:00-08:00--2026-11-03T00:00-08:00",
    ]


def test_the_end_of_an_interval_is_not_part_of_it(reader: Visitor) -> None:
    order = next(
        one
        for one in reader.simulator.world.orders_at(NOW, NOW - timedelta(days=5))
        if one.order.marketplace_id == US and one.status == "SHIPPED" and not one.order.replacement
    )
    at, after = order.created.isoformat(timespec="milliseconds"), order.created + timedelta(milliseconds=1)
    (with_it,) = metrics(reader, interval=f"{at}--{after.isoformat(timespec='milliseconds')}")
    assert with_it["orderCount"] == 1
    before = (order.created - timedelta(milliseconds=1)).isoformat(timespec="milliseconds")
    (without,) = metrics(reader, interval=f"{before}--{at}")
    assert without["orderCount"] == 0


def test_filters_split_the_total(reader: Visitor) -> None:
    (total,) = metrics(reader)
    for name, values in (("fulfillmentNetwork", ("AFN", "MFN")), ("buyerType", ("B2B", "B2C"))):
        assert sum(sales(metrics(reader, **{name: value})[0]) for value in values) == sales(total)
    skus = {pool.seller_sku: pool.asin for pool in reader.simulator.world.catalog.sold_in(US)}
    assert sum(sales(metrics(reader, sku=sku)[0]) for sku in skus) == sales(total)
    sku, asin = next(iter(skus.items()))
    assert metrics(reader, sku=sku) == metrics(reader, asin=asin)


@pytest.mark.parametrize(
    ("parameters", "names"),
    [
        ({"marketplaceIds": f"{US},{CA}"}, "marketplaceIds"),
        ({"interval": "2026-11-15T00:00:00Z"}, "interval"),
        ({"interval": "2026-11-15--2026-11-16"}, "interval"),
        ({"interval": "2026-11-16T00:00:00Z--2026-11-15T00:00:00Z"}, "interval"),
        ({"granularity": "Hour", "interval": "2026-10-01T00:00:00Z--2026-10-02T00:00:00Z"}, "interval"),
        ({"granularity": "Decade"}, "granularity"),
        ({"granularity": "Day"}, "granularityTimeZone"),
        ({"granularity": "Day", "granularityTimeZone": "America/Los_Angeles"}, "granularityTimeZone"),
        ({"granularity": "Day", "granularityTimeZone": "Mars/Olympus"}, "granularityTimeZone"),
        ({"buyerType": "B2G"}, "buyerType"),
        ({"fulfillmentNetwork": "AMAZON"}, "fulfillmentNetwork"),
        ({"asin": "B000000000", "sku": "X"}, "asin"),
    ],
)
def test_wrong_metrics_parameters_are_refused_by_name(reader: Visitor, parameters: dict[str, str], names: str) -> None:
    asked = {"marketplaceIds": US, "interval": WEEK, "granularity": "Total", **parameters}
    assert names in refusal(reader.get("/sales/v1/orderMetrics", **asked))


def test_participations_show_where_the_seller_sells_and_two_entries_that_are_no_use(reader: Visitor) -> None:
    entries = reader.get("/sellers/v1/marketplaceParticipations").json()["payload"]
    active = [one["marketplace"]["id"] for one in entries if one["participation"]["isParticipating"]]
    assert active == [US, CA, "A2ZV50J4W1RKNI"]
    assert [one["marketplace"]["id"] for one in entries if not one["participation"]["isParticipating"]] == [
        "A1AM78C64UM0Y8"
    ]
    assert "x" in refusal(reader.get("/sellers/v1/marketplaceParticipations", x="1"))
