"""Loads: files that come with the request, or from the bucket, into a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.warehouse.catalogue import Catalogue
from tests.warehouse.errors import beyond
from tests.warehouse.queries import Outcome

if TYPE_CHECKING:
    from tests.warehouse.jobs import Job


def run_load(catalogue: Catalogue, job: Job, data: bytes | None) -> Outcome:
    raise beyond("loads")
