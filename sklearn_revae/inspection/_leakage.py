"""Label leakage: predict each label from each group of latent dimensions."""

from typing import TYPE_CHECKING

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_random_state
from sklearn.utils._optional_dependencies import check_pandas_support
from sklearn.utils._param_validation import validate_parameter_constraints

from sklearn_revae._data.file_names import in_order_of
from sklearn_revae._data.reading import as_container
from sklearn_revae._inference.arguments import AT_LEAST_TWO
from sklearn_revae._interventions.passage import transform
from sklearn_revae._typing import Labels, ModelOrPipeline, RandomState, Rows
from sklearn_revae.inspection._checks import check_length
from sklearn_revae.inspection._models import fitted_model

if TYPE_CHECKING:
    import pandas as pd

_CONSTRAINTS = {"cv": [AT_LEAST_TWO]}


def label_leakage(
    estimator: ModelOrPipeline,
    X: Rows,
    y: Labels,
    *,
    cv: int = 5,
    random_state: RandomState = None,
) -> "pd.DataFrame":
    """Measure how much label information leaks into the other latent dimensions.

    An edit moves only the characteristic latents of the requested label. Information
    about the label in other latent dimensions is not changed by the edit and can
    counteract it. Conversely, information about other labels in the characteristic
    latents of the label changes together with them.

    For each label and each group of latent dimensions, a logistic regression on
    standardised latent codes predicts the label (a linear probe [1]_). Its balanced
    accuracy is measured by cross-validation.

    .. versionadded:: 0.2

    Parameters
    ----------
    estimator : ReVAEClassifier, ReVAETransformer or Pipeline
        Fitted model with labels, or a fitted Pipeline that ends with one.
    X : array-like of shape (n_samples, n_features)
        Samples, in the units of the training data, preferably held out.
    y : array-like of shape (n_samples,) or (n_samples, n_labels)
        Their labels, as in `fit`. Samples that are unlabelled for a label are left out
        for that label.
    cv : int, default=5
        Number of stratified folds. If the rarest class of a label has fewer samples, that
        number of folds is used for the label.
    random_state : int, RandomState instance or None, default=None
        Seed of the split into folds.

    Returns
    -------
    table : pandas.DataFrame
        A row for each label. The first columns are balanced accuracies, from 0 to 1:
        `own` from the characteristic latents of the label, for comparison; `others` from
        those of all other labels together; `style` from the style latents; and `chance`,
        1 / the number of classes, which is also the value for a group without latent
        dimensions. `n_rows` is the number of samples and `n_folds` the number of folds.

    Raises
    ------
    ValueError
        If the model was fitted without y, if `y` or `cv` is invalid, and for a label that
        has fewer than two classes in y or a class with a single sample.
    ImportError
        If pandas is not installed.

    Notes
    -----
    Labels that are associated in the data can be predicted from each other. For such
    labels, compare `others` with the accuracy that the other labels themselves give.

    References
    ----------
    .. [1] G. Alain, Y. Bengio, "Understanding intermediate layers using linear
       classifier probes", 2016, arXiv:1610.01644.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_revae import ReVAEClassifier, label_leakage
    >>> X, y = load_iris(return_X_y=True)
    >>> model = ReVAEClassifier(max_iter=20, random_state=0).fit(X, y)
    >>> table = label_leakage(model, X, y, random_state=0)
    >>> table[["n_rows", "n_folds"]]
             n_rows  n_folds
    label_0     150        5
    >>> bool(table.loc["label_0", "own"] > 0.9)
    True
    """
    pandas = check_pandas_support("label_leakage")
    steps, model = fitted_model(estimator)
    labels = model._labels
    if labels is None:
        raise ValueError(
            "label_leakage needs labels to predict, but the model was fitted without y: "
            "fit it with labels."
        )
    validate_parameter_constraints(_CONSTRAINTS, {"cv": cv}, "label_leakage")
    # Labels of a folder may be given by file name.
    codes = labels.encode(in_order_of(X if steps else as_container(X), y))
    folds = [
        _n_folds(cv, codes[:, label], name, labels.classes_[label])
        for label, name in enumerate(labels.names_)
    ]
    random = check_random_state(random_state)
    latents = model.transform(transform(steps, X))
    check_length(codes, "y", len(latents), "sample in X")
    n_own = len(labels.names_) * model.label_dim_
    blocks = latents[:, :n_own].reshape(len(latents), len(labels.names_), -1)
    rows = []
    for label, n_folds in enumerate(folds):
        labelled = codes[:, label] >= 0
        target = codes[labelled, label]
        splits = list(
            StratifiedKFold(n_folds, shuffle=True, random_state=random).split(
                target, target
            )
        )
        parts = {
            "own": blocks[labelled, label],
            "others": np.delete(blocks[labelled], label, axis=1).reshape(len(target), -1),
            "style": latents[labelled, n_own:],
        }
        accuracies = {part: _probe(z, target, splits) for part, z in parts.items()}
        chance = 1 / len(np.unique(target))
        n_rows = len(target)
        rows.append(
            {**accuracies, "chance": chance, "n_rows": n_rows, "n_folds": n_folds}
        )
    return pandas.DataFrame(rows, index=labels.names_)


def _n_folds(cv, codes, name, classes):
    """Number of folds, so that each contains all classes of the label."""
    observed, counts = np.unique(codes[codes >= 0], return_counts=True)
    if len(observed) < 2:
        raise ValueError(
            f"y contains only {classes[observed].tolist()} as values of {name}, but at "
            "least two classes are needed: pass samples of other classes as well."
        )
    if counts.min() < 2:
        rare = classes[observed[counts.argmin()]]
        raise ValueError(
            f"y contains a single sample where {name} is {rare.item()!r}, but each class "
            "needs one to train on and one to test on: pass more samples, or mark it as "
            "unlabelled."
        )
    return int(min(cv, counts.min()))


def _probe(z, target, splits):
    """Balanced accuracy of the prediction of `target` from latent codes `z`."""
    if z.shape[1] == 0:
        return 1 / len(np.unique(target))
    # Without balanced weights, a rare class may never be predicted, however distinct.
    probe = LogisticRegression(class_weight="balanced", max_iter=1000)
    predicted = cross_val_predict(
        make_pipeline(StandardScaler(), probe), z, target, cv=splits
    )
    return float(balanced_accuracy_score(target, predicted))
