"""Scores in cross-validation with -1 in y, taken wrongly and rightly.

Digits, 100 of 1797 rows labelled. What each way of scoring says of three classifiers,
beside what they reach on the labels that were hidden.
"""

import warnings

import numpy as np
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, cross_val_score
from sklearn.semi_supervised import SelfTrainingClassifier

from sklearn_revae import ReVAEClassifier
from sklearn_revae.datasets import mask_labels
from sklearn_revae.model_selection import LabeledKFold, labeled_scorer

SEEDS = range(3)
FOLDS = LabeledKFold(5)
ONLY_LABELED = LabeledKFold(5, unlabeled="drop")
WAYS = {
    "KFold, accuracy": (KFold(5, shuffle=True, random_state=0), "accuracy"),
    "default, accuracy": (5, "accuracy"),
    "default, f1_macro": (5, "f1_macro"),
    "default, no scoring": (5, None),
    "LabeledKFold, accuracy": (FOLDS, labeled_scorer("accuracy")),
    "LabeledKFold, f1_macro": (FOLDS, labeled_scorer("f1_macro")),
}
logistic = LogisticRegression(max_iter=1000)
MODELS = {
    "logistic": logistic,
    "self-training": SelfTrainingClassifier(logistic),
    "ReVAE": ReVAEClassifier((128,), max_iter=25, edit_weight=0, random_state=0),
}


def hidden_accuracy(model, X, y, few):
    """Accuracy on the rows whose label was hidden; logistic regression has the others."""
    known = few >= 0
    if model is logistic:
        fitted = clone(model).fit(X[known], few[known])
    else:
        fitted = clone(model).fit(X, few)
    return fitted.score(X[~known], y[~known])


def scored(model, way, X, few):
    """Mean score over the folds."""
    cv, scoring = WAYS[way]
    if model is logistic and cv is FOLDS:
        cv = ONLY_LABELED
    return np.mean(cross_val_score(model, X, few, cv=cv, scoring=scoring))


def main():
    """Print a table of means over the seeds."""
    X, y = load_digits(return_X_y=True)
    X = X / 16
    found = {way: {name: [] for name in MODELS} for way in [*WAYS, "hidden labels"]}
    for seed in SEEDS:
        few = mask_labels(y, n_per_class=10, random_state=seed)
        for name, model in MODELS.items():
            for way in WAYS:
                found[way][name].append(scored(model, way, X, few))
            found["hidden labels"][name].append(hidden_accuracy(model, X, y, few))
            print(seed, name, {way: round(found[way][name][-1], 3) for way in found})
    print(f"{'':24}", *[f"{name:>14}" for name in MODELS])
    for way, scores in found.items():
        print(f"{way:24}", *[f"{np.mean(scores[name]):14.3f}" for name in MODELS])


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    main()
