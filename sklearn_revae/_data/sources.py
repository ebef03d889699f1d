"""Recognises the objects whose rows lie outside of memory."""

from pathlib import Path

from torch.utils.data import Dataset

from sklearn_revae._data.storage import Stored
from sklearn_revae._data.stored_arrays import StoredArray
from sklearn_revae._data.stored_items import DatasetRows, PictureFolder


def as_stored(X):
    """X as :class:`Stored`, or None if it is a table or an array in memory.

    Raises
    ------
    ImportError
        If X is a folder and Pillow is not installed.
    TypeError
        If X is a data set without a length.
    ValueError
        If X holds no rows, or rows that are not numbers.
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
