"""The page of a table, and of a model without labels, operated in a browser."""

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def page(serve, visit, patients):
    return visit(serve(*patients))


def cells(page):
    """Lines of the table that the page shows, by feature."""
    lines = page.run(
        "return [...document.querySelectorAll('#edited tbody tr')].map("
        "r => [...r.cells].map(c => c.innerText).concat(r.className))"
    )
    return {line[0]: line[1:] for line in lines}


def test_changed_values_are_marked_in_words_and_locked_ones_are_kept(page):
    assert not page.find("#edited tr.changed")
    page.choose("Set smokes", "yes")
    page.wait(lambda: page.find("#edited tr.changed"))
    page.wait(lambda: "smokes" in page.code())
    shown = cells(page)
    changed = [name for name, line in shown.items() if line[4]]
    assert "volume" in changed
    for line in shown.values():
        original, _, new, change, mark = line
        assert (original != new) == bool(mark) == bool(change)
    page.run(
        "[...document.querySelectorAll('#locks label')]"
        ".find(l => l.innerText.trim() === 'volume').click()"
    )
    page.wait(lambda: cells(page)["volume"][3] == "locked")
    assert cells(page)["volume"][0] == cells(page)["volume"][2]
    page.wait(lambda: "keep=['volume']" in page.code())


def test_the_code_computes_the_sample_of_the_table(page, patients):
    page.slide("smokes", 0.62)
    page.wait(lambda: page.find("#edited tr.changed"))
    page.wait(lambda: "smokes" in page.code())
    names = dict(zip(("model", "X"), patients, strict=True))
    exec(page.code(), names)
    assert isinstance(names["edited"], pd.DataFrame)
    shown = cells(page)
    assert float(shown["volume"][2]) == pytest.approx(
        names["edited"]["volume"].item(), rel=1e-3
    )
    assert shown["cough"][2] == names["edited"]["cough"].item()


def test_a_missing_value_is_shown_and_filled_in(page):
    page.run("document.querySelectorAll('.gallery label')[3].click()")
    page.wait(lambda: cells(page)["volume"][0] == "missing")
    page.slide("smokes", 0.62)
    page.wait(lambda: cells(page)["volume"][3] == "filled in")


def test_the_classes_of_a_label_are_buttons_and_that_of_the_sample_is_marked(
    page, patients
):
    model, X = patients
    assert not page.find('input[aria-label="range slider for risk"]')
    texts, marks = page.run(
        "const all = [...document.querySelectorAll('#label-1 .set label')];"
        "return [all.map(e => e.innerText),"
        "        all.map(e => getComputedStyle(e, '::after').content)]"
    )
    assert texts == ["0", "1", "2", "3", "4"]
    predicted = int(model.predict(X.iloc[[0]])[0, 1])
    assert [k for k, mark in enumerate(marks) if "•" in mark] == [predicted]
    page.choose("risk", "4")
    page.wait(lambda: "'risk': 4" in page.code())


def test_a_label_with_very_many_classes_has_a_list(page):
    gradio = pytest.importorskip("gradio")
    from sklearn_revae.demo._controls import _choice

    assert isinstance(_choice("risk", list(range(12)), None, {}), gradio.Radio)
    assert isinstance(_choice("risk", list(range(13)), None, {}), gradio.Dropdown)


def test_the_table_fits_a_phone(phone, page):
    assert page.run("return document.documentElement.scrollWidth") <= 390
    shown = "return document.querySelector('td.rebuilt').checkVisibility()"
    page.wait(lambda: page.find("#rebuilt input") and not page.run(shown))
    page.find("#rebuilt input")[0].click()
    assert page.run(shown)
    assert page.run("return document.documentElement.scrollWidth") <= 390
    box = page.run(
        "return document.querySelector('#edited table').getBoundingClientRect()"
    )
    assert box["right"] <= 390


def test_a_model_without_labels_shows_a_note(serve, visit, quick_transformer):
    X = np.random.RandomState(0).rand(30, 8, 8)
    page = visit(serve(quick_transformer().fit(X), X))
    assert "without labels" in page.text("#no-labels")
    assert not page.find("input[type=range]")
    assert not page.run("return document.querySelector('#surprise')?.checkVisibility()")
    page.changed(
        "original",
        lambda: page.run("document.querySelectorAll('.tiles label')[4].click()"),
    )
