"""The command line: what is typed, what comes back, and the exit codes."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from irt.calibration import Calibration
from irt.commands import main
from irt.commands.options import MODELS
from irt.commands.progress import working
from irt.commands.run import COMMANDS
from irt.serialise import COUNTS_COLUMNS

Run = Callable[..., tuple[int, str, str]]

ITEMS = [f"Q{j}" for j in range(1, 7)]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run a command in an empty folder: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    for name in ("ITEMWISE_SOURCE", "ITEMWISE_CACHE"):
        monkeypatch.delenv(name, raising=False)

    def go(*arguments: object) -> tuple[int, str, str]:
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as stop:
            code = int(stop.code or 0)
        told = capsys.readouterr()
        assert "Traceback" not in told.err
        return code, told.out, told.err

    return go


@pytest.fixture(scope="session")
def exam(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wide file: 400 students, 6 items of a 2PL, some answers missing."""
    rng = np.random.default_rng(20261121)
    theta = rng.normal(size=400)
    slopes, places = np.linspace(0.8, 1.8, 6), np.linspace(-1.5, 1.5, 6)
    right = rng.random((400, 6)) < 1 / (1 + np.exp(-slopes * (theta[:, None] - places)))
    cells = np.where(rng.random((400, 6)) < 0.03, "", right.astype(int).astype(str))
    path = tmp_path_factory.mktemp("cli") / "exam.csv"
    lines = [",".join(["student_id", "gender", *ITEMS])]
    lines += [",".join([f"{k:04d}", "fm"[k % 2], *row]) for k, row in enumerate(cells)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_items_gives_a_row_an_item_and_says_the_model(run: Run, exam: Path) -> None:
    code, out, err = run("items", "--data", exam)
    assert code == 0
    assert [row["item_id"] for row in table(out)] == ITEMS
    assert err.startswith("Model: 2PL")
    assert "scored answers each (median)" in err


def test_a_model_asked_for_is_not_explained(run: Run, exam: Path) -> None:
    code, out, err = run("items", "--data", exam, "--model", "1PL")
    assert (code, err) == (0, "")
    assert len({row["discrimination"] for row in table(out)}) == 1


def test_score_has_a_row_a_student_with_ids_kept(run: Run, exam: Path) -> None:
    code, out, _ = run("score", "--data", exam)
    rows = table(out)
    assert code == 0
    assert list(rows[0]) == ["student_id", "theta", "se", "method", "items_answered"]
    assert rows[7]["student_id"] == "0007"
    assert len(rows) == 400


def test_a_calibration_file_scores_as_the_fit_itself(run: Run, exam: Path, tmp_path: Path) -> None:
    code, out, _ = run("calibrate", "--data", exam, "--out", "fit.json")
    assert (code, out) == (0, "")
    assert json.loads((tmp_path / "fit.json").read_text("utf-8"))["format"] == "itemwise-calibration/1"
    direct = table(run("probabilities", "--data", exam)[1])
    by_file = table(run("probabilities", "--data", exam, "--calibration", "fit.json")[1])
    for column in ("probability", "lower", "upper"):
        # A calibration file holds every digit of every parameter.
        assert [float(row[column]) for row in by_file] == [float(row[column]) for row in direct]
    assert list(direct[0]) == ["student_id", "item_id", "probability", "lower", "upper", "correct"]
    assert len(direct) == 400 * 6


def test_calibrate_writes_json_to_stdout(run: Run, exam: Path) -> None:
    code, out, _ = run("calibrate", "--data", exam, "--model", "2PL", "--prior", "weak")
    found = json.loads(out)
    assert code == 0
    assert found["options"]["prior"] == "weak"
    assert [item["item_id"] for item in found["items"]] == ITEMS


def test_link_moves_a_calibration_to_the_scale_of_another(run: Run, exam: Path, tmp_path: Path) -> None:
    run("calibrate", "--data", exam, "--model", "2PL", "--out", "base.json")
    base = Calibration.load(tmp_path / "base.json")
    # theta_base = 2 theta_new + 0.5: the same curves on a scale of their own.
    slope, intercept = base.items.discrimination, base.items.intercept
    items = replace(base.items, discrimination=slope * 2, intercept=intercept + 0.5 * slope)
    replace(base, items=items).save(tmp_path / "new.json")
    code, out, err = run("link", "new.json", "--base", "base.json", "--method", "mean-sigma")
    assert code == 0
    assert err.startswith("Link by 6 items: slope 2 (SE ")
    moved = json.loads(out)["items"]
    # Exact but for rounding: both files hold every digit.
    assert [item["difficulty"] for item in moved] == pytest.approx(base.items.difficulty.tolist(), abs=1e-9)
    assert [item["discrimination"] for item in moved] == pytest.approx(slope.tolist(), abs=1e-9)


def test_model_fit_is_one_object(run: Run, exam: Path, tmp_path: Path) -> None:
    code, out, err = run("model-fit", "--data", exam)
    found = json.loads(out)
    assert code == 0
    assert list(found)[:14] == [
        *("log_likelihood", "aic", "bic", "sabic", "m2", "df", "p_value", "rmsea", "srmsr", "tli", "cfi"),
        *("alpha", "marginal_reliability", "empirical_reliability"),
    ]
    assert err.startswith("Model: 2PL")
    assert run("model-fit", "--data", exam, "--out", "fit.json")[:2] == (0, "")
    again = json.loads((tmp_path / "fit.json").read_text("utf-8"))
    assert {**again, "provenance": 0} == {**found, "provenance": 0}


def test_fit_and_dif_have_the_columns_that_programs_rely_on(run: Run, exam: Path) -> None:
    fit = table(run("fit", "--data", exam, "--model", "1PL")[1])
    assert list(fit[0])[:9] == [
        "item_id",
        *("s_x2", "df", "rmsea", "p_value", "infit", "outfit", "z_infit", "z_outfit"),
    ]
    dif = table(run("dif", "--data", exam, "--group", "gender")[1])
    assert list(dif[0])[:13] == [
        *("item_id", "n_reference", "n_focal", "chi2_mh", "p_value_mh", "alpha_mh", "delta_mh", "ets_class"),
        *("chi2_logistic", "p_value_logistic", "p_value_uniform", "p_value_nonuniform", "p_adjusted"),
    ]
    assert [row["item_id"] for row in fit] == [row["item_id"] for row in dif] == ITEMS
    assert all(int(row["n_reference"]) + int(row["n_focal"]) <= 400 for row in dif)


def test_a_column_of_numbers_splits_students_where_it_is_named(run: Run, exam: Path, tmp_path: Path) -> None:
    coded = tmp_path / "coded.csv"
    lines = [line.replace(",f,", ",0,").replace(",m,", ",1,") for line in exam.read_text("utf-8").splitlines()]
    coded.write_text("\n".join(lines) + "\n", encoding="utf-8")
    by_number = table(run("dif", "--data", coded, "--group", "gender", "--focal", "1")[1])
    by_letter = table(run("dif", "--data", exam, "--group", "gender", "--focal", "m")[1])
    assert [row["chi2_mh"] for row in by_number] == [row["chi2_mh"] for row in by_letter]
    assert by_number[0]["focal"] == "1"


def test_check_says_how_the_file_was_read_and_what_is_missing(run: Run, exam: Path) -> None:
    code, out, _ = run("check", "--data", exam)
    facts = {row["what"]: (row["detail"], row["count"]) for row in table(out)}
    assert code == 0
    assert facts["students"] == ("", "400")
    assert facts["columns read as property"] == ("gender", "1")
    assert facts["columns read as item"] == (", ".join(ITEMS), "6")
    missing = sum(line.split(",").count("") for line in exam.read_text("utf-8").splitlines())
    assert int(facts["answers omitted"][1]) + int(facts["answers not reached"][1]) == missing


@pytest.mark.parametrize("ending", ["csv", "json", "parquet"])
def test_out_writes_the_format_of_the_ending(run: Run, exam: Path, tmp_path: Path, ending: str) -> None:
    code, out, _ = run("items", "--data", exam, "--out", f"items.{ending}")
    assert (code, out) == (0, "")
    content = (tmp_path / f"items.{ending}").read_bytes()
    assert content.startswith({"csv": b"item_id,", "json": b"{", "parquet": b"PAR1"}[ending])


def test_import_stores_once_and_the_source_gives_the_numbers_of_the_file(
    run: Run, exam: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = ("import", exam, "--subject", "数学", "--exam", "Term 1", "--into", "store")
    code, out, _ = run(*stored)
    assert code == 0
    assert "400 students" in out
    assert "stored already; nothing was changed" in run(*stored)[1]
    monkeypatch.setenv("ITEMWISE_SOURCE", "parquet:store")
    monkeypatch.setenv("ITEMWISE_CACHE", "off")
    assert run("items", "--subject", "数学", "--exam", "Term 1")[1] == run("items", "--data", exam)[1]


def test_import_reads_every_file_before_it_stores_one(run: Run, exam: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("student_id,item_id,correct\na,q1,2\n", encoding="utf-8")
    code, out, err = run("import", exam, bad, "--subject", "S", "--exam", "E", "--into", tmp_path / "store")
    assert (code, out) == (2, "")
    assert "bad.csv" in err
    assert not list((tmp_path / "store").glob("*.parquet"))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("items", "--data", "nowhere.csv"), "nowhere.csv cannot be read"),
        (("items", "--subject", "Alchemy"), "There is no subject 'Alchemy'"),
        (("items", "--data", "EXAM", "--subject", "S", "--exam", "A", "B"), "There is no exam 'B'"),
        (("items", "--subject", "Law School Admission Test"), "Choose one exam"),
        (
            ("items", "--subject", "Law School Admission Test", "--exam", "Section 6", "Section 7"),
            "so they cannot be put on one scale",
        ),
        (("items", "--data", "EXAM", "--model", "5PL"), "invalid choice: '5PL'"),
        (("items", "--data", "EXAM", "--prior", "weak"), "add --model"),
        (("items", "--data", "EXAM", "--guessing-prior", "none"), "--guessing-prior goes with a model"),
        (("items", "--data", "EXAM", "--model", "2PL", "--guessing-prior", "none"), "is for the 3PL and 4PL"),
        (("items", "--data", "EXAM", "--model", "3PL", "--upper-prior", "3,1"), "is for the 4PL, not the 3PL"),
        (("items", "--data", "EXAM", "--model", "3PL", "--guessing-prior", "-1,0"), "MEAN,SD with SD above 0"),
        (("items", "--data", "EXAM", "--model", "3PL", "--guessing-prior", "low"), "MEAN,SD with SD above 0"),
        (("dif", "--data", "EXAM"), "required: --group"),
        (("dif", "--data", "EXAM", "--group", "school"), "has no column 'school'"),
        (("dif", "--data", "EXAM", "--group", "student_grade"), "There is no column 'student_grade' that splits"),
        (("dif", "--data", "EXAM", "--group", "gender", "--reference", "f", "--focal", "f"), "name two groups"),
        (("dif", "--data", "EXAM", "--group", "gender", "--focal", "x"), "There is no gender 'x'"),
        (("drift", "--data", "EXAM"), "Drift compares two exams"),
        (("items", "--data", "EXAM", "--out", "x.xlsx"), "must end in .csv"),
        (("items", "--data", "EXAM", "--out", "no/where.csv"), "there is no folder no"),
        (("items", "--data", "EXAM", "--class", "7A"), "7A"),
        (("items", "--data", "EXAM", "--student", "pupil"), "has no column 'pupil'"),
        (("items", "--key", "k.csv"), "--key says how a file is read: add --data"),
        (("items", "--key", "nowhere.csv", "--data", "EXAM"), "nowhere.csv cannot be read"),
        (("calibrate", "--data", "EXAM", "--out", "x.csv"), "must end in .json"),
        (("score", "--data", "EXAM", "--calibration", "nowhere.json"), "no calibration file nowhere.json"),
        (("score", "--data", "EXAM", "--calibration", "EXAM"), "is not a calibration file"),
        (("score", "--data", "EXAM", "--calibration", "EXAM", "--model", "2PL"), "leave out --model"),
        (("score", "--data", "EXAM", "--method", "XYZ"), "invalid choice: 'XYZ'"),
        (("import", "EXAM", "--into", "store"), "name the subject (--subject)"),
        (("check", "--subject", "Alchemy"), "There are no answers for Alchemy"),
        (("nothing",), "invalid choice: 'nothing'"),
        ((), "required: COMMAND"),
    ],
)
def test_unusable_input_is_a_sentence_and_2(
    run: Run, exam: Path, sample_store: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], says: str
) -> None:
    monkeypatch.setenv("ITEMWISE_SOURCE", f"parquet:{sample_store}")
    monkeypatch.setenv("ITEMWISE_CACHE", "off")
    code, out, err = run(*(exam if argument == "EXAM" else argument for argument in arguments))
    assert (code, out) == (2, "")
    assert says in err


def test_a_wrong_setting_is_a_sentence_and_2(run: Run, exam: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "many")
    assert run("items", "--data", exam)[::2] == (2, "PORT must be a whole number from 1 to 65535, not 'many'.\n")


def test_a_source_that_cannot_be_read_is_3(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "answers.parquet").write_bytes(b"not parquet")
    monkeypatch.setenv("ITEMWISE_SOURCE", "parquet:broken")
    code, out, err = run("items")
    assert (code, out) == (3, "")
    assert "could not be read" in err


def test_too_few_answers_leave_the_classical_statistics(run: Run, exam: Path, tmp_path: Path) -> None:
    few = tmp_path / "few.csv"
    few.write_text("\n".join(exam.read_text("utf-8").splitlines()[:21]) + "\n", encoding="utf-8")
    code, out, err = run("items", "--data", few)
    rows = table(out)
    assert code == 0
    assert "too few to fit a model" in err
    assert all(row["proportion_correct"] and not row["difficulty"] for row in rows)
    code, out, err = run("score", "--data", few)
    assert (code, out) == (2, "")
    assert "too few to fit a model" in err


def test_help_names_what_works_and_nothing_else(run: Run) -> None:
    code, out, _ = run("--help")
    assert code == 0
    for command in COMMANDS:
        assert command in out
        code, told, _ = run(command, "--help")
        assert code == 0
        assert told.startswith(f"usage: python -m irt {command}")
    assert MODELS == ("1PL", "2PL", "3PL", "4PL")


def test_a_reader_who_has_seen_enough_is_not_an_error(exam: Path) -> None:
    command = f"set -o pipefail; {sys.executable} -m irt probabilities --data {exam} | head -1"
    root = Path(__file__).parents[2]
    done = subprocess.run(["bash", "-c", command], check=False, capture_output=True, text=True, cwd=root)
    assert done.stdout.startswith("student_id,")
    assert "Error" not in done.stderr
    assert done.returncode == 0


def test_a_defect_of_ours_says_where_and_not_what(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> None:
        raise KeyError("Hanako")

    monkeypatch.setitem(COMMANDS, "check", broken)
    code, out, err = run("check")
    assert (code, out) == (1, "")
    assert err.startswith("Something went wrong on our side (KeyError in test_command_line.py, line ")
    assert "Hanako" not in err


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stream", "speaks"), [(Terminal(), True), (io.StringIO(), False)])
def test_long_work_is_told_on_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, speaks: bool
) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr("irt.commands.progress.PATIENCE", 0.01)
    monkeypatch.setattr("irt.commands.progress.BEAT", 0.01)
    with working("Calibrating"):
        time.sleep(0.1)
    assert stream.getvalue().startswith("\rCalibrating ... 0 s") is speaks
    assert stream.getvalue().endswith("\r\033[K") is speaks


def test_what_is_being_done_can_be_said_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr("irt.commands.progress.PATIENCE", 0.01)
    monkeypatch.setattr("irt.commands.progress.BEAT", 0.01)
    with working("Calibrating") as say:
        time.sleep(0.1)
        say("Sending: 3 of 7")
        time.sleep(0.1)
    first, later = stream.getvalue().split("\rSending: 3 of 7 ... 0 s\033[K", 1)
    assert "Calibrating" in first
    assert "Calibrating" not in later


def test_a_share_of_the_students_is_calibrated_on_and_said(run: Run, exam: Path) -> None:
    code, out, err = run("items", "--data", exam, "--share", "0.5")
    assert code == 0
    assert 150 < int(table(out)[0]["n"]) < 250
    assert "of 400 students, drawn at random; standard errors are about 1.4 times those from everybody's" in err
    everybody = run("items", "--data", exam)
    assert run("items", "--data", exam, "--share", "all") == everybody
    assert "drawn at random" not in everybody[2]


@pytest.mark.parametrize("share", ["0", "1.1", "-0.5", "some", "nan"])
def test_a_share_that_is_none_is_refused(run: Run, exam: Path, share: str) -> None:
    code, _, err = run("items", "--data", exam, f"--share={share}")
    assert code == 2
    assert f"a share is above 0 and at most 1, or all, not {share!r}" in err


def test_leave_to_read_is_a_number_of_bytes(run: Run, exam: Path) -> None:
    assert run("items", "--data", exam, "--allow-bytes", "5GB")[0] == 0
    code, _, err = run("items", "--data", exam, "--allow-bytes", "much")
    assert code == 2
    assert "it takes a number of bytes such as 1000000, 5GB or 2TB, not 'much'" in err


@pytest.mark.parametrize(("what", "n_rows"), [("items", 6), ("options", 0), ("scores", 7)])
def test_counts_are_told_by_item_option_and_score(run: Run, exam: Path, what: str, n_rows: int) -> None:
    code, out, err = run("counts", "--data", exam, "--what", what)
    assert (code, err) == (0, "")
    rows = table(out)
    assert len({row["score"] for row in rows} if what == "scores" else rows) == n_rows
    assert out.split("\n")[0] == ",".join(COUNTS_COLUMNS[what])


def test_files_cost_nothing(run: Run) -> None:
    code, out, err = run("spending")
    assert code == 0
    assert table(out) == []
    assert err == "Reading these answers costs nothing: they are in files of this machine.\n"
