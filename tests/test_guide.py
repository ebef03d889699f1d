"""Tests of the guide and of "Get started": the examples run, and nothing is missing."""

import doctest
import re
from pathlib import Path

import pytest

from sklearn_revae import ReVAEClassifier
from sklearn_revae._parameters import PARAMETERS

DOCS = Path(__file__).parents[1] / "docs"
FOLDERS = [DOCS / "guide", DOCS / "start"]
PAGES = sorted(page for folder in FOLDERS for page in folder.glob("*.rst"))
# A module that the figures import; it does not draw a figure itself.
SHARED = {"digits_model.py"}


def _with_examples():
    return [page for page in PAGES if ">>> " in page.read_text()]


@pytest.mark.parametrize("page", _with_examples(), ids=lambda page: page.stem)
def test_examples_print_the_output_on_the_page(page):
    failed, tried = doctest.testfile(
        str(page),
        module_relative=False,
        optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS,
        encoding="utf-8",
    )
    assert tried > 0
    assert failed == 0


def test_every_figure_exists_and_is_on_a_page():
    named = {
        figure
        for page in PAGES
        for figure in re.findall(
            r"^\.\. plot:: \S*figures/(\S+)$", page.read_text(), re.M
        )
    }
    drawn = {path.name for folder in FOLDERS for path in folder.glob("figures/*.py")}
    assert named == drawn - SHARED


def test_every_page_is_listed_with_a_description():
    for page in PAGES:
        index = (page.parent / "index.rst").read_text()
        if page.stem != "index":
            assert f"\n   {page.stem}\n" in index
            assert f"\n:doc:`{page.stem}`\n   " in index


# The overview and the page of the demo begin in their own way.
@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if page.stem not in ("index", "demo")],
    ids=lambda page: page.stem,
)
def test_a_page_begins_by_saying_what_it_covers(page):
    title, underline, empty, first, *_ = page.read_text().split("\n")
    assert len(underline) == len(title)
    assert empty == ""
    assert first.startswith("This page ")


def test_every_parameter_has_a_line_in_the_table_of_its_group():
    page = (DOCS / "guide" / "parameters.rst").read_text()
    tables = page[page.index("All parameters by purpose") : page.index("The three loss")]
    listed = {}
    for group, table in re.findall(r"^(\w+) +purpose\n(.*?)\n\n", tables, re.M | re.S):
        for name in re.findall(r"^``(\w+)``", table, re.M):
            listed[name] = group
    assert listed == {
        name: PARAMETERS[name].group for name in ReVAEClassifier().get_params()
    }
