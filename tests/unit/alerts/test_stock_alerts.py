"""Low stock told over real HTTP and SMTP: once, in one message, and again only when something changed."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from amazon_pipeline import state
from amazon_pipeline.alerts.channels import Channel, open_channels
from amazon_pipeline.alerts.messages import stock_message, trial_message
from amazon_pipeline.alerts.rules import Notice, Subject
from tests.state_locations import both_kinds
from tests.unit.alerts.inboxes import TOKEN, Inbox
from tests.unit.alerts.shop import Shop

state_location = both_kinds

LATER = timedelta(hours=2)
START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
UNTOLD = (None, None, False, 0, None, None)
COMING = "120 inbound, next arrival 2026-12-03. Order 300 by 2026-11-20."


def test_many_skus_come_in_one_message_that_says_what_how_many_how_long_what_comes_and_what_to_order(
    shop: Shop, chat: Inbox
) -> None:
    shop.publish({"KETTLE": 0, "MUG": 7, "POT": 3, "LAMP": 50})
    said = shop.tick()
    assert chat.titles == ["Amazon stock: 1 out of stock, 2 low"]
    assert chat.messages[0][1].splitlines() == [
        "Out of stock (1)",
        f"- KETTLE Product KETTLE (Amazon.com): 0 left (threshold 10). {COMING} [1]",
        "",
        "Low (2)",
        f"- POT Product POT (Amazon.com): 3 left (threshold 10). 1.5 days of cover, until 2026-11-23. {COMING} [3]",
        f"- MUG Product MUG (Amazon.com): 7 left (threshold 10). 3.5 days of cover, until 2026-11-23. {COMING} [2]",
    ]
    assert "json 127.0.0.1" in said
    assert "3 changes delivered" in said
    (observation,) = shop.events
    assert "3 changes delivered" in observation.metadata["channels"].value[0]


def test_where_there_are_several_accounts_each_line_says_whose_the_sku_is() -> None:
    """Two accounts with a SKU of one name in one marketplace gave two lines that nobody could tell apart."""
    notices = [
        Notice(n, n, "opened", Subject(seller, "ATVPDKIKX0DER", "MUG"), "low-stock", None, START, START, *UNTOLD)
        for n, seller in enumerate(("A1", "A2"), 1)
    ]
    assert stock_message(notices, {}, owners={"A1": "Europe", "A2": "America"}).body.splitlines()[1:] == [
        "- MUG (Europe, Amazon.com) [1]",
        "- MUG (America, Amazon.com) [2]",
    ]


def test_nothing_is_repeated_while_nothing_changed(shop: Shop, chat: Inbox) -> None:
    shop.publish({"MUG": 7})
    shop.tick()
    for units in (6, 5, 5):
        shop.publish({"MUG": units})
        shop.tick(after=LATER)
        shop.tick(after=LATER)
    assert len(chat.messages) == chat.asked == 1


def test_a_sku_is_told_of_again_when_it_runs_out_and_when_it_recovers_and_when_it_falls_anew(
    shop: Shop, chat: Inbox
) -> None:
    for units in (7, 0, 4, 0, 30, 8):
        shop.publish({"MUG": units})
        shop.tick()
    assert chat.titles == [
        "Amazon stock: 1 low",
        "Amazon stock: 1 out of stock",
        "Amazon stock: 1 out of stock",
        "Amazon stock: 1 over",
        "Amazon stock: 1 low",
    ], "that it is low after having been out is not told"
    assert "was low before" in chat.messages[1][1]
    assert "30 left, not low any more. [1]" in chat.messages[3][1]
    assert "[2]" in chat.messages[4][1], "a new spell is a new alert"


def test_a_sku_that_repeats_another_marketplaces_pool_is_left_out_and_one_that_is_gone_is_over(
    shop: Shop, chat: Inbox
) -> None:
    shop.publish({"MUG": 7, "MUG-CA": 7}, duplicates=("MUG-CA",))
    shop.tick()
    shop.publish({"LAMP": 50})
    shop.tick()
    assert chat.titles == ["Amazon stock: 1 low", "Amazon stock: 1 over"]
    assert "no longer in the inventory" in chat.messages[1][1]


def test_a_channel_that_is_down_for_two_ticks_gets_the_message_once_when_it_is_up(shop: Shop, chat: Inbox) -> None:
    chat.is_down = True
    shop.publish({"MUG": 7})
    first = shop.tick()
    assert "not delivered, the service answered with status 503 (attempt 1, next at 15:01:30 UTC)" in first
    assert "not delivered" not in shop.tick(after=timedelta(seconds=15)), "its wait is not over"
    assert "attempt 2" in shop.tick()
    chat.is_down = False
    assert "1 change delivered" in shop.tick()
    shop.tick(after=LATER)
    assert (chat.asked, chat.titles) == (3, ["Amazon stock: 1 low"])
    assert shop.table("SELECT attempts, delivered_at IS NOT NULL, last_error FROM alert_deliveries") == [(3, 1, None)]


def test_what_came_and_went_while_a_channel_was_down_is_not_told_and_what_got_worse_is_told_as_it_is(
    shop: Shop, chat: Inbox
) -> None:
    chat.is_down = True
    shop.publish({"MUG": 7, "POT": 7})
    shop.tick()
    shop.publish({"MUG": 40, "POT": 0})
    shop.tick()
    chat.is_down = False
    shop.tick(after=LATER)
    assert chat.titles == ["Amazon stock: 1 out of stock"]


def test_a_channel_that_stays_down_is_given_up_after_ten_attempts_and_told_with_the_next_change(
    shop: Shop, chat: Inbox
) -> None:
    chat.is_down = True
    shop.publish({"MUG": 7})
    said = [shop.tick(after=LATER) for _ in range(12)]
    assert "given up until more is to tell" in said[9]
    assert chat.asked == 10
    chat.is_down = False
    shop.publish({"MUG": 7, "POT": 7})
    shop.tick()
    assert chat.titles == ["Amazon stock: 2 low"]


def test_of_two_channels_the_one_that_works_is_not_told_twice(shop: Shop, chat: Inbox, mail: Inbox) -> None:
    shop.urls.append(mail.url)
    chat.is_down = True
    shop.publish({"MUG": 7})
    shop.tick()
    assert (len(chat.messages), len(mail.messages)) == (0, 1)
    chat.is_down = False
    shop.tick()
    shop.tick(after=LATER)
    assert (len(chat.messages), len(mail.messages)) == (1, 1)
    assert chat.titles == mail.titles
    assert mail.messages[0][1].strip() == chat.messages[0][1].strip()


def test_a_mail_server_that_refuses_gets_it_later(shop: Shop, mail: Inbox) -> None:
    shop.urls = [mail.url]
    mail.is_down = True
    shop.publish({"MUG": 7})
    assert "not delivered" in shop.tick()
    mail.is_down = False
    shop.tick()
    assert mail.titles == ["Amazon stock: 1 low"]


def test_a_restart_with_a_lost_cursor_repeats_nothing(shop: Shop, chat: Inbox) -> None:
    shop.publish({"MUG": 7})
    shop.tick()
    shop.cursors.clear()
    shop.tick(after=LATER)
    assert chat.titles == ["Amazon stock: 1 low"]


def test_a_death_between_sending_and_noting_it_waits_before_it_tries_again(shop: Shop, chat: Inbox) -> None:
    shop.publish({"MUG": 7})
    shop.tick()
    _forget_result(shop)
    shop.tick(after=timedelta(seconds=15))
    assert chat.asked == 1
    shop.tick(after=timedelta(minutes=1))
    assert chat.asked == 2


def _forget_result(shop: Shop) -> None:
    """Leave the table as a process does that wrote the intent, sent the message, and died."""
    with state.transaction(shop.settings.state) as connection:
        connection.execute(
            "UPDATE alert_deliveries SET delivered_at = NULL, next_try_at = ?",
            ((shop.now + timedelta(seconds=30)).isoformat(),),
        )


def test_a_channel_added_later_first_hears_of_all_that_is_low_now(shop: Shop, chat: Inbox, mail: Inbox) -> None:
    shop.publish({"MUG": 7, "POT": 3})
    shop.tick()
    shop.publish({"MUG": 40, "POT": 3})
    shop.tick()
    shop.urls.append(mail.url)
    shop.tick()
    assert mail.titles == ["Amazon stock: 1 low"]
    assert len(chat.messages) == 2


def test_without_channels_the_alerts_are_recorded_and_the_event_is_written(shop: Shop) -> None:
    shop.urls = []
    shop.publish({"MUG": 7})
    shop.tick()
    assert shop.table("SELECT seller_sku, level FROM alerts") == [("MUG", "low-stock")]
    assert shop.table("SELECT count(*) FROM alert_deliveries") == [(0,)]


def test_no_secret_of_a_url_reaches_a_log_a_table_or_the_dagster_ui(
    shop: Shop, chat: Inbox, mail: Inbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    password, chat_token = "pass-w0rd", "T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
    closed = f"json://user:{password}@127.0.0.1:9/{TOKEN}"
    shop.urls = [chat.url, closed, f"slack://{chat_token[:9]}", f"nonsense://{password}"]
    chat.is_down = True
    shop.publish({"MUG": 7})
    said = shop.tick() + shop.tick()
    assert "no connection to the service" in said
    assert "Apprise does not know such a URL" in said
    everything = said + caplog.text + shop.everything_written() + repr(shop.settings)
    for secret in (TOKEN, password, chat_token[:9].lower()):
        assert secret not in everything.lower()


def test_the_same_url_twice_is_one_channel() -> None:
    assert len(open_channels([SecretStr("json://a"), SecretStr("json://a"), SecretStr("json://b")])) == 2


def test_a_label_shows_a_host_only_where_the_scheme_has_one() -> None:
    labels = [
        channel.label.rpartition(" (")[0]
        for channel in open_channels([SecretStr(f"{scheme}://token-or-host/x") for scheme in ("jsons", "tgram")])
    ]
    assert labels == ["jsons token-or-host", "tgram"]


def test_a_trial_message_arrives(chat: Inbox) -> None:
    assert Channel("id", "label", SecretStr(chat.url)).send(trial_message()) is None
    assert chat.titles == ["Amazon Pipeline: a trial"]
