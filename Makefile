# To try the package, you need Python 3.11 or newer and make:
#   make quickstart     install the package, run the quickstart example on digits
#   make test           install the package, run the linters and the tests
# To develop the package (each command installs what it needs):
#   make docs           build the site in docs/_build/html and run the examples once
#   make docs-links     build the site and check its links (ONLINE=1: external links too)
#   make docs-widths    build the site and check that no page scrolls sideways
#   make docs-spelling  check the spelling (needs libenchant-2-2 and hunspell-en-gb)
#   make test-gpu       run the tests that need a CUDA device
#   make dist           build the archives of a release in dist
#   make check-dist     build the archives, install each of them and test it
#   make test-oldest    run the tests with the oldest supported versions
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CONSTRAINTS := constraints.txt
SOURCES := pyproject.toml setup.py $(CONSTRAINTS)

# By default, PyTorch's threads keep their cores busy while they wait for each other. On
# cores that run other work as well, this made a fit 30 times slower. Let them sleep.
export OMP_WAIT_POLICY ?= PASSIVE

.PHONY: help quickstart test test-oldest test-gpu lint dist check-dist docs docs-links \
	docs-widths docs-spelling clean clean-docs

help:
	@sed -n 's/^#   //p' Makefile

quickstart: $(VENV)/.installed
	$(BIN)/python examples/plot_quickstart.py quickstart.png

# The fastest checks run first, and the first failure stops the others.
lint: $(VENV)/.installed-tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

# pytest rewrites every module of an installed package that has a plugin for it, such as
# zarr, in each process. The only plugin that the tests need is xdist. Without bytecode
# on the disk every process, of which some tests start several, would compile the package
# and rewrite the tests.
PYTEST_ENV := PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 PYTEST_DISABLE_PLUGIN_AUTOLOAD=1
XDIST := -p xdist -n 2 --dist worksteal

test: lint
	$(PYTEST_ENV) $(BIN)/python -m pytest $(XDIST)

# The linters are not run here, because only their newest versions are supported.
test-oldest:
	$(MAKE) VENV=.venv-oldest CONSTRAINTS=constraints-oldest.txt .venv-oldest/.installed-tests
	$(PYTEST_ENV) .venv-oldest/bin/python -m pytest $(XDIST) tests

# Without a CUDA device pytest would skip these tests and succeed, so fail here instead.
test-gpu: $(VENV)/.installed-tests
	$(BIN)/python -c 'import sys, torch; \
		sys.exit(None if torch.cuda.is_available() else "There is no CUDA device.")'
	$(BIN)/python -m pytest -m gpu tests

# The wheel is built from the source archive, in an isolated environment with the build
# requirements of pyproject.toml. Its files are dated to the last commit, so that building
# it again gives an identical wheel.
dist: $(VENV)/.installed-tests
	rm -rf dist
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct 2>/dev/null || date +%s) \
		$(BIN)/python -m build
	$(BIN)/python -m twine check --strict dist/*

check-dist: dist
	PYTHON=$(abspath $(BIN))/python .ci/check_dist

# Two examples run in parallel, each on one thread. ONLINE=1 adds links to the
# documentation of other packages, which needs network access.
SPHINX := OMP_NUM_THREADS=1 MPLBACKEND=Agg $(BIN)/python -m sphinx -j 2 -W --keep-going docs
PAGES := docs/_build/html

docs: $(VENV)/.installed-docs
	$(SPHINX) $(PAGES)

docs-links: docs
	$(BIN)/python docs/check_links.py $(PAGES)
	$(if $(filter 1,$(ONLINE)),$(SPHINX) -b linkcheck docs/_build/links)

# Without Chromium and its driver, this says that the widths were not checked.
docs-widths: docs
	$(BIN)/python docs/check_widths.py $(PAGES)

docs-spelling: docs
	$(SPHINX) -b spelling docs/_build/spelling

clean: clean-docs
	rm -rf $(VENV) .venv-oldest dist

clean-docs:
	rm -rf docs/_build docs/auto_examples docs/api/generated docs/api/backreferences

$(VENV)/.created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
		"Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)
	@touch $@

# Install torch first, in exactly the version of constraints.txt. With a version range, pip
# would choose the newest build, which includes several gigabytes of CUDA libraries.
$(VENV)/.installed: $(VENV)/.created $(SOURCES)
	$(BIN)/python -m pip install --quiet "$$(grep '^torch==' $(CONSTRAINTS))"
	$(BIN)/python -m pip install --quiet -c $(CONSTRAINTS) -e '.[plot]'
	@touch $@

$(VENV)/.installed-tests: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet -c $(CONSTRAINTS) -e '.[plot,tests]'
	@touch $@

# Three packages are only installed for their data files. Without them the site can still
# be built, but some of its examples are not run.
$(VENV)/.installed-docs: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet -c $(CONSTRAINTS) -e '.[docs]'
	$(BIN)/python -m pip install --quiet --no-deps \
		river==0.26.1 scanpy==1.11.5 palmerpenguins==0.1.6 || echo "Not installed: the data of some examples."
	@touch $@
