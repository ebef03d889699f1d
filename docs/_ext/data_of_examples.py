"""Examples whose data are not on this machine: shown without results, and saying so."""

import os
import re
from importlib.util import find_spec
from pathlib import Path

_GARMENTS = "train-images-idx3-ubyte.gz"


def _has(*modules):
    return all(find_spec(module) is not None for module in modules)


def _has_garments():
    folder = os.environ.get("FASHION_MNIST", "/usr/share/datasets/fashion-mnist")
    return Path(folder, _GARMENTS).exists()


# The file, and whether what it asks for at its beginning is there.
_NEEDS = {
    "plot_avatars": lambda: _has("python_avatars", "resvg_py", "PIL"),
    "plot_fashion_mnist": _has_garments,
    "plot_mixed_table": lambda: _has("palmerpenguins"),
    "plot_partly_labelled": lambda: _has("river"),
    "plot_single_cell_counts": lambda: _has("scanpy", "h5py"),
}
_NOTE = """
.. note::

   This page was built where the data of the example are not installed, so it shows no
   results.

"""


def missing():
    """Names of the examples that cannot run here."""
    return sorted(name for name, is_there in _NEEDS.items() if not is_there())


def can_run(examples):
    """Return the pattern of paths of examples that can run here."""
    unknown = [name for name in _NEEDS if not Path(examples, f"{name}.py").exists()]
    if unknown:
        raise ValueError(f"no examples: {unknown}; mend _NEEDS in {__file__}")
    names = "|".join(map(re.escape, missing())) or "$^"
    return rf"{re.escape(os.sep)}(?!(?:{names})\.py)plot_[^{re.escape(os.sep)}]*$"


def say_so(app, docname, source):
    """Put the note under the title of a page without results."""
    if docname.rpartition("/")[2] in missing() and docname.startswith("auto_examples/"):
        # A title is a line of text above a line of `=` alone.
        source[0] = re.sub(r"(\n=+\n)", rf"\1{_NOTE}", source[0], count=1)


def setup(app):
    """Connect to the reading of pages."""
    app.connect("source-read", say_so)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
