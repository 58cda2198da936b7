# Every command of this repository. `make` alone lists them; CI calls `make test`.
#
# All paths here are relative, so that the checkout may lie in a folder whose name has a space.
# What was done is stamped inside .venv: deleting .venv undoes all of it.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:

# The Python that makes .venv: the first of these that fits. `make hub PYTHON=/path/to/python3.12` takes another.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
  "$$python" -c '$(FITS)' 2>/dev/null && echo "$$python" && break; done)
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))

BIN := .venv/bin
DONE := .venv/.stamps
PIP := $(BIN)/python -m pip --quiet --quiet --disable-pip-version-check
LOCKED := install --require-hashes --no-deps --requirement
BROWSERS := chromium chromium-browser google-chrome google-chrome-stable

# What the wheel is made of. The folders in the rooms are named, too: so a deleted file is seen.
WHEEL := pyproject.toml README.md LICENSE $(shell find catalogs hub notebooks widgets -mindepth 1 \
  \( -name __pycache__ -o -name .ipynb_checkpoints \) -prune -o -print)

# A checkout that was moved has a .venv whose scripts point to where it was.
MADE_AT := $(shell cat $(DONE)/venv 2>/dev/null)
ifneq ($(MADE_AT),$(CURDIR))
.PHONY: $(DONE)/venv
endif

.PHONY: help hub test check notebooks bench lock clean browser sandbox database

help:  ## list these commands
	@awk -F ':.*  ## ' '/^[a-z]+:.*  ## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

hub: $(DONE)/hub $(DONE)/project  ## install the hub and run it, until Ctrl-C; ARGS go to `bioimagehub up`
	@exec $(BIN)/bioimagehub up $(ARGS)

test: $(DONE)/develop $(DONE)/project browser sandbox database  ## run all tests; ARGS go to pytest, such as ARGS="tests/hub -x"
	@$(BIN)/pytest --ignore=tests/benchmarks $(ARGS)

check: $(DONE)/develop $(DONE)/project  ## lint, formatting, types and the direction of the imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

notebooks: $(DONE)/develop $(DONE)/project  ## run every notebook on the sample archive
	@$(BIN)/bioimagehub samples build
	@$(BIN)/pytest --nbval-lax $$(find notebooks -name '*.ipynb' -not -path '*/.ipynb_checkpoints/*') $(ARGS)

bench: $(DONE)/develop $(DONE)/project $(DONE)/peers browser database  ## measure, with the reference implementations side by side
	@$(BIN)/pytest -s tests/benchmarks $(ARGS)

# Develop holds everything that the others hold, so it goes first and the others take its versions.
UPGRADE := --upgrade
COMPILE = $(BIN)/uv pip compile --quiet $(UPGRADE) --universal --python-version 3.11 --only-binary :all: \
  --emit-build-options --generate-hashes --custom-compile-command 'make lock'
ENVIRONMENT = $(COMPILE) pyproject.toml --group build
lock: $(DONE)/lock  ## renew the locked dependencies; UPGRADE= keeps what still fits
	@$(ENVIRONMENT) --extra hub --group develop --output-file environments/develop/lock.txt
	@for name in base analysis hub; do $(ENVIRONMENT) --extra $$name --constraint environments/develop/lock.txt \
	  --output-file environments/$$name/lock.txt; done
	@$(COMPILE) --group lock --output-file environments/lock/lock.txt
	@$(COMPILE) environments/peers/requirements.txt --override environments/peers/overrides.txt \
	  --output-file environments/peers/lock.txt
	@git --no-pager diff --stat -- environments

clean:  ## remove .venv and the caches; the sample archive and the state of the hub stay
	rm -rf .venv dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .benchmarks .import_linter_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

$(DONE)/venv:
	@[ "$$(uname -s)" = Linux ] || { echo >&2 "This is $$(uname -s); the locked packages are for Linux." \
	  "Run this on a Linux machine, or in a container or a virtual machine."; exit 1; }
	@[ -n "$(PYTHON)" ] || { echo >&2 "No Python 3.11, 3.12 or 3.13 was found on PATH." \
	  "Install one (Debian: apt-get install python3 python3-venv) or name it: make PYTHON=/path/to/python3.12"; exit 1; }
	@"$(PYTHON)" -c '$(FITS)' || { echo >&2 "$(PYTHON) is $$("$(PYTHON)" -V 2>&1);" \
	  "Python 3.11, 3.12 or 3.13 is needed. Name one: make PYTHON=/path/to/python3.12"; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { echo >&2 "$(PYTHON) cannot make virtual environments:" \
	  "its module venv or ensurepip is missing. Install it (Debian: apt-get install python3-venv) and run make again."; exit 1; }
	@echo "Making .venv with $$("$(PYTHON)" -V)"
	@"$(PYTHON)" -m venv $(if $(MADE_AT),--clear) .venv
	@mkdir -p $(DONE)
	@pwd -P > $@

$(DONE)/%: environments/%/lock.txt $(DONE)/venv
	@echo "Installing what $< lists (the first time takes a minute or two)"
	@$(PIP) $(LOCKED) $<
	@touch $@

# What is measured against and cannot be installed beside the hub has a virtual environment inside the other.
$(DONE)/peers: environments/peers/lock.txt $(DONE)/venv
	@echo "Installing what $< lists (the first time takes a minute or two)"
	@$(BIN)/python -m venv --clear .venv/peers
	@.venv/peers/bin/python -m pip --quiet --quiet --disable-pip-version-check $(LOCKED) $<
	@touch $@

$(DONE)/project: $(WHEEL) $(DONE)/venv
	@echo "Installing bioimagehub as it is in this checkout"
	@$(PIP) install --force-reinstall --no-deps --no-build-isolation .
	@touch $@

browser:
	@for name in $(BROWSERS); do if command -v $$name >/dev/null; then exit 0; fi; done; \
	if [ "$$(id -u)" = 0 ]; then as_root=env; elif sudo -n true 2>/dev/null; then as_root='sudo -n env'; else \
	  echo >&2 "No Chromium is on PATH (looked for: $(BROWSERS)) and this user may not install one." \
	    "Ask for it (Debian: apt-get install chromium) and run make again."; exit 1; fi; \
	echo "Installing Chromium, which the tests drive"; \
	{ $$as_root apt-get -qq update && \
	  $$as_root DEBIAN_FRONTEND=noninteractive apt-get -qq --yes install chromium >/dev/null; } || { \
	  echo >&2 "apt-get could not install Chromium; its message is above." \
	    "Install Chromium or Chrome by hand so that one of these is on PATH: $(BROWSERS)"; exit 1; }

sandbox:
	@if command -v bwrap >/dev/null; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ]; then as_root=env; elif sudo -n true 2>/dev/null; then as_root='sudo -n env'; else \
	  echo >&2 "Bubblewrap (bwrap) is not on PATH and this user may not install it." \
	    "Ask for it (Debian: apt-get install bubblewrap) and run make again."; exit 1; fi; \
	echo "Installing Bubblewrap, in which the tests run methods"; \
	{ $$as_root apt-get -qq update && \
	  $$as_root DEBIAN_FRONTEND=noninteractive apt-get -qq --yes install bubblewrap >/dev/null; } || { \
	  echo >&2 "apt-get could not install Bubblewrap; its message is above." \
	    "Install it by hand so that bwrap is on PATH."; exit 1; }

# Tests start servers of their own, so Debian is told to make no cluster, and its service has nothing to start.
database:
	@if command -v postgres >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ]; then as_root=env; elif sudo -n true 2>/dev/null; then as_root='sudo -n env'; else \
	  echo >&2 "No PostgreSQL server was found on PATH or in /usr/lib/postgresql and this user may not install one." \
	    "Ask for it (Debian: apt-get install postgresql) and run make again."; exit 1; fi; \
	install="$$as_root DEBIAN_FRONTEND=noninteractive apt-get -qq --yes --no-install-recommends install"; \
	echo "Installing PostgreSQL, which the tests of the portal start and kill"; \
	{ $$as_root apt-get -qq update && \
	  $$install postgresql-common >/dev/null && \
	  $$as_root sed -i 's/^#* *create_main_cluster *=.*/create_main_cluster = false/' \
	    /etc/postgresql-common/createcluster.conf && \
	  $$install postgresql >/dev/null; } || { \
	  echo >&2 "apt-get could not install PostgreSQL; its message is above." \
	    "Install it by hand so that postgres and initdb are on PATH."; exit 1; }
