"""Speed and memory on a GPU, compared with the CPU of the same machine.

``python benchmarks/gpu.py`` needs a CUDA device and takes less than five minutes. It runs
the tests of ``make test-gpu`` and prints the name of the card and two tables.

The first table compares the CPU with the GPU for fits to

- digits: 1257 images of 8 x 8 pixels from scikit-learn, 50 of them labelled, 20 epochs;
- fashion: 10,000 images of 28 x 28 pixels, 500 of them labelled, 2 epochs;
- avatars: 1000 faces of 64 x 64 pixels with 16 labels, 60 of them labelled, 2 epochs;
- published: the same faces and epochs, with the networks of the paper.

If Fashion-MNIST cannot be downloaded, or the packages that draw faces are not installed,
random pixels and labels take their place, which take the same time to fit. Their names
are printed with a star.

The second table has fits of 1, 8, 32 and 128 ensemble members at once, on the CPU of 1
and 8, to 4000 of the images of fashion, for 2 epochs.

"seconds" are those of the whole ``fit``; "train img/s" are the training images per second
in the fastest epoch, and "predict img/s" those of ``predict_proba``. "peak memory" is
that of the GPU's tensors. "accuracy" is ``score`` on images that were not fitted: so few
epochs do not make a good model.

``python benchmarks/gpu.py --smoke`` prints the tables for the CPU only, with few images
and one epoch. It serves to try the script on a machine without a GPU.
"""

import argparse
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from skorch.callbacks import Callback

from sklearn_revae import ReVAEClassifier
from sklearn_revae.datasets import fetch_fashion_mnist, make_avatars, mask_labels

TESTS = Path(__file__).parents[1] / "tests" / "test_gpu.py"
HEADER = (
    f"{'data':10} {'members':>7} {'device':6} {'epochs':>6} {'seconds':>8} "
    f"{'train img/s':>11} {'predict img/s':>13} {'peak memory':>11} {'accuracy':>8}"
)
# Numbers of ensemble members. A CPU would take minutes for the larger ones.
MEMBERS = {"cpu": (1, 8), "cuda": (1, 8, 32, 128)}
# The networks of the paper.
PUBLISHED = {"encoder": "published", "decoder": "published"}


class Clock(Callback):
    """Notes the time at the start of training and at the end of each epoch."""

    def on_train_begin(self, net, **kwargs):
        """Start the clock."""
        self.times = [time.perf_counter()]

    def on_epoch_end(self, net, **kwargs):
        """Note the time; the history has been written, so the GPU has finished."""
        self.times.append(time.perf_counter())


def random_images(n, shape, n_labels):
    """Random pixels, and labels of two classes."""
    random = np.random.default_rng(0)
    X = random.integers(256, size=(n, *shape), dtype=np.uint8)
    return X, random.integers(2, size=(n, n_labels) if n_labels > 1 else n)


def digits(n):
    """At most `n` digits to fit, and digits to test on."""
    X, y = load_digits(return_X_y=True)
    X, X_test, y, y_test = train_test_split(
        X, y, test_size=540, stratify=y, random_state=0
    )
    few = mask_labels(y, n_per_class=5, random_state=0)
    return "digits", X[:n], few[:n], X_test, y_test


def fashion(n):
    """Return `n` garments to fit and 1000 to test on, or random images like them."""
    try:
        X, y = fetch_fashion_mnist(return_X_y=True)
        name = "fashion"
    except OSError as error:
        print(f"Fashion-MNIST is replaced by random pixels: {error}")
        X, y = random_images(n + 1000, (784,), 1)
        name = "fashion*"
    few = mask_labels(y[:n], fraction=0.05, random_state=0)
    return name, X[:n], few, X[n : n + 1000], y[n : n + 1000]


def avatars(n):
    """Return `n` faces to fit and 200 to test on, or random ones of the same shape."""
    try:
        X, y = make_avatars(n + 200, random_state=0, return_X_y=True)
        name = "avatars"
    except ImportError as error:
        print(f"Avatars are replaced by random pixels: {error}")
        X, y = random_images(n + 200, (64, 64, 3), 16)
        name = "avatars*"
    few = mask_labels(y[:n], fraction=0.06, random_state=0)
    return name, X[:n], few, X[n:], y[n:]


def measure(data, device, n_epochs, name=None, **parameters):
    """Fit and predict on a device, and print a line of a table."""
    of_data, X, y, X_test, y_test = data
    clock = Clock()
    on_gpu = device != "cpu"
    if on_gpu:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    model = ReVAEClassifier(
        max_iter=n_epochs, device=device, callbacks=[clock], random_state=0, **parameters
    )
    start = time.perf_counter()
    with warnings.catch_warnings():
        # So few epochs are meant.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X, y)
    fitted = time.perf_counter()
    # The first call prepares the module.
    model.predict_proba(X[:1])
    prepared = time.perf_counter()
    model.predict_proba(X)
    predicted = time.perf_counter()
    images_per_second = len(X) / np.diff(clock.times).min()
    memory = f"{torch.cuda.max_memory_allocated() / 1e6:.0f} MB" if on_gpu else "-"
    print(
        f"{name or of_data:10} {model.n_members_:7} {device:6} {n_epochs:6} "
        f"{fitted - start:8.3f} {images_per_second:11.0f} "
        f"{len(X) / (predicted - prepared):13.0f} {memory:>11} "
        f"{model.score(X_test, y_test):8.3f}",
        flush=True,
    )


def compare_devices(devices, smoke):
    """Print the first table: the CPU and the GPU."""
    sizes = (100, 100, 60) if smoke else (1257, 10_000, 1000)
    few, more = (1, 1) if smoke else (2, 20)
    of_digits, of_fashion, faces = (
        make(n) for make, n in zip((digits, fashion, avatars), sizes, strict=True)
    )
    print(f"\nCPU and GPU\n{HEADER}")
    for device in devices:
        measure(of_digits, device, more)
        measure(of_fashion, device, few)
        measure(faces, device, few)
        measure(faces, device, few, name="published", **PUBLISHED)


def compare_members(devices, smoke):
    """Print the second table: the number of ensemble members."""
    data = fashion(100 if smoke else 4000)
    print(f"\nEnsemble members at once\n{HEADER}")
    for device in devices:
        for n_members in MEMBERS[device]:
            measure(data, device, 1 if smoke else 2, n_members=n_members)


def main():
    """Run the tests, fit on both devices and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--smoke", action="store_true", help="few images and one epoch, on the CPU only"
    )
    smoke = parser.parse_args().smoke
    start, failed = time.perf_counter(), 0
    if not smoke:
        if not torch.cuda.is_available():
            sys.exit("This benchmark needs a CUDA device, and torch finds none.")
        command = [sys.executable, "-m", "pytest", "-q", "-m", "gpu", str(TESTS)]
        failed = subprocess.run(command).returncode
        print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}")
    devices = ("cpu",) if smoke else ("cpu", "cuda")
    for device in devices:
        # What the first use of a device starts belongs to no fit.
        X = np.random.default_rng(0).integers(0, 99, (40, 16, 16), dtype=np.uint8)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            ReVAEClassifier(max_iter=5, device=device).fit(X, np.arange(40) % 2)
    print(f"{torch.get_num_threads()} CPU threads")
    compare_devices(devices, smoke)
    compare_members(devices, smoke)
    print(f"\n{time.perf_counter() - start:.0f} s")
    if failed:
        sys.exit("Some of the tests on the GPU failed: see above.")


if __name__ == "__main__":
    main()
