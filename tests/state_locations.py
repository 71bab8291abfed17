"""Operational state of either kind, for tests that are to hold on both: ``state_location = both_kinds`` in a module."""

from __future__ import annotations

from pathlib import Path

import pytest

from amazon_pipeline import state


@pytest.fixture(params=["sqlite", "postgres"])
def both_kinds(request: pytest.FixtureRequest, tmp_path: Path) -> state.Location:
    """Empty state, once of each kind."""
    if request.param == "postgres":
        url: state.Location = request.getfixturevalue("state_url")
        return url
    return tmp_path / "state.sqlite"
