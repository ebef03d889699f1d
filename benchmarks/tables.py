"""Tables, counts and several labels, compared with common classifiers.

Run ``python benchmarks/tables.py [german splice breast_cancer pbmc yeast]``. All models
have default parameters. german, splice and breast_cancer: 20 labels per class, ten seeds,
30 % of the samples as the test set. The complete tables are compared with logistic
regression after the usual ColumnTransformer, and tables with 30 % of the values removed
with HistGradientBoosting, and with logistic regression after SimpleImputer. pbmc
(counts): 5 labels per cell type. yeast (14 labels): 20 % of the samples labelled.
"""

import sys
import time
import warnings

import numpy as np
from data_sets import (
    breast_cancer,
    keel,
    log_normalised,
    pbmc,
    scaled_and_encoded,
    with_missing,
    yeast,
)
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import train_test_split
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from sklearn_revae import ReVAEClassifier
from sklearn_revae.datasets import mask_labels

SEEDS = range(10)


def logistic_table():
    """Return logistic regression on scaled numbers and one-hot encoded categories."""
    return make_pipeline(scaled_and_encoded(), LogisticRegression(max_iter=1000))


def logistic_imputed():
    """Return logistic regression on medians and most frequent categories."""
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    categories = make_pipeline(
        SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")
    )
    columns = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (categories, make_column_selector(dtype_exclude="number")),
    )
    return make_pipeline(columns, LogisticRegression(max_iter=1000))


def boosting():
    """Return histogram-based gradient boosting, which supports missing values."""
    return HistGradientBoostingClassifier(
        categorical_features="from_dtype", random_state=0
    )


def report(title, name, scores, seconds):
    """Print one line of results."""
    print(
        f"{title:<24} {name:<22} {np.mean(scores):.4f}  "
        f"(worst {min(scores):.4f}, {len(scores)} seeds, {seconds / len(scores):.1f} s)",
        flush=True,
    )


def compare(title, X, y, n_per_class, others, prepare=lambda X, seed: X):
    """Compare a ReVAE with other models fitted on the labelled samples only."""
    scores, seconds = {}, {}
    for seed in SEEDS:
        train, test = train_test_split(
            np.arange(len(y)), test_size=0.3, stratify=y, random_state=seed
        )
        prepared = prepare(X, seed)
        rows = prepared.iloc if hasattr(prepared, "iloc") else prepared
        y_few = mask_labels(y[train], n_per_class, random_state=seed)
        known = y_few != -1
        for name, model in {"ReVAE": None, **others}.items():
            start = time.perf_counter()
            if model is None:
                fitted = ReVAEClassifier(random_state=seed).fit(rows[train], y_few)
            else:
                fitted = model().fit(rows[train[known]], y[train[known]])
            score = np.mean(fitted.predict(rows[test]) == y[test])
            scores.setdefault(name, []).append(score)
            seconds[name] = seconds.get(name, 0) + time.perf_counter() - start
    for name, values in scores.items():
        report(title, name, values, seconds[name])


def table(title, load):
    """Compare models on a table, complete and with missing values."""
    X, y = load()
    y = np.unique(y, return_inverse=True)[1]
    compare(title, X, y, 20, {"logistic regression": logistic_table})
    typed = X.astype({c: "category" for c in X if X[c].dtype.kind not in "if"})
    compare(
        f"{title}, 30 % missing",
        typed,
        y,
        20,
        {"HistGradientBoosting": boosting, "imputed, logistic": logistic_imputed},
        lambda X, seed: with_missing(X, 0.3, seed),
    )


def cells():
    """Compare models on single-cell counts with 5 labels per cell type."""
    counts, types = pbmc()
    y = np.unique(types, return_inverse=True)[1]
    compare(
        "pbmc",
        counts,
        y,
        5,
        {
            "logistic regression": lambda: make_pipeline(
                FunctionTransformer(log_normalised), LogisticRegression(max_iter=1000)
            )
        },
    )


def several_labels():
    """Compare the macro F1 of 14 labels, fully known and with 30 % of entries unknown."""
    X, y = yeast()
    scores, seconds = {}, {}
    for seed in SEEDS:
        train, test = train_test_split(
            np.arange(len(y)), test_size=0.3, random_state=seed
        )
        random = np.random.RandomState(seed)
        known = random.random_sample(len(train)) < 0.2
        y_few = np.where(known[:, None], y[train], -1)
        y_fewer = np.where(random.random_sample(y_few.shape) < 0.3, -1, y_few)
        models = {
            "ReVAE": lambda labels=y_few, seed=seed, X=X, train=train: ReVAEClassifier(
                random_state=seed
            ).fit(X[train], labels),
            "ReVAE, 30 % unknown": lambda labels=y_fewer, seed=seed, X=X, train=train: (
                ReVAEClassifier(random_state=seed).fit(X[train], labels)
            ),
            "logistic regression": lambda rows=train[known]: make_pipeline(
                StandardScaler(),
                MultiOutputClassifier(LogisticRegression(max_iter=1000)),
            ).fit(X[rows], y[rows]),
        }
        for name, fit in models.items():
            start = time.perf_counter()
            predicted = fit().predict(X[test])
            seconds[name] = seconds.get(name, 0) + time.perf_counter() - start
            score = f1_score(y[test], predicted, average="macro", zero_division=0)
            scores.setdefault(name, []).append(score)
    for name, values in scores.items():
        report("yeast, macro-F1", name, values, seconds[name])


TASKS = {
    "german": lambda: table("german", lambda: keel("german")),
    "splice": lambda: table("splice", lambda: keel("splice")),
    "breast_cancer": lambda: table("breast_cancer", breast_cancer),
    "pbmc": cells,
    "yeast": several_labels,
}

if __name__ == "__main__":
    warnings.filterwarnings("ignore", message="Found unknown categories")
    for task in sys.argv[1:] or TASKS:
        TASKS[task]()
