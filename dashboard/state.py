"""Controls <-> URL <-> Selection: everything a reader chose, as one value.

The URL holds the whole state but for what is typed, which the browser keeps in memory. It copies both into the one
store as ``{"page": ..., "search": ...}`` and does not interpret it; :meth:`State.read` does, and :meth:`State.href`
writes it, so that every link on screen is a real link. Links are relative to the page, which keeps any path prefix.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlencode

from dashboard.words import say
from irt.errors import NotFoundError
from irt.selection import AttemptPolicy, MissingPolicy, Selection
from irt.sources import Catalogue, CatalogueEntry

#: Pages in the order of the navigation; the first is the start page.
PAGES = ("overview", "items", "students", "data", "import")

#: Most items laid over each other.
MOST_COMPARED = 8

#: Most exams put together.
MOST_EXAMS = 20

#: Models that may be asked for by name, as they stand in the URL; ``-weak``: with weak priors.
MODELS = tuple(f"{model}{prior}" for model in ("1PL", "2PL", "3PL", "4PL") for prior in ("", "-weak"))

#: The band of a curve that holds as a whole.
SIMULTANEOUS = "simultaneous"

#: Everybody's answers, where a sample would be drawn; or a share of the students.
EVERYBODY, _SHARE = "all", re.compile(r"0\.(?!0+$)\d{1,8}")

_TEACHER, _ANALYST = "teacher", "analyst"

#: Fields of the state in the order of the URL, and the name there of those that are called otherwise.
_FIELDS = "subject exams class_name view model missing attempts share item compare verdict sort query student band"
_FIELDS += " group reference focal purify other"
_RENAMED = {"exams": "exam", "class_name": "class", "query": "q"}
_NAMES = {field: _RENAMED.get(field, field) for field in _FIELDS.split()}

#: Fields that the reader types: perhaps a name, so the browser keeps them out of addresses (``assets/10-state.js``).
_TYPED = ("query",)

#: Names in an address that are about the look alone.
_LOOKS = {"embed"}

#: Names that may come several times in the URL, and how many values are kept.
_MANY = {"exam": MOST_EXAMS, "compare": MOST_COMPARED}

#: Fields of which only some values have a meaning.
_CHOICES: dict[str, tuple[str, ...]] = {
    "model": MODELS,
    "missing": tuple(MissingPolicy),
    "attempts": tuple(AttemptPolicy),
    "band": (SIMULTANEOUS,),
    "purify": ("yes",),
}

#: What a reader takes along to another page; the rest belongs to the page.
_KEPT = ("subject", "exams", "class_name", "view", "model", "missing", "attempts", "share")

_LONGEST = 200  # characters of one value: names are shorter, hostile links are not


@dataclass(frozen=True, slots=True)
class State:
    """Everything a reader chose.

    Parameters
    ----------
    page : str
        One of :data:`PAGES`.
    subject, class_name : str, optional
        None: not chosen (:func:`complete` fills in the subject; no class is all classes).
    exams : tuple of str
        One exam, or several that are put together; none: not chosen (:func:`complete` fills it in).
    view : {"teacher", "analyst"}
    model : str, optional
        One of :data:`MODELS`; None: by the answers per item.
    missing, attempts : MissingPolicy, AttemptPolicy
    share : str, optional
        The share of the students on whom items are calibrated (``0.05``), or :data:`EVERYBODY`; None: by their number.
    item : str, optional
        The item looked at.
    compare : tuple of str
        Items laid over it, at most :data:`MOST_COMPARED` with it.
    verdict, sort, query : str, optional
        Filter, order (a column, ``-`` in front: falling) and search of a list.
    student : str, optional
        The opaque handle of a student.
    band : {None, "simultaneous"}
        Whether the band of a curve holds as a whole or at each of its points.
    group : str, optional
        The property by which students are put in two groups that are compared.
    reference, focal : str, optional
        The two groups; None: the largest.
    purify : {None, "yes"}
        Whether items that favour a group are left out of the score that matches the groups.
    other : str, optional
        The exam with which this one is compared.
    problems : tuple of str
        Sentences about values in the URL that were not understood.
    """

    page: str = PAGES[0]
    subject: str | None = None
    exams: tuple[str, ...] = ()
    class_name: str | None = None
    view: str = _TEACHER
    model: str | None = None
    missing: MissingPolicy = MissingPolicy.IGNORE
    attempts: AttemptPolicy = AttemptPolicy.FIRST
    share: str | None = None
    item: str | None = None
    compare: tuple[str, ...] = ()
    verdict: str | None = None
    sort: str | None = None
    query: str | None = None
    student: str | None = None
    band: str | None = None
    group: str | None = None
    reference: str | None = None
    focal: str | None = None
    purify: str | None = None
    other: str | None = None
    problems: tuple[str, ...] = ()

    @classmethod
    def read(cls, data: Any) -> State:
        """The state in the store; whatever is not understood is left out and named in ``problems``."""
        data = data if isinstance(data, Mapping) else {}
        page, search = data.get("page") or PAGES[0], data.get("search") or ""
        problems = []
        if page not in PAGES:
            problems.append(say("frame.unknown_page", page=str(page)[:_LONGEST]))
            page = PAGES[0]
        given, more = _query(search if isinstance(search, str) else "")
        problems += more
        values: dict[str, Any] = {field: given[name] for field, name in _NAMES.items() if name in given}
        if values.get("view", _TEACHER) not in (_TEACHER, _ANALYST):
            problems.append(say("frame.unknown_view", view=values.pop("view")))
        for field, known in _CHOICES.items():
            if field in values and values[field] not in known:
                problems.append(say("frame.unknown_choice", name=field, value=values.pop(field)))
        if values.get("share", EVERYBODY) != EVERYBODY and not _SHARE.fullmatch(values["share"]):
            problems.append(say("frame.unknown_choice", name="share", value=values.pop("share")))
        if "missing" in values:
            values["missing"] = MissingPolicy(values["missing"])
        if "attempts" in values:
            values["attempts"] = AttemptPolicy(values["attempts"])
        return cls(page=page, problems=tuple(problems), **values)

    @property
    def analyst(self) -> bool:
        """Whether the dense view was chosen."""
        return self.view == _ANALYST

    @property
    def fitted(self) -> dict[str, str | None]:
        """Model and prior as the service takes them."""
        model, _, prior = (self.model or "").partition("-")
        return {"model": model or None, "prior": prior or None}

    @property
    def compared(self) -> dict[str, Any]:
        """Which two groups are compared, and how their students are matched, as the service takes it."""
        return {"reference": self.reference, "focal": self.focal, "purify": self.purify is not None}

    def selection(self) -> Selection:
        """What the service is asked for."""
        return Selection(
            subject=self.subject,
            exams=self.exams,
            class_name=self.class_name,
            missing=self.missing,
            attempts=self.attempts,
            share=None if self.share is None else 1.0 if self.share == EVERYBODY else float(self.share),
        )

    def two_exams(self) -> Selection | None:
        """The two exams that are compared: those that are chosen, or the one and the other; None without two."""
        exams = self.exams if self.other is None else tuple(dict.fromkeys((*self.exams, self.other)))
        return replace(self.selection(), exams=exams) if len(exams) == 2 else None

    def change(self, **changes: Any) -> State:
        """The state with changes. To another page goes only what holds on every page."""
        page = changes.get("page", self.page)
        if page != self.page:
            kept = {name: getattr(self, name) for name in _KEPT}
            return State(**{**kept, **changes})
        return replace(self, problems=(), **changes)

    def difference(self, other: State) -> frozenset[str]:
        """The fields in which two states differ."""
        return frozenset(name for name in _NAMES if getattr(self, name) != getattr(other, name))

    def href(self, **changes: Any) -> str:
        """The link to this state with changes, relative to the current page."""
        state = self.change(**changes)
        page = "./" if state.page == PAGES[0] else state.page
        query = urlencode(state.pairs(typed=False))
        return f"{page}?{query}" if query else page

    def download(self, name: str) -> str:
        """The link to a table of this state as CSV, relative to the current page."""
        return f"download/{name}.csv?{urlencode(self.pairs(typed=False))}"

    def pairs(self, *, typed: bool = True) -> list[tuple[str, str]]:
        """Names and values of the state, without those that are the default; an address has none that are typed."""
        plain = State()
        pairs = []
        for field, name in _NAMES.items():
            value = getattr(self, field)
            if value == getattr(plain, field) or (field in _TYPED and not typed):
                continue
            pairs += [(name, one) for one in (value if isinstance(value, tuple) else (value,))]
        return [(name, str(value)) for name, value in pairs]

    def data(self) -> dict[str, str]:
        """The state as it is kept in the store."""
        return {"page": self.page, "search": "?" + urlencode(self.pairs())}


def complete(state: State, catalogue: Catalogue) -> State:
    """The state with a subject and exam that are there: what was answered last where none is chosen.

    What the URL names but the data do not have is replaced in the same way, and said in ``problems``.

    Raises
    ------
    NotFoundError
        If there is nothing to choose from.
    """
    subjects = catalogue.subjects()
    if not subjects:
        raise NotFoundError(say("frame.empty"))
    problems = list(state.problems)
    subject = state.subject if state.subject in subjects else _newest_subject(catalogue)
    if state.subject not in (None, subject):
        problems.append(say("frame.unknown_subject", value=state.subject, shown=subject or say("frame.no_name")))
    exams = _exams_there(state.exams, subject, catalogue, problems)
    class_name = state.class_name
    if class_name is not None and class_name not in classes_of(catalogue, subject, exams):
        problems.append(say("frame.unknown_class", value=class_name, exam=", ".join(exams)))
        class_name = None
    return replace(state, subject=subject, exams=exams, class_name=class_name, problems=tuple(problems))


def classes_of(catalogue: Catalogue, subject: str, exams: Sequence[str]) -> tuple[str, ...]:
    """Classes that sat one of these exams, in the order of the catalogue."""
    return tuple(dict.fromkeys(name for exam in exams for name in catalogue.classes(subject, exam)))


def _exams_there(wanted: Sequence[str], subject: str, catalogue: Catalogue, problems: list[str]) -> tuple[str, ...]:
    """Those of the wanted exams that there are, in natural order; what was answered last without one."""
    known, newest = catalogue.exams(subject), _newest_exam(catalogue, subject)
    missing = [exam for exam in wanted if exam not in known]
    there = tuple(exam for exam in known if exam in wanted) or (newest,)
    shown = ", ".join(exam or say("frame.no_name") for exam in there)
    problems += [say("frame.unknown_exam", value=exam, shown=shown) for exam in missing]
    return there


def _newest_subject(catalogue: Catalogue) -> str:
    """The subject in which answers were given last; the first where no times are recorded."""
    timed = [entry for entry in catalogue.entries if entry.last_answered is not None]
    return max(timed, key=_when).subject if timed else catalogue.subjects()[0]


def _newest_exam(catalogue: Catalogue, subject: str) -> str:
    """The exam of a subject that was answered last; the last in order where no times are recorded."""
    timed = [entry for entry in catalogue.entries if entry.subject == subject and entry.last_answered is not None]
    return max(reversed(timed), key=_when).exam if timed else catalogue.exams(subject)[-1]


def _when(entry: CatalogueEntry) -> float:
    """When the last answer was given, in seconds."""
    return entry.last_answered.timestamp() if entry.last_answered else 0.0


def _query(search: str) -> tuple[dict[str, Any], list[str]]:
    """Values of a query string by name; exams and laid-over items may be several, of the others the last counts."""
    problems = []
    try:
        found = parse_qs(search.lstrip("?"), keep_blank_values=True, max_num_fields=60)
    except ValueError:
        return {}, [say("frame.broken_link")]
    known = set(_NAMES.values())
    unknown = sorted(found.keys() - known - _LOOKS)
    if unknown:
        problems.append(say("frame.unknown_name", name=", ".join(unknown)[:_LONGEST]))
    values: dict[str, Any] = {}
    for name in known & set(found):
        kept = [value for value in found[name] if len(value) <= _LONGEST and (value or name == "subject")]
        if kept:
            values[name] = tuple(dict.fromkeys(kept))[: _MANY[name]] if name in _MANY else kept[-1]
    return values, problems
