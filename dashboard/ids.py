"""Names of the components that callbacks speak to; each page keeps the names of its own regions here too."""

from __future__ import annotations

# The frame
STATE = "state"  # the one store: {"page": "items", "search": "?subject=Mathematics&item=Q3"}
BOOT = "boot"
LAYOUTS = "layouts"
PAGE = "page"
SUBJECT = "subject"
EXAM = "exam"
EXAMS = "exams"
EXAMS_CONTROL = "exams-control"
MODEL = "model"
MODEL_CONTROL = "model-control"
CLASS = "class"
SAID = "said"
NAV = "nav"
READERS = "readers"
PROBLEMS = "problems"
NOTICE = "notice"

# Overview
OVERVIEW = "overview"

# Items
ITEMS = "items"
ITEMS_LIST = "items-list"
ITEMS_SEARCH = "items-search"
ITEMS_WALK = "items-walk"
ITEMS_CHOSEN = "items-chosen"
ITEMS_FIT = "items-fit"

# Students
STUDENTS_REPORT = "students-report"
STUDENTS_FINDER = "students-finder"
STUDENTS_SEARCH = "students-search"
STUDENTS_FOUND = "students-found"
STUDENTS_CLASS = "students-class"

# Data & method
DATA_REPORT = "data-report"
DATA_POLICIES = "data-policies"
DATA_CHANGES = "data-changes"
DATA_ATTEMPTS = "data-attempts"
DATA_MODEL = "data-model"
DATA_FIT_OVERALL = "data-fit-overall"
DATA_FIT_ITEMS = "data-fit-items"
DATA_PRECISION = "data-precision-check"
DATA_DIMENSION = "data-dimension"
DATA_PREDICTION = "data-prediction"
DATA_MODELS = "data-models"
DATA_GROUPS = "data-groups"
DATA_GROUP = "data-group"
DATA_DRIFT = "data-drift"
DATA_OTHER = "data-other"
DATA_COMPARING = "data-comparing"
DATA_METHOD = "data-method"

# Import
IMPORT_BODY = "import-body"
IMPORT_FILE = "import-file"
IMPORT_KEY = "import-key"
IMPORT_SUBJECT = "import-subject"
IMPORT_EXAM = "import-exam"
IMPORT_STUDENT = "import-student"
IMPORT_ITEMS = "import-items"
IMPORT_PROPERTIES = "import-properties"
IMPORT_OMITTED = "import-omitted"
IMPORT_AGAIN = "import-again"
IMPORT_CHECK = "import-check"
IMPORT_CONFIRM = "import-confirm"
IMPORT_REFUSED = "import-refused"
IMPORT_LEAD = "import-lead"
IMPORT_SUBJECTS = "import-subjects"
IMPORT_EXAMS = "import-exams"
IMPORT_EXISTS = "import-exists"
