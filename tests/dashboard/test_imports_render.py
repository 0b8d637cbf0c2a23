"""Import as components, from values alone."""

from __future__ import annotations

import base64

import pytest
from components import of_type, text

from dashboard.pages.imports_preview import render_columns, render_fault, render_preview, render_receipt, understood
from dashboard.pages.imports_upload import MOST_BYTES, Said, Upload, look, plain, upload
from irt.errors import Fault, ImportFault
from irt.files import ImportOptions, ImportTable, OmittedPolicy, preview_table
from irt.responses.table import COLUMNS
from irt.sources import ImportReceipt

WIDE = "student_id,gender,q1,q2,q3\na,f,1,0,1\nb,m,0,,1\n"


def read(content: str, **options: object) -> ImportTable:
    return preview_table(content.encode(), "answers.csv", ImportOptions(subject="S", exam="E", **options))


def test_message_layout_encoding_and_rows() -> None:
    assert understood(read(WIDE)) == "2 rows, read as one row a student (UTF-8 text, separated by commas)."
    semicolons = preview_table(WIDE.replace(",", ";").encode(), "answers.csv", ImportOptions(subject="S", exam="E"))
    assert "separated by semicolons" in understood(semicolons)


def test_message_run_of_items_is_one_row() -> None:
    rows = of_type(of_type(render_columns(read(WIDE)), "Tbody")[0], "Tr")
    assert [text(row) for row in rows] == [
        "student_idthe studenta, b0",
        "gendera property of the studentsf, m0",
        "q1 to q33 items1, 01",
    ]


@pytest.mark.parametrize("column", COLUMNS)
def test_contract_every_column_of_the_table_has_words(column: str) -> None:
    from dashboard.pages.imports_preview import becomes
    from irt.files import ColumnPlan

    assert becomes(ColumnPlan(column, column, (), 0))


def test_contract_confirm_is_offered_only_without_a_fault() -> None:
    assert [text(b) for b in of_type(render_preview(read(WIDE)), "Button")] == ["Store 6 answers"]
    faulty = "student_id,item_id,correct\na,q1,1\nb,q1,yes\n"
    page = render_preview(read(faulty))
    assert of_type(page, "Button") == []
    assert "row 3" in text(page)


def test_message_faults_beyond_the_first_are_counted() -> None:
    error = ImportFault("Bad.", [Fault(f"row {i}", "is wrong") for i in range(2, 40)])
    shown = text(render_fault(error))
    assert "38 faults." in shown
    assert "row 11" in shown
    assert "row 12" not in shown
    assert "… and 28 more." in shown


def test_message_has_no_options_of_the_command_line() -> None:
    assert plain("Name the items (--items), or give a key (--key).") == "Name the items, or give a key."
    undecided = render_preview(read("student_id,q1\na,17\nb,23\n"))
    assert "--" not in text(undecided)


def test_contract_receipt_leads_to_the_exam() -> None:
    receipt = ImportReceipt(720, 60, 12, ("Physics",), ("Quiz 1",), 0, False)
    shown = render_receipt(receipt, lambda subject, exam: f"./?subject={subject}&exam={exam}", "import")
    assert "720 answers of 60 students to 12 items" in text(shown)
    assert of_type(shown, "A")[0].href == "./?subject=Physics&exam=Quiz 1"


def test_message_receipt_says_replaced_and_unchanged() -> None:
    def said(**changes: object) -> str:
        values = {"n_rows": 2, "n_students": 1, "n_items": 2, "subjects": ("S",), "exams": ("E",)}
        receipt = ImportReceipt(**{**values, "n_replaced": 0, "unchanged": False, **changes})
        return text(render_receipt(receipt, lambda *_: "", ""))

    assert "1 answer that was stored before has been replaced." in said(n_replaced=1)
    assert "Nothing to do" in said(unchanged=True)


def test_contract_upload_gives_the_bytes_back() -> None:
    sent = "data:text/csv;base64," + base64.b64encode(b"a,b\n").decode()
    assert Upload("a.csv", sent).content() == b"a,b\n"
    assert upload(None, "a.csv") is None


def test_message_upload_that_is_too_big_or_broken() -> None:
    with pytest.raises(ImportFault, match=r"big\.csv is too big: 21 MB. Up to 20 MB"):
        Upload("big.csv", "data:;base64," + "A" * (4 * (MOST_BYTES + 2**20) // 3)).content()
    with pytest.raises(ImportFault, match="did not arrive whole"):
        Upload("a.csv", "data:;base64,§§").content()


def test_contract_form_becomes_options() -> None:
    said = Said(" Maths ", "", "id", "q1, q2，q3", None, "wrong")
    assert said.options(None) == ImportOptions(
        subject="Maths", student="id", items=("q1", "q2", "q3"), omitted=OmittedPolicy.WRONG
    )


def test_invariant_only_the_names_that_lack_are_asked_for() -> None:
    class Reader:
        preview_import = staticmethod(preview_table)

    content = "student_id,item_id,subject_name,correct\na,q1,Maths,1\na,q2,Maths,0\n"
    file = Upload("a.csv", "data:;base64," + base64.b64encode(content.encode()).decode())
    found, needed = look(Reader(), file, None, Said())
    assert needed == ("exam",)
    assert found.fault is None
    assert found.warnings == ()
