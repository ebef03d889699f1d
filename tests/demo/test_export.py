"""The page that needs no server shows the pixels that Python computes."""

import json
from urllib.parse import urlsplit

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits, load_iris
from torch import nn

from sklearn_revae import ReVAEClassifier, ReVAETransformer
from sklearn_revae.demo import export_html
from sklearn_revae.demo._session import Session

pytest.importorskip("PIL", reason="requires pip install sklearn-revae[demo]")

SETTINGS = {"max_iter": 2, "random_state": 0}


class Page:
    """A page that was opened from disk, and what a user does there."""

    def __init__(self, browser, path):
        self.run = browser.execute_script
        browser.get(path.as_uri())

    def pixels(self, name):
        """Pixels of a view, without the opacity."""
        values = self.run(
            "const c = document.getElementById(arguments[0]);"
            "return [c.height, c.width, ...c.getContext('2d')"
            "  .getImageData(0, 0, c.width, c.height).data]",
            name,
        )
        return np.array(values[2:]).reshape(*values[:2], 4)[..., :3]

    def enter(self, selector, event, value):
        """Set the value of an element, with the event of a user's hand."""
        self.run(
            "const e = document.querySelector(arguments[0]); e.value = arguments[2];"
            "e.dispatchEvent(new Event(arguments[1], {bubbles: true}))",
            selector,
            event,
            value,
        )

    def slide(self, label, position):
        self.enter(f"#label-{label}", "input", position)

    def choose(self, label, code):
        self.enter(f"#class-{label}", "change", code)

    def click(self, selector):
        self.run("document.querySelector(arguments[0]).click()", selector)

    def pick(self, sample):
        self.click(f"#samples input[value='{sample}']")


@pytest.fixture
def open_page(browser, tmp_path):
    """Function that writes the page of a model and opens it."""

    def opened(model, X, **options):
        export_html(model, X, tmp_path / "page.html", **options)
        return Page(browser, tmp_path / "page.html")

    return opened


@pytest.fixture(scope="module")
def faces_file(avatars, tmp_path_factory):
    """The page of the faces that ship with the package."""
    path = tmp_path_factory.mktemp("faces") / "page.html"
    export_html(*avatars, path)
    return path


@pytest.fixture
def faces(browser, faces_file):
    return Page(browser, faces_file)


def shades(model, X, images, **options):
    """Images as the page has to show them."""
    pixels = Session(model, X, **options).images.pixels(images).astype(int)
    return pixels if pixels.ndim == 4 else pixels[..., None].repeat(3, -1)


def assert_same(page, name, expected):
    found = page.pixels(name)
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= 1


def check_edits(page, model, X, row, **options):
    """Compare a page with Python: a slider, a class and both, of the first two labels."""
    names, sample = list(model.label_names_), X[row : row + 1]
    classes = model.classes_ if len(names) > 1 else [model.classes_]
    page.pick(row)
    assert_same(page, "original", shades(model, X, sample, **options)[0])
    reconstruction = shades(model, X, model.reconstruct(sample), **options)[0]
    assert_same(page, "reconstruction", reconstruction)
    assert_same(page, "edited", shades(model, X, sample, **options)[0])
    do, method = {}, {}
    for label, position in enumerate([0.08, 0.9][: len(names)]):
        page.slide(label, position)
        do[names[label]] = classes[label][0 if position < 0.5 else -1]
        method[names[label]] = position
        new = model.intervene(sample, do, method=method)
        assert_same(page, "edited", shades(model, X, new, **options)[0])
    page.choose(0, 1)
    do[names[0]], method[names[0]] = classes[0][1], "transport"
    new = model.intervene(sample, do, method=method, strength=1)
    assert_same(page, "edited", shades(model, X, new, **options)[0])
    page.click("#reset")
    assert_same(page, "edited", shades(model, X, sample, **options)[0])


def test_the_faces_of_the_package(faces, faces_file, avatars):
    model, X = avatars
    assert faces_file.stat().st_size < 12e6
    check_edits(faces, model, X, 7)
    shown = faces.run(
        "return [...document.querySelectorAll('.label input')].map(e => Number(e.value))"
    )
    np.testing.assert_allclose(shown, model.locate(X[7:8])[0].clip(0, 1), atol=0.006)
    # Glasses and sunglasses exclude each other.
    names = list(model.label_names_)
    sunglasses = names.index("Sunglasses")
    (row,) = np.flatnonzero(model.predict(X)[:, names.index("Eyeglasses")])[:1]
    sample = X[row : row + 1]
    faces.pick(row)
    faces.choose(sunglasses, 1)
    expected = model.intervene(sample, {"Sunglasses": 1}, strength=1)
    assert_same(faces, "edited", shades(model, X, expected)[0])
    for code, position in enumerate([0.2, 0.9]):
        faces.slide(sunglasses, position)
        method = {"Sunglasses": position}
        expected = model.intervene(sample, {"Sunglasses": code}, method=method)
        assert_same(faces, "edited", shades(model, X, expected)[0])


@pytest.mark.parametrize("likelihood", ["auto", "continuous_bernoulli"])
def test_flat_images_are_edited_by_all_members(open_page, likelihood):
    X, y = load_digits(return_X_y=True)
    X = X[:200] / 16
    model = ReVAEClassifier((16,), n_members=4, likelihood=likelihood, **SETTINGS)
    model.set_params(image_shape=(8, 8)).fit(X, y[:200])
    X = np.where(np.random.RandomState(0).rand(*X.shape) < 0.01, np.nan, X)[:20]
    check_edits(open_page(model, X), model, X, 3)


@pytest.mark.parametrize("decoder", ["auto", "published"])
@pytest.mark.parametrize("shape", [(17, 20, 3), (3, 20, 17), (16, 16)])
def test_convolutions_and_layouts(open_page, decoder, shape):
    random = np.random.RandomState(0)
    X = random.rand(30, *shape)
    y = np.arange(60).reshape(30, 2) // 2 % 3
    model = ReVAEClassifier(decoder=decoder, **SETTINGS).fit(X, y)
    check_edits(open_page(model, X), model, X, 2)


def test_the_page_requests_nothing(browser, faces_file):
    browser.get_log("performance")
    Page(browser, faces_file).slide(0, 0.9)
    messages = [
        json.loads(entry["message"])["message"]
        for entry in browser.get_log("performance")
    ]
    requested = {
        urlsplit(message["params"]["request"]["url"]).path
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    }
    assert all(path.endswith("page.html") for path in requested)


def test_every_control_has_a_name(faces, avatars):
    unnamed = faces.run(
        """return [...document.querySelectorAll('input, select, button, canvas[id]')]
        .filter(e => !(e.ariaLabel || e.innerText
                       || [...(e.labels ?? [])].some(l => l.textContent.trim())))
        .map(e => e.outerHTML)"""
    )
    assert unnamed == []
    names = faces.run(
        "return [...document.querySelectorAll('.label label')].map(e => e.textContent)"
    )
    assert names == list(avatars[0].label_names_)


def test_names_of_labels_are_text(open_page):
    X, y = np.random.RandomState(0).rand(40, 8, 8), np.arange(40) % 2
    name = "</script><b>&amp;"
    model = ReVAEClassifier((4,), n_members=1, **SETTINGS)
    page = open_page(model.fit(X, pd.Series(y, name=name)), X)
    assert page.run("return document.querySelector('.label label').textContent") == name


def test_a_model_without_labels_has_reconstructions_only(open_page):
    X = np.random.RandomState(0).rand(40, 8, 8)
    model = ReVAETransformer((4,), n_members=1, **SETTINGS).fit(X)
    page = open_page(model, X)
    page.pick(3)
    assert_same(page, "reconstruction", shades(model, X, model.reconstruct(X[3:4]))[0])
    assert page.run("return document.getElementById('after').hidden")


def test_what_cannot_be_shown_raises_an_error(tmp_path):
    path = tmp_path / "page.html"
    X, y = load_iris(return_X_y=True)
    model = ReVAEClassifier((4,), n_members=1, **SETTINGS).fit(X, y)
    with pytest.raises(ValueError, match="samples that are not images"):
        export_html(model, X, path)
    with pytest.raises(ValueError, match="features of the model are not all pixels"):
        export_html(model, X, path, image_shape=(2, 2))
    X = np.random.RandomState(0).rand(150, 4, 4)
    own = ReVAEClassifier((4,), decoder=nn.LazyLinear(16), n_members=1, **SETTINGS)
    own.set_params(decoder=nn.Sequential(nn.LazyLinear(16), nn.Tanh())).fit(X, y)
    with pytest.raises(ValueError, match="a layer of type Tanh"):
        export_html(own, X, path)
    assert not path.exists()
