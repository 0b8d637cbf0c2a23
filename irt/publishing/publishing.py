"""Publish a selection: to which target by which way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from irt.publishing.folder import publish_to_folder
from irt.publishing.publication import Publication, Receipt
from irt.publishing.slices import slices_of
from irt.publishing.target import BucketTarget, FolderTarget, Target
from irt.responses import ResponseMatrix
from irt.selection import FULL_SCOPE
from irt.sources import ResponseSource

if TYPE_CHECKING:
    from irt.publishing.warehouse import Scoring
    from irt.warehouse.source import BigQuerySource


def publish(
    target: Target,
    publication: Publication,
    source: ResponseSource,
    answers: Callable[[], ResponseMatrix],
    tell: Callable[[str], None],
) -> Receipt:
    """Publish, wherever to: all of it becomes visible at once, in the place of what its selection had, or nothing.

    Parameters
    ----------
    target : Target
    publication : Publication
    source : ResponseSource
        Where the answers live. In BigQuery, and published to BigQuery, students are scored there.
    answers : callable
        Reads the answers of everybody who is scored; called only where they are scored here.
    tell : callable
        Told how far it is.

    Raises
    ------
    ConfirmationNeeded
        If a query of the warehouse reads more than goes without asking.
    SourceError
        If it fails; what was published before is as it was.
    """
    slices = partial(slices_of, publication, answers)
    if isinstance(target, FolderTarget):
        return publish_to_folder(target, publication, slices, tell)
    if isinstance(target, BucketTarget):
        from irt.publishing.storage import publish_to_bucket

        return publish_to_bucket(target, publication, slices, tell)
    from irt.publishing.warehouse import publish_loaded, publish_scored
    from irt.warehouse.source import BigQuerySource

    jobs = target.connected()
    if isinstance(source, BigQuerySource):
        return publish_scored(target, publication, _scoring(publication, source), jobs, tell)
    return publish_loaded(target, publication, slices, jobs, tell)


def _scoring(publication: Publication, source: BigQuerySource) -> Scoring:
    """The queries that score everybody of a selection where the answers live."""
    from irt.publishing.warehouse import Scoring
    from irt.sources.scoring import as_select, item_ids, scoring

    wanted = publication.results & {"abilities", "probabilities"}
    if not wanted:
        return Scoring({}, {})
    engine, everybody = source.engine(), replace(publication.selection, share=1.0)
    items = item_ids(engine, everybody.population(), FULL_SCOPE)
    question = scoring(publication.calibration, items, everybody, FULL_SCOPE)
    selects = {name: engine.text(as_select(question, name)) for name in sorted(wanted)}
    return Scoring(selects, question.parameters)
