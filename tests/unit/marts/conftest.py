from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.warehouse_fixture import TestWarehouse


@pytest.fixture
def warehouse(warehouse: TestWarehouse) -> Iterator[TestWarehouse]:
    """A warehouse that stays open during the test."""
    with warehouse.kept_open():
        yield warehouse
