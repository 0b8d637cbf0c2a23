"""Who asks in ``benchmarks.load``: teachers before their pages, analysts, programs. Read by locust.

Each sends what a browser or a program does: pages with their scripts and styles, tokens in a header, callbacks side by
side, each with the state of the page. A VIEW is what a teacher waits for: all callbacks of a click. Of analysts, who
ask for what nobody has kept, and while a worker is new, it is a LOOK.
"""

from __future__ import annotations

import json
import os
import random
import re
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import gevent
from backports import zstd
from gevent.pool import Group
from geventhttpclient.useragent import CompatResponse
from locust import FastHttpUser, between, events, task

from benchmarks.service import request_for
from irt.callers import Caller, Role
from irt.selection import Scope
from irt.tokens import read_key, sign_token

#: The key that the portal signs with, and what there is to look at.
KEY = read_key(json.loads(os.environ["LOAD_KEY"]))
EXAMS = [tuple(exam) for exam in json.loads(os.environ["LOAD_EXAMS"])]
N_TEACHERS, N_OTHERS = int(os.environ["LOAD_TEACHERS"]), int(os.environ["LOAD_OTHERS"])

#: Is written when a worker was killed: for some seconds views are first looks again.
KILLED, NEW_FOR = Path(os.environ["LOAD_KILLED"]), 30.0

#: Of how many readers' browsers one has nothing in its cache.
EMPTY_CACHE = 0.2
#: Seconds after which a request is sent once more whose connection broke.
AGAIN_AFTER = 0.5
_FILE = re.compile(r'(?:src|href)="(/[^"]+\.(?:js|css)[^"]*)"')


_content = CompatResponse._content


def _with_zstd(answer: Any) -> bytes:
    """What browsers prefer, and this client does not know."""
    if answer.headers.get("content-encoding") != "zstd":
        return _content(answer)
    found = zstd.decompress(answer._response.read())
    answer.release()
    return found


CompatResponse._content = _with_zstd


def scope_of(subject: str | None) -> Scope:
    """One subject with names, or everything."""
    return Scope(subjects=None if subject is None else frozenset([subject]), names=True)


class Reader(FastHttpUser):
    """Somebody with a token."""

    abstract = True
    #: Connections that a browser opens to one server.
    concurrency = 6
    role = Role.TEACHER
    numbered = 0

    def on_start(self) -> None:
        """Come with a token."""
        type(self).numbered += 1
        self.subject, self.exam = random.choice(EXAMS)
        name = f"{type(self).__name__}-{self.numbered}"
        seen = scope_of(self.subject if self.role is Role.TEACHER else None)
        self.headers = {
            "Authorization": "Bearer " + sign_token(Caller(name, seen, self.role), KEY, timedelta(minutes=50)),
            "Accept-Encoding": "gzip, deflate, br, zstd",
        }

    def send(self, method: str, path: str, name: str, **more: Any) -> Any:
        """One request; once more where its connection broke: everything here only reads."""
        headers = {**self.headers, **more.pop("headers", {})}
        for attempt in (1, 2):
            begun = time.perf_counter()
            with self.client.request(method, path, name=name, headers=headers, catch_response=True, **more) as answer:
                if answer.status_code == 0 and attempt == 1:
                    answer.success()
                    events.request.fire(
                        request_type="AGAIN",
                        name="connection broke",
                        response_time=(time.perf_counter() - begun) * 1000,
                        response_length=0,
                        exception=None,
                    )
                    gevent.sleep(AGAIN_AFTER)
                    continue
                if answer.status_code >= 400 or answer.status_code == 0:
                    answer.failure(f"{answer.status_code}: {(answer.text or '')[:200]}")
                else:
                    answer.success()
                return answer
        return None


class Browser(Reader):
    """A reader before a page."""

    abstract = True
    wait_time = between(5, 15)

    def on_start(self) -> None:
        """Open the dashboard in the portal's frame."""
        super().on_start()
        self.shown: tuple[str, str] | None
        self.handles: list[str] = []
        self.items: list[str] = []
        self.open_page()

    def open_page(self) -> None:
        """The document with its files, then what the page is made of, then the first view."""
        self.shown = None
        shell = self.client.get("/overview", name="page", headers={"Accept-Encoding": self.headers["Accept-Encoding"]})
        files = _FILE.findall(shell.text or "")
        if random.random() < EMPTY_CACHE:
            side_by_side([lambda path=path: self.send("GET", path, "files of a page") for path in files])
        side_by_side([lambda: self.send("GET", "/_dash-layout", "layout")])
        wired = self.send("GET", "/_dash-dependencies", "dependencies")
        found = wired.json() if wired is not None and wired.status_code == 200 else []
        self.wired = [
            one
            for one in found
            if not one.get("clientside_function") and any(part["id"] == "state" for part in one["inputs"])
        ]
        self.look("overview")

    def look(self, page: str, **query: str) -> None:
        """A view: the callbacks of the frame and of the page side by side, as the browser does.

        With the state goes what the page shows already (``assets/10-state.js``), so that what did not change is left.
        """
        asked = {"subject": self.subject, "exam": self.exam, **query}
        state = {"page": page, "search": f"?{urlencode(asked)}"}
        if self.shown is not None and self.shown[0] == page:
            state["shown"] = self.shown[1]
        begun, failed = time.perf_counter(), []

        def call(wired: dict[str, Any]) -> Any:
            answer = self.send("POST", "/_dash-update-component", f"callback {page}", json=request_for(wired, state))
            if answer is None or answer.status_code not in (200, 204):
                failed.append(answer)
                return {}
            return answer.json() if answer.status_code == 200 else {}

        wired = [*self._wired_of("subject"), *self._wired_of(page)]
        answers = side_by_side([lambda one=one: call(one) for one in wired])
        self.shown = None if failed else (page, state["search"])
        events.request.fire(
            request_type="VIEW" if self.role is Role.TEACHER and not a_worker_is_new() else "LOOK",
            name=f"{page}, {', '.join(query)}" if query else page,
            response_time=(time.perf_counter() - begun) * 1000,
            response_length=0,
            exception=RuntimeError("incomplete") if failed else None,
        )
        told = json.dumps(answers)
        self.items = sorted(set(re.findall(r"[?&]item=([\w.-]+)", told))) or self.items
        self.handles = sorted(set(re.findall(r"[?&]student=([\w-]+)", told))) or self.handles
        if 'role": "alert' in told:
            events.request.fire(
                request_type="NOTICE", name=page, response_time=0, response_length=0, exception=RuntimeError("a notice")
            )

    def _wired_of(self, page: str) -> list[dict[str, Any]]:
        """The callbacks of a page, by what they fill first; those of the frame fill the filters."""
        return [one for one in self.wired if _fills(one).split("-")[0] == page]


class Teacher(Browser):
    """Looks at one exam: its overview, its items one after the other, the class and its students."""

    fixed_count = N_TEACHERS

    @task(2)
    def overview(self) -> None:
        self.look("overview")

    @task(2)
    def list_items(self) -> None:
        self.look("items")

    @task(6)
    def one_item(self) -> None:
        self.look("items", **({"item": random.choice(self.items)} if self.items else {}))

    @task(2)
    def students(self) -> None:
        self.look("students")

    @task(2)
    def one_student(self) -> None:
        self.look("students", **({"student": random.choice(self.handles)} if self.handles else {}))

    @task(1)
    def another_exam(self) -> None:
        self.exam = random.choice([exam for subject, exam in EXAMS if subject == self.subject])
        self.items, self.handles = [], []
        self.look("overview")

    @task(1)
    def reload(self) -> None:
        self.open_page()


class Analyst(Browser):
    """Changes filters and the model, reads about data and method, saves tables."""

    fixed_count = N_OTHERS
    role = Role.ANALYST

    @task(3)
    def data_and_method(self) -> None:
        self.look("data")

    @task(2)
    def another_model(self) -> None:
        self.look("items", model=random.choice(["1PL", "2PL"]))

    @task(2)
    def missing_is_wrong(self) -> None:
        self.look("items", missing=random.choice(["ignore", "wrong"]))

    @task(2)
    def another_exam(self) -> None:
        self.subject, self.exam = random.choice(EXAMS)
        self.look("overview")

    @task(2)
    def save(self) -> None:
        asked = urlencode({"subject": self.subject, "exam": self.exam})
        self.send("GET", f"/download/{random.choice(['items', 'students', 'counts_items'])}.csv?{asked}", "download")


class Program(Reader):
    """Asks the API: what there is, items (again only if they changed), chances of answers that it sends."""

    fixed_count = N_OTHERS
    role = Role.ANALYST
    wait_time = between(1, 3)

    def on_start(self) -> None:
        super().on_start()
        self.tags: dict[str, str] = {}

    def get(self, path: str, name: str) -> Any:
        known = self.tags.get(path)
        answer = self.send("GET", path, name, headers={"If-None-Match": known} if known else {})
        if answer is not None and answer.headers.get("ETag"):
            self.tags[path] = answer.headers["ETag"]
        return answer

    @task(2)
    def catalogue(self) -> None:
        self.get("/api/v1/catalogue", "API catalogue")

    @task(4)
    def items(self) -> None:
        self.subject, self.exam = random.choice(EXAMS)
        answer = self.get(f"/api/v1/items?{urlencode({'subject': self.subject, 'exam': self.exam})}", "API items")
        if answer is not None and answer.status_code == 200:
            self.known = (self.subject, self.exam, [row["item_id"] for row in answer.json()["data"]])

    @task(2)
    def chances(self) -> None:
        """The answers of a class of 30, scored on the stored calibration."""
        subject, exam, items = getattr(self, "known", (None, None, []))
        if not items:
            return
        answers = [
            {"student_id": f"s{k}", "item_id": item, "correct": random.randint(0, 1)}
            for k in range(30)
            for item in items
        ]
        sent = {"calibration": {"subject": subject, "exam": exam}, "responses": answers}
        self.send("POST", "/api/v1/probabilities", "API probabilities", json=sent)


def _fills(wired: dict[str, Any]) -> str:
    """The component that a callback fills first."""
    return str(wired["output"]).strip(".").split("...")[0].rpartition(".")[0]


def a_worker_is_new() -> bool:
    """Whether a worker was killed just now, so that the one in its place has kept nothing yet."""
    return KILLED.exists() and time.time() < KILLED.stat().st_mtime + NEW_FOR


def side_by_side(calls: list[Any]) -> list[Any]:
    """What the calls bring, made at the same time."""
    group = Group()
    running = [group.spawn(call) for call in calls]
    group.join()
    return [one.value for one in running]
