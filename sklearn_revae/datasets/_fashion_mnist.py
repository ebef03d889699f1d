"""Fashion-MNIST: from the system's folder, one's own, or OpenML."""

import gzip
import os
import struct
from os import PathLike
from pathlib import Path
from typing import Any, Literal, overload

import numpy as np
from sklearn.datasets import fetch_openml, get_data_home
from sklearn.utils import Bunch
from sklearn.utils._param_validation import StrOptions, validate_params

from sklearn_revae._typing import FashionSubset
from sklearn_revae.datasets._files import written_whole

GARMENTS = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)

# Where Debian's package dataset-fashion-mnist puts the files.
DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")

N_TRAIN = 60_000

# The published names of the files, by subset.
_PARTS = {"train": ("train",), "test": ("t10k",), "all": ("train", "t10k")}

_DESCR = """\
.. _fashion_mnist_dataset:

Fashion-MNIST
-------------

Pictures of 70,000 garments from Zalando's catalogue, 28 x 28 pixels in shades of grey,
of ten kinds with 7,000 each. The first 60,000 are the training set, 6,000 of each kind;
the other 10,000 the test set. Published under the MIT licence.

.. rubric:: References

H. Xiao, K. Rasul, R. Vollgraf: Fashion-MNIST: a Novel Image Dataset for Benchmarking
Machine Learning Algorithms. arXiv:1708.07747, 2017.
"""


def _images_name(part):
    return f"{part}-images-idx3-ubyte.gz"


def _labels_name(part):
    return f"{part}-labels-idx1-ubyte.gz"


def _has_files(folder, subset):
    names = [f(part) for part in _PARTS[subset] for f in (_images_name, _labels_name)]
    return all((folder / name).is_file() for name in names)


def _read_idx(path):
    """Array of bytes in one gzipped idx file.

    Raises
    ------
    ValueError
        If the file is something else, or cut short.
    """
    with gzip.open(path) as file:
        content = file.read()
    # Two zeros, 8 for unsigned bytes, the number of axes; then each axis' length.
    n_axes = content[3] if content[:3] == b"\0\0\x08" else 0
    header = 4 + 4 * n_axes
    if n_axes and len(content) >= header:
        shape = struct.unpack(f">{n_axes}I", content[4:header])
        if len(content) - header == np.prod(shape, dtype=np.int64):
            return np.frombuffer(content, np.uint8, offset=header).reshape(shape)
    raise ValueError(f"{path} is no idx file of unsigned bytes, or not all of it.")


def _write_idx(path, array):
    """Write a gzipped idx file that is there as a whole or not at all."""
    header = b"\0\0\x08" + struct.pack(f">B{array.ndim}I", array.ndim, *array.shape)
    with written_whole(path) as unfinished, gzip.open(unfinished, "wb", 6) as file:
        file.write(header + array.tobytes())


def _download(folder, data_home):
    """Write OpenML's copy into `folder`, as the four files that were published.

    Raises
    ------
    OSError
        If it cannot be reached, or is not in the published order.
    """
    print(f"downloading Fashion-MNIST from OpenML to {folder}")
    fetched = fetch_openml(
        "Fashion-MNIST", version=1, data_home=data_home, as_frame=False, cache=False
    )
    X = np.asarray(fetched.data, dtype=np.uint8).reshape(-1, 28, 28)
    y = np.asarray(fetched.target).astype(np.uint8)
    # OpenML says nothing about the order; the training set has as many of each kind.
    if len(set(np.bincount(y[:N_TRAIN], minlength=len(GARMENTS)))) != 1:
        raise OSError(
            f"The first {N_TRAIN} rows of OpenML's copy are not the training set."
        )
    folder.mkdir(exist_ok=True)
    for part, rows in (("train", slice(N_TRAIN)), ("t10k", slice(N_TRAIN, None))):
        _write_idx(folder / _images_name(part), X[rows])
        _write_idx(folder / _labels_name(part), y[rows])


def _find(subset, data_home, download_if_missing):
    """Folder that has the files of `subset`, after a download if need be."""
    named = os.environ.get("FASHION_MNIST")
    folders = [Path(named).expanduser()] if named else []
    folders.append(DEBIAN_FOLDER)
    for folder in folders:
        if _has_files(folder, subset):
            return folder
    # Only now, because it makes the folder.
    own = Path(get_data_home(data_home)) / "fashion-mnist"
    if not _has_files(own, subset):
        if not download_if_missing:
            places = ", ".join(map(str, [*folders, own]))
            raise OSError(
                "Data not found and `download_if_missing` is False. Looked for "
                f"{_images_name(_PARTS[subset][0])} and its companions in: {places}. "
                "Debian has them in its package dataset-fashion-mnist."
            )
        _download(own, data_home)
    return own


@overload
def fetch_fashion_mnist(
    *,
    data_home: str | PathLike[str] | None = None,
    subset: FashionSubset = "train",
    return_X_y: Literal[False] = False,
    as_frame: bool = False,
    download_if_missing: bool = True,
) -> Bunch: ...
@overload
def fetch_fashion_mnist(
    *,
    data_home: str | PathLike[str] | None = None,
    subset: FashionSubset = "train",
    return_X_y: Literal[True],
    as_frame: bool = False,
    download_if_missing: bool = True,
) -> tuple[Any, Any]: ...
@validate_params(
    {
        "data_home": [str, PathLike, None],
        "subset": [StrOptions({"train", "test", "all"})],
        "return_X_y": ["boolean"],
        "as_frame": ["boolean"],
        "download_if_missing": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def fetch_fashion_mnist(
    *,
    data_home: str | PathLike[str] | None = None,
    subset: FashionSubset = "train",
    return_X_y: bool = False,
    as_frame: bool = False,
    download_if_missing: bool = True,
) -> Any:
    """Load the Fashion-MNIST data set (classification), from disk where it is there.

    =================   ==============================
    Classes                                         10
    Samples total                                70000
    Dimensionality                                 784
    Features            whole numbers, 0 to 255
    =================   ==============================

    The four gzipped files that were published are looked for, in this order, in the
    folder that the environment variable ``FASHION_MNIST`` names; in the folder of
    Debian's package dataset-fashion-mnist; and in ``fashion-mnist`` below `data_home`.
    If none has them, OpenML's copy is downloaded and written to the last.

    .. versionadded:: 0.2

    Parameters
    ----------
    data_home : str or path-like, default=None
        Folder for what is downloaded; by default that of
        :func:`sklearn.datasets.get_data_home`.

    subset : {"train", "test", "all"}, default="train"
        The 60,000 training rows, the 10,000 test rows, or both in this order.

    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    as_frame : bool, default=False
        If True, the data are a DataFrame and the target is a Series.

    download_if_missing : bool, default=True
        If False, raise an OSError where the files are not on disk instead of
        downloading them.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : ndarray of uint8 or DataFrame (n_samples, 784)
            The pictures, a row each.
        images : ndarray of uint8 (n_samples, 28, 28)
            The pictures as they are seen.
        target : ndarray of int or Series (n_samples,)
            The kind of garment, 0 to 9.
        feature_names : list of str
            ``"pixel1"`` to ``"pixel784"``.
        target_names : list of str
            The ten garments.
        frame : DataFrame (n_samples, 785)
            Data and target in one. Only there if `as_frame` is True.
        DESCR : str
            What the data are, and who published them.

    (data, target) : tuple if ``return_X_y`` is True
        The two of these names described above.

    Raises
    ------
    OSError
        If the files are not on disk and `download_if_missing` is False, or they cannot
        be downloaded.

    See Also
    --------
    mask_labels : Keep few of the labels.

    Examples
    --------
    >>> from sklearn_revae.datasets import fetch_fashion_mnist
    >>> garments = fetch_fashion_mnist(subset="test")  # doctest: +SKIP
    >>> garments.data.shape  # doctest: +SKIP
    (10000, 784)
    >>> garments.target_names[garments.target[0]]  # doctest: +SKIP
    'Ankle boot'
    """
    folder = _find(subset, data_home, download_if_missing)
    parts = _PARTS[subset]
    images = np.concatenate([_read_idx(folder / _images_name(part)) for part in parts])
    labels = np.concatenate([_read_idx(folder / _labels_name(part)) for part in parts])
    X, y = images.reshape(len(images), -1), labels.astype(int)
    feature_names = [f"pixel{pixel}" for pixel in range(1, X.shape[1] + 1)]
    if as_frame:
        import pandas as pd

        X, y = pd.DataFrame(X, columns=feature_names), pd.Series(y, name="target")
    if return_X_y:
        return X, y
    fetched = Bunch(
        data=X,
        images=images,
        target=y,
        feature_names=feature_names,
        target_names=list(GARMENTS),
        DESCR=_DESCR,
    )
    if as_frame:
        fetched.frame = pd.concat([X, y], axis=1)
    return fetched
