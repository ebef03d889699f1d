# Two commands for a fresh machine with Python 3.11 or newer and make:
#   make quickstart   install, run the main job on digits, draw quickstart.png
#   make test         install, then the linters and the tests
# And for who works on the package; each installs what it needs:
#   make docs           the site, in docs/_build/html; the gallery's scripts run once
#   make docs-links     the site, then its links; those out of it with ONLINE=1
#   make docs-spelling  the site's words; needs Debian's libenchant-2-2, hunspell-en-gb
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := pyproject.toml setup.py constraints.txt

# torch's threads spin while they wait for each other: on cores busy with other work that
# made a fit 30 times slower. Now they sleep.
export OMP_WAIT_POLICY ?= PASSIVE

.PHONY: help quickstart test lint docs docs-links docs-spelling clean clean-docs

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

# Examples run beside each other, a thread each. ONLINE=1 resolves the names of other
# packages, which needs a network.
SPHINX := OMP_NUM_THREADS=1 MPLBACKEND=Agg $(BIN)/python -m sphinx -W --keep-going docs
PAGES := docs/_build/html

docs: $(VENV)/.installed-docs
	$(SPHINX) $(PAGES)

docs-links: docs
	$(BIN)/python docs/check_links.py $(PAGES)
	$(if $(filter 1,$(ONLINE)),$(SPHINX) -b linkcheck docs/_build/links)

docs-spelling: docs
	$(SPHINX) -b spelling docs/_build/spelling

clean: clean-docs
	rm -rf $(VENV)

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
	$(BIN)/python -m pip install --quiet "$$(grep '^torch==' constraints.txt)"
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[plot]'
	@touch $@

$(VENV)/.installed-tests: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[plot,tests]'
	@touch $@

# Three packages are for their data files. Without them the site is built too, and says so.
$(VENV)/.installed-docs: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[docs]'
	$(BIN)/python -m pip install --quiet --no-deps \
		river==0.26.1 scanpy==1.11.5 palmerpenguins==0.1.6 || echo "Not installed: data."
	@touch $@
