"""Rows that are made one by one: torch data sets and folders of pictures."""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from sklearn_revae._data.storage import Stored
from sklearn_revae._data.tensors import as_numpy

# File extensions of pictures. Pillow's own list includes .h5 and .pdf.
PICTURES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp")
# Number of pictures that are decoded, or items that are made, at the same time.
_ITEM_THREADS = 4


class _Items(Stored):
    """Rows that several threads make one by one.

    Parameters
    ----------
    n : int
        Number of rows. The first row decides their shape and type.
    """

    def __init__(self, n):
        first = self._item(0)
        super().__init__((n, *first.shape), first.dtype)
        self._shape = first.shape

    def _item(self, i):
        """Row `i` as an array."""
        raise NotImplementedError

    def _name(self, i):
        """What messages call row `i`."""
        raise NotImplementedError

    def _checked(self, i):
        item = self._item(i)
        if item.shape != self._shape or item.dtype != self.dtype:
            raise ValueError(
                f"{self._name(i)} has shape {item.shape} and type {item.dtype}, but "
                f"{self._name(0)} has shape {self._shape} and type {self.dtype}. All "
                "rows must have the same shape and type."
            )
        return item.reshape(-1)

    def _read(self, start, stop):
        return self._read_each(np.arange(start, stop))

    def _read_each(self, index):
        rows = np.empty((len(index), self.shape[1]), self.dtype)
        with ThreadPoolExecutor(_ITEM_THREADS) as pool:
            for row, item in zip(rows, pool.map(self._checked, index), strict=True):
                row[:] = item
        return rows


class DatasetRows(_Items):
    """Rows of a map-style torch Dataset; if its items are tuples, their first part.

    A list is such a tuple if its first two entries are arrays of different shapes.

    Parameters
    ----------
    dataset : Dataset
        Several threads index it at the same time.

    Raises
    ------
    TypeError
        If the data set has no length, or its items are dicts.
    ValueError
        If it has no items.
    """

    def __init__(self, dataset):
        self.dataset = dataset
        if not hasattr(dataset, "__len__"):
            raise TypeError(
                f"X is a {type(dataset).__name__} without a length, so its rows cannot "
                "be shuffled. Define its method __len__."
            )
        if len(dataset) == 0:
            raise ValueError(
                f"X must have at least one row, got a {type(dataset).__name__} without "
                "items."
            )
        super().__init__(len(dataset))

    def _item(self, i):
        item = self.dataset[int(i)]
        if isinstance(item, Mapping):
            raise TypeError(
                f"{self._name(i)} is a {type(item).__name__}. Return an array, or a "
                "tuple that begins with one, from the data set."
            )
        is_tuple = isinstance(item, tuple) or _differ_in_shape(item)
        return np.asarray(as_numpy(item[0] if is_tuple else item))

    def _name(self, i):
        return f"Item {i} of X"


def _differ_in_shape(item):
    """Whether an item is a list [x, y], and not a row of numbers or of pixels."""
    if not isinstance(item, list) or len(item) < 2:
        return False
    shape = getattr(item[0], "shape", ())
    return len(shape) > 0 and tuple(shape) != np.shape(item[1])


def picture_names(folder):
    """Names of the pictures in a folder, a list that is sorted as text.

    Parameters
    ----------
    folder : str or Path
        The folder. Files whose extension is in :data:`PICTURES` are pictures. If there is
        none in the folder itself, its sub-folders are searched, and the names are
        "sub-folder/file". Hidden files and folders are ignored.

    Raises
    ------
    ValueError
        If the folder does not exist or contains no pictures.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ValueError(
            f"X={str(folder)!r} is not a directory. Pass a folder of pictures, or an "
            "array."
        )
    visible = _visible(folder)
    names = _pictures_among(visible) or [
        f"{inner}/{name}"
        for inner in visible
        if (folder / inner).is_dir()
        for name in _pictures_among(_visible(folder / inner))
    ]
    if not names:
        raise ValueError(
            f"X={str(folder)!r} contains no pictures. Files such as .png or .jpg must "
            "lie in the folder itself, or in its sub-folders, but not deeper."
        )
    return names


def _visible(folder):
    # macOS puts hidden companions, "._name.png", beside pictures.
    return [name for name in sorted(os.listdir(folder)) if not name.startswith(".")]


def _pictures_among(names):
    return [name for name in names if Path(name).suffix.lower() in PICTURES]


class PictureFolder(_Items):
    """Pictures in a folder, sorted by name; all have the same size and mode.

    Parameters
    ----------
    folder : str or Path
        The folder; see :func:`picture_names`.

    Attributes
    ----------
    names : list of str
        The names of the files.

    Raises
    ------
    ImportError
        If Pillow is not installed.
    ValueError
        If the folder does not exist or contains no pictures.
    """

    def __init__(self, folder):
        try:
            from PIL import Image
        except ImportError as error:
            raise ImportError(
                "Pillow is required to read a folder of pictures. Install it with pip "
                "install pillow."
            ) from error
        self._open = Image.open
        self.names = picture_names(folder)
        self.paths = [Path(folder, name) for name in self.names]
        self._mode = None
        super().__init__(len(self.paths))

    def _item(self, i):
        path = self.paths[i]
        try:
            with self._open(path) as picture:
                mode, pixels = picture.mode, np.asarray(picture)
        except OSError as error:
            raise ValueError(
                f"{self._name(i)} cannot be read as a picture ({error}). Repair it, or "
                "remove it from the folder."
            ) from error
        if mode == "P":
            raise ValueError(
                f"{self._name(i)} has a palette, so its numbers are not intensities. "
                "Save all pictures in mode 'RGB' or 'L'."
            )
        if mode != (self._mode or mode):
            raise ValueError(
                f"{self._name(i)} has mode {mode!r}, but {self._name(0)} has mode "
                f"{self._mode!r}. Save all pictures in the same mode."
            )
        self._mode = mode
        return pixels

    def _name(self, i):
        return f"Picture {str(self.paths[i])!r}"
