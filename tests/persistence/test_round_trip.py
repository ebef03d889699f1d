"""A loaded model has the attributes of the saved one, and gives the same results."""

import os
import pickle
from dataclasses import fields, is_dataclass
from decimal import Decimal
from fractions import Fraction

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse
import torch
from pandas.testing import assert_frame_equal
from polars.testing import assert_frame_equal as assert_polars_equal
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch.callbacks import EpochTimer
from torch import nn

from sklearn_revae import ReVAEClassifier, ReVAEImputer, ReVAETransformer
from sklearn_revae._sample_statistics import STATISTICS
from sklearn_revae.persistence import ModelFileError, load, save


class Encoder(nn.Sequential):
    """A user's own encoder, which takes no arguments."""

    def __init__(self):
        super().__init__(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Tanh())


def assert_same(one, other):
    """Compare values of any type; objects of the package by all their attributes."""
    assert type(other) is type(one)
    if isinstance(one, np.ndarray):
        assert other.dtype == one.dtype
        np.testing.assert_array_equal(other, one)
    elif isinstance(one, pd.DataFrame):
        assert_frame_equal(other, one)
    elif isinstance(one, pl.DataFrame):
        assert_polars_equal(other, one)
    elif isinstance(one, torch.Tensor):
        assert torch.equal(other, one)
    elif isinstance(one, nn.Module):
        assert_same(dict(one.state_dict()), dict(other.state_dict()))
        assert str(other) == str(one)
    elif isinstance(one, np.random.RandomState):
        assert_same(one.get_state(), other.get_state())
    elif scipy.sparse.issparse(one):
        assert other.dtype == one.dtype
        np.testing.assert_array_equal(other.toarray(), one.toarray())
    elif isinstance(one, dict):
        assert set(other) == set(one)
        for key, value in one.items():
            assert_same(value, other[key])
    elif isinstance(one, (list, tuple)):
        assert len(other) == len(one)
        for a, b in zip(one, other, strict=True):
            assert_same(a, b)
    elif is_dataclass(one):
        for field in fields(one):
            assert_same(getattr(one, field.name), getattr(other, field.name))
    elif type(one).__module__.startswith("sklearn_revae"):
        assert_same(vars(one), vars(other))
    elif one == one:
        assert other == one


def attributes(model):
    """Everything that a model holds and a file stores, by name.

    Files store neither the momentum of the optimizer nor the random sample of training
    samples, but they store what was computed from the latter.
    """
    attributes = vars(model) | {"_optimizer_state": None}
    if hasattr(model, "module_"):
        attributes["_sample_statistics"] = {
            name: model._statistic(name) for name in STATISTICS
        }
    return attributes


@pytest.fixture
def reload(tmp_path):
    """Function that saves a model and loads it again."""

    def there_and_back(model, modules=None):
        save(model, tmp_path / "model.safetensors")
        return load(tmp_path / "model.safetensors", modules)

    return there_and_back


def answers(model, X, do):
    """Results of all methods for X."""
    said = {
        "transform": model.transform(X),
        "inverse": model.inverse_transform(model.transform(X)),
        "reconstruct": model.reconstruct(X),
        "score_samples": model.score_samples(X),
        "names": model.get_feature_names_out(),
        "sample": model.sample(3, random_state=0),
        "kinds": str(model.column_kinds_),
    }
    if hasattr(model, "predict"):
        said["predict"] = model.predict(X)
        said["predict_proba"] = model.predict_proba(X)
    if do is not None:
        said["intervene"] = model.intervene(X, do)
        said["draws"] = model.intervene(
            X, do, method="sample", n_samples=2, random_state=0
        )
        said["swap"] = model.swap(X, X[:1])
        said["traverse"] = model.traverse(X, 0, steps=2)
        _, report = model.intervene(X, do, report=True)
        said["report"] = str(report)
    return said


def with_gaps(X):
    X = X.copy()
    X[::3, 1] = np.nan
    return X


@pytest.fixture(scope="module")
def table(blobs):
    """A frame of many types of columns, and labels with values that exclude others."""
    X, y = blobs
    frame = pd.DataFrame({"size": X[:, 0], "weight": X[:, 1].astype(np.float32)})
    frame.loc[::4, "size"] = np.nan
    frame["visits"] = pd.array(np.arange(len(y)) % 4, dtype="Int64")
    frame.loc[1, "visits"] = pd.NA
    frame["colour"] = np.array(["red", "green", "blue"])[y]
    frame.loc[2, "colour"] = None
    frame["grade"] = pd.Categorical.from_codes(y, ["low", "mid", "high"], ordered=True)
    frame["plan"] = pd.Categorical(np.array(["a", "b"])[y % 2], ["b", "a", "unused"])
    frame["known"] = X[:, 2] > X[:, 2].mean()
    labels = pd.DataFrame({"where": np.array(["left", "middle", "right"])[y]})
    labels["last"] = y == 2
    labels.loc[::5, "where"] = None
    return frame, labels


def test_a_classifier_on_an_array(blobs, blobs_model, reload):
    loaded = reload(blobs_model)
    assert_same(attributes(blobs_model), attributes(loaded))
    X = blobs[0][:5]
    assert_same(answers(blobs_model, X, 1), answers(loaded, X, 1))


def test_a_classifier_on_a_frame_with_labels_that_exclude_each_other(
    table, quick_classifier, reload
):
    X, y = table
    model = quick_classifier(likelihood={"visits": "poisson"}).fit(X, y)
    assert len(model.exclusions_) > 0
    loaded = reload(model)
    assert_same(attributes(model), attributes(loaded))
    for one, other in zip(model.module_.members, loaded.module_.members, strict=True):
        assert other.label_model.exclusions == one.label_model.exclusions
    do = {"where": "left"}
    for rows in (X.iloc[:5], X.iloc[:5].sample(frac=1, random_state=0)):
        for one in (model, loaded):
            assert one.impute(rows).notna().all().all()
        assert_same(model.impute(rows), loaded.impute(rows))
        assert_same(
            model.impute(rows, n_samples=2, random_state=0),
            loaded.impute(rows, n_samples=2, random_state=0),
        )
        assert_same(model.intervene(rows, do), loaded.intervene(rows, do))
        assert_same(model.predict_proba(rows), loaded.predict_proba(rows))
        assert_same(model.score_samples(rows), loaded.score_samples(rows))
    assert_same(model.sample(4, random_state=0), loaded.sample(4, random_state=0))


def test_a_polars_frame(table, quick_classifier, reload):
    X, y = table
    X = pl.DataFrame(
        {
            "size": X["size"].to_list(),
            "count": pl.Series(np.arange(len(X)) % 3, dtype=pl.UInt8),
            "colour": [None, *X["colour"][1:].fillna("red")],
            "grade": pl.Series(
                X["grade"].tolist(), dtype=pl.Enum(["low", "mid", "high"])
            ),
            "plan": pl.Series(X["plan"].tolist(), dtype=pl.Categorical),
        }
    )
    model = quick_classifier().fit(X, y["where"])
    loaded = reload(model)
    assert_same(attributes(model), attributes(loaded))
    assert_same(model.sample(4, random_state=0), loaded.sample(4, random_state=0))
    assert_same(model.impute(X), loaded.impute(X))


def test_pictures(quick_classifier, reload):
    X = np.random.RandomState(0).randint(256, size=(12, 16, 16, 3), dtype=np.uint8)
    model = quick_classifier(max_iter=1).fit(X, np.arange(12) % 2 == 0)
    loaded = reload(model)
    assert any(isinstance(part, nn.Conv2d) for part in loaded.module_.modules())
    assert_same(attributes(model), attributes(loaded))
    assert_same(answers(model, X[:2], True), answers(loaded, X[:2], True))


def test_a_transformer_without_labels(blobs, quick_transformer, reload):
    X = with_gaps(blobs[0]).astype(np.float32)
    model = quick_transformer(likelihood=["gaussian", "student_t", "laplace", "ordinal"])
    model.fit(X)
    loaded = reload(model)
    assert_same(attributes(model), attributes(loaded))
    assert_same(answers(model, X, None), answers(loaded, X, None))
    assert_same(model.impute(X), loaded.impute(X))


@pytest.mark.parametrize("n_members", ["auto", 1, 3])
def test_all_members(n_members, few_blobs, quick_classifier, reload):
    X, y = few_blobs
    # Weights are integers here, and arrays of floats in the fitted model.
    model = quick_classifier(n_members=n_members, label_weight=2, max_iter=1).fit(X, y)
    loaded = reload(model)
    assert_same(attributes(model), attributes(loaded))
    assert_same(model.predict_proba(X), loaded.predict_proba(X))
    model._optimizer_state = None
    for one in (model, loaded):
        one.partial_fit(X, y)
    assert_same(model.module_, loaded.module_)


@pytest.mark.parametrize("form", ["csr_matrix", "csc_array", "lil_matrix"])
def test_sparse_rows(form, blobs, quick_classifier, reload):
    X, y = blobs
    X = getattr(scipy.sparse, form)(np.maximum(X, 0).round())
    model = quick_classifier().fit(X, y)
    loaded = reload(model)
    assert_same(attributes(model), attributes(loaded))
    assert_same(model.sample(3, random_state=0), loaded.sample(3, random_state=0))


def test_categories_of_all_types_that_objects_may_hold(quick_transformer, reload):
    cells = [["a", b"b"], [Decimal("1.5"), Fraction(1, 3)], [True, None], [2, "a"]]
    X = np.array(cells * 5, dtype=object)
    model = quick_transformer().fit(X)
    loaded = reload(model)
    assert_same(attributes(model), attributes(loaded))
    assert_same(model.reconstruct(X), loaded.reconstruct(X))


@pytest.mark.parametrize(
    "classes",
    [
        np.array([10, 20, 30], dtype=np.int8),
        np.array([1, 2, 3], dtype=">i4"),
        np.array([0, 1, 2**63], dtype=np.uint64),
        np.array([0, 1, 255], dtype=np.uint8),
        np.array(["a", "b", "longer"]),
        np.array(["a", "b", "c"], dtype="<U40"),
        np.array([1.0, 2.0, 3.0], dtype=np.float32),
        np.array([False, True, True]),
    ],
    ids=lambda classes: classes.dtype.str,
)
def test_classes_keep_their_type(classes, blobs, quick_classifier, reload):
    X, y = blobs
    model = quick_classifier(max_iter=1, unlabeled_value=None).fit(X, classes[y])
    loaded = reload(model)
    assert loaded.classes_.dtype == model.classes_.dtype
    assert_same(model.classes_, loaded.classes_)
    assert_same(model.predict(X), loaded.predict(X))


def test_several_labels_of_several_types(two_labels, quick_classifier, reload):
    X, y = two_labels
    model = quick_classifier().fit(X, y)
    loaded = reload(model)
    assert_same(attributes(model), attributes(loaded))
    do = {1: 6, "label_0": "left"}
    assert_same(answers(model, X[:4], do), answers(loaded, X[:4], do))


def test_weights_of_double_names_of_integers_and_output(blobs, quick_classifier, reload):
    X = pd.DataFrame(blobs[0], columns=[10, 11, 12, 13], dtype="float32")
    X.columns.name = "place"
    model = quick_classifier().fit(X, blobs[1]).set_output(transform="pandas")
    loaded = reload(model)
    assert_same(attributes(model), attributes(loaded))
    assert_frame_equal(loaded.transform(X), model.transform(X))
    assert_same(model.sample(3, random_state=0), loaded.sample(3, random_state=0))


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"hidden_layer_sizes": [8, 4], "likelihood": {0: "laplace", 2: "beta"}},
        {"hidden_layer_sizes": np.array([5]), "edit_weight": np.float32(0.1)},
        {"unlabeled_value": "unknown", "image_shape": (2, 2), "label_dim": np.int64(3)},
        {"unlabeled_value": float("inf"), "device": torch.device("cpu")},
        {"unlabeled_value": None, "verbose": True, "callbacks": []},
        {"n_members": np.int8(3), "early_stopping": 0.2, "learning_rate_init": "auto"},
        {"class_weight": {0: 1, "rare": 2.5, np.int64(3): np.float32(4)}},
        {"class_weight": [{0: 1}, "balanced"]},
        {"unlabeled_value": np.float64("nan"), "batch_size": np.uint16(7)},
    ],
)
def test_parameters_of_an_estimator_that_is_not_fitted(parameters, reload):
    for cls in (ReVAEClassifier, ReVAETransformer):
        model = cls(**parameters)
        loaded = reload(model)
        assert type(loaded) is cls
        assert_same(model.get_params(), loaded.get_params())
        assert not hasattr(loaded, "module_")


def test_a_random_state_goes_on_where_it_was(few_blobs, quick_classifier, reload):
    random_state = np.random.RandomState(0)
    random_state.standard_normal(3)
    model = quick_classifier(random_state=random_state)
    loaded = reload(model)
    assert_same(attributes(model.fit(*few_blobs)), attributes(loaded.fit(*few_blobs)))


def test_clones_and_further_training_are_those_of_the_original(
    few_blobs, quick_classifier, reload
):
    model = quick_classifier(warm_start=True).fit(*few_blobs)
    loaded = reload(model)
    assert_same(
        attributes(clone(model).fit(*few_blobs)),
        attributes(clone(loaded).fit(*few_blobs)),
    )
    assert_same(attributes(model.fit(*few_blobs)), attributes(loaded.fit(*few_blobs)))


def test_partial_fit_goes_on_without_momentum(few_blobs, quick_classifier, reload):
    model = quick_classifier().partial_fit(*few_blobs, classes=[0, 1, 2])
    loaded = reload(model)
    quantiles = model.training_score_quantiles_
    model._optimizer_state = None
    here = attributes(model.partial_fit(*few_blobs))
    there = attributes(loaded.partial_fit(*few_blobs))
    # A loaded model needs many samples before it replaces what the file stored.
    kept = there.pop("_sample_statistics")
    np.testing.assert_array_equal(kept["score_quantiles"], quantiles)
    del here["_sample_statistics"]
    assert_same(here, there)


def test_own_modules_are_passed_as_class_or_instance(blobs, quick_classifier, reload):
    X, y = blobs
    decoder = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 4))
    model = quick_classifier(
        encoder=Encoder(), decoder=decoder, label_dim=4, style_dim=2
    ).fit(X, y)
    shape = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 4))
    untouched = shape[0].weight.detach().clone()
    loaded = reload(model, {"encoder": Encoder, "decoder": shape})
    assert torch.equal(shape[0].weight, untouched)
    assert_same(attributes(model), attributes(loaded))
    assert_same(answers(model, X[:4], 1), answers(loaded, X[:4], 1))
    # They start from the weights that the user's own modules had.
    assert_same(attributes(clone(model).fit(X, y)), attributes(clone(loaded).fit(X, y)))


@pytest.mark.parametrize(
    ("modules", "message"),
    [
        (None, r"modules=\{'encoder': Encoder\}"),
        ({"decoder": Encoder}, r"modules=\{'encoder': Encoder\}"),
        ({"encoder": Encoder, "decoder": Encoder}, r"entries for \['decoder'\], but"),
        ({"encoder": nn.Linear}, "Pass an instance"),
        ({"encoder": "Encoder"}, "must be a torch module or the class of one"),
        ({"encoder": nn.Linear(4, 3)}, "'weight' of Linear is"),
        (
            {"encoder": nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Sigmoid())},
            "computes something else",
        ),
    ],
)
def test_a_missing_or_different_module_is_named(
    modules, message, blobs, quick_classifier, reload
):
    model = quick_classifier(encoder=Encoder()).fit(*blobs)
    with pytest.raises(ModelFileError, match=message):
        reload(model, modules)


@pytest.mark.parametrize("modules", [[Encoder], {"Encoder": Encoder}, "encoder"])
def test_modules_must_be_a_dict_of_the_two_parameters(modules, tmp_path):
    with pytest.raises(ValueError, match="modules must be a dict with keys among"):
        load(tmp_path / "none", modules)


class OwnClassifier(ReVAEClassifier):
    """A subclass, which cannot be saved."""


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (make_pipeline(StandardScaler(), ReVAEClassifier()), "Of a Pipeline, save"),
        (OwnClassifier(), "no subclasses"),
        (ReVAEImputer(), "Of a ReVAEImputer, save its attribute estimator_"),
        (ReVAEClassifier(callbacks=[EpochTimer()]), r"set_params\(callbacks=None\)"),
        (ReVAEClassifier(views=np.flip), r"views=<.* code.*set_params\(views='auto'\)"),
        (ReVAEClassifier(unlabeled_value=object()), "unlabeled_value is <object"),
        (ReVAEClassifier(likelihood={0: {1, 2}}), "likelihood/0/1 is"),
        (ReVAEClassifier(edit_weight=np.longdouble(0.1)), "edit_weight is an array of"),
        (ReVAEClassifier(encoder=nn.LazyLinear(3)), "lazy"),
        (ReVAEClassifier(random_state=np.random.RandomState(np.random.SFC64())), "SFC64"),
    ],
)
def test_what_a_file_cannot_hold_is_named(model, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        save(model, tmp_path / "model")
    assert os.listdir(tmp_path) == []


def test_unknown_attributes_are_refused(tmp_path):
    model = ReVAEClassifier()
    model.note = "mine"
    with pytest.raises(ValueError, match="'note'"):
        save(model, tmp_path / "model")


@pytest.mark.parametrize(
    "changes",
    [
        {"hidden_layer_sizes": (9,)},
        {"decoder": nn.Linear(9, 4)},
        {"encoder": nn.Linear(4, 8)},
        {"style_dim": -1},
    ],
)
def test_parameters_that_do_not_fit_the_module_are_refused(
    changes, blobs_model, tmp_path, reload
):
    changed = reload(blobs_model).set_params(**changes)
    with pytest.raises(ValueError):
        save(changed, tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_a_column_of_decimals_in_polars_is_refused(blobs, quick_classifier, tmp_path):
    X = pl.DataFrame({"price": [Decimal(i) for i in range(6)], "size": list(range(6))})
    model = quick_classifier().fit(X, [0, 1] * 3)
    with pytest.raises(ValueError, match="Column 'price' of the training data"):
        save(model, tmp_path / "model")


def test_the_same_model_gives_the_same_bytes(blobs_model, tmp_path):
    for name in ("one", "other"):
        save(blobs_model, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()
    save(load(tmp_path / "one"), tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "one").read_bytes()


@pytest.mark.parametrize(
    "write", [save, joblib.dump, lambda m, path: path.write_bytes(pickle.dumps(m))]
)
def test_a_file_is_not_much_larger_than_the_weights(write, digits_model, tmp_path):
    write(digits_model, tmp_path / "model")
    n_bytes = sum(t.nbytes for t in digits_model.module_.state_dict().values())
    # impute needs three square matrices of doubles.
    n_bytes += 3 * 8 * digits_model.n_features_in_**2
    codes = digits_model._statistic("codes")
    n_bytes += sum(array.nbytes for array in vars(codes).values())
    assert (tmp_path / "model").stat().st_size < 1.5 * n_bytes + 50_000
