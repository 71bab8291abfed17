"""``amazon-pipeline alerts``: what is open, silence, and a trial."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from amazon_pipeline.commands.alerts import NothingToSilence, acknowledge, list_alerts, snooze, try_channels
from tests.amazon_answers import CA, US
from tests.unit.alerts.inboxes import TOKEN, Inbox
from tests.unit.alerts.shop import Shop

DAY = timedelta(days=1)


def silent(_line: str) -> None:
    """Nobody at the terminal."""


def test_an_acknowledged_sku_is_silent_until_it_gets_worse(shop: Shop, chat: Inbox) -> None:
    shop.publish({"MUG": 7})
    shop.tick()
    acknowledge(shop.settings, "MUG", "", silent)
    shop.publish({"MUG": 3})
    shop.tick()
    assert len(chat.messages) == 1
    shop.publish({"MUG": 0})
    shop.tick()
    assert chat.titles[1:] == ["Amazon stock: 1 out of stock"]


def test_what_was_acknowledged_as_out_is_told_when_it_is_out_again(shop: Shop, chat: Inbox) -> None:
    shop.publish({"MUG": 0})
    shop.tick()
    acknowledge(shop.settings, "MUG", US, silent)
    for units in (5, 0):
        shop.publish({"MUG": units})
        shop.tick()
    assert chat.titles == ["Amazon stock: 1 out of stock"] * 2


def test_the_recovery_of_an_acknowledged_sku_is_not_told_but_its_next_fall_is(shop: Shop, chat: Inbox) -> None:
    shop.publish({"MUG": 7})
    shop.tick()
    acknowledge(shop.settings, "MUG", "", silent)
    for units in (40, 5):
        shop.publish({"MUG": units})
        shop.tick()
    assert chat.titles == ["Amazon stock: 1 low"] * 2


def test_a_snoozed_sku_is_left_out_until_its_day_and_told_then_as_it_is(shop: Shop, chat: Inbox) -> None:
    shop.publish({"MUG": 40, "POT": 40})
    shop.tick()
    snooze(shop.settings, "MUG", "", date(2026, 11, 22), silent)
    shop.publish({"MUG": 7, "POT": 7})
    shop.tick()
    shop.publish({"MUG": 0, "POT": 7})
    shop.tick(after=DAY)
    assert "MUG" not in chat.messages[0][1]
    assert len(chat.messages) == 1
    shop.tick(after=DAY)
    assert chat.titles[1:] == ["Amazon stock: 1 out of stock"]


def test_a_recovery_within_a_snooze_is_not_told_afterwards(shop: Shop, chat: Inbox) -> None:
    shop.publish({"MUG": 7})
    shop.tick()
    snooze(shop.settings, "MUG", US, date(2026, 11, 22), silent)
    shop.publish({"MUG": 70})
    shop.tick()
    shop.tick(after=3 * DAY)
    assert len(chat.messages) == 1


def test_a_snooze_to_a_day_that_has_come_ends_it(shop: Shop, chat: Inbox) -> None:
    shop.publish({"MUG": 7})
    snooze(shop.settings, "MUG", US, date(2027, 1, 1), silent)
    shop.tick()
    assert chat.messages == []
    snooze(shop.settings, "MUG", "", date(2026, 11, 20), silent)
    shop.tick()
    assert len(chat.messages) == 1


def test_a_sku_that_is_not_there_is_a_sentence(shop: Shop) -> None:
    shop.publish({"MUG": 7})
    with pytest.raises(NothingToSilence, match="No alert of MUG is open"):
        acknowledge(shop.settings, "MUG", "", silent)
    with pytest.raises(NothingToSilence, match="has no SKU CUP"):
        snooze(shop.settings, "CUP", "", date(2026, 12, 1), silent)
    with pytest.raises(NothingToSilence, match=f"has no SKU MUG in {CA}"):
        snooze(shop.settings, "MUG", CA, date(2026, 12, 1), silent)


def test_the_list_says_what_is_open_who_was_told_and_what_is_silent(shop: Shop, chat: Inbox) -> None:
    shop.publish({"MUG": 7, "POT": 0})
    shop.tick()
    shop.sync("It was stopped.")
    chat.is_down = True
    shop.tick("sync_incidents")
    acknowledge(shop.settings, "POT", "", silent)
    lines: list[str] = []
    assert list_alerts(shop.settings, lines.append)
    label = shop.table("SELECT max(label) FROM alert_deliveries")[0][0]
    assert lines == [
        f"[1] low-stock: MUG ({US}), since 2026-11-20 15:01 UTC, 7 left",
        f"    {label}: told at 2026-11-20 15:01 UTC",
        f"[2] out-of-stock: POT ({US}), since 2026-11-20 15:01 UTC, 0 left, acknowledged as out-of-stock",
        f"    {label}: told at 2026-11-20 15:01 UTC",
        "[3] sync: the sync, since 2026-11-20 15:01 UTC",
        f"    {label}: not told, the service answered with status 503",
        f"3 open. Channels: {label}.",
    ]
    assert TOKEN not in "".join(lines)


def test_a_trial_goes_to_every_channel_and_says_which_took_it(shop: Shop, chat: Inbox, mail: Inbox) -> None:
    shop.urls.append(mail.url)
    assert try_channels(shop.settings, silent)
    assert chat.titles == mail.titles == ["Amazon Pipeline: a trial"]
    mail.is_down = True
    lines: list[str] = []
    assert not try_channels(shop.settings, lines.append)
    assert [line.endswith(": ok") for line in lines] == [True, False]


def test_without_channels_a_trial_fails(shop: Shop) -> None:
    shop.urls = []
    assert not try_channels(shop.settings, silent)
