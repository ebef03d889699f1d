"""Rows that are made one by one: torch data sets and folders of pictures."""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from sklearn_revae._data.storage import Stored
from sklearn_revae._data.tensors import as_numpy
from sklearn_revae._warning import warn_user

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
        "sub-folder/file". Hidden files and folders are ignored, and so are deeper
        pictures, with a warning.

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
    names = _pictures_among(_visible(folder))
    if names:
        ignored = _with_pictures(folder)
    else:
        inside = _folders_in(folder)
        names = [
            f"{inner}/{name}"
            for inner in inside
            for name in _pictures_among(_visible(folder / inner))
        ]
        ignored = [
            f"{i}/{deeper}" for i in inside for deeper in _with_pictures(folder / i)
        ]
    if names and ignored:
        warn_user(
            f"X={str(folder)!r} holds pictures in sub-folders that are not read, such as "
            f"{ignored[0]!r}, because other pictures are less deep. Move all pictures to "
            "the same depth."
        )
    if not names:
        raise ValueError(
            f"X={str(folder)!r} contains no pictures. Files such as .png or .jpg must "
            "lie in the folder itself, or in its sub-folders, but not deeper."
        )
    return names


def _visible(folder):
    # macOS puts hidden companions, "._name.png", beside pictures.
    return [name for name in sorted(os.listdir(folder)) if not name.startswith(".")]


def _folders_in(folder):
    with os.scandir(folder) as entries:
        return sorted(e.name for e in entries if e.is_dir() and e.name[0] != ".")


def _with_pictures(folder):
    """The sub-folders that hold pictures, except for those that cannot be opened."""
    return [
        inner
        for inner in _folders_in(folder)
        if os.access(folder / inner, os.R_OK | os.X_OK)
        and _pictures_among(_visible(folder / inner))
    ]


def _pictures_among(names):
    return [name for name in names if Path(name).suffix.lower() in PICTURES]


class PictureFolder(_Items):
    """Pictures in a folder, sorted by name; all have the same size and mode.

    Those with a palette, such as those of GIF files, become RGB.

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
        self._errors = (OSError, SyntaxError, Image.DecompressionBombError)
        self.names = picture_names(folder)
        self.paths = [Path(folder, name) for name in self.names]
        self._mode = None
        super().__init__(len(self.paths))

    def _item(self, i):
        path = self.paths[i]
        try:
            with self._open(path) as picture:
                if picture.mode == "P":
                    # The numbers of a palette are not intensities.
                    picture = picture.convert("RGB")
                mode, pixels = picture.mode, np.asarray(picture)
        except self._errors as error:
            raise ValueError(
                f"{self._name(i)} cannot be read as a picture ({error}). Repair it, or "
                "remove it from the folder."
            ) from error
        if mode != (self._mode or mode):
            raise ValueError(
                f"{self._name(i)} has mode {mode!r}, but {self._name(0)} has mode "
                f"{self._mode!r}. Save all pictures in the same mode."
            )
        self._mode = mode
        return pixels

    def _name(self, i):
        return f"Picture {str(self.paths[i])!r}"
