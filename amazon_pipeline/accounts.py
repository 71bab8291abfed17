"""The file of ``AMAZON_ACCOUNTS``: several sellers, or several regions of one, in one deployment.

    [[accounts]]
    name = "EU"                                   # what people call it
    seller_id = "A1EXAMPLE"                       # the merchant token; keys everything
    region = "eu-west-1"
    refresh_token_env = "AMAZON_REFRESH_TOKEN_EU" # or refresh_token = "Atzr|…"
    marketplace_ids = ["A1F83G8C2ARO7P"]          # all of them if absent

``lwa_app_id`` and ``lwa_client_secret`` (each also with ``_env``) are those of the settings if absent. A secret that
stands in the environment keeps the file free of secrets; one whose variable is not set is a missing credential of that
account, and of no other.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from amazon_pipeline.addresses import safe_base_url
from amazon_pipeline.errors import SettingsError
from amazon_pipeline.marketplaces import LWA_ENDPOINT, MARKETPLACE_ID_PATTERN, Region

SECRETS: Final = ("refresh_token", "lwa_app_id", "lwa_client_secret")
"""Keys that may have ``_env`` instead: the name of a variable."""


class ListedAccount(BaseModel):
    """One entry of the file. A secret is in it, or the name of its variable is, or neither."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 _.-]{0,39}$")
    seller_id: str = Field(pattern=r"^[A-Za-z0-9_-]+$")
    region: Region
    marketplace_ids: tuple[str, ...] = ()
    refresh_token: SecretStr | None = None
    refresh_token_env: str | None = None
    lwa_app_id: SecretStr | None = None
    lwa_app_id_env: str | None = None
    lwa_client_secret: SecretStr | None = None
    lwa_client_secret_env: str | None = None
    sp_api_endpoint: str | None = None
    lwa_endpoint: str = LWA_ENDPOINT

    @field_validator("sp_api_endpoint", "lwa_endpoint")
    @classmethod
    def _no_secret_in_clear(cls, value: str | None) -> str | None:
        return None if value is None else safe_base_url(value)

    @field_validator("marketplace_ids")
    @classmethod
    def _look_like_marketplace_ids(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if wrong := [part for part in value if not MARKETPLACE_ID_PATTERN.fullmatch(part)]:
            raise ValueError(f"must be Amazon marketplace ids such as ATVPDKIKX0DER, not {wrong}")
        return value

    def secret(self, key: str, environment: Mapping[str, str]) -> SecretStr | None:
        """The secret of the file, or of its variable; None if the file names neither, or the variable is not set."""
        here: SecretStr | None = getattr(self, key)
        if here is not None:
            return here
        found = environment.get(getattr(self, f"{key}_env") or "")
        return SecretStr(found) if found else None

    def called(self, key: str) -> str:
        """How people know a secret of this account: by its variable, else by its key in the file."""
        is_shared = key != "refresh_token" and getattr(self, key) is None
        named = getattr(self, f"{key}_env") or (f"AMAZON_{key.upper()}" if is_shared else key)
        return f"{named} (account {self.name})"


def read_accounts(path: Path) -> tuple[ListedAccount, ...]:
    """The accounts of the file, in its order. Raises SettingsError naming the file, the account and what is wrong."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"AMAZON_ACCOUNTS: {path} cannot be read ({error.strerror}).") from None
    except ValueError as error:  # TOML's and UTF-8's errors are both
        raise SettingsError(f"AMAZON_ACCOUNTS: {path} is no TOML file ({error}).") from None
    entries = content.get("accounts")
    if not isinstance(entries, list) or not entries:
        raise SettingsError(f"AMAZON_ACCOUNTS: {path} lists no account. Begin each with a line [[accounts]].")
    if others := sorted(set(content) - {"accounts"}):
        raise SettingsError(f"AMAZON_ACCOUNTS: {path} has {', '.join(others)}, which is not known; only [[accounts]].")
    accounts = tuple(_account(path, number, entry) for number, entry in enumerate(entries, start=1))
    _refuse_doubles(path, "name", [one.name for one in accounts])
    # everything is keyed by it: landed pages, tables, quotas
    _refuse_doubles(path, "seller_id", [one.seller_id for one in accounts])
    return accounts


def _account(path: Path, number: int, entry: Any) -> ListedAccount:
    name = entry.get("name") if isinstance(entry, dict) else None
    where = f"AMAZON_ACCOUNTS: {path}, account {name if isinstance(name, str) else number}"
    try:
        account = ListedAccount.model_validate(entry)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc']) or 'entry'}: "
            + problem["msg"].removeprefix("Value error, ").replace("Extra inputs are not permitted", "is not known")
            for problem in error.errors(include_input=False, include_url=False)
        )
        raise SettingsError(f"{where}: {problems}.") from None
    for key in SECRETS:
        if getattr(account, key) is not None and getattr(account, f"{key}_env") is not None:
            raise SettingsError(f"{where}: {key} and {key}_env are both there; keep one.")
    return account


def _refuse_doubles(path: Path, key: str, values: Sequence[str]) -> None:
    if doubles := sorted({value for value in values if values.count(value) > 1}):
        raise SettingsError(f"AMAZON_ACCOUNTS: {path} has more than one account with {key} {', '.join(doubles)}.")
