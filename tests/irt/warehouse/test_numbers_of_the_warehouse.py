"""Contract: through the real client and the double, counts and scores are those of Python and of the embedded store."""

from collections.abc import Iterator

import numpy as np
import pytest

from irt.selection import FULL_SCOPE, AttemptPolicy, MissingPolicy, Selection
from irt.sources.counting import counts
from irt.sources.engine import DuckEngine
from irt.sources.scoring import abilities, chances, scoring
from irt.warehouse.patience import patient
from irt.warehouse.source import BigQueryEngine
from tests.irt.sources.calibrations import calibration_of, random_items
from tests.irt.sources.dirty_tables import ITEMS, dirty_table, engine_over
from tests.irt.sources.test_counting import assert_same, both
from tests.irt.warehouse.warehouse_openers import put_answers, source_of
from tests.warehouse import Warehouse

FRAME = dirty_table(seed=21)
#: Attempts, exams, what was not reached: everything has to be settled.
CAREFUL = Selection("M", ("E", "F"), missing=MissingPolicy.OMITTED_WRONG, attempts=AttemptPolicy.BEST)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BigQueryEngine]:
    with Warehouse() as served, patient():
        put_answers(served, FRAME, tmp_path_factory.mktemp("warehouse"))
        yield source_of(served, None).engine()


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> DuckEngine:
    return engine_over(FRAME, tmp_path_factory.mktemp("embedded"))


@pytest.mark.parametrize("selection", [Selection("M", ("E",)), CAREFUL], ids=["as it comes", "settled"])
def test_counts_are_those_of_python(engine: BigQueryEngine, selection: Selection) -> None:
    assert_same(*both(engine, selection))


def test_counts_are_those_of_the_embedded_store(engine: BigQueryEngine, embedded: DuckEngine) -> None:
    # Text on the wire keeps every digit; only sums in another order may differ, in the last ones.
    found, expected = (counts(of, CAREFUL, FULL_SCOPE) for of in (engine, embedded))
    assert (found.items, found.dropped, found.n_rows) == (expected.items, expected.dropped, expected.n_rows)
    np.testing.assert_array_equal(found.options.by_fifth, expected.options.by_fifth)
    np.testing.assert_allclose(found.item_rest_r, expected.item_rest_r, rtol=1e-13, atol=1e-13)


def test_scores_are_those_of_the_embedded_store(engine: BigQueryEngine, embedded: DuckEngine) -> None:
    calibration = calibration_of(random_items("2PL", ITEMS), "2PL")
    found, expected = (abilities(of, calibration, CAREFUL, FULL_SCOPE) for of in (engine, embedded))
    assert found.person_ids == expected.person_ids
    np.testing.assert_array_equal(found.items_answered, expected.items_answered)
    np.testing.assert_allclose(found.theta, expected.theta, rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(found.se, expected.se, rtol=1e-13, atol=1e-13)
    by_item, wanted = (chances(of, calibration, CAREFUL, FULL_SCOPE) for of in (engine, embedded))
    np.testing.assert_array_equal(by_item.correct, wanted.correct)
    for name in ("probability", "lower", "upper"):
        np.testing.assert_allclose(getattr(by_item, name), getattr(wanted, name), rtol=1e-12, err_msg=name)


def test_a_question_of_many_items_keeps_to_the_limits_of_the_service() -> None:
    # A query may have 10,000 parameters and a megabyte of text.
    items = [f"question number {k}" for k in range(1000)]
    calibration = calibration_of(random_items("4PL", items, steepness=30.0), "4PL")
    question = scoring(calibration, items, CAREFUL, FULL_SCOPE)
    text = question.shared + "".join(part.sql for part in question.parts.values())
    assert text.count("EXP(l") == 961
    assert len(text.encode()) < 2**20 / 2
    assert len(question.parameters) < 100
    assert sum(len(value) for rows in question.parameters.values() if isinstance(rows, tuple) for value in rows) < 10**6
