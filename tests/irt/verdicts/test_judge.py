"""Verdicts: what single findings need, and what they must not say."""

from dataclasses import replace

import numpy as np
import pytest

from irt.analysis import analyse
from irt.diagnostics import classical, option_shares
from irt.responses import AnswerRows, ItemTable, PersonTable, prepare
from irt.samples import LSAT6_COUNTS, LSAT7_COUNTS, Fault, draw_exam, find_plan, school_year
from irt.samples.lsat import lsat_rows
from irt.verdicts import FACTS, Finding, FindingCode, Level, VerdictLimits, judge_items
from irt.verdicts.choices import _correlations
from irt.verdicts.judge import sum_up


def from_scores(scores, options=None, key=None, **properties):
    """Prepared responses of a table of scores (and of chosen options)."""
    labels = () if options is None else ("A", "B", "C", "D")
    return prepare(
        from_rows(scores, np.full(np.shape(scores), -1) if options is None else options, labels, key, **properties)
    )


def from_rows(scores, options, labels, key=None, **properties):
    """Rows of a table of scores and of chosen options."""
    n_persons, n_items = np.shape(scores)
    none, ids = (None,) * n_persons, tuple(f"q{j}" for j in range(n_items))
    return AnswerRows(
        PersonTable(tuple(map(str, range(n_persons))), none, none, none, properties),
        ItemTable(ids, ids, key or (None,) * n_items, (None,) * n_items),
        np.repeat(np.arange(n_persons, dtype=np.int32), n_items),
        np.tile(np.arange(n_items, dtype=np.int32), n_persons),
        np.asarray(scores, dtype=np.int8).ravel(),
        np.asarray(options, dtype=np.int32).ravel(),
        labels,
    )


def found(verdict):
    return {finding.code for finding in verdict.findings}


@pytest.fixture(scope="module")
def year():
    """Every exam of the school year at 480 students, analysed: (plan, analysis)."""
    return [(plan, analyse(prepare(draw_exam(plan, 480, seed=90 + i)))) for i, plan in enumerate(school_year())]


def planted(year, fault):
    return [(plan, analysis, j) for plan, analysis in year for j in plan.faulty(fault)]


def finding_of(analysis, j, code):
    return next(finding for finding in analysis.verdicts[j].findings if finding.code is code)


def test_every_finding_carries_the_facts_that_are_promised(year):
    seen = set()
    for _, analysis in year:
        for verdict in analysis.verdicts:
            for finding in verdict.findings:
                assert set(finding.facts) == set(FACTS[finding.code]), finding.code
                seen.add(finding.code)
    assert set(FACTS) == set(FindingCode)
    expected = {"reversed", "nobody_right", "favours_group", "guessed", "dependent", "everybody_right", "hard"}
    assert expected <= {code.value for code in seen}


def test_a_wrong_key_is_named_with_the_option_that_looks_right(year):
    for plan, analysis, j in planted(year, Fault.WRONG_KEY):
        facts = finding_of(analysis, j, FindingCode.REVERSED).facts
        assert facts["key_option"] == "ABCDE"[plan.items[j].key]
        assert facts["suggested_option"] == "ABCDE"[plan.items[j].true_key]


def test_the_favoured_group_is_named(year):
    for _, analysis, j in planted(year, Fault.FAVOURS_GROUP):
        facts = finding_of(analysis, j, FindingCode.FAVOURS_GROUP).facts
        assert (facts["property"], facts["favoured"], facts["other"]) == ("gender", "male", "female")


def test_dependent_items_name_each_other(year):
    for plan, analysis, j in planted(year, Fault.DEPENDENT):
        for one, other in ((j, j - 1), (j - 1, j)):
            facts = finding_of(analysis, one, FindingCode.DEPENDENT).facts
            assert facts["other_id"] == plan.items[other].item_id
            assert facts["other_name"] == plan.items[other].name


def test_items_that_are_doubled_are_found_although_a_calibration_leaves_them_out():
    rng = np.random.default_rng(7)
    theta = rng.standard_normal(300)
    scores = rng.random((300, 8)) < 1 / (1 + np.exp(-1.2 * (theta[:, None] - np.linspace(-1, 1, 8))))
    analysis = analyse(from_scores(np.hstack([scores, scores[:, :1]])))
    assert [item.id for item in analysis.calibration.excluded_items] == ["q8"]
    for one, other in ((0, "q8"), (8, "q0")):
        assert finding_of(analysis, one, FindingCode.DEPENDENT).facts["other_id"] == other


def test_the_speeded_end_is_told_by_share():
    analysis = analyse(prepare(draw_exam(find_plan("Science", "Term 2"), 480, seed=3)))
    last = [finding_of(analysis, j, FindingCode.NOT_REACHED).facts for j in range(36, 40)]
    assert [facts["percent"] for facts in last] == sorted(facts["percent"] for facts in last)
    assert all(facts["n_not_reached"] == round(facts["percent"] * facts["n"] / 100) for facts in last)


def test_hard_items_that_tell_students_apart_are_fine(year):
    hard = [
        (finding, analysis.statistics.item_rest_lower[j])
        for plan, analysis in year
        for j in plan.clean()
        for finding in analysis.verdicts[j].findings
        if finding.code is FindingCode.HARD
    ]
    assert len(hard) > 10
    for finding, lower in hard:
        assert finding.level is Level.NOTE
        assert finding.facts["tells_apart"] == ("yes" if lower > 0 else "not sure")


@pytest.mark.parametrize(("counts", "section"), [(LSAT6_COUNTS, 6), (LSAT7_COUNTS, 7)])
def test_nothing_is_held_against_the_published_items(counts, section):
    # Short tests have low item-rest correlations; these items are easy, and sound.
    verdicts = analyse(prepare(lsat_rows(counts, section))).verdicts
    assert {verdict.level for verdict in verdicts} <= {Level.NOTE, Level.WORKS_WELL}


def test_an_easy_item_is_not_called_weak_for_being_easy():
    rng = np.random.default_rng(4)
    theta = rng.standard_normal(2000)
    difficulty = np.r_[np.linspace(-1, 1, 19), -3.2]
    scores = rng.random((2000, 20)) < 1 / (1 + np.exp(-1.3 * (theta[:, None] - difficulty)))
    prepared = from_scores(scores)
    statistics = classical(prepared.matrix)
    assert statistics.item_rest_upper[-1] < 0.25  # far below the others', for want of wrong answers
    verdict = judge_items(prepared, statistics, None, None)[-1]
    assert found(verdict) == {FindingCode.VERY_EASY}


def test_nothing_is_guessed_without_options():
    rng = np.random.default_rng(5)
    theta = rng.standard_normal(600)
    scores = rng.random((600, 15)) < 1 / (1 + np.exp(-1.3 * (theta[:, None] - np.linspace(-1, 1, 15))))
    scores[:, 7] = rng.random(600) < 0.25
    verdict = analyse(from_scores(scores)).verdicts[7]
    assert FindingCode.FLAT in found(verdict)
    assert FindingCode.GUESSED not in found(verdict)
    facts = verdict.findings[0].facts
    assert facts["rival_option"] == ""


def test_a_group_below_the_minimum_is_compared_with_nobody():
    rng = np.random.default_rng(6)
    scores = rng.random((300, 10)) < 0.5
    group = np.array(["a"] * 291 + ["b"] * 9)
    scores[:291, 0], scores[291:, 0] = rng.random(291) < 0.95, np.arange(9) == 4
    prepared = from_scores(scores, g=tuple(group))
    statistics = classical(prepared.matrix)
    assert all(FindingCode.FAVOURS_GROUP not in found(v) for v in judge_items(prepared, statistics, None, None))
    assert FindingCode.FAVOURS_GROUP in found(judge_items(prepared, statistics, None, None, minimum_group=9)[0])


def test_nothing_is_told_of_a_fifth_that_is_too_small():
    plan = find_plan("Social", "Term 3")
    (nobody,) = plan.faulty(Fault.NOBODY_RIGHT)
    prepared = prepare(draw_exam(plan, 40, seed=3))  # a fifth is about eight students
    statistics = classical(prepared.matrix)
    hidden, shown = (judge_items(prepared, statistics, None, None, minimum_group=n)[nobody] for n in (10, 3))
    facts = [next(f.facts for f in v.findings if f.code is FindingCode.NOBODY_RIGHT) for v in (hidden, shown)]
    assert facts[0]["rival_option"] == ""
    assert facts[1]["rival_option"] in set("ABCD")


def test_identity_correlations_of_options_are_those_of_indicators():
    rng = np.random.default_rng(12)
    chosen, rest = rng.integers(0, 4, 90).astype(np.int32), rng.random(90)
    found = _correlations(chosen, rest, 6)
    np.testing.assert_allclose(found[:4], [np.corrcoef(chosen == k, rest)[0, 1] for k in range(4)], atol=1e-12)
    assert np.isnan(found[4:]).all()
    assert np.isnan(_correlations(chosen * 0, rest, 1)).all()
    assert np.isnan(_correlations(chosen, np.full(90, 0.1), 4)).all()


def test_free_answers_of_thousands_of_kinds_are_counted_like_options():
    rng = np.random.default_rng(13)
    n, n_items = 900, 50
    scores = rng.random((n, n_items)) < 0.5
    labels = (*(f"free {k}" for k in range(n * n_items)), "right")  # more than 16 bits count
    options = np.where(scores, len(labels) - 1, np.arange(n * n_items).reshape(n, n_items))
    rows = from_rows(scores, options, labels, ("right",) * n_items)
    prepared = prepare(rows)
    shares = option_shares(prepared, n_items - 1)
    assert sum(option.n for option in shares.options) == n
    assert max(shares.options, key=lambda option: option.n).option == "right"
    assert len(judge_items(prepared, classical(prepared.matrix), None, None)) == n_items


def test_limits_can_be_edited():
    prepared = prepare(draw_exam(find_plan("Science", "Term 3"), 480, seed=2))
    statistics = classical(prepared.matrix)
    strict = judge_items(prepared, statistics, None, None, limits=VerdictLimits(hard=0.6))
    usual = judge_items(prepared, statistics, None, None)
    count = [sum(FindingCode.HARD in found(verdict) for verdict in verdicts) for verdicts in (strict, usual)]
    assert count[0] > count[1]


def test_doubt_is_not_said_beside_certainty():
    doubt = Finding(FindingCode.TOO_FEW, Level.TOO_FEW)
    sure = Finding(FindingCode.REVERSED, Level.LOOK_AGAIN)
    easy = Finding(FindingCode.VERY_EASY, Level.NOTE)
    assert sum_up([doubt, easy, sure]).findings == (sure, easy)
    assert sum_up([easy, doubt]).findings == (doubt, easy)
    assert sum_up([sure, replace(sure, facts={"n": 1})]).findings == (sure,)
    assert sum_up([]).level is Level.WORKS_WELL


@pytest.mark.parametrize(
    "scores",
    [
        np.ones((1, 1)),
        np.ones((40, 3)),
        np.zeros((40, 3)),
        np.eye(5),
        np.c_[np.ones(300), np.zeros(300), np.arange(300) % 2],
        np.where(np.arange(600).reshape(300, 2) % 3 == 0, -1, 1),
    ],
    ids=["one answer", "all right", "all wrong", "five persons", "one item varies", "right or missing"],
)
def test_degenerate_answers_get_a_defined_verdict(scores):
    verdicts = analyse(from_scores(scores, g=("x", "y") * (len(scores) // 2) + ("x",) * (len(scores) % 2))).verdicts
    assert len(verdicts) == scores.shape[1]
    for verdict in verdicts:
        assert verdict.level is not Level.WORKS_WELL or np.ptp(scores) > 0
        for finding in verdict.findings:
            assert set(finding.facts) == set(FACTS[finding.code])


def test_an_item_without_another_to_compare_with_is_not_said_to_work_well():
    alone = np.arange(300) % 2
    for scores in (alone[:, None], np.c_[alone, np.ones(300)]):
        verdict = analyse(from_scores(scores)).verdicts[0]
        assert verdict.level is Level.TOO_FEW
        assert verdict.findings[0].facts["about"] == "items"


def test_few_answers_say_how_many_are_needed():
    prepared = prepare(draw_exam(find_plan("Science", "Term 3"), 24, seed=2))
    verdicts = judge_items(prepared, classical(prepared.matrix), None, None)
    assert {verdict.level for verdict in verdicts} == {Level.TOO_FEW}
    for verdict in verdicts:
        assert verdict.findings[0].facts["needed"] == 100
        assert verdict.findings[0].facts["n"] <= 24
