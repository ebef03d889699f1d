"""The script of a user: mypy infers what each call returns, and it runs."""

import tempfile
from pathlib import Path
from typing import Any, assert_type

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.datasets import load_iris

from sklearn_revae import (
    InterventionReport,
    ReVAEClassifier,
    ReVAERegressor,
    ReVAETransformer,
    intervene,
    intervention_report,
    label_leakage,
    swap,
    traverse,
)
from sklearn_revae.datasets import mask_labels
from sklearn_revae.inspection import InterventionDisplay, LossCurveDisplay
from sklearn_revae.persistence import load, save


def classify(X: NDArray[np.float64], y: NDArray[np.int64]) -> ReVAEClassifier:
    few = mask_labels(y, n_per_class=10, random_state=0)
    assert_type(few, NDArray[Any])
    weights = {0: 1.0, 2: 1.5}
    model = ReVAEClassifier((16,), max_iter=5, class_weight=weights, random_state=0)
    model.fit(X, few)
    assert_type(model, ReVAEClassifier)
    assert_type(model.predict(X), NDArray[Any])
    assert_type(model.transform(X), NDArray[Any])
    assert_type(model.score_samples(X), NDArray[np.float64])
    assert_type(model.score(X, y), float)
    assert_type(model.n_iter_, int)
    assert_type(model.label_names_, list[str])
    first_class: NDArray[Any] = model.predict_proba(X)[:, 0]
    assert first_class.shape == (len(X),)
    return model


def edit(model: ReVAEClassifier, X: NDArray[np.float64]) -> None:
    do = {"label_0": 2}
    assert_type(model.intervene(X, 2), NDArray[Any])
    assert_type(model.intervene(X, do, keep=[0], bounds={1: (0, None)}), NDArray[Any])
    assert_type(
        model.intervene(X, do, bounds={1: (X[:, 1], [9.0] * len(X))}), NDArray[Any]
    )
    edited, report = model.intervene(X, do, method="mean", report=True)
    assert_type(edited, NDArray[Any])
    assert_type(report, InterventionReport)
    assert_type(report.achieved, NDArray[np.bool_])
    assert_type(model.intervene(X, 2, n_samples=3, random_state=0), NDArray[Any])
    assert_type(model.swap(X, X[:1], "label_0"), NDArray[Any])
    assert_type(model.traverse(X, 0, steps=3), NDArray[Any])
    assert_type(model.reconstruct([[5.1, 3.5, 1.4, 0.2]]), NDArray[Any])
    assert_type(intervention_report(model, X, edited, do), InterventionReport)
    assert_type(intervene(model, X, 2), NDArray[Any])
    assert_type(intervene(model, X, 2, report=True)[1], InterventionReport)
    assert_type(swap(model, X, X[:1]), NDArray[Any])
    assert_type(traverse(model, X, 0, steps=3), NDArray[Any])
    assert_type(traverse(pipeline=model, X=X, label="label_0"), NDArray[Any])
    assert_type(intervene(model, X, 2, n_samples=3), NDArray[Any])
    assert_type(
        model.intervene(X, 2, keep={0}, bounds={1: np.sort(X[:2, 1])}), NDArray[Any]
    )
    assert_type(model.swap(X, X[:1], np.array(["label_0"])), NDArray[Any])
    rows, labels = model.sample(4, 1, random_state=0)
    assert len(rows) == len(labels) == 4
    label_leakage(model, X, model.predict(X))


def keep_the_frame(X: NDArray[np.float64]) -> None:
    frame = pl.DataFrame(X, schema=["a", "b", "c", "d"])
    words = ["short", None, "long"] * 50
    model = ReVAETransformer((16,), style_dim=2, max_iter=5, random_state=0)
    model.fit(frame, words)
    assert_type(model.reconstruct(frame), pl.DataFrame)
    assert_type(model.impute(frame), pl.DataFrame)
    assert_type(model.impute(frame, n_samples=2), NDArray[Any])
    assert_type(model.swap(frame, frame[:1]), pl.DataFrame)
    assert_type(model.intervene(frame, "long"), pl.DataFrame)
    assert_type(model.intervene(frame, "long", n_samples=2), NDArray[Any])
    edited, _ = model.intervene(frame, "long", report=True)
    assert_type(edited, pl.DataFrame)
    assert_type(intervene(model, frame, "long"), pl.DataFrame)
    assert_type(intervene(model, frame, "long", report=True)[0], pl.DataFrame)
    assert_type(swap(model, frame, frame[:1]), pl.DataFrame)


def keep_the_model(model: ReVAEClassifier, X: NDArray[np.float64]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "iris.safetensors")
        save(model, path)
        loaded = load(path)
    assert_type(loaded, ReVAEClassifier | ReVAERegressor | ReVAETransformer)
    assert (loaded.transform(X) == model.transform(X)).all()


def regress(X: NDArray[np.float64]) -> None:
    model = ReVAERegressor((16,), max_iter=5, random_state=0).fit(X[:, 1:], X[:, 0])
    assert_type(model.predict(X[:, 1:]), NDArray[np.float64])
    _, std = model.predict(X[:, 1:], return_std=True)
    assert_type(std, NDArray[np.float64])
    assert_type(model.intervene(X[:, 1:], 5.0, keep=[0]), NDArray[Any])
    assert_type(model.score(X[:, 1:], X[:, 0]), float)


def draw(model: ReVAEClassifier, X: NDArray[np.float64]) -> None:
    assert_type(LossCurveDisplay.from_estimator(model), LossCurveDisplay)
    display = InterventionDisplay.from_estimator(model, X[:3], 2)
    assert_type(display.plot(cmap="gray_r"), InterventionDisplay)


def main() -> None:
    X, y = load_iris(return_X_y=True)
    model = classify(X, y)
    edit(model, X)
    keep_the_frame(X)
    keep_the_model(model, X)
    regress(X)
    draw(model, X)


if __name__ == "__main__":
    main()
