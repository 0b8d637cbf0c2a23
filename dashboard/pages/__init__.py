"""The pages by name, in the order of the navigation. A page that is not listed here is not shown."""

from __future__ import annotations

from types import ModuleType

from dashboard.pages import data, imports, items, overview, students

#: Name in the URL -> module with ``layout()`` and ``register(app, service)``.
BY_NAME: dict[str, ModuleType] = {
    "overview": overview,
    "items": items,
    "students": students,
    "data": data,
    "import": imports,
}
