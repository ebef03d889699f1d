"""X that need not be held in memory: stored arrays, data sets and folders of pictures.

All of them behind one face, :class:`Stored`: rows of numbers that are read when they are
asked for, by a slice or by an array of indices.
"""

import math
import mmap
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import scipy.sparse
from torch.utils.data import Dataset, IterableDataset

# From this size of X as single precision on, rows are converted batch by batch.
LARGEST_COPY = 2**30
# Rows are read in runs of about so many bytes.
BLOCK_BYTES = 2**22
# Reading on is cheaper than starting again so many bytes further.
_GAP_BYTES = 2**16
# How the names of pictures end; Pillow's own list has .h5 and .pdf.
PICTURES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp")
# Pictures that are decoded, or items that are made, at the same time.
_ITEM_THREADS = 4


class Stored:
    """Rows (n, n_features) that are read when they are asked for.

    Parameters
    ----------
    shape : tuple
        (n,) and the shape of one row, which is a picture if it has several axes.
    dtype : dtype
        Of the numbers.

    Attributes
    ----------
    shape : tuple
        (n, n_features).
    image_shape : tuple or None
        Shape of the pictures that the rows are.
    block_rows : int or None
        Number of rows that are best read together; None where it makes no difference.

    Raises
    ------
    ValueError
        If there are no rows, no columns, or no numbers.
    """

    def __init__(self, shape, dtype):
        if len(shape) < 2:
            raise ValueError(
                f"X has shape {tuple(shape)}: it should hold rows of numbers, shape "
                "(n_samples, n_features), or pictures."
            )
        if 0 in shape:
            raise ValueError(
                f"X has shape {tuple(shape)}: at least one row and one column is needed."
            )
        kind = getattr(dtype, "kind", "O")
        if kind not in "iufb":
            raise ValueError(
                f"X holds values of type {dtype}: store numbers, or pass a table of "
                "categories as a data frame."
            )
        self.shape = (int(shape[0]), math.prod(shape[1:]))
        self.image_shape = None if len(shape) == 2 else tuple(map(int, shape[1:]))
        self.dtype = np.dtype(dtype)
        self.block_rows = max(1, BLOCK_BYTES // self.row_bytes)
        self._gap_rows = max(1, _GAP_BYTES // self.row_bytes)

    @property
    def row_bytes(self):
        """Size of a row."""
        return self.shape[1] * self.dtype.itemsize

    def __len__(self):
        return self.shape[0]

    def __getitem__(self, index):
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            if step == 1:
                return self._rows(self._read(start, max(start, stop)))
            index = np.arange(start, stop, step)
        return self._rows(self._read_each(np.asarray(index)))

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self[:], dtype=dtype)

    def _rows(self, read):
        return np.asarray(read).reshape(-1, self.shape[1])

    def _read(self, start, stop):
        """Rows from `start` up to `stop`."""
        raise NotImplementedError

    def _read_each(self, index):
        """Rows at `index`, an array of integers in any order."""
        ordered, places = np.unique(index, return_inverse=True)
        rows = np.empty((len(ordered), self.shape[1]), self.dtype)
        far = np.diff(ordered) > self._gap_rows
        # However near its rows are, no run is longer than a block.
        breaks = np.flatnonzero(far | (np.diff(ordered // self.block_rows) > 0)) + 1
        for run in np.split(np.arange(len(ordered)), breaks):
            if len(run):
                first = ordered[run[0]]
                read = self._rows(self._read(first, ordered[run[-1]] + 1))
                rows[run] = read[ordered[run] - first]
        return rows[places]


class StoredArray(Stored):
    """An array of HDF5, zarr or their like, read in whole chunks of its own.

    Parameters
    ----------
    array : object
        Has `shape`, `dtype`, `chunks` (or None) and slices that are arrays.
    """

    def __init__(self, array):
        super().__init__(array.shape, array.dtype)
        self.array = array
        if array.chunks is not None:
            # A part of a chunk is decompressed as the whole of it.
            chunk = int(np.max(array.chunks[0]))
            self.block_rows = max(self.block_rows // chunk, 1) * chunk
            self._gap_rows = max(self._gap_rows, chunk)

    def _read(self, start, stop):
        return self.array[start:stop]


class MappedArray(Stored):
    """Rows of a memory-mapped file, which are let go of as soon as they are read.

    Parameters
    ----------
    array : ndarray (n, n_features)
        A view of `source`.
    source : memmap
        The array that holds the map.
    """

    def __init__(self, array, source):
        super().__init__(array.shape, array.dtype)
        self.array = array
        # Changes to a private copy live in its pages alone.
        private = source.mode == "c" or not hasattr(mmap, "MADV_DONTNEED")
        self._map = None if private else source._mmap

    def _read(self, start, stop):
        return self._released(np.array(self.array[start:stop]))

    def _read_each(self, index):
        return self._released(self.array[index])

    def _released(self, rows):
        # Pages that were read count as memory of this process until it needs others.
        if self._map is not None:
            self._map.madvise(mmap.MADV_DONTNEED)
        return rows


class _Items(Stored):
    """Rows that are made one by one, by several threads at once."""

    def __init__(self, n):
        first = self._item(0)
        super().__init__((n, *first.shape), first.dtype)
        self._shape = first.shape

    def _item(self, i):
        """Row `i` as an array."""
        raise NotImplementedError

    def _name(self, i):
        """What a message calls row `i`."""
        raise NotImplementedError

    def _checked(self, i):
        item = self._item(i)
        if item.shape != self._shape or item.dtype != self.dtype:
            raise ValueError(
                f"{self._name(i)} has shape {item.shape} and type {item.dtype}, but "
                f"{self._name(0)} has {self._shape} and {self.dtype}: give all the same "
                "size and type."
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
    """Rows of a map-style torch Dataset; of items that are tuples the first part.

    Parameters
    ----------
    dataset : Dataset
        Its items may be asked for by several threads at once.
    """

    def __init__(self, dataset):
        self.dataset = dataset
        if not hasattr(dataset, "__len__"):
            raise TypeError(
                f"X is a {type(dataset).__name__} without a length: give it __len__, so "
                "that its rows can be shuffled."
            )
        if len(dataset) == 0:
            raise ValueError("X is a Dataset without items: at least one is needed.")
        super().__init__(len(dataset))

    def _item(self, i):
        item = self.dataset[int(i)]
        return np.asarray(item[0] if isinstance(item, tuple) else item)

    def _name(self, i):
        return f"Item {i} of X"


class PictureFolder(_Items):
    """Pictures of a folder in the order of their names, all of one size and mode.

    Parameters
    ----------
    folder : str or Path
        Its files whose names end as :data:`PICTURES` do, not those of its subfolders.
    """

    def __init__(self, folder):
        try:
            from PIL import Image
        except ImportError as error:
            raise ImportError(
                "Pictures in a folder are read by Pillow: pip install pillow."
            ) from error
        self._open = Image.open
        folder = Path(folder)
        if not folder.is_dir():
            raise ValueError(
                f"X={str(folder)!r} is no folder: pass a folder of pictures, or an array."
            )
        self.paths = [
            folder / name
            for name in sorted(os.listdir(folder))
            # Other systems leave hidden companions beside pictures.
            if Path(name).suffix.lower() in PICTURES and not name.startswith(".")
        ]
        if not self.paths:
            raise ValueError(
                f"X={str(folder)!r} holds no picture: it should have files such as .png "
                "or .jpg itself; its subfolders are not looked into."
            )
        self._mode = None
        super().__init__(len(self.paths))

    def _item(self, i):
        path = self.paths[i]
        try:
            with self._open(path) as picture:
                mode, pixels = picture.mode, np.asarray(picture)
        except OSError as error:
            raise ValueError(
                f"{self._name(i)} cannot be read as a picture ({error}): take it out of "
                "the folder, or mend it."
            ) from error
        if mode == "P":
            raise ValueError(
                f"{self._name(i)} has a palette, whose numbers are no shades: save it, "
                "and all others, in mode 'RGB' or 'L'."
            )
        if mode != (self._mode or mode):
            raise ValueError(
                f"{self._name(i)} is of mode {mode!r}, but {self._name(0)} is of "
                f"{self._mode!r}: save all in one mode."
            )
        self._mode = mode
        return pixels

    def _name(self, i):
        return f"Picture {str(self.paths[i])!r}"


class SomeRows(Stored):
    """Some rows of others, without a copy.

    Parameters
    ----------
    values : Stored or ndarray
        The others.
    index : ndarray of int
        Which, ascending.
    """

    def __init__(self, values, index):
        super().__init__((len(index), *values.shape[1:]), values.dtype)
        self.values = values
        self.index = index
        self.block_rows = getattr(values, "block_rows", None)

    def _read(self, start, stop):
        return self.values[self.index[start:stop]]

    def _read_each(self, index):
        return self.values[self.index[index]]


def is_stream(X):
    """Whether X gives its rows once, in an order of its own."""
    return isinstance(X, (Iterator, IterableDataset))


def as_stored(X):
    """X as :class:`Stored`, or None where it is a table or an array in memory.

    Raises
    ------
    ImportError
        If X is a folder and Pillow is not there.
    ValueError
        If there is nothing in it to learn from, by what it is.
    """
    if isinstance(X, Stored):
        return X
    if isinstance(X, (str, Path)):
        return PictureFolder(X)
    if isinstance(X, Dataset):
        return DatasetRows(X)
    if all(hasattr(X, name) for name in ("shape", "dtype", "chunks")):
        return StoredArray(X)
    return None


def without_mapping(values):
    """`values`, as :class:`MappedArray` where they are a view of a mapped file."""
    source = values
    while isinstance(source, np.ndarray):
        if isinstance(source, np.memmap) and source._mmap is not None:
            return MappedArray(values, source)
        source = source.base
    return values


def streams(values):
    """Whether rows are to be converted batch by batch, never all at once."""
    if scipy.sparse.issparse(values):
        return True
    if isinstance(values, Stored) and not isinstance(values, MappedArray):
        return True
    # The rule of arrays: joblib maps those that it hands to other processes.
    return math.prod(values.shape) * np.dtype(np.float32).itemsize > LARGEST_COPY


def rows_at(values, index):
    """Rows at an ascending `index`: a copy, or where that would be large, a view."""
    if streams(values) and not scipy.sparse.issparse(values):
        return SomeRows(values, index)
    return values[index]
