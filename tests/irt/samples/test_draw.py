"""Drawing answers: the model they come from, and that the same seed gives the same answers."""

import numpy as np
import pytest

from irt import ItemParameters
from irt.functions import irf
from irt.responses import prepare
from irt.samples import Fault, draw_exam, find_plan, simulate_2pl


def test_recovery_simulated_shares_follow_the_curve():
    items = ItemParameters.from_arrays(["a", "b", "c"], [0.8, 1.5, 2.0], difficulty=[-1.0, 0.0, 1.5], guessing=0.2)
    theta = np.repeat([-1.0, 0.5, 2.0], 20_000)
    scores = simulate_2pl(60_000, items, seed=1, theta=theta).scores
    shares = np.array([scores[theta == value].mean(axis=0) for value in (-1.0, 0.5, 2.0)])
    # Four binomial standard errors of 20,000 draws.
    np.testing.assert_allclose(shares, irf([-1.0, 0.5, 2.0], items), atol=4 * 0.5 / np.sqrt(20_000))


def test_invariant_seeds():
    items = ItemParameters.from_arrays(["a", "b"], [1.0, 1.0], difficulty=[0.0, 1.0])
    one, same, other = (simulate_2pl(200, items, seed).scores for seed in (5, 5, 6))
    assert (one == same).all()
    assert (one != other).any()


@pytest.mark.parametrize("n", [1, 20, 40, 160])
def test_any_number_of_students_gets_the_same_items(n):
    plan = find_plan("Mathematics", "Term 2")
    rows = draw_exam(plan, n, seed=2)
    assert rows.items.item_ids == tuple(item.item_id for item in plan.items)
    assert rows.n_rows == n * 36
    assert (rows.option[rows.correct == -1] == -1).all()
    assert set(rows.persons.properties) == {"gender"}


def test_wrong_options_of_a_clean_item_attract_weaker_students():
    plan = find_plan("Science", "Term 3")
    prepared = prepare(draw_exam(plan, 3000, seed=3))
    total = (prepared.matrix.scores == 1).sum(axis=1)
    for j in plan.clean():
        right = prepared.cells[:, j] == 1
        assert total[right].mean() > total[prepared.cells[:, j] == 0].mean()


def test_a_guessed_item_is_right_as_often_as_chance_has_it():
    plan = find_plan("Science", "Term 3")
    (guessed,) = plan.faulty(Fault.GUESSED)
    rows = draw_exam(plan, 20_000, seed=4)
    chosen = rows.option[rows.item == guessed]
    shares = np.bincount(chosen[chosen >= 0], minlength=5) / (chosen >= 0).sum()
    # Omissions take 3 % of the wrong answers; four binomial standard errors besides.
    np.testing.assert_allclose(shares, 0.2, atol=0.006 + 4 * 0.4 / np.sqrt(20_000))
