"""Interventions through a Pipeline return the columns of X in its units."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.datasets import make_blobs
from sklearn.decomposition import PCA
from sklearn.feature_selection import SelectKBest
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    StandardScaler,
)

from sklearn_revae._interventions.inverse import invert_step, invert_steps
from sklearn_revae._interventions.pipeline import intervene, swap, traverse


@pytest.fixture(scope="module")
def data():
    return make_blobs(60, 4, centers=3, random_state=0)


@pytest.fixture(scope="module")
def frame(data):
    X, y = data
    return pd.DataFrame(
        {
            "length": X[:, 0],
            "city": np.array(["Bonn", "Oslo", "Rome"])[y],
            "width": X[:, 1].astype(np.float32),
            "grade": pd.Categorical(np.array(["low", "mid", "top"])[y]),
            "n": np.arange(60) % 7,
            "member": X[:, 2] > 0,
        },
        index=[f"row {i}" for i in range(60)],
    )


@pytest.fixture(scope="module")
def scaled(data, quick_classifier):
    model = quick_classifier(max_iter=30, batch_size=20, learning_rate_init=0.02)
    return make_pipeline(StandardScaler(), model).fit(*data)


@pytest.fixture(scope="module")
def mixed(frame, data, quick_classifier):
    columns = ColumnTransformer(
        [
            ("numbers", make_pipeline(StandardScaler(), PCA()), ["width", "length"]),
            ("city", OneHotEncoder(), ["city"]),
            ("grade", OrdinalEncoder(), ["grade"]),
        ],
        remainder="passthrough",
    )
    model = quick_classifier(max_iter=30, batch_size=20, learning_rate_init=0.02)
    return Pipeline([("columns", columns), ("model", model)]).fit(frame, data[1])


# steps and their inverses


def test_the_model_s_edit_is_returned_in_the_units_of_x(data, scaled):
    X = data[0]
    scaler, model = scaled[0], scaled[-1]
    np.testing.assert_allclose(
        intervene(scaled, X, 1),
        scaler.inverse_transform(model.intervene(scaler.transform(X), 1)),
        rtol=1e-12,
    )


NUMERIC_STEPS = {
    "passthrough": ["passthrough"],
    "scalers": [StandardScaler(), "passthrough", MinMaxScaler()],
    "PCA": [PCA(whiten=True)],
    "quantiles": [QuantileTransformer(n_quantiles=60)],
    "function": [FunctionTransformer(np.arcsinh, np.sinh)],
    "identity": [FunctionTransformer()],
    "selector of all": [SelectKBest(k="all")],
    "nested": [make_pipeline(StandardScaler(), make_pipeline(PCA()))],
    "columns": [
        make_column_transformer(
            (StandardScaler(), [3, 0]),
            (PCA(), slice(1, 2)),
            remainder="passthrough",
        )
    ],
    "weighted columns": [
        ColumnTransformer(
            [("a", MinMaxScaler(), [2, 1]), ("b", "passthrough", [0, 3])],
            transformer_weights={"a": 3.0},
        )
    ],
    "columns within columns": [
        make_column_transformer(
            (
                make_column_transformer((PCA(), [0, 2]), remainder="passthrough"),
                [3, 1, 2],
            ),
            (StandardScaler(), [0]),
        )
    ],
}


@pytest.mark.parametrize("steps", NUMERIC_STEPS.values(), ids=NUMERIC_STEPS)
def test_strength_zero_restores_the_samples(steps, data, quick_classifier):
    pipeline = make_pipeline(*steps, quick_classifier()).fit(*data)
    same = intervene(pipeline, data[0], 1, strength=0.0, residual=True)
    np.testing.assert_allclose(same, data[0], rtol=1e-6)
    assert not np.allclose(intervene(pipeline, data[0], 1), data[0])


ENCODERS = {
    "one column per category": OneHotEncoder(sparse_output=False),
    "sparse": OneHotEncoder(),
    "first dropped": OneHotEncoder(drop="first"),
    "unknown ignored": OneHotEncoder(handle_unknown="ignore"),
    "codes": OrdinalEncoder(),
}


@pytest.mark.parametrize("encoder", ENCODERS.values(), ids=ENCODERS)
def test_strength_zero_restores_a_table(encoder, frame, data, quick_classifier):
    columns = make_column_transformer(
        (encoder, ["grade", "city"]),
        (StandardScaler(), ["n", "length", "member"]),
        remainder="passthrough",
    )
    pipeline = make_pipeline(columns, quick_classifier()).fit(frame, data[1])
    same = intervene(pipeline, frame, 1, strength=0.0, residual=True)
    pd.testing.assert_frame_equal(same, frame)


def test_text_may_pass_through(frame, data, quick_classifier):
    columns = make_column_transformer(
        (StandardScaler(), ["length"]), remainder="passthrough"
    )
    pipeline = make_pipeline(columns, quick_classifier()).fit(frame, data[1])
    same = intervene(pipeline, frame, 1, strength=0.0, residual=True)
    pd.testing.assert_frame_equal(same, frame)


def test_steps_may_output_frames(frame, data, quick_classifier):
    columns = make_column_transformer(
        (OneHotEncoder(sparse_output=False), ["city", "grade"]),
        remainder="passthrough",
    ).set_output(transform="pandas")
    pipeline = make_pipeline(columns, quick_classifier()).fit(frame, data[1])
    same = intervene(pipeline, frame, 1, strength=0.0, residual=True)
    pd.testing.assert_frame_equal(same, frame)


@pytest.mark.parametrize("column", ["city", "grade"])
def test_a_missing_category_is_restored(column, frame, data, quick_classifier):
    X = frame[["length", column]].copy()
    X.loc[X.index[::2], column] = None
    columns = make_column_transformer(
        (OneHotEncoder(), [column]), remainder="passthrough"
    )
    pipeline = make_pipeline(columns, quick_classifier()).fit(X, data[1])
    same = intervene(pipeline, X, 1, strength=0.0, residual=True)
    pd.testing.assert_series_equal(same[column].isna(), X[column].isna())
    pd.testing.assert_series_equal(same[column].dropna(), X[column].dropna())


def test_a_missing_bool_is_restored(frame, data, quick_classifier):
    X = frame[["length"]].assign(member=frame["member"].astype(object))
    X.loc[X.index[::2], "member"] = None
    columns = make_column_transformer(
        (OneHotEncoder(), ["member"]), remainder="passthrough"
    )
    pipeline = make_pipeline(columns, quick_classifier()).fit(X, data[1])
    same = intervene(pipeline, X, 1, strength=0.0, residual=True)
    assert same["member"].tolist() == X["member"].tolist()


def test_categories_move_with_the_label(frame, data, mixed):
    edited = intervene(mixed, frame, 1, method="mean")
    assert (edited["city"] == "Oslo").mean() > 0.8
    assert (edited["grade"] == "mid").mean() > 0.6
    pd.testing.assert_series_equal(edited.dtypes, frame.dtypes)
    assert edited.index.equals(frame.index)


def test_categories_that_x_lacks_are_returned(frame, mixed):
    X = frame[frame["city"] == "Bonn"]
    edited = intervene(mixed, X, 1, method="mean")
    assert "Oslo" in set(edited["city"])
    assert "mid" in set(edited["grade"])


def test_without_a_most_likely_category_the_sample_keeps_its_own(frame, mixed):
    encoder = mixed["columns"].named_transformers_["city"]
    own = np.eye(3)[[2, 1, 0, 0]]
    new = np.array([[0, 0, 0], [0, 0, 1], [0.2, 0.4, 0.3], [1, 1, 0]], dtype=float)
    # In the last row, the category that the edit raised wins the tie.
    cities = invert_step(encoder, new, own)[:, 0]
    assert cities.tolist() == ["Rome", "Rome", "Oslo", "Oslo"]


def test_a_sample_keeps_its_own_category_through_later_steps(frame):
    encoder = OneHotEncoder(sparse_output=False).fit(frame[["city"]])
    own = encoder.transform(frame[["city"]])
    turned = make_column_transformer(("passthrough", [2, 0, 1])).fit(own)
    steps = [("encode", encoder), ("turn", turned)]
    nothing = turned.transform(np.zeros_like(own))
    cities = invert_steps(steps, nothing, turned.transform(own))
    np.testing.assert_array_equal(cities[:, 0], frame["city"])


def test_bools_that_were_scaled_are_rounded(frame, data, quick_classifier):
    columns = make_column_transformer((StandardScaler(), ["member", "length"]))
    X = frame[["member", "length"]]
    model = quick_classifier(
        n_members=1,
        max_iter=30,
        batch_size=20,
        learning_rate_init=0.01,
        likelihood="gaussian",
    )
    pipeline = make_pipeline(columns, model).fit(X, data[1])
    inner = pipeline[-1].intervene(pipeline[0].transform(X), 1, residual=False)
    scaler = pipeline[0].named_transformers_["standardscaler"]
    expected = scaler.inverse_transform(inner)[:, 0]
    assert ((expected > 0.1) & (expected < 0.5)).any()
    edited = intervene(pipeline, X, 1, residual=False)
    np.testing.assert_array_equal(edited["member"], expected >= 0.5)


def test_codes_out_of_range_become_the_nearest_category(frame, mixed):
    encoder = mixed["columns"].named_transformers_["grade"]
    new = np.array([[-0.7], [0.6], [5.0]])
    assert invert_step(encoder, new, new)[:, 0].tolist() == ["low", "mid", "top"]


# without a Pipeline


@pytest.fixture(scope="module")
def skewed():
    random = np.random.RandomState(1)
    y = random.randint(2, size=120)
    return random.lognormal(y[:, None] + 1.0, 1.0, (120, 4)), y


@pytest.mark.parametrize("whole", [False, True])
def test_an_edit_beyond_what_a_step_can_invert_goes_as_far_as_it_can(
    whole, skewed, quick_classifier
):
    X, y = skewed
    X = np.round(X).astype(int) if whole else X
    pipeline = make_pipeline(PowerTransformer(), quick_classifier(max_iter=15)).fit(X, y)
    # The image of this Yeo-Johnson transformation is bounded.
    assert (pipeline[0].lambdas_ < 0).any()
    for edited in (
        intervene(pipeline, X, 1, strength=6),
        traverse(pipeline, X, 0, steps=3),
        intervene(pipeline, X, 1, strength=6, bounds={0: (0, 9)}),
    ):
        assert np.isfinite(edited).all()
        assert (edited >= 0).all()
        assert edited.dtype == X.dtype or edited.ndim == 3
    assert pipeline.predict(edited).mean() > 0.9
    assert (edited[:, 0] <= 9).all()


@pytest.mark.parametrize("encode", ["ordinal", "onehot-dense"])
def test_bins_are_inverted(encode, skewed, quick_classifier):
    X, y = skewed
    bins = KBinsDiscretizer(5, encode=encode, quantile_method="averaged_inverted_cdf")
    pipeline = make_pipeline(bins, quick_classifier(max_iter=30)).fit(X, y)
    edited = intervene(pipeline, X, 1)
    assert pipeline.predict(edited).mean() > 0.9
    centres = bins.inverse_transform(bins.transform(X))
    was_edited = edited != X
    assert was_edited.any()
    for column, values, edits in zip(centres.T, edited.T, was_edited.T, strict=True):
        assert np.isin(values[edits], column).all()


def test_an_unknown_category_is_kept(quick_classifier, frame, data):
    table = frame[["city", "length"]].reset_index(drop=True)
    city = ("city", OneHotEncoder(handle_unknown="ignore"), ["city"])
    columns = ColumnTransformer([city], remainder="passthrough", sparse_threshold=0)
    pipeline = make_pipeline(columns, quick_classifier(max_iter=10)).fit(table, data[1])
    table.loc[:9, "city"] = "Atlantis"
    same = intervene(pipeline, table, pipeline.predict(table))
    pd.testing.assert_frame_equal(same, table)
    edited = intervene(pipeline, table, 1, max_columns=1)
    assert (edited != table).sum(axis=1).max() == 1


def test_a_model_without_a_pipeline_is_accepted(blobs, blobs_model):
    X = blobs[0]
    np.testing.assert_array_equal(
        intervene(blobs_model, X, 1, keep=[0]), blobs_model.intervene(X, 1, keep=[0])
    )
    np.testing.assert_array_equal(swap(blobs_model, X, X[:1]), blobs_model.swap(X, X[:1]))
    np.testing.assert_array_equal(
        traverse(blobs_model, X, 0, steps=3), blobs_model.traverse(X, 0, steps=3)
    )


def test_an_imputer_with_indicators_is_inverted(data, quick_classifier):
    X, y = data
    X = X.copy()
    X[0, 1] = np.nan
    pipeline = make_pipeline(SimpleImputer(add_indicator=True), quick_classifier())
    X_new = intervene(pipeline.fit(X, y), X, 1)
    np.testing.assert_array_equal(np.isnan(X_new), np.isnan(X))


def test_a_pipeline_without_such_a_model_is_refused(data):
    pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(*data)
    with pytest.raises(ValueError, match="ends with a LogisticRegression"):
        intervene(pipeline, data[0], 1)


# steps that cannot be inverted


BAD_STEPS = {
    "no inverse": (PolynomialFeatures(), r"'bad' \(Poly.*no inverse_transform"),
    "selector": (SelectKBest(k=2), r"'bad' \(SelectKBest\).*drops the columns \["),
    "imputer": (SimpleImputer(), r"'bad' \(SimpleImputer\).*Leave it out"),
    "other imputer": (KNNImputer(), r"'bad' \(KNNImputer\).*Leave it out"),
    "function": (FunctionTransformer(np.arcsinh), r"'bad' \(Func.*inverse_func"),
    "dropped": (
        ColumnTransformer([("a", StandardScaler(), [0, 1])]),
        r"'bad' \(ColumnTransformer\).*drops the columns \[.*2.*3",
    ),
    "twice": (
        ColumnTransformer(
            [("a", StandardScaler(), [0, 1]), ("b", MinMaxScaler(), [1, 2, 3])]
        ),
        r"'bad' \(ColumnTransformer\).*uses twice the columns \[.*1.*\]",
    ),
    "infrequent categories": (
        OneHotEncoder(max_categories=2, sparse_output=False, handle_unknown="ignore"),
        r"'bad' \(OneHotEncoder\).*infrequent",
    ),
    "inside columns": (
        ColumnTransformer([("deep", PolynomialFeatures(), [0, 1, 2, 3])]),
        r"'bad' \(ColumnTransformer\).*'deep' \(PolynomialFeatures\)",
    ),
    "inside a pipeline": (
        Pipeline([("deep", PolynomialFeatures())]),
        r"'bad' \(Pipeline\).*'deep' \(PolynomialFeatures\)",
    ),
}


@pytest.mark.parametrize(("step", "message"), BAD_STEPS.values(), ids=BAD_STEPS)
def test_a_step_that_cannot_be_inverted_is_named(
    step, message, data, quick_classifier, monkeypatch
):
    X, y = data
    model = quick_classifier(max_iter=1)
    pipeline = Pipeline([("scale", StandardScaler()), ("bad", step), ("model", model)])
    pipeline.fit(X, y)

    def work(*args, **keywords):
        raise AssertionError("the model was called")

    for method in ("intervene", "swap", "traverse"):
        monkeypatch.setattr(type(model), method, work)
    for call in (
        lambda: intervene(pipeline, X, 1),
        lambda: swap(pipeline, X, X),
        lambda: traverse(pipeline, X, 0),
    ):
        with pytest.raises(ValueError, match=message):
            call()


def test_columns_in_another_order_are_refused(frame, mixed):
    with pytest.raises(ValueError, match="in that order"):
        intervene(mixed, frame[frame.columns[::-1]], 1)


# columns of X


def test_kept_columns_are_returned_exactly(frame, mixed):
    edited = intervene(mixed, frame, 1, keep=["width", "city", 4])
    kept = ["width", "city", "n"]
    pd.testing.assert_frame_equal(edited[kept], frame[kept], check_exact=True)
    assert not np.allclose(edited["length"], frame["length"])


@pytest.mark.parametrize("n_samples", [None, 3])
def test_limits_hold_in_the_units_of_x(n_samples, data, scaled):
    X = data[0]
    edited = intervene(
        scaled,
        X,
        1,
        bounds={0: (0.5, 1.0)},
        direction={1: 1, 2: -1},
        n_samples=n_samples,
        random_state=0,
    )
    own = X if n_samples is None else X[:, None]
    free = intervene(scaled, X, 1, n_samples=n_samples, random_state=0)
    assert edited[..., 0].min() == 0.5
    assert edited[..., 0].max() == 1.0
    np.testing.assert_array_equal(edited[..., 1], free[..., 1].clip(min=own[..., 1]))
    np.testing.assert_array_equal(edited[..., 2], free[..., 2].clip(max=own[..., 2]))
    np.testing.assert_array_equal(edited[..., 3], free[..., 3])


@pytest.mark.parametrize("name", ["keep", "bounds", "direction"])
def test_unknown_columns_are_refused(name, frame, mixed):
    column = "city_Oslo"
    value = {"keep": [column], "bounds": {column: (0, 1)}, "direction": {column: 1}}
    with pytest.raises(ValueError, match=f"{name} names 'city_Oslo'"):
        intervene(mixed, frame, 1, **{name: value[name]})


def test_categories_cannot_have_bounds(frame, mixed):
    with pytest.raises(
        ValueError, match="bounds cannot be set for column 'city', which holds categories"
    ):
        intervene(mixed, frame, 1, bounds={"city": (0, 1)})


def test_the_given_frame_is_not_modified(frame, mixed):
    before = frame.copy()
    intervene(mixed, frame, 1, keep="n", bounds={"length": (0, 1)})
    pd.testing.assert_frame_equal(frame, before)


# several edits per sample, and other methods


def test_draws_are_those_of_the_model(data, scaled):
    X = data[0]
    draws = intervene(scaled, X, 1, n_samples=3, method="sample", random_state=1)
    inner = scaled[-1].intervene(
        scaled[0].transform(X), 1, n_samples=3, method="sample", random_state=1
    )
    assert draws.shape == (60, 3, 4)
    for draw in range(3):
        np.testing.assert_allclose(
            draws[:, draw], scaled[0].inverse_transform(inner[:, draw]), rtol=1e-12
        )


def test_draws_of_a_table_are_objects(frame, mixed):
    draws = intervene(mixed, frame, 1, n_samples=2, keep=["city"], random_state=0)
    assert draws.shape == (60, 2, 6)
    np.testing.assert_array_equal(draws[:, 1, 1], frame["city"])
    assert set(draws[..., 3].ravel()) <= {"low", "mid", "top"}


def test_characteristics_are_swapped_in_the_units_of_x(data, scaled):
    X = data[0]
    scaler, model = scaled[0], scaled[-1]
    expected = model.swap(scaler.transform(X), scaler.transform(X[:1]))
    np.testing.assert_allclose(
        swap(scaled, X, X[:1]), scaler.inverse_transform(expected), rtol=1e-12
    )


def test_every_point_of_a_traversal_is_inverted(data, scaled):
    X = data[0][:5]
    scaler, model = scaled[0], scaled[-1]
    path = traverse(scaled, X, 0, steps=3, span=1.0, values=(2, 1))
    inner = model.traverse(scaler.transform(X), 0, steps=3, span=1.0, values=(2, 1))
    assert path.shape == (5, 3, 4)
    for point in range(3):
        np.testing.assert_allclose(
            path[:, point], scaler.inverse_transform(inner[:, point]), rtol=1e-12
        )


def test_a_grid_has_both_axes(two_labels, quick_classifier):
    X, y = two_labels
    pipeline = make_pipeline(StandardScaler(), quick_classifier()).fit(X, y)
    grid = traverse(pipeline, X[:5], (0, 1), steps=3)
    inner = pipeline[-1].traverse(pipeline[0].transform(X[:5]), (0, 1), steps=3)
    assert grid.shape == (5, 3, 3, 4)
    np.testing.assert_allclose(
        grid[:, 0, 2], pipeline[0].inverse_transform(inner[:, 0, 2]), rtol=1e-12
    )


# the report


@pytest.mark.parametrize(
    "edit",
    [
        lambda model, X: intervene(model, X, 1, residual="False"),
        lambda model, X: intervene(model, X, 1, report="False"),
        lambda model, X: swap(model, X, X, residual="False"),
        lambda model, X: traverse(model, X, 0, residual="False"),
    ],
    ids=["intervene", "report", "swap", "traverse"],
)
def test_strings_are_no_bools(edit, data, scaled):
    for model in (scaled, scaled[-1]):
        with pytest.raises(
            ValueError, match=r"(residual|report)' parameter.*Got 'False'"
        ):
            edit(model, data[0])


def test_the_report_describes_the_returned_samples(data, scaled):
    X = data[0]
    edited, report = intervene(scaled, X, 1, keep=[0, 1, 2, 3], report=True)
    # All columns are kept, so nothing is edited.
    np.testing.assert_array_equal(edited, X)
    np.testing.assert_array_equal(report.score_drop, 0.0)
    free, report = intervene(scaled, X, 1, report=True)
    np.testing.assert_array_equal(report.achieved[:, 0], scaled.predict(free) == 1)


@pytest.mark.parametrize("n_samples", [None, 2])
def test_the_report_of_a_table(n_samples, frame, mixed):
    edited, report = intervene(
        mixed, frame, 1, n_samples=n_samples, report=True, random_state=0
    )
    assert len(report) == len(frame) * (n_samples or 1)
    assert np.isfinite(report.distance).all()
    if n_samples is None:
        np.testing.assert_array_equal(report.achieved[:, 0], mixed.predict(edited) == 1)
