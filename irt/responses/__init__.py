"""Prepare: from answers of a table to a matrix of scored answers."""

from irt.responses.matrix import MISSING, ResponseMatrix
from irt.responses.prepared import Cell, PreparedResponses, prepare, take_persons
from irt.responses.rows import AnswerRows, Column, Dropped, ItemTable, PersonTable
from irt.responses.sittings import NOT_ADMINISTERED, Sittings, option_type, repeated_attempts, sittings_of

__all__ = [
    "MISSING",
    "NOT_ADMINISTERED",
    "AnswerRows",
    "Cell",
    "Column",
    "Dropped",
    "ItemTable",
    "PersonTable",
    "PreparedResponses",
    "ResponseMatrix",
    "Sittings",
    "option_type",
    "prepare",
    "repeated_attempts",
    "sittings_of",
    "take_persons",
]
