"""Is it any good: classical statistics, fit, and the verdict on each item."""

from irt.diagnostics.verdict import Finding, FindingCode, Level, Verdict

__all__ = ["Finding", "FindingCode", "Level", "Verdict"]
