# vtui: the two commands of the README are `make demo` and `make test`.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
ARGS   ?=
STAMP  := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help demo run test check bench docs lab-up lab-down packages clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

packages:
	@tests/lab/install-packages.sh

$(STAMP): pyproject.toml requirements-dev.lock
	@$(MAKE) --no-print-directory packages
	@echo "==> Python environment in $(VENV)" >&2
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.lock >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e . >&2
	@touch $@

demo: $(STAMP) packages ## start the lab (real daemons) and look at it with vtui; ARGS="status --json" for the CLI
	@$(BIN)/python -m tests.lab run -- $(BIN)/vtui $(ARGS)

run: $(STAMP) ## vtui on this machine's own daemons
	@$(BIN)/vtui $(ARGS)

lab-up: $(STAMP) packages ## start the lab and leave it running; prints how to point vtui at it
	@$(BIN)/python -m tests.lab up

lab-down: $(STAMP) ## stop what lab-up started
	@$(BIN)/python -m tests.lab down

check: $(STAMP) ## ruff, mypy strict, import contracts, unit tests: seconds
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python -m pytest tests/unit $(ARGS)

test: $(STAMP) packages ## everything, on real daemons the lab starts
	@$(BIN)/python -m pytest $(ARGS)

bench: $(STAMP) packages ## speed and memory, side by side with peers
	@$(BIN)/python -m tests.bench $(ARGS)

docs: $(STAMP) ## what is generated: keys, man page, completions, screenshots
	@$(BIN)/python -m vtui.docs

clean: ## remove what make made
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
