r"""Accuracy with few labels on many data sets: the measurements that decide on defaults.

Every method is fitted to every data set of a list of ``data_sets.py`` with 3, 10 and 30
labels per class (or all, if a class has fewer), for five seeds. A seed determines the
test set of 30 % of the samples, the labels, and the method's random numbers. Methods that
cannot use unlabelled samples are fitted to the labelled ones. All have their default
parameters and one thread::

    python benchmarks/accuracy.py --version today --jobs 2       # fit what is missing
    python benchmarks/accuracy.py --version today --report ranks.png
    python benchmarks/accuracy.py --version heavy --params '{"label_weight": 5}' \
        --methods ours --sets iris wine --budgets 3 --seeds 0 1
    python benchmarks/accuracy.py --version heavy --against today --report ranks.png

Each fit adds a line to a file (``--cache``; by default in scikit-learn's data home), and
a command that is repeated makes only the fits that are not in the file. ``--version`` is
your name for the code and the parameters of ReVAE that are measured.

The method "supervised" is ReVAE fitted to the labelled samples only. Times are processor
times of ``fit``. A fit that raises an exception or exceeds ``--limit`` is listed in the
report, and no method is compared on that data set, number of labels and seed.

Choose defaults by looking at the list ``choose`` only. Run ``--list confirm`` when a
design is finished, and report the result whatever it is.

For yeast, which has 14 labels, the labels are masked separately; its accuracy is the mean
over the labels, and the other methods are fitted to each label separately.
"""

import argparse
import json
import signal
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import lru_cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import data_sets
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import ranks
import torch
from sklearn.datasets import get_data_home
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.semi_supervised import LabelSpreading, SelfTrainingClassifier
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits

from sklearn_revae import ReVAEClassifier
from sklearn_revae.datasets import mask_labels

# Methods


class Method(NamedTuple):
    """A classifier, and what it is fitted to.

    Parameters
    ----------
    make : callable
        Returns the classifier for a seed.
    unlabelled : bool
        Whether it is fitted to the unlabelled samples, too.
    is_revae : bool
        Whether it is fitted to X as it is, rather than to prepared numbers, and to all
        labels at once. Its results depend on the version.
    """

    make: Callable[..., Any]
    unlabelled: bool = False
    is_revae: bool = False


def revae(seed, **params):
    return ReVAEClassifier(random_state=seed, **params)


def logistic(seed):
    return LogisticRegression(max_iter=1000)


def forest(seed):
    return RandomForestClassifier(random_state=seed)


METHODS = {
    "ours": Method(revae, unlabelled=True, is_revae=True),
    "supervised": Method(revae, is_revae=True),
    "logistic": Method(logistic),
    "forest": Method(forest),
    "boosting": Method(lambda seed: HistGradientBoostingClassifier(random_state=seed)),
    "svc": Method(lambda seed: SVC(random_state=seed)),
    "mlp": Method(lambda seed: MLPClassifier(max_iter=1000, random_state=seed)),
    "self-training": Method(
        lambda seed: SelfTrainingClassifier(logistic(seed)), unlabelled=True
    ),
    "self-forest": Method(
        lambda seed: SelfTrainingClassifier(forest(seed)), unlabelled=True
    ),
    "spreading": Method(lambda seed: LabelSpreading(kernel="knn"), unlabelled=True),
}
# The fields in which methods are ranked.
FIELDS = {
    "six": ["ours", "logistic", "forest", "svc", "self-training", "spreading"],
    "all": [name for name in METHODS if name != "supervised"],
}


# One fit


class Cell(NamedTuple):
    """What identifies a fit in the cache."""

    method: str
    version: str
    data: str
    budget: int
    seed: int


def few_labels(y, budget, seed):
    """Keep `budget` labels per class; several labels are masked separately."""
    if y.ndim == 1:
        return mask_labels(y, budget, random_state=seed)
    random = np.random.RandomState(seed)
    return np.stack([mask_labels(c, budget, random_state=random) for c in y.T], axis=1)


def take(X, rows):
    """Return rows of an array, a sparse matrix or a DataFrame."""
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]


def fit(cell, params, X, y):
    """Fit to samples with -1 in y. Return one model for all labels, or one per label."""
    method, models = METHODS[cell.method], []
    labels = y.reshape(len(y), -1)
    for target in [y] if method.is_revae else labels.T:
        known = (target.reshape(len(y), -1) != -1).any(axis=1)
        use = np.flatnonzero(known | method.unlabelled)
        if method.is_revae:
            model = method.make(cell.seed, **params)
        else:
            prepare = data_sets.SETS[cell.data].prepare()
            model = make_pipeline(prepare, method.make(cell.seed))
        models.append(model.fit(take(X, use), target[use]))
    return models


def judge(models, X, y):
    """Return the accuracy and the calibration bins (None without probabilities)."""
    predicted = np.stack([model.predict(X) for model in models], axis=-1)
    correct = predicted.reshape(len(y), -1) == y.reshape(len(y), -1)
    if not hasattr(models[0], "predict_proba"):
        return correct.mean(), None
    probabilities = [model.predict_proba(X) for model in models]
    if isinstance(probabilities[0], list):
        probabilities = probabilities[0]
    # LabelSpreading returns NaN for samples that no label reaches.
    confidence = np.stack([np.nan_to_num(p).max(axis=1) for p in probabilities], axis=1)
    bins = ranks.calibration_bins(confidence.ravel(), correct.ravel())
    return correct.mean(), bins.round(6).tolist()


def stop(*_):
    raise TimeoutError("reached the time limit")


@lru_cache(maxsize=2)
def load(name):
    return data_sets.load(name)


def run(cell, params, limit):
    """Return what was measured: a dict with the cell's fields and the results.

    Times are processor time, which depends little on what else the machine does. If the
    fit raises or takes longer than `limit` seconds, the dict has an "error" instead.
    """
    X, y = load(cell.data)
    train, test = train_test_split(
        np.arange(len(y)),
        test_size=0.3,
        stratify=y if y.ndim == 1 else None,
        random_state=cell.seed,
    )
    y_few = few_labels(y[train], cell.budget, cell.seed)
    start = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, limit)
    try:
        models = fit(cell, params, take(X, train), y_few)
        seconds = time.process_time() - start
        accuracy, bins = judge(models, take(X, test), y[test])
        found = {"accuracy": accuracy, "seconds": round(seconds, 3), "bins": bins}
    except Exception as error:
        found = {"error": f"{type(error).__name__}: {error}", "limit": limit}
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return {**cell._asdict(), **found}


def prepare_process():
    """Limit a process to one thread, and let the time limit interrupt it."""
    threadpool_limits(1)
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGPROF, stop)


# All fits


def read(cache):
    """Return the cached results by cell; a later line replaces an earlier one."""
    lines = cache.read_text().splitlines() if cache.exists() else []
    found = map(json.loads, lines)
    return {Cell(*(result[f] for f in Cell._fields)): result for result in found}


def missing(args):
    """Return the requested cells that are not in the cache, by data set."""
    done = read(args.cache)
    requested = [
        Cell(name, args.version if METHODS[name].is_revae else "", data, budget, seed)
        for data in args.sets
        for budget in args.budgets
        for seed in args.seeds
        for name in args.methods
    ]
    return [
        cell
        for cell in requested
        if cell not in done or (args.retry and "error" in done[cell])
    ]


def run_missing(args):
    """Make the fits of the missing cells, in `args.jobs` processes."""
    cells = missing(args)
    print(f"{len(cells)} fits are not in {args.cache} yet", flush=True)
    one = partial(run, params=args.params, limit=args.limit)
    pool = ProcessPoolExecutor(args.jobs, get_context("spawn"), prepare_process)
    try:
        with args.cache.open("a") as file:
            for future in as_completed([pool.submit(one, cell) for cell in cells]):
                result = future.result()
                print(json.dumps(result), file=file, flush=True)
                print(describe(result), flush=True)
    finally:
        pool.shutdown(cancel_futures=True)


def describe(result):
    """Return one line on a fit."""
    outcome = "{error}" if "error" in result else "{accuracy:.4f} {seconds:.2f} s"
    return ("{method} {version} {data} {budget} {seed}: " + outcome).format(**result)


# The report


def results(args, version):
    """Return the cached results of the requested cells with one version of ReVAE."""
    frame = pd.DataFrame(read(args.cache).values())
    frame = frame.reindex(columns=[*Cell._fields, "accuracy", "seconds", "bins", "error"])
    return frame[
        frame["version"].isin(["", version])
        & frame["method"].isin(args.methods)
        & frame["data"].isin(args.sets)
        & frame["budget"].isin(args.budgets)
        & frame["seed"].isin(args.seeds)
    ]


def show(title, table):
    print(f"\n{title}\n{table.to_string(float_format='{:.3f}'.format, na_rep='')}")


def report(args):
    """Print tables of the cached results, and draw the mean ranks.

    A cell of the tables is a data set with a number of labels per class. Its accuracy is
    the mean over the seeds.
    """
    found = results(args, args.version)
    by_cell = found.pivot_table("accuracy", ranks.CELL, "method")
    show(
        "Accuracy by labels per class, mean over seeds",
        by_cell.reindex(columns=args.methods),
    )
    failed = found.dropna(subset="error")
    if len(failed):
        show("Failed fits", failed.groupby(["method", "data", "error"]).size())

    # A field is ranked where all of its methods have results.
    fields = {
        field: ranks.accuracies(found, [name for name in names if name in args.methods])
        for field, names in FIELDS.items()
    }
    mean_ranks = {
        f"{field} ({len(accuracy)} cells)": ranks.ranks(accuracy).mean()
        for field, accuracy in fields.items()
    }
    columns = {
        "mean rank": pd.DataFrame(mean_ranks),
        "accuracy where all have results": fields["all"].groupby("budget").mean().T,
        "calibration error": ranks.calibration_errors(found),
        "seconds": found.groupby("method")["seconds"].agg(["mean", "max"]),
    }
    show("Summary", pd.concat(columns, axis=1).reindex(args.methods))
    show_differences(found, "ours", "supervised")
    if args.against:
        other = results(args, args.against).query("method == 'ours'")
        show_differences(
            pd.concat([found, other.assign(method=args.against)]), "ours", args.against
        )
    draw(args.report, fields)


def show_differences(found, method, other):
    """Print how often and by how much the accuracies of two methods differ."""
    accuracy = ranks.accuracies(found, [method, other])
    if len(accuracy):
        comparison = ranks.compare(accuracy[method], accuracy[other])
        show(f"{method} minus {other}, {len(accuracy)} cells", comparison)
        show("Smallest differences", (accuracy[method] - accuracy[other]).nsmallest(5))


def draw(path, fields):
    """Draw the mean ranks in each field, and save the figure."""
    sizes = [accuracy.shape[1] + 3 for accuracy in fields.values()]
    figure, axes = plt.subplots(
        len(fields), figsize=(7, 0.3 * sum(sizes)), height_ratios=sizes, squeeze=False
    )
    for axis, (field, accuracy) in zip(axes.flat, fields.items(), strict=True):
        if len(accuracy):
            ranks.draw_ranks(axis, accuracy, f"Field: {field}")
    figure.savefig(path, dpi=150, bbox_inches="tight")


def parse(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--list", choices=data_sets.LISTS, default="choose", help="which data sets")
    add("--sets", nargs="+", choices=data_sets.SETS, help="instead of a whole list")
    add("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    add("--budgets", nargs="+", type=int, default=[3, 10, 30], help="labels per class")
    add("--seeds", nargs="+", type=int, default=[0, 1, 2, 3, 4])
    add("--version", default="", help="name for the code and parameters of ReVAE")
    add("--params", type=json.loads, default={}, help="parameters of ReVAE, as JSON")
    add("--jobs", type=int, default=1, help="number of processes")
    add("--limit", type=float, default=600, help="seconds after which a fit is stopped")
    add("--retry", action="store_true", help="repeat fits that failed or were stopped")
    add("--cache", type=Path, help="file of the results; default: in the data home")
    add("--report", type=Path, metavar="PNG", help="print tables and draw the ranks")
    add("--against", metavar="VERSION", help="compare with another version (--report)")
    args = parser.parse_args(argv)
    args.sets = args.sets or list(data_sets.LISTS[args.list])
    args.cache = args.cache or Path(get_data_home(), "sklearn_revae_benchmarks.jsonl")
    if not args.version and any(METHODS[name].is_revae for name in args.methods):
        parser.error("Give the measured code of ReVAE a name: --version NAME")
    return args


if __name__ == "__main__":
    arguments = parse()
    report(arguments) if arguments.report else run_missing(arguments)
