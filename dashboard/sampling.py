"""The sample of an exam's students on whom its items are calibrated: how it is chosen, and how it is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import html

from dashboard.numbers import number, percent
from dashboard.state import EVERYBODY, State
from dashboard.visits import Visit
from dashboard.words import say
from irt.sources import Catalogue

if TYPE_CHECKING:
    from irt.reports import Provenance

#: Shares of the students that are offered.
SHARES = ("0.5", "0.2", "0.1", "0.05", "0.01")
#: Fewest students that a share on offer leaves.
FEWEST = 5_000
#: Students who are read instead of everybody where no setting says how many.
USUAL = 200_000


def sampled(provenance: Provenance, state: State, key: str = "sampled") -> list[html.P]:
    """The line that says on how many of the students the numbers rest; nothing where it is all of them."""
    sample = provenance.sample
    if sample is None:
        return []
    facts = {
        "n": number(sample.n_students, 0),
        "total": number(sample.n_population, 0),
        "loss": f"{sample.precision_loss:.2g}",
        "errors": say("reading.errors_analyst" if state.analyst else "reading.errors_teacher"),
    }
    return [html.P(say(f"reading.{key}", **facts), className="sampled muted small")]


def n_students(state: State, catalogue: Catalogue) -> int:
    """Students of the exams that are shown; who sat several counts in each."""
    return sum(catalogue.exam_sizes[state.subject or "", exam][0] for exam in state.exams)


def written(share: float) -> str:
    """A share as it stands in the address."""
    return f"{share:.8f}".rstrip("0")


def sample_instead(here: Visit) -> tuple[str, int] | None:
    """The share that may be read instead of everybody ("": the usual one) and how many students it is; None: none.

    Callers without names may choose the usual one only, as in :func:`share_choices`.
    """
    if not (here.service.sample or here.scope.names):
        return None
    size, n = here.service.sample or USUAL, n_students(here.state, here.catalogue)
    if n <= size or here.service.resolve(here.scope, here.selection).share not in (None, 1.0):
        return None
    return "" if here.service.sample else written(float(f"{size / n:.4g}")), size


def share_choices(state: State, catalogue: Catalogue, sample: int | None) -> tuple[list[dict[str, str]], bool]:
    """The options of the filter (the usual one has no value), and whether it is hidden.

    It is for analysts and large exams, and for links that name a share. Without names there is the usual share and
    everybody: who is drawn follows from the ids (:func:`irt.disclosure.check_share`).
    """
    n = n_students(state, catalogue)
    large = sample is not None and n > sample
    if not (state.share or (state.analyst and large)):
        return [], True
    total = number(n, 0)
    usual = say("frame.share_sample", n=number(sample or 0, 0)) if large else say("frame.share_everybody", n=total)
    options = [{"label": usual, "value": ""}]
    options += [{"label": say("frame.share_everybody", n=total), "value": EVERYBODY}] if large else []
    free = not catalogue.smallest_group
    shares = {share for share in SHARES if free and float(share) * n >= FEWEST}
    shares |= {state.share} if state.share not in (None, EVERYBODY) else set()
    options += [_option(share, n) for share in sorted(shares, key=float, reverse=True)]
    return options, False


def _option(share: str, n: int) -> dict[str, Any]:
    """A share of the students as an option."""
    digits = max(len(share) - len("0.00"), 0)
    return {
        "label": say("frame.share_of", share=percent(float(share), digits), n=number(float(share) * n, 0)),
        "value": share,
    }
