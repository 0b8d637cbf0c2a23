"""Invariant: two callers with different scopes on one worker; nothing of the one ever reaches the other.

All that there is of one school bears a mark, in small and capital letters, down to its students' ids: an answer to the
other school that holds the mark is a leak. What is asked for beyond the scope is answered as if it were not there: word
for word what is answered where it truly is not. The callbacks, calls and files are those of the app's own tables, so
that a new one is covered by itself.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pandas as pd
import pytest

from dashboard.api.routes import ROUTES
from dashboard.downloads import TABLES
from dashboard.state import PAGES
from irt.callers import Caller, Role
from irt.selection import Scope
from irt.sources import ParquetStore
from tests.signed import KEYS, bearer

#: Every word of a school holds its mark; nothing bears the last one. They are equally long.
HERE, THERE, NOWHERE = "lemur", "zebra", "okapi"
N_PER_CLASS, N_ITEMS = 16, 6
#: In the id and the name of every student.
PUPIL = "pupil"


# The store and the callers ---------------------------------------------------------------------------------------


def answers(mark: str, subject: str, exam: str, item: str, shift: int, club: str | None = None) -> pd.DataFrame:
    """One exam of one school: two classes, each student with an ability, each item with a difficulty."""
    draw = random.Random(shift)  # noqa: S311
    rows = []
    for k in range(2 * N_PER_CLASS):
        student = {
            "student_id": f"{mark}-{PUPIL}-{k:02d}",
            "student_name": f"{mark.title()} {PUPIL.title()} {k}",
            "class_name": f"{mark.title()} {k // N_PER_CLASS}",
            "student_grade": f"{mark} grade",
            "house": f"{mark} {'red' if k % 2 else 'blue'}",
        } | ({club: f"{mark} {'chess' if k % 3 else 'choir'}"} if club else {})
        for j in range(N_ITEMS):
            right = draw.random() < 1 / (1 + 2.7 ** (j / 2 - k / 8))
            rows.append(
                student
                | {
                    "subject_name": subject,
                    "exam_name": exam,
                    "item_id": f"{item}-{j}",
                    "item_name": f"{item} item {j}",
                    "correct": int(right),
                    "answer": "A" if right else "BC"[k % 2],
                    "answer_key": "A",
                }
            )
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two schools: each with a subject of its own (two exams that share items), and both in one exam."""
    folder = tmp_path_factory.mktemp("schools")
    found = ParquetStore(folder)
    for k, mark in enumerate((HERE, THERE)):
        for exam in ("june", "july"):
            found.add(answers(mark, f"{mark.title()} studies", f"{mark} {exam}", mark, k, club=f"{mark}_club"))
        found.add(answers(mark, "Together", "Common", "common", 7 + k))
    return folder


@pytest.fixture(scope="module")
def app(store: Path, open_app: Callable[..., Any]) -> Any:
    return open_app(store, ITEMWISE_EMBED_KEYS=KEYS, ITEMWISE_RATE_LIMIT="off", ITEMWISE_MINIMUM_GROUP="4")


def caller(mark: str, *, names: bool = True) -> Caller:
    """Who may see one school: the subjects of it, and its classes of the common one."""
    classes = frozenset(f"{mark.title()} {k}" for k in range(2))
    subjects = frozenset({f"{mark.title()} studies", "Together"})
    return Caller(f"{mark}-head", Scope(subjects=subjects, classes=classes, names=names), Role.ANALYST)


#: Names of callbacks, each with a page on which it answers.
Places = tuple[tuple[str, str], ...]


# What is asked ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """One request: how it is told in a failure, and what is sent."""

    told: str
    path: str
    body: Any = None

    def swapped(self, one: str, other: str) -> Asked:
        """The same with every mark of one school turned into another's."""
        body = json.loads(swap(json.dumps(self.body), one, other))
        return Asked(swap(self.told, one, other), swap(self.path, one, other), body)


def swap(text: str, one: str, other: str) -> str:
    """A text with one mark in the place of another, in either case."""
    return text.replace(one, other).replace(one.title(), other.title())


def chosen(mark: str, **more: str) -> dict[str, str]:
    """What a reader of a school chooses everywhere."""
    return {
        "subject": f"{mark.title()} studies",
        "exam": f"{mark} june",
        "item": f"{mark}-3",
        "group": "house",
        "other": f"{mark} july",
        **more,
    }


def of_callbacks(app: Any, places: Places, choice: dict[str, str], said: str) -> Iterator[Asked]:
    """Every callback, on the pages on which it answers."""
    for key, page in places:
        wiring = app.callback_map[key]
        outputs = [part.partition("@")[0].rpartition(".") for part in key.strip(".").split("...")]
        fills = [{"id": name, "property": prop} for name, _, prop in outputs]
        held = {
            "data": {"page": page, "search": f"?{urlencode(choice)}"},
            "n_clicks": 1,
            "value": said,
            "filename": "x.csv",
            "contents": "data:;base64,eA==",
        }
        held_by = {"reading-asked": {"question": "overview.children", "bytes": 10**9, "share": None}}
        parts = {
            kind: [{**part, "value": held_by.get(part["id"], held[part["property"]])} for part in wiring[kind]]
            for kind in ("inputs", "state")
        }
        first = wiring["inputs"][0]
        body = {
            "output": key,
            "outputs": fills if key.startswith("..") else fills[0],
            "changedPropIds": [f"{first['id']}.{first['property']}"],
            **parts,
        }
        yield Asked(f"{outputs[0][0]} on {page}: {choice} {said}", "/_dash-update-component", body)


def of_files(choice: dict[str, str]) -> Iterator[Asked]:
    """Every file."""
    for name in TABLES:
        path = f"/download/{name}.csv?{urlencode(choice)}"
        yield Asked(path, path)


def of_calls(choice: dict[str, str]) -> Iterator[Asked]:
    """Every call of the API, with those of the parameters that it takes."""
    names = {"item": "item_id", "student": "student_id"}
    query = {names.get(name, name): value for name, value in choice.items()}
    for route in ROUTES:
        sent = {name: value for name, value in query.items() if name in route.query["properties"]}
        exams = (
            [query["exam"], choice["other"]] if route.name == "drift" and "other" in choice else sent.pop("exam", None)
        )
        asked = urlencode(sent | ({"exam": exams} if exams else {}), doseq=True)
        path = re.sub(r"{(\w+)}", lambda part: quote(query.get(part[1], "x"), safe=""), route.path)
        address = f"/api/v1{path}?{asked}"
        if route.body is None:
            yield Asked(f"GET {address}", address)
            continue
        responses = [{"student_id": "s", "item_id": query["item_id"], "correct": 1}]
        stored = {"subject": query["subject"], "exam": query["exam"]}
        for body in ({"calibration": stored}, stored):
            yield Asked(f"POST {address} {body}", address, body | {"responses": responses})


def everything(app: Any, places: Places, mark: str, student: str) -> list[Asked]:
    """All that a reader of a school asks for within their scope."""
    own = chosen(mark, student=student)
    common = chosen(mark) | {"subject": "Together", "exam": "Common", "item": "common-3", "class": f"{mark.title()} 1"}
    found = [*of_callbacks(app, places, own, mark), *of_callbacks(app, places, {}, "")]
    for choice in (own, common):
        found += of_callbacks(app, places, choice | {"view": "analyst"}, mark)
        found += [*of_files(choice), *of_files(choice | {"names": "1"}), *of_calls(choice)]
    return [*found, *of_files({}), *of_calls(chosen(mark, exam=f"{mark} july"))]


#: What is left out of a comparison: it differs from one request to the next.
_CHANCE = re.compile(r'"request_id":"[^"]+"|noted under \w+|"time":"[^"]+"')


def ask(app: Any, caller: Caller, asked: Asked) -> tuple[int, str]:
    """Status, headers and body of an answer, as one text."""
    client, headers = app.server.test_client(), bearer(caller)
    if asked.body is None:
        answer = client.get(asked.path, headers=headers)
    else:
        answer = client.post(asked.path, json=asked.body, headers=headers)
    told = {name: value for name, value in answer.headers if name not in ("X-Request-Id", "Date", "Content-Length")}
    told.pop("Server-Timing", None)
    return answer.status_code, _CHANCE.sub("", f"{told}\n{answer.get_data(as_text=True)}")


@pytest.fixture(scope="module")
def handles(app: Any) -> dict[str, frozenset[str]]:
    """The names that stand for the students of each school in links."""
    found = {}
    for mark in (HERE, THERE):
        seen = set()
        for choice in (chosen(mark), {"subject": "Together", "exam": "Common"}):
            asked = Asked("", f"/api/v1/abilities?{urlencode({name: choice[name] for name in ('subject', 'exam')})}")
            seen |= set(re.findall(r'"student_id":"(\w{20})"', ask(app, caller(mark, names=False), asked)[1]))
        found[mark] = frozenset(seen)
    assert all(len(one) >= N_PER_CLASS for one in found.values())
    return found


@pytest.fixture(scope="module")
def places(app: Any) -> Places:
    """Each callback that the server answers, on each page on which it has an answer."""
    every = tuple((key, page) for key, wiring in app.callback_map.items() if "callback" in wiring for page in PAGES)
    asked = of_callbacks(app, every, chosen(HERE, view="analyst"), HERE)
    found = tuple(place for place, one in zip(every, asked, strict=True) if ask(app, caller(HERE), one)[0] == 200)
    assert {key for key, _ in found} == {key for key, _ in every}
    return found


# The proof -------------------------------------------------------------------------------------------------------


def test_invariant_two_callers_at_once_see_nothing_of_each_other(
    app: Any, places: Places, handles: dict[str, frozenset[str]]
) -> None:
    student = {mark: min(handles[mark]) for mark in handles}
    told = [(mark, asked) for mark in (HERE, THERE) for asked in everything(app, places, mark, student[mark])]
    random.Random(1).shuffle(told)  # noqa: S311
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda one: ask(app, caller(one[0]), one[1]), told))
    n_shown = 0
    for (mark, asked), (status, text) in zip(told, found, strict=True):
        other = THERE if mark == HERE else HERE
        assert status < 500, (asked.told, text)
        assert other not in text.lower(), asked.told
        assert not handles[other] & set(re.findall(r"[0-9a-f]{20}", text)), asked.told
        n_shown += status == 200 and mark in text.lower()
    assert n_shown > 300
    again = [ask(app, caller(mark), asked) for mark, asked in told[::7]]
    assert again == found[::7], "the same is answered when nobody else asks"


#: Ways to name something of the other school, in what a reader of this one asks for. What different callbacks read
#: stands together.
BEYOND = {
    "subject": {"subject": f"{THERE.title()} studies", "exam": f"{THERE} june"},
    "exam": {"exam": f"{THERE} june"},
    "class": {"class": f"{THERE.title()} 1"},
    "class of the common exam": {"subject": "Together", "exam": "Common", "class": f"{THERE.title()} 1"},
    "group": {"group": f"{THERE}_club"},
    "item, reference": {"item": f"{THERE}-3", "reference": f"{THERE} red", "focal": f"{HERE} red"},
    "compare, focal, other, search": {
        "compare": f"{THERE}-3",
        "focal": f"{THERE} red",
        "other": f"{THERE} june",
        "q": THERE,
    },
}


@pytest.mark.parametrize("named", BEYOND)
def test_invariant_what_is_beyond_the_scope_is_answered_as_what_is_not_there(
    app: Any, places: Places, handles: dict[str, frozenset[str]], named: str
) -> None:
    choice = chosen(HERE, student=min(handles[HERE]), view="analyst") | BEYOND[named]
    said = THERE if "q" in BEYOND[named] else HERE
    told = [*of_callbacks(app, tuple(dict(places).items()), choice, said), *of_files(choice), *of_calls(choice)]
    told = [asked for asked in told if asked != asked.swapped(THERE, NOWHERE)]
    assert len(told) > 40
    for asked in told:
        status, text = ask(app, caller(HERE), asked)
        assert status < 500, asked.told
        nowhere = ask(app, caller(HERE), asked.swapped(THERE, NOWHERE))
        assert (status, swap(text, THERE, NOWHERE)) == nowhere, asked.told


def test_invariant_a_student_beyond_the_scope_is_answered_as_one_who_is_not_there(
    app: Any, places: Places, handles: dict[str, frozenset[str]]
) -> None:
    there, nowhere = min(handles[THERE]), "0123456789abcdef0123"
    choice = chosen(HERE, student=there, view="analyst")
    told = [*of_callbacks(app, tuple(place for place in places if place[1] == "students"), choice, there)]
    told += [asked for asked in (*of_files(choice), *of_calls(choice)) if there in asked.path]
    for asked in told:
        for who in (caller(HERE), caller(HERE, names=False)):
            status, text = ask(app, who, asked)
            assert (status, text.replace(there, nowhere)) == ask(app, who, asked.swapped(there, nowhere)), asked.told


def test_invariant_whoever_may_not_see_names_sees_no_name_and_no_id(
    app: Any, places: Places, handles: dict[str, frozenset[str]]
) -> None:
    who, n_shown = caller(HERE, names=False), 0
    for asked in everything(app, places, HERE, min(handles[HERE])):
        status, text = ask(app, who, asked)
        assert PUPIL not in text.lower(), asked.told
        n_shown += status == 200 and HERE in text.lower()
    assert n_shown > 150
