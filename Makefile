# Two commands for a fresh machine with Python 3.11 or newer and make:
#   make quickstart   install, run the main job on digits, draw quickstart.png
#   make test         install, then the linters and the tests
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := pyproject.toml setup.py constraints.txt

# torch's threads spin while they wait for each other: on cores busy with other work that
# made a fit 30 times slower. Now they sleep.
export OMP_WAIT_POLICY ?= PASSIVE

.PHONY: help quickstart test lint clean

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

clean:
	rm -rf $(VENV)

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
