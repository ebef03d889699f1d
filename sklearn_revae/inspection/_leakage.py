"""Do latents tell more than they should? Labels predicted from each part of them."""

from numbers import Integral
from typing import TYPE_CHECKING

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_consistent_length, check_random_state
from sklearn.utils._optional_dependencies import check_pandas_support
from sklearn.utils.validation import check_is_fitted

from sklearn_revae._typing import Labels, Model, RandomState, Rows

if TYPE_CHECKING:
    import pandas as pd


def label_leakage(
    estimator: Model, X: Rows, y: Labels, *, cv: int = 5, random_state: RandomState = None
) -> "pd.DataFrame":
    """How well each label is predicted from latents that should not tell it.

    An edit moves a label's own latents alone. What other latents tell of the label stays
    as it was, and works against the edit; what a label's latents tell of other labels
    changes with them. A logistic regression on standardised latents is the probe, its
    balanced accuracy over held-out rows the measure.

    .. versionadded:: 0.2

    Parameters
    ----------
    estimator : ReVAEClassifier or ReVAETransformer
        A fitted model with labels.
    X : array-like of shape (n_samples, n_features)
        Rows, in the units of the training data; best those that it was not fitted on.
    y : array-like of shape (n_samples,) or (n_samples, n_labels)
        Their labels, as in fit. For each label the rows count where it is known.
    cv : int, default=5
        Number of stratified folds. A label whose rarest class has fewer rows gets as many
        folds as that class has rows.
    random_state : int, RandomState instance or None, default=None
        Decides the folds.

    Returns
    -------
    table : pandas.DataFrame
        A row for each label. Balanced accuracies, from 0 to 1: `own` from the label's own
        latents, for comparison, `others` from those of all other labels together, `style`
        from the style latents, and `chance`, 1 / the number of classes, which is also
        what latents that are not there get. `n_rows` and `n_folds` say what they rest on.

    Raises
    ------
    ValueError
        For a model without labels, bad labels or `cv`, and a label with fewer than two
        classes in y, or with a class of a single row.
    ImportError
        Without pandas.

    Notes
    -----
    Labels that go together in the data are predicted from each other's latents by right:
    compare `others` with what the labels themselves would give.

    References
    ----------
    .. [1] G. Alain, Y. Bengio, "Understanding intermediate layers using linear
       classifier probes", 2016, arXiv:1610.01644.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_revae import ReVAEClassifier, label_leakage
    >>> X, y = load_iris(return_X_y=True)
    >>> model = ReVAEClassifier(max_iter=100, random_state=0).fit(X, y)
    >>> table = label_leakage(model, X, y, random_state=0)
    >>> table[["n_rows", "n_folds"]]
             n_rows  n_folds
    label_0     150        5
    >>> bool(table.loc["label_0", "own"] > 0.9)
    True
    """
    pandas = check_pandas_support("label_leakage")
    check_is_fitted(estimator)
    labels = estimator._labels
    if labels is None:
        raise ValueError(
            "label_leakage needs labels to predict, but the model was fitted without y."
        )
    if not isinstance(cv, Integral) or isinstance(cv, bool) or cv < 2:
        raise ValueError(f"cv={cv!r} should be a whole number of at least 2.")
    check_consistent_length(X, y)
    codes = labels.encode(y)
    folds = [
        _n_folds(cv, codes[:, label], name, labels.classes_[label])
        for label, name in enumerate(labels.names_)
    ]
    random = check_random_state(random_state)
    latents = estimator.transform(X)
    n_own = len(labels.names_) * estimator.label_dim_
    blocks = latents[:, :n_own].reshape(len(latents), len(labels.names_), -1)
    rows = []
    for label, n_folds in enumerate(folds):
        known = codes[:, label] >= 0
        target = codes[known, label]
        splits = list(
            StratifiedKFold(n_folds, shuffle=True, random_state=random).split(
                target, target
            )
        )
        parts = {
            "own": blocks[known, label],
            "others": np.delete(blocks[known], label, axis=1).reshape(len(target), -1),
            "style": latents[known, n_own:],
        }
        accuracies = {part: _probe(z, target, splits) for part, z in parts.items()}
        chance = 1 / len(np.unique(target))
        n_rows = len(target)
        rows.append(
            {**accuracies, "chance": chance, "n_rows": n_rows, "n_folds": n_folds}
        )
    return pandas.DataFrame(rows, index=labels.names_)


def _n_folds(cv, codes, name, classes):
    """Number of folds such that each holds all classes of the label."""
    there, counts = np.unique(codes[codes >= 0], return_counts=True)
    if len(there) < 2:
        raise ValueError(
            f"y knows {classes[there].tolist()} as the only values of {name}: a probe "
            "needs two classes to tell apart."
        )
    if counts.min() < 2:
        rare = classes[there[counts.argmin()]]
        raise ValueError(
            f"y has a single row where {name} is {rare.item()!r}: a probe needs one to "
            "learn from and one to be held out. Pass more rows, or mark it as unlabelled."
        )
    return int(min(cv, counts.min()))


def _probe(z, target, splits):
    """Balanced accuracy of `target` predicted from latents `z` of held-out rows."""
    if z.shape[1] == 0:
        return 1 / len(np.unique(target))
    # Balanced, since else a rare class is never predicted, however clear it is.
    probe = LogisticRegression(class_weight="balanced", max_iter=1000)
    predicted = cross_val_predict(
        make_pipeline(StandardScaler(), probe), z, target, cv=splits
    )
    return float(balanced_accuracy_score(target, predicted))
