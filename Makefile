# The two commands of the README: `make search` finds a network, `make test` runs the whole suite.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: search test chaos soak install lint bench clean

search: install
	$(BIN)/nas run examples/digits.yaml

test: lint
	$(BIN)/python -m pytest -n auto --dist worksteal --durations=25

chaos: install
	NAS_CHAOS=1 $(BIN)/python -m pytest tests/chaos tests/compose

soak: install
	NAS_CHAOS=1 $(BIN)/python -m pytest tests/chaos/test_soak.py -s

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: install
	$(BIN)/python -m benchmarks.controller
	$(BIN)/python -m benchmarks.training
	$(BIN)/python -m benchmarks.search

install: $(VENV)/installed

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info
