"""Files as they come: encodings, delimiters, workbooks, and content that is refused."""

import io
import zipfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest

from irt.errors import ImportFault
from irt.files import ImportOptions, ImportTable, read_table
from irt.files import grid as grid_module

OPTIONS = ImportOptions(subject="S", exam="E")
JAPANESE = "student_id,class_name,問1,問10\n007,3年2組,1,0\n008,花,0,1\n"
FRENCH = "student_id,class_name,Q1,Q2\n007,Élodie Françoise,1,0\n008,Müller l’été,0,1\n"


def read(content: bytes, name: str = "exam.csv", options: ImportOptions = OPTIONS) -> ImportTable:
    return read_table(content, name, options)


def fault(content: bytes, name: str = "exam.csv") -> str:
    with pytest.raises(ImportFault) as caught:
        read(content, name)
    return str(caught.value)


def workbook(*sheets: Sequence[Sequence[object]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets):
        sheet = book.create_sheet(f"sheet {number}")
        for row in rows:
            sheet.append(list(row))
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp932"])
def test_japanese_is_read_in_each_encoding(encoding: str) -> None:
    table = read(JAPANESE.encode(encoding))
    assert table.frame is not None
    assert list(table.frame.class_name.unique()) == ["3年2組", "花"]
    assert list(table.frame.item_id.unique()) == ["問1", "問10"]
    assert list(table.frame.student_id.unique()) == ["007", "008"]
    assert table.encoding == encoding.removesuffix("-sig")
    assert bool(table.warnings) == (encoding == "cp932")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_latin_letters_are_read_in_each_encoding(encoding: str) -> None:
    table = read(FRENCH.encode(encoding))
    assert table.frame is not None
    assert list(table.frame.class_name.unique()) == ["Élodie Françoise", "Müller l’été"]


@pytest.mark.parametrize("name", ["Andrés", "Zoë", "Ingeborg Bøe", "São", "Gruß", "naïve", "Ångström", "été"])
def test_one_accented_name_is_not_taken_for_japanese(name: str) -> None:
    table = read(f"student_id,Q1\n{name},1\n".encode("cp1252"))
    assert table.frame is not None
    assert list(table.frame.student_id) == [name]


@pytest.mark.parametrize("name", ["田中", "ﾀﾅｶ 太郎", "3組", "男", "あ", "カナ"])
def test_one_japanese_word_is_not_taken_for_latin(name: str) -> None:
    table = read(f"student_id,Q1\n{name},1\n".encode("cp932"))
    assert table.frame is not None
    assert list(table.frame.student_id) == [name]


def test_the_encoding_can_be_given() -> None:
    content = "student_id,Q1\nﾀﾅｶ,1\n".encode("cp932")
    table = read(content, options=ImportOptions(subject="S", exam="E", encoding="cp932"))
    assert table.frame is not None
    assert list(table.frame.student_id) == ["ﾀﾅｶ"]
    with pytest.raises(ImportFault, match="not a table of text in utf-8"):
        read(content, options=ImportOptions(subject="S", exam="E", encoding="utf-8"))


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends_are_found(mark: str, end: str) -> None:
    lines = [["student_id", "Q1, or; so", "Q2"], ["a;b, c", "1", "0"], ["d", "0", "1"]]
    text = end.join(mark.join(f'"{cell}"' for cell in line) for line in lines)
    table = read(text.encode())
    assert table.delimiter == mark
    assert table.frame is not None
    assert list(table.frame.student_id.unique()) == ["a;b, c", "d"]
    assert list(table.frame.item_id.unique()) == ["Q1, or; so", "Q2"]


def test_cells_may_hold_line_ends_and_rows_are_numbered_as_in_a_spreadsheet() -> None:
    content = b'student_id,Q1\n"a\nb",1\n\nc,5\n'
    with pytest.raises(ImportFault) as caught:
        read(content, options=ImportOptions(subject="S", exam="E", items=("Q1",)))
    assert caught.value.faults[0].where == "row 4, column Q1"


def test_a_workbook_is_read_as_text() -> None:
    rows = [["student_id", "since", "Q1", "Q2"], ["007", datetime(2026, 4, 9, 13, 5), 1, None], [8, None, 0.0, True]]
    table = read(workbook(rows), "exam.xlsx")
    assert (table.encoding, table.delimiter) == ("xlsx", "")
    assert table.first_rows == (("007", "2026-04-09 13:05:00", "1", ""), ("8", "", "0", "TRUE"))
    assert table.frame is not None
    assert list(table.frame.correct.fillna(-1)) == [1, -1, 0, 1]


def test_rows_above_the_header_are_left_out_and_reported() -> None:
    titles = [["Term 2, class 3A"], ["printed", datetime(2026, 4, 9)], []]
    table = read(
        workbook([*titles, ["student_id", "Q1", "Q2", "Q3"], ["a", 1, 0, 1], ["b", 0, 0, "x"]]),
        "exam.xlsx",
        ImportOptions(subject="Maths", exam="Term 1", key={"Q1": "1", "Q2": "0", "Q3": "1"}),
    )
    assert "The first 3 rows of exam.xlsx" in table.warnings[0]
    assert table.n_rows == 2
    with pytest.raises(ImportFault) as caught:
        read(b"Term 2\nstudent_id;Q1;Q2;Q3\na;1;0;1\na;1;0;1\n")
    assert caught.value.faults[0].where == "row 4, column student_id"


def test_a_header_shorter_than_its_rows_is_no_title() -> None:
    for row in (b"a,1,0,1", b"7,1,0,3"):
        assert "row 2: 4 cells" in fault(b"student_id\n" + row + b"\n")


def test_the_line_that_names_the_delimiter_for_excel_is_followed() -> None:
    table = read(b"sep=;\r\nstudent_id;Q1\r\na, b;1\r\nc;0\r\n")
    assert table.delimiter == ";"
    assert table.first_rows == (("a, b", "1"), ("c", "0"))


def test_the_first_sheet_with_cells_is_read_and_others_are_reported() -> None:
    table = read(workbook([], [["student_id", "Q1"], ["a", 1]], [["notes"]]), "exam.xlsx")
    assert table.n_rows == 1
    assert "Only the sheet 'sheet 1' of exam.xlsx was read" in table.warnings[0]


def test_a_sheet_of_remarks_is_passed_over() -> None:
    remarks = [["Read me"], ["Results of class 3A"], ["Q1", "first question"]]
    table = read(workbook(remarks, [["student_id", "Q1"], ["a", 1]]), "exam.xlsx")
    assert table.first_rows == (("a", "1"),)
    assert "Only the sheet 'sheet 1'" in table.warnings[0]
    assert "one column only, 'Read me'" in fault(workbook([["Read me"], ["Results"]]), "exam.xlsx")


def test_rows_of_a_workbook_are_numbered_as_on_screen() -> None:
    content = workbook([[None, None], ["student_id", "Q1"], [None, None], ["a", 1], ["a", 0]])
    assert "row 5, column student_id: 'a' is in row 4 already" in fault(content, "exam.xlsx")


def test_a_path_is_read(tmp_path: Path) -> None:
    (tmp_path / "exam.csv").write_bytes(b"student_id,Q1\na,1\n")
    assert read_table(tmp_path / "exam.csv", "exam.csv", OPTIONS).n_rows == 1
    with pytest.raises(ImportFault, match="cannot be read: No such file"):
        read_table(tmp_path / "other.csv", "other.csv", OPTIONS)
    with pytest.raises(ImportFault, match="cannot be read"):
        read_table(tmp_path, "folder", OPTIONS)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"  \r\n", b"\xef\xbb\xbf", b",,,\n,,\n"])
def test_an_empty_file_is_refused(content: bytes) -> None:
    assert "empty" in fault(content)


@pytest.mark.parametrize("content", [b"student_id,Q1", b"student_id,Q1\n\n,,\n"])
def test_a_header_alone_is_refused(content: bytes) -> None:
    assert "a header but no rows" in fault(content)


@pytest.mark.parametrize(
    "content",
    [
        b"\x00\x01\x02\x03" * 50,
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\x00",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 64,
        b"\xff\xfeab\x00",
        b"PK\x03\x04 and no more",
    ],
)
def test_what_is_no_table_is_refused(content: bytes) -> None:
    message = fault(content)
    assert "not a table of text" in message or "not an XLSX workbook" in message


def test_an_archive_that_is_no_workbook_is_refused() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.txt", "a")
    assert "ZIP archive but not an XLSX workbook" in fault(stream.getvalue(), "exam.xlsx")


def test_a_workbook_cut_off_is_refused() -> None:
    assert "not an XLSX workbook" in fault(workbook([["student_id", "Q1"], ["a", 1]])[:-200], "exam.xlsx")


@pytest.mark.parametrize("at", [4, 14, 26, 30, -6, -10, -14])
@pytest.mark.parametrize("byte", [0, 0x7F, 0xFF])
def test_a_damaged_workbook_is_refused_or_read_never_worse(at: int, byte: int) -> None:
    content = bytearray(workbook([["student_id", "Q1"], ["a", 1]]))
    content[at] = byte
    try:
        assert read(bytes(content), "exam.xlsx").first_rows == (("a", "1"),)
    except ImportFault as error:
        assert "not an XLSX workbook" in str(error)  # noqa: PT017 - both ends are right


def test_ragged_rows_are_named_and_counted() -> None:
    message = fault(b"student_id,Q1,Q2\na,1\nb,1,0\nc,1,0,1\nd,1,0,,\n")
    assert (
        message == "exam.csv: every row must have 3 cells, as many as the header.\n  row 2: 2 cells\n  row 4: 4 cells"
    )


def test_a_quotation_that_never_ends_is_refused() -> None:
    assert "quotation marks" in fault(b'student_id,Q1\n"a,1\nb,0\n')


def test_a_cell_of_enormous_size_is_refused() -> None:
    assert "cannot be split into rows" in fault(b"student_id,Q1\n" + b"a" * 200_000 + b",1\n")


def test_files_too_large_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(grid_module, "MAX_BYTES", 2**20)
    (tmp_path / "big.csv").write_bytes(b"student_id,Q1\n" + b"a,1\n" * 300_000)
    with pytest.raises(ImportFault, match="at most 1 MB"):
        read_table(tmp_path / "big.csv", "big.csv", OPTIONS)


def test_too_many_columns_or_cells_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    header = ",".join(f"Q{k}" for k in range(2001))
    assert "2001 columns; an import takes at most 2000" in fault(f"{header}\n{header}\n".encode())
    monkeypatch.setattr(grid_module, "MAX_CELLS", 10)
    assert "more than 10 cells" in fault(b"a,b\n" + b"1,0\n" * 6)


def repacked(content: bytes, part: str, text: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            new.writestr(entry.filename, text if entry.filename == part else old.read(entry))
    return stream.getvalue()


SHEET = b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>%s</sheetData></worksheet>'


@pytest.mark.parametrize(
    "cells",
    [
        b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="BXX1048576"><v>1</v></c></row>',
        b'<row r="1"><c r="XFD1"><v>1</v></c></row>',
        b'<row r="9999999"><c><v>1</v></c></row>',
        b'<row r="1"><c r="ALL1"><v>1</v></c></row>'
        + b" " * 3_000_000
        + b'<row r="99999"><c r="A99999"><v>1</v></c></row>',
    ],
)
def test_a_workbook_with_cells_far_out_is_refused(cells: bytes) -> None:
    content = repacked(workbook([["a"]]), "xl/worksheets/sheet1.xml", SHEET % cells)
    assert "unfolds to more" in fault(content, "exam.xlsx")


def test_a_workbook_that_unfolds_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("irt.files.workbook.MAX_UNFOLDED", 2**20)
    content = repacked(workbook([["a"]]), "xl/worksheets/sheet1.xml", SHEET % (b" " * 2**21))
    assert len(content) < 20_000
    assert "unfolds to more" in fault(content, "exam.xlsx")


def test_a_workbook_that_lies_about_its_size_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("irt.files.workbook.MAX_UNFOLDED", 2**20)
    content = bytearray(repacked(workbook([["a"]]), "xl/worksheets/sheet1.xml", SHEET % (b" " * 2**21)))
    at = content.rindex(b"PK\x01\x02", 0, content.rindex(b"xl/worksheets/sheet1.xml"))
    content[at + 24 : at + 28] = (100).to_bytes(4, "little")
    assert "unfolds to more" in fault(bytes(content), "exam.xlsx")


def test_a_long_text_that_many_cells_share_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("irt.files.workbook.MAX_TEXT", 10**6)
    rows = b"".join(b'<row r="%d"><c r="A%d" t="s"><v>0</v></c></row>' % (k, k) for k in range(1, 301))
    content = repacked(workbook([["a"]]), "xl/worksheets/sheet1.xml", SHEET % rows)
    stream = io.BytesIO(content)
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", "<sst><si><t>short</t></si><si><t>" + "x" * 5000 + "</t></si></sst>")
    assert "unfolds to more" in fault(stream.getvalue(), "exam.xlsx")


def test_long_values_are_shortened_in_messages() -> None:
    message = fault(b"student_id,Q1\n" + b"a" * 5000 + b",1\n" + b"a" * 5000 + b",1\n")
    assert len(message) < 300


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("student_id,Q1\n;;,1\nb,0\n", ","),
        ("student_id;Q1\nHughes, Theo;1\nRossi, Ana;0\n", ";"),
        ("Results of Monday; all classes; final\nstudent_id,Q1,Q2,Q3\na,1,0,1\nb,1,1,0\n", ","),
        ("student_id\tQ1\tQ2\na,b,c,d\t1\t0\nb\t1\t1\n", "\t"),
    ],
)
def test_the_sign_that_all_lines_share_is_the_delimiter(text: str, expected: str) -> None:
    table = read_table(text.encode(), "answers.csv", ImportOptions("Maths", "T1"))
    assert table.delimiter == expected
