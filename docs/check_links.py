"""Check the links of built pages: `python docs/check_links.py docs/_build/html`.

Every link within the site must lead to a file, and to an anchor that is there. Nothing
that a page needs to be seen (scripts, styles, fonts, pictures) may come from elsewhere.
"""

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# Attributes by which a page loads something, and those by which a reader goes on.
_LOADS = {("script", "src"), ("img", "src"), ("link", "href"), ("source", "src")}
_LEADS = {("a", "href"), ("area", "href"), ("object", "data")}


class _Page(HTMLParser):
    """The links and the anchors of a page."""

    def __init__(self, path):
        super().__init__()
        self.links, self.loads, self.anchors = set(), set(), {"", "top"}
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.anchors |= {values[name] for name in ("id", "name") if values.get(name)}
        for name, value in attrs:
            if value and (tag, name) in _LEADS:
                self.links.add(value)
            elif value and (tag, name) in _LOADS and values.get("rel") != "canonical":
                self.loads.add(value)
            elif value and name == "srcset":
                self.loads |= {part.split()[0] for part in value.split(",")}


def faults(root):
    """Return what is wrong with the pages below `root`, a line each."""
    root = Path(root).resolve()
    # What lies in _static is the theme's, and no page.
    pages = {
        path: _Page(path)
        for path in sorted(root.rglob("*.html"))
        if "_static" not in path.parts
    }
    found = []
    for path, page in pages.items():
        name = path.relative_to(root)
        for link in sorted(page.links | page.loads):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                if link in page.loads and parts.scheme != "data":
                    found.append(f"{name}: loads {link} from elsewhere")
                continue
            target = path
            if parts.path:
                target = (path.parent / unquote(parts.path)).resolve()
                if target.is_dir():
                    target /= "index.html"
            anchor = unquote(parts.fragment).partition(":~:")[0]
            if not target.exists():
                found.append(f"{name}: {link} leads nowhere")
            elif target in pages and anchor not in pages[target].anchors:
                found.append(f"{name}: {link} has no such anchor")
    for path in sorted(root.rglob("*.css")):
        text = path.read_text(encoding="utf-8")
        for address in re.findall(r"(?:url\(|@import)\s*['\"]?(https?:[^'\")]+)", text):
            found.append(f"{path.relative_to(root)}: loads {address} from elsewhere")
    if not pages:
        found.append(f"{root} holds no pages: run `make docs` first")
    return found


if __name__ == "__main__":
    lines = faults(sys.argv[1])
    print("\n".join(lines) or "Every link leads somewhere.")
    sys.exit(bool(lines))
