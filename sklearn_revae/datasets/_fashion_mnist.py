"""Fashion-MNIST, read from a folder or downloaded from OpenML."""

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

from sklearn_revae._files import written_whole
from sklearn_revae._typing import FashionSubset

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

# The folder into which Debian's package dataset-fashion-mnist installs the files.
DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")

N_TRAIN = 60_000

# Prefixes of the published file names, by subset.
_PARTS = {"train": ("train",), "test": ("t10k",), "all": ("train", "t10k")}

_DESCR = """\
.. _fashion_mnist_dataset:

Fashion-MNIST
-------------

70,000 images of garments from Zalando's catalogue, 28 x 28 pixels in shades of grey, in
ten classes of 7,000. The first 60,000, with 6,000 of each class, are the training set;
the other 10,000 are the test set. Published under the MIT licence.

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
    """Read the array of bytes in a gzipped idx file.

    Raises
    ------
    ValueError
        If the file has another format or is truncated.
    """
    with gzip.open(path) as file:
        content = file.read()
    # The header: two zeros, 8 for unsigned bytes, the number of axes, and their lengths.
    n_axes = content[3] if content[:3] == b"\0\0\x08" else 0
    header = 4 + 4 * n_axes
    if n_axes and len(content) >= header:
        shape = struct.unpack(f">{n_axes}I", content[4:header])
        if len(content) - header == np.prod(shape, dtype=np.int64):
            return np.frombuffer(content, np.uint8, offset=header).reshape(shape)
    raise ValueError(
        f"{path} is not a complete idx file of unsigned bytes: delete it, and copy or "
        "download it again."
    )


def _write_idx(path, array):
    """Write a gzipped idx file, completely or not at all."""
    header = b"\0\0\x08" + struct.pack(f">B{array.ndim}I", array.ndim, *array.shape)
    with written_whole(path) as unfinished, gzip.open(unfinished, "wb", 6) as file:
        file.write(header + array.tobytes())


def _download(folder, data_home):
    """Download OpenML's copy and write it into `folder` as the four published files.

    Raises
    ------
    OSError
        If OpenML cannot be reached, or its copy is not in the published order.
    """
    print(f"downloading Fashion-MNIST from OpenML to {folder}")
    fetched = fetch_openml(
        "Fashion-MNIST", version=1, data_home=data_home, as_frame=False, cache=False
    )
    X = np.asarray(fetched.data, dtype=np.uint8).reshape(-1, 28, 28)
    y = np.asarray(fetched.target).astype(np.uint8)
    # OpenML does not document the order, but the training set has balanced classes.
    if len(set(np.bincount(y[:N_TRAIN], minlength=len(GARMENTS)))) != 1:
        raise OSError(
            f"The first {N_TRAIN} samples of OpenML's copy are not the training set, "
            "because their classes are not balanced. Nothing was written: put the "
            f"published files into {folder} instead."
        )
    folder.mkdir(exist_ok=True)
    for part, rows in (("train", slice(N_TRAIN)), ("t10k", slice(N_TRAIN, None))):
        _write_idx(folder / _images_name(part), X[rows])
        _write_idx(folder / _labels_name(part), y[rows])


def _find(subset, data_home, download_if_missing):
    """Return a folder with the files of `subset`, after a download if necessary."""
    named = os.environ.get("FASHION_MNIST")
    folders = [Path(named).expanduser()] if named else []
    folders.append(DEBIAN_FOLDER)
    for folder in folders:
        if _has_files(folder, subset):
            return folder
    # Not earlier, because get_data_home creates the folder.
    own = Path(get_data_home(data_home)) / "fashion-mnist"
    if not _has_files(own, subset):
        if not download_if_missing:
            searched = ", ".join(map(str, [*folders, own]))
            raise OSError(
                "Data not found and `download_if_missing` is False. The files "
                f"{_images_name(_PARTS[subset][0])} etc. must be in one of the folders "
                f"{searched}. Debian's package dataset-fashion-mnist contains them."
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
    """Load the Fashion-MNIST data set (classification).

    =================   ==============================
    Classes                                         10
    Samples total                                70000
    Dimensionality                                 784
    Features            integers between 0 and 255
    =================   ==============================

    The four published gzipped files are searched for, in this order, in the folder that
    the environment variable ``FASHION_MNIST`` names, in the folder of Debian's package
    dataset-fashion-mnist, and in the folder ``fashion-mnist`` below `data_home`. If none
    of them has the files, OpenML's copy is downloaded and written to the last.

    .. versionadded:: 0.2

    Parameters
    ----------
    data_home : str or path-like, default=None
        Folder below which the downloaded files are written. By default the folder of
        :func:`sklearn.datasets.get_data_home`.

    subset : {"train", "test", "all"}, default="train"
        The 60,000 training samples, the 10,000 test samples, or both in this order.

    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    as_frame : bool, default=False
        If True, the data is a DataFrame and the target is a Series.

    download_if_missing : bool, default=True
        If False, raise an OSError if the files are not on disk, instead of downloading
        them.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : ndarray of uint8 or DataFrame of shape (n_samples, 784)
            The flattened images.
        images : ndarray of uint8 of shape (n_samples, 28, 28)
            The images.
        target : ndarray of int or Series of shape (n_samples,)
            The classes, 0 to 9.
        feature_names : list of str
            ``"pixel1"`` to ``"pixel784"``.
        target_names : list of str
            Names of the ten classes.
        frame : DataFrame of shape (n_samples, 785)
            Data and target. Only present if `as_frame` is True.
        DESCR : str
            Description of the data set and its publication.

    (data, target) : tuple if ``return_X_y`` is True
        The `data` and `target` described above.

    Raises
    ------
    OSError
        If the files are not on disk and `download_if_missing` is False, or if they cannot
        be downloaded.
    ValueError
        If a parameter has an invalid value, or a file is damaged.

    See Also
    --------
    mask_labels : Hide most of the labels.

    References
    ----------
    .. [1] H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a Novel Image Dataset for
       Benchmarking Machine Learning Algorithms", arXiv:1708.07747, 2017.

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
