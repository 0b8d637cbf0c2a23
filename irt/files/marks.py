"""The words of files: marks of empty, right and wrong cells, and the names that columns go by."""

from __future__ import annotations

import unicodedata

#: What stands for an empty cell.
MISSING_MARKS = frozenset({"", "NA", "-", "."})
#: Cells that are right and wrong: programs write numbers with decimals or TRUE, teachers in Japan circles and crosses.
ONES = frozenset({"1", "1.0", "1.00", "1,0", "1,00", "１", "TRUE", "True", "true", "○", "◯", "〇"})
ZEROS = frozenset({"0", "0.0", "0.00", "0,0", "0,00", "０", "FALSE", "False", "false", "×", "✕", "✗", "☓"})
#: The student column of a row that holds the key.
KEY_MARKS = frozenset({"key", "answerkey", "answer", "correctanswer", "正答", "正解", "解答"})
#: The student column of a row that sums up the others.
SUMMARY_MARKS = frozenset(
    {"average", "overallaverage", "mean", "total", "sum", "correct", "percentcorrect", "percent"}
    | {"平均", "平均点", "合計", "計", "正答率", "正答数"}
)
#: Columns of numbers that sum up a student's row.
TOTAL_MARKS = frozenset(
    {"total", "totalscore", "totalpoints", "sum", "score", "rawscore", "points", "percent", "percentage", "rank"}
    | {"numbercorrect", "percentcorrect", "ncorrect", "nincorrect", "gesamt", "summe", "punkte", "prozent"}
    | {"合計", "合計点", "計", "総計", "総点", "得点", "点数", "正答数", "正答率", "順位", "偏差値", "平均", "平均点"}
)
#: Other names of the table's columns, taken where no column has the name itself.
ALIASES = {
    "id": "student_id",
    "student": "student_id",
    "studentnumber": "student_id",
    "学籍番号": "student_id",
    "学生番号": "student_id",
    "生徒番号": "student_id",
    "受験番号": "student_id",
    "name": "student_name",
    "fullname": "student_name",
    "氏名": "student_name",
    "名前": "student_name",
    "学年": "student_grade",
    "組": "class_name",
    "クラス": "class_name",
}

#: Other usual names of the columns of a long file, normalised; a column of the table's own name comes first.
LONG_ALIASES = ALIASES | {
    "person": "student_id",
    "candidate": "student_id",
    "user": "student_id",
    "item": "item_id",
    "question": "item_id",
    "questionid": "item_id",
    "score": "correct",
    "right": "correct",
    "iscorrect": "correct",
    "choice": "answer",
    "chosen": "answer",
    "response": "answer",
    "key": "answer_key",
    "rightanswer": "answer_key",
    "correctanswer": "answer_key",
    "subject": "subject_name",
    "exam": "exam_name",
    "test": "exam_name",
    "quiz": "exam_name",
    "class": "class_name",
    "grade": "student_grade",
    "time": "answered_at",
    "timestamp": "answered_at",
}


def normalised(header: str) -> str:
    """A header without what programs differ in: width of letters, case, spaces and signs."""
    return "".join(c for c in unicodedata.normalize("NFKC", header).casefold() if c.isalnum())
