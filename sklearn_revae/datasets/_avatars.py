"""Drawn faces whose labels are known because they decided the drawing."""

from importlib.metadata import version
from numbers import Integral
from os import PathLike
from pathlib import Path
from typing import Any, Literal, overload

import numpy as np
from joblib import Memory, Parallel, delayed
from sklearn.datasets import get_data_home
from sklearn.utils import Bunch, check_random_state
from sklearn.utils._param_validation import Interval, validate_params

from sklearn_revae._typing import RandomState
from sklearn_revae.datasets import _avatar_faces as face
from sklearn_revae.datasets._avatar_faces import LABELS

_DESCR = """\
.. _avatars_dataset:

Avatars
-------

Drawn faces of 64 x 64 pixels in colour, made by python_avatars, with 16 labels that are
true by construction; what the labels do not speak of is drawn at random.

:Eyeglasses: glasses through which the eyes are seen.
:Sunglasses: dark or violet glasses.
:Beard: a beard, with the hair on the upper lip that comes with it.
:Mustache: a moustache without a beard.
:Smiling: the corners of the mouth point upwards.
:Mouth_Open: the inside of the mouth is seen.
:Bald: no hair and no hat on the head.
:Wearing_Hat: a hat or a cap, which hides all hair of the head.
:Long_Hair: hair that falls below the chin.
:Dark_Skin: one of two dark shades, of five in all.
:Eyes_Closed: both eyes are closed; never behind sunglasses, where it could not be seen.
:Black_Hair, Brown_Hair, Blond_Hair, Gray_Hair, Red_Hair: the colour of the hair on the
    head; all are 0 when there is none to be seen. A beard has the same colour, or any
    colour where a hat or a bald head leaves none to match.

Half of the faces smile and half open the mouth; the rarest label, Bald, holds for one in
eight.
"""


def _draw_batch(faces):
    return np.stack([face.draw(parts) for parts in faces])


def _draw(faces, n_jobs):
    """Pictures (n, 64, 64, 3) of the parts of faces."""
    batches = [faces[start : start + 64] for start in range(0, len(faces), 64)]
    drawn = Parallel(n_jobs=n_jobs)(delayed(_draw_batch)(batch) for batch in batches)
    return np.concatenate(drawn)


def _codes(holding):
    """Labels (n, 16), 0 or 1, of sets of those that hold."""
    return np.array(
        [[name in labels for name in LABELS] for labels in holding], dtype=int
    )


def _sample_faces(n_samples, random):
    """Labels that hold and parts of each face."""
    holding = (face.sample_labels(random) for _ in range(n_samples))
    return [(labels, face.sample_parts(labels, random)) for labels in holding]


def _sample(n_samples, random, n_jobs):
    """Pictures (n, 64, 64, 3) and labels (n, 16)."""
    # All that is random is settled here, so that the workers' number changes nothing.
    holding, faces = zip(*_sample_faces(n_samples, random), strict=True)
    return _draw(faces, n_jobs), _codes(holding)


def _sample_seeded(n_samples, seed, made_by, n_jobs):
    """Return what `_sample` does, for the cache: `made_by` is part of its key."""
    return _sample(n_samples, np.random.RandomState(seed), n_jobs)


def _sample_cached(n_samples, seed, n_jobs, data_home):
    """Return what `_sample` does, from disk if it was drawn before."""
    made_by = (face.RECIPE, version("python_avatars"), version("resvg_py"))
    # A drawing holds few colours: compressed it takes a tenth of the space.
    memory = Memory(Path(get_data_home(data_home)) / "avatars", verbose=0, compress=1)
    draw = memory.cache(_sample_seeded, ignore=["n_jobs"])
    return draw(n_samples, seed, made_by, n_jobs)


@overload
def make_avatars(
    n_samples: int = 1000,
    *,
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
    random_state: RandomState = None,
    return_X_y: Literal[True],
    as_frame: bool = False,
    n_jobs: int | None = None,
    data_home: str | PathLike[str] | None = None,
) -> tuple[Any, Any]: ...
@validate_params(
    {
        "n_samples": [Interval(Integral, 1, None, closed="left")],
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
    random_state: RandomState = None,
    return_X_y: bool = False,
    as_frame: bool = False,
    n_jobs: int | None = None,
    data_home: str | PathLike[str] | None = None,
) -> Any:
    """Draw faces with 16 labels that are true by construction.

    ==================   ================================
    Labels               16, each 0 or 1
    Pictures             64 x 64 pixels, three colours
    Features             whole numbers, between 0 and 255
    ==================   ================================

    A stand-in for photographs such as CelebA's, small and free of doubtful labels. It
    needs the packages python-avatars, resvg-py and Pillow.

    .. versionadded:: 0.2

    Parameters
    ----------
    n_samples : int, default=1000
        Number of faces.

    random_state : int, RandomState instance or None, default=None
        Determines labels and pictures. The same int gives the same bytes, whatever
        `n_jobs` is, and more faces begin with the same ones; other versions of the
        packages that draw may draw otherwise. Only what is drawn from an int is kept on
        disk, see `data_home`.

    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    as_frame : bool, default=False
        If True, the target is a DataFrame whose columns are the labels' names. Pictures
        are an array all the same.

    n_jobs : int or None, default=None
        Number of jobs that draw, about a hundred faces a second each. None means 1
        unless in a :obj:`joblib.parallel_backend` context, -1 all processors.

    data_home : str or path-like, default=None
        Folder below which drawn faces are kept when `random_state` is an int; by
        default that of :func:`sklearn.datasets.get_data_home`.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : ndarray of uint8 (n_samples, 64, 64, 3)
            The pictures: rows, columns, and red, green, blue.
        images : ndarray of uint8 (n_samples, 64, 64, 3)
            The same, by the name that scikit-learn gives to pictures.
        target : ndarray of int or DataFrame (n_samples, 16)
            1 where the label holds, 0 where not.
        target_names : list of str
            Names of the labels, in the target's order.
        DESCR : str
            What each label means.

    (data, target) : tuple if ``return_X_y`` is True
        The two of these names described above.

    Raises
    ------
    ImportError
        If a package that draws is missing.

    See Also
    --------
    load_celeba : Photographs of faces, from a folder of your own.
    mask_labels : Keep few of the labels.

    Notes
    -----
    Clothes, colours behind the head, eyebrows, nose, the cut of the hair and the shade
    of each colour vary freely: they are the style that labels say nothing about.

    Labels are about what is seen, so some exclude each other: the five colours of hair;
    a bald head, a hat, and long hair; no colour of hair with a hat or a bald head;
    Eyeglasses and Sunglasses, behind which no eyes are closed; Beard, and Mustache,
    which is one without a beard. All else is independent.

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
    """
    face.drawing_packages()  # Not only in a worker: what is missing shows at once.
    if isinstance(random_state, Integral):
        seed = int(random_state)
        X, y = _sample_cached(int(n_samples), seed, n_jobs, data_home)
    else:
        X, y = _sample(n_samples, check_random_state(random_state), n_jobs)
    if as_frame:
        import pandas as pd

        y = pd.DataFrame(y, columns=list(LABELS))
    if return_X_y:
        return X, y
    return Bunch(data=X, images=X, target=y, target_names=list(LABELS), DESCR=_DESCR)


def redraw_avatars(
    rows, label, value, *, seed, n_redraws=1, random_state=None, n_jobs=None
):
    """Draw faces of :func:`make_avatars` again with one label changed: true edits.

    What must change with the label changes, see the notes there, and all else is drawn as
    it was. Where the change leaves a choice, as of which glasses a face puts on, each
    picture makes its own.

    .. versionadded:: 0.2

    Parameters
    ----------
    rows : array-like of int (n,)
        Which faces: places in what ``make_avatars(n_samples, random_state=seed)`` draws.
    label : str
        Name of the label.
    value : {0, 1}
        Its new value. A face that has it already is drawn as it was.
    seed : int
        The `random_state` that :func:`make_avatars` was given.
    n_redraws : int, default=1
        Pictures a face.
    random_state : int, RandomState instance or None, default=None
        Decides what the change leaves open.
    n_jobs : int or None, default=None
        As that of :func:`make_avatars`.

    Returns
    -------
    pictures : ndarray of uint8 (n, n_redraws, 64, 64, 3)
        The faces as they would have been drawn.
    target : ndarray of int (n, n_redraws, 16)
        Their labels.

    Raises
    ------
    ValueError
        If there is no such label, value or row.
    ImportError
        If a package that draws is missing.

    Examples
    --------
    >>> from sklearn_revae.datasets import make_avatars
    >>> from sklearn_revae.datasets._avatars import redraw_avatars
    >>> y = make_avatars(n_samples=3, random_state=0).target
    >>> pictures, changed = redraw_avatars([0, 2], "Smiling", 1, seed=0, n_redraws=4)
    >>> pictures.shape
    (2, 4, 64, 64, 3)
    >>> bool(changed[:, :, 4].all())
    True
    """
    if label not in LABELS:
        raise ValueError(f"label={label!r} is none of {list(LABELS)}.")
    if value not in (0, 1):
        raise ValueError(f"value={value!r} is neither 0 nor 1.")
    rows = np.asarray(rows)
    if rows.ndim != 1 or rows.size == 0 or rows.dtype.kind not in "iu" or rows.min() < 0:
        raise ValueError(f"rows={rows!r} should hold places of faces, counted from 0.")
    face.drawing_packages()
    sampled = _sample_faces(int(rows.max()) + 1, np.random.RandomState(seed))
    random = check_random_state(random_state)
    faces = [
        _redrawn(*sampled[row], label, value, random)
        for row in rows
        for _ in range(n_redraws)
    ]
    holding, parts = zip(*faces, strict=True)
    # Where no choice is left all redraws are one picture.
    keys = [tuple(sorted(p.items())) for p in parts]
    places = {key: place for place, key in enumerate(dict.fromkeys(keys))}
    pictures = _draw([dict(key) for key in places], n_jobs)
    shape = (len(rows), n_redraws)
    pictures = pictures[[places[key] for key in keys]]
    return (
        pictures.reshape(*shape, *pictures.shape[1:]),
        _codes(holding).reshape(*shape, -1),
    )


def _redrawn(holding, parts, label, value, random):
    """Labels and parts of a face with one label changed."""
    if (label in holding) == bool(value):
        return holding, parts
    changed = face.change_labels(holding, parts, label, value, random)
    return changed, face.change_parts(holding, parts, changed, random)
