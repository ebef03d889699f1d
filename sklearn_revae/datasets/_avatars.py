"""Drawn faces whose labels are exact because the faces are drawn from them."""

from importlib.metadata import version
from numbers import Integral
from os import PathLike
from pathlib import Path
from typing import Any, Literal, overload

import numpy as np
from joblib import Memory, Parallel, delayed
from sklearn.datasets import get_data_home
from sklearn.utils import Bunch, check_random_state
from sklearn.utils._param_validation import (
    Interval,
    StrOptions,
    validate_params,
)

from sklearn_revae._typing import RandomState
from sklearn_revae.datasets import _avatar_faces as face
from sklearn_revae.datasets._avatar_faces import LABELS
from sklearn_revae.datasets._avatar_labels import (
    GROUPED_LABELS,
    binary_codes,
    grouped,
)

_DESCR = """\
.. _avatars_dataset:

Avatars
-------

Drawn faces in colour, 64 x 64 pixels, made by python_avatars. Their labels are exact by
construction; everything that the labels do not describe is drawn at random.

:Eyeglasses: glasses with clear lenses.
:Sunglasses: glasses with dark or violet lenses.
:Beard: a beard, which includes hair on the upper lip.
:Mustache: a moustache without a beard.
:Smiling: the corners of the mouth point upwards.
:Mouth_Open: the inside of the mouth is visible.
:Bald: no hair and no hat on the head.
:Wearing_Hat: a hat or a cap, which hides all hair on the head.
:Long_Hair: hair that falls below the chin.
:Dark_Skin: one of the two darker of five shades of skin.
:Eyes_Closed: both eyes are closed. Never with Sunglasses, which would hide it.
:Black_Hair, Brown_Hair, Blond_Hair, Gray_Hair, Red_Hair: the colour of the hair on the
    head. All are 0 if no hair is visible. A beard has the same colour, or a random colour
    if no hair is visible.

Smiling and Mouth_Open are positive for half of the faces. The rarest label, Bald, is
positive for one face in eight.

With ``labels="grouped"``, labels that exclude one another are the values of one label:

:Glasses: "eyeglasses", "sunglasses" or "none".
:Facial_Hair: "beard", "mustache" or "none".
:Hair: the colour of the hair, "black", "brown", "blond", "gray" or "red"; or "hat" or
    "bald".
:Smiling, Mouth_Open, Long_Hair, Dark_Skin, Eyes_Closed: 0 or 1, as above.
"""


def _draw_batch(faces):
    return np.stack([face.draw(parts) for parts in faces])


def draw_images(faces, n_jobs):
    """Draw the images (n, 64, 64, 3) of faces given by their parts."""
    batches = [faces[start : start + 64] for start in range(0, len(faces), 64)]
    drawn = Parallel(n_jobs=n_jobs)(delayed(_draw_batch)(batch) for batch in batches)
    return np.concatenate(drawn)


def sample_faces(n_samples, random):
    """Draw the positive labels and the parts of each face."""
    positive = (face.sample_labels(random) for _ in range(n_samples))
    return [(labels, face.sample_parts(labels, random)) for labels in positive]


def _sample(n_samples, random, n_jobs):
    """Draw images (n, 64, 64, 3) and labels (n, 16)."""
    # All random numbers are drawn before the work is split, so that the result does not
    # depend on the number of workers.
    positive, faces = zip(*sample_faces(n_samples, random), strict=True)
    return draw_images(faces, n_jobs), binary_codes(positive)


def _sample_seeded(n_samples, seed, made_by, n_jobs):
    """Call `_sample` with a seed; the cache key includes `made_by`."""
    return _sample(n_samples, np.random.RandomState(seed), n_jobs)


def _sample_cached(n_samples, seed, n_jobs, data_home):
    """Return the result of `_sample`, from the cache on disk if it is there."""
    made_by = (face.RECIPE, version("python_avatars"), version("resvg_py"))
    # Drawings have few colours, so compression reduces them to a tenth of their size.
    memory = Memory(Path(get_data_home(data_home)) / "avatars", verbose=0, compress=1)
    draw = memory.cache(_sample_seeded, ignore=["n_jobs"])
    return draw(n_samples, seed, made_by, n_jobs)


@overload
def make_avatars(
    n_samples: int = 1000,
    *,
    labels: Literal["binary", "grouped"] = "binary",
    random_state: RandomState = None,
    return_X_y: Literal[False] = False,
    as_frame: bool = False,
    n_jobs: int | None = None,
    data_home: str | PathLike[str] | None = None,
) -> Bunch: ...
@overload
def make_avatars(
    n_samples: int = 1000,
    *,
    labels: Literal["binary", "grouped"] = "binary",
    random_state: RandomState = None,
    return_X_y: Literal[True],
    as_frame: bool = False,
    n_jobs: int | None = None,
    data_home: str | PathLike[str] | None = None,
) -> tuple[Any, Any]: ...
@validate_params(
    {
        "n_samples": [Interval(Integral, 1, None, closed="left")],
        "labels": [StrOptions({"binary", "grouped"})],
        "random_state": ["random_state"],
        "return_X_y": ["boolean"],
        "as_frame": ["boolean"],
        "n_jobs": [Integral, None],
        "data_home": [str, PathLike, None],
    },
    prefer_skip_nested_validation=True,
)
def make_avatars(
    n_samples: int = 1000,
    *,
    labels: Literal["binary", "grouped"] = "binary",
    random_state: RandomState = None,
    return_X_y: bool = False,
    as_frame: bool = False,
    n_jobs: int | None = None,
    data_home: str | PathLike[str] | None = None,
) -> Any:
    """Draw faces with labels that are exact by construction.

    ==================   ================================
    Labels               16, each 0 or 1, or 8 grouped
    Images               64 x 64 pixels, three colours
    Features             integers between 0 and 255
    ==================   ================================

    The faces are a stand-in for photographs such as those of CelebA: they are small, and
    their labels are unambiguous. Drawing them requires the packages python-avatars,
    resvg-py and Pillow.

    .. versionadded:: 0.2

    Parameters
    ----------
    n_samples : int, default=1000
        Number of faces.

    labels : {"binary", "grouped"}, default="binary"
        Whether the target holds 16 binary labels, or 8 labels. Binary labels that exclude
        one another, such as the colours of hair, are then the values of one label, so
        that no edit can ask for two of them at once. The faces are the same.

    random_state : int, RandomState instance or None, default=None
        Determines the labels and the images. Pass an int for reproducible output across
        multiple calls: the result then does not depend on `n_jobs`, and a larger
        `n_samples` starts with the faces of a smaller one. Other versions of the drawing
        packages may draw other images. Only faces drawn with an int are cached on disk,
        see `data_home`.

    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    as_frame : bool, default=False
        If True, the target is a DataFrame with the labels as columns. The images are an
        array in any case.

    n_jobs : int or None, default=None
        Number of jobs that draw in parallel, at about 100 faces per second each. None
        means 1 unless in a :obj:`joblib.parallel_backend` context. -1 means using all
        processors.

    data_home : str or path-like, default=None
        Folder in which faces drawn with an int `random_state` are cached. By default the
        folder of :func:`sklearn.datasets.get_data_home`.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : ndarray of uint8 of shape (n_samples, 64, 64, 3)
            The images; the last axis is red, green, blue.
        images : ndarray of uint8 of shape (n_samples, 64, 64, 3)
            The same array, under the name that scikit-learn uses for images.
        target : ndarray or DataFrame of shape (n_samples, 16) or (n_samples, 8)
            The labels: integers 0 or 1, and words for the grouped labels. An array with
            words is of objects.
        target_names : list of str
            Names of the labels, in the order of the columns of `target`.
        DESCR : str
            Description of the data set and of each label.

    (data, target) : tuple if ``return_X_y`` is True
        The `data` and `target` described above.

    Raises
    ------
    ValueError
        If a parameter has an invalid value.
    ImportError
        If a drawing package is not installed.

    See Also
    --------
    load_celeba : Load photographs of faces from a local folder.
    mask_labels : Hide most of the labels.

    Notes
    -----
    Clothes, background colour, eyebrows, nose, hair style and the shade of each colour
    vary at random. They are the style, which no label describes.

    Labels describe what is visible, so some exclude others: at most one of the five hair
    colours; at most one of Bald, Wearing_Hat and Long_Hair; no hair colour with Bald or
    Wearing_Hat; not both Eyeglasses and Sunglasses; no Eyes_Closed with Sunglasses; and
    not both Beard and Mustache, which is a moustache without a beard. All other
    combinations of labels are independent.

    Examples
    --------
    >>> from sklearn_revae.datasets import make_avatars
    >>> faces = make_avatars(n_samples=4)
    >>> faces.data.shape
    (4, 64, 64, 3)
    >>> faces.target.shape
    (4, 16)
    >>> faces.target_names[:3]
    ['Eyeglasses', 'Sunglasses', 'Beard']

    The same faces, whose labels do not exclude one another:

    >>> faces = make_avatars(n_samples=4, labels="grouped", random_state=0)
    >>> faces.target_names[:3]
    ['Glasses', 'Facial_Hair', 'Smiling']
    >>> faces.target[:3, :3]
    array([['none', 'none', 0],
           ['eyeglasses', 'none', 0],
           ['eyeglasses', 'mustache', 1]], dtype=object)
    """
    face.drawing_packages()  # Raise here, not in a worker, if a package is missing.
    if isinstance(random_state, Integral):
        seed = int(random_state)
        X, y = _sample_cached(int(n_samples), seed, n_jobs, data_home)
    else:
        X, y = _sample(n_samples, check_random_state(random_state), n_jobs)
    names = list(LABELS)
    if labels == "grouped":
        y, names = grouped(y), list(GROUPED_LABELS)
    if as_frame:
        import pandas as pd

        y = pd.DataFrame(y, columns=names).infer_objects()
    if return_X_y:
        return X, y
    return Bunch(data=X, images=X, target=y, target_names=names, DESCR=_DESCR)
