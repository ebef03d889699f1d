"""The check that pages do not scroll sideways finds those that do."""

import importlib.util
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
LONG = "a_name_that_does_not_break_" * 3


@pytest.fixture(scope="module")
def check_widths():
    path = DOCS / "check_widths.py"
    spec = importlib.util.spec_from_file_location("check_widths", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def browser(check_widths, tmp_path_factory):
    try:
        browser = check_widths.open_browser(tmp_path_factory.mktemp("chromium"))
    except (ImportError, OSError) as error:
        pytest.skip(str(error))
    yield browser
    browser.quit()


def write_page(folder, body):
    viewport = "<meta name='viewport' content='width=device-width'>"
    page = f"<!doctype html><html><head>{viewport}</head><body>{body}</body></html>"
    (folder / "index.html").write_text(page)


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        (f"<article><p>{LONG}</p></article>", ["at 390 px: <p>"]),
        (f"<table><tr><td>{LONG * 3}</table>", ["at 390 px: <td>", "at 1280 px: <td>"]),
        # The theme lets the column of text scroll, which hides that the text is too wide.
        (
            f"<div style='overflow-x: auto'><article>{LONG}</article></div>",
            ["at 390 px: the page"],
        ),
    ],
)
def test_a_page_that_is_too_wide_is_reported(
    body, faults, check_widths, browser, tmp_path
):
    write_page(tmp_path, body)
    found = check_widths.find_problems(tmp_path, browser)
    assert len(found) == len(faults)
    for line, fault in zip(found, faults, strict=True):
        assert line.startswith(f"index.html: {fault}")


@pytest.mark.parametrize(
    "body",
    ["<p>Short.", f"<article><pre style='overflow-x: auto'>{LONG}</pre></article>"],
)
def test_what_fits_or_scrolls_by_itself_is_not_reported(
    body, check_widths, browser, tmp_path
):
    write_page(tmp_path, body)
    assert check_widths.find_problems(tmp_path, browser) == []


def test_a_folder_without_pages_is_reported(check_widths, tmp_path):
    [found] = check_widths.find_problems(tmp_path, None)
    assert "make docs" in found


def test_without_a_browser_the_check_says_so(check_widths, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(check_widths.shutil, "which", lambda name: None)
    assert check_widths.main(tmp_path) == 0
    assert "not checked" in capsys.readouterr().out
