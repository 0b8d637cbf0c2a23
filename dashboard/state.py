"""Controls <-> URL <-> Selection: everything a reader chose, as one value.

The URL holds the whole state. The browser copies it into the one store as ``{"page": ..., "search": ...}`` and does
not interpret it; :meth:`State.read` does, and :meth:`State.href` writes it, so that every link on screen is a real
link. Links are relative to the page, which keeps any path prefix.
"""

from __future__ import annotations

from collections.abc import Mapping
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

_TEACHER, _ANALYST = "teacher", "analyst"

#: Field of the state -> name in the URL.
_NAMES = {
    "subject": "subject",
    "exam": "exam",
    "class_name": "class",
    "view": "view",
    "missing": "missing",
    "attempts": "attempts",
    "item": "item",
    "compare": "compare",
    "verdict": "verdict",
    "sort": "sort",
    "query": "q",
    "student": "student",
}

#: What a reader takes along to another page; the rest belongs to the page.
_KEPT = ("subject", "exam", "class_name", "view", "missing", "attempts")

_LONGEST = 200  # characters of one value: names are shorter, hostile links are not


@dataclass(frozen=True, slots=True)
class State:
    """Everything a reader chose.

    Parameters
    ----------
    page : str
        One of :data:`PAGES`.
    subject, exam, class_name : str, optional
        None: not chosen (:func:`complete` fills in subject and exam; no class is all classes).
    view : {"teacher", "analyst"}
    missing, attempts : MissingPolicy, AttemptPolicy
    item : str, optional
        The item looked at.
    compare : tuple of str
        Items laid over it, at most :data:`MOST_COMPARED` with it.
    verdict, sort, query : str, optional
        Filter, order (a column, ``-`` in front: falling) and search of a list.
    student : str, optional
        The opaque handle of a student.
    problems : tuple of str
        Sentences about values in the URL that were not understood.
    """

    page: str = PAGES[0]
    subject: str | None = None
    exam: str | None = None
    class_name: str | None = None
    view: str = _TEACHER
    missing: MissingPolicy = MissingPolicy.IGNORE
    attempts: AttemptPolicy = AttemptPolicy.FIRST
    item: str | None = None
    compare: tuple[str, ...] = ()
    verdict: str | None = None
    sort: str | None = None
    query: str | None = None
    student: str | None = None
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
        for field, kind in (("missing", MissingPolicy), ("attempts", AttemptPolicy)):
            if field in values and values[field] not in list(kind):
                problems.append(say("frame.unknown_choice", name=field, value=values.pop(field)))
        if "missing" in values:
            values["missing"] = MissingPolicy(values["missing"])
        if "attempts" in values:
            values["attempts"] = AttemptPolicy(values["attempts"])
        if "compare" in values:
            values["compare"] = tuple(dict.fromkeys(values["compare"]))[:MOST_COMPARED]
        return cls(page=page, problems=tuple(problems), **values)

    @property
    def analyst(self) -> bool:
        """Whether the dense view was chosen."""
        return self.view == _ANALYST

    def selection(self) -> Selection:
        """What the service is asked for."""
        return Selection(
            subject=self.subject,
            exams=() if self.exam is None else (self.exam,),
            class_name=self.class_name,
            missing=self.missing,
            attempts=self.attempts,
        )

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
        query = urlencode(list(state.pairs()))
        return f"{page}?{query}" if query else page

    def download(self, name: str) -> str:
        """The link to a table of this state as CSV, relative to the current page."""
        return f"download/{name}.csv?{urlencode(self.pairs())}"

    def pairs(self) -> list[tuple[str, str]]:
        """Names and values in the URL, without those that are the default."""
        plain = State()
        pairs = []
        for field, name in _NAMES.items():
            value = getattr(self, field)
            if value == getattr(plain, field):
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
    subject = _there(state.subject, subjects, _newest_subject(catalogue), "subject", problems)
    exams = catalogue.exams(subject)
    exam = _there(state.exam, exams, _newest_exam(catalogue, subject), "exam", problems)
    classes = catalogue.classes(subject, exam)
    class_name = state.class_name
    if class_name is not None and class_name not in classes:
        problems.append(say("frame.unknown_class", value=class_name, exam=exam))
        class_name = None
    return replace(state, subject=subject, exam=exam, class_name=class_name, problems=tuple(problems))


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


def _there(wanted: str | None, values: tuple[str, ...], default: str, kind: str, problems: list[str]) -> str:
    """The wanted value, or the default with a sentence that says so."""
    if wanted is None:
        return default
    if wanted not in values:
        problems.append(say(f"frame.unknown_{kind}", value=wanted, shown=default or say("frame.no_name")))
        return default
    return wanted


def _query(search: str) -> tuple[dict[str, Any], list[str]]:
    """Values of a query string by name; ``compare`` may come several times, of the others the last counts."""
    problems = []
    try:
        found = parse_qs(search.lstrip("?"), keep_blank_values=True, max_num_fields=60)
    except ValueError:
        return {}, [say("frame.broken_link")]
    known = set(_NAMES.values())
    unknown = sorted(name for name in found if name not in known)
    if unknown:
        problems.append(say("frame.unknown_name", name=", ".join(unknown)[:_LONGEST]))
    values: dict[str, Any] = {}
    for name in known & set(found):
        kept = [value for value in found[name] if len(value) <= _LONGEST and (value or name == "subject")]
        if kept:
            values[name] = tuple(kept) if name == "compare" else kept[-1]
    return values, problems
