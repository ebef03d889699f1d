"""The page of the shipped model, driven in a browser."""

import json
from urllib.parse import urlsplit

import numpy as np
import pytest
from selenium.webdriver.common.keys import Keys

from sklearn_revae import ReVAEClassifier, persistence

# Where drawn faces wear glasses, in their 64 by 64 pixels.
GLASSES = np.s_[26:40, 12:52]


@pytest.fixture
def page(serve, visit, avatars):
    return visit(serve(*avatars))


def pick(page, row):
    page.run("document.querySelectorAll('.gallery label')[arguments[0]].click()", row)


def bare_eyed(avatars):
    """Position of a face that the model sees without glasses of any kind."""
    model, X = avatars
    names = list(model.label_names_)
    seen = model.predict(X)[:, [names.index("Eyeglasses"), names.index("Sunglasses")]]
    return int(np.flatnonzero(~seen.astype(bool).any(axis=1))[0])


def test_the_page_opens_on_a_row_that_is_as_it_was(page, avatars):
    np.testing.assert_array_equal(page.pixels("original"), avatars[1][0])
    np.testing.assert_array_equal(page.pixels("edited"), avatars[1][0])
    rebuilt = avatars[0].reconstruct(avatars[1][:1])[0]
    np.testing.assert_array_equal(page.pixels("rebuilt"), rebuilt)


def test_a_picked_row_is_shown_with_its_sliders_where_it_is(page, avatars):
    model, X = avatars
    shown = page.changed("original", lambda: pick(page, 7))
    np.testing.assert_array_equal(shown, X[7])
    np.testing.assert_array_equal(page.pixels("edited"), X[7])
    for label, place in zip(model.label_names_, model.locate(X[7:8])[0], strict=True):
        there = float(page.slider(label).get_attribute("value"))
        assert there == pytest.approx(np.clip(place, 0, 1), abs=0.006), label


def test_the_slider_of_eyeglasses_changes_the_eyes_and_little_else(page, avatars):
    row = bare_eyed(avatars)
    if row:
        page.changed("original", lambda: pick(page, row))
    before = page.pixels("edited")
    place = float(page.slider("Eyeglasses").get_attribute("value"))
    goal = 0.3 + place
    after = page.changed("edited", lambda: page.slide("Eyeglasses", goal))
    change = np.abs(after - before).mean(axis=-1)
    elsewhere = np.ones(change.shape, bool)
    elsewhere[GLASSES] = False
    assert change[GLASSES].mean() > 10
    assert change[GLASSES].mean() > 4 * change[elsewhere].mean()


def test_the_line_of_code_repeats_the_edit(page, avatars):
    page.changed("edited", lambda: page.slide("Smiling", 0.05))
    page.changed("edited", lambda: page.choose("Set Bald", "1"))
    page.wait(lambda: "Bald" in page.code())
    names = dict(zip(("model", "X"), avatars, strict=True))
    exec(page.code(), names)
    np.testing.assert_array_equal(page.pixels("edited"), names["edited"][0])
    link = page.find("#download a")[0]
    assert link.get_attribute("download") == "row_0_edited.png"
    assert link.get_attribute("href") == page.picture("edited")


def test_the_report_stands_below_an_edit(page):
    page.changed("edited", lambda: page.choose("Set Mustache", "1"))
    page.wait(lambda: "Mustache = 1" in page.text("#report"))
    for words in ("reached, probability", "Other labels", "distribution"):
        assert words in page.text("#report")


def test_set_moves_the_slider_and_back_takes_all_back(page, avatars):
    start = page.slider("Dark_Skin").get_attribute("value")
    page.changed("edited", lambda: page.choose("Set Dark_Skin", "1"))
    page.wait(lambda: page.slider("Dark_Skin").get_attribute("value") != start)
    page.changed("edited", lambda: page.find("#reset")[0].click())
    np.testing.assert_array_equal(page.pixels("edited"), avatars[1][0])
    page.wait(lambda: page.slider("Dark_Skin").get_attribute("value") == start)
    assert not page.find(".set input:checked")


def test_another_row_gives_what_is_ticked(page, avatars):
    model, X = avatars
    page.find("#swap button")[0].click()
    page.wait(lambda: len(page.find(".gallery")) == 2)
    page.run(
        "document.querySelectorAll('#gives label')[arguments[0]].click()",
        list(model.label_names_).index("Dark_Skin"),
    )

    def give():
        page.run("document.querySelectorAll('#swap .gallery label')[5].click()")

    swapped = page.changed("edited", give)
    np.testing.assert_array_equal(swapped, model.swap(X[:1], X[5:6], ["Dark_Skin"])[0])


def test_drawing_again_draws_another(page):
    set_one = page.changed("edited", lambda: page.choose("Set Beard", "1"))
    draw = page.find("#draw")[0]
    first = page.changed("edited", draw.click)
    second = page.changed("edited", draw.click)
    assert (first != set_one).any()
    assert (second != first).any()


def test_the_keyboard_does_all(page):
    slider = page.slider("Sunglasses")
    place = float(slider.get_attribute("value"))
    page.changed("edited", lambda: slider.send_keys(Keys.ARROW_RIGHT * 5))
    assert float(slider.get_attribute("value")) == pytest.approx(place + 0.05)
    row = page.find(".gallery input:checked")[0]
    page.changed("original", lambda: row.send_keys(Keys.ARROW_DOWN))
    assert page.run("return document.activeElement.value") == "1"
    nameless = page.run(
        """return [...document.querySelectorAll('input, button, a, textarea')]
        .filter(e => e.offsetParent && e.tabIndex >= 0)
        .filter(e => !(e.ariaLabel || e.innerText || e.title
                       || [...(e.labels ?? [])].some(l => l.textContent.trim())))
        .map(e => e.outerHTML)"""
    )
    assert nameless == []


def test_a_bad_model_file_is_refused_on_the_page(page, tmp_path):
    bad = tmp_path / "bad.safetensors"
    bad.write_bytes(b"\x80\x04no model at all")
    before = page.picture("edited")
    page.find("input[type=file]")[0].send_keys(str(bad))
    page.wait(lambda: "Not opened" in page.text("#status"))
    assert "bad.safetensors" in page.text("#status")
    assert str(tmp_path) not in page.text("#status")
    assert page.picture("edited") == before


def test_another_model_opens_for_its_user_alone(page, serve, visit, avatars, tmp_path):
    random = np.random.RandomState(0)
    X = random.rand(40, 8, 8)
    model = ReVAEClassifier((8,), max_iter=2, random_state=0)
    path = tmp_path / "own.safetensors"
    persistence.save(model.fit(X, X[:, 0, 0] > 0.5), path)
    page.find("input[type=file]")[0].send_keys(str(path))
    page.wait(lambda: page.find('input[aria-label="range slider for label_0"]'))
    assert page.pixels("edited").shape[:2] == (8, 8)
    assert "own.safetensors" in page.text("#status")
    after = visit(serve(*avatars))
    assert after.slider("Smiling")


def test_a_page_asks_nobody_but_its_server(browser, serve, visit, avatars):
    browser.get_log("performance")
    page = visit(serve(*avatars))
    page.changed("edited", lambda: page.slide("Bald", 0.9))
    messages = [
        json.loads(entry["message"])["message"]
        for entry in browser.get_log("performance")
    ]
    asked = [
        urlsplit(message["params"]["request"]["url"])
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    ]
    asked = [address for address in asked if address.scheme not in ("data", "blob")]
    assert len(asked) > 5
    assert {address.hostname for address in asked} == {"127.0.0.1"}


def test_a_phone_shows_it_without_sideways_scrolling(browser, page):
    phone = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    try:
        page.wait(lambda: page.run("return innerWidth") == 390)
        assert page.run("return document.documentElement.scrollWidth") <= 390
        wide = page.run(
            "return [...document.querySelectorAll('#views img, .label input')]"
            ".filter(e => e.getBoundingClientRect().right > 390).length"
        )
        assert wide == 0
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
