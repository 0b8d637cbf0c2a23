"""What the answers say of each item, and no more: levels, and findings with their facts."""

from irt.verdicts.judge import FACTS, judge_items
from irt.verdicts.limits import VerdictLimits
from irt.verdicts.verdict import Finding, FindingCode, Level, Verdict

__all__ = ["FACTS", "Finding", "FindingCode", "Level", "Verdict", "VerdictLimits", "judge_items"]
