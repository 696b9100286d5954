# Everything a newcomer types. `make` alone lists it.

PYTHON ?= python3
VENV = .venv
BIN = $(VENV)/bin
LOCKED = $(VENV)/.locked
STAMP = $(VENV)/.stamp
PIP = $(BIN)/python -m pip -qq --disable-pip-version-check --no-input

help:
	@echo "make setup   a .venv that holds orch and its tools, from the hash-pinned lock"
	@echo "make demo    a shutdown and its way back on simulated hosts, here on this machine"
	@echo "make test    all tests"
	@echo "make check   format, lint, types, and who may import whom"
	@echo "make golden  write the expected pages of tests/scenarios anew; review the diff"
	@echo "make fuzz    hostile files and selectors, more than make test tries (EXAMPLES=50000 SEED=1)"
	@echo "make simulate  a million nights in a virtual world: crashes, lying hosts, full disks (SEEDS=1000000 FROM=0 JOBS=2)"
	@echo "make kill    kill -9 at every failpoint and at random, on the twin and on real sshd (COUNT=10000 SEED=0)"
	@echo "make netns   real sshd and real services in network namespaces: cuts, power, nights (root; SEED=1 SEEDS=4)"
	@echo "make bench   the numbers, as ratios"
	@echo "make lock    resolve the dependencies anew (needs uv)"
	@echo "make clean   remove .venv and every cache"

setup: $(STAMP)
	@echo "ready: $(BIN)/orch"

# A changed lock makes a new .venv, a changed pyproject.toml only installs orch again, otherwise this is
# instant. All that pip downloads is checked against the lock, and orch is built with the lock's setuptools.
$(LOCKED): requirements-dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "orch needs Python 3.11 or newer, and $(PYTHON) is not. Name another: make setup PYTHON=python3.12" >&2; exit 2; }
	@echo "setup: a new $(VENV) from requirements-dev.lock"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $(LOCKED)

$(STAMP): $(LOCKED) pyproject.toml
	@$(PIP) install --no-deps --no-build-isolation --no-index -e .
	@touch $(STAMP)

demo: $(STAMP)
	@demo/run

# Four workers on two cores: most of the time is spent waiting for hosts.
test: $(STAMP)
	@$(BIN)/python -m pytest -n 4 --dist worksteal

# After a change that is meant to change plans: read the diff before you commit it.
golden: $(STAMP)
	@$(BIN)/python -m tests.scenarios.regenerate

EXAMPLES = 5000
SEED = 0

fuzz: $(STAMP)
	@$(BIN)/python -m tests.fuzz --examples $(EXAMPLES) --seed $(SEED)

# Three hundred kills are in make test; this many take an hour or two. It says which failpoint no process died at.
COUNT = 10000

kill: $(STAMP)
	@ORCH_LONG=1 $(BIN)/python -m pytest -n 2 tests/kill/test_mutants.py
	@$(BIN)/python -m tests.kill --count $(COUNT) --seed $(SEED)

# A slice of it is in make test. Needs root, iproute2, nftables, nginx, Redis and PostgreSQL, and says what is missing.
SEEDS = 4

netns: $(STAMP)
	@ORCH_LONG=1 SEED=$(SEED) SEEDS=$(SEEDS) $(BIN)/python -m pytest -n 2 -rs tests/netns

# Ten thousand nights are in make test; this many take some hours. One seed: python -m tests.simulate SEED
FROM = 0
JOBS = 2

simulate: SEEDS = 1000000
simulate: $(STAMP)
	@$(BIN)/python -m tests.simulate --seeds $(SEEDS) --from $(FROM) --jobs $(JOBS)

# All four run even if one fails: everything that is wrong, at once.
check: $(STAMP)
	@status=0; places=; \
	for place in orchestrator tests bench; do if [ -d $$place ]; then places="$$places $$place"; fi; done; \
	echo "format:  ruff format --check"; $(BIN)/ruff format --quiet --check . || status=1; \
	echo "lint:    ruff check";          $(BIN)/ruff check --quiet . || status=1; \
	echo "types:   mypy";                $(BIN)/mypy --no-error-summary $$places || status=1; \
	echo "imports: lint-imports";        $(BIN)/lint-imports --no-logo || status=1; \
	if [ $$status -eq 0 ]; then echo "check: all well"; else echo "check: see above" >&2; fi; exit $$status

bench: $(STAMP)
	@$(BIN)/python -m bench

# docs/decisions/0002-hash-pinned-locks.md says why uv resolves and pip installs.
LOCK = uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
    --no-header --no-emit-index-url --no-emit-find-links --annotation-style line pyproject.toml

lock:
	@$(LOCK) $(LOCKFLAGS) -o requirements.lock
	@$(LOCK) $(LOCKFLAGS) -c requirements.lock --extra dev -o requirements-dev.lock
	@$(LOCK:pyproject.toml=bench/requirements-peers.in) $(LOCKFLAGS) -o bench/requirements-peers.lock

clean:
	@rm -rf $(VENV) .venv-bench .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist *.egg-info
	@find orchestrator tests bench -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

.PHONY: help setup demo test check bench lock clean golden fuzz kill netns simulate
