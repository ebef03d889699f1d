"""mask_labels: how many labels it keeps, which ones, and the type of its result."""

import numpy as np
import pandas as pd
import pytest

from sklearn_revae import soft_labels
from sklearn_revae.datasets import mask_labels

# Three classes with 8, 4 and 2 samples.
CODES = np.array([0, 1, 0, 2, 0, 1, 0, 0, 1, 2, 0, 1, 0, 0])
ANIMALS = np.array(["ant", "bee", "cat"])


def _counts(masked):
    """Number of samples of each class that keep their label."""
    return [int(np.sum(np.asarray(masked) == code)) for code in range(3)]


@pytest.mark.parametrize(
    ("amount", "kept"),
    [
        ({"n_per_class": 1}, [1, 1, 1]),
        ({"n_per_class": 3}, [3, 3, 2]),
        ({"n_per_class": 100}, [8, 4, 2]),
        ({"fraction": 0.5}, [4, 2, 1]),
        ({"fraction": 0.01}, [1, 1, 1]),
        ({"fraction": 1.0}, [8, 4, 2]),
        ({"fraction": 1}, [8, 4, 2]),
    ],
)
def test_each_class_keeps_the_requested_number_of_labels(amount, kept):
    masked = mask_labels(CODES, **amount, random_state=0)
    assert _counts(masked) == kept
    assert np.sum(masked == -1) == len(CODES) - sum(kept)


def test_kept_labels_are_true_and_y_is_not_modified():
    y = CODES.copy()
    masked = mask_labels(y, n_per_class=2, random_state=0)
    np.testing.assert_array_equal(y, CODES)
    np.testing.assert_array_equal(masked[masked >= 0], CODES[masked >= 0])
    assert not np.shares_memory(masked, y)


def test_a_seed_determines_which_labels_are_kept():
    first = mask_labels(CODES, 1, random_state=3)
    np.testing.assert_array_equal(mask_labels(CODES, 1, random_state=3), first)
    others = [mask_labels(CODES, 1, random_state=seed) for seed in range(10)]
    assert any((other != first).any() for other in others)


def test_a_random_state_instance_advances():
    random = np.random.RandomState(0)
    calls = [mask_labels(CODES, 1, random_state=random) for _ in range(5)]
    assert any((call != calls[0]).any() for call in calls)


def test_every_sample_can_be_kept():
    random = np.random.RandomState(0)
    kept = sum(mask_labels(CODES, 1, random_state=random) >= 0 for _ in range(200))
    assert (kept > 0).all()


@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.int64, np.float32])
def test_numbers_keep_their_dtype(dtype):
    assert mask_labels(CODES.astype(dtype), 1).dtype == dtype


@pytest.mark.parametrize("dtype", [np.uint8, np.uint64])
def test_unsigned_integers_become_signed_ones(dtype):
    masked = mask_labels(CODES.astype(dtype), 1, random_state=0)
    assert masked.dtype == np.int64
    np.testing.assert_array_equal(masked, mask_labels(CODES, 1, random_state=0))


def test_a_marker_too_large_for_the_dtype_widens_it():
    masked = mask_labels(CODES.astype(np.int8), 1, unlabeled_value=999)
    assert masked.dtype.kind == "i"
    assert _counts(masked) == [1, 1, 1]
    assert np.sum(masked == 999) == 11


@pytest.mark.parametrize("write", [list, np.asarray], ids=["list", "array"])
@pytest.mark.parametrize("marker", [-1, None], ids=str)
def test_strings_and_the_marker_keep_their_types(write, marker):
    y = write(ANIMALS[CODES])
    masked = mask_labels(y, 1, random_state=0, unlabeled_value=marker)
    assert masked.dtype == object
    kept = mask_labels(CODES, 1, random_state=0) >= 0
    assert masked[kept].tolist() == ANIMALS[CODES][kept].tolist()
    assert set(masked[~kept].tolist()) == {marker}


def test_a_long_string_marker_is_not_truncated():
    masked = mask_labels(ANIMALS[CODES], 1, unlabeled_value="unknown")
    assert masked.dtype.kind == "U"
    assert np.sum(masked == "unknown") == 11


def test_bools_stay_bools():
    masked = mask_labels(CODES == 0, 2, random_state=0)
    assert masked.dtype == object
    assert [sum(v is value for v in masked) for value in (True, False)] == [2, 2]
    assert sum(type(v) is int and v == -1 for v in masked) == 10


def test_floats_can_be_marked_by_nan():
    masked = mask_labels(CODES.astype(float), 1, unlabeled_value=np.nan)
    assert masked.dtype == float
    assert np.isnan(masked).sum() == 11


@pytest.mark.parametrize(
    ("write", "dtype", "marker"),
    [
        (lambda y: y, "int64", -1),
        (lambda y: y.astype("Int64"), "Int64", -1),
        (lambda y: pd.Series(ANIMALS[y]), "object", -1),
        (lambda y: pd.Series(ANIMALS[y]), "object", None),
        (lambda y: pd.Series(ANIMALS[y], dtype="category"), "object", -1),
        (lambda y: y == 0, "object", -1),
        (lambda y: y.astype("Int64"), "object", None),
    ],
    ids=["ints", "Int64", "strings", "None", "categories", "bools", "Int64 with None"],
)
def test_a_series_keeps_its_type_index_and_name(write, dtype, marker):
    y = write(pd.Series(CODES)).set_axis(range(100, 114)).rename("kind")
    masked = mask_labels(y, n_per_class=1, random_state=0, unlabeled_value=marker)
    assert isinstance(masked, pd.Series)
    assert masked.dtype == dtype
    assert masked.name == "kind"
    pd.testing.assert_index_equal(masked.index, y.index)
    marked = masked.map(lambda value: value is None or value == -1).astype(bool)
    assert (~marked).sum() == y.nunique()
    assert masked[~marked].tolist() == y[~marked].tolist()


def test_a_series_is_not_modified():
    y = pd.Series(CODES)
    mask_labels(y, n_per_class=1)
    np.testing.assert_array_equal(y, CODES)


def test_bools_become_objects_even_if_all_are_kept():
    masked = mask_labels(pd.Series(CODES == 0), fraction=1.0)
    assert masked.dtype == object
    assert masked.tolist() == (CODES == 0).tolist()


def test_the_type_of_y_does_not_change_which_labels_are_kept():
    kept = mask_labels(CODES, 1, random_state=0) >= 0
    series = mask_labels(pd.Series(ANIMALS[CODES]), 1, random_state=0)
    np.testing.assert_array_equal(series != -1, kept)


def test_unlabelled_samples_are_not_a_class_and_not_counted():
    y = CODES.copy()
    y[y == 2] = -1
    assert _counts(mask_labels(y, n_per_class=3)) == [3, 3, 0]
    strings = np.array(["a", None, "b", "a", float("nan"), "b"], dtype=object)
    masked = mask_labels(strings, fraction=0.5, random_state=0)
    assert sorted(v for v in masked if v != -1) == ["a", "b"]


@pytest.mark.filterwarnings("error")
def test_a_single_column_is_a_single_label():
    masked = mask_labels(pd.DataFrame({"kind": CODES}), n_per_class=1, random_state=0)
    assert masked.columns.tolist() == ["kind"]
    assert _counts(masked["kind"]) == [1, 1, 1]
    masked = mask_labels(CODES[:, None], n_per_class=1, random_state=0)
    assert masked.shape == (14, 1)
    assert _counts(masked) == [1, 1, 1]


@pytest.fixture
def two_columns():
    return np.stack([CODES, CODES == 0], axis=1).astype(int)


def test_samples_keep_all_of_several_labels_or_none(two_columns):
    masked = mask_labels(two_columns, fraction=0.5, random_state=0)
    labelled = (masked == two_columns).all(axis=1)
    assert labelled.sum() == 7
    assert (masked[~labelled] == -1).all()


def test_samples_without_any_label_are_not_counted(two_columns):
    two_columns[:4] = -1
    masked = mask_labels(two_columns, fraction=0.5, random_state=0)
    assert (masked >= 0).all(axis=1).sum() == 5
    assert (masked[:4] == -1).all()


def test_cells_masks_each_label_separately(two_columns):
    masked = mask_labels(two_columns, fraction=0.5, cells=True, random_state=0)
    assert _counts(masked[:, 0]) == [4, 2, 1]
    assert _counts(masked[:, 1]) == [3, 4, 0]
    kept = masked != -1
    assert (kept[:, 0] != kept[:, 1]).any()
    np.testing.assert_array_equal(masked[kept], two_columns[kept])


@pytest.mark.parametrize("cells", [False, True])
def test_a_dataframe_keeps_its_type_names_and_dtypes(cells):
    y = pd.DataFrame({"n": CODES, "word": ANIMALS[CODES]}, index=range(50, 64))
    masked = mask_labels(y, fraction=0.5, cells=cells, random_state=0)
    assert isinstance(masked, pd.DataFrame)
    pd.testing.assert_index_equal(masked.index, y.index)
    assert masked.dtypes.astype(str).tolist() == ["int64", "object"]
    assert ((masked == y) | (masked == -1)).all(axis=None)
    assert ((masked == -1).sum() == 7).all()


def test_n_per_class_requires_a_single_label(two_columns):
    with pytest.raises(
        ValueError, match=r"n_per_class=3 requires a single label, but y has 2"
    ):
        mask_labels(two_columns, n_per_class=3)


@pytest.mark.parametrize("amount", [{}, {"n_per_class": 3, "fraction": 0.5}])
def test_exactly_one_of_n_per_class_and_fraction_is_required(amount):
    with pytest.raises(ValueError, match="exactly one of n_per_class and fraction"):
        mask_labels(CODES, **amount)


@pytest.mark.parametrize(
    "amount",
    [{"n_per_class": 0}, {"n_per_class": 2.5}, {"fraction": 0}, {"fraction": 1.5}],
    ids=str,
)
def test_amounts_out_of_range_raise(amount):
    with pytest.raises(ValueError, match=f"The '{next(iter(amount))}' parameter"):
        mask_labels(CODES, **amount)


def test_soft_labels_are_refused():
    y = soft_labels([[1, 0], [0, 1], [0.5, 1]])
    with pytest.raises(ValueError, match="y holds soft labels with several possible cl"):
        mask_labels(y, 1)
    # Those with a single class are ordinary labels.
    assert np.sum(mask_labels(y[:2], 1) == -1) == 0
