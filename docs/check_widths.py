"""Check that no page scrolls sideways: `python docs/check_widths.py docs/_build/html`.

Every page is laid out in Chromium, as wide as a phone and as wide as a laptop. A table, a
formula or a block of code may be wider than the page if it scrolls by itself.
"""

import shutil
import sys
import tempfile
from pathlib import Path

WIDTHS = (390, 1280)

# Shows the body of another page of the site. The style sheets are not read again, which
# takes most of the time if a page is opened.
_SHOW = """
const [html, address, done] = arguments;
const page = new DOMParser().parseFromString(html, 'text/html');
document.querySelector('base').href = address;
document.body.replaceWith(document.adoptNode(page.body));
Promise.allSettled([...document.images].map(image => image.decode())).then(() => done());
"""

# Returns the elements that are too wide. They lie in the text of the page, and no element
# between them and the text scrolls.
_FIND = """
const text = document.querySelector('article') ?? document.body;
let tooWide = false;
for (let at = text; at; at = at.parentElement)
  tooWide ||= at.scrollWidth > at.clientWidth + 1;
if (!tooWide) return [];
const right = Math.min(text.getBoundingClientRect().right, window.innerWidth) + 1;
const scrolls = element =>
  element !== text &&
  (getComputedStyle(element).overflowX !== 'visible' || scrolls(element.parentElement));
const end = element => {
  const box = element.getBoundingClientRect();
  return box.left + Math.max(box.width, element.scrollWidth);
};
const found = [...text.querySelectorAll('*')].filter(
  element => end(element) > right && !scrolls(element));
return ['', ...found].slice(-1).map(element => element ?
  `<${element.localName}> ${element.textContent.trim().slice(0, 60)}` : 'the page');
"""


def open_browser(folder):
    """Return a headless Chromium that keeps its files in a folder.

    Raises
    ------
    ImportError
        If selenium is not installed.
    OSError
        If Chromium or its driver is not installed.
    """
    from selenium import webdriver

    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        raise OSError("chromium and chromedriver are required")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (
        "headless=new",
        "no-sandbox",
        "disable-gpu",
        "disable-dev-shm-usage",
        "no-first-run",
        "disable-background-networking",
        f"user-data-dir={folder}",
    ):
        options.add_argument(f"--{flag}")
    service = webdriver.ChromeService(executable_path=driver)
    return webdriver.Chrome(options=options, service=service)


def find_problems(root, browser):
    """Return one message for each page and width at which something is too wide."""
    root = Path(root).resolve()
    # HTML files in _static belong to the theme and are not pages.
    pages = [path for path in sorted(root.rglob("*.html")) if "_static" not in path.parts]
    if not pages:
        return [f"{root} contains no pages: run `make docs` first"]
    browser.get((root / "index.html").as_uri())
    browser.execute_script("document.head.append(document.createElement('base'))")
    found = []
    for path in pages:
        html = path.read_text(encoding="utf-8")
        browser.execute_async_script(_SHOW, html, path.as_uri())
        for width in WIDTHS:
            size = {"width": width, "height": 900, "deviceScaleFactor": 1}
            browser.execute_cdp_cmd(
                "Emulation.setDeviceMetricsOverride", {**size, "mobile": False}
            )
            for element in browser.execute_script(_FIND):
                found.append(f"{path.relative_to(root)}: at {width} px: {element}")
    return found


def main(root):
    """Print the problems and return the exit status."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            browser = open_browser(folder)
        except (ImportError, OSError) as error:
            print(f"The widths of the pages were not checked: {error}.")
            return 0
        try:
            lines = find_problems(root, browser)
        finally:
            browser.quit()
    print("\n".join(lines) or "No page scrolls sideways.")
    return bool(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
