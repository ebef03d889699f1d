"""The site embeds the page that needs no server, where visitors can use it."""

import re
from pathlib import Path

import numpy as np
import pytest

from sklearn_revae.demo import export_html

pytest.importorskip("PIL", reason="requires pip install sklearn-revae[demo]")

DOCS = Path(__file__).parents[2] / "docs"
PIXELS = """
const c = document.getElementById('edited');
return [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data];"""
SLIDE = """
const slider = document.querySelector('#label-2');
slider.scrollIntoView({block: 'end'});
slider.value = slider.value < 0.5 ? slider.max : slider.min;
slider.dispatchEvent(new Event('input', {bubbles: true}));
const box = document.querySelector('#edited').getBoundingClientRect();
return box.top >= 0 && box.bottom <= innerHeight && box.right <= innerWidth;"""


@pytest.fixture(scope="module")
def front_page(avatars, tmp_path_factory):
    """A page with the frame of the front page, below much else."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "_static").mkdir()
    export_html(*avatars, folder / "_static" / "faces.html")
    frame = re.search(r"<iframe.*?</iframe>", (DOCS / "index.rst").read_text(), re.S)[0]
    style = (DOCS / "_static" / "site.css").read_text()
    (folder / "index.html").write_text(
        "<!doctype html><meta name='viewport' content='width=device-width'>"
        f"<style>{style}</style><article class='bd-article'>"
        f"<div class='front' style='height: 9000px'>Above</div>{frame}</article>"
    )
    return folder / "index.html"


@pytest.fixture
def frame(browser, front_page):
    """Function that opens the page at a width and scrolls to its frame."""
    from selenium.webdriver.support.ui import WebDriverWait

    def opened(width):
        size = {"width": width, "height": 840, "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        browser.get(front_page.as_uri())
        frame = browser.find_element("css selector", "iframe")
        browser.execute_script("arguments[0].scrollIntoView()", frame)
        browser.switch_to.frame(frame)
        ready = "return document.querySelector('main')?.checkVisibility()"
        WebDriverWait(browser, 60, 0.05).until(lambda _: browser.execute_script(ready))
        return browser.execute_script

    yield opened
    browser.switch_to.default_content()
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.mark.parametrize("width", [1280, 390])
def test_a_visitor_of_the_front_page_sees_a_face_that_a_slider_edits(
    width, frame, avatars
):
    run = frame(width)
    X = avatars[1]
    before = np.reshape(run(PIXELS), (64, 64, 4))[..., :3]
    np.testing.assert_array_equal(before, X[0])
    assert run(SLIDE)
    after = np.reshape(run(PIXELS), (64, 64, 4))[..., :3]
    assert (before != after).any()


def test_the_front_page_shows_all_sliders_of_the_demo_on_a_laptop(frame):
    page = "document.documentElement"
    assert frame(1280)(f"return {page}.scrollHeight <= {page}.clientHeight")


def test_the_page_says_that_it_is_loading_until_its_controls_work(browser, front_page):
    page = (front_page.parent / "_static" / "faces.html").read_text(encoding="utf-8")
    partial = front_page.with_name("partial.html")
    # What a browser has shown while it still waits for the model.
    partial.write_text(page.partition('<script type="application/json"')[0])
    browser.get(partial.as_uri())
    text = browser.execute_script("return document.body.innerText")
    assert "Loading" in text
    assert "Reset" not in text
    browser.get((front_page.parent / "_static" / "faces.html").as_uri())
    text = browser.execute_script("return document.body.innerText")
    assert "Loading" not in text
    assert "Reset" in text
