# `make help` lists the targets. Each does its own set-up (scripts/bootstrap).
SHELL := /bin/sh
.DEFAULT_GOAL := help

# A system is many processes: each would compile all of its modules again at every start.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
PYTHON := $(BIN)/python
# In dashboard/, on the Node that set-up found.
NPM := ./scripts/npm

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## Install what is missing, build the dashboard (every target does this itself)
	@./scripts/bootstrap

# What drives a browser needs one, too: `make run` does not, and for tests its shell is enough.
.PHONY: browser headless
browser headless:
	@./scripts/bootstrap $@

.PHONY: run
run: setup ## Start the whole system on this machine, take the tour, stay up until Ctrl-C
	@exec $(PYTHON) -m workers.stack

.PHONY: tour
tour: setup ## Take the tour again through the running system
	@exec $(PYTHON) -m workers.tour

.PHONY: stop
stop: ## Stop the running system
	@test ! -x $(PYTHON) || exec $(PYTHON) -m workers.stack stop

.PHONY: reset
reset: ## Stop it and delete everything that it kept (.run)
	@test ! -x $(PYTHON) || exec $(PYTHON) -m workers.stack reset

.PHONY: check
check: setup ## Lint, format, types, layers, dependencies; of the dashboard, too
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target check-types check-others

# Takes longer than all others together.
.PHONY: check-types
check-types:
	$(BIN)/mypy --num-workers 2 .

.PHONY: check-others
check-others:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/deptry .
	$(NPM) run check

# What this compiles, each process that runs tests would otherwise compile again for itself.
.PHONY: check-tests
check-tests:
	@found=$$($(BIN)/pytest --collect-only -qq) || { echo "$$found"; exit 1; }

.PHONY: test-dashboard
test-dashboard:
	$(NPM) test

# Tests wait for servers as much as they work: three processes leave a quarter of two cores idle.
# tests/conftest.py says what stays together.
SIDE_BY_SIDE := --numprocesses 4 --dist loadfile --no-loadscope-reorder

# Told to the processes that run tests only: the one that starts them would take five seconds at
# the end to read each of these files.
MEASURED := SLIPCOVER_SOURCE=domain,workflows,activities,adapters,workers,api,sandbox

.PHONY: test
test: headless ## check, then every test, with branch coverage
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target \
		check-types check-tests check-others test-dashboard
	$(MEASURED) $(PYTHON) -W "ignore:Unable to activate pytest:RuntimeWarning" \
		-m slipcover -m pytest $(SIDE_BY_SIDE)

.PHONY: chaos-events
chaos-events: setup ## RabbitMQ and its consumers die during 500 trades; every effect is counted
	CHAOS_TRADES=500 $(BIN)/pytest tests/chaos/test_events.py

.PHONY: chaos-paper
chaos-paper: setup ## Every process dies in turn during 200 trades of a paper session
	CHAOS_PAPER_ORDERS=200 CHAOS_PAPER_ALL=1 $(BIN)/pytest tests/chaos/test_paper_sigkill.py

.PHONY: soak-archive
soak-archive: setup ## Archive COUNT (1000000) mixed records while the worker is killed at random moments
	ARCHIVE_COUNT=$(or $(COUNT),1000000) $(BIN)/pytest -s tests/workers/archival/test_sigkill.py

.PHONY: bench
bench: browser ## Measure everything on private servers, and the dashboard in a browser
	$(PYTHON) -m bench.trade
	$(PYTHON) -m bench.market
	$(PYTHON) -m bench.ai
	$(PYTHON) -m bench.events
	$(PYTHON) -m bench.paper
	$(PYTHON) -m bench.archive
	$(PYTHON) -m bench.dashboard

.PHONY: screenshots
screenshots: browser ## Take docs/screenshots of every page again, on a private stack with some life in it
	$(PYTHON) -m bench.screenshots

COMPILE := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 \
  --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --quiet

.PHONY: lock
lock: setup ## Pin every dependency of pyproject.toml again, with hashes
	$(COMPILE) --all-extras --upgrade --output-file requirements.lock
	$(COMPILE) --extra sandbox --constraint requirements.lock \
	  --output-file requirements-server.lock
