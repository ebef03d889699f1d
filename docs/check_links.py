"""Check the links of the built site: `python docs/check_links.py docs/_build/html`.

Every link within the site must lead to an existing file and, if it names an anchor, to an
existing anchor. Pages must not load scripts, styles, fonts or images from other sites.
"""

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# Attributes that make the browser load a resource, and attributes that readers follow.
_RESOURCES = {("script", "src"), ("img", "src"), ("link", "href"), ("source", "src")}
_LINKS = {("a", "href"), ("area", "href"), ("object", "data")}


class _Page(HTMLParser):
    """The links, loaded resources and anchors of a page."""

    def __init__(self, path):
        super().__init__()
        self.links, self.resources, self.anchors = set(), set(), {"", "top"}
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.anchors |= {values[name] for name in ("id", "name") if values.get(name)}
        for name, value in attrs:
            if value and (tag, name) in _LINKS:
                self.links.add(value)
            elif value and (tag, name) in _RESOURCES and values.get("rel") != "canonical":
                self.resources.add(value)
            elif value and name == "srcset":
                self.resources |= {part.split()[0] for part in value.split(",")}


def find_problems(root):
    """Return one message for each problem in the pages below `root`."""
    root = Path(root).resolve()
    # HTML files in _static belong to the theme and are not pages.
    pages = {
        path: _Page(path)
        for path in sorted(root.rglob("*.html"))
        if "_static" not in path.parts
    }
    found = []
    for path, page in pages.items():
        name = path.relative_to(root)
        for link in sorted(page.links | page.resources):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                if link in page.resources and parts.scheme != "data":
                    found.append(f"{name}: loads {link} from another site")
                continue
            target = path
            if parts.path:
                target = (path.parent / unquote(parts.path)).resolve()
                if target.is_dir():
                    target /= "index.html"
            anchor = unquote(parts.fragment).partition(":~:")[0]
            if not target.exists():
                found.append(f"{name}: {link} does not exist")
            elif target in pages and anchor not in pages[target].anchors:
                found.append(f"{name}: {link}: the page has no such anchor")
    for path in sorted(root.rglob("*.css")):
        text = path.read_text(encoding="utf-8")
        for address in re.findall(r"(?:url\(|@import)\s*['\"]?(https?:[^'\")]+)", text):
            found.append(f"{path.relative_to(root)}: loads {address} from another site")
    if not pages:
        found.append(f"{root} contains no pages: run `make docs` first")
    return found


if __name__ == "__main__":
    lines = find_problems(sys.argv[1])
    print("\n".join(lines) or "All links are valid.")
    sys.exit(bool(lines))
