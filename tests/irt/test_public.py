"""Contract: the names other programs rely on, and what importing them costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

import irt

NAMES = [
    "ResponseMatrix", "calibrate", "CalibrationOptions", "Calibration", "estimate_abilities", "probabilities", "irf",
    "item_information", "test_information",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_is_there(name):
    assert name in irt.__all__
    assert callable(getattr(irt, name))


def test_everything_announced_is_there():
    assert all(hasattr(irt, name) for name in irt.__all__)


def test_needs_numpy_and_scipy_only():
    code = (
        "import irt, sys; print([m for m in ('pandas', 'duckdb', 'dash', 'plotly', 'scipy.stats') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_notebook(tmp_path):
    matrix = irt.ResponseMatrix.from_array([[1, 1, 0], [1, 0, 0], [0, 1, 1], [1, 1, 1], [0, 0, 0]] * 40)
    calibration = irt.calibrate(matrix, model="1PL")
    abilities = irt.estimate_abilities(matrix, calibration, method="EAP")
    chances = irt.probabilities(matrix, calibration)
    assert chances.probability.shape == (200, 3)
    assert irt.irf(abilities.theta, calibration.items).shape == (200, 3)
    calibration.save(tmp_path / "file.json")
    assert irt.Calibration.load(tmp_path / "file.json").status is calibration.status
