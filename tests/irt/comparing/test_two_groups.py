"""Two groups beside each other: which groups, which matching score, which numbers."""

from dataclasses import fields, replace

import numpy as np
import pytest
from unfair_exams import exam

from irt import ResponseMatrix, TooFewAnswersError
from irt.comparing import dif, logistic_dif, mantel_haenszel, matched, share_difference
from irt.diagnostics import benjamini_hochberg
from irt.errors import NotFoundError, ResponsesError


@pytest.fixture(scope="module")
def unfair():
    matrix, focal, _ = exam(1200, 40, harder=[2, 6, 10])
    return matrix, ["north" if is_focal else "south" for is_focal in focal], focal


def test_identity_the_parts_are_those_of_the_single_methods(unfair):
    matrix, groups, focal = unfair
    found = dif(matrix, groups, reference="south")
    odds, logistic = (compare(matrix, focal, np.ones(1200, dtype=bool)) for compare in (mantel_haenszel, logistic_dif))
    assert (found.reference, found.focal, found.matching) == ("south", "north", "total score")
    np.testing.assert_array_equal(found.delta_mh, odds.delta)
    np.testing.assert_array_equal(found.chi2_logistic, logistic.chi2)
    np.testing.assert_array_equal(found.p_adjusted, benjamini_hochberg(found.p_value_logistic))
    np.testing.assert_array_equal(found.p_adjusted_mh, benjamini_hochberg(found.p_value_mh))
    assert found.anchors.all()


def test_identity_purification_is_the_loop_that_it_is_said_to_be(unfair):
    matrix, groups, focal = unfair
    everybody, anchors = np.ones(1200, dtype=bool), np.ones(12, dtype=bool)
    for _ in range(10):
        kept = mantel_haenszel(matrix, focal, everybody, anchors).p_value >= 0.05
        if (kept == anchors).all():
            break
        anchors = kept
    found = dif(matrix, groups, reference="south", purify=True)
    assert found.anchors.tolist() == anchors.tolist()
    assert found.matching == "purified score"
    np.testing.assert_array_equal(found.chi2_mh, mantel_haenszel(matrix, focal, everybody, anchors).chi2)
    np.testing.assert_array_equal(found.chi2_logistic, logistic_dif(matrix, focal, everybody, anchors).chi2)


def test_recovery_planted_items_are_found_and_their_effect_is_what_a_reader_sees(unfair):
    matrix, groups, _ = unfair
    found = dif(matrix, groups, reference="south", purify=True)
    assert np.flatnonzero(found.p_adjusted < 0.05).tolist() == [2, 6, 10]
    assert (found.share_difference[[2, 6, 10]] < -0.05).all()  # a logit is 5 (a hard item) to 25 points here
    fair = np.delete(np.arange(12), [2, 6, 10])
    assert (np.abs(found.share_difference[fair]) < 3.5 * found.share_difference_se[fair]).all()


def test_contract_the_largest_groups_are_compared_unless_named():
    matrix, _, _ = exam(300, 7)
    groups = ["a"] * 60 + ["b"] * 140 + ["c"] * 90 + [None] * 10
    found = dif(matrix, groups)
    assert (found.reference, found.focal) == ("b", "c")
    assert (found.n_reference[0], found.n_focal[0]) == (140, 90)
    found = dif(matrix, groups, reference="c")
    assert (found.reference, found.focal) == ("c", "b")
    found = dif(matrix, groups, focal="b")
    assert (found.reference, found.focal) == ("c", "b")
    found = dif(matrix, groups, focal="a")
    assert (found.reference, found.focal) == ("b", "a")


def test_contract_groups_of_one_size_go_by_the_alphabet():
    matrix, _, _ = exam(300, 7)
    assert dif(matrix, ["y", "x"] * 150).reference == "x"


def test_contract_answers_count_by_item_and_weights_as_persons():
    matrix, _, _ = exam(300, 7, missing=0.3)
    groups = ["a", "b", "b"] * 100
    answered, is_a = matrix.scores >= 0, np.array(groups) == "a"
    found = dif(matrix, groups)
    np.testing.assert_array_equal(found.n_focal, answered[is_a].sum(axis=0))
    weighted = dif(ResponseMatrix.from_array(matrix.scores, weights=np.where(is_a, 5, 1)), groups)
    assert weighted.reference == "a"
    np.testing.assert_array_equal(weighted.n_reference, 5 * answered[is_a].sum(axis=0))


REFUSED = [
    ({"groups": ["a", "b"]}, ResponsesError, "300 persons in the matrix, but 2 values"),
    ({"reference": "d"}, NotFoundError, r"no group 'd' .* a \(200\), b \(100\)"),
    ({"reference": "a", "focal": "a"}, NotFoundError, "both 'a'"),
    ({"smallest": 150}, TooFewAnswersError, r"at least 150 .* a \(200\), b \(100\)"),
    ({"groups": ["a"] * 300}, TooFewAnswersError, r"there is: a \(300\)"),
    ({"groups": [None] * 300}, TooFewAnswersError, "there is: none"),
]


@pytest.mark.parametrize(("changes", "error", "words"), REFUSED)
def test_message_groups_that_cannot_be_compared(changes, error, words):
    matrix, _, _ = exam(300, 7)
    with pytest.raises(error, match=words):
        dif(**({"matrix": matrix, "groups": ["a", "b", "a"] * 100} | changes))


HOSTILE = {
    "nobody answered": np.full((6, 3), -1),
    "all right": np.ones((6, 3), dtype=int),
    "each item by one person": np.where(np.eye(6, dtype=int), 1, -1),
    "one item": np.array([[0], [1], [1], [0], [1], [1]]),
    "steps": np.tri(6, 5, -1, dtype=int),
}


@pytest.mark.parametrize("case", HOSTILE)
@pytest.mark.parametrize("purify", [False, True])
@pytest.mark.filterwarnings("error")
def test_invariant_what_cannot_be_compared_is_nan_with_a_reason(case, purify):
    found = dif(ResponseMatrix.from_array(HOSTILE[case]), list("ababab"), purify=purify)
    for chi2, reason in zip(found.chi2_logistic, found.reasons, strict=True):
        assert np.isnan(chi2) == bool(reason)


def test_contract_nothing_that_is_returned_can_be_written_to(unfair):
    matrix, groups, focal = unfair
    everybody = np.ones(1200, dtype=bool)
    results = [compare(matrix, focal, everybody) for compare in (mantel_haenszel, logistic_dif, matched)]
    for result in (dif(matrix, groups, purify=True), *results, share_difference(results[-1])):
        arrays = [value for field in fields(result) if isinstance(value := getattr(result, field.name), np.ndarray)]
        assert arrays
        assert not any(array.flags.writeable for array in arrays)


def test_message_anyone_will_do_but_there_is_one_group():
    with pytest.raises(TooFewAnswersError, match=r"^Two groups are needed for a comparison; there is: a \(2\)"):
        dif(ResponseMatrix.from_array([[1, 0], [0, 1]]), ["a", "a"])


@pytest.mark.parametrize("compare", [mantel_haenszel, logistic_dif])
def test_message_masks_of_another_table(unfair, compare):
    matrix, _, focal = unfair
    everybody = np.ones(1200, dtype=bool)
    with pytest.raises(ResponsesError, match="1200 persons in the matrix, but 5 truth values"):
        compare(matrix, focal[:5], everybody)
    with pytest.raises(ResponsesError, match="12 items in the matrix, but 3 truth values"):
        compare(matrix, focal, everybody, np.ones(3, dtype=bool))


def test_identity_masks_of_ones_and_zeros(unfair):
    matrix, _, focal = unfair
    numbers = mantel_haenszel(matrix, focal.astype(int), np.ones(1200, dtype=int))
    np.testing.assert_array_equal(numbers.delta, mantel_haenszel(matrix, focal, np.ones(1200, dtype=bool)).delta)


def test_contract_limits_of_the_classes(unfair):
    matrix, _, focal = unfair
    odds, logistic = (compare(matrix, focal, np.ones(1200, dtype=bool)) for compare in (mantel_haenszel, logistic_dif))
    delta = np.array([0.0, -0.999, 1.0, -1.499, 1.5, -np.inf, np.nan])
    assert replace(odds, delta=delta).ets_class == ("A", "A", "B", "B", "C", "C", "")
    effect = np.array([0.0, 0.0349, 0.035, 0.0699, 0.07, np.nan])
    assert replace(logistic, effect=effect).effect_class == ("A", "A", "B", "B", "C", "")
