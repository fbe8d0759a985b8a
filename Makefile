# Two commands set everything up: `make demo` and `make test`. Both work in a fresh clone with python3 (>= 3.11), venv and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := $(shell find gpuctl -type f -not -path '*/__pycache__/*' -print) pyproject.toml

.PHONY: demo test lint unit bench audit completions lock clean help

help:            ## these lines
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## */\t/'

demo: $(VENV)/installed  ## install gpuctl into .venv and diagnose the embedded sample cluster
	@$(BIN)/gpuctl doctor --demo

test: $(VENV)/dev $(VENV)/installed  ## install what the tests need, build and start the real parts, run everything
	@bash tests/run

lint: $(VENV)/dev  ## ruff, mypy --strict, import-linter
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

unit: $(VENV)/dev  ## only what needs no control plane
	$(BIN)/python -m pytest -n 2 -m "not control_plane and not bench"

bench: $(VENV)/dev $(VENV)/installed  ## measure, and print docs/benchmarks.md's tables
	$(BIN)/python -m tests.bench $(PART)

audit: $(VENV)/dev  ## scaffold a new audit: make audit NAME=family/code_with_underscores
	$(BIN)/python -m tests.scaffold $(NAME)

completions: $(VENV)/dev  ## regenerate completions/
	$(BIN)/python -m gpuctl.cli.completions completions

lock: $(VENV)/uv  ## lock all versions with hashes again
	$(BIN)/uv pip compile -q --generate-hashes --no-annotate --no-header --universal --python-version 3.11 pyproject.toml -o requirements/run.txt
	$(BIN)/uv pip compile -q --generate-hashes --no-annotate --no-header --universal --python-version 3.11 -c requirements/run.txt pyproject.toml requirements/dev.in -o requirements/dev.txt
	$(BIN)/uv pip compile -q --generate-hashes --no-annotate --no-header --universal --python-version 3.11 requirements/uv.in -o requirements/uv.txt
	$(BIN)/uv pip compile -q --generate-hashes --no-annotate --no-header --universal --python-version 3.11 requirements/go.in -o requirements/go.txt

clean:           ## remove what make made here
	rm -rf $(VENV) build *.egg-info

$(VENV)/uv: requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "gpuctl needs Python 3.11 or newer")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

$(VENV)/run: $(VENV)/uv requirements/run.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --compile-bytecode -r requirements/run.txt
	@touch $@

$(VENV)/dev: $(VENV)/run requirements/dev.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.txt
	@touch $@

$(VENV)/installed: $(VENV)/run $(SOURCES)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --compile-bytecode --reinstall-package gpuctl-diagnostics .
	@touch $@
