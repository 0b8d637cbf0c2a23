"""Identity: the report of counts says what the report of the exam says, and adds up."""

from datetime import UTC, datetime

import numpy as np
import pytest

from irt.diagnostics import classical, option_shares
from irt.reports.counts import CountsReport, counts_report, score_counts_summary
from irt.reports.exam import score_summary
from irt.reports.provenance import Provenance
from irt.reports.scale import items_given
from irt.responses import PreparedResponses, prepare
from irt.selection import FULL_SCOPE, Selection
from irt.sources.answers import read_answers
from irt.sources.counting import ScoreCounts, counts
from tests.irt.sources.dirty_tables import dirty_table, engine_over

SELECTION = Selection("M", ("E", "F"))


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[CountsReport, PreparedResponses]:
    engine = engine_over(dirty_table(seed=2), tmp_path_factory.mktemp("counts"))
    now = datetime(2026, 11, 21, tzinfo=UTC)
    provenance = Provenance(SELECTION, "abc", now, "1", "none", None, "none", now)
    report = counts_report(counts(engine, SELECTION, FULL_SCOPE), provenance, ("one warning",))
    return report, prepare(read_answers(engine, SELECTION, FULL_SCOPE))


def test_items_have_the_statistics_of_the_matrix_with_their_limits(
    both: tuple[CountsReport, PreparedResponses],
) -> None:
    report, prepared = both
    expected = classical(prepared.matrix)
    assert [item.item_id for item in report.items] == list(prepared.matrix.item_ids)
    assert [item.position for item in report.items] == list(range(1, len(report.items) + 1))
    for name in (
        *("n", "n_rest", "proportion_correct", "proportion_lower", "proportion_upper"),
        *("item_total_r", "item_rest_r", "item_rest_lower", "item_rest_upper"),
    ):
        found = [getattr(item, name) for item in report.items]
        np.testing.assert_allclose(found, getattr(expected, name), rtol=1e-9, err_msg=name)


def test_scores_are_summarised_as_in_the_report_of_the_exam(both: tuple[CountsReport, PreparedResponses]) -> None:
    report, prepared = both
    expected = score_summary(classical(prepared.matrix).total_score, items_given(prepared))
    for name in ("n_students", "lowest", "highest", "counts", "fewest_given", "most_given"):
        assert getattr(report.summary, name) == getattr(expected, name)
    np.testing.assert_allclose(report.summary.mean, expected.mean, rtol=1e-12)
    np.testing.assert_allclose(report.summary.standard_deviation, expected.standard_deviation, rtol=1e-12)
    assert sum(score.n for score in report.scores) == report.n_students
    assert sum(score.share for score in report.scores) == pytest.approx(1)
    assert all(score.score <= score.items_given for score in report.scores)


def test_options_have_the_shares_of_the_item_page(both: tuple[CountsReport, PreparedResponses]) -> None:
    report, prepared = both
    for item, item_id in enumerate(prepared.matrix.item_ids):
        rows = {row.option: row for row in report.options if row.item_id == item_id}
        n_chosen = sum(row.n for row in rows.values())
        for option in option_shares(prepared, item).options:
            row = rows[option.option]
            assert (row.n, row.is_key) == (option.n, option.is_key)
            assert row.share == option.n / n_chosen
            assert row.share_lower <= row.share <= row.share_upper
            np.testing.assert_allclose(row.shares, option.shares)


def test_where_it_comes_from_is_said(both: tuple[CountsReport, PreparedResponses]) -> None:
    report, prepared = both
    assert (report.selection, report.provenance.fingerprint, report.warnings) == (SELECTION, "abc", ("one warning",))
    assert (report.n_rows, set(report.dropped)) == (prepared.n_rows, set(prepared.dropped))
    assert report.n_answers == (prepared.matrix.scores >= 0).sum()


def test_nobody_has_no_mean() -> None:
    nothing = np.array([], dtype=np.int64)
    summary = score_counts_summary(ScoreCounts(nothing, nothing, nothing))
    assert (summary.n_students, summary.lowest, summary.highest, summary.counts) == (0, 0, 0, (0,))
    assert np.isnan([summary.mean, summary.standard_deviation]).all()
