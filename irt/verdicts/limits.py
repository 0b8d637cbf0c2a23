"""Rules of thumb behind verdicts, as settings that may be edited."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VerdictLimits:
    """Where a number becomes something to say. A finding speaks when the interval, not the estimate, is beyond it.

    Parameters
    ----------
    hard, very_easy : float
        Share right below / above which an item is hard / very easy.
    nobody : float
        An item is one that nobody gets right when no answer was right and the share is surely below this.
    item_rest_r : float
        Item-rest correlation (as it would be for an item of middling difficulty) below which an item tells students
        apart weakly, or, where it may also be 0, not at all.
    weak_discrimination, steep_discrimination : float
        Slopes below which an item is weak and above which it is suspicious.
    dependence : float
        Q3 above the mean of all pairs.
    delta, delta_above : float
        ETS's rule for class C: delta at least the first and significantly above the second.
    false_discovery : float
        Rate at which group differences may be false alarms.
    not_reached : float
        Share of students who did not get to an item.
    enough : int
        Scored answers below which no item is said to work well.
    fewest : int
        Scored answers below which nothing is held against an item.
    fewest_each : int
        Right and wrong answers, each, that it takes to say how an item tells students apart.
    fewest_each_of_pair : int
        The same for each of two items that are said to depend on each other: chance runs high among rare answers.

    References
    ----------
    Baker, F. B. (2001). *The Basics of Item Response Theory* (slopes). Zieky, M. (1993), in Holland & Wainer (Eds.),
    *Differential Item Functioning* (classes A, B, C). Christensen, K. B., Makransky, G., & Horton, M. (2017).
    doi:10.1177/0146621616677520 (Q3 relative to its mean).
    """

    hard: float = 0.30
    very_easy: float = 0.90
    nobody: float = 0.05
    item_rest_r: float = 0.20
    weak_discrimination: float = 0.65
    steep_discrimination: float = 4.0
    dependence: float = 0.20
    delta: float = 1.5
    delta_above: float = 1.0
    false_discovery: float = 0.05
    not_reached: float = 0.10
    enough: int = 100
    fewest: int = 30
    fewest_each: int = 5
    fewest_each_of_pair: int = 20
