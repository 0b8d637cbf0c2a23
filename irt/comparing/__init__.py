"""Groups of students, exams and scales beside each other."""

from irt.comparing.dif import MantelHaenszel, mantel_haenszel, purified
from irt.comparing.linkage import linked_sets

__all__ = ["MantelHaenszel", "linked_sets", "mantel_haenszel", "purified"]
