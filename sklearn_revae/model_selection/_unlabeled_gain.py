"""Whether unlabelled samples help: the same estimator with and without them."""

from collections.abc import Callable
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from sklearn.base import BaseEstimator, clone
from sklearn.ensemble._base import _set_random_states
from sklearn.utils import Bunch, check_random_state
from sklearn.utils._param_validation import Interval, validate_parameter_constraints

from sklearn_revae._typing import Labels, RandomState, Rows
from sklearn_revae.model_selection._labeled_fits import LabeledFits


def unlabeled_gain(
    estimator: BaseEstimator,
    X: Rows,
    y: Labels,
    *,
    groups: ArrayLike | None = None,
    cv: Any = None,
    scoring: str | Callable[..., float] | None = None,
    confidence: float = 0.95,
    n_jobs: int | None = None,
    random_state: RandomState = None,
    unlabeled_value: object = -1,
) -> Bunch:
    r"""Measure how much an estimator gains from the unlabelled samples.

    In each split, two clones of the estimator with the same seeds are fitted: one to all
    training samples, and one to the labelled training samples only. Both are scored on
    the labelled test samples, and the gain is the difference of the scores. Both fits
    also learn from the samples with an entry of :func:`~sklearn_revae.soft_labels`.

    .. versionadded:: 0.2

    Parameters
    ----------
    estimator : estimator
        Semi-supervised classifier or regressor, or a Pipeline that ends with one or with
        :class:`LabeledOnly`.
    X : array-like of shape (n_samples, n_features)
        Labelled and unlabelled samples.
    y : array-like of shape (n_samples,) or (n_samples, n_labels)
        Labels, with unlabelled entries.
    groups : array-like of shape (n_samples,), default=None
        Group of each sample, passed to the splitter.
    cv : int, splitter or iterable, default=None
        If None, 5-fold :class:`LabeledKFold`, if an int, that number of folds. Any other
        value is treated as in scikit-learn.
    scoring : str or callable, default=None
        Name of a scikit-learn scorer, or a scorer. It is restricted to labelled samples.
        If None, the `score` method of the estimator is used.
    confidence : float, default=0.95
        Probability that the interval contains the gain, in (0, 1).
    n_jobs : int, default=None
        Number of fits that run in parallel. None means 1, unless in a
        :obj:`joblib.parallel_config` context.
    random_state : int, RandomState instance or None, default=None
        Determines the seeds of the estimator, which are different in each split. Pass an
        int for reproducible output across multiple calls.
    unlabeled_value : int, float, str or None, default=-1
        Value that marks an entry of y as unlabelled, besides None and NaN. It must be the
        `unlabeled_value` of the estimator. For a regressor only None and NaN do.

    Returns
    -------
    result : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        scores_with : ndarray of shape (n_splits,)
            Scores of the fits to all training samples.
        scores_without : ndarray of shape (n_splits,)
            Scores of the fits to the labelled training samples only.
        gains : ndarray of shape (n_splits,)
            Their differences.
        gain_mean : float
            Mean gain.
        interval : ndarray of shape (2,)
            Confidence interval of the mean gain.

    Raises
    ------
    ValueError
        If `confidence` is not in (0, 1), there are fewer than two splits, or the
        estimator has another `unlabeled_value`.

    See Also
    --------
    UnlabeledGainDisplay : Draws the scores.
    label_learning_curve : Scores by number of labels.

    Notes
    -----
    The training sets of different splits overlap, so the gains are not independent, and
    their variance :math:`s^2` underestimates that of their mean. The interval is the
    corrected resampled t-interval [1]_,

    .. math::

        \bar g \pm t_{J-1} \sqrt{\left(\frac{1}{J} + \frac{n_2}{n_1}\right) s^2},

    where :math:`\bar g` is the mean gain, :math:`J` the number of splits, :math:`n_1` and
    :math:`n_2` the mean numbers of labelled training and test samples, and
    :math:`t_{J-1}` the quantile of Student's t distribution with :math:`J - 1` degrees of
    freedom.

    References
    ----------
    .. [1] C. Nadeau, Y. Bengio, "Inference for the Generalization Error", Machine
       Learning 52, 2003.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_revae import ReVAEClassifier
    >>> from sklearn_revae.datasets import mask_labels
    >>> from sklearn_revae.model_selection import unlabeled_gain
    >>> X, y = load_iris(return_X_y=True)
    >>> few = mask_labels(y, n_per_class=5, random_state=0)
    >>> model = ReVAEClassifier(max_iter=5)
    >>> result = unlabeled_gain(model, X, few, cv=3, random_state=0)
    >>> result.gains.shape
    (3,)
    >>> bool(result.interval[0] < result.gain_mean < result.interval[1])
    True
    """
    validate_parameter_constraints(
        {"confidence": [Interval(Real, 0, 1, closed="neither")]},
        {"confidence": confidence},
        caller_name="unlabeled_gain",
    )
    fits = LabeledFits(estimator, X, y, groups, cv, scoring, unlabeled_value)
    labeled, random = np.flatnonzero(fits.labeled), check_random_state(random_state)
    known = fits.labeled | fits.soft.reshape(fits.codes.shape).any(axis=1)
    requests = []
    for train, test in fits.splits:
        seeded = clone(estimator)
        _set_random_states(seeded, random.randint(2**31))
        only = np.intersect1d(train, np.flatnonzero(known))
        requests += [(seeded, train, only, [test]), (seeded, only, only, [test])]
    scores_with, scores_without = fits.run(requests, n_jobs).reshape(-1, 2).T
    gains = scores_with - scores_without
    n_train = np.mean([np.isin(train, labeled).sum() for train, _ in fits.splits])
    n_test = np.mean([np.isin(test, labeled).sum() for _, test in fits.splits])
    return Bunch(
        scores_with=scores_with,
        scores_without=scores_without,
        gains=gains,
        gain_mean=float(gains.mean()),
        interval=_interval(gains, n_test / n_train, confidence),
    )


def _interval(gains, test_ratio, confidence):
    """Corrected resampled t-interval (2,) of the mean of `gains` (J,)."""
    n_splits = len(gains)
    if n_splits < 2:
        raise ValueError(
            f"An interval requires at least two splits, but cv has made {n_splits}: use "
            "more splits."
        )
    error = np.sqrt((1 / n_splits + test_ratio) * gains.var(ddof=1))
    quantile = stats.t.ppf((1 + confidence) / 2, n_splits - 1)
    return gains.mean() + np.array([-1, 1]) * quantile * error
