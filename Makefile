# Two commands: `make demo` sets up and runs the main job on the bundled data, `make test` sets up and passes the tests.
PYTHON ?= python3
PIP_FLAGS = --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: help demo check test test-cluster lint clean

help:  ## say what the targets do
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /  /'

demo: .venv/installed  ## set up .venv and publish the bundled data to data/published/crime.duckdb
	.venv/bin/iccs run

check: .venv-test/installed lint  ## set up .venv-test, check the code and run the quick tests (two to three minutes the first time)
	.venv-test/bin/python -m pytest -n 2 --dist worksteal -m "not slow"

test: .venv-test/installed lint  ## set up .venv-test, check the code and run every test
	.venv-test/bin/python -m pytest -n 2 --dist loadscope

test-cluster: .venv-cluster/installed  ## set up .venv-cluster, run what needs Spark (and Java 17) or Dask
	.venv-cluster/bin/python -m pytest -rs tests/harmonise/incidents/test_spark.py tests/harmonise/incidents/test_fan_out.py -k "spark or dask"

lint: .venv-test/installed  ## ruff and mypy
	.venv-test/bin/ruff check .
	.venv-test/bin/ruff format --check .
	.venv-test/bin/mypy

.venv/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install $(PIP_FLAGS) --editable .
	@touch $@

.venv-test/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv-test
	.venv-test/bin/python -m pip install $(PIP_FLAGS) --editable '.[dev]'
	@touch $@

.venv-cluster/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv-cluster
	.venv-cluster/bin/python -m pip install $(PIP_FLAGS) --editable '.[spark,dask]' pytest
	@touch $@

clean:  ## remove the environments and everything a run produced
	rm -rf .venv .venv-test .venv-cluster build dist *.egg-info
	rm -rf data/raw data/core data/partitions data/quarantine data/published data/.iccs-work data/faults data/prefect data/.writer.*
