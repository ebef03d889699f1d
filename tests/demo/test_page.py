"""The page of the shipped model, operated in a browser."""

import json
from urllib.parse import urlsplit

import numpy as np
import pytest
from selenium.webdriver.common.keys import Keys

from sklearn_revae import ReVAEClassifier, persistence
from sklearn_revae.demo._session import Session

# The region of glasses in the 64 x 64 pixels of a drawn face.
GLASSES = np.s_[26:40, 12:52]


@pytest.fixture
def page(serve, visit, avatars):
    return visit(serve(*avatars))


def pick(page, row):
    page.run("document.querySelectorAll('.gallery label')[arguments[0]].click()", row)


def face_without_glasses(avatars):
    """Index of a face that is predicted to have no glasses."""
    model, X = avatars
    glasses = model.predict(X)[:, list(model.label_names_).index("Glasses")]
    return int(np.flatnonzero(glasses == "none")[0])


def test_the_page_opens_with_an_unedited_sample(page, avatars):
    np.testing.assert_array_equal(page.pixels("original"), avatars[1][0])
    np.testing.assert_array_equal(page.pixels("edited"), avatars[1][0])
    reconstruction = avatars[0].reconstruct(avatars[1][:1])[0]
    np.testing.assert_array_equal(page.pixels("reconstruction"), reconstruction)


def test_a_picked_sample_is_shown_and_sets_the_sliders(page, avatars):
    model, X = avatars
    shown = page.changed("original", lambda: pick(page, 7))
    np.testing.assert_array_equal(shown, X[7])
    np.testing.assert_array_equal(page.pixels("edited"), X[7])
    located = dict(zip(model.label_names_, model.locate(X[7:8])[0], strict=True))
    for label, ends in Session(model, X).ends.items():
        value = float(page.slider(label).get_attribute("value"))
        assert value == pytest.approx(np.clip(located[label], *ends), abs=0.003), label


def test_glasses_change_mainly_the_eyes(page, avatars):
    row = face_without_glasses(avatars)
    if row:
        page.changed("original", lambda: pick(page, row))
    before = page.pixels("edited")
    after = page.changed("edited", lambda: page.choose("Glasses", "eyeglasses"))
    change = np.abs(after - before).mean(axis=-1)
    outside = np.ones(change.shape, bool)
    outside[GLASSES] = False
    assert change[GLASSES].mean() > 10
    assert change[GLASSES].mean() > 4 * change[outside].mean()


def test_the_code_reproduces_the_edit(page, avatars):
    page.changed("edited", lambda: page.slide("Smiling", 0.3))
    page.changed("edited", lambda: page.choose("Set Dark_Skin", "yes"))
    page.wait(lambda: "Dark_Skin" in page.code())
    names = dict(zip(("model", "X"), avatars, strict=True))
    exec(page.code(), names)
    np.testing.assert_array_equal(page.pixels("edited"), names["edited"][0])
    link = page.find("#download a")[0]
    assert link.get_attribute("download") == "sample_0_edited.png"
    assert link.get_attribute("href") == page.image_url("edited")


def test_the_report_of_an_edit_is_shown(page):
    page.changed("edited", lambda: page.choose("Facial_Hair", "beard"))
    page.wait(lambda: "Facial_Hair = beard" in page.text("#report"))
    for words in ("achieved, probability", "Other labels", "distribution"):
        assert words in page.text("#report")


def test_setting_a_class_moves_the_slider_and_reset_undoes_it(page, avatars):
    start = page.slider("Dark_Skin").get_attribute("value")
    page.changed("edited", lambda: page.choose("Set Dark_Skin", "yes"))
    page.wait(lambda: page.slider("Dark_Skin").get_attribute("value") != start)
    page.changed("edited", lambda: page.find("#reset")[0].click())
    np.testing.assert_array_equal(page.pixels("edited"), avatars[1][0])
    page.wait(lambda: page.slider("Dark_Skin").get_attribute("value") == start)
    assert not page.find(".set input:checked")


def test_the_donor_gives_the_ticked_labels(page, avatars):
    model, X = avatars
    page.find("#swap button")[0].click()
    page.wait(lambda: len(page.find(".gallery")) == 2)
    page.run(
        "document.querySelectorAll('#donor-labels label')[arguments[0]].click()",
        list(model.label_names_).index("Dark_Skin"),
    )

    def pick_donor():
        page.run("document.querySelectorAll('#swap .gallery label')[5].click()")

    swapped = page.changed("edited", pick_donor)
    np.testing.assert_array_equal(swapped, model.swap(X[:1], X[5:6], ["Dark_Skin"])[0])


def test_draw_again_gives_another_image(page):
    assert not page.find("#draw")[0].is_enabled()
    set_one = page.changed("edited", lambda: page.choose("Hair", "black"))
    draw = page.find("#draw")[0]
    page.wait(draw.is_enabled)
    first = page.changed("edited", draw.click)
    second = page.changed("edited", draw.click)
    assert (first != set_one).any()
    assert (second != first).any()


def test_the_page_can_be_used_with_the_keyboard(page):
    slider = page.slider("Dark_Skin")
    position = float(slider.get_attribute("value"))
    page.changed("edited", lambda: slider.send_keys(Keys.ARROW_RIGHT * 40))
    assert float(slider.get_attribute("value")) == pytest.approx(position + 0.2)
    sample = page.find(".gallery input:checked")[0]
    page.changed("original", lambda: sample.send_keys(Keys.ARROW_DOWN))
    assert page.run("return document.activeElement.value") == "1"
    unnamed = page.run(
        """return [...document.querySelectorAll('input, button, a, textarea')]
        .filter(e => e.offsetParent && e.tabIndex >= 0)
        .filter(e => !(e.ariaLabel || e.innerText || e.title
                       || [...(e.labels ?? [])].some(l => l.textContent.trim())))
        .map(e => e.outerHTML)"""
    )
    assert unnamed == []


def test_an_invalid_model_file_shows_an_error(page, tmp_path):
    bad = tmp_path / "bad.safetensors"
    bad.write_bytes(b"\x80\x04not a model")
    before = page.image_url("edited")
    page.find("input[type=file]")[0].send_keys(str(bad))
    page.wait(lambda: "Not opened" in page.text("#status"))
    assert "bad.safetensors" in page.text("#status")
    assert str(tmp_path) not in page.text("#status")
    assert page.image_url("edited") == before


def test_another_model_opens_only_for_its_user(page, serve, visit, avatars, tmp_path):
    random = np.random.RandomState(0)
    X = random.rand(40, 8, 8)
    model = ReVAEClassifier((8,), max_iter=2, random_state=0)
    path = tmp_path / "own.safetensors"
    persistence.save(model.fit(X, X[:, 0, 0] > 0.5), path)
    page.find("input[type=file]")[0].send_keys(str(path))
    page.wait(lambda: page.find('input[aria-label="range slider for label_0"]'))
    assert page.pixels("edited").shape[:2] == (8, 8)
    assert "own.safetensors" in page.text("#status")
    page.changed("edited", lambda: page.slide("label_0", 0.7))
    page.wait(lambda: "label_0 = " in page.text("#report"))
    # The address does not pretend that it would open this model.
    assert "#" not in page.browser.current_url
    after = visit(serve(*avatars))
    assert after.slider("Smiling")


def test_the_page_requests_resources_only_from_its_server(browser, serve, visit, avatars):
    browser.get_log("performance")
    page = visit(serve(*avatars))
    page.changed("edited", lambda: page.slide("Dark_Skin", 0.7))
    messages = [
        json.loads(entry["message"])["message"]
        for entry in browser.get_log("performance")
    ]
    requested = [
        urlsplit(message["params"]["request"]["url"])
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    ]
    requested = [
        address for address in requested if address.scheme not in ("data", "blob")
    ]
    assert len(requested) > 5
    assert {address.hostname for address in requested} == {"127.0.0.1"}


def test_the_picture_stays_in_sight_on_a_phone(phone, page):
    assert page.run("return document.documentElement.scrollWidth") <= 390
    cut_off = page.run(
        "return [...document.querySelectorAll('#views img, .label input')]"
        ".filter(e => e.getBoundingClientRect().right > 390).length"
    )
    assert cut_off == 0
    scroll = (
        "document.querySelector('#label-6 [type=range]')"
        "?.scrollIntoView({block: 'end'});"
        "return scrollY"
    )
    page.wait(lambda: page.run(scroll) > 300)
    box = page.run("return document.querySelector('#edited img').getBoundingClientRect()")
    assert 0 <= box["top"] < box["bottom"] <= 844


def test_a_slider_has_words_and_a_mark_where_it_began(page):
    words = page.run(
        "return [...document.querySelectorAll('#label-2 label')].map(e => e.innerText)"
    )
    assert words[-2:] == ["no", "yes"]
    page.changed("original", lambda: pick(page, 7))
    value, low, high, began = page.run(
        "const e = document.querySelector('#label-2 [type=range]');"
        "return [e.value, e.min, e.max, getComputedStyle(e).getPropertyValue('--began')]"
        ".map(Number)"
    )
    assert began == pytest.approx((value - low) / (high - low), abs=1e-3)


def test_the_reconstruction_is_behind_a_switch(page):
    shown = "return document.querySelector('#reconstruction').checkVisibility()"
    page.wait(lambda: page.find("#rebuilt input") and not page.run(shown))
    page.find("#rebuilt input")[0].click()
    assert page.run(shown)


def test_the_wipe_uncovers_the_original(page):
    style = "return getComputedStyle(document.querySelector('#edited figure'), '::after')"
    assert page.run(style + ".clipPath") == "inset(0px 100% 0px 0px)"
    assert page.image_url("original") in page.run(style + ".backgroundImage")
    page.run(
        "const e = document.querySelector('#wipe input'); e.value = 30;"
        "e.dispatchEvent(new Event('input'))"
    )
    assert page.run(style + ".clipPath") == "inset(0px 70% 0px 0px)"


def test_a_link_repeats_the_edit(page, browser, visit):
    page.changed("original", lambda: pick(page, 1))
    page.changed("edited", lambda: page.slide("Smiling", 0.3))
    page.changed("edited", lambda: page.choose("Set Dark_Skin", "yes"))
    page.wait(lambda: "is.Dark_Skin=1" in browser.current_url)
    assert browser.current_url.endswith("#sample=1&at.Smiling=0.3&is.Dark_Skin=1")
    expected, position = (
        page.pixels("edited"),
        page.slider("Dark_Skin").get_attribute("value"),
    )
    again = visit(browser.current_url)
    np.testing.assert_array_equal(again.pixels("edited"), expected)
    assert again.find("#label-5 input:checked")[0].get_attribute("value") == "1"
    assert again.slider("Smiling").get_attribute("value") == "0.3"
    assert again.slider("Dark_Skin").get_attribute("value") == position
    assert "'Dark_Skin': 1" in again.code()


def test_a_link_that_does_not_fit_the_page_says_so(serve, visit, avatars):
    page = visit(serve(*avatars) + "#sample=999&is.Hair=purple&is.Dark_Skin=1")
    message = page.text("#message [role=alert]")
    assert "shown without: sample=999, is.Hair=purple." in message
    page.changed("edited", lambda: page.slide("Smiling", 0.3))
    assert "'Dark_Skin': 1" in page.code()
    page.wait(lambda: not page.find("#message p"))


def test_an_error_is_shown_to_the_user(page, monkeypatch):
    def fail(*args):
        raise ValueError("<An error of the model>")

    before = page.image_url("edited")
    with monkeypatch.context() as patch:
        patch.setattr("sklearn_revae.demo._controls.edited", fail)
        page.slide("Smiling", 0.3)
        page.wait(lambda: page.text("#message [role=alert]") == "<An error of the model>")
    assert page.image_url("edited") == before
    page.changed("edited", lambda: page.slide("Smiling", 0.4))
    page.wait(lambda: not page.find("#message p"))


def test_the_report_of_the_edit_before_is_dimmed(page):
    opacity = "return getComputedStyle(document.querySelector('#assessment')).opacity"
    assert page.run(opacity) == "1"
    # The report never comes, because it is requested by a click on this button.
    page.run("document.querySelector('#assess').id = 'later'")
    page.changed("edited", lambda: page.slide("Smiling", 0.3))
    assert float(page.run(opacity)) < 1
    page.run("document.querySelector('#later').click()")
    page.wait(lambda: page.run(opacity) == "1")
    assert "Smiling" in page.text("#report")


def test_a_surprise_sets_labels(page):
    page.changed("edited", page.find("#surprise")[0].click)
    page.wait(lambda: page.find(".set input:checked"))
    page.wait(lambda: "is." in page.browser.current_url)
