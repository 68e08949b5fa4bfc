# `make run` serves Regard, `make test` runs every test. Each sets up all it needs.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
MODEL ?= transformer-fr-en
CORPUS ?= data/$(or $(if $(filter %-fr-en,$(MODEL)),fra-eng),$(if $(filter %-ko-en,$(MODEL)),ko-en),$(if $(filter %-ko,$(MODEL)),ko),stories)

.PHONY: run test check format train bench clean

run: $(VENV)/run.stamp
	@exec $(PY) server.py

test: $(VENV)/dev.stamp
	@REGARD_BROWSER="$$($(PY) -m scripts.browser)" && export REGARD_BROWSER && $(PY) -m pytest

check: $(VENV)/dev.stamp
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	$(PY) -m pytest -q -m "not slow and not browser"

format: $(VENV)/dev.stamp
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

train: $(VENV)/dev.stamp
	$(PY) -m training.train --model $(MODEL) --corpus $(CORPUS)
	$(PY) -m training.measure --model $(MODEL) --corpus $(CORPUS)
	$(PY) -m training.export --model $(MODEL) --corpus $(CORPUS) --out build/$(MODEL)

bench: $(VENV)/dev.stamp
	@REGARD_BROWSER="$$($(PY) -m scripts.browser)" && export REGARD_BROWSER && $(PY) -m benchmarks.latency

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Regard needs Python 3.11 or newer, and $(PYTHON) is not. Name another one: make run PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "$(PYTHON) could not make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }

$(VENV)/run.stamp: requirements.txt | $(PY)
	@echo "Installing what Regard needs into $(VENV): about 1 GB, a few minutes, once."
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/dev.stamp: requirements.txt requirements-dev.txt | $(PY)
	@echo "Installing what Regard and its tests need into $(VENV): over 1 GB, a few minutes, once."
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@ $(VENV)/run.stamp
