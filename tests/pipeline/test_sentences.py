"""What a manager reads when a sync fails names files without telling where on the machine they lie."""

from __future__ import annotations

from pathlib import Path

from amazon_pipeline.defs.session import without_directories
from amazon_pipeline.settings import Settings
from amazon_pipeline.warehouse import open_warehouse
from tests.pipeline.seller import running_seller


def test_a_file_is_named_as_it_lies_in_the_data_directory(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, AMAZON_DATA_DIR=tmp_path)  # type: ignore[call-arg]
    sentence = (
        f"The working file {settings.warehouse_path} is held by another program (Conflicting lock is held in "
        "/usr/local/bin/python3.11 (PID 7))."
    )
    assert without_directories(sentence, settings) == (
        "The working file private/warehouse.duckdb is held by another program (Conflicting lock is held in "
        "python3.11 (PID 7))."
    )


def test_an_address_on_the_web_stays_whole(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, AMAZON_DATA_DIR=tmp_path)  # type: ignore[call-arg]
    sentence = "See https://developer-docs.amazon.com/sp-api/docs or /docs/integrations/amazon-sp-api-setup."
    assert without_directories(sentence, settings) == sentence


def test_a_damaged_working_file_is_told_of_without_its_directory(tmp_path: Path) -> None:
    with running_seller(tmp_path, quota_speed=1000) as seller:
        assert seller.sync().success
        with open_warehouse(seller.settings.warehouse_path):
            pass
        seller.settings.warehouse_path.write_bytes(b"no database")
        assert not seller.sync().success
        (told,) = [event.data for event in seller.events if event.event == "amazon-sync-error"]
        assert "private/warehouse.duckdb" in told
        assert str(tmp_path) not in told
