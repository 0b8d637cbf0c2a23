"""Contract: the texts keep to the subset of SQL that DuckDB and BigQuery both take, and values are parameters."""

import re
from collections.abc import Iterator
from dataclasses import replace

import duckdb
import numpy as np
import pandas as pd
import pytest
import sqlglot
from sqlglot import exp

from irt.selection import Selection
from irt.sources.answers import answers_question
from irt.sources.engine import Duck, DuckEngine
from irt.sources.question import Part, Question
from tests.irt.sources.asked import FULL, QUESTIONS, SCOPE, SELECTION

#: Functions that both engines know by the same name and with the same result.
FUNCTIONS = set(
    re.findall(
        r"\w+",
        """ABS ANY_VALUE AVG BIT_COUNT BIT_OR CAST CEIL CONCAT CORR COUNT COUNTIF EXP FLOOR GREATEST IF IFNULL LEAST
        LENGTH LN MAX MIN MOD NULLIF POW ROUND ROW_NUMBER SQRT STDDEV_SAMP STRING_AGG SUBSTR SUM UNNEST VAR_SAMP""",
    )
)
#: All other words in capitals.
WORDS = FUNCTIONS | set(
    re.findall(
        r"\w+",
        """ALL AND AS ASC BETWEEN BOOL BY CASE CROSS DESC DISTINCT ELSE END FALSE FIRST FROM GROUP HAVING IN INT64 IS
        JOIN LAST LEFT NOT NULL NULLS ON OR ORDER OVER PARTITION SELECT STRING THEN TRUE UNION USING WHEN WHERE WITH""",
    )
)
#: Texts of questions hold no others: a value would be a parameter.
LITERALS = {"", "0x"}

BIGQUERY_DRAW = "CAST(CONCAT('0x', SUBSTR(TO_HEX(MD5(student_id)), 1, 5)) AS INT64)"


def statements() -> Iterator[tuple[str, Question, Part, str]]:
    """Each part of each question as a whole statement."""
    for name, question in QUESTIONS.items():
        for part_name, part in question.parts.items():
            shared = f"WITH {question.shared}\n" if question.shared else ""
            yield f"{name}: {part_name}", question, part, f"{shared}SELECT * FROM ({part.sql}) AS part"


STATEMENTS = list(statements())
every_statement = pytest.mark.parametrize(
    ("question", "part", "sql"), [found[1:] for found in STATEMENTS], ids=[found[0] for found in STATEMENTS]
)
every_question = pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS.keys())


def parsed(sql: str) -> exp.Expression:
    """The statement as BigQuery reads it."""
    text = sql.replace("{table}", "`project.data.answers`").replace("{draw}", BIGQUERY_DRAW)
    return sqlglot.parse_one(text, read="bigquery", error_level=sqlglot.ErrorLevel.RAISE)


def terms(listed: str) -> list[str]:
    """The terms of a list, split at the commas outside of brackets."""
    found, depth = [""], 0
    for letter in listed:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and not depth:
            found.append("")
        else:
            found[-1] += letter
    return [term.strip() for term in found]


@every_statement
def test_only_words_of_the_subset_are_used(question: Question, part: Part, sql: str) -> None:
    bare = re.sub(r"'[^']*'", "''", sql)
    assert set(re.findall(r"\b[A-Z][A-Z_0-9]+\b", bare)) <= WORDS
    assert set(re.findall(r"\b(\w+)\(", bare)) <= FUNCTIONS
    assert not re.search(r'::|"|`|\$|//|--|;|\bLIMIT\b', bare)


@every_statement
def test_bigquery_can_read_it_and_knows_every_function(question: Question, part: Part, sql: str) -> None:
    tree = parsed(sql)
    assert not list(tree.find_all(exp.Anonymous, exp.Command))
    ctes = {cte.alias for cte in tree.find_all(exp.CTE)}
    tables = {table.name for table in tree.find_all(exp.Table) if table.name not in ctes}
    assert tables <= {"answers"}


@every_statement
def test_values_are_parameters(question: Question, part: Part, sql: str) -> None:
    assert set(re.findall(r"@(\w+)", sql)) <= set(question.parameters)
    assert set(re.findall(r"'([^']*)'", sql)) <= LITERALS


@every_question
def test_every_parameter_is_used_and_has_a_value(question: Question) -> None:
    texts = question.shared + "".join(part.sql for part in question.parts.values())
    assert set(re.findall(r"@(\w+)", texts)) == set(question.parameters)
    assert None not in question.parameters.values()


@every_statement
def test_the_table_is_read_within_the_scope_only(question: Question, part: Part, sql: str) -> None:
    scoped = [
        "(subject_name IS NULL OR subject_name IN (@scope_subject_0, @scope_subject_1))",
        "exam_name IN (@scope_exam_0, @scope_exam_1)",
        "class_name IN (@scope_class_0)",
    ]
    n_reads = sql.count("{table}")
    assert n_reads > 0
    assert sql.count(f"{{table}} WHERE {' AND '.join(scoped)} AND ") == n_reads
    assert question.parameters["scope_class_0"] == "C"


@every_statement
def test_the_place_of_null_is_written_out_in_every_order(question: Question, part: Part, sql: str) -> None:
    n_orders = sql.count("ORDER BY")
    orders = re.findall(r"ORDER BY ((?:[^()]|\([^()]*\))*)\)", sql)
    assert len(orders) == n_orders
    for order in orders:
        assert all(re.search(r"NULLS (FIRST|LAST)$", term) for term in terms(order))


@every_statement
def test_a_tall_part_has_a_column_to_split_it_by(question: Question, part: Part, sql: str) -> None:
    outer = parsed(part.sql).named_selects
    assert set(part.columns) <= set(outer)
    assert ("draw" in outer) == part.tall


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> DuckEngine:
    """A small table in which the selection finds something to every question, repeated attempts included."""
    rows = [
        {
            "student_id": f"s{student}",
            "item_id": f"q{item}",
            "subject_name": "S",
            "exam_name": exam,
            "correct": [0, 1, None][(student + item) % 3],
            "item_name": f"Question {item}",
            "student_name": f"Name {student}",
            "student_grade": "7",
            "class_name": "C",
            "intended_difficulty": "hard",
            "answer": "ABC"[item % 3],
            "answer_key": "A",
            "answered_at": pd.Timestamp("2026-04-09") if item else None,
            "attempt": attempt,
            "group": "g",
            "other": None if student else "x",
        }
        for student in range(30)
        for exam in "EF"
        for item in range(3)
        for attempt in range(1 + (student % 5 == 0))
    ]
    file = tmp_path_factory.mktemp("asked") / "answers.parquet"
    connection = duckdb.connect()
    connection.register("frame", pd.DataFrame(rows).astype({"correct": "Int64"}))
    connection.execute(f"COPY frame TO '{file}' (FORMAT parquet)")
    return DuckEngine(Duck(), [file], ("group", "other"))


@every_question
def test_the_embedded_engine_takes_it_as_it_is(engine: DuckEngine, question: Question) -> None:
    found = engine.ask(question)
    assert found.keys() == question.parts.keys()
    kinds = {"text": np.dtype(object), "integer": np.dtype(np.int64), "number": np.dtype(np.float64)}
    for name, part in question.parts.items():
        assert {column: values.dtype for column, values in found[name].items()} == {
            column: kinds[kind] for column, kind in part.columns.items()
        }
        assert len({len(values) for values in found[name].values()}) == 1
        assert len(next(iter(found[name].values()))) > 0


def test_equal_questions_give_equal_texts() -> None:
    again = replace(FULL, selection=Selection("S", ("F", "E"), class_name="C", share=0.25), scope=replace(SCOPE))
    assert answers_question(again) == QUESTIONS["answers"]
    assert answers_question(replace(FULL, selection=SELECTION)).name == "answers"
