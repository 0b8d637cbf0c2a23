"""Contract and message: targets as typed, ids of publications, and the command that publishes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from exam import N_ITEMS, N_STUDENTS, answers, frame, in_bucket, in_folder, prepared, publication

from irt.calibration import Calibration, CalibrationOptions, calibrate
from irt.commands import main
from irt.errors import SelectionError, SettingsError
from irt.publishing import asked_for, parse_target, results_of
from irt.publishing.packed import Stream, gzipped
from irt.publishing.target import BucketTarget, DatasetTarget, FolderTarget
from irt.selection import MissingPolicy
from tests.warehouse import Warehouse


@pytest.fixture
def answers_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of answers, and a machine on which nothing is set."""
    for name in ("ITEMWISE_SOURCE", "ITEMWISE_STORAGE_ENDPOINT", "ITEMWISE_BIGQUERY_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ITEMWISE_CACHE", "off")
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "answers.csv"
    frame().to_csv(file, index=False)
    return file


# Targets -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("bigquery:school-1.results", DatasetTarget("school-1", "results")),
        ("bigquery:school-1.results.maths", DatasetTarget("school-1", "results", "maths")),
        ("bigquery:p.results", DatasetTarget("p", "results")),
        ("bigquery:example.org:school.results", DatasetTarget("example.org:school", "results")),
        ("gs://my-bucket", BucketTarget("my-bucket")),
        ("gs://my-bucket/a/b/", BucketTarget("my-bucket", "a/b/")),
        ("parquet:out/folder", FolderTarget(Path("out/folder"))),
    ],
)
def test_a_target_is_understood_and_shown_as_typed(text: str, target: object) -> None:
    assert parse_target(text) == target
    assert str(parse_target(text)) == text.rstrip("/")


def test_tables_have_the_prefix_in_front() -> None:
    assert DatasetTarget("p", "d").table("abilities") == "p.d.abilities"
    assert DatasetTarget("p", "d", "m").table("abilities") == DatasetTarget("p", "d", "m_").table("abilities")
    assert DatasetTarget("p", "d", "m").table("abilities") == "p.d.m_abilities"


@pytest.mark.parametrize(
    "text",
    [
        *("", "somewhere", "bigquery:", "bigquery:p", "bigquery:p.d.t.x", "bigquery:p.d.", "bigquery:p.d`; DROP"),
        *("gs:bucket", "gs://", "gs://UPPER/x", "gs://bucket/../x", "gs://bucket/a\nb", "parquet:", "s3://bucket/x"),
    ],
)
def test_what_is_no_target_is_refused(text: str) -> None:
    with pytest.raises(SettingsError):
        parse_target(text)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    with pytest.raises(SettingsError, match="is a file: publish to a folder"):
        parse_target(f"parquet:{tmp_path / 'f'}")


# Ids -----------------------------------------------------------------------------------------------------------------


def test_the_id_is_of_the_selection_and_the_calibration_asked_for() -> None:
    found, _ = prepared()
    selection = found.selection
    same = [
        found,
        replace(found, selection=replace(selection, share=0.25)),
        replace(found, origin=replace(found.origin, fingerprint="other")),
        replace(found, results=frozenset({"items"})),
    ]
    assert {one.selection_id for one in same} == {found.selection_id}
    others = [
        found,
        replace(found, selection=replace(selection, exams=("Term 2",))),
        replace(found, selection=replace(selection, class_name="A")),
        replace(found, selection=replace(selection, missing=MissingPolicy.WRONG)),
        replace(found, asked="2PL"),
        replace(found, asked="2PL prior=weak"),
    ]
    assert len({one.selection_id for one in others}) == len(others)


def test_the_calibration_asked_for_is_told_in_words_that_last(tmp_path: Path) -> None:
    calibration = prepared()[0].calibration
    assert asked_for(None, None, None) == "default"
    assert asked_for("2PL", None, None) == asked_for(CalibrationOptions(model="2PL"), None, None) == "2PL"
    assert asked_for("2PL", "weak", None) == asked_for(CalibrationOptions(model="2PL", prior="weak"), None, None)
    assert asked_for(CalibrationOptions(model="3PL", guessing_prior=None), None, None) == "3PL guessing_prior=None"
    origin = {"subject": "Maths", "exams": ["Term 1"], "computed_at": "2026-01-01"}
    one, later = (replace(calibration, provenance={**origin, "as_of": day}) for day in ("1", "2"))
    assert asked_for(None, None, one) == asked_for(None, None, later) == '1PL file of ["Maths", ["Term 1"]]'
    assert asked_for(None, None, replace(one, provenance={})) == "1PL file of an unknown exam"


def test_results_are_named_or_all() -> None:
    assert results_of(None) == {"items", "abilities", "probabilities"}
    assert results_of(["items"]) == {"items"}
    for wrong in (["item"], []):
        with pytest.raises(SelectionError, match="Publish items, abilities, probabilities or some of these"):
            results_of(wrong)


def test_a_number_that_cannot_be_had_is_none_in_the_facts() -> None:
    calibration = replace(prepared()[0].calibration, log_likelihood=float("nan"))
    assert publication(calibration).facts({})["log_likelihood"] is None


def test_a_stream_gives_its_pieces_once_and_in_order() -> None:
    stream = Stream(iter([b"abc", b"", b"defgh"]))
    assert [stream.read(2), stream.tell(), stream.read(4), stream.tell()] == [b"ab", 2, b"cdef", 6]
    assert [stream.read(), stream.read(3), stream.tell()] == [b"gh", b"", 8]
    assert b"".join(gzipped([b"x" * 1000])) == b"".join(gzipped([b"x" * 400, b"x" * 600]))


# The command ---------------------------------------------------------------------------------------------------------


def test_the_command_publishes_a_file_to_a_folder(answers_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["publish", "--data", str(answers_file), "--model", "1PL", "--to", "parquet:out"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Maths, Term 1, all classes: published to parquet:out as ")
    assert f"  probabilities: {N_STUDENTS * N_ITEMS:,} rows\n" in out
    assert len(in_folder(Path("out"), "probabilities")) == N_STUDENTS * N_ITEMS
    names = {row[1] for row in in_folder(Path("out"), "abilities")}
    assert "0059" in names
    assert not any(
        "Student" in str(row) for name in ("abilities", "probabilities") for row in in_folder(Path("out"), name)
    )
    verdicts = [row[15] for row in in_folder(Path("out"), "item_parameters")]
    assert all(verdicts)


def test_the_class_in_focus_is_whose_results_are_published(answers_file: Path) -> None:
    asked = ["publish", "--data", str(answers_file), "--model", "1PL", "--to", "parquet:out"]
    assert main([*asked, "--class", "A", "--only", "items,abilities"]) == 0
    assert len(in_folder(Path("out"), "abilities")) == N_STUDENTS // 2
    assert in_folder(Path("out"), "probabilities") == []
    (facts,) = in_folder(Path("out"), "publications")
    assert facts[2] == "Maths, Term 1, class A"
    assert facts[11] == N_STUDENTS  # calibrated on everybody


def test_a_calibration_file_brings_its_own_parameters(answers_file: Path) -> None:
    calibration = calibrate(answers(), model="1PL")
    calibration.save("mine.json")
    asked = ["publish", "--data", str(answers_file), "--to", "parquet:out", "--calibration", "mine.json"]
    assert main(asked) == 0
    loaded = Calibration.load("mine.json")
    found = {row[1]: row[8] for row in in_folder(Path("out"), "item_parameters")}
    assert found == dict(zip(loaded.items.item_ids, loaded.items.discrimination.tolist(), strict=True))
    assert main([*asked, "--model", "2PL"]) == 2


def test_the_command_publishes_to_a_bucket(
    answers_file: Path, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse.put_bucket("school")
    monkeypatch.setenv("ITEMWISE_STORAGE_ENDPOINT", warehouse.endpoint)
    assert main(["publish", "--data", str(answers_file), "--model", "1PL", "--to", "gs://school/results"]) == 0
    assert len(in_bucket(warehouse, "abilities", "results/")) == N_STUDENTS


def test_what_cannot_be_is_refused_before_any_work(
    answers_file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ["publish", "--data", str(answers_file)]
    assert main([*asked, "--to", "s3://bucket"]) == 2
    assert "Publish to one of bigquery:PROJECT.DATASET[.PREFIX], gs://BUCKET/PREFIX, parquet:FOLDER" in (
        capsys.readouterr().err
    )
    with pytest.raises(SystemExit, match="2"):
        main([*asked, "--to", "parquet:out", "--only", "names"])
    assert "Publish items, abilities, probabilities or some of these, not names" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        main(asked)
    assert not Path("out").exists()


def test_an_interruption_is_said_and_leaves_what_was_there(
    answers_file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ["publish", "--data", str(answers_file), "--model", "1PL", "--to", "parquet:out"]
    assert main(asked) == 0
    before = in_folder(Path("out"), "probabilities")

    def interrupted(*_: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr("irt.publishing.slices.probabilities", interrupted)
    assert main(asked) == 130
    assert "Stopped. What was published to parquet:out before is as it was." in capsys.readouterr().err
    assert in_folder(Path("out"), "probabilities") == before
    assert len(list(Path("out/.runs").iterdir())) == 1


def test_too_few_answers_are_said_and_nothing_is_written(
    answers_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame(n_students=5).to_csv(answers_file, index=False)
    assert main(["publish", "--data", str(answers_file), "--to", "parquet:out"]) == 2
    assert "too few" in capsys.readouterr().err.lower()
    assert not Path("out").exists()
