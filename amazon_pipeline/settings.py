"""The settings: one frozen object, read once by an entry point and handed down."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal, cast
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import NoDecode

from amazon_pipeline.accounts import SECRETS, ListedAccount, read_accounts
from amazon_pipeline.addresses import exact_origin, is_loopback, safe_base_url
from amazon_pipeline.errors import CredentialsMissing, SettingsError
from amazon_pipeline.lakes import Lake, LakeSettings
from amazon_pipeline.marketplaces import ENDPOINTS, LWA_ENDPOINT, MARKETPLACE_ID_PATTERN, Region
from amazon_pipeline.places import Places
from amazon_pipeline.stores import ShopifyStore, read_stores

InventoryPools = Literal["auto", "per-marketplace", "region"]
_OF_AN_ACCOUNT: Final = frozenset(
    {"refresh_token", "seller_id", "region", "marketplace_ids", "sp_api_endpoint_override", "lwa_endpoint"}
)
CommaSeparated = Annotated[tuple[str, ...], NoDecode]


@dataclass(frozen=True)
class Credentials:
    """What Login with Amazon wants, complete and well formed."""

    refresh_token: SecretStr
    lwa_app_id: SecretStr
    lwa_client_secret: SecretStr
    seller_id: str


@dataclass(frozen=True)
class Account:
    """One seller's account with Amazon: its name (empty where there is but one), and the settings that are its own."""

    name: str
    settings: Settings

    @property
    def seller_id(self) -> str:
        """The merchant token. Raises CredentialsMissing."""
        return self.settings.seller_id or self.settings.credentials().seller_id


class Settings(LakeSettings, Places):  # the last one gives the configuration
    """Every variable the product reads. Field descriptions are the documentation; a test holds the README to them."""

    refresh_token: SecretStr | None = Field(
        None, alias="AMAZON_REFRESH_TOKEN", description="Login with Amazon refresh token; starts with `Atzr|`"
    )
    lwa_app_id: SecretStr | None = Field(
        None,
        alias="AMAZON_LWA_APP_ID",
        description="Login with Amazon client id; starts with `amzn1.application-oa2-client.`",
    )
    lwa_client_secret: SecretStr | None = Field(
        None, alias="AMAZON_LWA_CLIENT_SECRET", description="Login with Amazon client secret; renew it every 180 days"
    )
    seller_id: str | None = Field(
        None,
        alias="AMAZON_SELLER_ID",
        pattern=r"^[A-Za-z0-9_-]+$",  # it names a directory under landing/
        description="merchant token of the seller, `A…`",
    )
    sp_role_arn: SecretStr | None = Field(
        None,
        alias="AMAZON_SP_ROLE_ARN",
        description="not needed since October 2023; if set it must start with `arn:aws:iam::`",
    )
    region: Region = Field(
        "us-east-1",
        alias="AMAZON_REGION",
        description="`us-east-1` North America, `eu-west-1` Europe, `us-west-2` Far East",
    )
    marketplace_ids: CommaSeparated = Field(
        (), alias="AMAZON_MARKETPLACE_IDS", description="comma-separated; all the account participates in if unset"
    )
    sp_api_endpoint_override: str | None = Field(
        None, alias="AMAZON_SP_API_ENDPOINT", description="base URL of the SP-API; `http://` only for loopback hosts"
    )
    lwa_endpoint: str = Field(
        LWA_ENDPOINT, alias="AMAZON_LWA_ENDPOINT", description="URL of the token endpoint; `http://` only for loopback"
    )
    accounts_file: Path | None = Field(
        None,
        alias="AMAZON_ACCOUNTS",
        description="a TOML file that lists several accounts, in place of the one above; see README, several accounts",
    )
    low_stock_threshold: int = Field(
        10,
        ge=0,
        alias="AMAZON_LOW_STOCK_THRESHOLD",
        description="units; a SKU with fewer is low; overrides per SKU in `stock_thresholds.csv` in the data directory",
    )
    lead_time_days: int = Field(
        30,
        ge=0,
        le=730,
        alias="AMAZON_LEAD_TIME_DAYS",
        description="days from ordering units to their being sellable at Amazon; per SKU in `stock_thresholds.csv`",
    )
    target_cover_days: int = Field(
        45, ge=0, le=730, alias="AMAZON_TARGET_COVER_DAYS", description="days of sales an order is to last"
    )
    safety_stock_days: int = Field(
        14, ge=0, le=730, alias="AMAZON_SAFETY_STOCK_DAYS", description="days of sales kept in reserve"
    )
    sync_budget_seconds: int = Field(
        600,
        ge=10,
        alias="AMAZON_SYNC_BUDGET_SECONDS",
        description="a sync that still waits for Amazon's quota then stops cleanly and goes on next time",
    )
    history_days: int = Field(
        30,
        ge=0,
        le=730,
        alias="AMAZON_HISTORY_DAYS",
        description="days of orders before a new account's first sync that come through a report; 0 for none",
    )
    retention_days: int = Field(
        548,
        ge=60,
        alias="AMAZON_RETENTION_DAYS",
        description="older orders, stock changes, ended shipments and landed pages go; Amazon allows 18 months",
    )
    inventory_pools: InventoryPools = Field(
        "auto",
        alias="AMAZON_INVENTORY_POOLS",
        description="how stock repeated in several marketplaces is counted: `auto`, `per-marketplace` or `region`",
    )
    reporting_currency: str | None = Field(
        None,
        alias="REPORTING_CURRENCY",
        pattern=r"^[A-Z]{3}$",
        description="currency of the single figures; the one with the most revenue if unset",
    )
    api_key: SecretStr | None = Field(
        None,
        alias="AMAZON_API_KEY",
        description="if set, every route but `/health` wants it; needed to bind to a host other than loopback",
    )
    cors_origins: CommaSeparated = Field(
        (),
        alias="AMAZON_CORS_ORIGINS",
        description="comma-separated exact origins allowed to read the API; none if unset",
    )
    allowed_hosts: CommaSeparated = Field(
        (), alias="AMAZON_ALLOWED_HOSTS", description="comma-separated Host headers served beside the loopback names"
    )
    trusted_proxies: CommaSeparated = Field(
        (),
        alias="AMAZON_TRUSTED_PROXIES",
        description="comma-separated addresses or networks whose `X-Forwarded-For` and `-Proto` are believed",
    )

    shopify_stores: Annotated[tuple[ShopifyStore, ...], NoDecode] = Field(
        (),
        alias="SHOPIFY_STORES",
        description='JSON list of `{"name": …, "domain": "x.myshopify.com", "token": "shpat_…"}`; it holds secrets',
    )
    shopify_api_version: str = Field(
        "2026-10",
        alias="SHOPIFY_API_VERSION",
        pattern=r"^(20\d\d-(01|04|07|10)|unstable)$",
        description="version of the Admin GraphQL API",
    )
    alert_urls: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (),
        alias="ALERT_URLS",
        description="comma-separated Apprise URLs that are told of low stock and failing syncs; each holds secrets",
    )

    _listed: tuple[ListedAccount, ...] = ()
    _environment: Mapping[str, str] = {}
    _called: Mapping[str, str] = {}

    def model_post_init(self, _context: Any) -> None:
        """Read the file of accounts, and see that what belongs together is set. Raises SettingsError."""
        self._refuse_workers_without_a_place_to_meet()
        if self.accounts_file is not None:
            self._listed = read_accounts(self.accounts_file)
            self._environment = os.environ
            self._refuse_one_beside_several()

    def with_variables(self, variables: Mapping[str, str]) -> Settings:
        """The same settings, the accounts' secrets looked up in ``variables``."""
        same = self.model_copy()
        same._environment = variables  # noqa: SLF001  (our own copy)
        return same

    def _refuse_one_beside_several(self) -> None:
        beside = [
            str(field.alias)
            for name, field in type(self).model_fields.items()
            if name in self.model_fields_set and name in _OF_AN_ACCOUNT
        ]
        if beside:
            raise SettingsError(
                f"{', '.join(beside)}: is set beside AMAZON_ACCOUNTS, and belongs to one account. "
                f"Set it for each account in {self.accounts_file}, and nowhere else."
            )
        if len({account.settings.source for account in self.accounts}) > 1:
            raise SettingsError(
                f"AMAZON_ACCOUNTS: {self.accounts_file} lists accounts of Amazon and of a simulator, whose figures "
                "must never meet. Give each kind a deployment of its own."
            )

    @property
    def accounts(self) -> tuple[Account, ...]:
        """All accounts, each with settings of its own; the one of these settings where no file lists others."""
        if self.accounts_file is None:
            return (Account("", self),)
        return tuple(Account(one.name, self._of(one)) for one in self._listed)

    def _of(self, listed: ListedAccount) -> Settings:
        secrets = {key: listed.secret(key, self._environment) or getattr(self, key) for key in SECRETS}
        its_own = self.model_copy(
            update={
                **secrets,
                "accounts_file": None,
                "seller_id": listed.seller_id,
                "region": listed.region,
                "marketplace_ids": listed.marketplace_ids,
                "sp_api_endpoint_override": listed.sp_api_endpoint,
                "lwa_endpoint": listed.lwa_endpoint,
            }
        )
        its_own._called = {key: listed.called(key) for key in SECRETS}  # noqa: SLF001  (our own copy)
        return its_own

    @property
    def seller_ids(self) -> tuple[str, ...]:
        """Of all accounts, sorted. Raises CredentialsMissing."""
        return tuple(sorted(account.seller_id for account in self.accounts))

    @property
    def account_names(self) -> dict[str, str]:
        """By seller id the names of the accounts that a file lists; none where there is but one account."""
        return {one.seller_id: one.name for one in self._listed} if self.accounts_file else {}

    @field_validator("shopify_stores", mode="before")
    @classmethod
    def _read_stores(cls, value: Any) -> Any:
        return read_stores(value) if isinstance(value, str) else value

    @field_validator("alert_urls", mode="before")
    @classmethod
    def _split_urls(cls, value: Any) -> Any:
        # a comma inside a URL, as between two addresses, is part of it
        if isinstance(value, str):
            return tuple(part for part in re.split(r"[\s,]+(?=[A-Za-z][A-Za-z0-9+.-]*://)", value.strip(" ,")) if part)
        return value

    @field_validator("alert_urls")
    @classmethod
    def _look_like_urls(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for number, url in enumerate(value, start=1):
            if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*://.", url.get_secret_value()):
                raise ValueError(f"must be URLs such as mailto://… separated by commas; number {number} is not one")
        return value

    @field_validator("marketplace_ids", "cors_origins", "allowed_hosts", "trusted_proxies", mode="before")
    @classmethod
    def _split_commas(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("marketplace_ids")
    @classmethod
    def _look_like_marketplace_ids(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if wrong := [part for part in value if not MARKETPLACE_ID_PATTERN.fullmatch(part)]:
            raise ValueError(f"must be Amazon marketplace ids such as ATVPDKIKX0DER, separated by commas, not {wrong}")
        return value

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(exact_origin(part) for part in value)

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for part in value:
            try:
                network = ipaddress.ip_network(part)
            except ValueError:
                raise ValueError(f"must be addresses or networks such as 10.0.0.0/24, not {part!r}") from None
            if network.prefixlen == 0:
                raise ValueError(f"must not be {part}: whoever is trusted can pass for any address")
        return value

    @field_validator("sp_api_endpoint_override", "lwa_endpoint")
    @classmethod
    def _no_secret_in_clear(cls, value: str | None) -> str | None:
        return None if value is None else safe_base_url(value)

    @property
    def sp_api_endpoint(self) -> str:
        """Base URL of the SP-API, without a trailing slash."""
        return self.sp_api_endpoint_override or ENDPOINTS[self.region]

    @property
    def source(self) -> Literal["amazon", "simulator"]:
        """Where the figures come from. Amazon is never on a loopback address, so what answers there is a simulator."""
        if self.accounts_file is not None:
            return self.accounts[0].settings.source
        return "simulator" if is_loopback(urlsplit(self.sp_api_endpoint).hostname) else "amazon"

    @property
    def missing_credentials(self) -> tuple[str, ...]:
        """Names of the required credentials that are not set, in the order of the documentation.

        Of several accounts those of all, and none while one account can be asked: the others fail alone.
        """
        if self.accounts_file is not None:
            if self._has_a_usable_account:
                return ()
            return tuple(name for account in self.accounts for name in account.settings.missing_credentials)
        required = {
            self._called.get("refresh_token", "AMAZON_REFRESH_TOKEN"): self.refresh_token,
            self._called.get("lwa_app_id", "AMAZON_LWA_APP_ID"): self.lwa_app_id,
            self._called.get("lwa_client_secret", "AMAZON_LWA_CLIENT_SECRET"): self.lwa_client_secret,
            "AMAZON_SELLER_ID": self.seller_id,
        }
        return tuple(name for name, value in required.items() if value is None)

    @property
    def malformed_credentials(self) -> dict[str, str]:
        """Name of each credential with a wrong form, and the sentence that says so (never the value)."""
        if self.accounts_file is not None:
            if self._has_a_usable_account:
                return {}
            each = [account.settings.malformed_credentials for account in self.accounts]
            return {name: sentence for one in each for name, sentence in one.items()}
        forms = (
            (
                self._called.get("refresh_token", "AMAZON_REFRESH_TOKEN"),
                self.refresh_token,
                "Atzr|",
                'Should start with "Atzr|"',
            ),
            (
                self._called.get("lwa_app_id", "AMAZON_LWA_APP_ID"),
                self.lwa_app_id,
                "amzn1.application-oa2-client.",
                'Should start with "amzn1.application-oa2-client."',
            ),
            ("AMAZON_SP_ROLE_ARN", self.sp_role_arn, "arn:aws:iam::", "Should be AWS IAM role ARN"),
        )
        return {
            name: f"Invalid {name} format. {rule}"
            for name, value, prefix, rule in forms
            if value is not None and not value.get_secret_value().startswith(prefix)
        }

    @property
    def _has_a_usable_account(self) -> bool:
        each = [account.settings for account in self.accounts]
        return any(not one.missing_credentials and not one.malformed_credentials for one in each)

    def require_credentials(self) -> None:
        """Raises CredentialsMissing, naming variables and never values, unless some account can be asked."""
        if missing := self.missing_credentials:
            raise CredentialsMissing(
                f"Amazon SP-API credentials missing: {', '.join(missing)}. No mock data will be returned.",
                missing=missing,
            )
        if malformed := self.malformed_credentials:
            raise CredentialsMissing(" ".join(malformed.values()), invalid=tuple(malformed))

    def credentials(self) -> Credentials:
        """The credentials of the one account of these settings, complete and well formed.

        Raises CredentialsMissing with the sentence of the contract.
        """
        self.require_credentials()
        # the checks above leave no None; cast says so to the type checker
        return Credentials(
            cast("SecretStr", self.refresh_token),
            cast("SecretStr", self.lwa_app_id),
            cast("SecretStr", self.lwa_client_secret),
            cast("str", self.seller_id),
        )

    @property
    def warehouse(self) -> Path | Lake:
        """The working warehouse, which only the pipeline opens: a DuckDB file, or a DuckLake. Raises SettingsError."""
        return self.lake(self.data_dir) or self.warehouse_path


def load_settings(env_file: Path | None = Path(".env")) -> Settings:
    """Read the environment and, below it, ``env_file``.

    Raises SettingsError with one line per wrong variable: its name and what is wrong, never its value.
    """
    try:
        settings = Settings(_env_file=env_file)
        in_file = dotenv_values(env_file) if env_file else {}
        return settings.with_variables({name: value for name, value in in_file.items() if value} | dict(os.environ))
    except ValidationError as error:
        lines = [
            f"{problem['loc'][0] if problem['loc'] else 'settings'}: {problem['msg'].removeprefix('Value error, ')}"
            for problem in error.errors(include_input=False, include_url=False)
        ]
        raise SettingsError("\n".join(lines)) from None
