"""The model that ships with the package, and faces to try it on."""

from importlib import resources

import numpy as np
from numpy.typing import NDArray

from sklearn_revae._classifier import ReVAEClassifier
from sklearn_revae.persistence import load

# The file avatars.png holds the faces as a square of 10 x 10 tiles.
_SIDE = 10
# Edits of the faces that the demo and the documentation have buttons for.
PRESETS = {
    "Grandparent": {"Hair": "gray", "Glasses": "eyeglasses"},
    "Film star": {"Glasses": "sunglasses", "Smiling": 1},
    "Viking": {"Hair": "red", "Facial_Hair": "beard"},
}


def load_avatars() -> tuple[ReVAEClassifier, NDArray[np.uint8]]:
    """Load a small model of drawn faces with 7 labels, and 100 held-out faces.

    The model was trained by ``benchmarks/demo_model.py`` on 10,000 faces of
    :func:`~sklearn_revae.datasets.make_avatars` with grouped labels, 6 % of them
    labelled. Faces with hats, bald heads or long hair were left out, because not all
    edits of their hair were clean.

    .. versionadded:: 0.2

    Returns
    -------
    model : ReVAEClassifier
        Fitted model.
    X : ndarray of uint8 of shape (100, 64, 64, 3)
        Faces that the model was not trained on, in red, green and blue.

    Raises
    ------
    ImportError
        If Pillow is not installed.

    Examples
    --------
    >>> from sklearn_revae.demo import load_avatars
    >>> model, X = load_avatars()
    >>> blond = model.intervene(X[:1], {"Hair": "blond"})
    >>> blond.shape
    (1, 64, 64, 3)
    """
    from PIL import Image

    files = resources.files("sklearn_revae.demo")
    with resources.as_file(files / "avatars.safetensors") as path:
        model = load(path)
    assert isinstance(model, ReVAEClassifier)
    with (files / "avatars.png").open("rb") as file, Image.open(file) as sheet:
        pixels = np.asarray(sheet.convert("RGB"))
    side = len(pixels) // _SIDE
    tiles = pixels.reshape(_SIDE, side, _SIDE, side, 3).swapaxes(1, 2)
    return model, np.ascontiguousarray(tiles.reshape(-1, side, side, 3))
