"""Whether a tag, the package, the changes and CITATION.cff name the same version.

`python .ci/check_version.py v0.2.0`, before the tag is set; it installs nothing.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def versions(root):
    """Version by the name of the file that says so."""
    patterns = {
        "sklearn_revae/_version.py": r'^__version__ = "(.+)"$',
        "CITATION.cff": r'^version: "?([^"\n]+)"?$',
        # The newest comes first; "(unreleased)" is not yet a date.
        "CHANGELOG.rst": r"^(\d+\.\d+\.\d+) \(\d{4}-\d\d-\d\d\)$",
    }
    found = {}
    for name, pattern in patterns.items():
        match = re.search(pattern, (root / name).read_text(encoding="utf-8"), re.M)
        found[name] = match.group(1) if match else None
    return found


def main(tag):
    """Exit with a message where the files do not say what the tag says."""
    found = versions(ROOT)
    wrong = {name: said for name, said in found.items() if f"v{said}" != tag}
    if wrong:
        sys.exit(f"The tag is {tag}, but there is {wrong}.")
    print(f"{tag}: {', '.join(found)} agree.")


if __name__ == "__main__":
    main(*sys.argv[1:])
