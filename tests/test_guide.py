"""Tests of the user guide: the examples run, and pages and figures are complete."""

import doctest
import re
from pathlib import Path

import pytest

GUIDE = Path(__file__).parents[1] / "docs" / "guide"
PAGES = sorted(GUIDE.glob("*.rst"))
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
        for figure in re.findall(r"^\.\. plot:: figures/(\S+)$", page.read_text(), re.M)
    }
    assert named == {path.name for path in GUIDE.glob("figures/*.py")} - SHARED


def test_every_page_is_listed_with_a_description():
    index = (GUIDE / "index.rst").read_text()
    for page in PAGES:
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
