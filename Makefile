# The two commands of the README: `make search` finds a network, `make test` runs the whole suite.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: search test coverage chaos soak install lint site bench clean

search: install
	$(BIN)/nas run examples/digits.yaml

test: lint
	$(BIN)/python -m pytest -n auto --dist worksteal --durations=25

coverage: install
	rm -f .coverage .coverage.*
	$(BIN)/coverage run -m pytest -n auto --dist worksteal
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --skip-covered --sort=cover

chaos: install
	NAS_CHAOS=1 $(BIN)/python -m pytest tests/chaos tests/compose

soak: install
	NAS_CHAOS=1 $(BIN)/python -m pytest tests/chaos/test_soak.py -s

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo --no-cache
	$(BIN)/mypy

site: $(VENV)/site-installed
	$(BIN)/mkdocs build --strict

bench: install
	$(BIN)/python -m benchmarks.controller
	$(BIN)/python -m benchmarks.training
	$(BIN)/python -m benchmarks.search

install: $(VENV)/installed

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

$(VENV)/site-installed: $(VENV)/installed mkdocs.yml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[docs]'
	touch $@

clean:
	rm -rf $(VENV) build dist site *.egg-info .coverage .coverage.*
