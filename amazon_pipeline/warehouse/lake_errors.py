"""What DuckDB, DuckLake, PostgreSQL's client and an object store say of a lake, as sentences for a person.

Each names the setting to look at, and no secret: of what was said only the one line is quoted that tells why.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import duckdb

from amazon_pipeline.errors import WarehouseUnavailable, WarehouseUnreachable
from amazon_pipeline.lakes import Lake


@dataclass(frozen=True)
class _Meaning:
    """What is meant where one of the patterns is found; ``may_pass``: the same may work in a minute."""

    patterns: tuple[str, ...]
    sentence: str
    may_pass: bool = False


_MEANINGS: Final = (
    _Meaning(
        ("password authentication failed", "no password supplied", "no pg_hba.conf entry"),
        "AMAZON_WAREHOUSE: PostgreSQL refuses the user or the password for {lake} ({reason}).",
    ),
    _Meaning(
        (r"FATAL:\s+database .* does not exist",),
        "AMAZON_WAREHOUSE: there is no database for {lake} ({reason}). Make it first: createdb.",
    ),
    _Meaning(
        ("permission denied",),
        "AMAZON_WAREHOUSE: the user may not do in {lake} what the pipeline has to ({reason}).",
    ),
    _Meaning(
        ("invalid connection option", "invalid .* value: ", "invalid integer value"),
        "AMAZON_WAREHOUSE: is no address that PostgreSQL's client understands ({reason}).",
    ),
    _Meaning(
        (r'does not match existing data path in the catalog "(?P<theirs>[^"]*)"',),
        "AMAZON_WAREHOUSE_DATA: is {ours}, but the rows of {lake} are in {theirs}, as its catalogue says.",
    ),
    _Meaning(
        (r"catalog version is (?P<theirs>[\w.-]+), but the extension requires version (?P<needed>[\w.-]+)",),
        "AMAZON_WAREHOUSE: {lake} has DuckLake's format {theirs}, and the DuckLake extension installed here works with "
        "{needed}. Install the version of this program, with its extra scale-out, that last used it.",
    ),
    _Meaning(
        ("NoSuchBucket",),
        "AMAZON_WAREHOUSE_DATA: there is no such bucket as that of {ours}.",
    ),
    _Meaning(
        ("HTTP code 40[13]", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"),
        "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY: the object store refuses them for {ours} ({reason}).",
    ),
    _Meaning(
        (r"error for HTTP", r"HTTP code 5\d\d", "Could not establish connection", "Could not resolve hostname"),
        "AMAZON_WAREHOUSE_DATA: the object store of {ours} does not answer ({reason}).",
        may_pass=True,
    ),
    _Meaning(
        (r"Cannot open file .*\.parquet", "HTTP code 404"),
        "AMAZON_WAREHOUSE_DATA: a file of {lake} is missing in {ours}. Restore it from a backup, or run "
        "amazon-pipeline rebuild: it makes the warehouse again from the landed pages.",
    ),
    _Meaning(
        (
            "connection to server",
            "could not translate host name",
            "server closed the connection",
            "terminating connection",
            "the database system is",
            "too many (clients|connections)",
            "no connection to the server",
            'Failed to execute query "(COMMIT|ROLLBACK|BEGIN)',
        ),
        "AMAZON_WAREHOUSE: {lake} does not answer ({reason}).",
        may_pass=True,
    ),
)
"""The first that fits counts."""

_REASONS: Final = (
    r"(?:FATAL|ERROR):\s+(.+)",
    r"\n\n(\w+: .+)",
    r"\bfailed: (.+)",
    r"(could not translate host name .+)",
    r"(invalid connection option .+)",
    r"((?:Could not|Unable to).+?) error for HTTP",
    r"(HTTP code \d+)",
)
"""Where the one line stands that tells why: libpq's, the object store's."""


def explained(lake: Lake, error: duckdb.Error) -> WarehouseUnavailable:
    """The error as a sentence: WarehouseUnreachable for what may pass by itself, else WarehouseUnavailable."""
    said = str(error)
    for meaning in _MEANINGS:
        for pattern in meaning.patterns:
            if match := re.search(pattern, said):
                words = {"lake": str(lake), "ours": lake.data, "reason": _reason(said), **match.groupdict()}
                kind = WarehouseUnreachable if meaning.may_pass else WarehouseUnavailable
                return kind(meaning.sentence.format(**words))
    return WarehouseUnavailable(f"AMAZON_WAREHOUSE: {lake} cannot be used ({_reason(said)}).")


def is_of_the_lake(error: duckdb.Error) -> bool:
    """Whether an error in the middle of work is the catalogue's or the object store's, not the statement's own."""
    said = str(error)
    return any(re.search(pattern, said) for meaning in _MEANINGS for pattern in meaning.patterns)


def _reason(said: str) -> str:
    for pattern in _REASONS:
        if match := re.search(pattern, said):
            return match[1].strip().rstrip(".:")
    return said.splitlines()[0].strip().rstrip(".:")
