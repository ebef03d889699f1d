"""How long the demo takes to open, and how fast its picture follows a slider.

Run ``python benchmarks/demo.py``; it needs the extra ``demo``, selenium, and Debian's
chromium and chromium-driver. The command is started as a user starts it, and the page is
opened in a real Chromium. A move is timed within the page, from the slider's event to the
first frame after the picture has other pixels. With ``--folder docs/images`` it draws the
pictures of the user guide as well.
"""

import argparse
import io
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from selenium import webdriver
from selenium.webdriver.support.ui import WebDriverWait
from sklearn.datasets import load_wine

from sklearn_revae import ReVAEClassifier, persistence

N_STARTS, N_MOVES = 3, 40
LABELS = ("Eyeglasses", "Smiling", "Bald", "Dark_Skin")

# Every answer makes the picture anew; decode() ends when it can be painted.
MOVE = """
const [label, place, done] = arguments;
const slider = document.querySelector(`input[aria-label="range slider for ${label}"]`);
const view = document.querySelector("#edited");
const before = view.querySelector("img").src;
let start;
new MutationObserver((_, watch) => {
  const picture = view.querySelector("img");
  if (!picture || picture.src === before) return;
  watch.disconnect();
  picture.decode().then(() => requestAnimationFrame(
    () => done(performance.now() - start)));
}).observe(view, {childList: true, subtree: true, attributes: true});
slider.value = place;
start = performance.now();
slider.dispatchEvent(new Event("input", {bubbles: true}));
"""


def started(arguments=(), folder=None):
    """A server run in a folder, its address, and the seconds until it answered."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "sklearn_revae.demo", *arguments]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder)
    address = server.stdout.readline().split()[1]
    urllib.request.urlopen(address).close()
    return server, address, time.perf_counter() - start


def opened(folder):
    """A Chromium without a window."""
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in (
        "headless=new",
        "no-sandbox",
        "disable-gpu",
        "no-first-run",
        "disable-background-networking",
        "hide-scrollbars",
        f"user-data-dir={folder}",
    ):
        options.add_argument(f"--{flag}")
    service = webdriver.ChromeService(executable_path="/usr/bin/chromedriver")
    return webdriver.Chrome(options=options, service=service)


def wait_for(browser, selector):
    """Return once an element is there."""
    WebDriverWait(browser, 60, 0.01).until(
        lambda there: there.find_elements("css selector", selector)
    )


def latencies(browser):
    """Milliseconds from the event to other pixels, over several labels and places."""
    places = np.random.RandomState(0).uniform(0.1, 0.9, N_MOVES).round(2)
    times = [
        browser.execute_async_script(MOVE, LABELS[i % len(LABELS)], place)
        for i, place in enumerate(places)
    ]
    # The first calls load what later ones have.
    return np.array(times[5:])


def photograph(browser, path, label, place, width):
    """Store the whole page, so many pixels wide, after one slider was moved."""
    browser.find_element("css selector", "#reset").click()
    WebDriverWait(browser, 60, 0.05).until(
        lambda page: page.find_element("css selector", "#code pre").text.endswith("[[0]]")
    )
    slider = browser.find_element("css selector", f'input[aria-label$=" {label}"]')
    browser.execute_script(
        "arguments[0].value = arguments[1];"
        "arguments[0].dispatchEvent(new Event('input', {bubbles: true}))",
        slider,
        place,
    )
    WebDriverWait(browser, 60, 0.05).until(
        lambda page: str(place) in page.find_element("css selector", "#code pre").text
    )
    size = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    height = "return document.querySelector('.gradio-container').scrollHeight"
    size["height"] = browser.execute_script(height)
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    picture = Image.open(io.BytesIO(browser.get_screenshot_as_png()))
    picture.convert("RGB").quantize(256).save(path, optimize=True)


def wine_files(folder):
    """A model of wines and their rows, as files."""
    X, y = load_wine(return_X_y=True, as_frame=True)
    strong = X.pop("alcohol") > 13
    labels = pd.DataFrame({"cultivar": y, "strong": strong})
    model = ReVAEClassifier(random_state=0).fit(X, labels)
    persistence.save(model, folder / "wine.safetensors")
    X.to_csv(folder / "wine.csv", index=False)
    return ["--model", "wine.safetensors", "--data", "wine.csv"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    loads = []
    for _ in range(N_STARTS):
        server, address, seconds = started()
        loads.append(seconds)
        server.kill()
        server.communicate()
    print(f"start until the page is served: {np.round(loads, 1)} s")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        browser = opened(folder)
        browser.set_script_timeout(60)
        servers = []
        try:
            server, address, _ = started()
            servers.append(server)
            start = time.perf_counter()
            browser.get(address)
            wait_for(browser, "#edited img")
            print(f"page drawn: {time.perf_counter() - start:.1f} s")
            times = latencies(browser)
            median, slow = np.percentile(times, [50, 90])
            print(f"slider to pixels: median {median:.0f} ms, 90 % within {slow:.0f} ms")
            if given.folder is not None:
                given.folder.mkdir(parents=True, exist_ok=True)
                for name, width in (("desktop", 1280), ("phone", 390)):
                    path = given.folder / f"demo_{name}.png"
                    photograph(browser, path, "Eyeglasses", 0.7, width)
                server, address, _ = started(wine_files(Path(folder)), folder)
                servers.append(server)
                browser.get(address)
                wait_for(browser, "#edited table")
                for lock in browser.find_elements("css selector", "#locks label")[:3]:
                    lock.click()
                path = given.folder / "demo_table.png"
                photograph(browser, path, "cultivar", 0.75, 1280)
        finally:
            browser.quit()
            for server in servers:
                server.kill()
                server.communicate()


if __name__ == "__main__":
    main()
