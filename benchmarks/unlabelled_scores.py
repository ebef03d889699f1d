"""Wrong and right ways to cross-validate when y contains -1.

Run ``python benchmarks/unlabelled_scores.py``. 100 of the 1797 digits are labelled. The
scores of three classifiers under different splitters and metrics are compared with their
accuracy on the labels that were hidden.
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
EVALUATIONS = {
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


def hidden_accuracy(model, X, y, y_few):
    """Return the accuracy on the samples whose label was hidden.

    Logistic regression is fitted on the labelled samples only.
    """
    known = y_few >= 0
    if model is logistic:
        fitted = clone(model).fit(X[known], y_few[known])
    else:
        fitted = clone(model).fit(X, y_few)
    return fitted.score(X[~known], y[~known])


def scored(model, evaluation, X, y_few):
    """Return the mean score over the folds."""
    cv, scoring = EVALUATIONS[evaluation]
    if model is logistic and cv is FOLDS:
        cv = ONLY_LABELED
    return np.mean(cross_val_score(model, X, y_few, cv=cv, scoring=scoring))


def main():
    """Print a table of the scores, averaged over the seeds."""
    X, y = load_digits(return_X_y=True)
    X = X / 16
    rows = [*EVALUATIONS, "hidden labels"]
    results = {row: {name: [] for name in MODELS} for row in rows}
    for seed in SEEDS:
        y_few = mask_labels(y, n_per_class=10, random_state=seed)
        for name, model in MODELS.items():
            for evaluation in EVALUATIONS:
                score = scored(model, evaluation, X, y_few)
                results[evaluation][name].append(score)
            score = hidden_accuracy(model, X, y, y_few)
            results["hidden labels"][name].append(score)
            print(seed, name, {row: round(results[row][name][-1], 3) for row in rows})
    print(f"{'':24}", *[f"{name:>14}" for name in MODELS])
    for row, scores in results.items():
        print(f"{row:24}", *[f"{np.mean(scores[name]):14.3f}" for name in MODELS])


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    main()
