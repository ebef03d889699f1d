"""Speed and memory on a GPU, compared with the CPU of the same machine.

``python benchmarks/gpu.py`` needs a CUDA device and takes less than four minutes. It runs
the tests of ``make test-gpu`` and then, on the CPU and on the GPU, fits

- scikit-learn's digits: 1257 training images of 8 x 8 pixels, 50 of them labelled;
- avatars: 1000 faces of 64 x 64 pixels with 16 labels, 60 of them labelled. If the
  packages that draw faces are not installed, random pixels and labels take their place,
  which take the same time to fit.

The table has the seconds of the whole ``fit``, the training images per second in the
fastest epoch and the images per second of ``predict_proba``. Peak memory is that of the
GPU's tensors. "accuracy" is ``score`` on digits or faces that were not fitted.

``python benchmarks/gpu.py --cpu`` measures the CPU only, with one epoch. It serves to try
the script on a machine without a GPU.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from skorch.callbacks import Callback

from sklearn_revae import ReVAEClassifier
from sklearn_revae.datasets import make_avatars, mask_labels

TESTS = Path(__file__).parents[1] / "tests" / "test_gpu.py"
N_FACES, N_TEST_FACES = 1000, 200


class Clock(Callback):
    """Notes the time at the start of training and at the end of each epoch."""

    def on_train_begin(self, net, **kwargs):
        """Start the clock."""
        self.times = [time.perf_counter()]

    def on_epoch_end(self, net, **kwargs):
        """Note the time; the history has been written, so the GPU has finished."""
        self.times.append(time.perf_counter())


def digits():
    """Digits to fit and to test on."""
    X, y = load_digits(return_X_y=True)
    X, X_test, y, y_test = train_test_split(
        X, y, test_size=540, stratify=y, random_state=0
    )
    return X, mask_labels(y, n_per_class=5, random_state=0), X_test, y_test


def avatars():
    """Faces to fit and to test on, or random ones of the same shape."""
    n = N_FACES + N_TEST_FACES
    try:
        X, y = make_avatars(n, random_state=0, return_X_y=True)
    except ImportError as error:
        print(f"Avatars are replaced by random pixels: {error}")
        random = np.random.default_rng(0)
        X = random.integers(256, size=(n, 64, 64, 3), dtype=np.uint8)
        y = random.integers(2, size=(n, 16))
    few = mask_labels(y[:N_FACES], fraction=0.06, random_state=0)
    return X[:N_FACES], few, X[N_FACES:], y[N_FACES:]


def measure(name, data, device, n_epochs):
    """Fit and predict on a device, and print a line of the table."""
    X, y, X_test, y_test = data
    clock = Clock()
    on_gpu = device != "cpu"
    if on_gpu:
        torch.cuda.reset_peak_memory_stats()
    model = ReVAEClassifier(
        max_iter=n_epochs, device=device, callbacks=[clock], random_state=0
    )
    start = time.perf_counter()
    model.fit(X, y)
    fitted = time.perf_counter()
    model.predict_proba(X)
    predicted = time.perf_counter()
    memory = f"{torch.cuda.max_memory_allocated() / 1e6:.0f} MB" if on_gpu else "-"
    print(
        f"{name:8} {device:6} {n_epochs:6} {fitted - start:8.3f} "
        f"{len(X) / np.diff(clock.times).min():12.0f} "
        f"{len(X) / (predicted - fitted):14.0f} {memory:>11} "
        f"{model.score(X_test, y_test):8.3f}",
        flush=True,
    )


def main():
    """Run the tests, fit on both devices and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cpu", action="store_true", help="one epoch on the CPU only")
    only_cpu = parser.parse_args().cpu
    if not only_cpu and not torch.cuda.is_available():
        sys.exit("This benchmark needs a CUDA device, and torch finds none.")
    if not only_cpu:
        command = [sys.executable, "-m", "pytest", "-q", "-m", "gpu", str(TESTS)]
        failed = subprocess.run(command).returncode
        print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}")
        # The first use of the device starts CUDA, which belongs to no fit.
        torch.zeros(1, device="cuda")
    print(f"{torch.get_num_threads()} CPU threads")
    print(
        "data     device epochs  seconds train img/s  predict img/s peak memory accuracy"
    )
    for name, make, n_epochs in (("digits", digits, 20), ("avatars", avatars, 2)):
        data = make()
        for device in ("cpu",) if only_cpu else ("cpu", "cuda"):
            measure(name, data, device, 1 if only_cpu else n_epochs)
    if not only_cpu and failed:
        sys.exit("Some of the tests on the GPU failed: see above.")


if __name__ == "__main__":
    main()
