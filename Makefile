# The same few commands for everyone; CI calls the same targets.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
TESTS ?=
COUNTERPARTS := chromium cron dovecot-imapd faketime fonts-dejavu-core nginx-light notmuch openssl opensmtpd \
  python3-tz radicale

# Tests start many processes: without byte code each of them would compile the package anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test lint test-system soak check-mail eval bench docs format lock clean

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
	$(BIN)/pytest -n auto --maxprocesses 4 --dist worksteal -m "not system and not soak" $(if $(TESTS),-x -k $(TESTS))

test-system: $(VENV)/ready  ## tests with real counterparts from Debian (Chromium, cron, Dovecot, OpenSMTPD, nginx, ...)
	! command -v dpkg >/dev/null || dpkg -s $(COUNTERPARTS) >/dev/null 2>&1 || { apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(COUNTERPARTS); }
	$(BIN)/pytest -m system $(if $(TESTS),-x -k $(TESTS))

soak: $(VENV)/ready  ## long runs: a 500 MB mailbox, 200 kills
	$(BIN)/pytest -m soak --timeout 1800

check-mail: $(VENV)/ready  ## the demo's mail by html-validate, axe-core and caniemail (NODE=, CANIEMAIL=, PICTURES= folders)
	$(BIN)/python tools/check_mail.py $(if $(NODE),--node $(NODE)) $(if $(CANIEMAIL),--caniemail $(CANIEMAIL)) \
	  $(if $(PICTURES),--pictures $(PICTURES))

eval: $(VENV)/ready  ## simulated mornings nobody tuned to: precision, recall, each miss and false line by name
	$(BIN)/python tools/eval.py

bench: $(VENV)/ready  ## start-up, compile, memory and growth, as ratios within one run
	$(BIN)/python tools/bench.py

docs: $(VENV)/ready  ## write docs/rules.md and the picture of the demo briefing again
	$(BIN)/python tools/write_docs.py rules
	$(BIN)/python tools/write_docs.py picture

format: $(VENV)/ready  ## rewrite the code in the house style
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(VENV)/ready  ## resolve the dependencies again (needs uv)
	uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
	  --extra dev pyproject.toml -o requirements.lock

clean:  ## remove what the other targets made
	rm -rf $(VENV) out .mypy_cache .ruff_cache .pytest_cache .hypothesis
