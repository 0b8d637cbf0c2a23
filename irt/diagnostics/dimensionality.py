"""Do the items measure one thing? Eigenvalues beside those that chance makes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from irt.calibration import Calibration, CalibrationOptions, calibrate
from irt.diagnostics.dependence import draws_of_q3, q3
from irt.diagnostics.draws import Scores, one_row_a_person, shuffled
from irt.diagnostics.tetrachoric import tetrachoric_of
from irt.errors import FitError, IrtError
from irt.items import Floats, frozen
from irt.responses import ResponseMatrix
from irt.scoring import estimate_abilities
from irt.scoring.align import align
from irt.threads import one_thread

#: Most persons that take part, in the answers and in each draw: beyond, chance no longer matters for the first few.
MOST_PERSONS = 5_000
#: Most draws of the residual form, each of which is a calibration.
MOST_FITS = 50
#: Share of the draws that lies below the reference.
QUANTILE = 0.95
#: Items without which a second dimension cannot be told from the first.
FEWEST_ITEMS = 3
#: Answers per item (median) below which the 2PL of the residual form has the weak prior.
FREE_FROM = 250


@dataclass(frozen=True, slots=True)
class Dimensionality:
    """Eigenvalues of the items' correlations beside those of answers without more dimensions.

    Parameters
    ----------
    eigenvalues, reference : ndarray, shape (n_items that entered,)
        Largest first; the reference is the 95th percentile over the draws of the eigenvalue of the same rank. Empty
        where there are none.
    n_dimensions : int or None
        How many stand out: the leading eigenvalues above their reference. 0: the items do not go together more than
        by chance. The residual form tells one (the first eigenvalue stays below) from more than one, which is 2 here.
        None: it cannot be told, see ``reason``.
    matrix : {"tetrachoric", "residual"}
        Tetrachoric correlations beside shuffled answers (Horn's parallel analysis); or, where some pair of items has
        no such correlation, correlations of the residuals of a 2PL (Q3) beside draws from that 2PL.
    n_persons : int
        Persons that entered (at most 5,000, drawn at random from more).
    n_draws : int
    reason : str
        Why there is no answer, or why it is the residual form; else empty.
    """

    eigenvalues: Floats
    reference: Floats
    n_dimensions: int | None
    matrix: Literal["tetrachoric", "residual"]
    n_persons: int
    n_draws: int
    reason: str = ""

    @property
    def ratio(self) -> float:
        """First eigenvalue over the second; nan in the residual form, where ability has been taken out."""
        if self.matrix != "tetrachoric" or len(self.eigenvalues) < 2 or self.eigenvalues[1] <= 0:
            return float("nan")
        return float(self.eigenvalues[0] / self.eigenvalues[1])


@one_thread
def dimensionality(matrix: ResponseMatrix, *, n_draws: int = 100, seed: int = 0) -> Dimensionality:
    r"""How many dimensions stand out of chance, by parallel analysis of tetrachoric correlations.

    .. math:: \lambda_k > q_{95}(\lambda_k^{\text{shuffled}}) \quad \text{for } k = 1, 2, \ldots

    Parameters
    ----------
    matrix : ResponseMatrix
        Items that all answered alike are left out; weights count as so many persons.
    n_draws : int
        At least 2; at most 50 in the residual form.
    seed : int

    Returns
    -------
    Dimensionality

    Raises
    ------
    FitError
        For fewer than 2 draws.

    Notes
    -----
    The answers to each item are dealt out anew among those who answered it, so that margins and missing answers stay
    and only the ties between items go. An eigenvalue counts if it and all before it exceed the 95th percentile of those
    of the same rank: the mean would find too many (Glorfeld 1995). Guessing makes the hardest items go together less
    than easy ones and can look like a dimension. Dimensions that are correlated above about 0.8 are not told apart.
    The correlations of pairs are estimated one by one, so that small eigenvalues can be negative. Costs about 0.03 s
    a draw with 5,000 persons and 100 items.

    References
    ----------
    Horn, J. L. (1965). *Psychometrika*, 30, 179-185. doi:10.1007/BF02289447; Glorfeld, L. W. (1995). *Educational and
    Psychological Measurement*, 55, 377-393. doi:10.1177/0013164495055003002; Weng, L.-J., & Cheng, C.-P. (2005).
    *Educational and Psychological Measurement*, 65, 697-716. doi:10.1177/0013164404273941
    """
    if n_draws < 2:
        raise FitError(f"Parallel analysis needs at least 2 draws, not {n_draws}.", n_draws=n_draws)
    rng = np.random.default_rng(seed)
    scores = one_row_a_person(matrix, MOST_PERSONS, rng)
    scores = scores[(scores >= 0).any(axis=1)]
    scores = scores[:, (scores == 0).any(axis=0) & (scores == 1).any(axis=0)]
    if scores.shape[1] < FEWEST_ITEMS:
        return _unknown(
            f"Dimensions can be told from {FEWEST_ITEMS} items that some answered right and some wrong; there are "
            f"{scores.shape[1]}.",
            len(scores),
        )
    correlation = tetrachoric_of(scores).correlation
    if np.isnan(correlation).any():
        return _residual(scores, min(n_draws, MOST_FITS), rng)
    draws = [_eigenvalues(_filled(tetrachoric_of(shuffled(scores, rng)).correlation)) for _ in range(n_draws)]
    eigenvalues, reference = _eigenvalues(correlation), np.quantile(draws, QUANTILE, axis=0)
    return Dimensionality(
        frozen(eigenvalues),
        frozen(reference),
        _leading(eigenvalues, reference),
        "tetrachoric",
        len(scores),
        n_draws,
    )


def _residual(scores: Scores, n_draws: int, rng: np.random.Generator) -> Dimensionality:
    """The residual form: what a 2PL leaves, beside what it leaves of its own draws."""
    exam = ResponseMatrix.from_array(scores)
    few = float(np.median((scores >= 0).sum(axis=0))) < FREE_FROM
    try:
        calibration = _calibrated(exam, few)
    except IrtError as error:
        return _unknown(f"Some items have too few students in common, and no model can be fitted. {error}", len(scores))
    shared = align(exam, calibration)
    observed = q3(exam, calibration, estimate_abilities(exam, calibration))[0][np.ix_(shared.columns, shared.columns)]
    draws = draws_of_q3(scores[:, shared.columns], shared.items, calibration, n_draws, rng)
    if len(draws) < 2:
        return _unknown("Answers drawn from the 2PL could not be calibrated, so there is no reference.", len(scores))
    eigenvalues = _eigenvalues(_filled(observed))
    reference = np.quantile([_eigenvalues(_filled(draw)) for draw in draws], QUANTILE, axis=0)
    reason = (
        "Some items have too few students in common for a correlation, so what a 2PL leaves unexplained was looked at "
        "instead."
    )
    n_dimensions = 2 if eigenvalues[0] > reference[0] else 1
    return Dimensionality(
        frozen(eigenvalues), frozen(reference), n_dimensions, "residual", len(scores), len(draws), reason
    )


def _calibrated(exam: ResponseMatrix, few: bool) -> Calibration:
    """A 2PL of these answers, with the weak prior where they are few or it fails without."""
    if not few:
        try:
            return calibrate(exam)
        except FitError:
            pass
    return calibrate(exam, options=CalibrationOptions(prior="weak"))


def _filled(correlation: Floats) -> Floats:
    """1 on the diagonal and 0 for pairs without a correlation."""
    filled = np.where(np.isfinite(correlation), correlation, 0.0)
    np.fill_diagonal(filled, 1.0)
    return filled


def _eigenvalues(correlation: Floats) -> Floats:
    """Eigenvalues, largest first."""
    return np.asarray(np.linalg.eigvalsh(correlation)[::-1], dtype=np.float64)


def _leading(eigenvalues: Floats, reference: Floats) -> int:
    """How many stand above the reference before the first that does not."""
    above = eigenvalues > reference
    return len(above) if above.all() else int(np.argmin(above))


def _unknown(reason: str, n_persons: int) -> Dimensionality:
    """No answer, with the reason."""
    none = frozen(np.empty(0))
    return Dimensionality(none, none, None, "tetrachoric", n_persons, 0, reason)
