"""Students: where does this student stand, and what next?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice
from statistics import median
from typing import Any

import dash_bootstrap_components as dbc
from dash import Dash, Input, Output, html

from dashboard import ids, shell
from dashboard.charts import csv_links
from dashboard.numbers import percent
from dashboard.pages.students_class import render_class
from dashboard.pages.students_find import holding, render_found
from dashboard.pages.students_report import render_student
from dashboard.pages.students_words import middle_score, name_of, unusual
from dashboard.people import column, place_of
from dashboard.sampling import sampled
from dashboard.state import State, classes_of
from dashboard.visits import Visit
from dashboard.words import count, say
from irt.errors import TooFewAnswersError
from irt.reports import StudentList, StudentSummary
from irt.service import Service

#: Most students in the table of students and items: more are read as a file.
MOST_MAPPED = 60
#: Most classes offered as links: the search finds the others.
MOST_CLASSES = 120
#: Classes that a search lists above the students.
MOST_FOUND = 20


def layout() -> html.Div:
    """The search and the empty regions."""
    finder = html.Section(
        [
            html.H2(say("students.find")),
            html.Label(say("students.find_label"), htmlFor=ids.STUDENTS_SEARCH),
            # Not in the URL: what is typed here is a name.
            dbc.Input(id=ids.STUDENTS_SEARCH, type="search", debounce=250, autocomplete="off", maxlength=100),
            html.Div(id=ids.STUDENTS_FOUND),
        ],
        id=ids.STUDENTS_FINDER,
        className="panel finder no-print",
        hidden=True,
    )
    title = html.H1(say("frame.students"), className="visually-hidden")
    return html.Div(
        [
            html.Div([title, html.P(say("frame.loading"), className="muted loading")], id=ids.STUDENTS_REPORT),
            finder,
            html.Div(id=ids.STUDENTS_CLASS),
        ]
    )


def register(app: Dash, service: Service) -> None:
    """Wire the page."""
    main = [Output(ids.STUDENTS_REPORT, "children"), Output(ids.STUDENTS_FINDER, "hidden")]
    search = [Input(ids.STUDENTS_SEARCH, "value")]
    shell.shows(app, service, "students", main)(report)
    shell.shows(app, service, "students", Output(ids.STUDENTS_FOUND, "children"), more=search)(found)
    shell.shows(app, service, "students", Output(ids.STUDENTS_CLASS, "children"))(class_table)


def report(visit: Visit) -> tuple[list[Any], bool]:
    """The student of the link, or how many there are; and whether the search is hidden."""
    state = visit.state
    everybody = visit.service.students(*visit.asked)
    if state.student is None:
        return render_title(everybody, visit), False
    try:
        one = visit.service.student(visit.scope, visit.selection, state.student, **state.fitted)
    except TooFewAnswersError as error:
        return [render_walk(everybody, state), *render_without_model(everybody, state, error)], True
    odd = one.student.handle in unusual([one.student], among=everybody_of(visit))
    page = render_student(one, lambda item: state.href(page="items", item=item), analyst=state.analyst, odd=odd)
    tools = html.Div(csv_links(state.download("student"), names=visit.scope.names), className="tools no-print")
    told = sampled(one.provenance, state, "sampled_class" if state.class_name else "sampled")
    return [render_walk(everybody, state), page, *told, tools], True


def everybody_of(visit: Visit) -> Sequence[StudentSummary]:
    """The students of the whole exam (or of its sample), among whom patterns are judged: a class changes no verdict."""
    return visit.service.students(visit.scope, visit.selection.population(), **visit.state.fitted).students


def found(visit: Visit, query: str | None) -> list[Any]:
    """The students that the search finds."""
    state = visit.state
    if state.student is not None:
        return []
    students = visit.service.students(*visit.asked)
    listed = render_found(
        students,
        query or "",
        lambda handle: state.href(student=handle),
        with_class=state.class_name is None,
        odd=unusual(students.students, among=everybody_of(visit)),
    )
    return [*found_classes(visit, query or ""), *listed]


def found_classes(visit: Visit, query: str) -> list[Any]:
    """The classes that the search finds, where there are too many to list them all."""
    if visit.state.class_name is not None or not query.strip():
        return []
    sizes = class_sizes(visit)
    if len(sizes) <= MOST_CLASSES:
        return []
    names = tuple(sizes)
    places = holding(names, query)[:MOST_FOUND]
    if not places:
        return []
    links = class_links({names[place]: sizes[names[place]] for place in places}, visit.state)
    return [html.P(say("students.found_classes"), className="muted small"), links]


def class_table(visit: Visit) -> list[Any]:
    """The class as a table; without a class in focus, the classes."""
    state = visit.state
    students = visit.service.students(*visit.asked).students
    if state.student is not None or not students:
        return []
    if state.class_name is None and len(students) > MOST_MAPPED and class_sizes(visit):
        return [render_choose(visit)]
    try:
        class_map = visit.service.class_map(visit.scope, visit.selection, MOST_MAPPED, **state.fitted)
    except TooFewAnswersError as error:
        return [shell.empty_state(error.message)]
    drawn = render_class(
        class_map,
        lambda handle: state.href(student=handle),
        lambda item: state.href(page="items", item=item),
        analyst=state.analyst,
    )
    links = csv_links(state.download("class_map"), names=visit.scope.names)
    return [drawn, html.Div(links, className="tools no-print")]


def render_title(students: StudentList, visit: Visit) -> list[Any]:
    """How many students, and their middle score."""
    listed, state = students.students, visit.state
    if not listed:
        return [html.H1(say("students.title_none"), className="page-title"), html.P(say("students.lead_none"))]
    facts = {"class_name": state.class_name, "max_score": students.max_score}
    given, scores = column(listed, "items_given"), column(listed, "score")
    if all(n == students.max_score for n in given):
        key = "students.title_class" if state.class_name else "students.title_all"
        title = count(key, len(listed), median=middle_score(median(scores)), **facts)
    else:  # scores out of different numbers of items cannot be put in order
        key = "students.title_class_shares" if state.class_name else "students.title_all_shares"
        shares = [score / n for score, n in zip(scores, given, strict=True) if n]
        title = count(key, len(listed), share=percent(median(shares)), **facts)
    lead = say("students.lead_class" if state.class_name or not class_sizes(visit) else "students.lead_all")
    told = sampled(students.provenance, state, "sampled_class" if state.class_name else "sampled_students")
    told += withheld(visit)
    return [html.H1(title, className="page-title"), html.P(lead, className="lead no-print"), *told]


def withheld(visit: Visit) -> list[html.P]:
    """Why there are pseudonyms in the place of names, and why some classes are missing; nothing where all is shown."""
    smallest, state = visit.catalogue.smallest_group, visit.state
    if visit.scope.names:
        return []
    said = [say("students.pseudonyms")]
    if any((state.subject, exam) in visit.catalogue.merged for exam in state.exams):
        said.append(say("students.small_classes", n=smallest))
    return [html.P(" ".join(said), className="muted small")]


def render_without_model(students: StudentList, state: State, error: TooFewAnswersError) -> list[Any]:
    """A student's score where there are too few answers for more, and why there is no more."""
    place = place_of(students.students, state.student)
    parts: list[Any] = [shell.empty_state(error.message)]
    if place is not None:
        student = students.students[place]
        said = say(
            "students.sentence_score",
            name=name_of(student),
            score=student.score,
            answered=student.items_answered,
            max_score=students.max_score,
        )
        parts.insert(0, html.H1(said, className="page-title"))
    return parts


def render_walk(students: StudentList, state: State) -> html.Nav:
    """Back to the list, and on to the neighbours in it."""
    listed = students.students
    place = place_of(listed, state.student)
    back = say("students.back_class", class_name=state.class_name) if state.class_name else say("students.back")
    links = [html.A(f"← {back}", href=state.href(student=None), className="tool")]
    if place is not None and place > 0:
        links.append(_neighbour("earlier", listed[place - 1], state))
    if place is not None and place + 1 < len(listed):
        links.append(_neighbour("later", listed[place + 1], state))
    return html.Nav(links, className="tools student-walk no-print", **{"aria-label": say("students.walk")})


def _neighbour(key: str, student: Any, state: State) -> html.A:
    """A link to the student before or after."""
    return html.A(
        say(f"students.{key}", name=name_of(student)),
        href=state.href(student=student.handle),
        className="tool",
        **{"data-replace": "true"},
    )


def class_sizes(visit: Visit) -> dict[str, int]:
    """How many students of each class there are; empty where no classes are recorded.

    The catalogue knows it of one exam. Of several, students who sat more than one count once.
    """
    state = visit.state
    names = classes_of(visit.catalogue, state.subject or "", state.exams)
    sizes: Counter[str | None] = Counter()
    if len(state.exams) == 1:
        for entry in visit.catalogue.entries:
            if (entry.subject, entry.exam) == (state.subject, state.exams[0]):
                sizes[entry.class_name] += entry.n_students
    else:
        sizes.update(column(everybody_of(visit), "class_name"))
    return {name: sizes[name] for name in names}


def render_choose(visit: Visit) -> html.Section:
    """The classes of the exam, as links."""
    sizes = class_sizes(visit)
    parts: list[Any] = [html.H2(say("students.classes")), html.P(say("students.map_choose"), className="muted small")]
    parts.append(class_links(dict(islice(sizes.items(), MOST_CLASSES)), visit.state))
    if len(sizes) > MOST_CLASSES:
        parts.append(html.P(say("students.more_classes", n=f"{len(sizes) - MOST_CLASSES:,}"), className="muted small"))
    return html.Section(parts, className="panel no-print")


def class_links(sizes: Mapping[str, int], state: State) -> html.Div:
    """Classes with their numbers of students, as links."""
    links = [
        html.A(say("students.class_link", class_name=name, n=n), href=state.href(class_name=name), className="chip")
        for name, n in sizes.items()
    ]
    return html.Div(links, className="chips")
