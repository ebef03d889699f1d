"""Accuracy with few labels, compared with common classifiers at default parameters.

Run ``python benchmarks/accuracy.py digits breast_cancer wine fashion_mnist``. Without
arguments, all data sets except Fashion-MNIST are used. The labelled subsets are
stratified and depend on the seed. The reported accuracy is the mean over the seeds, on a
test set of 30 % of the samples, or on the official test set of Fashion-MNIST.
"""

import resource
import sys
import time

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import LabelSpreading

from sklearn_revae import ReVAEClassifier
from sklearn_revae.datasets import fetch_fashion_mnist, mask_labels


def labelled_only(model):
    """Return a function that fits `model()` to the labelled samples only."""

    def fit(X, y, seed):
        return model().fit(X[y >= 0], y[y >= 0])

    return fit


def revae(X, y, seed):
    """Fit a ReVAE with default parameters."""
    return ReVAEClassifier(random_state=seed).fit(X, y)


def spreading(X, y, seed):
    """Fit label spreading on a nearest-neighbour graph."""
    return LabelSpreading(kernel="knn", n_neighbors=7).fit(X, y)


def logistic():
    """Return logistic regression without scaling, for pixels."""
    return LogisticRegression(max_iter=1000)


def scaled_logistic():
    """Return logistic regression on standardised features."""
    return make_pipeline(StandardScaler(), LogisticRegression())


def forest():
    """Return a random forest."""
    return RandomForestClassifier(random_state=0)


def compare(title, split, n_per_class, seeds, models):
    """Print the mean accuracy of each model over the seeds."""
    for name, fit in models.items():
        start = time.perf_counter()
        scores = []
        for seed in seeds:
            X, X_test, y, y_test = split(seed)
            model = fit(X, mask_labels(y, n_per_class, random_state=seed), seed)
            scores.append(model.score(X_test, y_test))
        seconds = (time.perf_counter() - start) / len(seeds)
        print(
            f"{title:<14} {n_per_class:>3} labels per class  {name:<20} "
            f"{np.mean(scores):.4f}  (worst {min(scores):.4f}, {len(scores)} seeds, "
            f"{seconds:.1f} s per fit)",
            flush=True,
        )


def split_of(load):
    """Return a function that splits a data set for a seed, with 30 % as the test set."""
    X, y = load(return_X_y=True)
    return lambda seed: train_test_split(
        X, y, test_size=0.3, stratify=y, random_state=seed
    )


def digits():
    """Compare the models on digits: five seeds, 3 and 10 labels per class."""
    models = {
        "ReVAE": revae,
        "logistic regression": labelled_only(logistic),
        "LabelSpreading": spreading,
    }
    for n_per_class in (3, 10):
        compare("digits", split_of(load_digits), n_per_class, range(5), models)


def table(title, load):
    """Compare the models on a table: ten seeds, 5 labels per class.

    Features are standardised for logistic regression only.
    """
    models = {
        "ReVAE": revae,
        "logistic regression": labelled_only(scaled_logistic),
        "LabelSpreading": spreading,
    }
    compare(title, split_of(load), 5, range(10), models)


def fashion_mnist():
    """Compare the models on Fashion-MNIST: 60,000 samples, 24 labels per class."""
    X, y = fetch_fashion_mnist(return_X_y=True)
    X_test, y_test = fetch_fashion_mnist(subset="test", return_X_y=True)
    # Memory is reported relative to the data in single precision, as users would store
    # it.
    X, X_test = np.float32(X), np.float32(X_test)

    def measured(X, y, seed):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        model = revae(X, y, seed)
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(f"peak memory added by fit: {(after - before) / X.nbytes:.2f} x size of X")
        return model

    models = {
        "ReVAE": measured,
        "logistic regression": labelled_only(logistic),
        "random forest": labelled_only(forest),
    }
    compare("fashion_mnist", lambda _: (X, X_test, y, y_test), 24, range(1), models)


BENCHMARKS = {
    "digits": digits,
    "breast_cancer": lambda: table("breast_cancer", load_breast_cancer),
    "wine": lambda: table("wine", load_wine),
    "fashion_mnist": fashion_mnist,
}


if __name__ == "__main__":
    for chosen in sys.argv[1:] or ["digits", "breast_cancer", "wine"]:
        BENCHMARKS[chosen]()
