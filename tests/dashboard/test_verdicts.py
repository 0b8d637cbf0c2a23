"""Verdicts in words: each follows from its facts, and is not said where they do not hold."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from report_values import item

from dashboard.verdicts import is_urgent, level_name, reason, saying, sayings
from irt.selection import FULL_SCOPE, Selection
from irt.verdicts import FACTS, Finding, FindingCode, Level, Verdict

NAN = float("nan")

#: A value for each fact that a finding may carry.
VALUES: dict[str, Any] = {
    "n": 1234, "percent": 12.4, "item_rest_r": 0.05, "lower": -0.02, "upper": 0.11, "key_option": "B",
    "suggested_option": "C", "n_options": 4, "key_percent": 20.0, "rival_option": "D", "rival_percent": 35.0,
    "property": "gender", "favoured": "female", "other": "male", "n_favoured": 200, "n_other": 180, "delta": 2.0,
    "other_id": "q9", "other_name": "Read a graph", "q3": 0.4, "discrimination": 5.0, "n_not_reached": 60,
    "tells_apart": "yes", "difficulty": 3.2, "direction": "too hard", "needed": 400, "about": "answers", "so_far": "",
}  # fmt: skip


def facts(code: FindingCode, **changes: Any) -> dict[str, Any]:
    return {**{name: VALUES[name] for name in FACTS[code]}, **changes}


def said(code: FindingCode, *, alone: bool = True, **changes: Any) -> str:
    words = saying(Finding(code, Level.LOOK_AGAIN, facts(code, **changes)), alone=alone)
    return f"{words.sentence} {words.action}"


@pytest.mark.parametrize("code", list(FindingCode))
def test_contract_every_finding_has_a_reason_a_sentence_and_an_action(code: FindingCode) -> None:
    words = saying(Finding(code, Level.NOTE, facts(code)))
    for text in (words.short, words.sentence, words.action):
        assert text
        assert not re.search(r"[{}α-ωΑ-Ω]", text), text
    assert len(words.short) <= 45
    assert words.sentence.endswith((".", ")."))


@pytest.mark.parametrize("code", list(FindingCode))
def test_contract_facts_without_recorded_options_are_enough(code: FindingCode) -> None:
    """Without options their names are empty and their percentages nan; nothing of that reaches the screen."""
    bare = {"key_option": "", "suggested_option": "", "rival_option": "", "key_percent": NAN, "rival_percent": NAN}
    text = said(code, **{name: value for name, value in bare.items() if name in FACTS[code]})
    if code is not FindingCode.RIVAL_OPTION:  # which is only found where options are recorded
        assert "–" not in text
        assert "nan" not in text
        assert not re.search(r"(option|says|chose) [,.:;]", text)


def test_contract_suggested_option_is_named_only_where_there_is_one() -> None:
    assert "it is C that strong students choose" in said(FindingCode.REVERSED)
    without = said(FindingCode.REVERSED, suggested_option="")
    assert "strong students choose" not in without
    assert without.endswith("Check the answer key, which says B.")
    assert said(FindingCode.REVERSED, suggested_option="", key_option="").endswith("Check the answer key.")


@pytest.mark.parametrize("code", [FindingCode.GUESSED, FindingCode.FLAT, FindingCode.NOBODY_RIGHT])
def test_contract_rival_is_named_only_where_it_is_chosen_as_often_as_the_right_answer(code: FindingCode) -> None:
    assert "D" in said(code, key_percent=20.0, rival_percent=35.0)
    assert "D" in said(code, key_percent=25.0, rival_percent=25.0)
    assert not re.search(r"\bD\b|option", said(code, key_percent=40.0, rival_percent=30.0))
    assert not re.search(r"\bD\b|option", said(code, key_percent=0.0, rival_percent=0.0))


def test_contract_fine_as_it_is_only_where_nothing_else_is_found() -> None:
    assert "Fine as it is." in said(FindingCode.HARD)
    assert "Fine as it is." not in said(FindingCode.HARD, alone=False)
    assert "Fine as it is." not in said(FindingCode.HARD, tells_apart="not sure")
    assert "tells strong and weak students apart" not in said(FindingCode.HARD, tells_apart="not sure")


def test_contract_off_target_says_the_side() -> None:
    assert "harder" in said(FindingCode.OFF_TARGET)
    assert "harder" not in said(FindingCode.OFF_TARGET, direction="too easy")


@pytest.mark.parametrize("about", ["discrimination", "favours_group", "dependent", "nobody_right", "answers", "else"])
def test_contract_too_few_names_how_many_and_what_is_open(about: str) -> None:
    text = said(FindingCode.TOO_FEW, about=about)
    assert "(1,234)" in text
    assert "About 400 are needed." in text


@pytest.mark.parametrize(
    ("about", "short"),
    [
        ("favours_group", "Group difference unclear"),
        ("dependent", "Tie to another item unclear"),
        ("discrimination", "Telling apart: unclear (1,234)"),
        ("nobody_right", "Nobody right so far (1,234)"),
        ("answers", "Too few answers to tell (1,234)"),
    ],
)
def test_contract_the_short_reason_names_what_is_open(about: str, short: str) -> None:
    open_ = Finding(FindingCode.TOO_FEW, Level.TOO_FEW, facts(FindingCode.TOO_FEW) | {"about": about, "n": 1234})
    assert reason(item(1, verdict=Verdict(Level.TOO_FEW, (open_,)))) == short


def test_contract_what_holds_so_far_is_said_only_where_it_does() -> None:
    assert "tells strong and weak students apart" in said(FindingCode.TOO_FEW, so_far="tells apart")
    assert "students apart;" not in said(FindingCode.TOO_FEW)
    assert "students apart;" not in said(FindingCode.TOO_FEW, about="discrimination", so_far="tells apart")


def test_contract_item_without_findings_is_praised_as_far_as_its_interval_goes() -> None:
    clean = Verdict(Level.WORKS_WELL)
    sure = sayings(item(1, verdict=clean, item_rest_lower=0.01))[0].sentence
    unsure = sayings(item(1, verdict=clean, item_rest_lower=-0.01))[0].sentence
    nothing = sayings(item(1, verdict=clean, item_rest_lower=NAN))[0].sentence
    assert "more often" in sure
    assert "more often" not in unsure
    assert nothing == unsure


def test_contract_only_a_key_to_check_is_urgent() -> None:
    for code in FindingCode:
        verdict = Verdict(Level.LOOK_AGAIN, (Finding(code, Level.LOOK_AGAIN, facts(code)),))
        assert is_urgent(verdict) is (code is FindingCode.REVERSED)


def test_contract_reason_is_the_worst_finding_or_the_level() -> None:
    hard = Finding(FindingCode.HARD, Level.NOTE, facts(FindingCode.HARD))
    assert reason(item(1, verdict=Verdict(Level.NOTE, (hard,)))) == "Hard for this group"
    assert reason(item(1, verdict=Verdict(Level.WORKS_WELL))) == level_name(Level.WORKS_WELL)


def test_invariant_nothing_is_said_of_the_sample_exams_that_their_numbers_deny(app: Any, sample_store: Any) -> None:
    """Over every item of every sample exam: the wording against the statistics beside it."""
    from irt.service import Service
    from irt.sources import ParquetStore

    service = Service(ParquetStore(sample_store))
    catalogue = service.catalogue(FULL_SCOPE)
    checked = 0
    for subject, exam in catalogue.exam_sizes:
        report = service.exam(FULL_SCOPE, Selection(subject, (exam,)))
        for one in report.items:
            text = " ".join(f"{words.sentence} {words.action}" for words in sayings(one))
            if "more often than weak ones." in text and "wrong" not in text.split(".")[0]:
                assert one.item_rest_lower > 0 or "it is" in text, one.item_id
            if "wrong more often" in text:
                assert one.item_rest_upper < 0, one.item_id
            if "much alike" in text or "as if guessing" in text:
                assert one.item_rest_lower <= 0, one.item_id
            if "Fine as it is" in text:
                assert one.verdict.level in (Level.NOTE, Level.WORKS_WELL), one.item_id
            if "Almost everyone" in text:
                assert one.proportion_correct > 0.9, one.item_id
            if "None of the" in text:
                assert one.proportion_correct == 0, one.item_id
            checked += 1
    assert checked > 300


def test_contract_findings_of_one_item_keep_their_order() -> None:
    findings = tuple(Finding(code, Level.LOOK_AGAIN, facts(code)) for code in (FindingCode.REVERSED, FindingCode.HARD))
    words = sayings(replace(item(1), verdict=Verdict(Level.LOOK_AGAIN, findings)))
    assert [word.short for word in words] == ["Strong students miss it more often", "Hard for this group"]
    assert "Fine as it is." not in words[1].action


def test_invariant_an_option_that_draws_the_strongest_is_named_once() -> None:
    codes = (FindingCode.RIVAL_OPTION, FindingCode.FLAT)
    verdict = Verdict(Level.LOOK_AGAIN, tuple(Finding(code, Level.LOOK_AGAIN, facts(code)) for code in codes))
    rival, flat = sayings(item(1, verdict=verdict))
    assert "of the strongest fifth" in rival.sentence.lower()
    assert "strongest fifth" not in flat.action
