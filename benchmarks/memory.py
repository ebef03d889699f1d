"""Memory and time of a fit on pictures that lie in a file, far more than are ever read.

Run ``OMP_WAIT_POLICY=PASSIVE python benchmarks/memory.py 1000000 fashion``: a million
rows (the default) of Fashion-MNIST, repeated. In place of "fashion" the default,
"random", has pixels and labels at random, which is the same work with nothing to learn.
The rows are written as bytes to a temporary folder, a gigabyte of them being 1.3 million,
and read through numpy.memmap; 5,000 have a label. A last word "sparse", "hdf5" or "zarr"
holds them so instead, sparse ones in memory.

Printed: resident memory after the imports, its peak after that, by how much it rose, the
seconds before the first step (checks, and the pass that tells the columns' kinds) and
those of the epoch. With "fashion" also the accuracy on the 10,000 test rows.
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import scipy.sparse
from skorch.callbacks import Callback

from sklearn_revae import ReVAEClassifier
from sklearn_revae.datasets import fetch_fashion_mnist

N_LABELED = 5000
N_FEATURES = 784
N_CLASSES = 10
# Rows that are made at once; Fashion-MNIST has as many.
N_MADE = 60_000


class Clock(Callback):
    """Times of training's beginning and of the end of each epoch."""

    def on_train_begin(self, net, **kwargs):
        """Note the time."""
        self.times = [time.perf_counter()]

    def on_epoch_end(self, net, **kwargs):
        """Note the time."""
        self.times.append(time.perf_counter())


def peak_megabytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def made(kind):
    """Rows to be repeated, and their labels."""
    if kind == "fashion":
        return fetch_fashion_mnist(return_X_y=True)
    rng = np.random.default_rng(0)
    X = rng.integers(0, 256, (N_MADE, N_FEATURES), dtype=np.uint8)
    return X, rng.integers(N_CLASSES, size=N_MADE)


def write(path, n_rows, kind):
    """Write rows of bytes, and return their labels, -1 for all but a few."""
    X, labels = made(kind)
    y = np.resize(labels, n_rows)
    with open(path, "wb") as file:
        for start in range(0, n_rows, len(X)):
            file.write(X[: n_rows - start].data)
    unlabeled = np.random.default_rng(1).permutation(n_rows)[N_LABELED:]
    y[unlabeled] = -1
    return y


def held(path, container):
    """Rows of the file, in a container."""
    X = np.memmap(path, dtype=np.uint8, mode="r").reshape(-1, N_FEATURES)
    if container == "sparse":
        parts = range(0, len(X), N_MADE)
        return scipy.sparse.vstack(
            [scipy.sparse.csr_matrix(X[i : i + N_MADE]) for i in parts], format="csr"
        )
    if container == "hdf5":
        import h5py

        file = h5py.File(path.with_suffix(".h5"), "w")
        return file.create_dataset("X", data=X, chunks=(1000, N_FEATURES))
    if container == "zarr":
        import zarr

        return zarr.create_array(
            path.with_suffix(".zarr"), data=X, chunks=(1000, N_FEATURES)
        )
    return X


if __name__ == "__main__":
    n_rows, kind, container = [
        *sys.argv[1:],
        *("1000000", "random", "memmap")[len(sys.argv) - 1 :],
    ]
    # Where the imports have left it; what is made here is over before the fit begins.
    before = peak_megabytes()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows"
        y = write(path, int(n_rows), kind)
        X, clock = held(path, container), Clock()
        made_peak = peak_megabytes()
        model = ReVAEClassifier(max_iter=1, callbacks=[clock], random_state=0)
        start = time.perf_counter()
        model.fit(X, y)
        peak = peak_megabytes()
        print(
            f"{container} of {n_rows} x {N_FEATURES} bytes, {kind}: imports "
            f"{before:.0f} MB, peak {peak:.0f} MB, rise {peak - before:.0f} MB "
            f"({made_peak - before:.0f} MB of it to make the rows); summary "
            f"{clock.times[0] - start:.1f} s, epoch {np.diff(clock.times)[0]:.1f} s"
        )
        if kind == "fashion":
            X_test, y_test = fetch_fashion_mnist(subset="test", return_X_y=True)
            print(f"accuracy on test rows: {model.score(X_test, y_test):.3f}")
