"""Arrays that are not in memory: HDF5, zarr, Dask, and files mapped into memory."""

import mmap

import numpy as np

from sklearn_revae._data.storage import Stored


class StoredArray(Stored):
    """An array of h5py, zarr, Dask or a similar library, read in whole chunks.

    Parameters
    ----------
    array : object
        Has `shape`, `dtype`, `chunks` (or None), and slices that are arrays.

    Raises
    ------
    ValueError
        If the number of rows is unknown, as it may be for a Dask array.
    """

    def __init__(self, array):
        if np.isnan(array.shape).any():
            raise ValueError(
                f"X is a {type(array).__name__} of unknown shape {array.shape}. Call its "
                "method compute_chunk_sizes() first."
            )
        super().__init__(array.shape, array.dtype)
        self.array = array
        if array.chunks is not None:
            # To read a part of a chunk, the library decompresses or computes all of it.
            chunk = self.chunk_rows = int(np.max(array.chunks[0]))
            self.block_rows = max(self.block_rows // chunk, 1) * chunk
            self._gap_rows = max(self._gap_rows, chunk)

    def _read(self, start, stop):
        return self.array[start:stop]


class MappedArray(Stored):
    """Rows of a memory-mapped file, whose pages are released after every read.

    Parameters
    ----------
    array : ndarray (n, n_features)
        A view of `source`.
    source : memmap
        The array that holds the map.
    """

    # joblib maps large arrays that it passes to its processes: treat them as arrays.
    convert_at_once = True

    def __init__(self, array, source):
        super().__init__(array.shape, array.dtype)
        self.array = array
        # Changes to a private copy exist only in its pages, which must not be released.
        private = source.mode == "c" or not hasattr(mmap, "MADV_DONTNEED")
        self._map = None if private else source._mmap

    def _read(self, start, stop):
        return self._released(np.array(self.array[start:stop]))

    def _read_each(self, index):
        return self._released(self.array[index])

    def _released(self, rows):
        # Otherwise the pages that were read would count as memory of this process.
        if self._map is not None:
            self._map.madvise(mmap.MADV_DONTNEED)
        return rows


def without_mapping(values):
    """`values` as :class:`MappedArray` if they are a view of a mapped file."""
    source = values
    while isinstance(source, np.ndarray):
        if isinstance(source, np.memmap) and source._mmap is not None:
            return MappedArray(values, source)
        source = source.base
    return values
