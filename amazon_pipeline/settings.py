"""The settings: one frozen object, read once by an entry point and handed down."""

from __future__ import annotations

import ipaddress
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal, cast
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from amazon_pipeline.errors import CredentialsMissing, SettingsError
from amazon_pipeline.marketplaces import ENDPOINTS, LWA_ENDPOINT, Region

InventoryPools = Literal["auto", "per-marketplace", "region"]
CommaSeparated = Annotated[tuple[str, ...], NoDecode]


@dataclass(frozen=True)
class Credentials:
    """What Login with Amazon wants, complete and well formed."""

    refresh_token: SecretStr
    lwa_app_id: SecretStr
    lwa_client_secret: SecretStr
    seller_id: str


@dataclass(frozen=True)
class ShopifyStore:
    """One store of ``SHOPIFY_STORES``: what people call it, its ``*.myshopify.com`` domain, its custom app's token.

    ``endpoint`` is the base URL where it answers, ``https://<domain>`` but for a simulated store.
    """

    name: str
    domain: str
    token: SecretStr
    endpoint: str

    @property
    def source(self) -> Literal["shopify", "simulator"]:
        """Where its figures come from: a store at a loopback address is simulated."""
        return "simulator" if is_loopback(urlsplit(self.endpoint).hostname) else "shopify"


def is_loopback(host: str | None) -> bool:
    """Whether a host name or address can only be this machine."""
    if host is None:
        return False
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class Settings(BaseSettings):
    """Every variable the product reads. Field descriptions are the documentation; a test holds the README to them."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True, populate_by_name=True)

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
    data_dir: Path = Field(Path("data"), alias="AMAZON_DATA_DIR", description="everything the product writes")
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
        if wrong := [part for part in value if not re.fullmatch(r"A[A-Z0-9]{9,15}", part)]:
            raise ValueError(f"must be Amazon marketplace ids such as ATVPDKIKX0DER, separated by commas, not {wrong}")
        return value

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
        if value is None:
            return None
        url = urlsplit(value)
        if url.scheme not in ("https", "http") or not url.hostname:
            raise ValueError("must be a URL such as https://host")
        if url.scheme == "http" and not is_loopback(url.hostname):
            raise ValueError("must use https:// (http:// is for loopback hosts only: a secret never travels in clear)")
        return value.rstrip("/")

    @property
    def sp_api_endpoint(self) -> str:
        """Base URL of the SP-API, without a trailing slash."""
        return self.sp_api_endpoint_override or ENDPOINTS[self.region]

    @property
    def source(self) -> Literal["amazon", "simulator"]:
        """Where the figures come from. Amazon is never on a loopback address, so what answers there is a simulator."""
        return "simulator" if is_loopback(urlsplit(self.sp_api_endpoint).hostname) else "amazon"

    @property
    def missing_credentials(self) -> tuple[str, ...]:
        """Names of the required credentials that are not set, in the order of the documentation."""
        required = {
            "AMAZON_REFRESH_TOKEN": self.refresh_token,
            "AMAZON_LWA_APP_ID": self.lwa_app_id,
            "AMAZON_LWA_CLIENT_SECRET": self.lwa_client_secret,
            "AMAZON_SELLER_ID": self.seller_id,
        }
        return tuple(name for name, value in required.items() if value is None)

    @property
    def malformed_credentials(self) -> dict[str, str]:
        """Name of each credential with a wrong form, and the sentence that says so (never the value)."""
        forms = (
            ("AMAZON_REFRESH_TOKEN", self.refresh_token, "Atzr|", 'Should start with "Atzr|"'),
            (
                "AMAZON_LWA_APP_ID",
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

    def credentials(self) -> Credentials:
        """The credentials, complete and well formed.

        Raises CredentialsMissing with the sentence of the contract, naming variables and never values.
        """
        if missing := self.missing_credentials:
            raise CredentialsMissing(
                f"Amazon SP-API credentials missing: {', '.join(missing)}. No mock data will be returned.",
                missing=missing,
            )
        if malformed := self.malformed_credentials:
            raise CredentialsMissing(" ".join(malformed.values()), invalid=tuple(malformed))
        # the checks above leave no None; cast says so to the type checker
        return Credentials(
            cast("SecretStr", self.refresh_token),
            cast("SecretStr", self.lwa_app_id),
            cast("SecretStr", self.lwa_client_secret),
            cast("str", self.seller_id),
        )

    @property
    def state_path(self) -> Path:
        """The SQLite file of operational state: quota and events."""
        return self.data_dir / "state.sqlite"

    @property
    def landing_dir(self) -> Path:
        """Where Amazon's pages are kept, as answered, less personal data."""
        return self.data_dir / "landing"

    @property
    def warehouse_path(self) -> Path:
        """The working DuckDB file, which only the pipeline opens."""
        return self.data_dir / "private" / "warehouse.duckdb"

    @property
    def published_path(self) -> Path:
        """The symlink readers open: the newest published snapshot."""
        return self.data_dir / "amazon.duckdb"

    @property
    def lock_path(self) -> Path:
        """Held by the one sync that runs on this data directory."""
        return self.data_dir / "sync.lock"

    @property
    def history_lock_path(self) -> Path:
        """Held by the one run that fetches order history; beside a sync, which need not wait for it."""
        return self.data_dir / "history.lock"

    @property
    def stock_thresholds_path(self) -> Path:
        """Per-SKU overrides, written by the user."""
        return self.data_dir / "stock_thresholds.csv"


def read_stores(text: str) -> tuple[ShopifyStore, ...]:
    """The stores of ``SHOPIFY_STORES``. Raises ValueError that names the store by its place and the key, no value."""
    try:
        listed = json.loads(text)
    except ValueError:
        raise ValueError(f"must be a JSON list such as {_STORES_EXAMPLE}; it is not JSON") from None
    if not isinstance(listed, list):
        raise ValueError(f"must be a JSON list such as {_STORES_EXAMPLE}")  # noqa: TRY004  # pydantic wants ValueError
    stores = tuple(_read_store(entry, number) for number, entry in enumerate(listed, start=1))
    for key in ("name", "domain"):
        values = [getattr(store, key) for store in stores]
        for number, one in enumerate(values, start=1):
            if one in values[: number - 1]:
                raise ValueError(f"store {number} has the {key} of store {values.index(one) + 1}")
    return stores


_STORES_EXAMPLE: Final = '[{"name":"UK/EU","domain":"x.myshopify.com","token":"shpat_…"}]'
_STORE_KEYS: Final = ("name", "domain", "token")


def _read_store(entry: Any, number: int) -> ShopifyStore:
    if not isinstance(entry, dict):
        raise ValueError(f"store {number} must be an object such as {_STORES_EXAMPLE[1:-1]}")  # noqa: TRY004  # as above
    if unknown := sorted(set(entry) - {*_STORE_KEYS, "endpoint"}):
        # a key may be a token that slipped into the wrong place
        shown = ", ".join(key if re.fullmatch(r"[a-z_]{1,20}", key) else "one that is not shown" for key in unknown)
        raise ValueError(
            f"store {number} has keys that are not known: {shown}; known are name, domain, token, endpoint"
        )
    for key in (*_STORE_KEYS, *(("endpoint",) if "endpoint" in entry else ())):
        if not isinstance(entry.get(key), str) or not entry[key].strip():
            raise ValueError(f"store {number} needs {key!r} as text")
    domain, token = entry["domain"].strip().lower(), entry["token"].strip()
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*\.myshopify\.com", domain):  # it names a directory under landing/
        raise ValueError(f"store {number}: domain must be the store's own, such as x.myshopify.com")
    if not re.fullmatch(r"[!-~]+", token):
        raise ValueError(f"store {number}: token holds characters that no token has")
    endpoint = entry.get("endpoint", f"https://{domain}").strip().rstrip("/")
    if "endpoint" in entry and not _is_loopback_url(endpoint):
        raise ValueError(f"store {number}: endpoint is for simulated stores, at http://127.0.0.1:PORT only")
    return ShopifyStore(entry["name"].strip(), domain, SecretStr(token), endpoint)


def _is_loopback_url(value: str) -> bool:
    try:
        url = urlsplit(value)
        return url.scheme in ("http", "https") and is_loopback(url.hostname) and url.port is not None
    except ValueError:  # not a port
        return False


def load_settings(env_file: Path | None = Path(".env")) -> Settings:
    """Read the environment and, below it, ``env_file``.

    Raises SettingsError with one line per wrong variable: its name and what is wrong, never its value.
    """
    try:
        return Settings(_env_file=env_file)
    except ValidationError as error:
        lines = [
            f"{problem['loc'][0] if problem['loc'] else 'settings'}: {problem['msg'].removeprefix('Value error, ')}"
            for problem in error.errors(include_input=False, include_url=False)
        ]
        raise SettingsError("\n".join(lines)) from None
