# The same few commands for everyone; CI calls the same targets.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
TESTS ?=

.PHONY: help demo test lint check eval bench soak test-system format lock clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

$(VENV)/ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(VENV)/ready  ## the briefing of a simulated agency, in the terminal, as HTML and as Markdown
	$(BIN)/briefing demo --out out

lint: $(VENV)/ready  ## formatting, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint  ## lint and all tests that need nothing but Python (TESTS=name to choose)
	$(BIN)/pytest -m "not system and not soak" $(if $(TESTS),-x -k $(TESTS))

format: $(VENV)/ready  ## rewrite the code in the house style
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(VENV)/ready  ## resolve the dependencies again (needs uv)
	uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
	  --extra dev pyproject.toml -o requirements.lock

clean:  ## remove what the other targets made
	rm -rf $(VENV) out .mypy_cache .ruff_cache .pytest_cache .hypothesis
