"""Identity: the matrix that goes into a file comes out of import, store, answers and prepare."""

import csv
import io
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openpyxl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from irt.files import ImportOptions, read_table
from irt.responses import prepare
from irt.selection import FULL_SCOPE, Selection
from irt.sources import ParquetStore

Scores = NDArray[np.int8]
Write = Callable[[list[list[str]]], bytes]

LETTERS = "ABCD"
OPTIONS = ImportOptions("Maths", "Term 1")
MATRICES = arrays.arrays(np.int8, st.tuples(st.integers(1, 8), st.integers(1, 12)), elements=st.integers(-1, 1)).filter(
    lambda scores: bool((scores >= 0).any(axis=0).all())
)
#: Names of students as schools write them: leading zeros, spaces inside, other scripts, delimiters, quotes.
NAMES = st.text(
    st.sampled_from(["0", "7", "a", "B", " ", "é", "遥", ",", ";", '"', "'", "@", "{", "\t"]),
    min_size=1,
    max_size=6,
)


def delimited(mark: str, encoding: str) -> Write:
    def write(table: list[list[str]]) -> bytes:
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=mark).writerows(table)
        return text.getvalue().encode(encoding)

    return write


def workbook(table: list[list[str]]) -> bytes:
    book, stream = openpyxl.Workbook(), io.BytesIO()
    for row in table:
        book.active.append([cell if j == 0 or not cell.isdigit() else int(cell) for j, cell in enumerate(row)])
    book.save(stream)
    return stream.getvalue()


WRITERS = st.sampled_from([delimited(",", "utf-8"), delimited(";", "utf-8-sig"), delimited("\t", "utf-16"), workbook])


def wide(scores: Scores, names: list[str], cell: Callable[[int, int], str]) -> list[list[str]]:
    header = ["student_id", *(f"item_{j + 1}" for j in range(scores.shape[1]))]
    return [header, *([name, *(cell(i, j) for j in range(scores.shape[1]))] for i, name in enumerate(names))]


def check(content: bytes, scores: Scores, names: list[str], options: ImportOptions) -> None:
    table = read_table(content, "exam", options)
    with tempfile.TemporaryDirectory() as folder:
        store = ParquetStore(Path(folder))
        store.add(table.frame)
        assert store.add(table.frame).unchanged
        prepared = prepare(store.answers(Selection(options.subject, ("Term 1",)), FULL_SCOPE))
    assert prepared.matrix.item_ids == tuple(f"item_{j + 1}" for j in range(scores.shape[1]))
    present = (scores >= 0).any(axis=1)
    expected = {name: row.tolist() for name, row in zip(names, scores, strict=True) if row.max() >= 0}
    found = dict(zip(prepared.matrix.person_ids, prepared.matrix.scores.tolist(), strict=True))
    assert found == expected
    assert len(prepared.absent.person_ids) == int((~present).sum())


def unique_names(draw: st.DrawFn, n: int) -> list[str]:
    clean = NAMES.map(str.strip).filter(lambda name: name not in ("", "key"))
    return draw(st.lists(clean, min_size=n, max_size=n, unique=True))


QUICK = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])


@QUICK
@given(st.data(), MATRICES, WRITERS)
def test_a_matrix_of_scores_comes_back(data: st.DataObject, scores: Scores, write: Write) -> None:
    names = data.draw(st.composite(unique_names)(len(scores)))
    table = wide(scores, names, lambda i, j: "" if scores[i, j] < 0 else str(scores[i, j]))
    check(write(table), scores, names, OPTIONS)


@QUICK
@given(st.data(), MATRICES, WRITERS)
def test_a_matrix_of_letters_comes_back(data: st.DataObject, scores: Scores, write: Write) -> None:
    names = data.draw(st.composite(unique_names)(len(scores)))
    key = {f"item_{j + 1}": data.draw(st.sampled_from(LETTERS)) for j in range(scores.shape[1])}

    def cell(i: int, j: int) -> str:
        right = key[f"item_{j + 1}"]
        return {-1: "", 1: right, 0: LETTERS[(LETTERS.index(right) + 1 + i % 3) % 4]}[int(scores[i, j])]

    check(write(wide(scores, names, cell)), scores, names, ImportOptions("Maths", "Term 1", key=key))


@QUICK
@given(st.data(), MATRICES, WRITERS)
def test_a_matrix_in_long_form_comes_back_whatever_the_order(data: st.DataObject, scores: Scores, write: Write) -> None:
    names = data.draw(st.composite(unique_names)(len(scores)))
    rows = [
        [names[i], f"item_{j + 1}", "Term 1", "" if scores[i, j] < 0 else str(scores[i, j])]
        for i in range(scores.shape[0])
        for j in range(scores.shape[1])
    ]
    shuffled = data.draw(st.permutations(rows))
    content = write([["student_id", "item_id", "exam_name", "correct"], *shuffled])
    check(content, scores, names, OPTIONS)
