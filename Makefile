# Every target works from a fresh clone; `make help` lists them.
PYTHON ?= python3.11
BIN := .venv/bin
INSTALLED := .venv/.installed

.DEFAULT_GOAL := help
.PHONY: help run up test test-slow test-year check fix bench schemas lock clean

help:  ## List the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

# --no-deps: the lock is complete, and pip then trusts it instead of resolving again.
$(INSTALLED): requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing the locked dependencies (about 1 GB, a minute or two) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

run: $(INSTALLED)  ## Three reconciled nights of the sandbox organisation, checked against its oracle
	@$(BIN)/graduand rehearse

up: $(INSTALLED)  ## Prefect server, work pool, deployments and worker on loopback; Ctrl-C ends all
	@$(BIN)/graduand up

test: $(INSTALLED) check  ## Everything a contributor needs green: static checks, then tests
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow"

test-slow: $(INSTALLED)  ## The long suites: kills at random moments, large windows
	@$(BIN)/python -m pytest -m "slow and not year"

test-year: $(INSTALLED)  ## A year of the sandbox organisation, night by night against its oracle
	@$(BIN)/python -m pytest -m year -n 0 -o log_cli=true -o log_cli_level=WARNING

check: $(INSTALLED)  ## Format, lint, types, import contracts, schemas
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy --no-error-summary cli flows tasks config sandbox tests benchmarks
	@$(BIN)/lint-imports
	@$(BIN)/python -m config.schemas --check

fix: $(INSTALLED)  ## Format and mend what can be mended
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(INSTALLED)  ## Benchmarks, as ratios to a peer or a physical floor in the same run
	@$(BIN)/python benchmarks/pull.py
	@$(BIN)/python benchmarks/transcripts.py
	@$(BIN)/python benchmarks/transcripts.py --traps
	@$(BIN)/python benchmarks/reconcile.py
	@$(BIN)/python benchmarks/scorecards.py
	@$(BIN)/python benchmarks/events.py
	@$(BIN)/python benchmarks/gate.py

schemas: $(INSTALLED)  ## Write the JSON Schemas of the configuration files again
	@$(BIN)/python -m config.schemas

lock:  ## Resolve the dependencies again (needs uv)
	@uv pip compile pyproject.toml --group dev --universal --python-version 3.11 \
	  --generate-hashes --no-header --no-annotate --upgrade -o requirements.lock

clean:  ## Remove the virtual environment, caches and everything under var/
	@rm -rf .venv var .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
