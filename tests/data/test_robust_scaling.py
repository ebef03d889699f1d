"""Far values hardly change the scaling, and what is decoded stays near the data."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.datasets import make_blobs
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

from sklearn_revae._data.codec import Codec
from sklearn_revae._data.robust import centre_and_spread
from sklearn_revae.persistence._parts import codec_from, codec_state

X, Y = make_blobs(300, 5, centers=3, random_state=0)
RNG = np.random.default_rng(0)


def _fitted(X, likelihood="auto"):
    codec = Codec(likelihood)
    return codec.fit(codec.read(X, BaseEstimator()))


def _scaling(X, likelihood="auto"):
    return _fitted(X, likelihood).scaling_


def _one_far_row():
    far = X.copy()
    far[7] = 1e6
    return far


def _with_code(code, fraction):
    coded = X.copy()
    coded[np.random.RandomState(1).rand(*X.shape) < fraction] = code
    return coded


@pytest.mark.filterwarnings("ignore:X holds numbers that look like codes")
@pytest.mark.parametrize(
    "far",
    [_one_far_row(), _with_code(999999, 0.02), _with_code(-999, 0.1)],
    ids=["one row", "999999", "-999"],
)
def test_far_values_leave_the_other_values_as_they_are(far):
    scaled = _scaling(far).transform(far, np.float64)
    clean = _scaling(X).transform(X, np.float64)
    same = far == X
    np.testing.assert_allclose(scaled[same], clean[same], atol=0.2)
    filled = np.nan_to_num(scaled)
    assert cross_val_score(LogisticRegression(), filled, Y).mean() >= 0.98


@pytest.mark.parametrize("likelihood", ["auto", "student_t", "laplace"])
def test_scaled_values_are_bounded_and_ordered(likelihood):
    column = np.append(RNG.standard_cauchy(500), [1e12, -1e12])
    scaled = _scaling(column[:, None], likelihood).transform(column[:, None], np.float64)
    assert np.abs(scaled).max() <= 4.0
    order = np.argsort(column)
    assert (np.diff(scaled[order, 0]) >= 0).all()


def test_the_logarithm_is_scaled_by_its_own_median():
    column = RNG.lognormal(3.0, 2.0, (500, 1))
    codec = _fitted(column)
    assert codec.kinds_[0] == "positive"
    scaled = codec.scaling_.transform(column, np.float64)
    assert np.median(scaled) == pytest.approx(0.0, abs=0.01)
    back = codec.scaling_.inverse_transform(scaled)
    np.testing.assert_allclose(back, column, rtol=1e-9)


def test_many_equal_values_do_not_make_the_scale_vanish():
    column = np.zeros((400, 1))
    column[:100, 0] = RNG.normal(50.0, 5.0, 100)
    scaled = _scaling(column).transform(column, np.float64)
    assert np.sqrt(np.mean(scaled**2)) == pytest.approx(1.0, abs=0.2)
    # A far value among the few does not change that.
    column[0] = 1e7
    again = _scaling(column).transform(column, np.float64)
    np.testing.assert_allclose(again[1:], scaled[1:], rtol=0.05)


def test_missing_values_do_not_enter_the_spread():
    values = np.array([[3.0, np.nan], [1.0, np.nan], [np.nan, 5.0], [2.0, 5.0]])
    values.sort(axis=0)
    centre, spread = centre_and_spread(values, np.array([3, 2]))
    np.testing.assert_array_equal(centre, [2.0, 5.0])
    np.testing.assert_allclose(spread, [np.sqrt(2 / 3), 0.0])


def test_decoded_values_stay_near_the_range_in_fit():
    scaling = _scaling(X)
    decoded = scaling.inverse_transform(np.array([[1e6] * 5, [-1e6] * 5]))
    low, high = X.min(axis=0), X.max(axis=0)
    width = np.maximum(high - low, 10 * scaling.scale_)
    assert (decoded[0] <= high + width).all()
    assert (decoded[1] >= low - width).all()
    heavy = RNG.standard_cauchy((500, 1)) * np.exp(RNG.normal(size=(500, 1)) * 9)
    scaling = _scaling(heavy)
    farthest = scaling.inverse_transform(np.full((1, 1), 100.0))
    assert np.abs(farthest - scaling.shift_) <= 50 * scaling.scale_


def test_the_volume_is_the_derivative_of_the_scaling():
    table = np.column_stack([RNG.normal(5, 3, 200), RNG.lognormal(0, 1.5, 200)])
    scaling = _scaling(table, ["gaussian", "log_normal"])
    step = 1e-6 * table
    rise = scaling.transform(table + step, np.float64) - scaling.transform(
        table - step, np.float64
    )
    expected = np.log(2 * np.abs(step) / np.abs(rise)).sum(axis=1)
    np.testing.assert_allclose(scaling.log_volume(table), expected, atol=1e-6)


def test_an_edit_of_a_far_value_stays_near_it():
    scaling = _scaling(_one_far_row())
    own = np.array([[[1e6] * 5]])
    middle = np.array([[scaling.shift_]])
    for sign in (-1, 1):
        edited = scaling.add_change(own, middle, middle + sign * scaling.scale_)
        np.testing.assert_allclose(edited, own + sign * scaling.scale_, rtol=1e-9)


def test_a_reconstruction_that_is_too_far_does_not_throw_the_sample_away():
    heavy = RNG.standard_cauchy((500, 1))
    scaling = _scaling(heavy)
    near, far = (scaling.inverse_transform(np.full((1, 1, 1), s)) for s in (3.0, 3.97))
    own = near + 0.5 * scaling.scale_
    edited = scaling.add_change(own, far, near)
    # From 30 scales to 5: the sample at 5 does not go to -20.
    assert 0 < (edited - scaling.shift_) / scaling.scale_ < 5


def test_unchanged_values_are_returned_exactly():
    scaling = _scaling(X)
    own = np.array([[[1e9, -1e9, 1.1, 2.2, 3.3]]])
    before = np.zeros_like(own)
    after = before + np.array([0.0, 0.0, 0.0, 1.0, 0.0])
    edited = scaling.add_change(own, before, after)
    np.testing.assert_array_equal(edited[after == before], own[after == before])
    # A value outside of the range in fit is not pulled into it by an edit.
    edited = scaling.add_change(own, before, after + 1e-3)
    np.testing.assert_allclose(edited[0, 0, :2], own[0, 0, :2])


def test_pixels_share_one_scale_that_is_not_robust():
    pixels = RNG.integers(0, 256, (100, 20))
    scaling = _scaling(pixels)
    np.testing.assert_allclose(scaling.shift_, pixels.mean(axis=0))
    assert not scaling.clipped.any()


def test_one_robust_scale_for_all_columns_of_a_shared_family():
    scaling = _scaling(_one_far_row(), "laplace")
    assert len(np.unique(scaling.scale_)) == 1
    np.testing.assert_allclose(scaling.scale_, _scaling(X, "laplace").scale_, rtol=0.1)


def test_rare_values_that_the_statistics_did_not_see_are_scaled():
    # Statistics of shapes use every third of these rows.
    column = np.zeros((50_000, 1))
    column[1] = 0.5
    scaling = _scaling(column)
    assert scaling.scale_[0] == pytest.approx(column.std())


@pytest.mark.filterwarnings("ignore:X holds numbers that look like codes")
def test_clipping_and_codes_are_stored():
    codec = _fitted(_with_code(-999, 0.1))
    state = codec_state(codec)
    loaded = codec_from(state, None, 5, {}, codec.template_, None)
    far = _with_code(-999, 0.1)
    np.testing.assert_array_equal(
        loaded.scaling_.transform(far), codec.scaling_.transform(far)
    )
    # Files of earlier versions hold neither, and nothing is clipped then.
    old = {key: state[key] for key in state if key not in ("clips", "codes")}
    largest = np.finfo(np.float64).max
    old |= {"low_": np.full(5, -largest), "high_": np.full(5, largest)}
    scaling = codec_from(old, None, 5, {}, codec.template_, None).scaling_
    np.testing.assert_allclose(
        scaling.transform(far, np.float64), (far - scaling.shift_) / scaling.scale_
    )
