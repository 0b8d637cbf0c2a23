"""Identity: covariances are inverses where there is one, and nan where nothing is known."""

from __future__ import annotations

import numpy as np

from irt.calibration.uncertainty import covariance_of


def test_the_covariance_is_the_inverse():
    information = np.array([[4.0, 1.0], [1.0, 9.0]])
    np.testing.assert_allclose(covariance_of(information) @ information, np.eye(2), atol=1e-14)


def test_a_direction_of_which_nothing_is_known_has_no_covariance():
    """Only the sum of the first two is known: their scaled information has an eigenvalue of 0."""
    covariance = covariance_of(np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 4.0]]))
    np.testing.assert_array_equal(np.isnan(covariance), [[True] * 3, [True] * 3, [True, True, False]])
    assert covariance[2, 2] == 0.25


def test_a_standard_error_of_thousands_says_that_nothing_is_known():
    """Scaled to a unit diagonal this information is as good as any; its standard error would be 31,623."""
    covariance = covariance_of(np.diag([1e-9, 4.0]))
    np.testing.assert_array_equal(np.isnan(covariance), [[True, True], [True, False]])
    assert covariance[1, 1] == 0.25
