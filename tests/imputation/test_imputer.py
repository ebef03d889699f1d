"""ReVAEImputer, a step of a Pipeline that fills in missing values."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sklearn_revae import ReVAEImputer, ReVAETransformer


@pytest.fixture(scope="module")
def incomplete():
    """Half of breast_cancer with 30 % of its values removed, and the complete values."""
    X = load_breast_cancer(as_frame=True).data.iloc[::2]
    removed = np.random.default_rng(0).random(X.shape) < 0.3
    return X.mask(removed), X.to_numpy(), removed


@pytest.fixture
def mixed():
    """A table of numbers and categories, both with missing values."""
    random = np.random.default_rng(0)
    y = random.integers(0, 2, 90)
    X = pd.DataFrame(
        {
            "height": random.normal(size=90) + 4 * y,
            "town": np.where(random.random(90) < 0.1, "Ulm", np.array(["A", "B"])[y]),
        },
        index=range(100, 190),
    )
    X.iloc[::6, 0] = np.nan
    X.iloc[::7, 1] = None
    return X, y


def _error(filled, complete, removed):
    return np.sqrt(np.mean(((filled - complete) / complete.std(axis=0))[removed] ** 2))


def test_values_are_predicted_and_observed_ones_kept(incomplete):
    X, complete, removed = incomplete
    filled = ReVAEImputer(random_state=0).fit_transform(X)
    assert isinstance(filled, pd.DataFrame)
    np.testing.assert_array_equal(filled.to_numpy()[~removed], complete[~removed])
    by_mean = SimpleImputer().fit_transform(X)
    assert _error(filled.to_numpy(), complete, removed) < 0.45
    assert _error(by_mean, complete, removed) > 0.9


def test_it_imputes_as_the_transformer_does(incomplete):
    X = incomplete[0]
    imputer = ReVAEImputer(max_iter=5, random_state=0).fit(X)
    model = ReVAETransformer(max_iter=5, random_state=0).fit(X)
    pd.testing.assert_frame_equal(imputer.transform(X), model.impute(X))
    assert imputer.n_iter_ == imputer.estimator_.n_iter_ == 5
    again = pickle.loads(pickle.dumps(imputer))
    pd.testing.assert_frame_equal(again.transform(X), model.impute(X))


def test_tables_keep_their_container_types_and_index(mixed):
    X, _ = mixed
    imputer = ReVAEImputer(max_iter=10, random_state=0).fit(X)
    filled = imputer.transform(X)
    assert list(imputer.get_feature_names_out()) == ["height", "town"]
    assert filled.index.equals(X.index)
    assert set(filled["town"]) == {"A", "B", "Ulm"}
    assert filled.isna().to_numpy().sum() == 0
    of_polars = pl.DataFrame(X.astype(object).where(X.notna(), None).to_dict("list"))
    again = ReVAEImputer(max_iter=10, random_state=0).fit_transform(of_polars)
    assert isinstance(again, pl.DataFrame)
    assert again["town"].to_list() == filled["town"].tolist()


def test_set_output_names_the_columns(incomplete):
    X = incomplete[0].to_numpy()
    imputer = ReVAEImputer(max_iter=2, random_state=0).set_output(transform="pandas")
    filled = imputer.fit_transform(X)
    assert list(filled.columns) == [f"x{j}" for j in range(X.shape[1])]
    assert imputer.get_feature_names_out(np.array(list(filled.columns))).shape == (30,)


def test_a_pipeline_can_hold_it(mixed):
    X, y = mixed
    columns = make_column_transformer(
        (StandardScaler(), ["height"]), (OneHotEncoder(), ["town"])
    )
    imputer = ReVAEImputer(max_iter=10, random_state=0)
    pipeline = make_pipeline(imputer, columns, LogisticRegression())
    assert cross_val_score(pipeline, X, y, cv=3).mean() > 0.85
    shorter = clone(pipeline).set_params(revaeimputer__max_iter=3).fit(X, y)
    assert shorter[0].n_iter_ == 3


def test_new_samples_without_missing_values_are_returned_as_they_are():
    X = load_iris().data
    imputer = ReVAEImputer(max_iter=2, random_state=0).fit(X)
    np.testing.assert_array_equal(imputer.transform(X[:3]), X[:3])
    assert imputer.transform(X[:3].astype(np.float32)).dtype == np.float32


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"max_iter": 0}, "The 'max_iter' parameter of ReVAEImputer must be"),
        ({"likelihood": "normal"}, "likelihood names .'normal'."),
    ],
)
def test_invalid_parameters_are_refused(parameters, message):
    with pytest.raises(ValueError, match=message):
        ReVAEImputer(**parameters).fit(load_iris().data)


def test_another_number_of_features_is_refused():
    X = load_iris().data
    imputer = ReVAEImputer(max_iter=1, random_state=0).fit(X)
    with pytest.raises(ValueError, match="X has 3 features, but ReVAEImputer is expect"):
        imputer.transform(X[:, :3])


@pytest.mark.parametrize("named", [True, False])
def test_one_warning_says_that_feature_names_are_only_in_fit_or_not(named):
    X = load_iris(as_frame=True).data
    there, elsewhere = (X, X.to_numpy()) if named else (X.to_numpy(), X)
    imputer = ReVAEImputer(max_iter=1, random_state=0).fit(there)
    with pytest.warns(UserWarning, match="names, but ReVAEImputer was fitted") as caught:
        imputer.transform(elsewhere)
    assert len(caught) == 1
