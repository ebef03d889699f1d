"""y as standardised numbers."""

import warnings

import numpy as np
import pandas as pd
import pytest

from sklearn_revae._data.label_numbers import LabelNumbers

Y = [3.0, np.nan, 7.0, 5.0]


@pytest.mark.parametrize(
    "y",
    [
        Y,
        [3, None, 7, 5],
        np.array(Y, dtype=np.float32),
        np.array([3, None, 7, 5], dtype=object),
        pd.Series([3, None, 7, 5], dtype="Int64"),
        pd.DataFrame({"price": Y}),
    ],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.DataConversionWarning")
def test_numbers_are_standardised_by_the_labelled_ones(y):
    labels = LabelNumbers().fit(y, np.ones(len(y)))
    assert labels.mean_ == [5.0]
    assert labels.scale_ == [np.std([3, 7, 5])]
    encoded = labels.encode(y)
    assert encoded.dtype == np.float32
    assert encoded[:, 0] == pytest.approx([-1.2247449, np.nan, 1.2247449, 0], nan_ok=True)
    assert labels.decode(encoded.astype(float)) == pytest.approx(Y, nan_ok=True)


def test_a_weight_counts_like_repeated_samples():
    labels = LabelNumbers().fit([1.0, 4.0, np.nan, 1e6], np.array([3.0, 1, 5, 1e-16]))
    assert labels.mean_ == pytest.approx([np.mean([1, 1, 1, 4])])
    assert labels.scale_ == pytest.approx([np.std([1, 1, 1, 4])], rel=1e-3)


def test_several_numbers_have_names_and_scales_of_their_own():
    y = pd.DataFrame({"price": [1.0, 3.0, np.nan], "size": [0.0, np.nan, 200.0]})
    labels = LabelNumbers().fit(y, np.ones(len(y)))
    assert labels.names_ == ["price", "size"]
    assert labels.mean_.tolist() == [2.0, 100.0]
    assert labels.decode(labels.encode(y)) == pytest.approx(y.to_numpy(), nan_ok=True)
    assert labels.decode_spread(np.ones((1, 2))).tolist() == [[1.0, 100.0]]
    assert labels.index("size", "do") == labels.index(1, "do") == 1
    with pytest.raises(ValueError, match=r"2 label\(s\).*|1 label\(s\).*fitted with 2"):
        labels.encode([1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    ("number", "scale"), [(0.1, 0.1), (-1e6, 1e6), (1e-300, 1e-300), (0.0, 1.0)]
)
def test_a_constant_number_keeps_its_value_in_any_unit(number, scale):
    with pytest.warns(UserWarning, match="numbers of y are equal for label_0") as caught:
        labels = LabelNumbers().fit([number, np.nan, number, number], np.ones(4))
    assert caught[0].filename == __file__
    assert labels.scale_ == pytest.approx([scale])
    assert labels.decode(labels.encode([number])) == pytest.approx([number])


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (["a", "b"], "'a' for label_0, but ReVAERegressor requires numbers"),
        (np.array(["1", None], dtype=object), "requires numbers"),
        ([np.nan, np.nan], "no labelled sample at all for .'label_0'."),
        ([[1.0, np.nan], [2.0, np.nan]], "no labelled sample at all for .'label_1'."),
        ([1.0, np.inf], "infinity"),
        ([1j, 2j], "requires numbers"),
    ],
)
def test_what_is_not_a_number_is_refused(y, message):
    with pytest.raises(ValueError, match=message):
        LabelNumbers().fit(y, np.ones(len(y)))


@pytest.mark.parametrize("value", [np.nan, np.inf, "a"])
def test_a_requested_number_is_finite(value):
    labels = LabelNumbers().fit(Y, np.ones(len(Y)))
    assert labels.encode_values([7.0], 0) == pytest.approx([1.2247449])
    with pytest.raises(ValueError, match="can only be set to finite numbers, got"):
        labels.encode_values(np.atleast_1d(value), 0)


@pytest.mark.parametrize("marker", [-1, -99, -999, 9999])
def test_a_marker_of_unlabelled_samples_is_warned_of(marker):
    y = np.random.RandomState(0).normal(100, 10, 100)
    y[: 70 if marker > -999 else 5] = marker
    with pytest.warns(UserWarning, match=f"y is {marker} in .* for label_0.*by NaN"):
        LabelNumbers().fit(y, np.ones(len(y)))


@pytest.mark.parametrize(
    "y",
    [
        np.arange(200.0) - 1,
        np.repeat([-1.0, 1.0], [90, 10]),
        np.r_[[-1.0] * 50, np.linspace(-1, 1, 50)],
        np.random.RandomState(0).randint(-1, 4, 100),
        np.r_[[0.0] * 70, np.linspace(1, 9, 30)],
    ],
    ids=["once", "two values", "clipped", "grades", "zeros"],
)
def test_other_repeated_numbers_are_not_warned_of(y):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        LabelNumbers().fit(y, np.ones(len(y)))
