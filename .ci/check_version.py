"""Check that a tag, the package, the changelog and CITATION.cff state the same version.

Run `python .ci/check_version.py v0.2.0` before you create the tag. It needs no packages.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def versions(root):
    """Return the version that each file states."""
    patterns = {
        "sklearn_revae/_version.py": r'^__version__ = "(.+)"$',
        "CITATION.cff": r'^version: "?([^"\n]+)"?$',
        # Find the newest release, which comes first; "(unreleased)" does not match.
        "CHANGELOG.rst": r"^(\d+\.\d+\.\d+) \(\d{4}-\d\d-\d\d\)$",
    }
    found = {}
    for name, pattern in patterns.items():
        match = re.search(pattern, (root / name).read_text(encoding="utf-8"), re.M)
        found[name] = match.group(1) if match else None
    return found


def main(tag):
    """Exit with a message if a file states another version than the tag."""
    found = versions(ROOT)
    wrong = {name: stated for name, stated in found.items() if f"v{stated}" != tag}
    if wrong:
        sys.exit(f"The tag is {tag}, but these files state another version: {wrong}.")
    print(f"{tag}: {', '.join(found)} agree.")


if __name__ == "__main__":
    main(*sys.argv[1:])
