"""Contract: what is published to BigQuery is whole, equals Python's numbers and replaces its own rows only.

The real client, over real HTTP, against the warehouse on this machine; students are scored here, or there in SQL.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pandas as pd
import pytest
from exam import MOMENT, N_ITEMS, N_STUDENTS, answers, expected, frame, prepared

from irt.calibration import calibrate
from irt.errors import AccessError, ConfirmationNeeded, SourceError
from irt.publishing import open_target
from irt.publishing import warehouse as publishing
from irt.publishing.publication import Receipt, moment
from irt.publishing.script import as_script, exchange
from irt.publishing.tables import TABLES, type_of
from irt.publishing.target import DatasetTarget
from irt.publishing.warehouse import Scoring, publish_loaded, publish_scored
from irt.selection import FULL_SCOPE, Scope, Selection
from irt.service import open_service
from irt.settings import Settings
from irt.sources.spending import allowing
from irt.warehouse import jobs as jobs_module
from irt.warehouse.patience import Patience, patient
from tests.warehouse import Warehouse

TARGET = "bigquery:school.results.maths"
PREFIX = "school.results.maths_"
COLUMNS = {
    "abilities": "student_id, theta, se, method, items_answered",
    "probabilities": "student_id, item_id, probability, lower, upper, correct",
}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give up after a second rather than after minutes."""
    monkeypatch.setattr(jobs_module, "BATCH", Patience(call=30.0, retry=1.0, job=120.0))
    monkeypatch.setattr(jobs_module, "QUICK", Patience(call=30.0, retry=1.0, job=30.0))
    monkeypatch.setattr(publishing, "PAUSE", 0.05)
    with patient(Patience(call=30.0, retry=1.0, job=30.0)):
        yield


@pytest.fixture
def school() -> Iterator[Warehouse]:
    """A warehouse with an empty dataset for results."""
    with Warehouse() as served:
        served.catalogue.ensure_dataset("school", "results")
        yield served


def settings(school: Warehouse, **others: str) -> Settings:
    return Settings.from_environment({"ITEMWISE_BIGQUERY_ENDPOINT": school.endpoint, "ITEMWISE_CACHE": "off", **others})


def target(school: Warehouse) -> DatasetTarget:
    found = open_target(TARGET, settings(school))
    assert isinstance(found, DatasetTarget)
    return found


def publish(school: Warehouse, exam: str = "Term 1", seed: int = 1, **named: Any) -> Receipt:
    publication, slices = prepared(exam, seed, 300, **named)
    place = target(school)
    return publish_loaded(place, publication, slices, place.connected(), lambda _: None)


def rows(school: Warehouse, table: str, selection_id: str | None = None) -> list[tuple[Any, ...]]:
    """All rows of a published table (of one selection), as Python has them."""
    if f"school:results.maths_{table}" not in {str(key) for key in school.catalogue.tables}:
        return []
    names = [column.name for column in TABLES[table]]
    kinds = {"INT64": int, "FLOAT64": float}
    casts: list[Callable[[str], Any]] = [kinds.get(type_of(column), str) for column in TABLES[table]]
    where = f" WHERE selection_id = '{selection_id}'" if selection_id else ""
    found = school.sql(f"SELECT {', '.join(names)} FROM `{PREFIX}{table}`{where}")
    return sorted(
        tuple(None if value is None else cast(value) for cast, value in zip(casts, row, strict=True)) for row in found
    )


def everything(school: Warehouse) -> dict[str, list[Any]]:
    return {name: sorted(map(repr, rows(school, name))) for name in TABLES}


def beside(school: Warehouse) -> set[str]:
    """Tables of the dataset that are none of the published ones."""
    return {key.table for key in school.catalogue.tables if key.dataset == "results"} - {f"maths_{n}" for n in TABLES}


# Scored here ---------------------------------------------------------------------------------------------------------


def test_the_rows_that_are_loaded_are_python_s_numbers_to_the_last_digit(school: Warehouse) -> None:
    receipt = publish(school)
    for table, wanted in expected().items():
        assert [row[1:-1] for row in rows(school, table)] == sorted(wanted)
        assert {row[0] for row in rows(school, table)} == {receipt.selection_id}
    assert receipt.rows == {
        "item_parameters": N_ITEMS,
        "abilities": N_STUDENTS,
        "probabilities": N_STUDENTS * N_ITEMS,
    }
    (facts,) = rows(school, "publications")
    told = dict(zip([column.name for column in TABLES["publications"]], facts, strict=True))
    assert (told["item_parameters"], told["abilities"], told["probabilities"]) == (6, 60, 360)
    assert told["selection_words"] == "Maths, Term 1, all classes"
    assert told["published_at"] == told["computed_at"] == str(int(MOMENT.timestamp() * 1_000_000))
    assert beside(school) == set()


def test_tables_are_made_with_types_clusters_and_descriptions(school: Warehouse) -> None:
    publish(school)
    client = school.client("school")
    for name, columns in TABLES.items():
        table = client.get_table(PREFIX + name)
        names = {"FLOAT": "FLOAT64", "INTEGER": "INT64", "BOOLEAN": "BOOL"}
        found = [(field.name, names.get(field.field_type, field.field_type)) for field in table.schema]
        assert found == [(column.name, type_of(column)) for column in columns]
        assert table.clustering_fields == ["selection_id"]
        assert table.description


def test_publishing_again_replaces_the_rows_of_its_selection_and_no_other_s(school: Warehouse) -> None:
    first, other = publish(school), publish(school, "Term 2", seed=2)
    of_other = {name: rows(school, name, other.selection_id) for name in TABLES}
    again = publish(school, seed=3, at=MOMENT + timedelta(days=1))
    assert again.selection_id == first.selection_id != other.selection_id
    assert {name: rows(school, name, other.selection_id) for name in TABLES} == of_other
    own = rows(school, "abilities", first.selection_id)
    assert [row[1:-1] for row in own] == sorted(expected(3)["abilities"])
    assert len(rows(school, "publications")) == 2


def test_what_is_left_out_is_not_kept_from_before(school: Warehouse) -> None:
    publish(school)
    receipt = publish(school, results=frozenset({"items"}))
    assert receipt.rows == {"item_parameters": N_ITEMS, "abilities": 0, "probabilities": 0}
    assert rows(school, "abilities") == rows(school, "probabilities") == []
    assert len(rows(school, "item_parameters")) == N_ITEMS


def test_tables_beside_expire_by_themselves(school: Warehouse) -> None:
    school.fail("tables.delete", status=403, times=100)
    publish(school)
    left = beside(school)
    assert len(left) == 4
    made = {call.body["tableReference"]["tableId"]: call.body for call in school.calls("tables.insert")}
    assert all(int(made[name]["expirationTime"]) > MOMENT.timestamp() * 1000 for name in left)
    assert not any("expirationTime" in body for name, body in made.items() if name not in left)


#: Requests of a publication that replaces another, by endpoint and how many of its kind come before, and what fails.
FAULTS = [
    ("tables.get", 0, {"status": 403}, "access"),
    ("tables.get", 3, {"status": 503}, "unavailable"),
    ("tables.insert", 0, {"status": 403}, "access"),
    ("tables.insert", 3, {"status": 503}, "unavailable"),
    ("jobs.upload", 0, {"status": 403, "reason": "quotaExceeded"}, "quota"),
    ("jobs.upload", 3, {"status": 401}, "credentials"),
    ("jobs.get", 0, {"status": 403}, "access"),
    ("job", 0, {"status": 400, "reason": "invalid"}, "query"),
    ("job", 1, {"status": 403, "reason": "quotaExceeded"}, "quota"),
    ("job", 3, {"status": 503}, "unavailable"),
    ("job", 4, {"status": 403}, "access"),
    ("job", 4, {"status": 503}, "unavailable"),
]


@pytest.mark.parametrize(("endpoint", "after", "how", "reason"), FAULTS)
def test_what_fails_leaves_the_publication_before_and_no_table_beside(
    school: Warehouse, endpoint: str, after: int, how: dict[str, Any], reason: str
) -> None:
    publish(school)
    before = everything(school)
    fault = school.fail(endpoint, times=10_000, after=after, **how)
    with pytest.raises(SourceError) as failed:
        publish(school, seed=2)
    assert fault.hits
    assert failed.value.facts["reason"] == reason
    school.heal()
    assert everything(school) == before
    assert beside(school) == set()


def test_a_script_that_fails_at_any_statement_changes_nothing(school: Warehouse) -> None:
    publish(school)
    before = everything(school)
    publication, _ = prepared(seed=2)
    into = {name: PREFIX + name for name in TABLES}
    for name in TABLES:
        school.sql(f"CREATE TABLE `{PREFIX}copy_{name}` AS SELECT * FROM `{PREFIX}{name}`")
    made = {name: f"`{PREFIX}copy_{name}`" for name in TABLES}
    statements = exchange(into, made)
    jobs = target(school).connected()
    parameters = {"selection_id": publication.selection_id, "published_at": moment(MOMENT + timedelta(days=1))}
    for k in range(len(statements)):
        broken = as_script([*statements[:k], "SELECT CAST('x' AS INT64) AS broken", *statements[k:]])
        with pytest.raises(SourceError):
            jobs.run(broken, parameters, "publish", script=True)
        assert everything(school) == before, f"before statement {k}: {statements[k]}"
    jobs.run(as_script(statements), parameters, "publish", script=True)
    after = {row[-1] for name in TABLES for row in rows(school, name)}
    assert after == {str(int((MOMENT + timedelta(days=1)).timestamp() * 1_000_000))}
    n_before = {name: len(found) for name, found in before.items()}
    assert {name: len(found) for name, found in everything(school).items()} == n_before


def test_an_interruption_stops_the_job_and_changes_nothing(school: Warehouse) -> None:
    publish(school)
    before = everything(school)
    publication, slices = prepared(seed=2)
    place = target(school)

    def tell(what: str) -> None:
        if what.startswith("Putting"):
            if school.running("school"):
                raise KeyboardInterrupt
            school.hold()

    with pytest.raises(KeyboardInterrupt):
        publish_loaded(place, publication, slices, place.connected(), tell)
    school.release()
    assert school.calls("jobs.cancel")
    assert everything(school) == before
    assert beside(school) == set()


def test_an_interruption_that_comes_too_late_is_not_said_to_have_stopped_anything(school: Warehouse) -> None:
    publication, slices = prepared(seed=2)
    place = target(school)
    school.fail("jobs.cancel", status=404, times=100)  # the job is just ending

    def tell(what: str) -> None:
        if what.startswith("Putting"):
            if school.running("school"):
                school.release()
                raise KeyboardInterrupt
            school.hold()

    receipt = publish_loaded(place, publication, slices, place.connected(), tell)
    assert school.calls("jobs.cancel")
    assert len(rows(school, "probabilities", receipt.selection_id)) == N_STUDENTS * N_ITEMS


@pytest.mark.parametrize("reason", ["unavailable", "access"])
def test_a_last_answer_that_gets_lost_is_looked_up(
    school: Warehouse, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    publish(school)
    publication, slices = prepared(seed=2, at=MOMENT + timedelta(days=1))
    jobs = target(school).connected()
    run = jobs.run

    def lost(*given: Any, **named: Any) -> None:
        if done:
            run(*given, **named)
        raise SourceError("BigQuery cannot be reached.", reason=reason, again=True)

    monkeypatch.setattr(jobs, "run", lost)
    for done in (False, True):
        if not done:
            before = everything(school)
            with pytest.raises(SourceError) as failed:
                publish_loaded(target(school), publication, slices, jobs, lambda _: None)
            assert failed.value.facts["reason"] == reason
            assert everything(school) == before
        else:
            publish_loaded(target(school), publication, slices, jobs, lambda _: None)
            assert [row[1:-1] for row in rows(school, "abilities")] == sorted(expected(2)["abilities"])
        assert beside(school) == set()


def test_publishers_of_different_exams_at_once_take_turns(school: Warehouse) -> None:
    publish(school)
    failed: list[BaseException] = []

    def run(exam: str, seed: int) -> None:
        try:
            publish(school, exam, seed)
        except SourceError as error:  # pragma: no cover - shown by the assertion
            failed.append(error)

    threads = [threading.Thread(target=run, args=(f"Term {k}", k)) for k in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    for k in (1, 2, 3):
        selection_id = prepared(f"Term {k}", k)[0].selection_id
        found = [row[1:-1] for row in rows(school, "abilities", selection_id)]
        assert found == sorted(expected(k)["abilities"])
    assert len(rows(school, "publications")) == 3


def test_a_conflict_is_tried_again_and_said_in_the_end(school: Warehouse) -> None:
    message = "Transaction is aborted due to concurrent update against table school.results.maths_abilities."
    how = {"status": 400, "reason": "invalidQuery", "message": message}
    school.fail("job", after=4, times=2, **how)
    publish(school)
    before = everything(school)
    school.fail("job", after=4, times=100, **how)
    with pytest.raises(SourceError) as failed:
        publish(school, seed=2)
    assert failed.value.facts["reason"] == "conflict"
    assert failed.value.facts["again"] is True
    assert everything(school) == before


def test_a_table_with_other_columns_is_refused_with_each_deviation(school: Warehouse) -> None:
    school.put_table(f"{PREFIX}abilities", "SELECT 'x' AS selection_id, 1 AS theta, 'a' AS student_id")
    with pytest.raises(SourceError, match="has other columns than published ones") as failed:
        publish(school)
    assert failed.value.facts["reason"] == "table"
    deviations = failed.value.facts["deviations"]
    assert "no column se" in deviations
    assert any(text.startswith("theta is INT64, not FLOAT64") for text in deviations)
    assert school.sql(f"SELECT COUNT(*) FROM `{PREFIX}abilities`") == [("1",)]


def test_a_dataset_that_is_not_there_is_said(school: Warehouse) -> None:
    place = open_target("bigquery:school.nowhere", settings(school))
    assert isinstance(place, DatasetTarget)
    publication, slices = prepared()
    with pytest.raises(SourceError, match=r"no dataset school\.nowhere to publish to.*bq mk --dataset") as failed:
        publish_loaded(place, publication, slices, place.connected(), lambda _: None)
    assert failed.value.facts["reason"] == "not_found"


def test_jobs_have_caps_and_labels_and_hold_nothing_personal(school: Warehouse) -> None:
    school.clear()
    publish(school)
    queries = [call.body for call in school.calls("jobs.insert") if "query" in call.body.get("configuration", {})]
    assert queries
    for body in queries:
        assert int(body["configuration"]["query"]["maximumBytesBilled"]) > 0
        assert int(body["configuration"]["jobTimeoutMs"]) > 0
    for call in school.calls("jobs.insert"):
        configuration = call.body["configuration"]
        assert configuration["labels"]["app"] == "itemwise"
        assert "0059" not in str(configuration.get("query", ""))


# Scored in the warehouse ---------------------------------------------------------------------------------------------


def close(found: list[tuple[Any, ...]], wanted: list[tuple[Any, ...]]) -> bool:
    """Whether rows are equal, numbers to 1e-9."""
    return len(found) == len(wanted) and all(
        a == b if not isinstance(a, float) or not isinstance(b, float) else abs(a - b) <= 1e-9
        for one, other in zip(found, wanted, strict=True)
        for a, b in zip(one, other, strict=True)
    )


@pytest.fixture
def answered(school: Warehouse) -> Warehouse:
    """The warehouse with the answers of two exams."""
    both = pd.concat([frame(), frame(2, exam="Term 2")], ignore_index=True)
    school.put_table("school.exams.answers", both)
    return school


def ask(school: Warehouse, exam: str = "Term 1", to: str = TARGET, scope: Scope = FULL_SCOPE, **named: Any) -> Receipt:
    environment = {"ITEMWISE_SOURCE": "bigquery:school.exams.answers", **named.pop("environment", {})}
    chosen = settings(school, **environment)
    selection = Selection("Maths", (exam,), **named.pop("selection", {}))
    return open_service(chosen).publish(scope, selection, open_target(to, chosen), **named)


@pytest.mark.slow
def test_what_is_scored_in_the_warehouse_equals_python_to_1e_9_and_never_leaves_it(answered: Warehouse) -> None:
    matrix = answers()
    calibration = calibrate(matrix, model="1PL")
    answered.clear()
    receipt = ask(answered, calibration=calibration)
    for table, wanted in expected().items():
        assert close([row[1:-1] for row in rows(answered, table)], sorted(wanted)), table
    assert receipt.rows == {"item_parameters": 6, "abilities": 60, "probabilities": 360}
    assert receipt.bytes_billed > 0
    assert beside(answered) == set()
    (facts,) = rows(answered, "publications")
    assert facts[-4:-1] == (6, 60, 360)
    # Of the 60 students nothing is told on the wire, neither way.
    assert sum(call.bytes_in + call.bytes_out for call in answered.requests if call.endpoint == "jobs.upload") < 10_000
    assert not any("'0059'" in str(call.body) for call in answered.requests)

    # Published again on a sample: everybody is scored, in the place of the rows before.
    other = ask(answered, "Term 2", model="1PL", only=["abilities"], selection={"share": 0.5})
    kept = rows(answered, "abilities", receipt.selection_id)
    assert close([row[1:-1] for row in kept], sorted(expected()["abilities"]))
    assert len(rows(answered, "abilities", other.selection_id)) == N_STUDENTS
    facts = {
        row[0]: dict(zip([c.name for c in TABLES["publications"]], row, strict=True))
        for row in rows(answered, "publications")
    }
    assert facts[other.selection_id]["share"] == 0.5
    assert 10 < facts[other.selection_id]["n_persons"] < 50
    assert facts[other.selection_id]["probabilities"] == 0


#: Scoring that costs the double no time: the rows and their exchange are what these tests are about.
PLAIN = Scoring(
    {
        "abilities": "SELECT DISTINCT student_id, 0.5 AS theta, 0.25 AS se, 6 AS items_answered\n"
        "FROM `school.exams.answers` WHERE exam_name = @exam"
    },
    {"exam": "Term 1"},
)


def score_there(school: Warehouse, place: DatasetTarget, tell: Callable[[str], None] = lambda _: None) -> Receipt:
    publication, _ = prepared(results=frozenset({"items", "abilities"}))
    return publish_scored(place, publication, PLAIN, place.connected(), tell)


def test_scoring_in_the_warehouse_asks_first_and_keeps_to_the_limits(answered: Warehouse) -> None:
    n_bytes = target(answered).connected().estimate(PLAIN.selects["abilities"], PLAIN.parameters, "publish").n_bytes
    small = settings(answered, ITEMWISE_BIGQUERY_ASK_BYTES="1000")
    place = open_target(TARGET, small)
    assert isinstance(place, DatasetTarget)
    with pytest.raises(ConfirmationNeeded) as needed:
        score_there(answered, place)
    assert needed.value.facts["bytes"] == n_bytes > 1000
    assert everything(answered) == {name: [] for name in TABLES}
    with allowing(n_bytes):
        receipt = score_there(answered, place)
    assert receipt.rows == {"item_parameters": N_ITEMS, "abilities": N_STUDENTS, "probabilities": 0}

    least = open_target(TARGET, settings(answered, ITEMWISE_BIGQUERY_MAX_BYTES="1000"))
    assert isinstance(least, DatasetTarget)
    with allowing(10**9), pytest.raises(SourceError) as refused:
        score_there(answered, least)
    assert refused.value.facts["reason"] == "byte_limit"


@pytest.mark.parametrize("after", [0, 2])
def test_scoring_that_fails_in_the_warehouse_leaves_the_publication_before(answered: Warehouse, after: int) -> None:
    place = target(answered)
    score_there(answered, place)
    before = everything(answered)
    answered.fail("job", after=after, status=503, times=100)  # the two loads, then the script
    with pytest.raises(SourceError):
        score_there(answered, place)
    answered.heal()
    assert everything(answered) == before
    assert beside(answered) == set()


def test_scoring_that_is_interrupted_is_stopped_in_the_warehouse(answered: Warehouse) -> None:
    place = target(answered)
    score_there(answered, place)
    before = everything(answered)

    def tell(what: str) -> None:
        if answered.running("school"):
            raise KeyboardInterrupt
        answered.hold()

    with pytest.raises(KeyboardInterrupt):
        score_there(answered, place, tell)
    answered.release()
    assert answered.calls("jobs.cancel")
    assert everything(answered) == before
    assert beside(answered) == set()


def test_only_who_sees_everything_may_publish(answered: Warehouse) -> None:
    with pytest.raises(AccessError, match="your access is limited"):
        ask(answered, scope=Scope(subjects=frozenset({"Maths"})))
    assert beside(answered) == set()
    assert everything(answered) == {name: [] for name in TABLES}
