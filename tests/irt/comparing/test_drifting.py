"""Items that change between exams."""

from dataclasses import replace

import numpy as np
import pytest
from two_scales import SHARED, two_scales

from irt import FitError
from irt.comparing import drift, link
from irt.diagnostics import benjamini_hochberg


@pytest.fixture(scope="module", params=["1PL", "2PL", "3PL"])
def found(request):
    new, base = two_scales(71, request.param, moved={4: 0.9})
    return new, base, drift(new, base)


def test_recovery_the_item_that_became_harder_is_found_and_leaves_the_link(found):
    _, _, result = found
    assert result.item_ids == tuple(f"q{j}" for j in range(SHARED))
    assert [item for item, p in zip(result.item_ids, result.p_adjusted, strict=True) if p < 0.05] == ["q4"]
    assert result.difference[4] == pytest.approx(0.9, abs=3 * result.se[4])
    assert "q4" not in result.link.anchor_ids
    np.testing.assert_array_equal(result.anchors, np.arange(SHARED) != 4)


def test_identity_the_numbers_go_together(found):
    _, _, result = found
    np.testing.assert_allclose(result.difference, result.difficulty_new - result.difficulty_base, atol=1e-12)
    np.testing.assert_allclose(result.z, result.difference / result.se, atol=1e-12)
    np.testing.assert_array_equal(result.p_adjusted, benjamini_hochberg(result.p_value))
    assert (result.n_base == 1000).all()
    assert (result.n_new == 1000).all()


def test_identity_lord_with_one_slope_is_z_squared():
    new, base = two_scales(31, "1PL")
    result = drift(new, base)
    np.testing.assert_allclose(result.chi2, result.z**2)
    np.testing.assert_allclose(result.p_value_both, result.p_value, atol=1e-12)
    np.testing.assert_allclose(result.discrimination_difference, 0, atol=1e-9)


def test_derivative_standard_errors_by_brute_force():
    """The error of a difference from the change of the whole answer with every parameter of both calibrations."""
    new, base = two_scales(31)
    line = link(new, base, "mean-sigma")
    said = drift(new, base, line)

    def differences(parts):
        again = link(*parts, "mean-sigma")
        moved = drift(*parts, replace(again, by_new=line.by_new, by_base=line.by_base))
        return np.stack([moved.difference, moved.discrimination_difference])

    variance = np.zeros((2, SHARED))
    for which, calibration in enumerate((new, base)):
        columns, step = [], 1e-5
        for j in range(len(calibration.items)):
            for name in ("discrimination", "intercept"):
                ends = []
                for sign in (1, -1):
                    values = getattr(calibration.items, name).copy()
                    values[j] += sign * step
                    parts = [new, base]
                    parts[which] = replace(calibration, items=replace(calibration.items, **{name: values}))
                    ends.append(differences(parts))
                columns.append((ends[0] - ends[1]) / (2 * step))
        by = np.stack(columns, axis=-1)
        variance += np.einsum("qnc,cd,qnd->qn", by, calibration.covariance, by)
    # 1e-6: central differences
    np.testing.assert_allclose(said.se, np.sqrt(variance[0]), rtol=1e-6)
    np.testing.assert_allclose(said.discrimination_se, np.sqrt(variance[1]), rtol=1e-6)


def test_recovery_unchanged_items_are_called_changed_as_often_as_said():
    results = [drift(*two_scales(500 + 10 * k, n_persons=600)) for k in range(25)]
    for values in ([r.p_value for r in results], [r.p_value_both for r in results]):
        # 300 tests at 5 %: 15, with a standard deviation of 3.8
        assert 15 - 3 * 3.8 < (np.concatenate(values) < 0.05).sum() < 15 + 3 * 3.8


def test_contract_a_given_link_is_kept():
    new, base = two_scales(31, moved={4: 0.9})
    line = link(new, base, "haebara")
    result = drift(new, base, line)
    assert result.link is line
    assert result.anchors.all()
    assert 0 < result.difference[4] < drift(new, base).difference[4]  # the item pulls the line towards itself


def test_recovery_many_changed_items_do_not_make_others_look_changed():
    new, base = two_scales(51, n_persons=3000, moved={1: 1.0, 4: 1.0, 7: 1.0, 9: 1.0})
    result = drift(new, base)
    assert np.flatnonzero(~result.anchors).tolist() == [1, 4, 7, 9]
    assert (drift(new, base, link(new, base)).p_adjusted < 0.05).sum() > 4


def test_recovery_an_item_that_became_steeper_is_seen_by_lord_and_leaves_the_link():
    new, base = two_scales(31)
    factor = np.where(np.array(new.items.item_ids) == "q8", 3.0, 1.0)  # the same difficulty, three times the slope
    items = new.items
    steeper = replace(items, discrimination=factor * items.discrimination, intercept=factor * items.intercept)
    result = drift(replace(new, items=steeper), base)
    assert result.p_value_both[8] < 1e-6
    assert result.p_adjusted[8] > 0.05
    assert "q8" not in result.link.anchor_ids
    assert result.discrimination_difference[8] > 3 * result.discrimination_se[8]


@pytest.mark.filterwarnings("error")
def test_items_that_cannot_be_compared_are_nan_with_the_reason():
    new, base = two_scales(31)
    slopes = new.items.discrimination.copy()
    slopes[3] = -0.5
    result = drift(replace(new, items=replace(new.items, discrimination=slopes)), base)
    assert "Item q3 does not rise with ability in the new" in result.reasons[3]
    assert np.isnan([result.difference[3], result.p_value[3], result.chi2[3]]).all()
    assert [reason for j, reason in enumerate(result.reasons) if j != 3] == [""] * (SHARED - 1)
    assert not np.isnan(np.delete(result.p_value, 3)).any()


@pytest.mark.filterwarnings("error")
def test_errors_that_cannot_be_had_are_nan():
    new, base = two_scales(31)
    result = drift(replace(new, covariance=np.full_like(new.covariance, np.nan)), base)
    assert np.isfinite(result.difference).all()
    assert np.isnan([result.se, result.z, result.p_value, result.chi2, result.p_value_both]).all()


def test_message_a_link_between_others():
    new, base = two_scales(11)
    line = link(new, base)
    foreign = replace(line, anchor_ids=("z1", *line.anchor_ids[1:]))
    with pytest.raises(FitError, match="rests on Item z1, which is not in both"):
        drift(new, base, foreign)
