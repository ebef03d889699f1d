"""Files in the format ONNX compute what the methods compute, to 1e-4."""

import json
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import load_diabetes, load_digits, load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

from sklearn_revae import ReVAEClassifier, ReVAERegressor, ReVAETransformer
from sklearn_revae._interventions import numbers
from sklearn_revae.persistence import to_onnx

onnxruntime = pytest.importorskip(
    "onnxruntime", reason="requires pip install sklearn-revae[onnx]"
)
pytest.importorskip("onnx", reason="requires pip install sklearn-revae[onnx]")

SETTINGS = {"n_members": 2, "max_iter": 2, "random_state": 0}
STRINGS = ["town", "size"]


@pytest.fixture
def session(tmp_path):
    """Function that exports a method and opens the file."""

    def opened(model, what="predict_proba"):
        path = tmp_path / "model.onnx"
        to_onnx(model, path, what)
        return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])

    return opened


@pytest.fixture(scope="module")
def patients():
    """A frame with columns of every kind and missing values, and a model of 3 labels."""
    random, n = np.random.RandomState(0), 120
    X = pd.DataFrame(
        {
            "age": random.normal(40, 10, n).round(),
            "income": np.exp(random.normal(10, 1, n)),
            "visits": random.poisson(3, n),
            "smokes": random.randint(0, 2, n),
            "fraction": random.rand(n),
            "share": random.rand(n),
            "heavy_tails": random.standard_t(2, n),
            "coded": random.normal(5, 1, n),
            "town": random.choice(["a", "b", "c"], n),
            "size": pd.Categorical(random.choice(["S", "M", "L"], n), ["S", "M", "L"]),
            "grade": pd.Categorical(random.randint(1, 4, n), ordered=True),
            "level": random.choice([10, 20, 40], n),
            "year": np.full(n, 2024),
        }
    )
    old = X["age"].to_numpy() > 40
    y = pd.DataFrame({"ill": old, "third": np.arange(n) % 3, "young": ~old})
    X.loc[::7, "income"] = X.loc[::5, "town"] = X.loc[::9, "grade"] = np.nan
    X.loc[1::9, "age"] = np.nan
    X.loc[::11, "coded"] = -999.0
    X.loc[3, "heavy_tails"] = 1e4
    likelihood = {"level": "ordinal", "fraction": "beta"}
    likelihood["share"] = "continuous_bernoulli"
    settings = SETTINGS | {"n_members": 3}
    model = ReVAEClassifier((8,), likelihood=likelihood, **settings)
    with pytest.warns(UserWarning, match="codes for missing values"):
        model.fit(X, y)
    assert model.exclusions_
    assert (model.temperature_ != 1).all()
    return model, X.iloc[:24].assign(year=2025)


def inputs(X):
    """The columns of a frame as a file takes them."""
    return {
        name: X[[name]].astype(object).fillna("").to_numpy(dtype=object)
        if name in STRINGS
        else X[[name]].astype(float).to_numpy()
        for name in X
    }


def test_probabilities_and_latents_of_a_table(patients, session):
    model, X = patients
    found = session(model).run(None, inputs(X))
    for own, expected in zip(found, model.predict_proba(X), strict=True):
        np.testing.assert_allclose(own, expected, atol=1e-4)
    (latents,) = session(model, "transform").run(None, inputs(X))
    np.testing.assert_allclose(latents, model.transform(X), atol=1e-4)


@pytest.mark.parametrize(
    ("value", "strength"), [([1, -1, -1], 1.0), ([-1, 2, 0], 0.6), ([0, 1, -1], 1.6)]
)
def test_edits_of_a_table(patients, table_editor, value, strength):
    model, X = patients
    classes = zip(model.label_names_, model.classes_, value, strict=True)
    do = {label: own[code] for label, own, code in classes if code >= 0}
    expected = model.intervene(X, do, strength=strength)
    further = {"value": np.array([value]), "strength": np.array(strength)}
    found = table_editor.run(None, inputs(X) | further)
    assert [o.name for o in table_editor.get_outputs()] == [f"new_{name}" for name in X]
    for name, own in zip(X, found, strict=True):
        if name in STRINGS:
            assert own[:, 0].tolist() == expected[name].tolist()
        else:
            own, true = own[:, 0], expected[name].astype(float)
            np.testing.assert_allclose(own, true, rtol=1e-4, atol=1e-4, err_msg=name)


@pytest.fixture(scope="module")
def table_editor(patients, tmp_path_factory):
    """The file of the interventions on a table."""
    path = tmp_path_factory.mktemp("onnx") / "edits.onnx"
    to_onnx(patients[0], path, "intervene")
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def test_samples_can_have_values_of_their_own(patients, table_editor):
    X = patients[1][:3]
    value = np.array([[1, -1, -1], [-1, -1, -1], [-1, 0, -1]])
    one = np.array(1.0)
    together = table_editor.run(None, inputs(X) | {"value": value, "strength": one})
    for i in range(3):
        own = inputs(X[i : i + 1]) | {"value": value[i : i + 1], "strength": one}
        for a, b in zip(together, table_editor.run(None, own), strict=True):
            if a.dtype != object:
                np.testing.assert_allclose(a[i], b[0], rtol=1e-5, atol=1e-5)


def test_new_categories_are_missing_values(patients, session):
    model, X = patients
    X = X.astype({"town": object, "grade": object})
    X.loc[X.index[2], "town"], X.loc[X.index[3], "grade"] = "elsewhere", 7
    with pytest.warns(UserWarning, match=r"elsewhere|7"):
        expected = model.predict_proba(X)
    found = session(model).run(None, inputs(X))
    np.testing.assert_allclose(found[1], expected[1], atol=1e-4)


def test_the_metadata_say_what_codes_mean(patients, session):
    model, X = patients
    entry = session(model).get_modelmeta().custom_metadata_map["sklearn_revae"]
    facts = json.loads(entry)
    assert facts["labels"] == ["ill", "third", "young"]
    assert facts["classes"] == [[False, True], [0, 1, 2], [False, True]]
    assert facts["columns"] == list(X)


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    # Whole numbers are rounded, which would hide differences.
    X = X / 16
    model = ReVAEClassifier((24,), image_shape=(8, 8), **SETTINGS)
    return model.fit(X[:300], y[:300]), X[300:310]


@pytest.fixture(scope="module")
def coloured():
    random = np.random.RandomState(0)
    X = random.rand(60, 16, 18, 3)
    X[:, 3, 4, 1] = np.where(random.rand(60) < 0.2, np.nan, X[:, 3, 4, 1])
    y = X[:, 0, 0, 0] > 0.5
    model = ReVAEClassifier(max_iter=1, n_members=2, random_state=0).fit(X, y)
    return model, X[:8]


@pytest.mark.parametrize("pictures", ["digits", "coloured"])
def test_pictures(pictures, request, session):
    model, X = request.getfixturevalue(pictures)
    (found,) = session(model).run(None, {"X": X})
    np.testing.assert_allclose(found, model.predict_proba(X), atol=1e-4)
    (found,) = session(model, "transform").run(None, {"X": X})
    np.testing.assert_allclose(found, model.transform(X), atol=1e-4)
    edits = session(model, "intervene")
    codes = np.arange(len(X)) % 2
    for strength in (1.0, 0.4):
        further = {"value": codes[:, None], "strength": np.array(strength)}
        (found,) = edits.run(None, {"X": X} | further)
        expected = model.intervene(X, model.classes_[codes], strength=strength)
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_numbers_of_a_regressor(session, monkeypatch):
    # The file makes the first of the edits that come ever closer.
    monkeypatch.setattr(numbers, "_MOST_TRIES", 1)
    X, y = load_diabetes(return_X_y=True)
    model = ReVAERegressor((8,), **SETTINGS).fit(X, y)
    (found,) = session(model, "predict").run(None, {"X": X[:9]})
    np.testing.assert_allclose(found, model.predict(X[:9]), rtol=1e-4)
    value = {"value": np.array([[150.0]])}
    (found,) = session(model, "intervene").run(None, {"X": X[:9]} | value)
    np.testing.assert_allclose(found, model.intervene(X[:9], 150), atol=1e-4)


def test_what_cannot_be_exported_raises_an_error(digits, tmp_path):
    model, X = digits
    path = tmp_path / "model.onnx"
    with pytest.raises(ValueError, match=r"what must be one of .* got 'score'"):
        to_onnx(model, path, "score")
    with pytest.raises(ValueError, match="export 'predict_proba'"):
        to_onnx(model, path, "predict")
    with pytest.raises(ValueError, match="Of a Pipeline, export this step"):
        to_onnx(make_pipeline(StandardScaler(), model), path)
    without_labels = ReVAETransformer((4,), n_members=1, max_iter=1).fit(X)
    with pytest.raises(ValueError, match="fitted without y"):
        to_onnx(without_labels, path, "intervene")
    mixed = pd.DataFrame({"day": pd.Categorical([(1, 2), (3, 4)] * 5), "value": 1.0})
    model = ReVAEClassifier((4,), n_members=1, max_iter=1).fit(mixed, [0, 1] * 5)
    with pytest.raises(ValueError, match="'day' of X has categories of type tuple"):
        to_onnx(model, path)
    mixed["day"] = ["a", "b"] * 5
    model.fit(mixed, [0, 1] * 5)
    with pytest.raises(ValueError, match=r"\['value'\].*Rename"):
        to_onnx(model, path, "intervene")
    assert not path.exists()


class Bessel(nn.Module):
    """A layer that ONNX does not have."""

    def forward(self, x):
        return torch.special.i0(x)


def test_modules_of_the_user_are_exported(session, tmp_path):
    X, y = load_iris(return_X_y=True)
    layers = [nn.Linear(4, 8), nn.LayerNorm(8), nn.GELU()]
    model = ReVAEClassifier(encoder=nn.Sequential(*layers), **SETTINGS).fit(X, y)
    (found,) = session(model).run(None, {"X": X})
    np.testing.assert_allclose(found, model.predict_proba(X), atol=1e-4)
    model.set_params(encoder=nn.Sequential(nn.Linear(4, 8), Bessel())).fit(X, y)
    with pytest.raises(ValueError, match="operations that torch"):
        to_onnx(model, tmp_path / "model.onnx")


def test_an_error_names_the_extra_to_install(digits, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r"pip install sklearn-revae\[onnx\]"):
        to_onnx(digits[0], tmp_path / "model.onnx")
