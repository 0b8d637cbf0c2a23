"""Contract: the query texts keep to the subset of SQL that DuckDB and BigQuery both take."""

import re

import pytest

from irt.selection import Scope, Selection
from irt.sources import queries

SCOPE = Scope(frozenset({"S"}), frozenset({"E"}), frozenset({"C"}))
SELECTION = Selection("S", ("E", "F"))
TEXTS = {
    "exams": queries.exams(SCOPE),
    "classes": queries.classes(SCOPE),
    "exam_sizes": queries.exam_sizes(SCOPE),
    "dropped": queries.dropped(SELECTION, SCOPE),
    "persons": queries.persons(SELECTION, SCOPE, 2),
    "items": queries.items(SELECTION, SCOPE),
    "options": queries.options(SELECTION, SCOPE),
    "sittings": queries.sittings(SELECTION, SCOPE),
    "codes": queries.codes(SELECTION, SCOPE),
}

#: Every word that the texts use: all are GoogleSQL, and DuckDB takes them as they are.
WORDS = set(
    re.findall(
        r"\w+",
        """SELECT DISTINCT FROM WHERE AND NOT IN IS NULL TRUE AS GROUP ORDER BY WITH JOIN LEFT ON OVER NULLS FIRST
        UNNEST COUNT COUNTIF IF MIN MAX IFNULL NULLIF ROW_NUMBER""",
    )
)


@pytest.mark.parametrize("name", TEXTS)
def test_only_words_of_the_subset_are_used(name: str) -> None:
    sql = re.sub(r"'[^']*'", "''", TEXTS[name].sql)
    assert set(re.findall(r"\b[A-Z_]{2,}\b", sql)) <= WORDS
    assert not re.search(r'::|"|\$|\bLIMIT\b', sql)


@pytest.mark.parametrize("name", TEXTS)
def test_values_are_parameters(name: str) -> None:
    query = TEXTS[name]
    assert set(re.findall(r"@(\w+)", query.sql)) == set(query.parameters)
    assert set(re.findall(r"'([^']*)'", query.sql)) <= {""}


@pytest.mark.parametrize("name", TEXTS)
def test_every_text_reads_the_table_within_the_scope(name: str) -> None:
    sql = TEXTS[name].sql
    assert sql.count("{table}") == 1
    for column in ("subject_name", "exam_name", "class_name"):
        assert f"IFNULL({column}, '') IN (SELECT * FROM UNNEST(@scope_{column}))" in sql


@pytest.mark.parametrize("name", TEXTS)
def test_the_place_of_null_in_an_order_is_written_out_where_it_matters(name: str) -> None:
    for column in ("kept.attempt", "kept.answered_at"):
        assert TEXTS[name].sql.count(f"{column} NULLS FIRST") == TEXTS[name].sql.count(f", {column}")


def test_equal_questions_give_equal_texts() -> None:
    other = queries.codes(Selection("S", ("F", "E")), Scope(frozenset({"S"}), frozenset({"E"}), frozenset({"C"})))
    assert other == TEXTS["codes"]
