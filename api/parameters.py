"""The query parameters that several addresses share. An unknown name or a bad value is refused, never ignored."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    model_validator,
)
from pydantic.alias_generators import to_camel

from amazon_pipeline.marketplaces import MARKETPLACES, NON_AMAZON
from api import cursors

StockFilter: TypeAlias = Literal["out-of-stock", "low-stock", "in-stock", "alert"]

_IDS = (*MARKETPLACES, NON_AMAZON)


def _known_marketplace(value: str) -> str:
    if value not in _IDS:
        raise ValueError("is not an Amazon marketplace id, nor NON_AMAZON")
    return value


MarketplaceId: TypeAlias = Annotated[
    str,
    AfterValidator(_known_marketplace),
    Field(json_schema_extra={"enum": list(_IDS)}, description="only this marketplace"),
]

Cursor: TypeAlias = Annotated[
    str, AfterValidator(cursors.checked), Field(max_length=64, json_schema_extra={"pattern": cursors.PATTERN})
]


def stock_statuses(chosen: StockFilter | None) -> tuple[str, ...] | None:
    """The statuses that a filter leaves: one, or low and out together for ``alert``; None for all."""
    if chosen is None:
        return None
    return ("out-of-stock", "low-stock") if chosen == "alert" else (chosen,)


def one(chosen: str | None) -> tuple[str, ...] | None:
    """The values that a filter on one value leaves; None for all."""
    return None if chosen is None else (chosen,)


class Parameters(BaseModel):
    """Base of a query string: camelCase names, nothing unknown; an empty value counts as not given."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _empty_is_absent(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        known = {field.alias for field in cls.model_fields.values()}
        said = {name: [one for one in v if one != ""] if isinstance(v, list) else v for name, v in given.items()}
        return {name: value for name, value in said.items() if value != "" or name not in known}


class ListParameters(Parameters):
    """A list that is read page by page."""

    limit: int = Field(100, ge=1, le=1000, description="rows in one answer")
    cursor: Cursor | None = Field(
        None, description="`nextCursor` of the answer before; without it the list starts at its top"
    )
    offset: int = Field(
        0, ge=0, le=10_000_000, description="rows to leave out at the top, for a jump to any page; not with `cursor`"
    )
