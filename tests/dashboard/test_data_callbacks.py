"""The callbacks of Data & method, over the sample exams."""

from __future__ import annotations

from typing import Any

import pytest
from asking import ask, place, shown

from dashboard import ids
from dashboard.pages.data_choosers import control_of

SUBJECT, EXAM = "Mathematics (simulated)", "Term 2"
#: Five items: what takes long takes least.
LAW = "Law School Admission Test"


def region(app: Any, name: str, **chosen: Any) -> str:
    values = {"state.data": place("data", **({"subject": SUBJECT, "exam": EXAM} | chosen))}
    answer = ask(app, f"{name}.children", values)
    assert answer["notices"] == {}
    return shown(answer[name])


def test_contract_says_what_is_used_and_what_is_not(app: Any) -> None:
    said = region(app, ids.DATA_REPORT)
    assert "are used." in said
    assert "no answer to any item" in said
    assert "download/health.csv" in said


def test_contract_policy_in_the_url_is_marked_and_kept_in_links(app: Any) -> None:
    said = region(app, ids.DATA_POLICIES, missing="wrong")
    assert said.count("aria-current") == 1
    assert "missing=omitted-wrong" in said
    assert "missing=wrong" in region(app, ids.DATA_METHOD, missing="wrong")


def test_contract_policies_are_compared(app: Any) -> None:
    said = region(app, ids.DATA_CHANGES)
    assert "judged" in said or "No answer is missing" in said


def test_contract_analyst_sees_the_fit_and_formulas(app: Any) -> None:
    dense, plain = (
        "".join(region(app, name, view=view) for name in (ids.DATA_MODEL, ids.DATA_METHOD))
        for view in ("analyst", "teacher")
    )
    assert "Log-likelihood" in dense
    assert "formula-drawn" in dense
    assert "Log-likelihood" not in plain
    assert "formula-drawn" not in plain


def test_contract_fit_is_said_plainly_and_in_numbers(app: Any) -> None:
    plain, dense = (region(app, ids.DATA_FIT_OVERALL, view=view) for view in ("teacher", "analyst"))
    assert "The model describes the answers" in plain
    assert "RMSEA" not in plain
    assert "RMSEA" in dense
    assert "students" in region(app, ids.DATA_FIT_ITEMS)
    assert "S-X2" in region(app, ids.DATA_FIT_ITEMS, view="analyst")


def test_contract_a_shut_fold_is_not_computed(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from irt.service import Service

    def never(*_args: Any, **_kwargs: Any) -> None:
        raise AssertionError("computed though nobody asked")

    for name in ("dimension", "prediction", "compare_models", "counts"):
        monkeypatch.setattr(Service, name, never)
    for name in (ids.DATA_DIMENSION, ids.DATA_PREDICTION, ids.DATA_MODELS, ids.DATA_COUNTS):
        assert "Being computed" in region(app, name)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (ids.DATA_DIMENSION, "ability"),
        (ids.DATA_PREDICTION, "answers held back"),
        (ids.DATA_MODELS, "Chosen by the answers per item"),
        (ids.DATA_COUNTS, "5,000 scored answers of 1,000 students to 5 items"),
    ],
)
def test_contract_an_opened_fold_is_computed(app: Any, name: str, said: str) -> None:
    values = {f"{name}-open.n_clicks": 1, "state.data": place("data", subject=LAW, exam="Section 6", view="analyst")}
    answer = ask(app, f"{name}.children", values)
    assert answer["notices"] == {}
    assert said in shown(answer[name])


def test_contract_groups_are_compared_once_one_is_chosen(app: Any) -> None:
    assert "Compared" not in region(app, ids.DATA_GROUPS, view="analyst")
    said = region(app, ids.DATA_GROUPS, view="analyst", group="class_name")
    assert "the reference group" in said
    assert "purify=yes" in said
    assert "Compared" not in region(app, ids.DATA_GROUPS, group="class_name")  # for teachers


def test_contract_drift_compares_two_exams(app: Any) -> None:
    said = region(app, ids.DATA_DRIFT, view="analyst", other="Term 1")
    assert "share" in said  # these two do not, which is said in their place
    assert region(app, ids.DATA_DRIFT, other="Term 1") == shown({"children": []})  # for teachers
    assert "Choose one or two exams" in region(app, ids.DATA_DRIFT, view="analyst", exam=["Term 1", "Term 2", "Term 3"])


def test_contract_choosers_offer_what_there_is_to_analysts(app: Any) -> None:
    values = {"state.data": place("data", subject=SUBJECT, exam=EXAM, view="analyst")}
    answer = ask(app, f"{ids.DATA_COMPARING}.hidden", values)
    assert answer[ids.DATA_COMPARING]["hidden"] is False
    assert "class_name" in shown(answer[ids.DATA_GROUP]["options"])
    assert [option["label"] for option in answer[ids.DATA_OTHER]["options"]] == ["Choose…", "Term 1", "Term 3"]
    teacher = ask(app, f"{ids.DATA_COMPARING}.hidden", {"state.data": place("data", subject=SUBJECT, exam=EXAM)})
    assert teacher[ids.DATA_COMPARING]["hidden"] is True


def test_contract_the_groups_that_are_compared_can_be_chosen(app: Any) -> None:
    said = region(app, ids.DATA_GROUPS, view="analyst", group="class_name", reference="7A", focal="8B")
    assert "Compared: 7A (" in said
    assert "with 8B (" in said
    query = {"subject": SUBJECT, "exam": EXAM, "group": "class_name", "reference": "7A", "focal": "8B"}
    pair, largest = (
        app.server.test_client().get("/download/dif.csv", query_string=asked).get_data(as_text=True)
        for asked in (query, {name: query[name] for name in ("subject", "exam", "group")})
    )
    assert pair != largest


def test_message_a_property_that_these_students_lack_is_said_in_its_place(app: Any) -> None:
    assert "There is no column" in region(app, ids.DATA_GROUPS, view="analyst", group="shoe_size")


def test_contract_a_chooser_with_nothing_to_choose_is_hidden(app: Any) -> None:
    values = {"state.data": place("data", subject=SUBJECT, exam=["Term 1", "Term 2"], view="analyst")}
    answer = ask(app, f"{ids.DATA_COMPARING}.hidden", values)
    assert answer[control_of(ids.DATA_OTHER)]["hidden"] is True
    assert answer[control_of(ids.DATA_GROUP)]["hidden"] is False


@pytest.mark.parametrize(
    "name",
    [
        *("fit", "model_fit", "eigenvalues", "pairs", "prediction", "reliability", "models", "dif"),
        *("counts_items", "counts_options", "counts_scores", "spending"),
    ],
)
def test_contract_checks_can_be_downloaded(app: Any, name: str) -> None:
    query = {"subject": SUBJECT if name == "dif" else LAW, "exam": EXAM if name == "dif" else "Section 6"}
    answer = app.server.test_client().get(f"/download/{name}.csv", query_string=query | {"group": "class_name"})
    assert answer.status_code == 200
    assert len(answer.get_data(as_text=True).splitlines()) > 1


def test_message_downloads_that_lack_a_choice_ask_for_it(app: Any) -> None:
    for name in ("dif", "drift"):
        answer = app.server.test_client().get(f"/download/{name}.csv", query_string={"subject": SUBJECT, "exam": EXAM})
        assert answer.status_code == 404
        assert answer.get_data(as_text=True).startswith("Choose")


def test_contract_calibration_of_a_named_model_answers(app: Any) -> None:
    from dashboard.pages.data import downloads
    from dashboard.state import State

    state = State(page="data", subject=LAW, exams=("Section 6",), model="1PL-weak")
    answer = app.server.test_client().get(f"/{downloads(state)['calibration']}")
    assert answer.status_code == 200
    assert answer.get_json()["model"] == "1PL"


def test_contract_every_download_answers(app: Any) -> None:
    import re

    client = app.server.test_client()
    hrefs = re.findall(r'"href": "((?:download|api)/[^"]+)"', region(app, ids.DATA_METHOD))
    assert sum("names=1" in href for href in hrefs) == 2
    assert len(hrefs) == 6
    for href in hrefs:
        answer = client.get(f"/{href}")
        assert answer.status_code == 200, href
        assert answer.get_data()


def test_contract_counts_of_everybody_stand_beside_the_sample(sample_store: Any, open_app: Any) -> None:
    sampled = open_app(sample_store, ITEMWISE_SAMPLE="200")
    values = {f"{ids.DATA_COUNTS}-open.n_clicks": 1, "state.data": place("data", subject=LAW, view="analyst")}
    said = shown(ask(sampled, f"{ids.DATA_COUNTS}.children", values)[ids.DATA_COUNTS])
    assert "of 1,000 students to 5 items" in said
    assert "Beside them stand the numbers of the sample" in said
    assert "N, sample" in said
    teacher = ask(sampled, f"{ids.DATA_COMPARING}.hidden", {"state.data": place("data", subject=LAW)})
    assert teacher[ids.DATA_SOURCE]["hidden"] is True
