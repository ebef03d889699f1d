"""What sphinx-gallery asks of a project: an order, and what precedes an example."""

import os
from pathlib import Path

from sklearn_revae._html import DOCUMENTATION_VARIABLE

# From the first look to what is special; an example without a place comes last.
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
    """Sort key of the examples of a folder."""

    def __init__(self, src_dir):
        self.src_dir = src_dir

    def __call__(self, name):
        """Return the place of a file, the rest by name."""
        place = ORDER.index(name) if name in ORDER else len(ORDER)
        return (place, name)

    def __repr__(self):
        # The order is a part of the configuration: a change of it is one of that.
        return f"ReadingOrder({ORDER})"


def link_to_these_pages(gallery_conf, fname):
    """Let estimators that an example shows link to this build's own pages."""
    if fname is None:  # a folder is entered
        return
    [example] = EXAMPLES.rglob(Path(fname).name)
    depth = len(example.relative_to(EXAMPLES).parents)
    os.environ[DOCUMENTATION_VARIABLE] = "/".join([".."] * depth)
