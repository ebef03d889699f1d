"""The page that needs no server shows what Python computes."""

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
        self.browser, self.run = browser, browser.execute_script
        # An address that differs in its fragment only would not load the page again.
        browser.get("about:blank")
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
        self.click(f"#class-{label} input[value='{code}']")

    def wait(self, script):
        """Result of a script as soon as it is true."""
        from selenium.webdriver.support.ui import WebDriverWait

        return WebDriverWait(self.browser, 60, 0.05).until(lambda _: self.run(script))

    def lines(self):
        """Cells of the table, by feature."""
        found = self.run(
            "return [...document.querySelectorAll('#cells tr')].map("
            "r => [...r.cells].map(c => c.textContent).concat(r.className))"
        )
        return {line[0]: line[1:] for line in found}

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
    """Compare a page with Python: sliders and classes of the first two labels."""
    names, sample = list(model.label_names_), X[row : row + 1]
    classes = model.classes_ if len(names) > 1 else [model.classes_]
    page.pick(row)
    assert_same(page, "original", shades(model, X, sample, **options)[0])
    reconstruction = shades(model, X, model.reconstruct(sample), **options)[0]
    assert_same(page, "reconstruction", reconstruction)
    assert_same(page, "edited", shades(model, X, sample, **options)[0])
    do, method, ends = {}, {}, Session(model, X, **options).ends
    for label, name in enumerate(names[:2]):
        if name in ends:
            position = round(ends[name][label] + [0.02, -0.02][label], 3)
            page.slide(label, position)
            do[name], method[name] = classes[label][label], position
        else:
            page.choose(label, 2)
            do[name], method[name] = classes[label][2], "transport"
        new = model.intervene(sample, do, method=method, strength=1)
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
        "return [...document.querySelectorAll('[type=range][name]')].map(e => +e.value)"
    )
    # Labels of more than two values have no slider.
    ends = Session(model, X).ends
    sliders = [list(model.label_names_).index(name) for name in ends]
    located = model.locate(X[7:8])[0, sliders].clip(*np.array(list(ends.values())).T)
    np.testing.assert_allclose(shown, located, atol=0.003)
    # Sunglasses and closed eyes exclude each other.
    names = list(model.label_names_)
    eyes = names.index("Eyes_Closed")
    glasses = model.predict(X)[:, names.index("Glasses")]
    (row,) = np.flatnonzero(glasses == "sunglasses")[:1]
    sample = X[row : row + 1]
    faces.pick(row)
    faces.choose(eyes, 1)
    expected = model.intervene(sample, {"Eyes_Closed": 1}, strength=1)
    assert_same(faces, "edited", shades(model, X, expected)[0])
    for code, position in enumerate([0.3, 0.7]):
        faces.slide(eyes, position)
        method = {"Eyes_Closed": position}
        expected = model.intervene(sample, {"Eyes_Closed": code}, method=method)
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
    # The encoder also reads a mask of the values that are not missing.
    X[random.rand(*X.shape) < 0.01] = np.nan
    y = np.stack([np.arange(30) % 2, np.arange(30) % 3], axis=1)
    model = ReVAEClassifier(decoder=decoder, **SETTINGS).fit(X, y)
    check_edits(open_page(model, X), model, X, 2)


def test_the_page_requests_nothing(browser, faces_file):
    browser.get_log("performance")
    Page(browser, faces_file).slide(2, 0.7)
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
        """return [...document.querySelectorAll('input, button, canvas[role]')]
        .filter(e => !(e.ariaLabel || e.innerText
                       || [...(e.labels ?? [])].some(l => l.textContent.trim())))
        .map(e => e.outerHTML)"""
    )
    assert unnamed == []
    names = faces.run(
        "return [...document.querySelectorAll('.label .name')].map(e => e.textContent)"
    )
    assert names == list(avatars[0].label_names_)


def test_names_of_labels_are_text(open_page):
    X, y = np.random.RandomState(0).rand(40, 8, 8), np.arange(40) % 2
    name = "</script><b>&amp;"
    model = ReVAEClassifier((4,), n_members=1, **SETTINGS)
    page = open_page(model.fit(X, pd.Series(y, name=name)), X)
    assert page.run("return document.querySelector('.name').textContent") == name


def test_a_model_without_labels_has_reconstructions_only(open_page):
    X = np.random.RandomState(0).rand(40, 8, 8)
    model = ReVAETransformer((4,), n_members=1, **SETTINGS).fit(X)
    page = open_page(model, X)
    page.pick(3)
    assert_same(page, "reconstruction", shades(model, X, model.reconstruct(X[3:4]))[0])
    assert page.run("return document.getElementById('after').hidden")


def test_a_slider_ends_one_standard_deviation_beyond_the_means(faces, avatars):
    model, X = avatars
    low, high = faces.run(
        "const e = document.querySelector('#label-2'); return [+e.min, +e.max]"
    )
    # With span=1, the line begins and ends one standard deviation beyond the means.
    ends = model.traverse(X[:1], "Smiling", steps=2, span=1.0)[0]
    for position, expected in zip((low, high), ends, strict=True):
        faces.slide(2, position)
        found = faces.pixels("edited")
        # The ends of a slider are rounded to its steps.
        assert np.abs(found - expected.astype(int)).mean() < 1


def test_a_slider_has_words_a_mark_where_it_began_and_colour_where_it_was_moved(faces):
    faces.pick(7)
    words = faces.run(
        "return [...document.querySelectorAll('#class-2 label')].map(e => e.innerText)"
    )
    assert words == ["no", "yes"]
    slider = "const e = document.querySelector('#label-2'); "
    style = slider + "return ['--began', '--at'].map(n => +e.style.getPropertyValue(n))"
    began, at = faces.run(style)
    assert began == at
    assert "not moved" in faces.run(slider + "return e.ariaValueText")
    faces.slide(2, 0.3)
    after = faces.run(style)
    assert after[0] == began
    assert after[1] != began
    assert faces.run(slider + "return e.ariaValueText") == "no"


def test_the_reconstruction_is_behind_a_switch(faces):
    shown = "return document.getElementById('reconstruction').checkVisibility()"
    assert not faces.run(shown)
    faces.click("#rebuilt")
    assert faces.run(shown)


def test_the_wipe_uncovers_the_original(faces):
    faces.choose(0, 1)
    faces.enter("#wipe", "input", 30)
    np.testing.assert_array_equal(faces.pixels("over"), faces.pixels("original"))
    clip = faces.run("return document.getElementById('over').style.clipPath")
    assert "70%" in clip


def test_a_link_repeats_the_edit(faces, faces_file, browser):
    faces.pick(3)
    faces.slide(2, 0.3)
    faces.choose(5, 1)
    faces.wait("return location.hash.includes('is.Dark_Skin=1')")
    link, expected = browser.current_url, faces.pixels("edited")
    assert "sample=3&at.Smiling=0.3" in link
    browser.get("about:blank")
    browser.get(link)
    np.testing.assert_array_equal(faces.pixels("edited"), expected)
    assert (
        faces.run("return document.querySelector('#class-5 input:checked').value") == "1"
    )
    status = "document.getElementById('status').innerText"
    assert faces.run(f"return {status}") == "Edited: Smiling, Dark_Skin."
    # What the page does not have is left out, and named.
    faces.run("location.hash = 'sample=1e9&at.Smiling=7&is.Dark_Skin=maybe&is.Wings=1'")
    faces.wait("return document.querySelector('#samples input').checked")
    assert faces.run(f"return {status}") == (
        "Not edited. This link does not fit this page. It was shown without: sample=1e9, "
        "at.Smiling=7, is.Dark_Skin=maybe, is.Wings=1."
    )


def test_presets_and_surprises_set_labels(open_page, avatars):
    model, X = avatars
    values = {"Glasses": "eyeglasses", "Smiling": 0}
    page = open_page(model, X, presets={"Bookworm": values})
    page.run(
        "[...document.querySelectorAll('button')]"
        ".find(b => b.innerText === 'Bookworm').click()"
    )
    new = model.intervene(X[:1], values, strength=1)
    assert_same(page, "edited", shades(model, X, new)[0])
    for _ in range(5):
        page.click("#surprise")
        assert 1 <= len(page.run("return Object.keys(chosen)")) <= 2
        same = (
            "return Object.entries(chosen).some(([l, c]) => page.predicted[row][l] === c)"
        )
        assert not page.run(same)
    with pytest.raises(ValueError, match="presets\\['Bad'\\] sets 'Wings' to 1"):
        export_html(model, X, "unused.html", presets={"Bad": {"Wings": 1}})


IN_SIGHT = """
scrollTo(0, document.documentElement.scrollHeight);
const box = document.querySelector(arguments[0]).getBoundingClientRect();
return box.top >= 0 && box.bottom <= innerHeight && box.left >= 0 && box.right <= 390
  && document.documentElement.scrollWidth <= 390"""


def test_the_picture_stays_in_sight_on_a_phone(phone, faces):
    assert faces.run("return document.documentElement.scrollHeight > 1000")
    assert faces.run(IN_SIGHT, "#edited")


@pytest.fixture(scope="module")
def many_labels():
    """Images with a label of seven classes with long names, and 19 labels of two."""
    random = np.random.RandomState(0)
    X = random.rand(70, 8, 8)
    names = [f"a class with a very long name, number {k}" for k in range(7)]
    y = pd.DataFrame({f"label {i}": random.permutation(70) % 2 for i in range(19)})
    y.insert(0, "kind", np.array(names)[np.arange(70) % 7])
    model = ReVAEClassifier((4,), n_members=1, **SETTINGS).fit(X, y)
    X = X[:1].copy()
    X[0, 2, 2] = np.nan
    return model, X, names


def test_classes_are_buttons_and_the_class_of_the_sample_is_marked(
    phone, open_page, many_labels
):
    model, X, names = many_labels
    page = open_page(model, X)
    assert not page.run("return document.querySelector('#label-0')")
    assert page.run("return document.querySelectorAll('[type=range][name]').length") == 19
    texts = page.run(
        "return [...document.querySelectorAll('#class-0 label')].map(e => e.innerText)"
    )
    assert texts == names
    marked = "return document.querySelector('#class-0 .began').innerText"
    assert page.run(marked) == model.predict(X)[0, 0]
    other = int(names[0] == page.run(marked))
    page.choose(0, other)
    new = model.intervene(X, {"kind": names[other]}, strength=1)
    assert_same(page, "edited", shades(model, X, new)[0])
    assert page.run("return document.documentElement.scrollWidth") <= 390


def agrees(text, value):
    """Whether a text shows a value."""
    if isinstance(value, (str, bool, np.bool_)):
        return text == str(value)
    return float(text) == pytest.approx(value, rel=1e-3)


def test_a_table_shows_what_python_computes(phone, open_page, patients):
    model, X = patients
    page = open_page(model, X)
    assert not page.run("return document.getElementById('views').checkVisibility()")
    assert page.run(IN_SIGHT, "#table")
    for row, position, code in [(0, 0.7, 4), (3, 0.3, 0), (9, 0.66, 1)]:
        page.pick(row)
        assert not any(line[-1] for line in page.lines().values())
        page.slide(0, position)
        page.choose(1, code)
        do = {"smokes": "no" if position < 0.5 else "yes", "risk": code}
        method = {"smokes": position, "risk": "transport"}
        sample = X.iloc[[row]]
        new = model.intervene(sample, do, method=method, strength=1)
        lines = page.lines()
        for name, (before, rebuilt, after, change, mark) in lines.items():
            if not pd.isna(sample[name].item()):
                assert agrees(before, sample[name].item()), name
            assert agrees(rebuilt, model.reconstruct(sample)[name].item()), name
            assert agrees(after, new[name].item()), name
            assert (before != after) == bool(mark) == bool(change), name
        assert any(line[-1] for line in lines.values())
    page.pick(3)
    page.choose(0, 1)
    assert page.lines()["volume"][0] == "missing"
    assert page.lines()["volume"][3] == "filled in"


def test_features_of_every_family(open_page):
    random = np.random.RandomState(0)
    n = 120
    y = np.arange(n) % 2
    X = pd.DataFrame(
        {
            "large": 1e6 + 1e5 * y + 3e4 * random.randn(n),
            "member": random.rand(n) < 0.2 + 0.6 * y,
            "grade": random.randint(0, 3, n) + y,
            "stage": pd.Categorical(
                np.array(["low", "mid", "high"])[(y + random.randint(0, 2, n))],
                ["low", "mid", "high"],
                ordered=True,
            ),
            "rate": random.beta(2 + y, 3, n),
            "count": random.poisson(1 + 30 * y),
            "heavy": random.standard_t(2, n) + y,
        }
    )
    likelihood = {"grade": "ordinal", "rate": "beta", "heavy": "student_t"}
    model = ReVAEClassifier(
        (8,), n_members=2, likelihood=likelihood, max_iter=10, random_state=0
    ).fit(X, y)
    page = open_page(model, X)
    for row in range(0, 20, 3):
        page.pick(row)
        page.choose(0, 1 - row % 2)
        new = model.intervene(X.iloc[[row]], 1 - row % 2, strength=1)
        for name, line in page.lines().items():
            assert agrees(line[2], new[name].item()), name


def test_what_cannot_be_shown_raises_an_error(tmp_path):
    path = tmp_path / "page.html"
    X, y = load_iris(return_X_y=True)
    model = ReVAEClassifier((4,), n_members=1, **SETTINGS).fit(X, y)
    with pytest.raises(ValueError, match="features of the model are not all pixels"):
        export_html(model, X, path, image_shape=(2, 2))
    X = np.random.RandomState(0).rand(150, 4, 4)
    own = ReVAEClassifier((4,), decoder=nn.LazyLinear(16), n_members=1, **SETTINGS)
    own.set_params(decoder=nn.Sequential(nn.LazyLinear(16), nn.Tanh())).fit(X, y)
    with pytest.raises(ValueError, match="a layer of type Tanh"):
        export_html(own, X, path)
    assert not path.exists()
