# Concord's commands. `make help` lists them; each works on a fresh clone with Python 3.11+, make and git.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
# One worker per core, eight at most; tests that share a costly server stay together.
WORKERS ?= auto
PYTEST := $(BIN)/pytest -n $(WORKERS) --maxprocesses 8 --dist loadgroup

# Compiled modules are kept whatever the shell says: without them each process compiles all that it imports, every time.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help venv demo sandbox screens test check lint fmt sim chaos soak bench lock clean

help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

venv: ## .venv from requirements-dev.lock (every other command does this first)
	@$(PYTHON) -m sandbox.bootstrap.environment

demo: venv ## two shops, an ERP and Concord on this machine; ONCE=1 ends after the first day
	@exec $(BIN)/python -m sandbox.demo $(if $(ONCE),--once)

sandbox: venv ## only the local Shopify, at http://127.0.0.1:9100
	@exec $(BIN)/python -m sandbox.shopify

screens: venv ## photographs the pages of a demo that runs, for the README
	@exec $(BIN)/python -m sandbox.demo.screens

test: venv lint ## lint and every test, with the real ERP, a browser and processes that are killed
	@$(BIN)/python -m sandbox.prepare
	@$(PYTEST)

check: venv lint ## before a commit: lint and the fast tests, under two minutes
	@$(PYTEST) -m "not slow"

lint: venv ## style, types and layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

fmt: venv ## formats the code
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

sim: venv ## the simulator: SEEDS= how many, FIRST= from which seed
	@exec $(BIN)/python -m sandbox.simulator --seeds $(or $(SEEDS),200) --first $(or $(FIRST),1)

chaos: venv ## kills real processes while orders flow
	@exec $(BIN)/python -m bench.chaos

soak: venv ## runs for a long time and watches memory and connections
	@exec $(BIN)/python -m bench.soak

bench: venv ## measures the door, the workers, the queue and the road of stock
	@exec $(BIN)/python -m bench $(if $(ONLY),--only $(ONLY))

lock: venv ## writes both lock files anew from pyproject.toml
	@$(BIN)/uv pip compile -q --universal --generate-hashes --python-version 3.11 --no-header \
		pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile -q --universal --generate-hashes --python-version 3.11 --no-header \
		--extra sandbox --extra dev pyproject.toml -o requirements-dev.lock

clean: ## removes the demo's state and all caches; keeps .venv
	@rm -rf .demo .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build *.egg-info
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
