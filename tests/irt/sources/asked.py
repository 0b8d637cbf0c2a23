"""Questions of every kind, for tests of their texts: a module that asks something new adds its own to ``QUESTIONS``."""

from dataclasses import replace

from irt.responses.table import COLUMNS, REQUIRED
from irt.selection import AttemptPolicy, MissingPolicy, Scope, Selection
from irt.sources.answers import Asking, answers_question, attempts_question, exams_question, options_question
from irt.sources.catalogue import catalogue_question
from irt.sources.counted import counted
from irt.sources.counting import counts_question, items_question
from irt.sources.question import Question
from irt.sources.scoring import scoring
from tests.irt.sources.calibrations import calibration_of, random_items

SCOPE = Scope(frozenset({"S", ""}), frozenset({"E", "F"}), frozenset({"C"}))
SELECTION = Selection("S", ("E", "F"), class_name="C", share=0.25)
#: Of a table with every column and two groupings, and of one with as few as there may be.
FULL = Asking(SELECTION, SCOPE, frozenset(COLUMNS), 2)
BARE = Asking(SELECTION, replace(SCOPE, names=False), frozenset(REQUIRED))
#: Items whose order is known.
ITEMS = ("q0", "q1", "q2")

QUESTIONS: dict[str, Question] = {
    "catalogue": catalogue_question(SCOPE),
    "catalogue with its groupings": catalogue_question(SCOPE, 2),
    "exams": exams_question(SCOPE),
    "answers": answers_question(FULL),
    "answers of a bare table": answers_question(BARE),
    "options": options_question(FULL, 10),
    "many options": options_question(FULL, 60),
    "attempts of a bare table": attempts_question(BARE, 4),
    **{
        f"attempts, {policy.value}": attempts_question(replace(FULL, selection=replace(SELECTION, attempts=policy)), 4)
        for policy in AttemptPolicy
    },
    "items": items_question(SELECTION, SCOPE),
    "counts": counts_question(SELECTION, SCOPE, counted(SELECTION, SCOPE), True),
    **{
        f"counts, {missing.value}": counts_question(
            replace(SELECTION, missing=missing),
            SCOPE,
            counted(replace(SELECTION, missing=missing), SCOPE, ITEMS),
            False,
        )
        for missing in MissingPolicy
    },
    **{
        f"score, {model}": scoring(calibration_of(random_items(model, ITEMS), model), ITEMS, SELECTION, SCOPE)
        for model in ("2PL", "4PL")
    },
}
