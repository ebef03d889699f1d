"""Scores by number of labels."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state

from sklearn_revae._typing import Labels, RandomState, Rows
from sklearn_revae.model_selection._labeled_fits import LabeledFits


def label_learning_curve(
    estimator: BaseEstimator,
    X: Rows,
    y: Labels,
    *,
    n_labels: ArrayLike = (0.1, 0.325, 0.55, 0.775, 1.0),
    groups: ArrayLike | None = None,
    cv: Any = None,
    scoring: str | Callable[..., float] | None = None,
    n_jobs: int | None = None,
    random_state: RandomState = None,
    unlabeled_value: object = -1,
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Compute a learning curve by the number of labels.

    :func:`sklearn.model_selection.learning_curve` removes samples. Here all training
    samples stay, and only their labels are removed. Entries of
    :func:`~sklearn_revae.soft_labels` with several possible classes are not counted as
    labels, and are never removed.

    .. versionadded:: 0.2

    Parameters
    ----------
    estimator : estimator
        Any classifier or regressor to which unlabelled samples can be passed. Wrap a
        supervised one in :class:`LabeledOnly`.
    X : array-like of shape (n_samples, n_features)
        Samples.
    y : array-like of shape (n_samples,) or (n_samples, n_labels)
        Labels, which may have unlabelled entries.
    n_labels : array-like of shape (n_ticks,), default=(0.1, 0.325, 0.55, 0.775, 1.0)
        Numbers of labelled training samples; floats are fractions of the number of
        labelled samples in the smallest training set. Larger sets of labels contain the
        smaller ones. Every class gets its first label before any class gets its second.
    groups : array-like of shape (n_samples,), default=None
        Group of each sample, passed to the splitter.
    cv : int, splitter or iterable, default=None
        If None, 5-fold :class:`LabeledKFold`, if an int, that number of folds. Any other
        value is treated as in scikit-learn.
    scoring : str or callable, default=None
        Name of a scikit-learn scorer, or a scorer. It is restricted to labelled samples.
        If None, the `score` method of the estimator is used.
    n_jobs : int, default=None
        Number of fits that run in parallel. None means 1, unless in a
        :obj:`joblib.parallel_config` context.
    random_state : int, RandomState instance or None, default=None
        Determines which labels are kept. Pass an int for reproducible output across
        multiple calls.
    unlabeled_value : int, float, str or None, default=-1
        Value that marks an entry of y as unlabelled, besides None and NaN. It must be the
        `unlabeled_value` of the estimator. For a regressor only None and NaN do.

    Returns
    -------
    n_labels_abs : ndarray of shape (n_unique_ticks,)
        Numbers of labelled training samples, without duplicates, in ascending order.
    train_scores : ndarray of shape (n_unique_ticks, n_splits)
        Scores on the training samples whose labels were kept.
    test_scores : ndarray of shape (n_unique_ticks, n_splits)
        Scores on the test sets.

    Raises
    ------
    ValueError
        If `n_labels` has a value that is not positive, or beyond the number of labelled
        training samples.

    See Also
    --------
    LabelLearningCurveDisplay : Draws the curve.
    unlabeled_gain : Compares fits with and without the unlabelled samples.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn_revae.model_selection import LabeledOnly, label_learning_curve
    >>> X, y = load_iris(return_X_y=True)
    >>> model = LabeledOnly(LogisticRegression(max_iter=1000))
    >>> n_labels, train_scores, test_scores = label_learning_curve(
    ...     model, X, y, n_labels=[6, 60], random_state=0
    ... )
    >>> n_labels
    array([ 6, 60])
    >>> test_scores.shape
    (2, 5)
    >>> bool(test_scores[0].mean() < test_scores[1].mean())
    True
    """
    fits = LabeledFits(estimator, X, y, groups, cv, scoring, unlabeled_value)
    labeled, random = np.flatnonzero(fits.labeled), check_random_state(random_state)
    orders = []
    for train, _ in fits.splits:
        candidates = np.intersect1d(train, labeled)
        orders.append(candidates[_label_order(fits.codes[candidates], random)])
    sizes = _absolute(n_labels, min(map(len, orders)))
    requests = [
        (estimator, train, order[:size], [order[:size], test])
        for size in sizes
        for order, (train, test) in zip(orders, fits.splits, strict=True)
    ]
    scores = fits.run(requests, n_jobs).reshape(len(sizes), len(orders), 2)
    return sizes, scores[:, :, 0], scores[:, :, 1]


def _absolute(n_labels, n_max):
    """Numbers of labels in ascending order, from numbers or from fractions of `n_max`."""
    sizes = np.asarray(n_labels)
    largest = 1.0 if sizes.dtype.kind == "f" else n_max
    valid = sizes.ndim == 1 and len(sizes) and sizes.dtype.kind in "iuf"
    # NaN is not in the interval either.
    if not valid or not np.all((sizes > 0) & (sizes <= largest)):
        raise ValueError(
            f"n_labels={n_labels!r} has to be a list of integers between 1 and {n_max}, "
            "the number of labelled samples in the smallest training set, or of "
            "fractions in (0, 1]."
        )
    if sizes.dtype.kind == "f":
        # A product such as 0.55 * 100 is larger than 55 by a rounding error.
        sizes = np.ceil(sizes * n_max * (1 - 1e-12))
    return np.unique(sizes.astype(np.int64))


def _label_order(codes, random):
    """Random order of labelled samples (n,) whose prefixes are stratified.

    A sample's position among the samples of its class is in [0, 1), and 0 for the first
    of each class. With several labels, the smallest of its positions counts.
    """
    position = np.full(len(codes), np.inf)
    for column in codes.T:
        for code in np.unique(column[column >= 0]):
            members = random.permutation(np.flatnonzero(column == code))
            places = np.arange(len(members)) / len(members)
            position[members] = np.minimum(position[members], places)
    # Equal positions, such as those of all first samples, come in random order.
    return np.lexsort((random.permutation(len(codes)), position))
