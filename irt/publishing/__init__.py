"""Publish: results to tables of a warehouse, objects of a bucket, files of a folder, each time all of them or nothing.

``target`` says where, ``publication`` what, ``tables`` with which columns. Three modules do it: ``folder``, ``storage``
and ``warehouse``.
"""

from irt.publishing.publication import Publication, Receipt, asked_for, of_file, of_report, results_of
from irt.publishing.publishing import publish
from irt.publishing.tables import RESULTS
from irt.publishing.target import FORMS, Target, open_target, parse_target

__all__ = [
    "FORMS",
    "RESULTS",
    "Publication",
    "Receipt",
    "Target",
    "asked_for",
    "of_file",
    "of_report",
    "open_target",
    "parse_target",
    "publish",
    "results_of",
]
