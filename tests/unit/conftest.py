from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.warehouse_fixture import TestWarehouse


@pytest.fixture
def warehouse(tmp_path: Path) -> TestWarehouse:
    """A warehouse in a temporary directory."""
    warehouse = TestWarehouse(tmp_path)
    warehouse.lay_out()
    return warehouse
