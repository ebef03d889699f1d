"""How long the demo takes to open, and how fast its picture follows a slider.

Run ``python benchmarks/demo.py``; it needs the extra ``demo``, selenium, and Debian's
chromium and chromium-driver. The command is started as a user starts it, and the page is
opened in a real Chromium. A move is timed within the page, from the slider's event to the
first frame after the picture has other pixels. With ``--folder PATH`` it stores pictures of
the page as well, at a desktop's and a phone's width.
"""

import argparse
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import numpy as np
from selenium import webdriver
from selenium.webdriver.support.ui import WebDriverWait

N_STARTS, N_MOVES = 3, 40
LABELS = ("Eyeglasses", "Smiling", "Bald", "Dark_Skin")

# The picture's element is made anew by every answer; decode() ends when it can be painted.
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


def started(arguments=()):
    """A server, its address, and the seconds until it answered."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "sklearn_revae.demo", *arguments]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
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


def photograph(browser, folder):
    """Store the page as a desktop and a phone show it, after an edit."""
    browser.execute_async_script(MOVE, "Eyeglasses", 0.9)
    wait_for(browser, "#report tr")
    for name, width, height in (("desktop", 1280, 1100), ("phone", 390, 844)):
        size = {"width": width, "height": height, "deviceScaleFactor": 1}
        size |= {"mobile": width < 500}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        browser.execute_async_script("setTimeout(arguments[0], 500)")
        browser.save_screenshot(str(folder / f"demo_{name}.png"))


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
    server, address, _ = started()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        browser = opened(folder)
        browser.set_script_timeout(60)
        try:
            start = time.perf_counter()
            browser.get(address)
            wait_for(browser, "#edited img")
            print(f"page drawn: {time.perf_counter() - start:.1f} s")
            times = latencies(browser)
            median, slow = np.percentile(times, [50, 90])
            print(f"slider to pixels: median {median:.0f} ms, 90 % within {slow:.0f} ms")
            if given.folder is not None:
                photograph(browser, given.folder)
        finally:
            browser.quit()
            server.kill()
            server.communicate()


if __name__ == "__main__":
    main()
