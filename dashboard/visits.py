"""One look at a page: what was chosen, what may be seen, and whom to ask."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from dashboard.access import caller, caller_scope
from dashboard.state import State, complete
from irt.callers import Role
from irt.selection import Scope, Selection
from irt.service import Service
from irt.sources import Catalogue


@dataclass(frozen=True, slots=True)
class Visit:
    """One look at a page: what was chosen, what may be seen, and whom to ask.

    ``changed`` are the fields of the state that differ from what the page shows; None: it shows nothing yet.
    """

    state: State
    selection: Selection
    scope: Scope
    service: Service
    catalogue: Catalogue
    changed: frozenset[str] | None = None

    @property
    def asked(self) -> tuple[Scope, Selection, str | None, str | None]:
        """What the service is asked for: who asks, for which answers, under which model."""
        return self.scope, self.selection, self.state.fitted["model"], self.state.fitted["prior"]

    def only(self, *names: str) -> bool:
        """Whether nothing but these fields of the state changed since the page was last shown."""
        return self.changed is not None and self.changed <= set(names)


def visit(service: Service, data: Any) -> Visit:
    """The visit that the store describes.

    Raises
    ------
    NotFoundError
        If there is no exam at all.
    """
    scope = caller_scope()
    catalogue = service.catalogue(scope)
    asked = State.read(data)
    state = complete(as_seen(asked), catalogue)
    shown = data.get("shown") if isinstance(data, dict) else None
    changed = None if shown is None else asked.difference(State.read({"page": asked.page, "search": shown}))
    return Visit(state, state.selection(), scope, service, catalogue, changed)


def as_seen(state: State) -> State:
    """The state as far as the caller's role goes: a teacher has the teacher's view, whatever the address says."""
    return state if caller().role is Role.ANALYST else replace(state, view=State().view)


def may_import(service: Service) -> bool:
    """Whether the caller may add answers, and the source takes them."""
    return caller().may_import and service.may_import(caller_scope())
