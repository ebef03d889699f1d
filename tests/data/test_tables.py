"""Tables whose columns differ in type: results have the container and types of X."""

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse
from sklearn.base import clone

from sklearn_revae import ReVAEClassifier, ReVAETransformer


def make_table(n=80, seed=0):
    random = np.random.RandomState(seed)
    group = random.randint(2, size=n)
    frame = pd.DataFrame(
        {
            "height": random.normal(170 + 10 * group, 5),
            "income": np.exp(random.normal(8 + group, 1.5)),
            "city": np.array(["Rome", "Oslo", "Bonn"])[
                (group + random.randint(2, size=n))
            ],
            "grade": pd.Categorical(
                np.array(["low", "mid", "top"])[group + random.randint(2, size=n)],
                categories=["low", "mid", "top"],
                ordered=True,
            ),
            "member": (group + random.randint(2, size=n)) > 1,
            "visits": random.poisson(0.5 + 2 * group),
            "level": random.randint(1, 9, size=n).astype(np.int16),
            "flag": (random.random_sample(n) < 0.3 + 0.4 * group).astype(float),
        },
        index=[f"row {i}" for i in range(n)],
    )
    return frame, group


KINDS = {
    "height": "real",
    "income": "positive",
    "city": "categorical",
    "grade": "ordinal",
    "member": "categorical",
    "visits": "count",
    "level": "real",
    "flag": "binary",
}


@pytest.fixture(scope="module")
def table():
    return make_table()


@pytest.fixture(scope="module")
def model(table):
    X, y = table
    return ReVAEClassifier((16,), max_iter=20, random_state=0).fit(X, y)


def assert_same_types(new, X):
    assert list(new.columns) == list(X.columns)
    assert (new.index == X.index).all()
    assert (new.dtypes == X.dtypes).all()
    assert not new.isna().any().any()
    assert set(new["city"]) <= {"Rome", "Oslo", "Bonn"}
    assert set(new["member"]) <= {True, False}
    assert set(new["flag"]) <= {0.0, 1.0}
    assert (new["visits"] >= 0).all()
    assert (new["income"] > 0).all()


def test_kinds_are_inferred_from_types_and_values(model):
    assert {name: model.column_kinds_[name] for name in KINDS} == KINDS


def test_kinds_are_printed_as_a_table(model):
    lines = repr(model.column_kinds_).splitlines()
    assert lines[0].split() == ["column", "kind", "likelihood", "levels", "missing"]
    assert lines[3].split() == ["city", "categorical", "categorical", "3"]
    assert "<td>log_normal</td>" in model.column_kinds_._repr_html_()


def test_the_html_of_a_fitted_model_shows_the_kinds(model):
    html = model._repr_html_()
    assert "<td>log_normal</td>" in html
    assert "ReVAEClassifier" in html
    assert "<td>log_normal</td>" not in ReVAEClassifier()._repr_html_()


@pytest.mark.parametrize("method", ["reconstruct", "intervene", "impute"])
def test_results_have_the_types_of_x(method, model, table):
    X, _ = table
    new = model.intervene(X, 1) if method == "intervene" else getattr(model, method)(X)
    assert_same_types(new, X)


def test_draws_hold_categories(model, table):
    X, _ = table
    draws = model.intervene(X, 1, n_samples=3, random_state=0)
    assert draws.shape == (80, 3, 8)
    assert set(draws[..., 2].ravel()) <= {"Rome", "Oslo", "Bonn"}


def test_latents_decode_to_objects(model, table):
    X, _ = table
    decoded = model.inverse_transform(model.transform(X))
    assert set(decoded[:, 2]) <= {"Rome", "Oslo", "Bonn"}
    np.testing.assert_array_equal(decoded[:, 2], model.reconstruct(X)["city"])


def test_learns_from_mixed_columns(model, table):
    X, y = make_table(200, seed=1)
    assert model.score(X, y) > 0.85


def test_polars_in_polars_out(table):
    X, y = table
    frame = pl.DataFrame(
        {name: X[name].tolist() for name in X},
        schema_overrides={
            "grade": pl.Enum(["low", "mid", "top"]),
            "level": pl.Int16,
        },
    )
    model = ReVAEClassifier((16,), max_iter=5, random_state=0).fit(frame, y)
    new = model.intervene(frame, 1)
    assert isinstance(new, pl.DataFrame)
    assert new.schema == frame.schema
    assert new.null_count().sum_horizontal().item() == 0
    from_pandas = ReVAEClassifier((16,), max_iter=5, random_state=0).fit(X, y)
    np.testing.assert_array_equal(
        model.predict_proba(frame), from_pandas.predict_proba(X)
    )


def test_arrays_of_objects_give_arrays_of_objects(table):
    X, y = table
    objects = X[["height", "city"]].to_numpy(dtype=object)
    model = ReVAEClassifier((8,), max_iter=5, random_state=0).fit(objects, y)
    new = model.reconstruct(objects)
    assert new.dtype == object
    assert isinstance(new[0, 0], float)
    assert new[0, 1] in {"Rome", "Oslo", "Bonn"}
    assert model.reconstruct(objects.tolist()).shape == (80, 2)


@pytest.mark.parametrize("null", [None, np.nan, pd.NA])
def test_none_nan_and_na_are_missing_values(null, table, model):
    X, _ = table
    masked = X.head(10).astype({"city": object, "member": object})
    masked.loc[masked.index[::2], ["city", "member"]] = null
    numbers = X.head(10).copy()
    numbers["city"] = numbers["city"].mask(np.arange(10) % 2 == 0)
    numbers["member"] = numbers["member"].astype(object).mask(np.arange(10) % 2 == 0)
    np.testing.assert_array_equal(
        model.predict_proba(masked), model.predict_proba(numbers)
    )


def test_unseen_categories_are_missing_with_a_warning(model, table):
    X, _ = table
    strange, masked = X.head(5).copy(), X.head(5).copy()
    strange["city"] = "Atlantis"
    masked["city"] = np.array([None] * 5, dtype=object)
    with pytest.warns(UserWarning, match="'city'.*'Atlantis'"):
        found = model.predict_proba(strange)
    np.testing.assert_array_equal(found, model.predict_proba(masked))


def test_cells_that_are_lists_name_their_column_and_a_cure(table):
    X, y = table
    with pytest.raises(TypeError, match=r"'pair' .*\[1, 2\].*one column for each"):
        ReVAEClassifier().fit(X.assign(pair=[[1, 2]] * len(X)), y)


def test_a_dict_sets_the_family_of_single_columns(table):
    X, y = table
    requested = {"level": "ordinal", "height": "student_t", 5: "poisson"}
    model = ReVAEClassifier((8,), max_iter=5, likelihood=requested, random_state=0).fit(
        X, y
    )
    families = dict(zip(X.columns, model.likelihood_, strict=True))
    assert [families[c] for c in ("level", "height", "visits", "city")] == [
        "ordinal",
        "student_t",
        "poisson",
        "categorical",
    ]
    assert set(model.reconstruct(X)["level"]) <= set(X["level"])


@pytest.mark.parametrize(
    ("requested", "message"),
    [
        ({"weight": "gaussian"}, "likelihood names 'weight'.*height"),
        ({"city": "gaussian"}, "'city' of X, which holds categories"),
        ({"height": "poisson"}, "'height' .* values other than non-negative integers"),
        ({"flag": "log_normal"}, "'flag' of X, which holds 0, which is not positive"),
        ({"height": "bernoulli"}, r"'height' .* outside of \[0, 1\].*continuous_b"),
        ({"height": "cauchy"}, "likelihood names .'cauchy'"),
    ],
)
def test_a_family_that_does_not_fit_its_column_raises(requested, message, table):
    with pytest.raises(ValueError, match=message):
        ReVAEClassifier(likelihood=requested).fit(*table)


@pytest.mark.parametrize(
    ("family", "top"), [("continuous_bernoulli", 40), ("beta", 40), ("bernoulli", 1)]
)
def test_bounded_columns_stay_within_their_bounds(family, top):
    X = np.random.RandomState(0).beta(2, 3, (60, 3)) * [1, 1, top]
    model = ReVAETransformer((8,), max_iter=20, likelihood=family, random_state=0).fit(X)
    new = model.reconstruct(X)
    assert new.min() >= 0
    assert (new.max(axis=0) <= [1, 1, X[:, 2].max()]).all()
    assert np.isfinite(model.score_samples(X)).all()


@pytest.mark.parametrize("container", ["csr", "csc", "csr_array"])
def test_sparse_rows_give_the_results_of_their_dense_array(container):
    counts = np.random.RandomState(0).poisson(0.4, (60, 20)) * 3
    y = (counts[:, 0] > 0).astype(int)
    make = {
        "csr": scipy.sparse.csr_matrix,
        "csc": scipy.sparse.csc_matrix,
        "csr_array": scipy.sparse.csr_array,
    }[container]
    sparse = make(counts)
    fresh = ReVAEClassifier((8,), max_iter=10, random_state=0)
    model = clone(fresh).fit(sparse, y)
    # Without a likelihood, dense integers up to 255 would be pixels.
    reference = fresh.set_params(likelihood="negative_binomial").fit(counts, y)
    assert set(model.column_kinds_) == {"count"}
    np.testing.assert_allclose(
        model.predict_proba(sparse), reference.predict_proba(counts), rtol=1e-5
    )
    new = model.intervene(sparse, 1)
    assert isinstance(new, make)
    np.testing.assert_array_equal(new.toarray(), model.intervene(counts, 1))


@pytest.mark.parametrize(
    "born",
    [
        pd.Timestamp("2000-01-01"),
        pd.Series([pd.Timestamp("2000-01-01")] * 80, dtype=object).to_numpy(),
        datetime.date(2000, 1, 1),
        pd.Period("2000-01"),
    ],
    ids=lambda born: type(born).__name__,
)
def test_a_column_of_dates_raises_with_its_name(born, table):
    X, y = table
    with pytest.raises(ValueError, match=r"'born' of X holds dates.*days since"):
        ReVAEClassifier().fit(X.assign(born=born), y)


def test_two_columns_with_the_same_name_raise(table):
    X, y = table
    with pytest.raises(ValueError, match=r"several columns named \['height'\]"):
        ReVAEClassifier().fit(pd.concat([X, X[["height"]]], axis=1), y)


def test_a_column_with_too_many_categories_raises_with_its_name():
    X = pd.DataFrame({"id": [f"k{i}" for i in range(1500)], "x": np.arange(1500.0)})
    with pytest.raises(ValueError, match="Column 'id' of X has 1500 categories"):
        ReVAETransformer().fit(X)


def test_strings_in_a_column_of_numbers_raise(model, table):
    X, _ = table
    wrong = X.head(3).assign(height=["tall", "small", "tall"])
    with pytest.raises(TypeError, match="'height' of X held numbers in fit"):
        model.predict(wrong)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_bools_are_0_and_1_where_fit_saw_numbers(frame, few_blobs, quick_classifier):
    X, y = few_blobs
    positive = (X - X.mean(axis=0)) > 0
    model = quick_classifier().fit(positive.astype(float), y)
    columns = frame({f"x{j}": positive[:, j] for j in range(4)})
    with pytest.warns(UserWarning, match="feature names"):
        decoded, expected = model.reconstruct(columns), model.reconstruct(positive * 1.0)
    assert set(decoded.dtypes) == set(columns.dtypes)
    np.testing.assert_array_equal(decoded.to_numpy(), expected > 0.5)


def test_numbers_that_are_declared_as_categories_are_categories():
    X = pd.DataFrame(
        {
            "code": pd.Categorical([7, 2.5, 9, 7] * 5),
            "rank": pd.Categorical([3, 1, 1, 3] * 5, [3, 1, 2], ordered=True),
        }
    )
    model = ReVAETransformer((8,), max_iter=2, random_state=0).fit(X)
    assert list(model.column_kinds_) == ["categorical", "ordinal"]
    new = model.reconstruct(X)
    assert (new.dtypes == X.dtypes).all()
    assert set(new["code"]) <= {7, 2.5, 9}


def test_rows_may_declare_fewer_categories_than_in_fit(model, table):
    X, _ = table
    few = X.head(5).assign(grade=pd.Categorical(["low"] * 5, ["low"], ordered=True))
    new = model.reconstruct(few)
    assert_same_types(new.assign(grade=few["grade"]), few)
    assert set(new["grade"]) <= {"low", "mid", "top"}
    frame = pl.from_dict({"x": ["a", "b"] * 10}, schema={"x": pl.Enum(["a", "b"])})
    fitted = ReVAETransformer((8,), max_iter=2, random_state=0).fit(frame)
    fewer = pl.from_dict({"x": ["a"]}, schema={"x": pl.Enum(["a"])})
    assert fitted.reconstruct(fewer)["x"].item() in {"a", "b"}


def test_a_column_without_values_is_filled_with_categories(model, table):
    # To pandas, a column without any value is a column of floats.
    X = table[0].head(5).assign(city=np.nan)
    assert set(model.impute(X)["city"]) <= {"Rome", "Oslo", "Bonn"}


@pytest.mark.parametrize(
    "cell",
    [[1], np.ones(2), pd.Interval(0, 1), {}, 1j],
    ids=lambda cell: type(cell).__name__,
)
def test_a_cell_that_is_not_a_category_raises_with_its_column(cell, table):
    X, y = table
    column = np.empty(len(X), dtype=object)
    column[:] = [cell] * len(X)
    with pytest.raises(TypeError, match=r"Column 'city' of X holds .* leave it out"):
        ReVAEClassifier().fit(X.assign(city=column), y)


def test_infinity_in_a_column_of_strings_raises():
    with pytest.raises(ValueError, match="Column 0 of X holds infinity"):
        ReVAETransformer().fit([[np.inf, 1], ["a", 2]])


def test_categories_and_whole_columns_beyond_doubles_survive_impute():
    big = 2**62 + 1
    X = pd.DataFrame({"key": [big, big - 2] * 10, "x": [1.0, np.nan] * 10})
    filled = ReVAETransformer((8,), max_iter=2, random_state=0).fit(X).impute(X)
    assert filled["key"].tolist() == X["key"].tolist()


def test_arrays_of_strings_give_strings_of_any_length():
    X = np.array([["a", "x"], ["long", "y"]] * 10)
    model = ReVAETransformer((8,), max_iter=2, random_state=0).fit(X)
    new = model.reconstruct(X[::2].astype("U1"))
    assert new.dtype.kind == "U"
    assert set(new.ravel()) <= {"a", "long", "x", "y"}


@pytest.mark.parametrize("container", ["coo", "dia", "bsr", "lil", "dok"])
def test_results_have_the_format_of_a_sparse_matrix(container, quick_transformer):
    X = scipy.sparse.csr_matrix(np.eye(20)[:, :6]).asformat(container)
    new = quick_transformer().fit(X).reconstruct(X)
    assert type(new) is type(X)
    assert new.shape == X.shape


def test_sparse_rows_for_a_model_of_categories_raise(model):
    with pytest.raises(TypeError, match="fitted on a table with categories"):
        model.predict(scipy.sparse.csr_matrix(np.ones((2, 8))))
