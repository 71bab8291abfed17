"""The simulated account is believable, agrees with itself, and is the same whenever it is started."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from statistics import mean, median

import pytest

from amazon_pipeline.simulator.clock import ManualClock, to_ms
from amazon_pipeline.simulator.orders import ZERO, OrderState
from amazon_pipeline.simulator.world import World, opening_day
from tests.simulator.visitor import CA, NOW, US

ALLOWED = {
    "PENDING_AVAILABILITY": {"PENDING"},
    "PENDING": {"UNSHIPPED", "CANCELLED"},
    "UNSHIPPED": {"PARTIALLY_SHIPPED", "SHIPPED", "UNFULFILLABLE"},
    "PARTIALLY_SHIPPED": {"SHIPPED"},
    "SHIPPED": {"SHIPPED"},
}


def small(now: datetime = NOW, seed: int = 7) -> World:
    return World(clock=ManualClock(now), seed=seed, orders_per_day=30, sku_count=24)


def order_facts(state: OrderState) -> tuple[object, ...]:
    lines = tuple((line.order_item_id, line.pool.seller_sku, line.quantity, line.total) for line in state.order.lines)
    return state.order_id, state.status, state.created, state.last_updated, state.grand_total, lines


def test_the_history_begins_with_the_quarter_that_began_at_least_a_hundred_days_ago() -> None:
    assert opening_day(datetime(2026, 11, 22, tzinfo=UTC)) == datetime(2026, 7, 1, tzinfo=UTC)
    assert opening_day(datetime(2026, 4, 10, tzinfo=UTC)) == datetime(2025, 10, 1, tzinfo=UTC)
    assert opening_day(datetime(2026, 4, 11, tzinfo=UTC)) == datetime(2026, 1, 1, tzinfo=UTC)


def test_a_simulator_started_later_tells_the_same_past() -> None:
    today, next_quarter = small(), small(NOW + timedelta(days=60))
    assert next_quarter.opened > today.opened
    since = NOW - timedelta(days=3)
    assert [order_facts(one) for one in today.orders_at(NOW, since)] == [
        order_facts(one) for one in next_quarter.orders_at(NOW, since)
    ]
    assert [(one.seller_sku, one.on_hand, one.inbound) for one in today.inventory_at(NOW)] == [
        (one.seller_sku, one.on_hand, one.inbound) for one in next_quarter.inventory_at(NOW)
    ]

    def quantities(world: World) -> dict[str, list[tuple[str, int, int]]]:
        return {
            one.shipment_id: [(item.pool.seller_sku, item.expected, item.received) for item in one.items]
            for one in world.shipments_at(NOW)
            if one.shipment.created > to_ms(next_quarter.opened)
        }

    assert quantities(today) == quantities(next_quarter) != {}


def test_what_the_world_was_asked_before_does_not_change_its_answers() -> None:
    asked, fresh = small(), small()
    for days in (40, 3, 17):
        asked.inventory_at(NOW - timedelta(days=days))
    assert [one.on_hand for one in asked.inventory_at(NOW)] == [one.on_hand for one in fresh.inventory_at(NOW)]


def test_another_seed_is_another_account() -> None:
    def ids(seed: int) -> set[str]:
        return {one.order_id for one in small(seed=seed).orders_at(NOW, NOW - timedelta(days=2))}

    assert not ids(7) & ids(8)


def test_about_150_orders_come_in_a_day_most_of_them_from_the_united_states(world: World) -> None:
    orders = world.orders_at(NOW, NOW - timedelta(days=28))
    assert 135 < len(orders) / 28 < 165
    share = Counter(one.plan.marketplace_id for one in orders)
    assert share[US] > 2 * share[CA] > 0
    hours = Counter(one.created.hour for one in orders)
    assert hours[1] > 4 * hours[9]
    assert 1 < mean(one.quantity_ordered for one in orders) < 2


def test_every_order_id_is_its_own_and_leads_back_to_its_order(world: World) -> None:
    orders = world.orders_at(NOW, NOW - timedelta(days=10))
    assert len({one.order_id for one in orders}) == len(orders)
    assert len({line.order_item_id for one in orders for line in one.order.lines}) == sum(
        len(one.order.lines) for one in orders
    )
    for one in orders[::50]:
        found = world.order(one.order_id, to_ms(NOW))
        assert found is not None
        assert order_facts(found) == order_facts(one)
    assert world.order(orders[-1].order_id, to_ms(orders[-1].created) - 1) is None


@pytest.mark.parametrize("order_id", ["112-0000000-0000000", "112-12-3", "", "nonsense", "112-\uff11234567-1234567"])
def test_an_id_nobody_was_given_finds_no_order(world: World, order_id: str) -> None:
    assert world.order(order_id, to_ms(NOW)) is None


def test_an_order_moves_from_status_to_status_as_amazon_allows(world: World) -> None:
    kinds = set()
    for state in world.orders_at(NOW, NOW - timedelta(days=40)):
        changes = state.plan.changes
        kinds.add(state.plan.kind)
        assert changes[0][1] == ("PENDING_AVAILABILITY" if state.plan.kind == "preorder" else "PENDING")
        for (before, status), (after, following) in pairwise(changes):
            assert before < after
            assert following in ALLOWED[status]
    assert kinds == {"standard", "multi-channel", "replacement", "preorder"}


def test_every_kind_and_status_of_order_is_to_be_seen_within_a_month(world: World) -> None:
    orders = world.orders_at(NOW, NOW - timedelta(days=40))
    assert {one.status for one in orders} == {*ALLOWED, "CANCELLED", "UNFULFILLABLE"}
    assert {one.fulfilled_by for one in orders} == {"AMAZON", "MERCHANT"}
    assert any(one.order.business for one in orders)
    assert any("PRIME" in one.order.programs for one in orders)
    assert any(len(one.order.lines) > 1 for one in orders)
    replacements = [one for one in orders if one.order.replacement]
    originals = [world.replaced_order_id(one.order) for one in replacements]
    assert sum(original is not None for original in originals) > 0.9 * len(originals) > 0


def test_money_adds_up_and_is_absent_until_the_order_is_released(world: World) -> None:
    for state in world.orders_at(NOW, NOW - timedelta(days=20)):
        if state.grand_total is None:
            assert state.order.multi_channel or state.status in ("PENDING", "PENDING_AVAILABILITY", "CANCELLED")
            continue
        assert state.grand_total == sum((line.total for line in state.order.lines), ZERO)
        assert state.grand_total == state.grand_total.quantize(Decimal("0.01"))
        assert (state.grand_total == 0) == state.order.replacement


def units_held(world: World, moment: datetime) -> Counter[str]:
    """Units in the fulfillment centers that are for sale, reserved for customers or in transfer."""
    rows = {row.seller_sku: row.on_hand for row in world.inventory_at(moment)}
    return Counter({sku: row.fulfillable + row.customer_orders + row.transfer for sku, row in rows.items()})


def units_received(world: World, moment: datetime) -> Counter[str]:
    units: Counter[str] = Counter()
    for shipment in world.shipments_at(moment):
        for item in shipment.items:
            units[item.pool.seller_sku] += item.received
    return units


def units_shipped(world: World, moment: datetime) -> Counter[str]:
    """Units of Amazon-fulfilled orders that have left for a customer."""
    units: Counter[str] = Counter()
    for state in world.orders_at(moment):
        for number, line in enumerate(state.order.lines):
            units[line.pool.seller_sku] += state.shipped(number) if state.fulfilled_by == "AMAZON" else 0
    return units


def test_stock_changes_by_what_is_received_and_what_is_shipped_and_by_nothing_else() -> None:
    world = small()
    for days in (1, 13, 40):
        before = NOW - timedelta(days=days)
        held, then = units_held(world, NOW), units_held(world, before)
        received = units_received(world, NOW)
        received.subtract(units_received(world, before))
        shipped = units_shipped(world, NOW)
        shipped.subtract(units_shipped(world, before))
        assert days == 1 or sum(received.values()) > 0
        assert {sku: held[sku] - then[sku] for sku in held} == {sku: received[sku] - shipped[sku] for sku in held}


def test_stock_is_never_negative_and_its_parts_add_up(world: World) -> None:
    for hours in range(0, 24 * 20, 7):
        for row in world.inventory_at(NOW - timedelta(hours=hours)):
            assert row.fulfillable >= 0
            assert row.on_hand.customer_orders >= 0
            assert row.total == row.fulfillable + row.reserved + row.unfulfillable + row.inbound_total + (
                row.on_hand.researching
            )


def test_reserved_units_are_those_of_unshipped_orders_that_amazon_fulfils(world: World) -> None:
    waiting: Counter[str] = Counter()
    for state in world.orders_at(NOW):
        if state.fulfilled_by == "AMAZON" and state.status not in ("CANCELLED", "UNFULFILLABLE"):
            for number, line in enumerate(state.order.lines):
                waiting[line.pool.seller_sku] += line.quantity - state.shipped(number)
    assert {row.seller_sku: row.on_hand.customer_orders for row in world.inventory_at(NOW)} == {
        row.seller_sku: waiting[row.seller_sku] for row in world.inventory_at(NOW)
    }


def test_inbound_quantities_are_those_of_the_open_shipments(world: World) -> None:
    for days in (0, 5, 11):
        moment = NOW - timedelta(days=days)
        inbound: Counter[str] = Counter()
        for shipment in world.shipments_at(moment):
            for item in shipment.items if shipment.is_open else ():
                inbound[item.pool.seller_sku] += max(0, item.expected - item.received)
        for row in world.inventory_at(moment):
            assert row.inbound_total == inbound[row.seller_sku], row.seller_sku


def test_a_manager_always_sees_a_few_low_and_a_few_sold_out_products(world: World) -> None:
    low, out = [], []
    for hours in range(0, 24 * 28, 8):
        rows = world.inventory_at(NOW + timedelta(hours=hours))
        low.append(sum(0 < row.fulfillable < 10 for row in rows))
        out.append(sum(row.fulfillable == 0 for row in rows))
    assert 5 <= median(low) <= 8
    assert 2 <= median(out) <= 4
    assert max(low) <= 15
    assert max(out) <= 10


def test_nobody_buys_from_amazon_what_is_sold_out() -> None:
    world = small()
    sold_out = 0
    for hours in range(1, 24 * 10, 3):
        moment = NOW - timedelta(hours=hours)
        empty = {row.seller_sku for row in world.inventory_at(moment) if row.fulfillable == 0}
        sold_out += len(empty)
        soon = moment + timedelta(minutes=30)
        for order in world.orders_at(soon, moment):
            if order.fulfilled_by == "AMAZON":
                bought = {line.pool.seller_sku for line in order.order.lines}
                # Unless a cancelled order or a receipt brought units in between.
                assert not bought & empty & {row.seller_sku for row in world.inventory_at(soon) if not row.fulfillable}
    assert sold_out


def test_several_shipments_are_open_and_every_end_of_a_shipment_is_in_the_history(world: World) -> None:
    shipments = world.shipments_at(NOW)
    assert 5 <= sum(one.is_open for one in shipments) <= 15
    assert {"CLOSED", "CANCELLED", "DELETED", "RECEIVING"} <= {one.status for one in shipments}
    closed = [item for one in shipments if one.status == "CLOSED" for item in one.items]
    differing = [item for item in closed if item.expected != item.received]
    assert 0.03 < len(differing) / len(closed) < 0.3
    assert len({one.shipment_id for one in shipments}) == len(shipments)


def test_receipts_grow_while_a_shipment_is_being_received(world: World) -> None:
    shipment = next(one.shipment for one in world.shipments_at(NOW) if one.status == "CLOSED")
    receiving = next(at for at, status in shipment.changes if status == "RECEIVING")
    amounts = [
        sum(item.received for item in world.shipment_state(shipment, receiving + hours * 3_600_000).items)
        for hours in (-1, 1, 30, 70)
    ]
    assert amounts[0] == 0
    assert amounts == sorted(set(amounts))


def test_a_few_products_are_one_pool_that_both_marketplaces_show(world: World) -> None:
    rows = {(row.marketplace_id, row.pool.fn_sku): row for row in world.inventory_at(NOW)}
    shared = [fn_sku for marketplace_id, fn_sku in rows if marketplace_id == US and (CA, fn_sku) in rows]
    assert 3 <= len(shared) <= 10
    for fn_sku in shared:
        assert (rows[US, fn_sku].on_hand, rows[US, fn_sku].inbound) == (
            rows[CA, fn_sku].on_hand,
            rows[CA, fn_sku].inbound,
        )


def test_the_catalog_has_awkward_skus_and_no_repeated_identifiers(world: World) -> None:
    pools = world.catalog.pools
    assert len(pools) == 60
    assert "MUG/BLK 12,OZ" in world.catalog.by_sku
    for name in ("seller_sku", "fn_sku", "asin"):
        assert len({getattr(pool, name) for pool in pools}) == 60


@pytest.mark.parametrize(("skus", "orders", "marketplaces"), [(1, 2, (US,)), (300, 20, (US, CA)), (4, 0, (CA,))])
def test_accounts_of_other_sizes_hold_together(skus: int, orders: float, marketplaces: tuple[str, ...]) -> None:
    world = World(clock=ManualClock(NOW), sku_count=skus, orders_per_day=orders, marketplaces=marketplaces)
    rows = world.inventory_at(NOW)
    assert len({row.seller_sku for row in rows}) == skus
    assert all(row.fulfillable >= 0 for row in rows)
    assert bool(world.orders_at(NOW, NOW - timedelta(days=10))) == bool(orders)


def test_a_world_without_marketplaces_or_products_is_refused() -> None:
    with pytest.raises(ValueError, match="marketplaces"):
        World(marketplaces=("A1F83G8C2ARO7P",))
    with pytest.raises(ValueError, match="SKU"):
        World(sku_count=0)


def test_start_up_costs_well_under_two_seconds_of_cpu() -> None:
    before = time.process_time()
    World(clock=ManualClock(NOW)).warm_up()
    assert time.process_time() - before < 1.5
