"""Landed pages are atomic, immutable, readable back, and hold the cursor."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from pathlib import Path

import pytest

from amazon_pipeline.errors import LandingCorrupt
from amazon_pipeline.landing import Landing
from tests.amazon_answers import NOON, SELLER, land_orders, order


def test_a_page_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    batch = land_orders(tmp_path, order("111-1"))
    page = batch.read_page(1)
    assert page.body["orders"][0]["orderId"] == "111-1"
    assert page.received_at == NOON
    assert page.request_id == "request-1"


def test_the_last_page_of_an_open_batch_holds_the_token_to_go_on_with(tmp_path: Path) -> None:
    batch = Landing(tmp_path, SELLER).open_batch("orders", source="amazon", at=NOON, params={"window_start": NOON})
    batch.write_page(
        number=1,
        operation="searchOrders",
        params={"lastUpdatedAfter": "x"},
        received_at=NOON,
        request_id=None,
        next_token="token-2",
        body={"orders": []},
    )
    found = Landing(tmp_path, SELLER).batches("orders")[0]
    last = found.last_page()
    assert last is not None
    assert (last.next_token, last.params) == ("token-2", {"lastUpdatedAfter": "x"})
    assert found.manifest.status == "open"


def test_batches_come_oldest_first_and_can_start_at_a_day(tmp_path: Path) -> None:
    for day in (3, 1, 2):
        land_orders(tmp_path, at=NOON + timedelta(days=day))
    landing = Landing(tmp_path, SELLER)
    opened = [batch.manifest.opened_at for batch in landing.batches("orders")]
    assert opened == sorted(opened)
    assert len(landing.batches("orders", since=(NOON + timedelta(days=2)).date())) == 2


def test_a_closed_batch_lists_its_pages_with_their_hashes(tmp_path: Path) -> None:
    batch = land_orders(tmp_path, order("111-1"))
    manifest = json.loads((batch.directory / "manifest.json").read_text())
    assert manifest["status"] == "complete"
    assert manifest["pages"][0]["bytes"] == batch.page_path(1).stat().st_size


def test_a_corrupt_page_is_named(tmp_path: Path) -> None:
    batch = land_orders(tmp_path, order("111-1"))
    batch.page_path(1).write_bytes(batch.page_path(1).read_bytes()[:20])
    with pytest.raises(LandingCorrupt, match="page-00001"):
        batch.read_page(1)


def test_a_corrupt_manifest_is_named(tmp_path: Path) -> None:
    batch = land_orders(tmp_path, order("111-1"))
    (batch.directory / "manifest.json").write_text("<html>")
    (found,) = Landing(tmp_path, SELLER).batches("orders")
    assert (found.id, found.manifest.status) == (batch.id, "unreadable")
    assert str(batch.directory / "manifest.json") in found.manifest.facts["why"]


def test_a_directory_whose_opening_was_cut_off_is_ignored(tmp_path: Path) -> None:
    batch = land_orders(tmp_path, order("111-1"))
    (batch.directory / "manifest.json").unlink()
    assert Landing(tmp_path, SELLER).batches("orders") == []


def test_no_temporary_file_stays(tmp_path: Path) -> None:
    land_orders(tmp_path, order("111-1"))
    assert not [path for path in tmp_path.rglob(".*") if path.is_file()]


PLANTED = "Jane Doe, 12 Secret Street, jane.doe@example.com, +1 555 0100"


def test_personal_data_in_any_field_we_did_not_ask_for_never_reaches_the_disk(tmp_path: Path) -> None:
    body = order(
        "111-1",
        buyer={"buyerName": PLANTED, "buyerEmail": PLANTED},
        recipient={"deliveryAddress": {"name": PLANTED, "addressLine1": PLANTED, "phone": PLANTED}},
        payment={"paymentExecutions": [{"cardBrand": PLANTED}]},
        tax={"taxRegistrations": [{"legalName": PLANTED}]},
        packages=[{"shipFromAddress": {"name": PLANTED}}],
        aFieldOfTomorrow={"nested": [PLANTED]},
    )
    item = body["orderItems"][0]
    item["fulfillment"]["packing"] = {"giftOption": {"giftMessage": PLANTED}}
    item["product"]["customization"] = {"customizedUrl": PLANTED}
    item["cancellation"] = {"cancellationRequest": {"requester": "BUYER", "cancelReason": PLANTED}}
    batch = land_orders(tmp_path, body)
    text = gzip.decompress(batch.page_path(1).read_bytes()).decode()
    assert "Jane" not in text
    assert "jane.doe" not in text
    assert "555 0100" not in text
    assert "111-1" in text


def test_an_email_address_in_a_title_is_blotted_out(tmp_path: Path) -> None:
    body = order("111-1")
    body["orderItems"][0]["product"]["title"] = "Mug for jane.doe@example.com"
    batch = land_orders(tmp_path, body)
    assert batch.read_page(1).body["orders"][0]["orderItems"][0]["product"]["title"] == "Mug for [e-mail removed]"
