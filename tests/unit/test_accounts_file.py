"""The file of AMAZON_ACCOUNTS: what it may say, and what people are told when it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from amazon_pipeline.errors import CredentialsMissing, SettingsError
from amazon_pipeline.settings import Settings, load_settings

TWO = """
[[accounts]]
name = "Europe"
seller_id = "A1EUROPE"
region = "eu-west-1"
refresh_token_env = "TOKEN_OF_EUROPE"
marketplace_ids = ["A1F83G8C2ARO7P"]

[[accounts]]
name = "America"
seller_id = "A2AMERICA"
region = "us-east-1"
refresh_token = "Atzr|america"
lwa_app_id = "amzn1.application-oa2-client.america"
lwa_client_secret = "secret-of-america"
"""


def settings_of(directory: Path, text: str, **variables: str) -> Settings:
    path = directory / "accounts.toml"
    path.write_text(text, encoding="utf-8")
    return Settings(_env_file=None, AMAZON_ACCOUNTS=path, **variables)  # type: ignore[arg-type]


def test_each_account_has_settings_of_its_own_and_shares_the_rest(tmp_path: Path) -> None:
    settings = settings_of(
        tmp_path,
        TWO,
        AMAZON_LWA_APP_ID="amzn1.application-oa2-client.shared",
        AMAZON_LWA_CLIENT_SECRET="secret-of-all",
        AMAZON_SYNC_BUDGET_SECONDS="77",
    ).with_variables({"TOKEN_OF_EUROPE": "Atzr|europe"})
    europe, america = settings.accounts
    found = europe.settings.credentials()
    assert (europe.name, found.seller_id, europe.settings.region) == ("Europe", "A1EUROPE", "eu-west-1")
    assert found.refresh_token.get_secret_value() == "Atzr|europe"
    assert found.lwa_client_secret.get_secret_value() == "secret-of-all"
    assert europe.settings.marketplace_ids == ("A1F83G8C2ARO7P",)
    assert europe.settings.sp_api_endpoint == "https://sellingpartnerapi-eu.amazon.com"
    assert europe.settings.sync_budget_seconds == 77
    assert america.settings.credentials().lwa_client_secret.get_secret_value() == "secret-of-america"
    assert settings.seller_ids == ("A1EUROPE", "A2AMERICA")


def test_the_variables_may_stand_in_the_dotenv_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings_of(tmp_path, TWO)
    monkeypatch.setenv("AMAZON_ACCOUNTS", str(tmp_path / "accounts.toml"))
    (tmp_path / ".env").write_text("TOKEN_OF_EUROPE=Atzr|from-dotenv\n", encoding="utf-8")
    europe, _ = load_settings(tmp_path / ".env").accounts
    assert europe.settings.refresh_token is not None
    assert europe.settings.refresh_token.get_secret_value() == "Atzr|from-dotenv"


def test_an_account_without_its_secrets_is_named_and_leaves_the_others_usable(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, TWO)
    settings.require_credentials()
    europe = settings.accounts[0]
    with pytest.raises(CredentialsMissing) as raised:
        europe.settings.credentials()
    assert str(raised.value) == (
        "Amazon SP-API credentials missing: TOKEN_OF_EUROPE (account Europe), AMAZON_LWA_APP_ID (account Europe), "
        "AMAZON_LWA_CLIENT_SECRET (account Europe). No mock data will be returned."
    )


def test_with_no_account_usable_all_that_is_missing_is_named(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, TWO.replace('refresh_token = "Atzr|america"', ""))
    assert "TOKEN_OF_EUROPE (account Europe)" in settings.missing_credentials
    assert "refresh_token (account America)" in settings.missing_credentials


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("accounts = 3", "lists no account. Begin each with a line [[accounts]]"),
        ("[[accounts", "is no TOML file"),
        ("[[accounts]]\nname = 'A'", "account A: seller_id: Field required; region: Field required"),
        (TWO.replace('region = "eu-west-1"', 'region = "mars"'), "account Europe: region: Input should be"),
        (TWO.replace("marketplace_ids", "marketplaces"), "account Europe: marketplaces: is not known"),
        (TWO.replace("A1F83G8C2ARO7P", "Germany"), "account Europe: marketplace_ids: must be Amazon marketplace ids"),
        (TWO.replace('name = "America"', 'name = "Europe"'), "more than one account with name Europe"),
        (TWO.replace("A2AMERICA", "A1EUROPE"), "more than one account with seller_id A1EUROPE"),
        (TWO + 'refresh_token_env = "X"', "account America: refresh_token and refresh_token_env are both there"),
        (TWO + 'sp_api_endpoint = "http://example.com"', "account America: sp_api_endpoint: must use https://"),
        (TWO + 'sp_api_endpoint = "http://127.0.0.1:1"', "accounts of Amazon and of a simulator"),
        ("accounts_file = 1\n" + TWO, "has accounts_file, which is not known"),
    ],
)
def test_a_wrong_file_is_refused_by_name_and_shows_no_secret(tmp_path: Path, text: str, what: str) -> None:
    with pytest.raises(SettingsError) as raised:
        settings_of(tmp_path, text)
    message = str(raised.value)
    assert message.startswith("AMAZON_ACCOUNTS: ")
    assert what in message
    assert "america" not in message
    assert "secret-of" not in message


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.toml cannot be read"):
        Settings(_env_file=None, AMAZON_ACCOUNTS=tmp_path / "nowhere.toml")  # type: ignore[call-arg]


def test_settings_of_one_account_beside_the_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="AMAZON_REFRESH_TOKEN, AMAZON_SELLER_ID: is set beside AMAZON_ACCOUNTS"):
        settings_of(tmp_path, TWO, AMAZON_REFRESH_TOKEN="Atzr|x", AMAZON_SELLER_ID="A1")
