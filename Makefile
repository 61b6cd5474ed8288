# leadscore. GNU make, a POSIX shell and Python 3.11 or later are all that has to be there.
#
#   make run         everything, on http://127.0.0.1:8000/ (PORT, DATA_DIR, DEMO=0 …: docs/operating.md)
#   make test        the test suite, on the embedded PostgreSQL or on DATABASE_URL; ARGS="-k word" for a part of it
#   make test-engine the engine against an independent interpreter, CASES=50000 random leads
#   make test-tryton a connector against a real CRM, installed for it at the first time
#   make try-crm     a real CRM to try the sync with, and how to connect to it; Ctrl-C ends it
#   make check       style, types, migrations, deployment settings, templates
#   make format      rewrite code and templates in the common style
#   make bench       all benchmarks; bench-engine, bench-pages, bench-ingest, bench-sync, … for one (SCALE=10k, 100k or 1m)
#   make chaos       workers killed and the broker emptied while LEADS (100000) are scored; minutes
#   make screenshots pictures of the pages, in screenshots/; ARGS=--docs also those of docs/

SHELL = /bin/sh
.DELETE_ON_ERROR:
.PHONY: run test test-engine check format bench bench-engine bench-pages bench-ingest bench-sync bench-duplicates bench-preview bench-forecast bench-reports chaos screenshots browser

VENV = .venv
PYTHON = $(VENV)/bin/python
SCALE ?= 10k
LEADS ?= 100000
CASES ?= 50000
ARGS ?=

# Checks run in a folder of their own, as a production installation would be set.
TEST_DATA = DATA_DIR=$${DATA_DIR:-var/test} EMBEDDED_DURABLE=0
PRODUCTION = $(TEST_DATA) HTTPS=1 ALLOWED_HOSTS=leads.example.com HSTS_SECONDS=31536000

run: $(VENV)/run.stamp
	@exec $(PYTHON) manage.py up --with-parent

# Modules are compiled once and kept, whatever the environment says: the tests start a hundred processes.
test: $(VENV)/dev.stamp browser
	@PYTHONDONTWRITEBYTECODE= $(PYTHON) -m pytest -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

test-engine: $(VENV)/dev.stamp
	@CASES=$(CASES) $(PYTHON) -m pytest -n auto tests/scoring/test_engine_is_right.py $(ARGS)

check: $(VENV)/dev.stamp
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy leadscore leads scoring reports
	$(TEST_DATA) $(PYTHON) manage.py makemigrations --check --dry-run
	$(PRODUCTION) $(PYTHON) manage.py check --deploy --fail-level WARNING
	$(PYTHON) -m djhtml --check --tabwidth 2 templates

format: $(VENV)/dev.stamp
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .
	$(PYTHON) -m djhtml --tabwidth 2 templates

bench: bench-engine bench-pages bench-ingest bench-sync bench-duplicates bench-preview bench-forecast bench-reports

bench-engine bench-pages bench-ingest bench-sync bench-duplicates bench-preview bench-forecast bench-reports: bench-%: $(VENV)/dev.stamp
	@if [ -f bench/$*.py ]; then SCALE=$(SCALE) exec $(PYTHON) -m bench.$*; \
	else echo "bench-$*: there is no such benchmark yet" >&2; exit 1; fi

# Its references (gradient boosting and others) are large and needed here only. ARGS=speed: 100,000 leads with 60 fields.
.PHONY: bench-learning
bench-learning: $(VENV)/bench.stamp
	@exec $(PYTHON) -W ignore -m bench.learning $(ARGS)

# A real CRM: Tryton with its sales module on SQLite, in a venv of its own; its database is made once.
.PHONY: test-tryton
TRYTON = .venv-tryton
test-tryton: $(VENV)/dev.stamp $(TRYTON)/crm.sqlite
	@TRYTON=$(CURDIR)/$(TRYTON) $(PYTHON) -m pytest tests/crm/test_tryton.py tests/crm/test_try_crm.py $(ARGS)

# The same server with made-up people and opportunities in it, for anybody who wants to see a sync.
.PHONY: try-crm
CRM_PORT ?= 8010
try-crm: $(TRYTON)/crm.sqlite
	@exec $(TRYTON)/bin/python examples/tryton.py $(CURDIR)/$(TRYTON) $(CRM_PORT)

$(TRYTON)/crm.sqlite: requirements-tryton.txt | $(PYTHON)
	@echo "install  | $(TRYTON), a Tryton server to test with"
	@$(PYTHON) -m venv --clear $(TRYTON)
	@$(TRYTON)/bin/pip install --quiet --disable-pip-version-check -r requirements-tryton.txt
	@printf '[database]\nuri = sqlite://\npath = $(CURDIR)/$(TRYTON)\n' >$(TRYTON)/conf
	@printf quiet-river-42 >$(TRYTON)/password
	@touch $(TRYTON)/new.sqlite
	@TRYTONPASSFILE=$(TRYTON)/password $(TRYTON)/bin/trytond-admin -c $(TRYTON)/conf -d new \
	  -u ir res sale_opportunity --activate-dependencies --email admin@acme.example
	@mv $(TRYTON)/new.sqlite $@

# On the embedded servers only: it empties the broker.
chaos: $(VENV)/dev.stamp
	@CHAOS=1 CHAOS_LEADS=$(LEADS) CHAOS_KILLS=10 RACE_SECONDS=60 \
	  $(PYTHON) -m pytest -s tests/scoring/test_chaos.py tests/scoring/test_survives.py tests/scoring/test_races.py \
	    tests/leads/test_outbox_survives.py

screenshots: $(VENV)/dev.stamp browser
	@$(PYTHON) -m tests.browser.screenshots $(ARGS)

# --- Installing -----------------------------------------------------------------------------------

# Each package is named as its turn comes; the status of pip is the status of the recipe, its complaints are shown then.
define install
	@echo "install  | $(1)"
	@{ $(PYTHON) -m pip install --disable-pip-version-check --progress-bar off -r $(1) 2>$(VENV)/pip.log; \
	   echo "status $$?"; } | while read -r word name rest; do case $$word in \
	    Collecting) echo "install  | $$name";; \
	    Installing) echo "install  | unpacking";; \
	    status) [ "$$name" = 0 ] || cat $(VENV)/pip.log >&2; exit "$$name";; esac; done
	@touch $@
endef

$(VENV)/run.stamp: requirements.txt | $(PYTHON)
	$(call install,requirements.txt)

$(VENV)/dev.stamp: requirements.txt requirements-dev.txt | $(PYTHON)
	$(call install,requirements-dev.txt)
	@touch $(VENV)/run.stamp

$(VENV)/bench.stamp: requirements-bench.txt | $(VENV)/dev.stamp
	$(call install,requirements-bench.txt)

$(PYTHON):
	@echo "install  | $(VENV), the virtual environment"
	@for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	  if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$python; break; fi; done; \
	if [ -z "$$found" ]; then echo "leadscore needs Python 3.11 or later, and none is on the PATH." >&2; exit 1; fi; \
	$$found -m venv --clear $(VENV) \
	|| { echo "leadscore needs the venv module of Python (on Debian: apt install python3-venv)." >&2; exit 1; }

# The browser tests need chromium and its driver; without them they are skipped and say so.
browser:
	@if command -v chromium >/dev/null && command -v chromedriver >/dev/null; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "install  | chromium and chromium-driver, for the browser tests"; \
	  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
	    chromium chromium-driver >/dev/null; } || echo "install  | not possible: the browser tests will be skipped"; \
	else echo "install  | the browser tests will be skipped: they need chromium and chromium-driver"; fi
