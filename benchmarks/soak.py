"""Memory, threads and open files of a process that fits and predicts for a long time.

Run ``OMP_NUM_THREADS=1 python benchmarks/soak.py``, which takes a few minutes:

- ``--fits`` fits, 200 by default, of iris: every fourth has early stopping and a
  checkpoint, and every fourth reads X from a file;
- ``--calls`` calls, 10000 by default, of ``predict``, ``transform`` and ``intervene`` in
  turn, with batches of 1 to 30 samples, each in a thread of its own every tenth time.

The script prints the resident memory, the number of threads of the process and the number
of open files at the beginning, after a tenth of the fits or calls, when what is imported
and cached once has been, and at the end. It ends with an error if threads or files have
been added since then, or more than 50 MB of memory. It reads /proc, so that it runs on
Linux only.
"""

import argparse
import gc
import os
import tempfile
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning

from sklearn_revae import Checkpoint, ReVAEClassifier

# Memory that may be added after the first tenth, in megabytes.
ALLOWED_MEGABYTES = 50


class Use(NamedTuple):
    """What a process uses: memory in megabytes, threads and open files."""

    megabytes: float
    threads: int
    files: int

    def __str__(self):
        return f"{self.megabytes:.0f} MB, {self.threads} threads, {self.files} open files"


def use():
    """Return what this process uses now."""
    gc.collect()
    with open("/proc/self/status") as status:
        fields = dict(line.split(":", 1) for line in status)
    return Use(
        int(fields["VmRSS"].split()[0]) / 1024,
        int(fields["Threads"]),
        # The listing itself has the folder open.
        len(os.listdir("/proc/self/fd")) - 1,
    )


def fits(n_fits, X, y, folder, max_iter=5):
    """Fit again and again; yield the model of each fit."""
    np.save(folder / "X.npy", X)
    for i in range(n_fits):
        options = {}
        if i % 4 == 1:
            checkpoint = Checkpoint(folder / "checkpoint", every=0.1)
            options = {"early_stopping": 0.2, "callbacks": [checkpoint]}
        samples = np.load(folder / "X.npy", mmap_mode="r") if i % 4 == 2 else X
        model = ReVAEClassifier(max_iter=max_iter, random_state=i, **options)
        yield model.fit(samples, y)


def calls(n_calls, model, X):
    """Call methods of a model again and again; yield each result."""
    methods = [model.predict, model.transform, lambda rows: model.intervene(rows, 1)]
    for i in range(n_calls):
        method, rows = methods[i % 3], X[i % 100 : i % 100 + 1 + i % 30]
        if i % 10 == 0:
            with ThreadPoolExecutor(1) as pool:
                yield pool.submit(method, rows).result()
        else:
            yield method(rows)


def watched(name, n, results):
    """Run through `n` results; return what is used after a tenth and at the end."""
    begin, start = use(), time.perf_counter()
    print(f"{name}: {begin} at the beginning", flush=True)
    for i, _ in enumerate(results, start=1):
        if i == max(n // 10, 1):
            early = use()
            print(f"{name}: {early} after {i}", flush=True)
    late = use()
    print(f"{name}: {late} after {n}, {time.perf_counter() - start:.0f} s", flush=True)
    return early, late


def grown(early, late):
    """Whether a process uses more than it did."""
    return (
        late.threads > early.threads
        or late.files > early.files
        or late.megabytes > early.megabytes + ALLOWED_MEGABYTES
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--fits", type=int, default=200)
    parser.add_argument("--calls", type=int, default=10_000)
    options = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    X, y = load_iris(return_X_y=True)
    y = np.where(np.arange(len(y)) % 3, -1, y)
    with tempfile.TemporaryDirectory() as folder:
        n = options.fits
        fitted = watched("fits", n, fits(n, X, y, Path(folder)))
    model = ReVAEClassifier(random_state=0).fit(X, y)
    called = watched("calls", options.calls, calls(options.calls, model, X))
    if grown(*fitted) or grown(*called):
        raise SystemExit("The process uses more than after the first tenth.")


if __name__ == "__main__":
    main()
