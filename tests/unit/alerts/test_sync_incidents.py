"""The sync in trouble: told once when it begins and once when it is over, from the event log alone."""

from __future__ import annotations

from datetime import timedelta

from tests.state_locations import both_kinds
from tests.unit.alerts.inboxes import Inbox
from tests.unit.alerts.shop import Shop

state_location = both_kinds

MINUTE = timedelta(minutes=1)


def look(shop: Shop, after: timedelta = MINUTE) -> str:
    return shop.tick("sync_incidents", after=after)


def test_an_incident_is_told_once_with_its_sentence_and_its_end_once(shop: Shop, chat: Inbox) -> None:
    shop.sync()
    look(shop)
    for _ in range(3):
        shop.sync("Orders could not be refreshed: Amazon refused.", streams=("orders",))
        look(shop)
        look(shop)
    shop.sync()
    look(shop)
    look(shop)
    assert chat.titles == ["Amazon sync: orders failing", "Amazon sync: works again"]
    assert chat.messages[0][1].startswith(
        "Orders could not be refreshed: Amazon refused.\n\nSince 2026-11-20 15:01 UTC."
    )
    assert chat.messages[1][1] == (
        "A sync completed at 2026-11-20 15:07 UTC. The trouble began at 2026-11-20 15:01 UTC."
    )
    assert len(shop.events) == 2


def test_a_sync_that_publishes_although_a_stream_failed_does_not_end_an_incident(shop: Shop, chat: Inbox) -> None:
    for _ in range(3):
        shop.sync("Inventory could not be refreshed.", streams=("inventory",), completed=True)
        look(shop)
    assert chat.titles == ["Amazon sync: inventory failing"]


def test_a_completed_sync_counts_only_once_its_error_can_no_longer_follow(shop: Shop, chat: Inbox) -> None:
    shop.sync("Orders could not be refreshed.", streams=("orders",))
    look(shop)
    shop.sync()
    look(shop, timedelta(seconds=5))
    assert len(chat.messages) == 1
    look(shop, timedelta(seconds=5))
    assert len(chat.messages) == 2


def test_another_stream_that_fails_as_well_is_told_and_one_that_fails_no_more_is_not(shop: Shop, chat: Inbox) -> None:
    for streams in (("orders",), ("orders", "inventory"), ("inventory",), ("orders",)):
        shop.sync("They could not be refreshed.", streams=streams)
        look(shop)
    assert chat.titles == ["Amazon sync: orders failing", "Amazon sync: inventory, orders failing"]


def test_many_streams_that_fail_are_counted_in_the_subject(shop: Shop, chat: Inbox) -> None:
    shop.sync("Refused.", streams=("orders (South)", "inventory (South)", "inbound_shipments (South)", "orders (East)"))
    look(shop)
    assert chat.titles == ["Amazon sync: 3 streams of South, 1 stream of East failing"]


def test_a_failure_that_was_over_before_anybody_looked_is_not_told(shop: Shop, chat: Inbox) -> None:
    shop.sync("It was stopped.")
    shop.now += MINUTE
    shop.sync()
    look(shop)
    assert chat.messages == []


def test_no_sync_for_thirty_minutes_is_told_once_until_one_completes(shop: Shop, chat: Inbox) -> None:
    shop.sync()
    look(shop)
    for _ in range(7):
        look(shop, 4 * MINUTE)
    look(shop)
    assert chat.messages == []
    for _ in range(5):
        look(shop, 4 * MINUTE)
    assert chat.titles == ["Amazon sync: overdue"]
    assert "No sync has completed since 2026-11-20 15:00 UTC" in chat.messages[0][1]
    shop.cursors.clear()
    look(shop)
    assert len(chat.messages) == 1, "a restart of the daemon is no sync"
    shop.sync()
    look(shop)
    assert chat.titles == ["Amazon sync: overdue", "Amazon sync: works again"]


def test_a_machine_that_was_off_is_given_thirty_minutes_from_its_start(shop: Shop, chat: Inbox) -> None:
    shop.sync()
    look(shop)
    look(shop, timedelta(hours=10))
    for _ in range(6):
        look(shop, 5 * MINUTE)
    assert chat.messages == []
    look(shop)
    assert chat.titles == ["Amazon sync: overdue"]


def test_an_alert_of_the_sync_is_delivered_when_its_channel_is_up_again(shop: Shop, chat: Inbox) -> None:
    chat.is_down = True
    shop.sync("It was stopped.")
    look(shop)
    look(shop)
    chat.is_down = False
    look(shop)
    look(shop)
    assert chat.titles == ["Amazon sync: failing"]


def test_an_incident_that_ends_while_its_channel_is_down_is_not_told(shop: Shop, chat: Inbox) -> None:
    chat.is_down = True
    shop.sync("It was stopped.")
    look(shop)
    shop.sync()
    chat.is_down = False
    look(shop)
    assert chat.messages == []
