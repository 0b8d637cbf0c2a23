"""Differential item functioning by logistic regression: by how much, and whether it changes with ability."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, expit

from irt.comparing.strata import Strata, matched
from irt.diagnostics.adjustment import benjamini_hochberg
from irt.items import Floats, closed
from irt.responses import ResponseMatrix

#: Newton steps at most; estimates that exist take fewer than ten.
MOST_STEPS = 60
#: The log-likelihood has settled when a step promises to add less than this.
SETTLED = 1e-12
#: Differences of Nagelkerke's R2 from which an effect is moderate and large (Jodoin & Gierl 2001).
MODERATE, LARGE = 0.035, 0.07


@dataclass(frozen=True, slots=True)
class LogisticDif:
    """Likelihood-ratio tests of each item, arrays of shape (n_items,); nan where an item cannot be compared.

    Parameters
    ----------
    n_reference, n_focal : ndarray
        Persons with an answer to the item.
    chi2, p_value : ndarray
        Of both effects of the group at once, two degrees of freedom.
    chi2_uniform, p_value_uniform : ndarray
        Of a difference that is the same at every level, one degree of freedom.
    chi2_nonuniform, p_value_nonuniform : ndarray
        Of a difference that changes with the level, one degree of freedom; the two add up to ``chi2``.
    effect, effect_uniform, effect_nonuniform : ndarray
        By how much Nagelkerke's R2 grows with both effects, the uniform and the non-uniform one.
    p_adjusted : ndarray
        Benjamini and Hochberg's, of ``p_value`` over the items.
    reasons : tuple of str
        Why an item has no test of both effects; "" where it has.
    """

    n_reference: Floats
    n_focal: Floats
    chi2: Floats
    p_value: Floats
    chi2_uniform: Floats
    p_value_uniform: Floats
    chi2_nonuniform: Floats
    p_value_nonuniform: Floats
    effect: Floats
    effect_uniform: Floats
    effect_nonuniform: Floats
    p_adjusted: Floats
    reasons: tuple[str, ...]

    @property
    def effect_class(self) -> tuple[str, ...]:
        """A (negligible), B (moderate, from .035) or C (large, from .07) by the size of ``effect``; "" without one."""
        return tuple("" if np.isnan(e) else "ABC"[int(e >= MODERATE) + int(e >= LARGE)] for e in self.effect)


def logistic_dif(
    matrix: ResponseMatrix,
    focal: NDArray[np.bool_],
    keep: NDArray[np.bool_],
    anchors: NDArray[np.bool_] | None = None,
) -> LogisticDif:
    r"""Logistic regression of each item on the matching score and the group, by likelihood-ratio tests.

    .. math:: logit\, P = b_0 + b_1 s + b_2 g + b_3 s g

    with the matching score s and the group g (focal 1, reference 0). Both effects: :math:`b_2 = b_3 = 0`; uniform:
    :math:`b_2 = 0` given :math:`b_3 = 0`; non-uniform: :math:`b_3 = 0`.

    Parameters
    ----------
    matrix, focal, keep, anchors
        As for :func:`irt.comparing.mantel_haenszel`: matched on the number right with the studied item; with missing
        answers on the share right of those answered, in as many steps as there are items.

    Notes
    -----
    Agrees with difR 5.1 (``difLogistic(criterion = "LRT")``, types "both", "udif", "nudif") on complete answers. Its
    classes are those of Jodoin and Gierl. Newton's method on persons counted by level and group, for all items at
    once. Where right and wrong answers of a group part at a level (or are all alike), no finite estimate exists and
    the item gets a reason instead of numbers.

    References
    ----------
    Swaminathan, H., & Rogers, H. J. (1990). *Journal of Educational Measurement*, 27, 361-370.
    doi:10.1111/j.1745-3984.1990.tb00754.x

    Nagelkerke, N. J. D. (1991). *Biometrika*, 78, 691-692. doi:10.1093/biomet/78.3.691

    Jodoin, M. G., & Gierl, M. J. (2001). *Applied Measurement in Education*, 14, 329-349.
    doi:10.1207/S15324818AME1404_2
    """
    return logistic_tests(matched(matrix, focal, keep, anchors))


def logistic_tests(strata: Strata) -> LogisticDif:
    """Likelihood-ratio tests from the answers at each matching level."""
    score_only, uniform, both = _log_likelihoods(strata)
    empty, n = _empty_log_likelihood(strata)
    chi2 = [2 * np.maximum(large - small, 0.0) for large, small in ((both, score_only), (uniform, score_only))]
    chi2.append(2 * np.maximum(both - uniform, 0.0))
    p_values = [np.where(np.isnan(value), np.nan, chdtrc(df, value)) for df, value in zip((2, 1, 1), chi2, strict=True)]
    shares = [nagelkerke(model, empty, n) for model in (score_only, uniform, both)]
    return LogisticDif(
        n_reference=closed(strata.reference.sum(axis=0)),
        n_focal=closed(strata.focal.sum(axis=0)),
        chi2=closed(chi2[0]),
        p_value=closed(p_values[0]),
        chi2_uniform=closed(chi2[1]),
        p_value_uniform=closed(p_values[1]),
        chi2_nonuniform=closed(chi2[2]),
        p_value_nonuniform=closed(p_values[2]),
        effect=closed(shares[2] - shares[0]),
        effect_uniform=closed(shares[1] - shares[0]),
        effect_nonuniform=closed(shares[2] - shares[1]),
        p_adjusted=closed(benjamini_hochberg(p_values[0])),
        reasons=_reasons(strata),
    )


def nagelkerke(log_likelihood: Floats, empty: Floats, n: Floats) -> Floats:
    r"""Nagelkerke's R2 from log-likelihoods, :math:`(1 - (L_0 / L)^{2/n}) / (1 - L_0^{2/n})`."""
    with np.errstate(invalid="ignore", divide="ignore"):
        share: Floats = -np.expm1(2 * (empty - log_likelihood) / n) / -np.expm1(2 * empty / n)
    return share


def fit_logistic(design: Floats, right: Floats, total: Floats) -> tuple[Floats, Floats]:
    """Logistic regressions of many items on the same cells, by Newton's method with steps halved where they overshoot.

    Parameters
    ----------
    design : ndarray, shape (n_cells, n_coefficients)
    right, total : ndarray, shape (n_cells, n_items)
        Right answers, and answers.

    Returns
    -------
    log_likelihood : ndarray, shape (n_items,)
        Of single answers; nan where it did not settle, as where no maximum exists.
    coefficients : ndarray, shape (n_items, n_coefficients)
    """
    n_items = right.shape[1]
    coefficients = np.zeros((n_items, design.shape[1]))
    value = _log_likelihood(design, coefficients, right, total)
    open_ = np.ones(n_items, dtype=bool)
    for _ in range(MOST_STEPS):
        p = expit(design @ coefficients.T)
        gradient = (right - total * p).T @ design
        weight = total * p * (1 - p)
        curvature = np.einsum("cp,cj,cq->jpq", design, weight, design)
        step = np.linalg.solve(curvature + 1e-12 * np.eye(design.shape[1]), gradient[..., None])[..., 0]
        open_ = (gradient * step).sum(axis=1) > SETTLED * np.maximum(1.0, -value)
        if not open_.any():
            break
        coefficients, value = _climb(design, (coefficients, value), step * open_[:, None], right, total)
    return np.where(open_, np.nan, value), coefficients


def _climb(
    design: Floats, start: tuple[Floats, Floats], step: Floats, right: Floats, total: Floats
) -> tuple[Floats, Floats]:
    """The end of a step, halved for the items that it would make worse."""
    coefficients, value = start
    for _ in range(30):
        trial = _log_likelihood(design, coefficients + step, right, total)
        worse = trial < value - 1e-9 * np.maximum(1.0, -value)
        if not worse.any():
            break
        step = np.where(worse[:, None], step / 2, step)
    return coefficients + step, trial


def _log_likelihood(design: Floats, coefficients: Floats, right: Floats, total: Floats) -> Floats:
    """Log-likelihood of single answers, shape (n_items,)."""
    z = design @ coefficients.T
    found: Floats = -(right * np.logaddexp(0.0, -z) + (total - right) * np.logaddexp(0.0, z)).sum(axis=0)
    return found


def _log_likelihoods(strata: Strata) -> tuple[Floats, Floats, Floats]:
    """Maxima with the score alone, with the group, and with both effects; nan where there is none."""
    n_levels, n_items = strata.right.shape
    score = np.linspace(-2.0, 2.0, n_levels)  # any line of the score gives the same maximum; this one is well scaled
    group = np.repeat([0.0, 1.0], n_levels)
    score = np.tile(score, 2)
    design = np.column_stack([np.ones_like(score), score, group, group * score])
    right = np.vstack([strata.reference_right, strata.focal_right])
    total = np.vstack([strata.reference, strata.focal])
    found = []
    for columns, estimable in zip((2, 3, 4), _estimable(strata), strict=True):
        value = np.full(n_items, np.nan)
        value[estimable] = fit_logistic(design[:, :columns], right[:, estimable], total[:, estimable])[0]
        found.append(value)
    return found[0], found[1], found[2]


def _empty_log_likelihood(strata: Strata) -> tuple[Floats, Floats]:
    """Maximum without score or group, and the number of answers, each of shape (n_items,)."""
    right, wrong = strata.right.sum(axis=0), strata.wrong.sum(axis=0)
    n = right + wrong
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = [np.where(k > 0, k * np.log(k / n), 0.0) for k in (right, wrong)]
    return parts[0] + parts[1], n


def _estimable(strata: Strata) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether finite estimates exist with the score alone, with the group, and with both effects.

    Exactly where no line through score (and group) parts right from wrong answers (Albert & Anderson 1984,
    doi:10.1093/biomet/71.1.1).
    """
    rises, falls = zip(
        *(
            _parted(right, wrong)
            for right, wrong in (
                (strata.reference_right, strata.reference_wrong),
                (strata.focal_right, strata.focal_wrong),
                (strata.right, strata.wrong),
            )
        ),
        strict=True,
    )
    one_sided = _one_sided(strata)
    pooled = ~(rises[2] | falls[2])
    common = ~(one_sided | (rises[0] & rises[1]) | (falls[0] & falls[1]))
    each = ~(rises[0] | falls[0] | rises[1] | falls[1])
    return pooled, common & pooled, each & common & pooled


def _parted(right: Floats, wrong: Floats) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether no right answer is below a wrong one, and whether none is above (both where one of them is missing)."""
    last = len(right) - 1
    low_right, high_right = np.argmax(right > 0, axis=0), last - np.argmax(right[::-1] > 0, axis=0)
    low_wrong, high_wrong = np.argmax(wrong > 0, axis=0), last - np.argmax(wrong[::-1] > 0, axis=0)
    none = ~((right > 0).any(axis=0) & (wrong > 0).any(axis=0))
    return none | (low_right >= high_wrong), none | (high_right <= low_wrong)


def _one_sided(strata: Strata) -> NDArray[np.bool_]:
    """Whether a group has no answers, or only right or only wrong ones."""
    counts = (strata.reference_right, strata.reference_wrong, strata.focal_right, strata.focal_wrong)
    empty: NDArray[np.bool_] = np.any([(count > 0).sum(axis=0) == 0 for count in counts], axis=0)
    return empty


def _reasons(strata: Strata) -> tuple[str, ...]:
    """Why an item has no test of both effects."""
    lacks, both = _one_sided(strata), _estimable(strata)[2]
    one_sided = "In one of the groups all answers to this item are alike, so that the groups cannot be compared by it."
    parted = (
        "In one of the groups the score parts right from wrong answers to this item completely, so that no finite "
        "estimate exists."
    )
    return tuple(one_sided if alike else "" if fine else parted for alike, fine in zip(lacks, both, strict=True))
