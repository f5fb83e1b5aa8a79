# Two commands: `make demo` sets up and runs the main job on the bundled data, `make test` sets up and passes the tests.
PYTHON ?= python3
# Tests and demos start many processes; without compiled modules each of them would compile the package again.
unexport PYTHONDONTWRITEBYTECODE
# Tests write thousands of small files and wait for the disk at each: they are written in memory, where there is room.
ROOMY := $(shell df --output=avail -k /dev/shm 2>/dev/null | awk 'NR == 2 && $$1 > 8000000 {print "/dev/shm"}')
IN_MEMORY = $(if $(ROOMY),TMPDIR=$$(mktemp -d $(ROOMY)/iccs-tests.XXXXXX) && export TMPDIR && trap 'rm -rf "$$TMPDIR"' EXIT INT TERM;)
PIP_FLAGS = --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: help demo check test test-long test-cluster lint audit clean

help:  ## say what the targets do
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /  /'

demo: .venv/installed  ## set up .venv and publish the bundled data to data/published/crime.duckdb
	.venv/bin/iccs run

check: .venv-test/installed lint  ## set up .venv-test, check the code and run the quick tests (about four minutes, the first time)
	$(IN_MEMORY) .venv-test/bin/python -m pytest -n 2 --dist worksteal -m "not slow"

test: .venv-test/installed lint  ## set up .venv-test, check the code and run the tests, but for the long ones (about eight minutes, the first time)
	$(IN_MEMORY) .venv-test/bin/python -m pytest -n 2 --dist loadscope -m "not long"

test-long: .venv-test/installed  ## run the tests that try one moment, part or case after the other, wait, kill or install (tests/conftest.py names them)
	.venv-test/bin/python -m pytest -n 3 --dist loadscope -m long

test-cluster: .venv-cluster/installed  ## set up .venv-cluster, run what needs Spark (and Java 17) or Dask
	.venv-cluster/bin/python -m pytest -rs tests/harmonise/incidents/test_spark.py tests/harmonise/incidents/test_fan_out.py -k "spark or dask"

lint: .venv-test/installed  ## ruff and mypy
	.venv-test/bin/ruff check .
	.venv-test/bin/ruff format --check .
	.venv-test/bin/mypy

audit: .venv/installed .venv-audit/installed  ## list parts and licences of .venv (build/audit), and ask for known vulnerabilities
	@mkdir -p build/audit
	.venv-audit/bin/cyclonedx-py environment --output-reproducible --output-file build/audit/sbom.cdx.json .venv/bin/python
	.venv-audit/bin/pip-licenses --python .venv/bin/python --format markdown --with-urls --output-file build/audit/licences.md
	@.venv-audit/bin/pip-audit --strict --skip-editable --path "$$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" || \
		{ echo "audit: NOT PASSED. Either a part has a known vulnerability (listed above), or the advisory service (pypi.org) cannot be reached: then nothing is known, and nothing is said to be safe." >&2; exit 1; }

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

.venv-audit/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv-audit
	.venv-audit/bin/python -m pip install $(PIP_FLAGS) --editable '.[audit]'
	@touch $@

clean:  ## remove the environments and everything a run produced
	rm -rf .venv .venv-test .venv-cluster .venv-audit build dist *.egg-info
	rm -rf data/raw data/core data/partitions data/quarantine data/published data/.iccs-work data/faults data/prefect data/.writer.*
