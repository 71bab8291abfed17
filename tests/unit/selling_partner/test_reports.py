"""Reports API: a report is asked for, waited for within the budget, and its document fetched by a client of our own."""

from __future__ import annotations

import gzip
import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from amazon_pipeline.errors import (
    BudgetSpent,
    ConnectionFailed,
    DocumentLinkExpired,
    MalformedAnswer,
    ReportNotReady,
    ReportRefused,
    RequestRejected,
    ServiceFailure,
)
from amazon_pipeline.selling_partner.client import SellingPartner
from amazon_pipeline.selling_partner.report_document import Document, download_document
from amazon_pipeline.selling_partner.report_table import MISALIGNED, first_words, read_table
from amazon_pipeline.selling_partner.reports import (
    ORDERS_BY_ORDER_DATE,
    create_report,
    fetch_document,
    get_report,
    wait_for_report,
)
from tests.unit.selling_partner.conftest import ManualClock
from tests.unit.selling_partner.fake_amazon import FakeAmazon, Reply

Connect = Callable[..., SellingPartner]
SIGNATURE = "X-Amz-Signature=S1GNATURE"
TABLE = "amazon-order-id\tsku\tship-city\n1\tMUG\tSpringfield\n"
S3_REFUSAL = Reply(403, b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>")


def state(status: str, **more: Any) -> Reply:
    return Reply(body={"reportId": "50001", "reportType": "T", "createdTime": "x", "processingStatus": status, **more})


def link(amazon: FakeAmazon, name: str = "document", **more: str) -> Reply:
    url = f"{amazon.url}/{name}?{SIGNATURE}"
    return Reply(body={"reportDocumentId": "d1", "url": url, "compressionAlgorithm": "GZIP", **more})


def packed(text: str | bytes, **headers: str) -> Reply:
    content = text.encode() if isinstance(text, str) else text
    return Reply(body=gzip.compress(content), headers={"Content-Type": "text/plain;charset=UTF-8", **headers})


def rows(document: Document) -> list[dict[str, str]]:
    return list(read_table(document, required=("amazon-order-id", "sku"), kept={"amazon-order-id", "sku"}))


def plain(content: bytes, charset: str | None = None) -> Document:
    return Document(content, is_gzip=False, charset=charset)


def test_a_report_is_asked_for_in_a_json_body_and_accepted_with_202(connect: Connect, amazon: FakeAmazon) -> None:
    amazon.replies = [Reply(202, {"reportId": "50001"})]
    month = (datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 31, tzinfo=UTC))
    found = create_report(connect(), ORDERS_BY_ORDER_DATE, marketplace_ids=["M", "N"], span=month)
    assert found == "50001"
    (seen,) = amazon.requests
    assert (seen.method, seen.path, seen.query) == ("POST", "/reports/2021-06-30/reports", {})
    assert json.loads(seen.content) == {
        "reportType": ORDERS_BY_ORDER_DATE,
        "marketplaceIds": ["M", "N"],
        "dataStartTime": "2026-10-01T00:00:00Z",
        "dataEndTime": "2026-10-31T00:00:00Z",
    }


def test_an_answer_without_a_report_id_is_asked_for_again_and_is_no_success(
    connect: Connect, amazon: FakeAmazon
) -> None:
    amazon.replies = [Reply(202, {})]
    now = datetime(2026, 10, 1, tzinfo=UTC)
    with pytest.raises(MalformedAnswer, match="reportId"):
        create_report(connect(), ORDERS_BY_ORDER_DATE, marketplace_ids=["M"], span=(now, now))
    assert len(amazon.requests) == 4


def test_a_report_is_looked_at_in_growing_intervals_until_amazon_is_done(
    connect: Connect, amazon: FakeAmazon, clock: ManualClock
) -> None:
    amazon.replies = [state("IN_QUEUE"), state("IN_PROGRESS"), state("DONE", reportDocumentId="d1")]
    assert wait_for_report(connect(), "50001", is_patient=True).document_id == "d1"
    assert clock.slept == [5.0, 7.5]
    assert {seen.path for seen in amazon.requests} == {"/reports/2021-06-30/reports/50001"}
    assert all(seen.query == {} for seen in amazon.requests)


def test_a_report_that_is_never_done_ends_with_the_budget_and_not_as_a_failure(
    connect: Connect, amazon: FakeAmazon, clock: ManualClock
) -> None:
    amazon.replies = [state("IN_QUEUE")]
    with pytest.raises(ReportNotReady, match="IN_QUEUE") as caught:
        wait_for_report(connect(budget_seconds=300), "50001", is_patient=True)
    assert isinstance(caught.value, BudgetSpent)
    assert 200 < sum(clock.slept) <= 300
    assert max(clock.slept) <= 60


def test_without_patience_a_report_is_looked_at_once(connect: Connect, amazon: FakeAmazon, clock: ManualClock) -> None:
    amazon.replies = [state("IN_PROGRESS")]
    with pytest.raises(ReportNotReady):
        wait_for_report(connect(), "50001", is_patient=False)
    assert (len(amazon.requests), clock.slept) == (1, [])


def test_a_report_amazon_no_longer_has_is_told_from_one_that_is_late(connect: Connect, amazon: FakeAmazon) -> None:
    amazon.replies = [Reply(404, {"errors": [{"code": "NotFound", "message": "no such report"}]})]
    with pytest.raises(RequestRejected) as caught:
        get_report(connect(), "50001")
    assert caught.value.status == 404


def test_a_report_that_is_done_and_has_no_document_is_malformed(connect: Connect, amazon: FakeAmazon) -> None:
    amazon.replies = [state("DONE")]
    with pytest.raises(MalformedAnswer, match="no document"):
        get_report(connect(), "50001")


def test_a_document_is_fetched_without_the_access_token(connect: Connect, amazon: FakeAmazon) -> None:
    amazon.replies = [link(amazon), packed(TABLE)]
    assert rows(fetch_document(connect(), "d1")) == [{"amazon-order-id": "1", "sku": "MUG"}]
    asked, fetched = amazon.requests
    assert asked.path == "/reports/2021-06-30/documents/d1"
    assert "x-amz-access-token" in asked.headers
    assert not {name for name in fetched.headers if name.startswith("x-amz")}
    assert "S3CRET" not in str(fetched.headers)


def test_an_expired_link_is_asked_for_anew(connect: Connect, amazon: FakeAmazon) -> None:
    amazon.replies = [link(amazon, "first"), S3_REFUSAL, link(amazon, "second"), packed(TABLE)]
    assert rows(fetch_document(connect(), "d1"))
    assert [seen.path for seen in amazon.requests][1::2] == ["/first", "/second"]


def test_the_page_of_an_expired_link_is_never_the_document(connect: Connect, amazon: FakeAmazon) -> None:
    """The library takes S3's 403 for the report."""
    amazon.replies = [link(amazon), S3_REFUSAL] * 3
    with pytest.raises(DocumentLinkExpired):
        fetch_document(connect(), "d1")


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(503, b"<Error><Code>SlowDown</Code></Error>"), ServiceFailure),
        (Reply(302, b"", {"Location": "https://example.test/"}), MalformedAnswer),
        (Reply(body=gzip.compress(TABLE.encode()), fault="truncate"), ConnectionFailed),
        (Reply(fault="reset"), ConnectionFailed),
        (Reply(body=TABLE.encode()), MalformedAnswer),
    ],
    ids=["busy", "redirect", "cut off", "reset", "not compressed"],
)
def test_what_is_no_document_is_a_typed_failure_that_does_not_show_the_link(
    reply: Reply, error: type[Exception], amazon: FakeAmazon
) -> None:
    amazon.replies = [reply]
    with pytest.raises(error) as caught:
        download_document(f"{amazon.url}/document?{SIGNATURE}", "GZIP")
    assert "S1GNATURE" not in str(caught.value)
    assert caught.value.__context__ is None or caught.value.__suppress_context__, "httpx's error may quote it"


def test_no_log_at_any_level_shows_the_link(
    connect: Connect, amazon: FakeAmazon, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client = connect()  # quietens the loggers that would show it
    amazon.replies = [link(amazon), S3_REFUSAL, link(amazon), packed(TABLE)]
    fetch_document(client, "d1")
    assert "S1GNATURE" not in caplog.text
    assert "S1GNATURE" not in repr(client)


def test_a_link_that_is_not_https_is_not_followed_but_on_this_machine() -> None:
    with pytest.raises(MalformedAnswer, match="https"):
        download_document("http://example.test/document", None)


def test_an_archive_that_ends_early_is_a_failure_and_no_shorter_report() -> None:
    content = gzip.compress(TABLE.encode() * 1000)[:-20]
    with pytest.raises(MalformedAnswer, match="cut off"):
        rows(Document(content, is_gzip=True, charset="UTF-8"))


@pytest.mark.parametrize(
    ("encoding", "charset"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8", None),
        ("utf-8-sig", "utf-8"),
        ("cp1252", "Cp1252"),
        ("cp1252", "ISO-8859-1"),
        ("cp1252", None),
        ("cp1252", "utf-8"),
        ("utf-8", "no-such-charset"),
    ],
)
def test_a_document_reads_in_its_charset_or_else_in_the_first_that_fits(encoding: str, charset: str | None) -> None:
    table = "amazon-order-id\tsku\n1\tTasse “Été” 12 €\n"
    assert rows(plain(table.encode(encoding), charset))[0]["sku"] == "Tasse “Été” 12 €"


def test_japanese_documents_read_in_the_wider_form_of_their_charset() -> None:
    table = "amazon-order-id\tsku\n1\t湯呑み①\n"
    assert rows(plain(table.encode("cp932"), "Shift_JIS"))[0]["sku"] == "湯呑み①"


def test_a_byte_no_charset_knows_spoils_one_character_and_not_the_report() -> None:
    assert rows(plain(b"amazon-order-id\tsku\n1\tA\x81B\n"))[0]["sku"] == "A\ufffdB"


def test_a_sentence_where_a_table_should_be_is_quoted() -> None:
    with pytest.raises(ReportRefused, match="The date range you requested is longer than 30 days"):
        rows(plain(b"The date range you requested is longer than 30 days."))


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"<html><body>Sorry</body></html>", "HTML"), (b"", "empty document"), (b"a\tb\nx\ty\n", "amazon-order-id, sku")],
)
def test_what_is_no_table_is_said(content: bytes, words: str) -> None:
    with pytest.raises(ReportRefused, match=words):
        rows(plain(content))


def test_a_first_line_that_may_be_somebodys_order_is_not_quoted() -> None:
    with pytest.raises(ReportRefused) as caught:
        rows(plain(b"111-1\tMUG\tSpringfield\n"))
    assert "Springfield" not in str(caught.value)


def test_a_header_without_lines_is_a_report_without_rows() -> None:
    assert rows(plain(b"amazon-order-id\tsku\tship-city\r\n")) == []


def test_only_the_kept_columns_are_read_and_empty_cells_are_not_there() -> None:
    table = b"\xef\xbb\xbfAmazon-Order-Id\tship-city\tsku\r\n1\tSpringfield\tMUG\r\n2\tSpringfield\t\r\n\r\n"
    assert rows(plain(table)) == [{"amazon-order-id": "1", "sku": "MUG"}, {"amazon-order-id": "2"}]


def test_a_line_with_a_stray_tab_keeps_nothing_but_its_order() -> None:
    """Behind a stray tab the city stands in the column of the SKU."""
    (line,) = rows(plain(b"amazon-order-id\tship-city\tsku\n1\tSpring\tfield\tMUG\n"))
    assert line == {"amazon-order-id": "1", MISALIGNED: "the line has 4 cells, the header 3"}


def test_the_words_of_a_failed_report_are_shown_without_what_may_be_a_secret() -> None:
    token = "A" * 60
    assert first_words(plain(f"Too many\nrequests {token}".encode())) == "Too many requests [redacted]"
