"""Prepare: from rows of a table to a matrix of scored answers."""

from irt.responses.matrix import MISSING, ResponseMatrix
from irt.responses.prepared import Cell, PreparedResponses, prepare, take_persons
from irt.responses.rows import AnswerRows, Dropped, ItemTable, PersonTable

__all__ = [
    "MISSING",
    "AnswerRows",
    "Cell",
    "Dropped",
    "ItemTable",
    "PersonTable",
    "PreparedResponses",
    "ResponseMatrix",
    "prepare",
    "take_persons",
]
