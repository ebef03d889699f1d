"""CelebA, read from its published folder into one array on disk."""

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

from sklearn_revae._files import written_whole
from sklearn_revae._typing import CelebaSubset
from sklearn_revae.datasets import _celeba_lists as lists

# The usual crop is the central 148 x 148 of the published 178 x 218 pixels.
_CROPPED_FRACTION = 148 / 178

# Number of images that a job writes before it closes the file.
_BATCH = 256

# Part of the cache key: increase it whenever the pixels of a photograph change.
_RECIPE = 1

_DESCR = """\
.. _celeba_dataset:

CelebA
------

202,599 photographs of the faces of 10,177 celebrities, aligned by their eyes, with 40
binary attributes each. The agreement of the publishers allows non-commercial research
only. The samples are in the order of ``list_eval_partition.txt``; the photographs are
cropped to the central square and resized.

In the published file an attribute is 1 or -1, where -1 means that the face does not have
the attribute. It does not mean that the attribute is unknown. Here it becomes 0, because
the estimators treat -1 as "unlabelled".

.. rubric:: References

Z. Liu, P. Luo, X. Wang, X. Tang: Deep Learning Face Attributes in the Wild. ICCV 2015.
"""


def _key(folder, names, size):
    """Hash of the image size and of the photographs' names, order, sizes and times."""
    key = hashlib.sha256(f"{_RECIPE} {size}".encode())
    for name in names:
        try:
            found = os.stat(folder / name)
        except FileNotFoundError as error:
            raise lists.missing(folder / name) from error
        key.update(f"{name} {found.st_size} {found.st_mtime_ns}\n".encode())
    return key.hexdigest()[:16]


def _import_pillow():
    """Return Pillow's module Image.

    Raises
    ------
    ImportError
        If Pillow is not installed.
    """
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError(
            "load_celeba requires the package Pillow to read photographs. Install it "
            "with: pip install pillow"
        ) from error
    return Image


def _read_photograph(path, size):
    """Read the central square of a photograph, resized to (size, size, 3)."""
    image = _import_pillow()
    try:
        with image.open(path) as photograph:
            photograph = photograph.convert("RGB")
    except OSError as error:
        raise OSError(f"{path} cannot be read as a photograph: {error}") from error
    side = max(1, round(min(photograph.size) * _CROPPED_FRACTION))
    left, top = ((length - side) // 2 for length in photograph.size)
    return np.asarray(
        photograph.crop((left, top, left + side, top + side)).resize(
            (size, size), image.Resampling.BILINEAR
        )
    )


def _fill(path, folder, names, start, size):
    """Write photographs into the array at `path`, from position `start` on."""
    # The map is opened for each batch, because the pages of a map that stays open count
    # as memory in use.
    array = np.load(path, mmap_mode="r+")
    for position, name in enumerate(names, start):
        array[position] = _read_photograph(folder / name, size)
    array.flush()


def _write_array(path, folder, names, size, n_jobs):
    """Write all photographs to an array at `path`, which exists only once complete."""
    _import_pillow()
    shape = (len(names), size, size, 3)
    with written_whole(path) as unfinished:
        np.lib.format.open_memmap(unfinished, "w+", dtype=np.uint8, shape=shape)
        # Threads suffice, because Pillow releases the GIL while it reads and resizes.
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
    Features            integers between 0 and 255
    =================   ==============================

    Nothing is downloaded. `root` must contain, as published, the folder
    ``img_align_celeba`` of photographs and the files ``list_attr_celeba.txt`` and
    ``list_eval_partition.txt``.

    The first call crops and resizes the photographs and writes them to one file below
    `data_home`, of 2 GB for the training set at the default size. Later calls map this
    file into memory, which reads only the samples that are used. The file is valid for
    the names, sizes and modification times of the photographs, for the subset and for
    `size`. If one of them changes, a new file is written; the old one is not deleted.

    .. versionadded:: 0.2

    Parameters
    ----------
    root : str or path-like
        The published folder.

    attributes : str, list of str or None, default=None
        Names of the attributes to return, in this order. If None, all attributes. If a
        str, the target is one-dimensional.

    subset : {"train", "valid", "test", "all"}, default="train"
        The published subset, or all subsets in the order of
        ``list_eval_partition.txt``.

    size : int, default=64
        Height and width of the images, in pixels. They are resized from the central
        square whose side is 148/178 of the photograph's shorter side: the usual 148 x 148
        of the published 178 x 218 pixels.

    n_jobs : int or None, default=None
        Number of threads that read photographs in the first call. None means 1 unless in
        a :obj:`joblib.parallel_backend` context. -1 means using all processors.

    data_home : str or path-like, default=None
        Folder below which the file is written. By default the folder of
        :func:`sklearn.datasets.get_data_home`.

    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    as_frame : bool, default=False
        If True, the target is a DataFrame with the attributes as columns, or a Series if
        `attributes` is a str. The images are an array in any case.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : memmap of uint8 of shape (n_samples, size, size, 3)
            The images, read-only and on disk; the last axis is red, green, blue.
        images : memmap of uint8 of shape (n_samples, size, size, 3)
            The same array, under the name that scikit-learn uses for images.
        target : ndarray of int, DataFrame or Series of shape (n_samples, n_attributes) \
                or (n_samples,)
            1 if the face has the attribute, else 0. The published file has -1 in place
            of 0, which is not this package's marker for "unlabelled".
        target_names : list of str
            Names of the attributes, in the order of the columns of `target`.
        filenames : list of str
            Names of the photographs, in the order of the samples.
        DESCR : str
            Description of the data set and its publication.

    (data, target) : tuple if ``return_X_y`` is True
        The `data` and `target` described above.

    Raises
    ------
    FileNotFoundError
        If a file is missing.
    OSError
        If a photograph cannot be read.
    ValueError
        If a parameter has an invalid value, a list is not in the published format, or it
        does not have one of the `attributes`.
    ImportError
        If Pillow is not installed.

    See Also
    --------
    make_avatars : Drawn faces, which need no download.
    mask_labels : Hide most of the labels.

    References
    ----------
    .. [1] Z. Liu, P. Luo, X. Wang, X. Tang, "Deep Learning Face Attributes in the Wild",
       ICCV 2015.

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
    requested = [attributes] if isinstance(attributes, str) else attributes
    y, target_names = lists.read_attributes(root / lists.ATTRIBUTES, names, requested)

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
