"""Take the screenshot of the notebook's widget that the guide shows.

Run it again when the widget or the model of faces changes, and look at the result before
you commit it::

    python docs/figures/notebook_widget.py

It needs the extra ``demo``, selenium, ``pip install voila ipykernel``, and Debian's
packages chromium and chromium-driver. Voila shows what the cells of a notebook display.
"""

import io
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
from PIL import Image
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

PATH = Path(__file__).parents[1] / "images" / "demo_notebook.png"
PORT, WIDTH, HEIGHT = 8867, 640, 1200
CELL = """
from sklearn_revae.demo import explore, load_avatars
explore(*load_avatars())
"""


def open_browser():
    """Return Chromium without a window."""
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for flag in ("headless=new", "no-sandbox", "disable-gpu", "hide-scrollbars"):
        options.add_argument(f"--{flag}")
    service = webdriver.ChromeService(shutil.which("chromedriver"))
    browser = webdriver.Chrome(options=options, service=service)
    size = {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    return browser


def edited_widget(browser):
    """Open the notebook and move a slider: its number is typed beside it."""
    wait = WebDriverWait(browser, 300, 1, ignored_exceptions=[WebDriverException])
    wait.until(lambda page: page.get(f"http://127.0.0.1:{PORT}") is None)
    wait.until(lambda page: len(page.find_elements("css selector", ".revae img")) == 3)
    sliders = browser.find_elements("css selector", ".revae .widget-hslider")
    [slider] = [each for each in sliders if "Dark_Skin" in each.text]
    number = slider.find_element("css selector", ".widget-readout")
    number.click()
    number.send_keys(Keys.CONTROL, "a")
    number.send_keys("0.7", Keys.ENTER)
    widget = browser.find_element("css selector", ".revae")
    wait.until(lambda _: "achieved" in widget.text)
    browser.execute_script("document.activeElement.blur()")
    return widget


def main():
    """Serve a notebook of one cell and save its widget."""
    cell, kernel = nbformat.v4.new_code_cell(CELL), {"name": "python3"}
    kernel |= {"display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(cells=[cell], metadata={"kernelspec": kernel})
    browser = open_browser()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        nbformat.write(notebook, Path(folder, "faces.ipynb"))
        command = [sys.executable, "-m", "voila", "faces.ipynb", "--no-browser"]
        server = subprocess.Popen([*command, f"--port={PORT}"], cwd=folder)
        try:
            picture = edited_widget(browser).screenshot_as_png
        finally:
            browser.quit()
            server.terminate()
            server.wait()
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image.quantize(256).save(PATH, optimize=True)


if __name__ == "__main__":
    main()
