"""Where numbers come from."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from irt.analysis import Sample
from irt.selection import Selection


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where numbers come from: enough to make them again.

    ``sample`` is None where everybody's answers were read.
    """

    selection: Selection
    fingerprint: str
    as_of: datetime
    package_version: str
    model: str
    prior: str | None
    status: str
    computed_at: datetime
    sample: Sample | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON, CSV notes and the calibration file."""
        return {
            "subject": self.selection.subject,
            "exams": list(self.selection.exams),
            "class": self.selection.class_name,
            "missing": self.selection.missing.value,
            "attempts": self.selection.attempts.value,
            "share": self.selection.share,
            "sample": None if self.sample is None else asdict(self.sample),
            "source_fingerprint": self.fingerprint,
            "as_of": self.as_of.isoformat(),
            "package_version": self.package_version,
            "model": self.model,
            "prior": self.prior,
            "status": self.status,
            "computed_at": self.computed_at.isoformat(),
        }
