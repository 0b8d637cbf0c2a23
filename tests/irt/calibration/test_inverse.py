"""Identity: both ways to an inverse agree, and what is not known is said."""

from __future__ import annotations

import numpy as np
import pytest

from irt.calibration import inverse
from irt.calibration.inverse import inverse_of


@pytest.fixture
def information():
    rows = np.random.default_rng(0).normal(size=(40, 6)) * [1, 10, 0.1, 1, 1, 1000]
    return rows.T @ rows


def test_cholesky_and_eigenvalues_give_the_same_inverse(information, monkeypatch):
    fast = inverse_of(information)
    monkeypatch.setattr(inverse, "_definite_inverse", lambda scaled: None)
    slow = inverse_of(information)
    assert fast.firm
    assert slow.firm
    np.testing.assert_allclose(fast.matrix, slow.matrix, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(fast.matrix @ information, np.eye(6), atol=1e-9)


def test_a_parameter_of_which_nothing_is_known(information):
    information[:, 2] = information[2, :] = 0
    found = inverse_of(information)
    assert not found.firm
    assert found.rising is None
    np.testing.assert_allclose(found.unknown, [0, 0, 1, 0, 0, 0], atol=1e-9)
    rest = [0, 1, 3, 4, 5]
    expected = np.linalg.inv(information[np.ix_(rest, rest)])
    np.testing.assert_allclose(found.matrix[np.ix_(rest, rest)], expected, rtol=1e-9, atol=1e-12)


def test_a_direction_that_is_barely_known_is_left_to_the_eigenvalues():
    found = inverse_of(np.array([[1.0, 1 - 1e-9], [1 - 1e-9, 1.0]]))
    assert not found.firm
    np.testing.assert_allclose(found.unknown, [0.5, 0.5], atol=1e-6)


def test_a_saddle_has_a_rising_direction():
    information = np.array([[1.0, 2.0], [2.0, 1.0]])
    found = inverse_of(information)
    assert found.rising @ information @ found.rising < 0
