"""The faces of the benchmark, and ground truth of edits: faces redrawn with one label."""

from typing import NamedTuple

import numpy as np
from joblib import Memory
from redrawn import redraw_avatars
from sklearn.preprocessing import OrdinalEncoder
from trained import HOME

from sklearn_revae.datasets import make_avatars
from sklearn_revae.datasets._avatar_faces import RECIPE

# Seed of the faces, and of what a changed label does not determine.
SEED = 0
N_REDRAWS = 4
# What the shipped model does not know, because not all of its edits would be clean: hats,
# which differ so much from each other that they would be blurred, bald heads, on which
# a shadow of the hair could be left, and long hair, which could be ragged.
LEFT_OUT_HAIR = ["hat", "bald"]


class Faces(NamedTuple):
    """Faces with grouped labels.

    Attributes
    ----------
    X : array of uint8 (n, size, size, 3)
    y : array of int (n, L)
        Position of each label's value in `values`.
    names : list of str
    values : list of list
        The values of each label.
    rows : array of int (n,)
        Position of each face among all that are drawn.
    """

    X: np.ndarray
    y: np.ndarray
    names: list
    values: list
    rows: np.ndarray

    def taken(self, rows):
        """Return some of the faces."""
        return self._replace(X=self.X[rows], y=self.y[rows], rows=self.rows[rows])


def resized(images, size):
    """Shrink images (..., 64, 64, 3) to `size` pixels: means over squares of pixels."""
    *leading, height, _, channels = images.shape
    n = height // size
    if n == 1:
        return images
    squares = images.reshape(*leading, size, n, size, n, channels)
    return np.rint(squares.mean(axis=(-4, -2))).astype(np.uint8)


def draw_faces(n_samples, shipped=False):
    """Return the first faces, or the first of those that the shipped model knows.

    Returns
    -------
    images : array of uint8 (n_samples, 64, 64, 3)
    labels : DataFrame (n_samples, L)
        Without the labels that the shipped model does not have, if `shipped`.
    rows : array of int (n_samples,)
        Position of each face among all that are drawn.
    """
    # The shipped model knows 37 % of the faces.
    n_drawn = int(2.8 * n_samples) + 20 if shipped else n_samples
    faces = make_avatars(n_drawn, labels="grouped", random_state=SEED, as_frame=True)
    images, labels, rows = faces.data, faces.target, np.arange(n_drawn)
    if shipped:
        left_out = labels["Hair"].isin(LEFT_OUT_HAIR) | (labels["Long_Hair"] == 1)
        rows = np.flatnonzero(~left_out)[:n_samples]
        labels = labels.drop(columns="Long_Hair")
    return images[rows], labels.iloc[rows].reset_index(drop=True), rows


def load_faces(n_samples, size, shipped=False):
    """Return the same faces, with images of `size` pixels."""
    images, labels, rows = draw_faces(n_samples, shipped)
    encoder = OrdinalEncoder(dtype=int)
    codes = encoder.fit_transform(labels)
    values = [categories.tolist() for categories in encoder.categories_]
    return Faces(resized(images, size), codes, list(labels), values, rows)


@Memory(HOME, verbose=0, compress=1).cache
def _redraw(rows, name, value, settings, recipe):
    """Redraw faces; `recipe` only serves as part of the cache key."""
    return redraw_avatars(rows, name, value, random_state=SEED, **settings)[0]


def drawn_edits(rows, name, value, size):
    """Return faces (n, 4, size, size, 3) with label `name` set to `value`.

    A label does not determine all details (which glasses, for example), so each face is
    redrawn four times with random details. Results are cached on disk.
    """
    settings = {"seed": SEED, "n_redraws": N_REDRAWS}
    return resized(_redraw(rows, name, value, settings, RECIPE), size)
