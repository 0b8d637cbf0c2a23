"""Running it: how requests are named, limited in time and number, written to the log and counted.

``layer`` stands around the whole application, ``request_ids`` names requests, ``logs`` says how lines are written,
``metrics`` counts, ``rates`` limits (with the windows of ``windows``); ``together`` is what the processes of one
machine share; ``stalled`` keeps clients who do not go on from holding up the others.
"""

from dashboard.operations.layer import install

__all__ = ["install"]
