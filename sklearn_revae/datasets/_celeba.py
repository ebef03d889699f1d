"""CelebA from its published folder, as one array on disk."""

import hashlib
import os
from collections.abc import Sequence
from numbers import Integral
from os import PathLike
from pathlib import Path
from typing import Any, Literal, overload

import numpy as np
from joblib import Parallel, delayed
from sklearn.datasets import get_data_home
from sklearn.utils import Bunch
from sklearn.utils._param_validation import Interval, StrOptions, validate_params

from sklearn_revae._typing import CelebaSubset
from sklearn_revae.datasets import _celeba_lists as lists
from sklearn_revae.datasets._files import written_whole

# Of the 178 x 218 pixels that are published the usual crop is the central 148 x 148.
_CROPPED_SHARE = 148 / 178

# Pictures that a job reads before it lets go of its part of the file.
_BATCH = 256

# Part of the cache's key: raise it whenever the same photograph gives other pixels.
_RECIPE = 1

_DESCR = """\
.. _celeba_dataset:

CelebA
------

Photographs of 10,177 celebrities' faces, 202,599 in all, aligned by their eyes, with 40
attributes each; for research that is not commercial, see its agreement. The rows here
are in the order of the list of partitions; photographs are cropped to the central
square and made smaller.

In the published file an attribute is 1 or -1. There -1 means that the face has not the
attribute, not that nobody knows: here it is 0, and -1 stays free for "unlabelled".

.. rubric:: References

Z. Liu, P. Luo, X. Wang, X. Tang: Deep Learning Face Attributes in the Wild. ICCV 2015.
"""


def _key(folder, names, size):
    """Short text that differs when a photograph, their order, or the size does."""
    key = hashlib.sha256(f"{_RECIPE} {size}".encode())
    for name in names:
        try:
            found = os.stat(folder / name)
        except FileNotFoundError as error:
            raise lists.missing(folder / name) from error
        key.update(f"{name} {found.st_size} {found.st_mtime_ns}\n".encode())
    return key.hexdigest()[:16]


def _import_pillow():
    """Return Pillow's Image.

    Raises
    ------
    ImportError
        If it is missing, with the command that installs it.
    """
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError(
            "load_celeba reads photographs with Pillow. Install it with: "
            "pip install pillow"
        ) from error
    return Image


def _read_photograph(path, size):
    """Central square of a photograph, (size, size, 3)."""
    image = _import_pillow()
    try:
        with image.open(path) as photograph:
            photograph = photograph.convert("RGB")
    except OSError as error:
        raise OSError(f"{path} cannot be read as a photograph: {error}") from error
    side = max(1, round(min(photograph.size) * _CROPPED_SHARE))
    left, top = ((length - side) // 2 for length in photograph.size)
    return np.asarray(
        photograph.crop((left, top, left + side, top + side)).resize(
            (size, size), image.Resampling.BILINEAR
        )
    )


def _fill(path, folder, names, start, size):
    """Write photographs into the array at `path`, from row `start`."""
    # Opened for each batch: pages of a map that stays open count as memory in use.
    array = np.load(path, mmap_mode="r+")
    for row, name in enumerate(names, start):
        array[row] = _read_photograph(folder / name, size)
    array.flush()


def _write_array(path, folder, names, size, n_jobs):
    """Write all photographs to an array at `path`, which appears when it is complete."""
    _import_pillow()
    shape = (len(names), size, size, 3)
    with written_whole(path) as unfinished:
        np.lib.format.open_memmap(unfinished, "w+", dtype=np.uint8, shape=shape)
        # Threads: Pillow reads and resizes outside of Python's lock.
        Parallel(n_jobs=n_jobs, prefer="threads")(
            delayed(_fill)(unfinished, folder, names[start : start + _BATCH], start, size)
            for start in range(0, len(names), _BATCH)
        )


@overload
def load_celeba(
    root: str | PathLike[str],
    *,
    attributes: str | Sequence[str] | None = None,
    subset: CelebaSubset = "train",
    size: int = 64,
    n_jobs: int | None = None,
    data_home: str | PathLike[str] | None = None,
    return_X_y: Literal[False] = False,
    as_frame: bool = False,
) -> Bunch: ...
@overload
def load_celeba(
    root: str | PathLike[str],
    *,
    attributes: str | Sequence[str] | None = None,
    subset: CelebaSubset = "train",
    size: int = 64,
    n_jobs: int | None = None,
    data_home: str | PathLike[str] | None = None,
    return_X_y: Literal[True],
    as_frame: bool = False,
) -> tuple[Any, Any]: ...
@validate_params(
    {
        "root": [str, PathLike],
        "attributes": [str, "array-like", None],
        "subset": [StrOptions({"train", "valid", "test", "all"})],
        "size": [Interval(Integral, 1, None, closed="left")],
        "n_jobs": [Integral, None],
        "data_home": [str, PathLike, None],
        "return_X_y": ["boolean"],
        "as_frame": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_celeba(
    root: str | PathLike[str],
    *,
    attributes: str | Sequence[str] | None = None,
    subset: CelebaSubset = "train",
    size: int = 64,
    n_jobs: int | None = None,
    data_home: str | PathLike[str] | None = None,
    return_X_y: bool = False,
    as_frame: bool = False,
) -> Any:
    """Load CelebA, photographs of faces with 40 attributes, from its published folder.

    =================   ==============================
    Labels              40, each 0 or 1
    Samples total       202599
    Features            whole numbers, 0 to 255
    =================   ==============================

    Nothing is downloaded. `root` holds, as published, the folder ``img_align_celeba`` of
    photographs, ``list_attr_celeba.txt`` and ``list_eval_partition.txt``.

    The first call crops and resizes the photographs and writes them to one file below
    `data_home`: 2 GB for the training set at the default size. Later calls map that file
    into memory, which reads only the rows that are used. The file belongs to the names,
    sizes and times of the photographs, to the subset and to `size`: should one of them
    change, another file is written, and the old one is yours to delete.

    .. versionadded:: 0.2

    Parameters
    ----------
    root : str or path-like
        The published folder.

    attributes : str, list of str or None, default=None
        Attributes to return, in this order: all for None. For a single one as a str the
        target has one dimension.

    subset : {"train", "valid", "test", "all"}, default="train"
        The published subset, or all of them, in the order of
        ``list_eval_partition.txt``.

    size : int, default=64
        Height and width of the pictures. What is resized is the central square whose
        side is 148/178 of the photograph's shorter side: the usual 148 x 148 pixels of
        the published 178 x 218.

    n_jobs : int or None, default=None
        Number of threads that read photographs at the first call. None means 1 unless
        in a :obj:`joblib.parallel_backend` context, -1 all processors.

    data_home : str or path-like, default=None
        Folder below which the file is written; by default that of
        :func:`sklearn.datasets.get_data_home`.

    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    as_frame : bool, default=False
        If True, the target is a DataFrame whose columns are the attributes' names, or a
        Series if `attributes` is a str. Pictures are an array all the same.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : memmap of uint8 (n_samples, size, size, 3)
            The pictures, on disk and read-only: rows, columns, and red, green, blue.
        images : memmap of uint8 (n_samples, size, size, 3)
            The same, by the name that scikit-learn gives to pictures.
        target : ndarray of int, DataFrame or Series (n_samples, L) or (n_samples,)
            1 where the face has the attribute, 0 where not. The published file writes
            -1 for the latter; that is not this package's "unlabelled".
        target_names : list of str
            Names of the attributes, in the target's order.
        filenames : list of str
            The photographs' names, in the rows' order.
        DESCR : str
            What the data are, and who published them.

    (data, target) : tuple if ``return_X_y`` is True
        The two of these names described above.

    Raises
    ------
    FileNotFoundError
        If a file is missing; with its path, and how the folder should look.
    OSError
        If a photograph cannot be read.
    ValueError
        If a list is not in the published format, or for an attribute it has not.
    ImportError
        If Pillow is missing.

    See Also
    --------
    make_avatars : Drawn faces, for which nothing has to be downloaded.
    mask_labels : Keep few of the labels.

    Examples
    --------
    >>> from sklearn_revae.datasets import load_celeba
    >>> faces = load_celeba(
    ...     "celeba", attributes=["Eyeglasses", "Smiling"], n_jobs=-1
    ... )  # doctest: +SKIP
    >>> faces.data.shape  # doctest: +SKIP
    (162770, 64, 64, 3)
    """
    root, size = Path(root).expanduser(), int(size)
    names = lists.file_names(root / lists.PARTITION, subset)
    wanted = [attributes] if isinstance(attributes, str) else attributes
    y, target_names = lists.read_attributes(root / lists.ATTRIBUTES, names, wanted)

    folder = Path(get_data_home(data_home)) / "celeba"
    folder.mkdir(exist_ok=True)
    key = _key(root / lists.IMAGES, names, size)
    path = folder / f"{subset}-{size}x{size}-{key}.npy"
    if not path.exists():
        _write_array(path, root / lists.IMAGES, names, size, n_jobs)
    X = np.load(path, mmap_mode="r")

    if as_frame:
        import pandas as pd

        y = pd.DataFrame(y, columns=target_names)
    if isinstance(attributes, str):
        y = y[attributes] if as_frame else y[:, 0]
    if return_X_y:
        return X, y
    return Bunch(
        data=X,
        images=X,
        target=y,
        target_names=target_names,
        filenames=names,
        DESCR=_DESCR,
    )
