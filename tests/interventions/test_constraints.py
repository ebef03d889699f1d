"""The constraints keep, bounds and direction hold exactly for every edit."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_revae import intervene
from sklearn_revae._interventions.constraints import Constraints

FEW = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
)
NAMES = list("abcdef")


@pytest.fixture(scope="module")
def mixed():
    """Forty samples of reals, integers, float32, counts and words, one value missing."""
    random = np.random.RandomState(0)
    y = np.repeat([0, 1], 20)
    frame = pd.DataFrame(
        {
            "a": random.normal(3 * y, 1.0),
            "b": random.randint(-50, 50, 40) + 40 * y,
            "c": random.normal(size=40).astype(np.float32),
            "d": random.poisson(2 + 4 * y),
            "e": np.where(random.rand(40) < 0.3 + 0.4 * y, "yes", "no"),
            "f": np.exp(random.normal(y, 1.5)),
        }
    )
    frame.loc[3, "a"] = np.nan
    return frame, y


@pytest.fixture(scope="module")
def mixed_model(mixed, quick_classifier):
    return quick_classifier(max_iter=15, learning_rate_init=0.01).fit(*mixed)


numeric = st.sampled_from(list("abcdf"))
limit = st.one_of(st.none(), st.floats(-60, 60, allow_subnormal=False))


@st.composite
def constraints(draw):
    """Columns that are kept, bounded or limited in direction, each in one way."""
    free = draw(st.permutations(NAMES))
    keep = free[: draw(st.integers(0, 3))]
    rest = [name for name in free[len(keep) :] if name != "e"]
    bounds, direction = {}, {}
    for name in rest[: draw(st.integers(0, 3))]:
        low, high = draw(limit), draw(limit)
        if low is not None and high is not None:
            low, high = min(low, high), max(low, high) + 1.0
        bounds[name] = (low, high)
    for name in rest[len(bounds) :][: draw(st.integers(0, 2))]:
        direction[name] = draw(st.sampled_from([1, -1]))
    return {"keep": keep, "bounds": bounds, "direction": direction}


@FEW
@given(
    constraints(),
    st.integers(0, 1),
    st.sampled_from(["transport", "mean", "sample"]),
    st.sampled_from([0.0, 0.5, 1.0, 3.0]),
    st.booleans(),
)
def test_constraints_hold_exactly(
    mixed, mixed_model, limits, value, method, strength, residual
):
    X = mixed[0]
    new = mixed_model.intervene(
        X,
        value,
        method=method,
        strength=strength,
        residual=residual,
        random_state=0,
        **limits,
    )
    pd.testing.assert_frame_equal(
        new[limits["keep"]], X[limits["keep"]], check_exact=True
    )
    assert list(new.dtypes) == list(X.dtypes)
    for name, (low, high) in limits["bounds"].items():
        assert low is None or (new[name] >= low).all()
        assert high is None or (new[name] <= high).all()
    for name, sign in limits["direction"].items():
        observed = X[name].notna()
        assert (sign * (new[name] - X[name])[observed] >= 0).all()
    assert new.drop(columns=limits["keep"]).notna().all(axis=None)


@FEW
@given(constraints(), st.integers(0, 1))
def test_constraints_hold_in_every_draw(mixed, mixed_model, limits, value):
    X = mixed[0]
    draws = mixed_model.intervene(X, value, n_samples=3, random_state=0, **limits)
    place = {name: draws[..., j] for j, name in enumerate(NAMES)}
    for name in limits["keep"]:
        own = np.repeat(X[name].to_numpy(dtype=object)[:, None], 3, axis=1)
        assert ((place[name] == own) | pd.isna(own)).all()
    for name, (low, high) in limits["bounds"].items():
        assert low is None or (place[name].astype(float) >= low).all()
        assert high is None or (place[name].astype(float) <= high).all()


@FEW
@given(st.floats(-3e3, 3e3), st.floats(0, 2), st.sampled_from(["f2", "f4", "f8", "i2"]))
def test_bounds_hold_after_rounding_to_the_column_s_dtype(low, width, dtype):
    dtype = np.dtype(dtype)
    high = low + width
    limits = Constraints(None, {0: (low, high)}, None, None, 1, 5)
    values = np.array([[-1e5], [low], [(low + high) / 2], [high], [1e5]])
    between = np.array([low, (low + high) / 2, high]).astype(dtype).astype(float)
    try:
        limits.apply(values, values.copy(), [dtype])
    except ValueError:
        # This is correct only if the dtype has no number in between.
        assert not ((between >= low) & (between <= high)).any()
        return
    stored = values.astype(dtype).astype(np.float64)
    assert (stored >= low).all()
    assert (stored <= high).all()


@pytest.mark.parametrize("bounds", [(-10, -5), (256, None), (None, -1), (300, 400)])
def test_bounds_beyond_what_integers_can_hold_are_refused(bounds):
    limits = Constraints(None, {0: bounds}, None, None, 1, 2)
    values = np.array([[0.0], [100.0]])
    with pytest.raises(ValueError, match="no value that the column's dtype, uint8, can"):
        limits.apply(values, values.copy(), [np.dtype("u1")])


def test_bounds_between_large_integers_are_not_rounded_to_their_other_side():
    # Between these, float64 has no number but 2**60 + 256.
    bounds = (2**60 + 1, 2**60 + 500)
    limits = Constraints(None, {0: bounds}, None, None, 1, 2)
    values = np.array([[0.0], [2.0**61]])
    limits.apply(values, values.copy(), [np.dtype("i8")])
    assert (values == 2.0**60 + 256).all()


@pytest.mark.parametrize(
    "container",
    [list, tuple, np.array, pd.Series, lambda low: pd.array(low, dtype="Float64")],
)
def test_bounds_may_give_each_sample_its_own_limit(container, mixed, mixed_model):
    X = mixed[0].iloc[::-1]
    low, high = X["b"] - 7, X["f"] * 1.1
    limits = {"b": (container(low.tolist()), 200), "f": (None, container(high.tolist()))}
    edited = mixed_model.intervene(X, 0, bounds=limits)
    assert (edited["b"] >= low).all()
    assert (edited["b"] <= 200).all()
    assert (edited["f"] <= high).all()
    free = mixed_model.intervene(X, 0)
    assert (edited["b"] != free["b"]).any()
    within = free["b"].between(low, 200)
    pd.testing.assert_series_equal(edited["b"][within], free["b"][within])


@pytest.mark.parametrize(
    "options", [{"strength": "auto"}, {"max_columns": 2}, {"n_samples": 2}]
)
def test_every_way_of_editing_respects_the_limits_of_each_sample(
    options, mixed, mixed_model
):
    X, y = mixed
    # An edit of these samples would decrease the column. NaN leaves the others free.
    limited = y == 1
    low = np.where(limited, X["a"], np.nan)
    free, edited = (
        mixed_model.intervene(X, 1 - y, bounds=bounds, random_state=0, **options)
        for bounds in ({}, {"a": (low, None)})
    )
    free, edited = (
        np.asarray(rows, object)[..., 0].astype(float) for rows in (free, edited)
    )
    # NumPy rounds the last bit of an exponential by its place in an array.
    np.testing.assert_allclose(edited[~limited], free[~limited], rtol=1e-12)
    assert (low[limited] <= edited[limited].T).all()
    assert (low[limited] > free[limited].T).any()


def test_each_sample_of_a_pipeline_has_its_own_limit(blobs, quick_classifier):
    X, y = blobs
    pipeline = make_pipeline(StandardScaler(), quick_classifier()).fit(X, y)
    high = X[:, 1] + 0.1
    assert (intervene(pipeline, X, 1, bounds={1: (None, high)})[:, 1] <= high).all()


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"keep": ["g"]}, "keep names 'g'.*'a', 'b'"),
        ({"bounds": {"g": (0, 1)}}, "bounds names 'g'.*'a', 'b'"),
        ({"direction": {9: 1}}, "direction names 9"),
        ({"bounds": {"a": (1, 0)}}, "low <= high"),
        ({"bounds": {"a": 1}}, "must give a pair"),
        ({"bounds": {"a": (np.nan, 1)}}, "must give a pair"),
        ({"bounds": {"a": (np.zeros(3), 1)}}, r"must be of shape \(40,\)"),
        ({"bounds": {"a": (np.zeros((40, 1)), 1)}}, r"must be of shape \(40,\)"),
        ({"bounds": {"a": (["0"] * 40, 1)}}, "must give a pair"),
        ({"bounds": {"a": ([[0], [1, 2]], 1)}}, "must give a pair"),
        ({"bounds": {"a": (np.arange(40), 7)}}, "sample 8 has low=8 and high=7"),
        ({"bounds": {"a": ("0", 1)}}, "must give a pair"),
        (
            {"bounds": [(0, 1)]},
            r"bounds must be a dict \{column: \(low, high\)\}, got \[\(0, 1\)\]",
        ),
        ({"direction": {"a": "up"}}, r"direction=\{'a': 'up'\} must be 1, if"),
        ({"bounds": {"e": (0, 1)}}, "column 'e', which holds categories: use keep"),
        ({"keep": "a", "bounds": {"a": (0, 1)}}, "keep and bounds both"),
        ({"bounds": {"b": (0.2, 0.8)}}, "contain no whole number"),
        (
            {"bounds": {"b": (200, 300)}, "direction": {"b": -1}},
            "leave no value.*sample 0",
        ),
        ({"strength": -0.5}, "'strength' parameter.*Got -0.5"),
        ({"strength": np.inf}, "'strength' parameter.*Got inf"),
    ],
)
def test_invalid_constraints_are_refused(limits, message, mixed, mixed_model):
    with pytest.raises(ValueError, match=message):
        mixed_model.intervene(mixed[0], 1, **limits)
