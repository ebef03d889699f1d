"""sphinx-gallery: the order of the examples, and a hook that runs before each of them."""

import os
from pathlib import Path

from sklearn_revae._notebook import DOCUMENTATION_VARIABLE

# From introductory to specialised. Examples that are not listed come last, by name.
ORDER = [
    "plot_quickstart.py",
    "plot_interventions.py",
    "plot_avatars.py",
    "plot_table_counterfactual.py",
    "plot_mixed_table.py",
    "plot_missing_values.py",
    "plot_partly_labelled.py",
    "plot_fashion_mnist.py",
    "plot_single_cell_counts.py",
]
EXAMPLES = Path(__file__).parents[2] / "examples"


class ReadingOrder:
    """Sort key for the examples of a folder."""

    def __init__(self, src_dir):
        self.src_dir = src_dir

    def __call__(self, name):
        """Return the position in ORDER, followed by the name."""
        position = ORDER.index(name) if name in ORDER else len(ORDER)
        return (position, name)

    def __repr__(self):
        # Sphinx compares this text to find out whether the configuration has changed.
        return f"ReadingOrder({ORDER})"


def link_to_these_pages(gallery_conf, fname):
    """Make estimators displayed by an example link to the pages of this build."""
    if fname is None:  # called for a folder rather than for an example
        return
    [example] = EXAMPLES.rglob(Path(fname).name)
    depth = len(example.relative_to(EXAMPLES).parents)
    os.environ[DOCUMENTATION_VARIABLE] = "/".join([".."] * depth)
