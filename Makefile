# Two commands for a fresh machine with Python 3.11 or newer and make:
#   make quickstart   install, run the main job on digits, draw quickstart.png
#   make test         install, then the linters and the tests
# And for who works on the package; each installs what it needs:
#   make docs           the site, in docs/_build/html; the gallery's scripts run once
#   make docs-links     the site, then its links; those out of it with ONLINE=1
#   make docs-spelling  the site's words; needs Debian's libenchant-2-2, hunspell-en-gb
#   make test-gpu       the tests that need a CUDA device
#   make dist           the archives of a release, in dist
#   make check-dist     these, installed elsewhere and used
#   make test-oldest    the tests with the oldest versions that are supported
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CONSTRAINTS := constraints.txt
SOURCES := pyproject.toml setup.py $(CONSTRAINTS)

# torch's threads spin while they wait for each other: on cores busy with other work that
# made a fit 30 times slower. Now they sleep.
export OMP_WAIT_POLICY ?= PASSIVE

.PHONY: help quickstart test test-oldest test-gpu lint dist check-dist docs docs-links \
	docs-spelling clean clean-docs

help:
	@sed -n 's/^#   //p' Makefile

quickstart: $(VENV)/.installed
	$(BIN)/python examples/plot_quickstart.py quickstart.png

# The cheap checks come first; each line that fails stops the rest.
lint: $(VENV)/.installed-tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

test: lint
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2

# Not the linters, whose newest versions alone are used.
test-oldest:
	$(MAKE) VENV=.venv-oldest CONSTRAINTS=constraints-oldest.txt .venv-oldest/.installed-tests
	OMP_NUM_THREADS=1 .venv-oldest/bin/python -m pytest -n 2 tests

# Where there is none its tests would be skipped, and all seem well.
test-gpu: $(VENV)/.installed-tests
	$(BIN)/python -c 'import sys, torch; \
		sys.exit(None if torch.cuda.is_available() else "There is no CUDA device.")'
	$(BIN)/python -m pytest -m gpu tests

# The wheel is made from the sources' archive, in an environment of pyproject.toml's own.
# The wheel's files bear the time of the last commit: who builds it again gets the same.
dist: $(VENV)/.installed-tests
	rm -rf dist
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct 2>/dev/null || date +%s) \
		$(BIN)/python -m build
	$(BIN)/python -m twine check --strict dist/*

check-dist: dist
	PYTHON=$(abspath $(BIN))/python .ci/check_dist

# Examples run beside each other, a thread each. ONLINE=1 resolves the names of other
# packages, which needs a network.
SPHINX := OMP_NUM_THREADS=1 MPLBACKEND=Agg $(BIN)/python -m sphinx -j 2 -W --keep-going docs
PAGES := docs/_build/html

docs: $(VENV)/.installed-docs
	$(SPHINX) $(PAGES)

docs-links: docs
	$(BIN)/python docs/check_links.py $(PAGES)
	$(if $(filter 1,$(ONLINE)),$(SPHINX) -b linkcheck docs/_build/links)

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

# torch goes first, at the one version of constraints.txt: left to a range, pip would
# take the newest build, with gigabytes of CUDA.
$(VENV)/.installed: $(VENV)/.created $(SOURCES)
	$(BIN)/python -m pip install --quiet "$$(grep '^torch==' $(CONSTRAINTS))"
	$(BIN)/python -m pip install --quiet -c $(CONSTRAINTS) -e '.[plot]'
	@touch $@

$(VENV)/.installed-tests: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet -c $(CONSTRAINTS) -e '.[plot,tests]'
	@touch $@

# Three packages are for their data files. Without them the site is built too, and says so.
$(VENV)/.installed-docs: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet -c $(CONSTRAINTS) -e '.[docs]'
	$(BIN)/python -m pip install --quiet --no-deps \
		river==0.26.1 scanpy==1.11.5 palmerpenguins==0.1.6 || echo "Not installed: data."
	@touch $@
