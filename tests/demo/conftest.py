"""Served pages, and a browser that opens them."""

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

# Seconds to wait for a response, generous because other tests may keep the machine busy.
TIMEOUT = 60


@pytest.fixture(scope="session")
def avatars():
    """The model that ships with the package and its faces; tests must not modify them."""
    model, X = load_avatars()
    X.setflags(write=False)
    return model, X


@pytest.fixture(scope="session")
def patients():
    """A DataFrame with features of every type, and a model of its two labels."""
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
        (16,),
        n_members=3,
        max_iter=20,
        batch_size=50,
        learning_rate_init=0.01,
        random_state=0,
    )
    return model.fit(X, y), X


def free_port():
    """Return a port that is free."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def serve():
    """Function that serves the page of a model and samples and returns its address."""
    pytest.importorskip("gradio", reason="requires pip install sklearn-revae[demo]")
    pages = {}

    def serve_page(model, X):
        if id(model) not in pages:
            pages[id(model)] = launch(model, X, port=free_port())
        return pages[id(model)].local_url.rstrip("/")

    yield serve_page
    for page in pages.values():
        page.close(verbose=False)


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """A headless Chromium."""
    webdriver = pytest.importorskip(
        "selenium.webdriver", reason="requires pip install selenium"
    )
    binaries = shutil.which("chromium"), shutil.which("chromedriver")
    if None in binaries:
        pytest.skip("requires apt-get install chromium chromium-driver")
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
    driver.set_script_timeout(TIMEOUT)
    yield driver
    driver.quit()


class Page:
    """A page in the browser, with the actions of a user."""

    def __init__(self, browser, address):
        self.browser = browser
        # An address that differs in its fragment only would not load the page again.
        browser.get("about:blank")
        browser.get(address)
        self.wait(lambda: self.find("#views figure, #views table"))

    def wait(self, condition):
        """Return the result of `condition` as soon as it is true."""
        from selenium.common.exceptions import StaleElementReferenceException
        from selenium.webdriver.support.ui import WebDriverWait

        waiting = WebDriverWait(
            self.browser,
            TIMEOUT,
            poll_frequency=0.05,
            ignored_exceptions=[StaleElementReferenceException],
        )
        return waiting.until(lambda _: condition())

    def find(self, selector):
        """All elements that match a CSS selector."""
        return self.browser.find_elements("css selector", selector)

    def run(self, script, *arguments):
        """Result of a script that runs in the page."""
        return self.browser.execute_script(script, *arguments)

    def text(self, selector):
        """Text of an element, empty if it does not exist."""
        return self.run(
            "return document.querySelector(arguments[0])?.innerText ?? ''", selector
        )

    def image_url(self, name):
        """Data URL of the image in a view."""
        return self.run(
            "return document.querySelector(arguments[0] + ' img')?.src", f"#{name}"
        )

    def pixels(self, name):
        """Pixels of the image in a view."""
        from PIL import Image

        content = base64.b64decode(self.image_url(name).partition(",")[2])
        return np.asarray(Image.open(io.BytesIO(content))).astype(int)

    def changed(self, name, act):
        """Pixels of a view after an action that changes them."""
        before = self.image_url(name)
        act()
        self.wait(lambda: self.image_url(name) not in (None, before))
        return self.pixels(name)

    def slider(self, label):
        """Slider of a label."""
        (slider,) = self.find(f'input[aria-label="range slider for {label}"]')
        return slider

    def slide(self, label, position):
        """Move a slider by the event that a user's hand triggers."""
        self.run(
            "arguments[0].value = arguments[1];"
            "arguments[0].dispatchEvent(new Event('input', {bubbles: true}))",
            self.slider(label),
            position,
        )

    def choose(self, name, text):
        """Click on the button with a text in the group with a name, once it exists."""
        click = (
            "for (const l of document.querySelectorAll('fieldset label'))"
            "  if (l.closest('fieldset').getAttribute('aria-label') === arguments[0]"
            "      && l.innerText.trim() === arguments[1]) { l.click(); return true }"
        )
        self.wait(lambda: self.run(click, name, text))

    def code(self):
        """The Python code that the page shows."""
        return self.run("return document.querySelector('#code pre').textContent")


@pytest.fixture
def phone(browser):
    """A screen of 390 pixels width."""
    screen = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    yield
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.fixture
def visit(browser):
    """Function that opens an address in the browser."""
    return lambda address: Page(browser, address)


class Visitor:
    """A client without a browser, which can send anything to the server."""

    def __init__(self, address, name):
        self.address, self.name = address, name
        config = json.loads(self._answer("/config")[1])
        self.own = {tuple(d["targets"][0])[1]: d for d in config["dependencies"]}
        status, answer = self.call(self.own["change"]["id"], [None, ""])
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
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def call(self, function, data):
        """Call one of the handlers of the page; return the status and the answer."""
        body = {"fn_index": function, "data": data, "session_hash": self.name}
        status, answer = self._answer(
            "/gradio_api/run/predict", json.dumps(body).encode()
        )
        return status, json.loads(answer)

    def send(self, label, *data):
        """Call the handler of the component with a label."""
        component = self.labels[label]
        (function,) = (
            d["id"]
            for d in self.layout["dependencies"]
            if d["targets"][0][0] == component
        )
        return self.call(function, [None, *data])

    def upload(self, name, content):
        """Upload a file; return the status and the answer."""
        boundary = b"a-boundary"
        head = (
            f'Content-Disposition: form-data; name="files"; filename="{name}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        ).encode()
        body = b"--%b\r\n%b%b\r\n--%b--\r\n" % (boundary, head, content, boundary)
        kind = "multipart/form-data; boundary=a-boundary"
        return self._answer("/gradio_api/upload", body, kind)

    def open(self, path):
        """Ask the page to open a model file that is on the server."""
        file = {"path": path, "meta": {"_type": "gradio.FileData"}}
        return self.call(self.own["upload"]["id"], [file])


@pytest.fixture
def visitor():
    """The class of visitors, made from an address and a name."""
    return Visitor
