"""Warnings about labels and columns that are probably not what the user means."""

import warnings
from contextlib import contextmanager
from functools import partial

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_digits, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from sklearn_revae import ReVAEClassifier, ReVAETransformer
from sklearn_revae.persistence import save

X, Y = load_iris(return_X_y=True)
SHORT = {"max_iter": 1, "n_members": 1, "random_state": 0}


def _fitted(X, y, **parameters):
    return ReVAEClassifier(**SHORT, **parameters).fit(X, y)


@contextmanager
def _warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def _files(caught):
    """The files at which the warnings point, without those about short fits."""
    return [w.filename for w in caught if w.category is UserWarning]


def _one_hot(y):
    return np.eye(3, dtype=int)[y]


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.zeros(len(Y), int), r"only one class for label_0 \(0\).*second class"),
        (np.where(Y == 0, -1, 1), r"one class for label_0 \(1\).*unlabeled_value=No"),
        (pd.Series(np.where(Y == 0, "a", None), name="kind"), r"one class for kind \('a"),
        (np.array(["a", "b", ""])[Y], "y holds '' in label_0, .*write None"),
        (np.array(["a", "b", np.nan])[Y], "y holds 'nan' in label_0, .*write None"),
        (np.array(["a", "b", str(None)])[Y], "y holds 'None' in label_0, .*write None"),
        (_one_hot(Y), r"y has 3 columns of 0 and 1.*y.argmax\(axis=1\)"),
        (pd.get_dummies(Y), r"y has 3 columns of 0 and 1.*y.idxmax\(axis=1\)"),
        (np.where(np.arange(len(Y))[:, None] % 2, -1, _one_hot(Y)), "one-hot encoded"),
    ],
)
def test_warns_of_labels_that_are_probably_not_meant(y, message):
    with pytest.warns(UserWarning, match=message) as caught:
        _fitted(X, y)
    assert _files(caught) == [__file__]


@pytest.mark.parametrize(
    ("y", "parameters"),
    [
        (Y, {}),
        (np.where(Y == 0, -1, 1), {"unlabeled_value": None}),
        (np.array(["a", "b", ""])[Y], {"unlabeled_value": ""}),
        (np.array(["none", "mild", "severe"])[Y], {}),
        (np.stack([Y == 0, Y <= 1], axis=1), {}),
    ],
)
def test_does_not_warn_of_other_labels(y, parameters):
    with _warnings_are_errors():
        _fitted(X, y, **parameters)


def _table(cells):
    return pd.DataFrame({"length": X[:, 0], "other": [*cells] * (len(X) // len(cells))})


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (_table([1, "x", 2.5]), r"column 'other' \(1 and 'x'\).*errors='coerce'"),
        (_table(["1.5", "2", "?"]), r"written as strings in column 'other' \('1.5'\)"),
        (_table(["0,132", "2,5", "7"]), r"column 'other' \('0,132'\).*decimal commas"),
        (_table(["1.234,5 €", "€3", None]), r"in column 'other' \('1.234,5 €'\)"),
        (_table(["12 %", "3%", "-7.5%"]), r"in column 'other' \('-7.5%'\)"),
        (
            _table([f"{i / 2} kg" for i in range(30)]),
            r"written as .* \('0.0 kg'\).*units",
        ),
        (_table([f"{i}mg/dl" for i in range(10)]), r"in column 'other' \('0mg/dl'\)"),
        (
            _table([f"2024-03-{i}" for i in range(10, 25)]),
            r"dates .* \('2024-03-10'\).*days",
        ),
        (_table([f"{i}.12.2024 8:15" for i in range(1, 31)]), "dates that are written"),
        (_table(["a", "b", ""]), "X holds '' in column 'other', .*write None"),
        (_table(["nan", "b", "c"]), "X holds 'nan' in column 'other'"),
        (_table([" ", "NA", "?"]), "' ' in col.*'other', '[?]' in .*'other', 'NA' in"),
        (np.array([[1.5, "x"], [2.5, "y"]] * 75), r"in column 0 \('1.5'\).*array of obj"),
    ],
)
def test_warns_of_columns_that_mix_numbers_and_text(table, message):
    with pytest.warns(UserWarning, match=message) as caught:
        _fitted(table, Y)
    assert _files(caught) == [__file__]


@pytest.mark.parametrize(
    "cells",
    [
        ["a", "b", None],
        ["1", "2", "3"],
        [True, False],
        ["a", "b", "1.5"],
        ["2020-05-01", "12.03.2020", "10-20"],
        ["06 12 34 56 78", "10.0.0.1", "v1.2"],
        ["$", "%", ","],
        ["0.5 mg", "1 mg", "2 mg"],
        [f"{i}{letter}" for i in range(5) for letter in "abc"],
        ["none", "unknown", "north"],
    ],
)
def test_does_not_warn_of_columns_of_categories(cells):
    with _warnings_are_errors():
        _fitted(_table(cells), Y)
        _fitted(_table(cells).astype({"other": "category"}), Y)


def test_warns_of_text_that_is_different_in_every_sample(blobs, quick_classifier):
    X, y = blobs
    named = pd.DataFrame(X).assign(name=[f"{i}.png" for i in range(60)], town="Ulm")
    with pytest.warns(UserWarning, match=r"in column 'name' \('0.png'\), from which"):
        quick_classifier().fit(named.rename(columns=str), y)


def test_warns_of_standardised_pixels():
    pixels, y = load_digits(return_X_y=True)
    with pytest.warns(UserWarning, match="pixels that StandardScaler has standardised"):
        make_pipeline(StandardScaler(), ReVAEClassifier(**SHORT)).fit(pixels, y)
    part = StandardScaler().fit_transform(pixels.astype(np.float32))[::3]
    with pytest.warns(UserWarning, match="Pass the pixels without StandardScaler"):
        ReVAETransformer(**SHORT).fit(part.reshape(-1, 8, 8))


def test_does_not_warn_of_pixels_or_standardised_measurements():
    pixels, digits = load_digits(return_X_y=True)
    table, diagnosis = load_breast_cancer(return_X_y=True)
    with _warnings_are_errors():
        _fitted(pixels, digits)
        _fitted(pixels / 16, digits)
        _fitted(MinMaxScaler().fit_transform(pixels), digits)
        _fitted(StandardScaler().fit_transform(table), diagnosis)
        _fitted(StandardScaler().fit_transform(table.round()), diagnosis)


def test_warns_that_a_saved_estimator_is_not_fitted(tmp_path):
    with pytest.warns(UserWarning, match="ReVAEClassifier that is not fitted.*fit bef"):
        save(ReVAEClassifier(), tmp_path / "model")


@pytest.mark.parametrize(
    ("kind", "values", "stranger", "seen"),
    [
        ("count", np.arange(150) % 12, -3.0, "-3, .*were counts"),
        (
            "positive",
            np.random.default_rng(0).lognormal(0, 1.5, 150),
            0.0,
            "0, .*were positive",
        ),
        ("binary", (np.arange(150) % 3 == 0) * 1.0, 7.0, "7, .*were 0 or 1"),
    ],
)
def test_warns_of_values_that_a_column_cannot_have(kind, values, stranger, seen):
    table = pd.DataFrame({"length": X[:, 0], "other": values.astype(float)})
    model = ReVAEClassifier(**SHORT).fit(table, Y)
    assert kind in repr(model.column_kinds_)
    with _warnings_are_errors():
        model.predict(table)
        model.predict(table.assign(other=np.nan))
    strange = table.assign(other=stranger)
    for method in (model.predict, partial(model.partial_fit, y=Y)):
        with pytest.warns(UserWarning, match=f"Column 'other' of X h.* {seen}") as caught:
            method(strange)
        assert set(_files(caught)) == {__file__}
