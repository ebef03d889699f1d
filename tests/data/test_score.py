"""score: the weighted fraction of labelled cells that are predicted correctly."""

import numpy as np
import pytest


@pytest.fixture
def rows(blobs):
    return blobs[0][:10]


@pytest.fixture
def half_right(rows, blobs_model):
    """Labels of ten samples. The first five are wrong."""
    y = blobs_model.predict(rows)
    y[:5] = (y[:5] + 1) % 3
    return y


def test_the_score_is_the_fraction_of_correct_predictions(rows, half_right, blobs_model):
    assert blobs_model.score(rows, half_right) == 0.5


def test_unlabelled_samples_are_ignored(rows, half_right, blobs_model):
    half_right[:4] = -1
    assert blobs_model.score(rows, half_right) == pytest.approx(5 / 6)


def test_missing_labels_are_ignored(rows, half_right, blobs_model):
    y = half_right.astype(float)
    y[:4] = np.nan
    assert blobs_model.score(rows, y) == pytest.approx(5 / 6)


def test_samples_are_weighted(rows, half_right, blobs_model):
    weight = np.arange(1, 11)
    expected = weight[5:].sum() / weight.sum()
    assert blobs_model.score(rows, half_right, weight) == pytest.approx(expected)


def test_the_weight_of_unlabelled_samples_is_ignored(rows, half_right, blobs_model):
    weight = np.ones(10)
    weight[:4] = 100
    half_right[:4] = -1
    assert blobs_model.score(rows, half_right, weight) == pytest.approx(5 / 6)


def test_each_cell_counts(two_labels, two_labels_model):
    X = two_labels[0][:4]
    y = two_labels_model.predict(X)
    y[0, 0] = "left" if y[0, 0] != "left" else "right"
    y[1] = [-1, -1]
    y[2, 1] = None
    # Five cells are labelled, and one of them is wrong.
    assert two_labels_model.score(X, y) == pytest.approx(4 / 5)


def test_cells_have_the_weight_of_their_sample(two_labels, two_labels_model):
    X = two_labels[0][:2]
    y = two_labels_model.predict(X)
    y[0, 0] = "left" if y[0, 0] != "left" else "right"
    y[1, 1] = None
    # One of two cells of sample 0 is correct, and the only cell of sample 1.
    score = two_labels_model.score(X, y, sample_weight=[1, 4])
    assert score == pytest.approx(5 / 6)


@pytest.mark.parametrize("stranger", [7, 2.5])
def test_an_unseen_class_is_an_error_of_prediction(stranger, rows, blobs_model):
    y = blobs_model.predict(rows).astype(float)
    y[0] = stranger
    assert blobs_model.score(rows, y) == pytest.approx(0.9)


def test_an_unseen_string_is_an_error_of_prediction(two_labels, two_labels_model):
    X = two_labels[0][:2]
    y = two_labels_model.predict(X)
    y[0, 0] = "behind"
    assert two_labels_model.score(X, y) == pytest.approx(3 / 4)


@pytest.mark.parametrize("y", [[-1] * 10, [None] * 10, [np.nan] * 10])
def test_y_without_labels_raises(y, rows, blobs_model):
    with pytest.raises(ValueError, match="at least one labelled sample"):
        blobs_model.score(rows, y)


def test_labelled_samples_of_weight_zero_raise(rows, half_right, blobs_model):
    half_right[0] = -1
    weight = np.zeros(10)
    weight[0] = 1
    with pytest.raises(ValueError, match="positive weight"):
        blobs_model.score(rows, half_right, weight)


@pytest.mark.parametrize("n_weights", [1, 9])
def test_weights_of_another_length_raise(n_weights, rows, half_right, blobs_model):
    with pytest.raises(ValueError, match=r"sample_weight|inconsistent|shape"):
        blobs_model.score(rows, half_right, np.ones(n_weights))


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.r_[np.nan, np.ones(9)], "sample_weight contains NaN"),
        (np.r_[np.inf, np.ones(9)], "sample_weight contains infinity"),
        (np.ones((10, 2)), "must be 1D"),
        (["heavy"] * 10, "could not convert string"),
        (np.r_[-1.0, np.ones(9)], "Negative values in data passed to `sample_weight`"),
    ],
)
def test_invalid_weights_raise(weight, message, rows, half_right, blobs_model):
    with pytest.raises(ValueError, match=message):
        blobs_model.score(rows, half_right, weight)


def test_all_samples_may_have_one_weight(rows, half_right, blobs_model):
    assert blobs_model.score(rows, half_right, 3) == 0.5


def test_y_of_another_length_raises(rows, half_right, blobs_model):
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        blobs_model.score(rows, half_right[:-1])


def test_another_number_of_labels_raises_and_names_them(two_labels, two_labels_model):
    X, y = two_labels
    with pytest.raises(ValueError, match=r"label_0.*label_1"):
        two_labels_model.score(X, y[:, 0])
