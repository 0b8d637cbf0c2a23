"""Identity: a start from a sample, unmerged rows, other blocks and other grids end at the same maximum."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from irt import CalibrationOptions, ResponseMatrix, calibrate
from irt.calibration import checks, loop, patterns
from irt.calibration.layout import NO_PRIOR, Layout
from irt.calibration.loop import maximise
from irt.calibration.patterns import Problem, distinct_patterns
from irt.errors import ResponsesError
from irt.quadrature import normal_grid
from irt.responses import matrix as responses


@pytest.fixture(scope="module")
def exam(simulate):
    """4,000 students, 16 items, one of them reversed, one steep and one that three answered right."""
    rng = np.random.default_rng(2)
    slopes, intercepts = rng.lognormal(0, 0.3, 16), rng.normal(0, 1, 16)
    slopes[3], slopes[5] = -0.8, 4.0
    scores = simulate(4, 4_000, slopes, intercepts).scores.copy()
    scores[:, 7] = 0
    scores[[5, 1_000, 3_999], 7] = 1
    return ResponseMatrix.from_array(scores)


@pytest.fixture
def small_samples(monkeypatch):
    monkeypatch.setattr(loop, "SAMPLE", 400)
    monkeypatch.setattr(loop, "SAMPLE_FROM", 1_000)


@pytest.mark.parametrize("prior", [None, "weak"])
@pytest.mark.parametrize("model", ["1PL", "2PL"])
def test_a_sample_to_start_from_leads_to_the_same_maximum(exam, model, prior, monkeypatch):
    from irt import CalibrationOptions

    options = CalibrationOptions(model=model, prior=prior)
    cold = calibrate(exam, options=options)
    monkeypatch.setattr(loop, "SAMPLE", 400)
    monkeypatch.setattr(loop, "SAMPLE_FROM", 1_000)
    warm = calibrate(exam, options=options)
    assert warm.status.code == cold.status.code == "converged"
    assert warm.history[0] != cold.history[0], "both started from the same place"
    # Each within the tolerance of 1e-6 of the maximum, for the rare item in units of its standard error of 0.6.
    assert warm.log_likelihood == pytest.approx(cold.log_likelihood, abs=1e-5)
    np.testing.assert_allclose(warm.items.discrimination, cold.items.discrimination, atol=5e-6)
    np.testing.assert_allclose(warm.items.intercept, cold.items.intercept, atol=5e-6)
    np.testing.assert_allclose(warm.standard_errors.intercept, cold.standard_errors.intercept, rtol=1e-5)


def test_the_objective_never_falls_from_a_sample(exam, small_samples):
    history = np.array(calibrate(exam).history)
    assert len(history) > 2
    # Rounding of sums over 4,000 persons.
    assert (np.diff(history) >= -1e-12 * abs(history[0])).all(), f"the objective fell: {history}"


def test_rows_taken_as_they_are_give_the_sums_of_merged_ones(exam, monkeypatch):
    short = exam.take(items=np.arange(9))
    merged = distinct_patterns(short.scores, np.ones(4_000))
    monkeypatch.setattr(patterns, "_merging_pays", lambda rows: False)
    single = distinct_patterns(short.scores, np.ones(4_000))
    assert len(merged.right) < len(single.right) == 4_000
    layout, parameters = Layout(9, common_slope=False), np.linspace(-1, 2, 18)
    grid = normal_grid(61)
    one, other = (loop.e_step(Problem(p, grid, layout, NO_PRIOR), parameters) for p in (merged, single))
    assert one.log_likelihood == pytest.approx(other.log_likelihood, rel=1e-11)
    np.testing.assert_allclose(one.gradient, other.gradient, atol=1e-7)


def test_whether_merging_pays_is_seen_in_a_sample():
    rng = np.random.default_rng(0)
    assert patterns._merging_pays(rng.random((6_000, 5)) < 0.5)
    assert not patterns._merging_pays(rng.random((6_000, 60)) < 0.5)


def test_a_sample_is_the_same_each_time_and_counts_its_own(exam):
    found = distinct_patterns(exam.scores, np.ones(4_000))
    one, other = found.sample(500), found.sample(500)
    np.testing.assert_array_equal(one.right, other.right)
    assert len(one.right) == 500
    np.testing.assert_allclose(one.n_right, one.weights @ one.right)


def test_a_grid_that_is_too_narrow_is_widened(exam):
    found = distinct_patterns(exam.scores, np.ones(4_000))
    layout = Layout(16, common_slope=False)
    start = np.concatenate([np.ones(16), np.zeros(16)])
    start[3] = -1.0
    wide, narrow = (
        maximise(Problem(found, normal_grid(n, reach), layout, NO_PRIOR), start, 1e-6, 500)
        for n, reach in ((121, 6.0), (61, 3.0))
    )
    # Outside of 5 lies 6e-7 of the population.
    assert narrow.state.log_likelihood == pytest.approx(wide.state.log_likelihood, abs=1e-3)
    np.testing.assert_allclose(narrow.state.parameters, wide.state.parameters, atol=1e-3)


def test_tallies_do_not_depend_on_blocks(exam, monkeypatch):
    scores = exam.scores.copy()
    scores[::7, 2] = -1
    matrix = ResponseMatrix.from_array(scores, weights=np.linspace(0, 2, 4_000))
    items = np.arange(16) != 4
    whole = checks.tally(matrix, items, matrix.weights)
    monkeypatch.setattr(checks, "BLOCK_CELLS", 100)
    for one, other in zip(whole, checks.tally(matrix, items, matrix.weights), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)
    assert whole[1][4] == whole[2][4] == 0


@pytest.mark.parametrize("kind", [np.int8, np.int64, np.bool_, np.uint8, np.float32])
def test_a_table_is_taken_without_a_second_one_of_wider_numbers(kind):
    table = (np.random.default_rng(0).random((20_000, 200)) < 0.5).astype(kind)
    ids = [str(i) for i in range(20_000)]
    tracemalloc.start()
    matrix = ResponseMatrix.from_array(table, person_ids=ids)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_array_equal(matrix.scores, table.astype(np.int8))
    # 4 MB of scores, ids, and blocks of 1 million cells with their masks; a table of floats would take 32 MB more.
    assert peak < 25e6, f"{peak / 1e6:.0f} MB at the peak"


def test_a_wrong_cell_is_named_whatever_block_it_is_in(monkeypatch):
    monkeypatch.setattr(responses, "BLOCK_CELLS", 4)
    table = np.zeros((9, 2))
    table[4, 1] = table[8, 0] = 3
    with pytest.raises(ResponsesError, match=r"row 5, column 2 holds 3 \(2 such cells\)"):
        ResponseMatrix.from_array(table)
    with pytest.raises(ResponsesError, match="row 5, column 2 holds 3"):
        ResponseMatrix.from_array(table.astype(np.int64))


def test_fractions_and_infinities_are_refused():
    for wrong in (0.5, np.inf, -np.inf, -2):
        with pytest.raises(ResponsesError, match="must be 0, 1, or missing"):
            ResponseMatrix.from_array([[0.0, 1.0], [wrong, 1.0]])


def test_a_fit_out_of_passes_is_not_called_converged_on_a_grid_too_coarse(simulate):
    """Contract: however early it must stop, converged means the maximum on a grid that is fine enough."""
    matrix = simulate(3, 200, np.full(40, 3.0), np.linspace(-3, 3, 40))
    best = calibrate(matrix)
    ended = []
    for most in range(8, 40, 2):
        fitted = calibrate(matrix, options=CalibrationOptions(max_iterations=most))
        ended.append(fitted.status.code)
        if fitted.status.code == "converged":
            assert fitted.log_likelihood == pytest.approx(best.log_likelihood, abs=1e-8)
    assert set(ended) == {"converged", "iteration_limit"}
