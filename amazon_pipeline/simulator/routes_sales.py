"""getOrderMetrics, computed from the same orders as everything else. Rules:
https://developer-docs.amazon.com/sp-api/reference/getordermetrics (model sales).

Counted are the orders placed through Amazon in the interval that are not cancelled now, replacements left out; sales
are the goods before discount, shipping and tax. Amazon knows the price of a pending order too, so it is in the sales
here although the Orders API does not tell it yet.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from amazon_pipeline.simulator.clock import to_ms
from amazon_pipeline.simulator.marketplaces import STORES
from amazon_pipeline.simulator.operations import Ask, Operation
from amazon_pipeline.simulator.orders import OrderState
from amazon_pipeline.simulator.parameters import zoned
from amazon_pipeline.simulator.refusals import invalid_input

GRANULARITIES = ("Hour", "Day", "Week", "Month", "Year", "Total")
LONGEST_HOURLY = timedelta(days=30)
LONGEST = timedelta(days=731)
"""Two years."""


def get_order_metrics(ask: Ask) -> dict[str, Any]:
    """One row per hour, day … of the interval, its end excluded."""
    query, world = ask.query, ask.seller.world
    query.required("marketplaceIds")
    marketplace_id = query.texts("marketplaceIds", 1)[0]
    if marketplace_id not in world.marketplaces:
        raise invalid_input("marketplaceIds", f"{marketplace_id} is not a marketplace of this seller")
    begin, end = _interval(ask)
    granularity = _granularity(ask, begin)
    zone = _zone(ask, granularity, begin, end)
    if "asin" in query and "sku" in query:
        raise invalid_input("asin, sku", "may not be given together")
    network = query.choice("fulfillmentNetwork", ("MFN", "AFN"))
    buyers = query.choice("buyerType", ("B2B", "B2C", "All"), "All")
    first_day = query.choice("firstDayOfWeek", ("Monday", "Sunday"), "Monday")
    haul = query.choice("amazonProgram", ("AmazonHaul",))
    states = [
        state
        for state in world.created(to_ms(begin), to_ms(end) - 1, to_ms(ask.now))
        if state.order.marketplace_id == marketplace_id
        and state.status != "CANCELLED"
        and not (state.order.replacement or haul)
        and (network is None or (state.fulfilled_by == "AMAZON") == (network == "AFN"))
        and (buyers == "All" or state.order.business == (buyers == "B2B"))
    ]
    currency = STORES[marketplace_id].currency
    edges = _edges(begin, end, granularity, zone, first_day == "Sunday")
    return {"payload": [_row(ask, states, begin, end, currency) for begin, end in pairwise(edges)]}


def _interval(ask: Ask) -> tuple[datetime, datetime]:
    """``start--end``, both with the same kind of offset."""
    text = ask.query.required("interval")
    begin_text, _, end_text = text.partition("--")
    begin, end = zoned("interval", begin_text), zoned("interval", end_text)
    if end <= begin:
        raise invalid_input("interval", "ends before it begins")
    return begin, end


def _granularity(ask: Ask, begin: datetime) -> str:
    ask.query.choice("granularity", GRANULARITIES)
    granularity = ask.query.required("granularity")
    longest = LONGEST_HOURLY if granularity == "Hour" else LONGEST
    if begin < ask.now - longest:
        raise invalid_input("interval", f"reaches back more than {longest.days} days for granularity {granularity}")
    return granularity


def _zone(ask: Ask, granularity: str, begin: datetime, end: datetime) -> tzinfo:
    """The zone of the day boundaries; it must have the offset that the interval is written in."""
    name = ask.query.text("granularityTimeZone")
    if name is None:
        if granularity not in ("Hour", "Total"):
            raise invalid_input("granularityTimeZone", f"is required for granularity {granularity}")
        return begin.tzinfo or UTC
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise invalid_input("granularityTimeZone", f"{name} is no IANA time zone") from error
    if any(moment.astimezone(zone).utcoffset() != moment.utcoffset() for moment in (begin, end)):
        raise invalid_input("granularityTimeZone", f"{name} does not have the offset that the interval is written in")
    return zone


def _edges(begin: datetime, end: datetime, granularity: str, zone: tzinfo, sunday: bool) -> list[datetime]:
    """Where the rows begin, and the end; the first and the last row may be partial."""
    edges = [begin.astimezone(zone)]
    while granularity != "Total":
        following = _next_edge(edges[-1], granularity, zone, sunday)
        if following >= end:
            break
        edges.append(following)
    return [*edges, end.astimezone(zone)]


def _next_edge(edge: datetime, granularity: str, zone: tzinfo, sunday: bool) -> datetime:
    if granularity == "Hour":
        top = edge.replace(minute=0, second=0, microsecond=0).astimezone(UTC)
        return (top + timedelta(hours=1)).astimezone(zone)
    midnight = edge.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if granularity == "Day":
        return midnight + timedelta(days=1)
    if granularity == "Week":
        return midnight + timedelta(days=7 - (edge.weekday() + sunday) % 7)
    if granularity == "Month":
        return (midnight.replace(day=1) + timedelta(days=32)).replace(day=1)
    return midnight.replace(year=edge.year + 1, month=1, day=1)


def _row(ask: Ask, states: list[OrderState], begin: datetime, end: datetime, currency: str) -> dict[str, Any]:
    asin, sku = ask.query.text("asin"), ask.query.text("sku")
    orders = items = units = 0
    sales = Decimal(0)
    for state in states:
        if not begin <= state.created < end:
            continue
        lines = [
            line
            for line in state.order.lines
            if (asin is None or line.pool.asin == asin) and (sku is None or line.pool.seller_sku == sku)
        ]
        orders += bool(lines)
        items += len(lines)
        units += sum(line.quantity for line in lines)
        sales += sum((line.item for line in lines), Decimal(0))
    average = (sales / units).quantize(Decimal("0.01"), ROUND_HALF_UP) if units else Decimal(0)
    return {
        "interval": f"{_moment(begin)}--{_moment(end)}",
        "unitCount": units,
        "orderItemCount": items,
        "orderCount": orders,
        "averageUnitPrice": {"amount": str(average), "currencyCode": currency},
        "totalSales": {"amount": str(sales), "currencyCode": currency},
    }


def _moment(moment: datetime) -> str:
    """As in the model's examples: no seconds when there are none."""
    exact = moment.second or moment.microsecond
    return moment.isoformat(timespec="seconds" if exact else "minutes").replace("+00:00", "Z")


OPERATIONS = (
    Operation(
        "getOrderMetrics", "/sales/v1/orderMetrics", 0.5, 15,
        frozenset({
            "marketplaceIds", "interval", "granularityTimeZone", "granularity", "buyerType", "fulfillmentNetwork",
            "firstDayOfWeek", "asin", "sku", "amazonProgram",
        }),
        get_order_metrics,
    ),
)  # fmt: skip
