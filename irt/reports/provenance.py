"""Where numbers come from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from irt.selection import Selection


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where numbers come from: enough to make them again."""

    selection: Selection
    fingerprint: str
    as_of: datetime
    package_version: str
    model: str
    prior: str | None
    status: str
    computed_at: datetime

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON, CSV notes and the calibration file."""
        return {
            "subject": self.selection.subject,
            "exams": list(self.selection.exams),
            "class": self.selection.class_name,
            "missing": self.selection.missing.value,
            "attempts": self.selection.attempts.value,
            "source_fingerprint": self.fingerprint,
            "as_of": self.as_of.isoformat(),
            "package_version": self.package_version,
            "model": self.model,
            "prior": self.prior,
            "status": self.status,
            "computed_at": self.computed_at.isoformat(),
        }
