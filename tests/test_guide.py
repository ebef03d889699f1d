"""The guide's pages: their examples run, and their figures are those that there are."""

import doctest
import re
from pathlib import Path

import pytest

GUIDE = Path(__file__).parents[1] / "docs" / "guide"
PAGES = sorted(GUIDE.glob("*.rst"))
# What the figures share, and no figure itself.
SHARED = {"digits_model.py"}


def _with_examples():
    return [page for page in PAGES if ">>> " in page.read_text()]


@pytest.mark.parametrize("page", _with_examples(), ids=lambda page: page.stem)
def test_a_page_s_examples_print_what_it_says(page):
    failed, tried = doctest.testfile(
        str(page),
        module_relative=False,
        optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS,
        encoding="utf-8",
    )
    assert tried > 0
    assert failed == 0


def test_every_figure_is_on_a_page_and_there():
    named = {
        figure
        for page in PAGES
        for figure in re.findall(r"^\.\. plot:: figures/(\S+)$", page.read_text(), re.M)
    }
    assert named == {path.name for path in GUIDE.glob("figures/*.py")} - SHARED


def test_every_page_is_listed_with_a_line_on_it():
    index = (GUIDE / "index.rst").read_text()
    for page in PAGES:
        if page.stem != "index":
            assert f"\n   {page.stem}\n" in index
            assert f"\n:doc:`{page.stem}`\n   " in index


# The overview and the demo's page open in their own way.
@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if page.stem not in ("index", "demo")],
    ids=lambda page: page.stem,
)
def test_a_page_begins_with_what_one_gets_from_it(page):
    title, underline, empty, first, *_ = page.read_text().split("\n")
    assert len(underline) == len(title)
    assert empty == ""
    assert first.startswith("You get: ")
