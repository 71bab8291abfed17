"""``ALERT_URLS`` as a setting, and the state file of a version before it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from amazon_pipeline import state
from amazon_pipeline.cli import main
from amazon_pipeline.errors import SettingsError
from amazon_pipeline.settings import Settings, load_settings


def urls(text: str) -> list[str]:
    settings = Settings(_env_file=None, ALERT_URLS=text)  # type: ignore[call-arg]
    return [url.get_secret_value() for url in settings.alert_urls]


def test_a_comma_within_a_url_is_part_of_it() -> None:
    assert urls("mailto://u:p@h?to=a@x.com,b@x.com, json://host/x ,slack://a/b/c") == [
        "mailto://u:p@h?to=a@x.com,b@x.com",
        "json://host/x",
        "slack://a/b/c",
    ]
    assert urls(" ") == urls("") == []


def test_what_is_no_url_is_refused_without_being_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALERT_URLS", "h0st-and-s3cret,json://host")
    with pytest.raises(SettingsError, match=r"ALERT_URLS: must be URLs .* number 1 is not one") as refused:
        load_settings(env_file=None)
    assert "s3cret" not in str(refused.value)


def test_a_state_file_made_before_there_were_alerts_gets_their_tables_and_keeps_its_own(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    with closing(state.connect(path)) as connection:
        connection.execute("INSERT INTO events (event, data, created_at) VALUES ('e', '{}', '')")
        connection.execute("DROP TABLE alert_deliveries")
        connection.execute("PRAGMA user_version=1")
    with closing(state.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM events").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM alert_deliveries").fetchone() == (0,)


def test_the_command_says_what_is_wrong_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AMAZON_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("ALERT_URLS", raising=False)
    assert main(["alerts"]) == 0
    assert capsys.readouterr().out == "0 open. Channels: none (ALERT_URLS is not set).\n"
    assert main(["alerts", "ack", "MUG", "--marketplace", "ATVPDKIKX0DER"]) == 1
    assert main(["alerts", "snooze", "MUG", "--until", "2026-12-01"]) == 1
    assert main(["alerts", "test"]) == 1
    errors = capsys.readouterr().err.splitlines()
    assert errors[0].startswith("amazon-pipeline: No alert of MUG in ATVPDKIKX0DER is open.")
    assert errors[1:] == ["amazon-pipeline: The published inventory has no SKU MUG."]
