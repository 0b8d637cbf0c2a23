# make run    open the dashboard (sets up what it needs first)
# make test   run all tests      (sets up what they need first)
# make setup  stop after setting up for both
# make demo-portal    open the dashboard in the frame of a school's portal (PORTAL=php or node: in another language)
# make demo-bigquery  open the dashboard on a stand-in for BigQuery: a table with names of its own and a few broken rows
#
# PYTHON names the interpreter for a new .venv: make run PYTHON=python3.12

PORTAL ?= python
PYTHON ?= $(shell .ci/python.sh)
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet

# What `make test` hands to pytest; narrow it with, for example, make test TESTS=tests/irt
TESTS       ?=
TEST_FLAGS  ?= --numprocesses=auto --maxprocesses=4 --dist=worksteal --quiet

.PHONY: run test setup clean demo-portal demo-bigquery

run: $(VENV)/.production $(VENV)/.charts
	@$(BIN)/python app.py

test: $(VENV)/.development $(VENV)/.charts
	@.ci/browser.sh
	@$(BIN)/python -m pytest $(TEST_FLAGS) $(TESTS)

setup: $(VENV)/.development $(VENV)/.charts
	@.ci/browser.sh || echo "All but some of the tests can be used."

demo-portal: $(VENV)/.production $(VENV)/.charts
	@$(BIN)/python docs/portal/demo.py --portal=$(PORTAL)

demo-bigquery: $(VENV)/.development $(VENV)/.charts
	@$(BIN)/python -m tests.warehouse -- $(BIN)/python app.py

# Everything that set-up made; data and settings stay.
clean:
	rm -rf $(VENV) node_modules assets/vendor-plotly-basic-*.min.js

$(VENV)/.python:
	@.ci/python.sh --check "$(PYTHON)"
	@echo "Making $(VENV) with $$("$(PYTHON)" --version)."
	@"$(PYTHON)" -m venv $(VENV)
	@touch $@

$(VENV)/.production: requirements.txt | $(VENV)/.python
	@echo "Installing what Itemwise needs (about a minute)."
	@$(PIP) install --requirement requirements.txt
	@touch $@

$(VENV)/.development: requirements-dev.txt $(VENV)/.production
	@echo "Installing what the tests need."
	@$(PIP) install --requirement requirements-dev.txt
	@touch $@

# A missing npm is not an error: charts then use the full plotly.js, which Python's plotly brings.
# So the stamp is set only where the small one was fetched, and a later npm is noticed.
$(VENV)/.charts: package.json package-lock.json .ci/charts.sh | $(VENV)/.python
	@.ci/charts.sh && touch $@ || true
