"""Skip examples whose data are not installed, and say so on their pages.

The source of such an example is still shown, but the example is not run.
"""

import os
import re
from importlib.util import find_spec
from pathlib import Path

_FASHION_MNIST_FILE = "train-images-idx3-ubyte.gz"


def _installed(*modules):
    return all(find_spec(module) is not None for module in modules)


def _has_fashion_mnist():
    folder = os.environ.get("FASHION_MNIST", "/usr/share/datasets/fashion-mnist")
    return Path(folder, _FASHION_MNIST_FILE).exists()


# For each example that needs data or optional packages, a function that returns whether
# they are available. Each of these examples checks for them itself before it starts.
_AVAILABLE = {
    "plot_avatars": lambda: _installed("PIL"),
    "plot_fashion_mnist": _has_fashion_mnist,
    "plot_image_folder": lambda: _installed("python_avatars", "resvg_py", "PIL"),
    "plot_mixed_table": lambda: _installed("palmerpenguins"),
    "plot_partly_labelled": lambda: _installed("river"),
    "plot_single_cell_counts": lambda: _installed("scanpy", "h5py"),
}
_NOTE = """
.. note::

   This page shows no results because the data of the example were not installed when
   the page was built.

"""


def missing():
    """Return the names of the examples that cannot run on this machine."""
    return sorted(name for name, available in _AVAILABLE.items() if not available())


def can_run(examples):
    """Return a regular expression for the paths of the examples that can run."""
    existing = {path.stem for path in Path(examples).rglob("plot_*.py")}
    unknown = [name for name in _AVAILABLE if name not in existing]
    if unknown:
        raise ValueError(
            f"_AVAILABLE in {__file__} names examples that do not exist: {unknown}. "
            "Remove or rename these entries."
        )
    names = "|".join(map(re.escape, missing())) or "$^"
    return rf"{re.escape(os.sep)}(?!(?:{names})\.py)plot_[^{re.escape(os.sep)}]*$"


def add_note(app, docname, source):
    """Insert the note below the title of an example that was not run."""
    if docname.rpartition("/")[2] in missing() and docname.startswith("auto_examples/"):
        # The title is followed by a line that consists of `=` only.
        source[0] = re.sub(r"(\n=+\n)", rf"\1{_NOTE}", source[0], count=1)


def setup(app):
    """Run whenever the source of a page is read."""
    app.connect("source-read", add_note)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
