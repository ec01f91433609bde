# Every target does its own set-up; the second time there is nothing left to set up.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
AUDIT ?= ask
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: help demo test lint run bench soak fuzz dist clean

help:
	@echo "make demo    watch an ordinary day turn into a bad buzz, and the page that it sends"
	@echo "make test    every check and every test"
	@echo "make run     start the daemon on buzzwatch.yaml and rules/"
	@echo "make lint    the checks without the tests"
	@echo "make bench   measure all figures again and write them into docs/benchmarks.md"
	@echo "make soak    the long drills"
	@echo "make fuzz    coverage-guided fuzzing of every parser, FUZZ_SECONDS each"
	@echo "make dist    the archive to install from, in dist/; AUDIT=none makes it without asking for known holes"
	@echo "make clean   remove what the others made"

demo: $(VENV)/.package
	@$(BIN)/buzzwatch demo

run: $(VENV)/.package
	@$(BIN)/buzzwatch run

test: lint $(VENV)/.editor
	$(BIN)/python -m pytest -m "not soak" --numprocesses auto --dist loadfile

lint: $(VENV)/.tools
	@sh .ci/programs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.tools
	$(PIP) install --constraint constraints.txt --group bench
	$(BIN)/python benchmarks/report.py

soak: $(VENV)/.tools $(VENV)/.pds
	@test "$$(id -u)" != 0 || { command -v mmdebstrap && command -v systemd-nspawn; } >/dev/null || \
		{ echo "The drill on a booted systemd needs: sudo apt install mmdebstrap systemd-container"; exit 1; }
	$(BIN)/python -m pytest -m soak --timeout 7200

dist: $(VENV)/.tools
	$(BIN)/python tools/dist.py --audit $(AUDIT) $(LOCK)

FUZZ_SECONDS ?= 60
fuzz: $(VENV)/.tools
	$(PIP) install --constraint constraints.txt --group fuzz
	$(BIN)/python tests/fuzz/guided.py $(FUZZ_SECONDS) $(VENV)/fuzz

clean:
	rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/.package: $(VENV)/.pip pyproject.toml constraints.txt
	$(PIP) install --constraint constraints.txt --build-constraint constraints.txt --editable .
	@touch $@

$(VENV)/.tools: $(VENV)/.package
	$(PIP) install --constraint constraints.txt --group dev
	@touch $@

# What editors run on YAML files, from npm; none of its packages runs a script.
$(VENV)/.editor: tests/real/editor/package.json tests/real/editor/package-lock.json | $(VENV)/.tools
	@mkdir -p $(VENV)/editor
	@cp tests/real/editor/package.json tests/real/editor/package-lock.json $(VENV)/editor
	npm ci --prefix $(VENV)/editor --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error
	@touch $@

# A server of Bluesky, from npm. No package runs a script; SQLite for Node is compiled here, for a minute or two.
$(VENV)/.pds: tests/real/pds/package.json tests/real/pds/package-lock.json | $(VENV)/.tools
	@command -v g++ >/dev/null && test -f "$$(node -p 'path.resolve(process.execPath, "../..")')/include/node/node.h" || \
		{ echo "The drill with a server of Bluesky compiles SQLite for Node: sudo apt install g++ libnode-dev"; exit 1; }
	@mkdir -p $(VENV)/pds
	@cp tests/real/pds/package.json tests/real/pds/package-lock.json $(VENV)/pds
	npm ci --prefix $(VENV)/pds --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error
	npm run --prefix $(VENV)/pds --silent build >$(VENV)/pds/build.log 2>&1 || \
		{ tail -n 20 $(VENV)/pds/build.log; echo "SQLite for Node could not be compiled: see $(VENV)/pds/build.log"; exit 1; }
	@touch $@

# Distributions ship a pip that knows neither dependency groups nor build constraints.
$(VENV)/.pip:
	@test -n "$(PYTHON)" && "$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: sudo apt install python3 python3-venv, or make PYTHON=/path/to/python3.11"; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip' 2>/dev/null || \
		{ echo "Python's venv module is not whole: sudo apt install python3-venv"; exit 1; }
	"$(PYTHON)" -m venv $(VENV)
	$(PIP) install --constraint constraints.txt --upgrade pip
	@touch $@
