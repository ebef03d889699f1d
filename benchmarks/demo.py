"""Startup time of the demo, and the delay between moving a slider and the new image.

Run ``python benchmarks/demo.py``. It requires the extra ``demo``, selenium, and Debian's
packages chromium and chromium-driver. The demo is started from the command line and
opened in Chromium. The delay is measured within the page, from the slider's input event
to the first frame that shows the changed image. With ``--folder docs/images``, the
screenshots of the user guide are taken as well.
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
LABELS = ("Smiling", "Mouth_Open", "Dark_Skin", "Eyes_Closed")

# Every response replaces the image. decode() resolves when the image can be displayed.
MOVE = """
const [label, position, done] = arguments;
const slider = document.querySelector(`input[aria-label="range slider for ${label}"]`);
const view = document.querySelector("#edited");
const before = view.querySelector("img").src;
let start;
new MutationObserver((_, watch) => {
  const image = view.querySelector("img");
  if (!image || image.src === before) return;
  watch.disconnect();
  image.decode().then(() => requestAnimationFrame(
    () => done(performance.now() - start)));
}).observe(view, {childList: true, subtree: true, attributes: true});
slider.value = position;
start = performance.now();
slider.dispatchEvent(new Event("input", {bubbles: true}));
"""


def start_server(arguments=(), folder=None):
    """Start the demo; return its process, address and startup time in seconds."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "sklearn_revae.demo", *arguments]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder)
    address = server.stdout.readline().split()[1]
    urllib.request.urlopen(address).close()
    return server, address, time.perf_counter() - start


def open_browser(folder):
    """Start Chromium without a window, with its profile in `folder`."""
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
    """Wait until an element exists."""
    WebDriverWait(browser, 60, 0.01).until(
        lambda page: page.find_elements("css selector", selector)
    )


def latencies(browser):
    """Return the delays in milliseconds for moves of several sliders."""
    positions = np.random.RandomState(0).uniform(0.3, 0.7, N_MOVES).round(2)
    times = [
        browser.execute_async_script(MOVE, LABELS[i % len(LABELS)], position)
        for i, position in enumerate(positions)
    ]
    # The first calls are slower, because they load modules.
    return np.array(times[5:])


def take_screenshot(browser, path, label, position, width):
    """Move one slider and save a screenshot of the page, `width` pixels wide."""
    browser.find_element("css selector", "#reset").click()
    WebDriverWait(browser, 60, 0.05).until(
        lambda page: page.find_element("css selector", "#code pre").text.endswith("[[0]]")
    )
    slider = browser.find_element("css selector", f'input[aria-label$=" {label}"]')
    browser.execute_script(
        "arguments[0].value = arguments[1];"
        "arguments[0].dispatchEvent(new Event('input', {bubbles: true}))",
        slider,
        position,
    )
    WebDriverWait(browser, 60, 0.05).until(
        lambda page: str(position) in page.find_element("css selector", "#code pre").text
    )
    size = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    height = "return document.querySelector('.gradio-container').scrollHeight"
    size["height"] = browser.execute_script(height)
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    screenshot = Image.open(io.BytesIO(browser.get_screenshot_as_png()))
    screenshot.convert("RGB").quantize(256).save(path, optimize=True)


def wine_files(folder):
    """Save a model of wines and its data, and return the arguments that open them."""
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
    arguments = parser.parse_args()
    startup_times = []
    for _ in range(N_STARTS):
        server, address, seconds = start_server()
        startup_times.append(seconds)
        server.kill()
        server.communicate()
    print(f"time until the page is served: {np.round(startup_times, 1)} s")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        browser = open_browser(folder)
        browser.set_script_timeout(60)
        servers = []
        try:
            server, address, _ = start_server()
            servers.append(server)
            start = time.perf_counter()
            browser.get(address)
            wait_for(browser, "#edited img")
            print(
                f"time until the page is displayed: {time.perf_counter() - start:.1f} s"
            )
            times = latencies(browser)
            median, slow = np.percentile(times, [50, 90])
            print(
                f"slider to image: median {median:.0f} ms, 90th percentile {slow:.0f} ms"
            )
            if arguments.folder is not None:
                arguments.folder.mkdir(parents=True, exist_ok=True)
                for name, width in (("desktop", 1280), ("phone", 390)):
                    path = arguments.folder / f"demo_{name}.png"
                    take_screenshot(browser, path, "Dark_Skin", 0.7, width)
                server, address, _ = start_server(wine_files(Path(folder)), folder)
                servers.append(server)
                browser.get(address)
                wait_for(browser, "#edited table")
                for lock in browser.find_elements("css selector", "#locks label")[:3]:
                    lock.click()
                path = arguments.folder / "demo_table.png"
                take_screenshot(browser, path, "strong", 0.7, 1280)
        finally:
            browser.quit()
            for server in servers:
                server.kill()
                server.communicate()


if __name__ == "__main__":
    main()
