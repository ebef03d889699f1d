"""Pages served and a browser that looks at them."""

import base64
import io
import json
import shutil
import socket
import urllib.error
import urllib.request

import numpy as np
import pandas as pd
import pytest

from sklearn_revae import ReVAEClassifier
from sklearn_revae.demo import launch, load_avatars

# Reads wait for what they ask for; a machine that is busy with other tests is slow.
PATIENCE = 60


@pytest.fixture(scope="session")
def avatars():
    """The shipped model and its rows; tests must leave them as they are."""
    model, X = load_avatars()
    X.setflags(write=False)
    return model, X


@pytest.fixture(scope="session")
def patients():
    """A frame of columns of every kind, and a model of its two labels."""
    random = np.random.RandomState(0)
    n = 200
    smokes = random.rand(n) < 0.4
    age = random.normal(45, 12, n).round()
    X = pd.DataFrame(
        {
            "age": age,
            "visits": random.poisson(1 + 2 * smokes),
            "volume": np.exp(random.normal(1.3 - 0.4 * smokes, 0.2)),
            "plan": np.where(random.rand(n) < 0.5, "basic", "plus"),
            "cough": np.where(random.rand(n) < 0.1 + 0.8 * smokes, "yes", "no"),
        }
    )
    X.loc[3, "volume"] = np.nan
    risk = np.digitize(age, [30, 40, 50, 60])
    y = pd.DataFrame({"smokes": np.where(smokes, "yes", "no"), "risk": risk})
    model = ReVAEClassifier(
        (16,), max_iter=30, batch_size=50, learning_rate_init=0.01, random_state=0
    )
    return model.fit(X, y), X


def free_port():
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def serve():
    """Maker of pages from a model and its rows: their addresses, closed at the end."""
    pytest.importorskip("gradio", reason="pip install sklearn-revae[demo]")
    pages = {}

    def open_page(model, X):
        if id(model) not in pages:
            pages[id(model)] = launch(model, X, port=free_port())
        return pages[id(model)].local_url.rstrip("/")

    yield open_page
    for page in pages.values():
        page.close(verbose=False)


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """A Chromium without a window."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="pip install selenium")
    binaries = shutil.which("chromium"), shutil.which("chromedriver")
    if None in binaries:
        pytest.skip("needs Chromium: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = binaries[0]
    for flag in (
        "headless=new",
        "no-sandbox",
        "disable-gpu",
        "disable-quic",
        "disable-dev-shm-usage",
        "no-first-run",
        "disable-background-networking",
        "disable-component-update",
        "disable-sync",
        "window-size=1280,1000",
        f"user-data-dir={tmp_path_factory.mktemp('chromium')}",
    ):
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
    service = webdriver.ChromeService(executable_path=binaries[1])
    driver = webdriver.Chrome(options=options, service=service)
    driver.set_script_timeout(PATIENCE)
    yield driver
    driver.quit()


class Page:
    """A page in the browser, and what a user does there."""

    def __init__(self, browser, address):
        self.browser = browser
        browser.get(address)
        self.wait(lambda: self.find("#views figure, #views table"))

    def wait(self, condition):
        """Return what `condition` gives as soon as it is true."""
        from selenium.common.exceptions import StaleElementReferenceException
        from selenium.webdriver.support.ui import WebDriverWait

        patience = WebDriverWait(
            self.browser,
            PATIENCE,
            poll_frequency=0.05,
            ignored_exceptions=[StaleElementReferenceException],
        )
        return patience.until(lambda _: condition())

    def find(self, selector):
        """All elements of a selector."""
        return self.browser.find_elements("css selector", selector)

    def run(self, script, *arguments):
        """What a script in the page returns."""
        return self.browser.execute_script(script, *arguments)

    def text(self, selector):
        """What an element says, empty while there is none."""
        return self.run(
            "return document.querySelector(arguments[0])?.innerText ?? ''", selector
        )

    def picture(self, name):
        """Pixels of the picture in a view, and the address that holds them."""
        source = self.run(
            "return document.querySelector(arguments[0] + ' img')?.src", f"#{name}"
        )
        return source

    def pixels(self, name):
        """The pixels of a view."""
        from PIL import Image

        content = base64.b64decode(self.picture(name).partition(",")[2])
        return np.asarray(Image.open(io.BytesIO(content))).astype(int)

    def changed(self, name, act):
        """Do something, and wait until the picture of a view is another."""
        before = self.picture(name)
        act()
        self.wait(lambda: self.picture(name) not in (None, before))
        return self.pixels(name)

    def slider(self, label):
        """The slider of a label."""
        (found,) = self.find(f'input[aria-label="range slider for {label}"]')
        return found

    def slide(self, label, place):
        """Move a slider, as a hand does: by an event of the input itself."""
        self.run(
            "arguments[0].value = arguments[1];"
            "arguments[0].dispatchEvent(new Event('input', {bubbles: true}))",
            self.slider(label),
            place,
        )

    def choose(self, name, text):
        """Click on one of the buttons of a question, once it is there, by their texts."""
        click = (
            "for (const l of document.querySelectorAll('fieldset label'))"
            "  if (l.closest('fieldset').getAttribute('aria-label') === arguments[0]"
            "      && l.innerText.trim() === arguments[1]) { l.click(); return true }"
        )
        self.wait(lambda: self.run(click, name, text))

    def code(self):
        """What stands under "The same in Python"."""
        return self.run("return document.querySelector('#code pre').textContent")


@pytest.fixture
def visit(browser):
    """Maker of pages from addresses."""
    return lambda address: Page(browser, address)


class Visitor:
    """A session of the page without a browser: what one may send to the server."""

    def __init__(self, address, name):
        self.address, self.name = address, name
        config = json.loads(self._answer("/config")[1])
        self.own = {tuple(d["targets"][0])[1]: d for d in config["dependencies"]}
        status, answer = self.call(self.own["load"]["id"], [None])
        assert status == 200
        self.layout = answer["render_config"]
        self.labels = {
            c["props"]["label"]: c["id"]
            for c in self.layout["components"]
            if c["props"].get("label")
        }

    def _answer(self, path, content=None, kind="application/json"):
        request = urllib.request.Request(self.address + path, content)
        request.add_header("content-type", kind)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def call(self, function, data):
        """Status and answer of one of the page's own calls."""
        body = {"fn_index": function, "data": data, "session_hash": self.name}
        status, answer = self._answer(
            "/gradio_api/run/predict", json.dumps(body).encode()
        )
        return status, json.loads(answer)

    def send(self, label, *data):
        """Status and answer of what a component calls, given its label."""
        component = self.labels[label]
        (function,) = (
            d["id"]
            for d in self.layout["dependencies"]
            if d["targets"][0][0] == component
        )
        return self.call(function, [None, *data])

    def upload(self, name, content):
        """Status and answer of an upload."""
        edge = b"a-boundary"
        head = (
            f'Content-Disposition: form-data; name="files"; filename="{name}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        ).encode()
        body = b"--%b\r\n%b%b\r\n--%b--\r\n" % (edge, head, content, edge)
        kind = "multipart/form-data; boundary=a-boundary"
        return self._answer("/gradio_api/upload", body, kind)

    def open(self, path):
        """Status and answer of opening a file that lies on the server."""
        file = {"path": path, "meta": {"_type": "gradio.FileData"}}
        return self.call(self.own["upload"]["id"], [file])


@pytest.fixture
def visitor():
    """Maker of visitors from an address and a name."""
    return Visitor
