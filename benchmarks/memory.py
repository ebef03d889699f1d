"""Memory and time of training on images on disk, and of predicting for many samples.

Training: run ``OMP_WAIT_POLICY=PASSIVE python benchmarks/memory.py 1000000 fashion
memmap``:

- the number of images, 1000000 by default;
- "fashion" for repeated images of Fashion-MNIST, or "random", the default, for random
  pixels and labels, which take the same time but cannot be learned;
- the container: "memmap" (the default), "hdf5", "zarr", or "sparse" for a sparse matrix
  in memory.

The images are written as bytes to a temporary folder, which takes a gigabyte for 1.3
million images. 5,000 images are labelled, and the model is trained for one epoch.

The script prints the resident memory after the imports, the peak memory, the time before
the first training step (validation, and the pass over the data that infers the types of
the features) and the time of the epoch. With "fashion" it also prints the accuracy on the
10,000 test images.

Prediction: run ``OMP_NUM_THREADS=1 python benchmarks/memory.py score 10000000 array``:

- the number of samples, 10000000 by default, of 100 features each, which are drawn when
  they are read and never all in memory;
- how they are passed: "array" (the default) for an array whose slices are drawn, "dask"
  for a Dask array with blocks of 50,000 samples.

For ``predict_proba`` and ``transform`` of a model that was fitted to 2,000 of the
samples, the script prints the size of X, the size of the result, and how far the peak of
the resident memory rises above that after the fit, in a process of its own. The results
of "dask" are computed one block after another, and only their mean is kept.
"""

import multiprocessing
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
# The samples that are drawn when they are read, and those in a block of a Dask array.
N_COLUMNS = 100
BLOCK_ROWS = 50_000
# Number of distinct images, which are repeated; the size of Fashion-MNIST.
N_DISTINCT = 60_000


class Clock(Callback):
    """Record the time at which training starts and each epoch ends."""

    def on_train_begin(self, net, **kwargs):
        """Note the time."""
        self.times = [time.perf_counter()]

    def on_epoch_end(self, net, **kwargs):
        """Note the time."""
        self.times.append(time.perf_counter())


def peak_megabytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def distinct_images(kind):
    """Return the images that are repeated, and their labels."""
    if kind == "fashion":
        return fetch_fashion_mnist(return_X_y=True)
    rng = np.random.default_rng(0)
    X = rng.integers(0, 256, (N_DISTINCT, N_FEATURES), dtype=np.uint8)
    return X, rng.integers(N_CLASSES, size=N_DISTINCT)


def write(path, n_rows, kind):
    """Write the images to a file; return their labels, -1 for all but `N_LABELED`."""
    X, labels = distinct_images(kind)
    y = np.resize(labels, n_rows)
    with open(path, "wb") as file:
        for start in range(0, n_rows, len(X)):
            file.write(X[: n_rows - start].data)
    unlabeled = np.random.default_rng(1).permutation(n_rows)[N_LABELED:]
    y[unlabeled] = -1
    return y


def open_container(path, container):
    """Return the images of the file in the given container."""
    X = np.memmap(path, dtype=np.uint8, mode="r").reshape(-1, N_FEATURES)
    if container == "sparse":
        parts = range(0, len(X), N_DISTINCT)
        return scipy.sparse.vstack(
            [scipy.sparse.csr_matrix(X[i : i + N_DISTINCT]) for i in parts], format="csr"
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


class Drawn:
    """An array of random samples that are drawn when they are read.

    The first feature tells the two classes apart.
    """

    dtype, chunks = np.dtype(np.float32), None

    def __init__(self, n_rows):
        self.shape = (n_rows, N_COLUMNS)

    def __getitem__(self, rows):
        return draw(*rows.indices(self.shape[0])[:2])


def draw(start, stop):
    """Draw the samples from `start` up to `stop`; as fast as possible."""
    X = np.random.default_rng(start).random((stop - start, N_COLUMNS), np.float32)
    X[:, 0] += np.arange(start, stop) % 2
    return X


def lazily_drawn(n_rows):
    """The samples as a Dask array."""
    import dask.array as da

    blocks = [
        (start, min(start + BLOCK_ROWS, n_rows)) for start in range(0, n_rows, BLOCK_ROWS)
    ]
    bounds = da.from_array(np.array(blocks), chunks=(1, 2))
    chunks = (tuple(stop - start for start, stop in blocks), (N_COLUMNS,))
    return bounds.map_blocks(lambda b: draw(*b[0]), dtype=np.float32, chunks=chunks)


def score(method, n_rows, container):
    """Apply a method to the samples, and print how far the memory rises."""
    X = draw(0, 2000)
    model = ReVAEClassifier(random_state=0).fit(X, np.arange(2000) % 2)
    many = {"array": Drawn, "dask": lazily_drawn}[container](n_rows)
    before, start = peak_megabytes(), time.perf_counter()
    result = getattr(model, method)(many)
    if container == "dask":
        result = result.mean(axis=0).compute(scheduler="synchronous")
    seconds = time.perf_counter() - start
    print(
        f"{method} of {n_rows} x {N_COLUMNS} ({container}, "
        f"{n_rows * N_COLUMNS * 4 / 2**20:.0f} MB): result {result.nbytes / 2**20:.0f} "
        f"MB, peak {peak_megabytes():.0f} MB, rise {peak_megabytes() - before:.0f} MB; "
        f"{seconds:.0f} s",
        flush=True,
    )


def train(n_rows, kind, container):
    """Train on stored images, and print the memory and the time."""
    # Memory after the imports. Memory used to create the data is freed before the fit.
    before = peak_megabytes()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows"
        y = write(path, n_rows, kind)
        X, clock = open_container(path, container), Clock()
        peak_of_data = peak_megabytes()
        model = ReVAEClassifier(max_iter=1, callbacks=[clock], random_state=0)
        start = time.perf_counter()
        model.fit(X, y)
        peak = peak_megabytes()
        print(
            f"{container} of {n_rows} x {N_FEATURES} bytes, {kind}: imports "
            f"{before:.0f} MB, peak {peak:.0f} MB, rise {peak - before:.0f} MB "
            f"({peak_of_data - before:.0f} MB of it to create the data); first pass "
            f"{clock.times[0] - start:.1f} s, epoch {np.diff(clock.times)[0]:.1f} s"
        )
        if kind == "fashion":
            X_test, y_test = fetch_fashion_mnist(subset="test", return_X_y=True)
            print(f"accuracy on test images: {model.score(X_test, y_test):.3f}")


if __name__ == "__main__":
    arguments = sys.argv[1:]
    if arguments[:1] == ["score"]:
        n_rows, container = [*arguments[1:], *("10000000", "array")[len(arguments) - 1 :]]
        for method in ("predict_proba", "transform"):
            # The peak of a process does not fall, so each method has a process.
            process = multiprocessing.get_context("spawn").Process(
                target=score, args=(method, int(n_rows), container)
            )
            process.start()
            process.join()
    else:
        n_rows, kind, container = [
            *arguments,
            *("1000000", "random", "memmap")[len(arguments) :],
        ]
        train(int(n_rows), kind, container)
