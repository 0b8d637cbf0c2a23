"""Columns of exported tables: names are fixed, and each has one meaning wherever it occurs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from irt.serialise.nouns import Column, Kind, Table, Values


def _columns(kind: Kind, **meanings: str) -> dict[str, Column]:
    return {name: Column(name, kind, meaning) for name, meaning in meanings.items()}


#: Every column of every export.
COLUMNS: dict[str, Column] = {
    **_columns(
        Kind.TEXT,
        subject="Subject name; empty is shown as (none).",
        exam="Exam name.",
        class_name="Class of the student; empty where none is recorded.",
        grade="Grade of the student.",
        student_id="The student's id, as in the answers; where ids are withheld a pseudonym, the same in every exam.",
        student_name="The student's name, where it may be shown.",
        item_id="The item's id; the same id in two exams is the same item.",
        item_name="The item's name, or its id.",
        verdict="look_again, weak, too_few_answers, note or works_well.",
        reason="The first finding behind the verdict, as a code; empty where there is nothing to say.",
        intended_difficulty="The author's own label of the item's difficulty.",
        method="How the ability was estimated. For EAP the standard error is a posterior standard deviation.",
        answer="The option that the student chose, where options are recorded.",
        answer_key="The right option.",
        missing="Why there is no scored answer: omitted, not reached or not administered; empty where there is one.",
        option="An answer option.",
        what="What was counted.",
        detail="Why.",
        model="The model: 1PL, 2PL, 3PL, 4PL; share is the share correct of the item alone.",
        status="How the fit ended; converged, or the name of what happened.",
        note="Why a number cannot be had; empty where all are there.",
        ets_class="Size of the difference between the groups: A negligible, B moderate, C large (by delta_mh).",
        effect_class="Size of effect: A negligible, B moderate, C large (Jodoin and Gierl).",
        reference="The group that is compared with.",
        focal="The group that is compared.",
        item_a="One item of the pair.",
        item_b="The other item of the pair.",
        question="What was asked of the warehouse.",
        asked_at="When it was asked, in UTC.",
        job_id="The warehouse's own name of the query.",
        sql="The text of the query; values travel apart from it.",
    ),
    **_columns(
        Kind.WHOLE,
        position="Place of the item in the exam, from 1.",
        n="Scored answers.",
        n_students="Students.",
        n_items="Items.",
        n_answers="Scored answers.",
        n_omitted="Students who left the item out although they answered a later one.",
        n_not_reached="Students who answered neither this item nor a later one.",
        items_answered="Items with a scored answer.",
        items_given="Items that the student was given: the most that the score can be.",
        correct="1 right, 0 wrong, empty where there is no scored answer.",
        score="Items answered correctly.",
        count="How many.",
        n_reference="Students of the reference group with an answer and with equals in the other group.",
        n_focal="Students of the focal group with an answer and with equals in the other group.",
        n_base="Scored answers in the base exam.",
        n_new="Scored answers in the new exam.",
        df="Degrees of freedom of the test.",
        n_tested="Students whose answers entered the test of the item.",
        n_dropped="Students whose answers could not enter the test.",
        n_parameters="Parameters that the fit estimates.",
        dimension="Number of the dimension, from the largest eigenvalue down.",
        n_given="Students who were given the item.",
        n_right="Scored answers that are right.",
        n_rest="Students behind item_rest_r: with an answer to the item and to another one.",
        bytes_processed="Bytes that the query read.",
        bytes_billed="Bytes that are paid for.",
        ability_fifth="Fifth of the students by their share right of the other items, 1 the weakest.",
    ),
    **_columns(
        Kind.NUMBER,
        proportion_correct="Share of the scored answers that are right.",
        proportion_lower="Lower 95 % limit of the share that is right (Wilson).",
        proportion_upper="Upper 95 % limit of the share that is right (Wilson).",
        item_total_r="Correlation of the item with the total score.",
        item_rest_r="Correlation of the item with the score on all other items: how well it tells students apart.",
        item_rest_lower="Lower 95 % limit of item_rest_r.",
        item_rest_upper="Upper 95 % limit of item_rest_r.",
        alpha_if_dropped="Cronbach's alpha of the exam without this item.",
        discrimination="Slope of the item's curve at its difficulty, per logit (D = 1).",
        discrimination_se="Standard error of the discrimination.",
        difficulty="Ability at which the logistic part of the curve is one half, in logits; higher = harder.",
        difficulty_se="Standard error of the difficulty.",
        intercept="-discrimination x difficulty.",
        intercept_se="Standard error of the intercept.",
        guessing="Lower asymptote: chance of a right answer at the lowest abilities.",
        guessing_se="Standard error of the guessing parameter; empty where it is fixed.",
        upper_asymptote="Chance of a right answer at the highest abilities.",
        upper_asymptote_se="Standard error of the upper asymptote; empty where it is fixed.",
        half_score="Expected score of the exam at which half of the students get the item right.",
        theta="Ability in logits; higher = stronger; mean 0 and standard deviation 1 in the group calibrated on.",
        se="Standard error of the ability, in logits.",
        expected_score="Expected number of right answers at this ability: of a student on the items given, "
        "of a curve on the whole exam.",
        expected_lower="expected_score at theta - 1.96 se.",
        expected_upper="expected_score at theta + 1.96 se.",
        zh="Person fit l_z: far below 0 where the answers do not go together as the model expects.",
        zh_corrected="zh corrected for the ability being estimated, so that it is standard normal (Snijders).",
        p_value_fit="Chance of answers that go together this badly or worse under the model.",
        probability="Chance of a right answer by the model.",
        lower="Lower 95 % limit, from the uncertainty of ability and item.",
        upper="Upper 95 % limit, from the uncertainty of ability and item.",
        s_x2="Orlando and Thissen's S-X2: how far the right answers at each score are from the item's curve.",
        p_value="Chance of a test statistic this large or larger if there is nothing to find.",
        p_adjusted="p_value after Benjamini and Hochberg, over the items tested.",
        rmsea="Misfit per degree of freedom: 0 none, above 0.08 poor.",
        rmsea_lower="Lower 90 % limit of rmsea.",
        rmsea_upper="Upper 90 % limit of rmsea.",
        infit="Mean square of the residuals weighted by information: 1 as the model says, above 1.5 more noise.",
        outfit="Mean square of the standardised residuals: as infit, more sensitive to surprises far off.",
        z_infit="infit as a standard normal deviate.",
        z_outfit="outfit as a standard normal deviate.",
        log_likelihood="Marginal log-likelihood at the estimates, without priors.",
        aic="Akaike's criterion: lower is better.",
        bic="Schwarz's criterion: lower is better.",
        sabic="Schwarz's criterion with the sample size adjusted: lower is better.",
        m2="Maydeu-Olivares and Joe's M2: how far single items and pairs are from the model.",
        srmsr="Root mean square of the differences between observed and expected correlations of items.",
        tli="Tucker-Lewis index: 1 where the model explains all that items have in common.",
        cfi="Comparative fit index: as tli, between 0 and 1.",
        alpha="Cronbach's alpha of the number right.",
        alpha_lower="Lower 95 % limit of alpha.",
        alpha_upper="Upper 95 % limit of alpha.",
        marginal_reliability="Reliability of abilities in the population that the model assumes.",
        empirical_reliability="Share of the variance of the estimated abilities that is not their error.",
        chi2="Likelihood ratio against the model of the row before.",
        chi2_mh="Mantel-Haenszel statistic with continuity correction 0.5, one degree of freedom.",
        p_value_mh="Significance of chi2_mh.",
        alpha_mh="Common odds ratio, reference to focal: above 1 the item favours the reference group.",
        delta_mh="-2.35 ln(alpha_mh): negative where the item favours the reference group.",
        delta_se="Standard error of delta_mh.",
        chi2_logistic="Logistic regression: likelihood ratio of both effects of the group, two degrees of freedom.",
        p_value_logistic="Significance of chi2_logistic.",
        chi2_uniform="Likelihood ratio of a difference between the groups that is the same at every score.",
        chi2_nonuniform="Likelihood ratio of a difference between the groups that changes with the score.",
        p_adjusted_mh="p_value_mh after Benjamini and Hochberg, over the items.",
        effect="How much both effects of the group add to Nagelkerke's R2.",
        share_difference="How much more often the focal group is right at equal score, from -1 to 1.",
        share_difference_se="Standard error of share_difference.",
        p_value_uniform="Significance of a difference between the groups that is the same at every score.",
        p_value_nonuniform="Significance of a difference between the groups that changes with the score.",
        discrimination_difference_se="Standard error of discrimination_difference.",
        chi2_both="Lord's test that neither slope nor difficulty changed, two degrees of freedom.",
        p_value_both="Significance of chi2_both.",
        q3="Yen's Q3: correlation of what ability leaves unexplained in the two items.",
        eigenvalue="Eigenvalue of the items' correlations (tetrachoric, or residual where some of these do not exist).",
        eigenvalue_by_chance="95th percentile of this eigenvalue without a further dimension (parallel analysis).",
        log_loss="Mean of -ln(chance given to what happened) over held-out answers: lower is better.",
        log_loss_se="Standard error of log_loss.",
        brier="Mean squared difference between chance and answer over held-out answers: lower is better.",
        brier_se="Standard error of brier.",
        log_loss_difference="log_loss less that of the first model: below 0 is better than it.",
        log_loss_difference_se="Standard error of log_loss_difference.",
        accuracy="Share of held-out answers that were on the likelier side.",
        bin_lower="Lower end of the range of chances.",
        bin_upper="Upper end of the range of chances.",
        predicted="Mean chance of the held-out answers of this range.",
        observed="Share of them that were right.",
        observed_lower="Lower 95 % limit of observed.",
        observed_upper="Upper 95 % limit of observed.",
        sem="Standard error of measurement of an ability at theta, in logits: one over the root of the information.",
        score_lower="Lower 95 % limit of expected_score, for the uncertainty of the items.",
        score_upper="Upper 95 % limit of expected_score, for the uncertainty of the items.",
        share_below="Share of the students whose ability is estimated at theta or below.",
        theta_expected="Ability at which this score is the expected one.",
        share_expected="Share of students with this score by the model.",
        share_observed="Share of students with this score among those who answered every item.",
        difficulty_base="Difficulty in the base exam.",
        difficulty_new="Difficulty in the new exam, on the scale of the base exam.",
        difference="difficulty_new - difficulty_base: above 0 the item became harder.",
        difference_se="Standard error of the difference.",
        z="difference over its standard error.",
        discrimination_difference="How much steeper the item became, on the scale of the base exam.",
        information="Fisher information about ability, of the item or of all items together, per squared logit.",
        proportion="Share of this group that got the item right.",
        share="Share of this fifth of the students that chose the option.",
        chosen_share="Share of the students who chose this option, of those who chose one of the item.",
        chosen_lower="Lower 95 % limit of chosen_share (Wilson).",
        chosen_upper="Upper 95 % limit of chosen_share (Wilson).",
        fifth_1="chosen_share among the fifth of these students with the lowest share right of the other items.",
        fifth_2="chosen_share among the second fifth.",
        fifth_3="chosen_share among the third fifth.",
        fifth_4="chosen_share among the fourth fifth.",
        fifth_5="chosen_share among the fifth with the highest share right of the other items.",
        share_of_students="Share of all students who got this score of so many items.",
        cost="US dollars for the bytes billed.",
        seconds="Seconds from question to answer.",
        slot_seconds="Seconds of computing in the warehouse, of all its machines together.",
    ),
    **_columns(
        Kind.YES_NO,
        stands_out="Whether q3 less the mean of all is above what the largest reaches in 95 % of exams like the model.",
        anchor="Whether the item served to match students, or to link scales.",
        surprise="Whether the answer had a chance of at most 10 % by the model.",
        is_key="Whether this is the right option.",
        cache_hit="Whether the answer came from the warehouse's own cache, free of charge.",
    ),
}


def table_of(name: str, values: Mapping[str, Values], **origin: Any) -> Table:
    """A table of known columns, in the order of ``values``; ``origin`` is provenance and warnings."""
    columns = tuple(COLUMNS[column] for column in values)
    listed = tuple(
        _whole(found) if column.kind is Kind.WHOLE else found
        for column, found in zip(columns, values.values(), strict=True)
    )
    return Table(name, columns, listed, **origin)


def _whole(values: Values) -> Values:
    """Counts that a weighted sum gave as floats, as whole numbers; parts of a person stay, nan stays nan."""
    kind = values.dtype.kind if isinstance(values, np.ndarray) else "f" if _has_float(values) else "i"
    if kind != "f":
        return values
    return tuple(int(v) if isinstance(v, float) and v.is_integer() else v for v in list(values))


def _has_float(values: Values) -> bool:
    return any(isinstance(value, float) for value in values)
