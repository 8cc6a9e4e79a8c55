# GeBan. Every target sets up what it needs first; what is set up already is skipped.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= python3
PY := .venv/bin/python
GEBAN_PORT ?= 8080
export GEBAN_PORT

# the demo lives inside the checkout, a real site outside it
DEMO_HOME := $(or $(GEBAN_HOME),$(CURDIR)/var/demo)
DEMO_PERSONS ?= 20000
DEMO := GEBAN_HOME="$(DEMO_HOME)" GEBAN_ENV=demo GEBAN_DEMO=1
FLASK := $(PY) -m flask --app run
SERVE := $(PY) tools/supervise.py "$(PY) -m gunicorn -c deploy/gunicorn.conf.py run:app" "$(FLASK) worker"

.PHONY: help setup run serve test check coverage bench messages demands screenshots clean

help: ## this list
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## install what serving needs: system packages, Python environment, browser libraries, fonts
	@command -v $(PYTHON) >/dev/null || { echo "GeBan needs Python 3.11 or later: please install it (Debian: apt-get install python3)." >&2; exit 1; }
	@$(PYTHON) tools/setup.py run

run: setup ## the demo city on http://127.0.0.1:8080 (GEBAN_PORT, DEMO_PERSONS); its home is var/demo (GEBAN_HOME)
	@$(DEMO) $(FLASK) init
	@$(DEMO) $(FLASK) demo --city liling --persons $(DEMO_PERSONS)
	@echo "  GeBan: http://127.0.0.1:$(GEBAN_PORT)   accounts: $(DEMO_HOME)/demo-accounts.json   stop: Ctrl+C"
	@$(DEMO) exec $(SERVE)

serve: setup ## an empty site on http://127.0.0.1:8080; its home is ~/.local/share/geban (GEBAN_HOME)
	@$(FLASK) init
	@echo "  GeBan: http://127.0.0.1:$(GEBAN_PORT)   stop: Ctrl+C"
	@exec $(SERVE)

test: ## lint, contracts and all tests, on SQLite and PostgreSQL and in Chromium (ONLY="unit browser" for some parts)
	@$(PYTHON) tools/setup.py test
	@$(PY) tools/run_tests.py $(ONLY)

check: ## lint, format, import contracts, types, what Chromium 90 lacks: half a minute
	@$(PYTHON) tools/setup.py test
	@$(PY) tools/run_tests.py lint format contracts types compat

coverage: ## branch coverage of the tests without a browser
	@$(PYTHON) tools/setup.py test
	@$(PY) tools/run_tests.py --coverage unit architecture integration postgres journeys

bench: setup ## benchmarks, JSON in var/bench (ARGS="--db URL --persons 100000")
	@mkdir -p var/bench
	@for file in $(wildcard bench/[a-z]*.py); do name=$$(basename $$file .py); echo "=== $$name"; $(PY) -m bench.$$name --json var/bench/$$name.json $(ARGS) || exit 1; done
	@$(if $(wildcard bench/[a-z]*.py),:,echo "There is no benchmark yet.")

messages: setup ## collect the words of code and templates into the catalogues and compile them
	@$(PY) -m babel.messages.frontend extract -F translations/babel.cfg -k lazy_gettext -k _l -o translations/messages.pot --no-location --sort-output --project GeBan --ignore-dirs "node_modules var .venv .git" .
	@test -f translations/zh/LC_MESSAGES/messages.po || $(PY) -m babel.messages.frontend init -i translations/messages.pot -d translations -D messages -l zh
	@$(PY) -m babel.messages.frontend update -i translations/messages.pot -d translations -D messages --no-fuzzy-matching --ignore-pot-creation-date
	@$(PY) -m babel.messages.frontend compile -d translations -D messages --statistics

demands: ## which of the 441 demands a test shows (ARGS=--missing lists the others)
	@$(PYTHON) tools/setup.py run
	@$(PY) tools/demands.py $(ARGS)

screenshots: ## remake the pictures of docs/ with the demo city
	@$(PYTHON) tools/setup.py test
	@$(PY) tools/screenshots.py

clean: ## remove what the targets made, but no site's data
	rm -rf .venv node_modules var/fonts var/tests var/bench var/setup.log var/.setup.lock app/static/vendor
	rm -rf .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis .coverage .coverage.* htmlcov
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	find translations -name '*.mo' -delete 2>/dev/null || true
