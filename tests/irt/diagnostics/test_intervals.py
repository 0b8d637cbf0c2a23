"""Intervals of shares and correlations."""

import numpy as np
import pytest

from irt.diagnostics import fisher_z, wilson
from irt.quadrature import Z95

# Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3: four digits printed.
NEWCOMBE = {(81, 263): (0.2553, 0.3662), (15, 148): (0.0624, 0.1605), (0, 20): (0.0, 0.1611), (1, 29): (0.0061, 0.1718)}


@pytest.mark.parametrize(("right", "n"), NEWCOMBE)
def test_reference_wilson(right, n):
    assert tuple(map(float, wilson(right / n, n))) == pytest.approx(NEWCOMBE[right, n], abs=5e-5)


def test_identity_wilson_solves_the_score_equation():
    p, n = np.array([0.0, 0.07, 0.5, 1.0]), np.array([12, 40, 7, 300])
    for limit in wilson(p, n):
        inside = (limit > 0) & (limit < 1)
        score = np.abs(p - limit) / np.sqrt(limit * (1 - limit) / n, out=np.ones(4), where=inside)
        np.testing.assert_allclose(score[inside], Z95, atol=1e-9)


def test_nothing_answered_has_no_interval():
    assert np.isnan(wilson(np.nan, 0)).all()
    assert np.isnan(fisher_z(0.5, 3)).all()


def test_identity_fisher_is_symmetric_in_z():
    lower, upper = fisher_z(0.4, 50)
    assert np.arctanh(upper) - np.arctanh(0.4) == pytest.approx(Z95 / np.sqrt(47), abs=1e-12)
    assert np.arctanh(lower) + np.arctanh(upper) == pytest.approx(2 * np.arctanh(0.4), abs=1e-12)


def test_a_perfect_correlation_has_no_width():
    assert [float(limit) for limit in fisher_z(1.0, 40)] == [1.0, 1.0]


def test_correlation_a_hair_above_one_is_one():
    assert fisher_z(1.0000000000000002, 20) == (1.0, 1.0)
