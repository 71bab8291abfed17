"""The cache, the published file under it, and what happens when a new one comes."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta
from pathlib import Path

import duckdb
import httpx
import pytest

from api.app import create_app
from api.models import ErrorBody
from api.pages import Page, PageCache
from api.snapshot import SnapshotStore
from tests.api.application import DATA_PATHS, Client, Clock, body_of, serving, settings_for
from tests.api.published_account import NOW, Published, item, small_account

EXECUTIVE, INVENTORY = DATA_PATHS[:2]


def inventory_of(*skus: str) -> dict[str, list[object]]:
    return {"inventory": [item(sku, 5) for sku in skus]}


def skus(client: Client) -> list[str]:
    return [entry["sku"] for entry in body_of(client, INVENTORY)["items"]]


@pytest.mark.parametrize("path", DATA_PATHS)
def test_an_answer_has_an_etag_and_is_not_sent_twice(path: str, client: Client, published: Published) -> None:
    before = client.get(path)
    assert client.get(path, headers={"If-None-Match": before.headers["etag"]}).status_code == 304
    published.publish()
    first = client.get(path, headers={"If-None-Match": before.headers["etag"]})
    assert first.status_code == 200
    assert first.headers["etag"].startswith('W/"1-')
    assert first.headers["cache-control"] == "private, no-cache"
    assert {name.strip() for name in first.headers["vary"].split(",")} >= {"Accept-Encoding", "Cookie", "Authorization"}
    for given in (first.headers["etag"], f'"other", {first.headers["etag"]}', "*", first.headers["etag"][2:]):
        again = client.get(path, headers={"If-None-Match": given})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
    assert client.get(path).content == first.content  # made once: the timestamp is the same


def test_another_question_has_another_etag_and_the_same_in_other_words_the_same(
    client: Client, published: Published
) -> None:
    published.publish()
    plain = client.get(INVENTORY).headers["etag"]
    assert client.get(f"{INVENTORY}?limit=5").headers["etag"] != plain
    assert client.get(f"{INVENTORY}?limit=100&q=").headers["etag"] == plain


def test_a_body_is_compressed_for_those_who_take_it(client: Client, published: Published) -> None:
    published.publish()
    for _ in ("made", "kept"):
        packed = client.get(INVENTORY, headers={"Accept-Encoding": "gzip, br"})
        assert packed.headers["content-encoding"] == "gzip"
        plain = client.get(INVENTORY, headers={"Accept-Encoding": "gzip;q=0"})
        assert "content-encoding" not in plain.headers
        assert packed.content == plain.content


def test_a_new_published_file_is_seen_at_the_next_request(client: Client, published: Published) -> None:
    published.publish(inventory_of("FIRST"))
    assert skus(client) == ["FIRST"]
    published.publish(inventory_of("SECOND"))
    assert skus(client) == ["SECOND"]


def test_a_data_directory_that_begins_again_has_other_etags(client: Client, published: Published) -> None:
    """Publication ids count from 1 again then: only the id in the ETag would let a browser keep the old body."""
    published.publish()
    etag = client.get(EXECUTIVE).headers["etag"]
    published.number = 0
    rows = small_account()
    published.link.unlink()
    assert client.get(EXECUTIVE).json()["data"]["metadata"]["asOf"] is None
    (published.data_dir / "published" / "amazon-1.duckdb").unlink()
    published.publish(rows, published_at=NOW - timedelta(seconds=5))
    assert client.get(EXECUTIVE, headers={"If-None-Match": etag}).status_code == 200


@pytest.mark.parametrize("path", [*DATA_PATHS, "/ready"])
def test_a_file_that_cannot_be_read_is_said_so_and_recovers_without_restart(
    path: str, client: Client, published: Published
) -> None:
    good = published.publish()
    assert client.get(path).status_code == 200
    published.publish_bytes(b"this is no database" * 1000)
    response = client.get(path)
    assert response.status_code == 503
    body = ErrorBody.model_validate_json(response.text, strict=True)
    assert body.retryable is True
    assert str(published.data_dir) not in response.text
    published.point_to(good)
    assert client.get(path).status_code == 200


def test_a_file_without_its_tables_or_a_dangling_link_cannot_be_read(client: Client, published: Published) -> None:
    empty = published.publish()
    empty.unlink()
    assert client.get(INVENTORY).status_code == 503
    with duckdb.connect(str(empty)) as connection:
        connection.execute("CREATE TABLE other (x INTEGER)")
    assert client.get(INVENTORY).status_code == 503


def test_a_table_that_breaks_while_it_is_read_is_a_503_and_not_a_500(client: Client, published: Published) -> None:
    path = published.publish()
    with duckdb.connect(str(path)) as connection:
        connection.execute("DROP TABLE mart.stock_transitions")
    assert client.get("/api/v1/dashboard/alerts").status_code == 503
    assert client.get(INVENTORY).status_code == 200


def test_a_file_written_over_in_place_is_read_anew(client: Client, published: Published) -> None:
    path = published.publish(inventory_of("FIRST"))
    assert skus(client) == ["FIRST"]
    other = published.publish(inventory_of("SECOND", "THIRD"))
    published.point_to(path)
    assert skus(client) == ["FIRST"]
    path.write_bytes(other.read_bytes())
    assert skus(client) == ["SECOND", "THIRD"]


def test_ready_only_once_something_is_published(client: Client, published: Published) -> None:
    assert client.get("/health").json() == {"status": "ok"}
    response = client.get("/ready")
    assert response.status_code == 503
    assert ErrorBody.model_validate_json(response.text, strict=True).retryable is True
    published.publish()
    assert client.get("/ready").status_code == 200


def test_cursors_walk_every_row_once(client: Client, published: Published) -> None:
    published.publish({"inventory": [item(f"SKU-{number:03}", number % 7) for number in range(101)]})
    seen: list[str] = []
    cursor = None
    while True:
        page = body_of(client, INVENTORY, limit=10, **({"cursor": cursor} if cursor else {}))
        assert page["total"] == 101
        seen += [entry["sku"] for entry in page["items"]]
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert len(seen) == 101
    assert len(set(seen)) == 101


def test_a_cursor_says_when_the_data_has_moved_on(client: Client, published: Published) -> None:
    published.publish()
    cursor = body_of(client, INVENTORY, limit=1)["nextCursor"]
    assert len(body_of(client, INVENTORY, limit=2, cursor=cursor)["items"]) == 2
    published.publish()
    response = client.get(INVENTORY, params={"limit": 1, "cursor": cursor})
    assert response.status_code == 409
    body = ErrorBody.model_validate_json(response.text, strict=True)
    assert (body.error, body.retryable) == ("data-moved-on", True)


def test_a_cursor_is_good_only_for_the_question_it_came_from(client: Client, published: Published) -> None:
    published.publish()
    cursor = body_of(client, INVENTORY, limit=1)["nextCursor"]
    for path, other, named in (
        (INVENTORY, {"status": "alert"}, "cursor"),
        ("/api/v1/dashboard/alerts", {"limit": "1"}, "cursor"),
        (INVENTORY, {"limit": "1", "offset": "1"}, "offset"),
    ):
        response = client.get(path, params={"cursor": cursor, **other})
        assert response.status_code == 422
        assert f'"{named}"' in response.json()["message"]


def test_a_page_asked_for_by_many_at_once_is_made_once(client: Client, published: Published) -> None:
    published.publish()
    answers = client.together(*[EXECUTIVE] * 20)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1


def test_the_cache_is_bounded_in_pages_and_bytes() -> None:
    async def fill(cache: PageCache, count: int) -> None:
        for number in range(count):

            async def make() -> Page:
                return Page(b"x" * 100, etag='W/"1"', good_until=None)

            await cache.get_or_make(("/", str(number).encode()), NOW, make)

    few = PageCache(max_pages=3)
    asyncio.run(fill(few, 10))
    assert len(few) == 3
    assert few.get(("/", b"9"), NOW) is not None
    small = PageCache(max_bytes=500)
    asyncio.run(fill(small, 10))
    assert len(small) == 2


def test_a_snapshot_stays_open_until_its_last_reader_is_done(published: Published) -> None:
    async def scenario() -> None:
        store = SnapshotStore(published.link)
        published.publish(inventory_of("FIRST"))
        first = await store.current()
        assert first is not None
        with first.hold():
            published.publish(inventory_of("SECOND"))
            second = await store.current()
            assert second is not None
            assert second is not first
            assert not first.closed.is_set()
            assert first.database().execute("SELECT seller_sku FROM mart.inventory").fetchall() == [("FIRST",)]
        assert first.closed.is_set()
        assert second.database().execute("SELECT seller_sku FROM mart.inventory").fetchall() == [("SECOND",)]
        store.close()
        assert second.closed.is_set()

    asyncio.run(scenario())


def test_the_published_file_cannot_be_a_way_out(published: Published) -> None:
    async def scenario() -> None:
        store = SnapshotStore(published.link)
        published.publish()
        snapshot = await store.current()
        assert snapshot is not None
        for sql in (
            "SELECT * FROM read_text('/etc/hostname')",
            "ATTACH ':memory:' AS other; COPY mart.orders TO 'out.csv'",
            "SET enable_external_access = true",
            "CREATE TABLE mart.mine (x INTEGER)",
        ):
            with pytest.raises(duckdb.Error):
                snapshot.database().execute(sql)
        store.close()

    asyncio.run(scenario())


def test_no_request_fails_or_mixes_two_states_while_new_files_are_published(
    published: Published, clock: Clock, tmp_path: Path
) -> None:
    """Each file's summary and its one item carry the same number."""

    def publish(number: int) -> None:
        summary = {**small_account()["inventory_summary"][0], "total_quantity": number}
        old = published.link.resolve()
        published.publish({"inventory": [item("SKU", number)], "inventory_summary": [summary]})
        if number > 1:
            old.unlink()

    publish(1)
    app = create_app(settings_for(published.data_dir), clock=clock)
    problems: list[str] = []
    numbers: list[int] = []
    done = threading.Event()

    def read(url: str) -> None:
        with httpx.Client(base_url=url) as http:
            while not done.is_set():
                answer = http.get(INVENTORY)
                if answer.status_code != 200:
                    problems.append(answer.text)
                    continue
                data = answer.json()["data"]
                numbers.append(data["summary"]["totalQuantity"])
                if data["items"][0]["fulfillableQuantity"] != numbers[-1]:
                    problems.append(answer.text)

    with serving(app) as running:
        readers = [threading.Thread(target=read, args=(running.url,)) for _ in range(3)]
        for reader in readers:
            reader.start()
        for number in range(2, 9):
            publish(number)
        last = httpx.get(running.url + INVENTORY).json()["data"]["summary"]["totalQuantity"]
        done.set()
        for reader in readers:
            reader.join()
    assert problems == []
    assert last == 8
    assert len(set(numbers)) > 1
