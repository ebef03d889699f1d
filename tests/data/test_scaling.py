"""Kinds of columns are inferred, columns are scaled, and units do not matter."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.datasets import load_breast_cancer, load_digits, load_wine

from sklearn_revae._data.codec import Codec

RNG = np.random.default_rng(0)
MIXED = np.column_stack([RNG.normal(5, 3, (50, 3)), RNG.integers(0, 2, (50, 2))])
IMAGES = RNG.integers(0, 256, (50, 20)).astype(np.uint8)


def _fitted(X, likelihood="auto"):
    codec = Codec(likelihood)
    return codec.fit(codec.read(X, BaseEstimator()))


def _kinds(X):
    return _fitted(np.asarray(X)).kinds_.tolist()


def test_digits_are_pixels():
    assert set(_kinds(load_digits().data)) == {"pixel"}


def test_images_of_bytes_are_pixels():
    assert set(_kinds(IMAGES)) == {"pixel"}


def test_images_within_zero_and_one_are_pixels():
    assert set(_kinds(IMAGES / 255)) == {"pixel"}


def test_a_table_of_measurements_is_real():
    assert set(_kinds(load_wine().data)) == {"real"}


def test_positive_columns_with_a_long_tail_are_recognised():
    data = load_breast_cancer(as_frame=True).data
    kinds = _fitted(data).table()
    assert kinds["area error"] == "positive"
    assert kinds["mean smoothness"] == "real"


def test_whole_numbers_with_zeros_are_counts():
    counts = np.random.RandomState(0).poisson([0.5, 2.0, 40.0], (200, 3))
    assert _kinds(counts.astype(float)) == ["count", "count", "real"]


def test_few_columns_are_not_a_picture():
    assert set(_kinds(IMAGES[:, :15])) == {"real"}


def test_negative_numbers_are_not_a_picture():
    assert set(_kinds(IMAGES / 255 - 0.5)) == {"real"}


def test_columns_of_zeros_and_ones_are_binary():
    assert _kinds(MIXED) == ["real"] * 3 + ["binary"] * 2


def test_black_and_white_images_are_binary():
    assert set(_kinds(IMAGES > 127)) == {"binary"}


def test_a_constant_column_of_ones_is_not_binary():
    assert _kinds([[1.0, 0.0], [1.0, 1.0]]) == ["real", "binary"]


@pytest.mark.parametrize(
    ("X", "kinds", "families"),
    [
        (MIXED, ["real"] * 3 + ["binary"] * 2, ["gaussian"] * 3 + ["bernoulli"] * 2),
        (IMAGES, ["pixel"] * 20, ["shared_gaussian"] * 20),
    ],
    ids=["mixed", "images"],
)
def test_fitted_estimators_show_kinds_and_families(X, kinds, families, quick_transformer):
    model = quick_transformer().fit(X)
    assert list(model.column_kinds_) == kinds
    assert model.likelihood_.tolist() == families


def test_one_name_sets_all_families(quick_transformer):
    model = quick_transformer(likelihood="laplace").fit(MIXED)
    assert model.likelihood_.tolist() == ["laplace"] * 5


def test_a_list_sets_the_family_of_each_column(quick_transformer):
    families = ["gaussian", "laplace", "laplace", "bernoulli", "shared_gaussian"]
    model = quick_transformer(likelihood=families).fit(MIXED)
    assert model.likelihood_.tolist() == families


def test_an_array_sets_the_family_of_each_column(quick_transformer):
    families = np.array(["laplace"] * 5)
    model = quick_transformer(likelihood=families).fit(MIXED)
    assert model.likelihood_.tolist() == ["laplace"] * 5


@pytest.mark.parametrize("likelihood", ["cauchy", ["gaussian"] * 4 + ["cauchy"]])
def test_an_unknown_family_raises_with_the_known_ones(likelihood, quick_transformer):
    with pytest.raises(ValueError, match=r"likelihood.*cauchy.*shared_gaussian"):
        quick_transformer(likelihood=likelihood).fit(MIXED)


def test_a_list_of_another_length_raises(quick_transformer):
    with pytest.raises(ValueError, match=r"likelihood has 4 entries.* 5 columns"):
        quick_transformer(likelihood=["gaussian"] * 4).fit(MIXED)


@pytest.mark.parametrize(
    "likelihood",
    ["auto", "gaussian", "shared_gaussian", "laplace", "continuous_bernoulli"],
)
@pytest.mark.parametrize("X", [MIXED, IMAGES / 255.0], ids=["mixed", "images"])
def test_scaling_is_inverted(X, likelihood):
    scaling = _fitted(X, likelihood).scaling_
    back = scaling.inverse_transform(scaling.transform(X, dtype=np.float64))
    np.testing.assert_allclose(back, X, rtol=1e-12, atol=1e-12)


def test_scaling_is_inverted_to_single_precision():
    scaling = _fitted(MIXED).scaling_
    back = scaling.inverse_transform(scaling.transform(MIXED))
    np.testing.assert_allclose(back, MIXED, rtol=1e-5, atol=1e-5)


def test_real_columns_are_scaled_individually():
    X = MIXED[:, :3] * [1, 100, 10_000]
    scaling = _fitted(X).scaling_
    np.testing.assert_allclose(scaling.shift_, np.median(X, axis=0))
    spread = np.sqrt(np.mean((X - np.median(X, axis=0)) ** 2, axis=0))
    np.testing.assert_allclose(scaling.scale_, spread)


def test_pixels_share_a_scale():
    X = load_digits().data
    spread = _fitted(X).scaling_.transform(X, dtype=np.float64).std(axis=0)
    np.testing.assert_allclose(spread / spread.max(), X.std(axis=0) / X.std(axis=0).max())
    assert np.mean(spread**2) == pytest.approx(1.0)


def test_decoded_pixels_stay_in_range(digits, digits_model):
    Z = 50 * np.random.default_rng(0).normal(
        size=(20, len(digits_model.transform(digits.X_test[:1])[0]))
    )
    decoded = digits_model.inverse_transform(Z)
    assert decoded.min() >= 0
    assert decoded.max() <= 1


@pytest.mark.parametrize("value", [0.0, 1.0, -3.7, 1e12, 1e150])
def test_a_constant_column_is_harmless(value, few_blobs, quick_classifier):
    X, y = few_blobs
    X = np.column_stack([X, np.full(len(X), value)])
    model = quick_classifier().fit(X, y)
    assert np.isfinite(model.loss_curve_).all()
    assert np.isfinite(model.reconstruct(X)).all()
    np.testing.assert_array_equal(model.reconstruct(X)[:, -1], value)
    assert np.isfinite(model.score_samples(X)).all()


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (RNG.normal(50, 60, 500).clip(0, 100), (0, 100)),
        (RNG.integers(1, 6, 500), (1, 5)),
        # At one end only, or too few values: the scale is open.
        (np.r_[RNG.normal(50, 60, 500).clip(-40, None)], None),
        (np.r_[[1.0] * 5, RNG.normal(50, 3, 100), [99.0] * 5], None),
    ],
    ids=["percent", "stars", "one end", "few"],
)
def test_decoded_values_stay_on_a_closed_scale(column, expected):
    scaling = _fitted(np.column_stack([column, RNG.normal(size=len(column))])).scaling_
    decoded = scaling.inverse_transform(np.array([[-3.9, 0.0], [3.9, 0.0]]))[:, 0]
    if expected is not None:
        assert tuple(decoded) == expected
    else:
        assert decoded[1] > column.max()


@pytest.mark.parametrize("likelihood", ["auto", "log_normal", "poisson"])
def test_any_value_of_a_constant_column_is_read_as_the_constant(
    likelihood, few_blobs, quick_classifier
):
    X, y = few_blobs
    X = np.column_stack([X, np.full(len(X), 7.0)])
    model = quick_classifier(likelihood={4: likelihood}).fit(X, y)
    other = X + np.eye(5)[4]
    other[::2, 4] = -3000
    for method in ("predict_proba", "transform", "score_samples", "reconstruct"):
        results = (getattr(model, method)(values) for values in (X, other))
        np.testing.assert_array_equal(*results)
    edited = model.intervene(other, 1)
    np.testing.assert_array_equal(edited[:, 4], other[:, 4])
    assert not np.isclose(edited[:, :4], other[:, :4]).all()


def test_a_column_that_is_constant_in_the_first_batch_only_is_learned(
    few_blobs, quick_classifier
):
    X, y = few_blobs
    X = np.column_stack([X, np.full(len(X), 5.0), np.full(len(X), 7.0)])
    later, never = np.eye(6)[4:]
    model = quick_classifier().partial_fit(X, y, classes=[0, 1, 2])
    model.partial_fit(X + np.arange(len(X))[:, None] % 2 * later, y)
    before = model.predict_proba(X)
    assert not np.array_equal(model.predict_proba(X + later), before)
    np.testing.assert_array_equal(model.predict_proba(X + never), before)


def test_constant_columns_only_are_harmless(quick_transformer):
    X = np.full((10, 3), 4.0)
    assert np.isfinite(quick_transformer().fit(X).score_samples(X)).all()


def test_values_too_large_to_scale_name_their_column(few_blobs, quick_classifier):
    X, y = few_blobs
    X = X.copy()
    X[3, 2] = 1e300
    model = quick_classifier()
    with pytest.raises(ValueError, match=r"Column 2 of X is too large.*1e\+300"):
        model.fit(X, y)
    assert not hasattr(model, "module_")


def test_values_too_large_to_scale_name_the_column_of_a_frame(
    few_blobs, quick_classifier
):
    X, y = few_blobs
    X = pd.DataFrame(X.copy(), columns=["a", "b", "income", "d"])
    X.loc[3, "income"] = 1e300
    with pytest.raises(ValueError, match="income"):
        quick_classifier().fit(X, y)


def test_units_do_not_matter(quick_classifier):
    X, y = load_wine(return_X_y=True)
    few = np.where(np.arange(len(y)) % 4 == 0, y, -1)
    fitted = quick_classifier(max_iter=5).fit(X, few)
    other_units = quick_classifier(max_iter=5).fit(1000 * X, few)
    np.testing.assert_allclose(
        other_units.predict_proba(1000 * X), fitted.predict_proba(X), atol=1e-3
    )


def test_the_origin_does_not_matter(quick_classifier):
    X, y = load_wine(return_X_y=True)
    few = np.where(np.arange(len(y)) % 4 == 0, y, -1)
    fitted = quick_classifier(max_iter=5).fit(X, few)
    moved = quick_classifier(max_iter=5).fit(X + 100, few)
    np.testing.assert_allclose(
        moved.predict_proba(X + 100), fitted.predict_proba(X), atol=1e-3
    )


def test_images_of_bytes_and_of_fractions_are_the_same(quick_transformer):
    # Sixteen values, so that the division is exact.
    levels = IMAGES // 16
    whole = quick_transformer().fit_transform(levels.astype(float))
    fractions = quick_transformer().fit_transform(levels / 16)
    np.testing.assert_array_equal(fractions, whole)


# Multiplication by a power of two is exact, so the two fits are identical.
@pytest.mark.parametrize(
    ("X", "factor", "n_scaled"),
    [
        (MIXED[:, :3], np.full(3, 1024.0), 3),
        (MIXED, np.array([1024.0, 1024.0, 1024.0, 1.0, 1.0]), 3),
        (IMAGES // 2, np.full(20, 1 / 128), 20),
    ],
    ids=["real", "binary among real", "pixels"],
)
def test_densities_follow_the_units(X, factor, n_scaled, quick_transformer):
    density = quick_transformer().fit(X).score_samples(X)
    scaled = quick_transformer().fit(X * factor).score_samples(X * factor)
    expected = -n_scaled * np.log(factor[0])
    np.testing.assert_allclose(scaled - density, expected, rtol=1e-9)


def test_binary_columns_add_log_probabilities(quick_transformer):
    X = (IMAGES[:, :6] > 127).astype(float)
    assert (quick_transformer(max_iter=10).fit(X).score_samples(X) < 0).all()


FAR_METHODS = {
    "predict_proba": lambda model, X: model.predict_proba(X),
    "transform": lambda model, X: model.transform(X),
    "score_samples": lambda model, X: model.score_samples(X),
    "reconstruct": lambda model, X: model.reconstruct(X),
    "impute": lambda model, X: model.impute(X),
    "intervene": lambda model, X: model.intervene(X, 1),
    "few columns": lambda model, X: model.intervene(X, 1, max_columns=1),
    "swap": lambda model, X: model.swap(X, X[::-1]),
    "locate": lambda model, X: np.asarray(model.locate(X)),
}


@pytest.mark.parametrize("value", [1e300, -1e300, 1e30])
@pytest.mark.parametrize("method", FAR_METHODS)
def test_far_sample_leaves_the_others_as_they_are(method, value, blobs, blobs_model):
    # Samples at the edges are donors of each other.
    X, others = blobs[0], np.r_[0, 2:58, 59]
    far, ordinary = X.copy(), X.copy()
    far[[1, 58], 2] = value
    compute = FAR_METHODS[method]
    with pytest.warns(UserWarning, match=r"Column 2 of X holds .*too far.*NaN"):
        found = compute(blobs_model, far)
    assert np.isfinite(found).all()
    # A search with another number of samples may round differently.
    expected = compute(blobs_model, ordinary)
    np.testing.assert_allclose(found[others], expected[others], rtol=1e-12)


def test_far_counts_leave_the_others_as_they_are(quick_transformer):
    X = RNG.poisson(3.0, (20, 2)).astype(float)
    model = quick_transformer(likelihood="poisson").fit(X)
    far = X.copy()
    far[3, 1] = 1e30
    with pytest.warns(UserWarning, match=r"Column 1 of X holds 1e\+30.*too far"):
        scores = model.score_samples(far)
    assert np.isfinite(scores).all()
    others = np.arange(20) != 3
    np.testing.assert_array_equal(scores[others], model.score_samples(X)[others])
    assert scores[3] < scores[others].min()


def test_far_pixels_leave_the_other_images_as_they_are(quick_transformer):
    # Bytes are computed with in single precision.
    X, far = IMAGES.astype(float), IMAGES.astype(float)
    far[0, 3] = 1e30
    model = quick_transformer().fit(IMAGES)
    with pytest.warns(UserWarning, match=r"Column 3 of X holds 1e\+30.*too far"):
        latents = model.transform(far)
    assert np.isfinite(latents).all()
    np.testing.assert_array_equal(latents[1:], model.transform(X)[1:])


def test_many_counts_share_one_scale_and_few_have_their_own():
    rates = np.linspace(0.2, 3.0, 60)
    X = np.random.default_rng(0).poisson(rates, (400, 60))
    X[:, 0] = 0
    many, few = _fitted(X), _fitted(X[:, ::10])
    (shared,) = set(many.count_spread_[1:])
    # A count that is always zero has no scale, and says nothing about that of others.
    assert shared == pytest.approx(np.sqrt(np.mean(np.log1p(X[:, 1:]).var(axis=0))))
    np.testing.assert_allclose(
        few.count_spread_[1:], np.log1p(X[:, ::10]).std(axis=0)[1:], rtol=1e-6
    )


def test_counts_too_large_to_learn_from_name_their_column(quick_transformer):
    X = RNG.poisson(3.0, (20, 2)) * np.array([1.0, 1e30])
    with pytest.raises(ValueError, match=r"Column 1 of X holds .*before fit"):
        quick_transformer(likelihood="poisson").fit(X)


def test_values_too_small_to_scale_name_their_column(few_blobs, quick_classifier):
    X, y = few_blobs
    with pytest.raises(ValueError, match=r"Column 0 of X is too small.*Multiply"):
        quick_classifier().fit(X * 1e-200, y)


def test_a_shared_scale_has_no_squares_beyond_doubles():
    # The squares of one column do not overflow, their sum over all columns does.
    X = RNG.normal(size=(4, 200))
    scaled = _fitted(3e153 * X, "laplace").scaling_.transform(3e153 * X)
    np.testing.assert_allclose(
        scaled, _fitted(X, "laplace").scaling_.transform(X), rtol=1e-5
    )


def test_huge_integers_are_not_counts():
    assert _kinds([[0], [2**63]] * 10) == ["real"]


@pytest.mark.filterwarnings("error", "ignore:max_iter=")
def test_the_limits_of_a_type_are_respected(quick_transformer):
    for dtype in ("i8", "u8"):
        limits = np.iinfo(dtype)
        X = np.array([[limits.min, 3], [limits.max, 5]] * 10, dtype=dtype)
        assert quick_transformer().fit(X).reconstruct(X).dtype == X.dtype
    X = np.array([[3.4e38, 1], [-3.4e38, 2]] * 10, dtype=np.float32)
    assert np.isfinite(quick_transformer().fit(X).reconstruct(X)).all()


@pytest.mark.filterwarnings("error", "ignore:max_iter=")
def test_rows_of_a_smaller_type_are_clipped_to_its_limits(quick_transformer):
    model = quick_transformer().fit(RNG.normal(3e39, 1e38, (20, 2)))
    new = model.reconstruct(np.ones((2, 2), dtype=np.float32))
    np.testing.assert_array_equal(new, np.finfo(np.float32).max)


@pytest.mark.filterwarnings("error", "ignore:max_iter=")
def test_the_logarithm_of_zero_is_finite(quick_transformer):
    X = np.exp(3 * RNG.normal(size=(20, 2))) * 1e-312
    model = quick_transformer(likelihood="log_normal").fit(X)
    with pytest.warns(UserWarning, match="holds 0, but in fit all its values were posi"):
        scores = model.score_samples(np.zeros((2, 2)))
    assert np.isfinite(scores).all()


N = 60
LOUD = {
    "large": RNG.normal(size=N) * 800,
    "huge": RNG.normal(size=N) * 1e150,
    "tiny": RNG.normal(size=N) * 1e-150,
    "far from zero": RNG.normal(size=N) + 1e9,
    "constant": np.full(N, 1e150),
    "zero": np.zeros(N),
    "subnormal": np.full(N, 1e-310),
    "single precision": (RNG.normal(size=N) * 1e38).astype(np.float32),
    "identifiers": RNG.integers(2**60, 2**62, N),
    "unsigned": RNG.integers(2**63, 2**64 - 1, N, dtype=np.uint64),
}


@pytest.mark.parametrize("name", LOUD)
@pytest.mark.parametrize("family", ["log_normal", "auto"])
def test_extreme_columns_beside_a_long_tailed_one_raise_no_warning(
    name, family, quick_classifier
):
    tail = np.exp(2 * RNG.normal(size=N))
    X = pd.DataFrame({"tail": tail, "other": LOUD[name]})
    masked = X.mask(RNG.random(X.shape) < 0.2)
    y = (tail > 1).astype(int)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "max_iter=")
        model = quick_classifier(likelihood={"tail": family}).fit(X, y)
        assert model.column_kinds_["tail"] == "positive"
        results = [
            model.transform(X),
            model.score_samples(X),
            model.predict_proba(X),
            model.reconstruct(X),
            model.impute(masked),
            model.impute(masked, n_samples=2, random_state=0),
            model.intervene(X, 1),
            model.intervene(X, 1, strength=1000.0),
            model.intervene(X, 1, residual=False, bounds={"tail": (1, 2)}),
            model.intervene(X, 1, n_samples=2, random_state=0),
            model.swap(X, X[::-1]),
            model.traverse(X[:3], 0, steps=2),
            model.sample(20, random_state=0)[0],
            model.inverse_transform(1000 * model.transform(X)),
        ]
    for result in results:
        assert np.isfinite(np.asarray(result, dtype=float)).all()
    assert (model.reconstruct(X)["tail"] > 0).all()


@pytest.mark.parametrize(
    "families",
    [["continuous_bernoulli", "student_t"], ["beta", "laplace"], ["gaussian"] * 2],
)
def test_huge_and_tiny_columns_of_any_family_raise_no_warning(
    families, quick_transformer
):
    X = np.column_stack([np.abs(LOUD["huge"]), LOUD["tiny"]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "max_iter=")
        model = quick_transformer(likelihood=families).fit(X)
        for result in (model.transform(X), model.score_samples(X), model.reconstruct(X)):
            assert np.isfinite(result).all()
