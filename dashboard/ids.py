"""Names of the components that callbacks speak to; each page keeps the names of its own regions here too."""

from __future__ import annotations

# The frame
STATE = "state"  # the one store: {"page": "items", "search": "?subject=Mathematics&item=Q3"}
BOOT = "boot"
LAYOUTS = "layouts"
PAGE = "page"
SUBJECT = "subject"
EXAM = "exam"
CLASS = "class"
SAID = "said"
NAV = "nav"
READERS = "readers"
PROBLEMS = "problems"
NOTICE = "notice"

# Overview
OVERVIEW = "overview"
OVERVIEW_TITLE = "overview-title"

# Items
ITEMS_LIST = "items-list"
ITEMS_SEARCH = "items-search"
ITEMS_CHOSEN = "items-chosen"
ITEMS_CURVE = "items-curve"
ITEMS_OPTIONS = "items-options"
ITEMS_DOWNLOAD = "items-download"
