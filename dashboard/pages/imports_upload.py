"""What a browser sends of a file, and what a reader says about it: nothing of either is kept."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, replace
from typing import Any

from dashboard.words import say
from irt.errors import ImportFault
from irt.files import ImportOptions, ImportTable, OmittedPolicy, read_key
from irt.service import Service

#: Largest file taken from a browser; the command line takes more.
MOST_BYTES = 20 * 2**20
#: The options of the command line, as messages of the import name them: they mean nothing on screen.
_FLAG = re.compile(r" \(--[a-z-]+\)")


@dataclass(frozen=True, slots=True)
class Said:
    """What the form holds besides the files."""

    subject: str | None = None
    exam: str | None = None
    student: str | None = None
    items: str | None = None
    properties: str | None = None
    omitted: str = OmittedPolicy.MISSING.value

    def exam_named(self) -> tuple[str, str] | None:
        """Subject and exam, where the form names both."""
        subject, exam = _text(self.subject), _text(self.exam)
        return (subject, exam) if subject and exam else None

    def options(self, key: dict[str, str] | None) -> ImportOptions:
        """The same as the options of an import."""
        return ImportOptions(
            subject=_text(self.subject),
            exam=_text(self.exam),
            student=_text(self.student),
            items=_names(self.items),
            properties=_names(self.properties),
            key=key,
            omitted=OmittedPolicy(self.omitted) if self.omitted in tuple(OmittedPolicy) else OmittedPolicy.MISSING,
        )


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as the browser sends it: name, and content as a data URL."""

    name: str
    contents: str

    def content(self) -> bytes:
        """The bytes of the file.

        Raises
        ------
        ImportFault
            If they did not arrive whole or are too many.
        """
        encoded = self.contents.partition(",")[2]
        if len(encoded) * 3 // 4 > MOST_BYTES + 3:
            size = f"{len(encoded) * 3 / 4 / 2**20:.0f} MB"
            raise ImportFault(say("imports.too_big", name=self.name, size=size, limit=MOST_BYTES // 2**20))
        try:
            return base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            raise ImportFault(say("imports.unreadable")) from None


def upload(contents: str | None, name: str | None) -> Upload | None:
    """The file, if there is one."""
    return Upload((name or "file")[:200], contents) if contents else None


def look(service: Service, file: Upload, key: Upload | None, said: Said) -> tuple[ImportTable, tuple[str, ...]]:
    """The file as it would be imported, and which names (``subject``, ``exam``) must still be entered.

    A file that lacks nothing but these names has no fault: they are asked for on the same screen.
    """
    options = said.options(None if key is None else read_key(key.content(), key.name))
    content = file.content()
    table = service.preview_import(content, file.name, options)
    needed = tuple(
        name for name in ("subject", "exam") if not getattr(options, name) and not _names_itself(table, f"{name}_name")
    )
    if table.fault is not None and needed:
        # The names are checked last, so any other fault would show without them too.
        subject = "–" if "subject" in needed else options.subject
        filled = replace(options, subject=subject, exam="–" if "exam" in needed else options.exam)
        table = service.preview_import(content, file.name, filled)
    return table, needed


def plain(message: str) -> str:
    """A message of the import without the options of the command line."""
    return _FLAG.sub("", message)


def _names_itself(table: ImportTable, column: str) -> bool:
    """Whether the file has a column for this and no empty cell in it."""
    return any(plan.becomes == column and not plan.n_missing for plan in table.columns)


def _text(value: Any) -> str | None:
    """What was entered, or None for nothing."""
    return str(value).strip() or None if value else None


def _names(value: str | None) -> tuple[str, ...]:
    """Names separated by commas (also full-width ones)."""
    return tuple(name.strip() for name in re.split(r"[,、，]", value or "") if name.strip())
