"""Fixtures for pytest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.warehouse.warehouse import Warehouse


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    """A warehouse of one's own, empty."""
    from tests.warehouse.warehouse import Warehouse

    with Warehouse() as served:
        yield served
