"""Interventions change the requested labels and keep everything else."""

import copy

import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="session")
def frame(few_blobs):
    """The blobs as a data frame with an index and columns of several dtypes."""
    X, _ = few_blobs
    table = pd.DataFrame(X, columns=list("abcd"), index=np.arange(60) + 100)
    table["b"] = table["b"].round().astype(int)
    table["c"] = (table["c"] > 0).astype(bool)
    return table.astype({"d": np.float32})


@pytest.fixture(scope="session")
def frame_model(frame, few_blobs, quick_classifier):
    return quick_classifier(max_iter=30, batch_size=20, learning_rate_init=0.02).fit(
        frame, few_blobs[1]
    )


@pytest.fixture(scope="session")
def other_digits(digits):
    """Another digit for every test sample."""
    return (digits.y_test + 7) % 10


# how labels and values are given


def test_one_label_may_be_given_by_name_by_index_or_not_at_all(blobs, blobs_model):
    X = blobs[0]
    bare = blobs_model.intervene(X, 1)
    np.testing.assert_array_equal(blobs_model.intervene(X, {"label_0": 1}), bare)
    np.testing.assert_array_equal(blobs_model.intervene(X, {0: 1}), bare)


def test_every_sample_may_have_its_own_value(blobs, blobs_model):
    X, y = blobs
    own = blobs_model.intervene(X, y)
    for value in range(3):
        common = blobs_model.intervene(X, value)
        np.testing.assert_allclose(own[y == value], common[y == value], rtol=1e-9)


@pytest.mark.parametrize("kind", [list, pd.Series, np.ndarray])
def test_values_per_sample_may_be_a_list_a_series_or_an_array(kind, blobs, blobs_model):
    X, y = blobs
    values = {list: y.tolist(), pd.Series: pd.Series(y), np.ndarray: y}[kind]
    np.testing.assert_array_equal(
        blobs_model.intervene(X, {"label_0": values}), blobs_model.intervene(X, y)
    )


@pytest.mark.parametrize(
    ("do", "message"),
    [
        ({"size": 1}, r"do: 'size' is not a label.*label_0.*label_1"),
        ({2: 5}, r"2 is not a label.* or a position from 0 to 1\."),
        ({-1: 5}, r"-1 is not a label"),
        ({"label_0": "behind"}, r"'behind' is not a value of label_0.*left.*right"),
        ({"label_1": -1}, r"-1 is not a value of label_1.*5, 6"),
        ({"label_1": [5, 6]}, r"label_1.*60 samples"),
        ({"label_1": 5, 1: 6}, r"label_1.*twice"),
        ("left", r"must be a dict.*label_0.*label_1.*got 'left'"),
        ({}, r"do=\{\} does not name a label"),
    ],
)
def test_invalid_requests_are_refused(do, message, two_labels, two_labels_model):
    with pytest.raises(ValueError, match=message):
        two_labels_model.intervene(two_labels[0], do)


def test_an_unknown_method_is_refused(blobs, blobs_model):
    with pytest.raises(ValueError, match=r"transport.*sample.*mean.*got 'magic'"):
        blobs_model.intervene(blobs[0], 1, method="magic")


@pytest.mark.parametrize("n_samples", [0, -1, 1.5, True, "two"])
def test_an_invalid_number_of_draws_is_refused(n_samples, blobs, blobs_model):
    with pytest.raises(ValueError, match=f"n_samples.*{n_samples}"):
        blobs_model.intervene(blobs[0], 1, n_samples=n_samples)


def test_a_model_without_labels_cannot_intervene(blobs, quick_transformer):
    model = quick_transformer().fit(blobs[0])
    with pytest.raises(ValueError, match="fitted without y"):
        model.intervene(blobs[0], 1)


def test_a_transformer_with_labels_edits_them(few_blobs, quick_transformer):
    X, y = few_blobs
    model = quick_transformer(max_iter=20, batch_size=20).fit(X, y)
    assert not np.allclose(model.intervene(X, 0), model.intervene(X, 1))


# what changes and what stays


def test_transport_to_the_predicted_value_changes_nothing(digits, digits_model):
    X = digits.X_test
    same = digits_model.predict(X)
    np.testing.assert_array_equal(digits_model.intervene(X, same), X)
    decoded = digits_model.intervene(X, same, residual=False)
    unmoved = digits_model.intervene(X, same, residual=False, strength=0.0)
    np.testing.assert_array_equal(decoded, unmoved)


@pytest.mark.parametrize("method", ["transport", "sample", "mean"])
def test_most_edited_digits_are_classified_as_requested(
    method, digits, digits_model, other_digits
):
    edited = digits_model.intervene(
        digits.X_test, other_digits, method=method, random_state=0
    )
    # Without an edit, fewer than a tenth would be.
    assert digits_model.score(edited, other_digits) > 0.8


def _latents_by_hand(model, X, label, value, method):
    """Latent codes with one label moved, computed from the prior of the model."""
    Z = model.transform(X)
    d = model.label_dim_
    block = slice(label * d, (label + 1) * d)
    # Methods of the model compute in double precision as well.
    prior = copy.deepcopy(model.module_.label_model).double()
    means = prior.means.detach().numpy()[label]
    scales = prior.scales.detach().numpy()[label]
    predicted = model.predict(X)
    predicted = predicted if predicted.ndim == 2 else predicted[:, None]
    classes = (
        model.classes_[label] if isinstance(model.classes_, list) else model.classes_
    )
    source = np.array([list(classes).index(v) for v in predicted[:, label]])
    target = list(classes).index(value)
    if method == "mean":
        Z[:, block] = means[target]
    else:
        standardised = (Z[:, block] - means[source]) / scales[source]
        Z[:, block] = means[target] + scales[target] * standardised
    return Z


@pytest.mark.parametrize("method", ["transport", "mean"])
@pytest.mark.parametrize(("label", "value"), [(0, "middle"), (1, 6)])
def test_only_the_latents_of_the_label_move(
    label, value, method, two_labels, single_two_labels_model
):
    X, model = two_labels[0], single_two_labels_model
    Z = _latents_by_hand(model, X, label, value, method)
    np.testing.assert_allclose(
        model.intervene(X, {label: value}, method=method, residual=False),
        model.inverse_transform(Z),
        rtol=1e-9,
    )


def test_two_labels_move_independently(two_labels, single_two_labels_model):
    X, model = two_labels[0], single_two_labels_model
    Z = _latents_by_hand(model, X, 0, "middle", "transport")
    d = model.label_dim_
    second = _latents_by_hand(model, X, 1, 6, "transport")
    Z[:, d : 2 * d] = second[:, d : 2 * d]
    np.testing.assert_allclose(
        model.intervene(X, {"label_0": "middle", "label_1": 6}, residual=False),
        model.inverse_transform(Z),
        rtol=1e-9,
    )


def test_the_order_of_the_labels_does_not_matter(two_labels, two_labels_model):
    X = two_labels[0]
    np.testing.assert_array_equal(
        two_labels_model.intervene(X, {1: 6, 0: "left"}),
        two_labels_model.intervene(X, {0: "left", 1: 6}),
    )


def test_drawn_characteristics_do_not_change_the_style(
    digits, linear_model, decoded_latents
):
    X = digits.X_test * 100 - 50
    edited = linear_model.intervene(X, 3, method="sample", residual=False, random_state=0)
    latents, Z = decoded_latents(linear_model, edited), linear_model.transform(X)
    np.testing.assert_allclose(latents[:, 4:], Z[:, 4:], atol=1e-6)
    assert np.abs(latents[:, :4] - Z[:, :4]).min() > 0


def test_characteristics_are_drawn_from_the_label_s_prior(
    digits, linear_model, decoded_latents
):
    X = np.tile(digits.X_test * 100 - 50, (4, 1))
    model = copy.deepcopy(linear_model)
    prior = model.module_.label_model
    prior.raw_scales.data += 2
    edited = model.intervene(X, 3, method="sample", residual=False, random_state=0)
    drawn = decoded_latents(model, edited)[:, :4]
    scales = prior.scales.detach().numpy()[0, 3]
    means = prior.means.detach().numpy()[0, 3]
    standard_error = scales.max() / np.sqrt(len(X))
    np.testing.assert_allclose(drawn.mean(axis=0), means, atol=5 * standard_error)
    np.testing.assert_allclose(drawn.std(axis=0), scales, rtol=0.1)


# draws


@pytest.mark.parametrize("method", ["transport", "sample", "mean"])
def test_draws_of_a_sample_differ(method, blobs, blobs_model):
    X = blobs[0][blobs_model.predict(blobs[0]) != 1]
    draws = blobs_model.intervene(X, 1, method=method, n_samples=3, random_state=0)
    assert draws.shape == (len(X), 3, 4)
    assert np.abs(draws[:, 0] - draws[:, 1]).max(axis=1).min() > 0


@pytest.mark.parametrize("method", ["transport", "sample", "mean"])
def test_the_same_seed_draws_the_same(method, blobs, blobs_model):
    options = {"method": method, "n_samples": 2}
    X = blobs[0]
    np.testing.assert_array_equal(
        blobs_model.intervene(X, 1, **options, random_state=3),
        blobs_model.intervene(X, 1, **options, random_state=3),
    )


@pytest.mark.parametrize("method", ["transport", "sample", "mean"])
@pytest.mark.parametrize("n_samples", [1, 2])
def test_another_seed_draws_other_samples(method, n_samples, blobs, blobs_model):
    options = {"method": method, "n_samples": n_samples}
    X = blobs[0]
    first = blobs_model.intervene(X, 1, **options, random_state=3)
    second = blobs_model.intervene(X, 1, **options, random_state=4)
    assert first.shape == (60, n_samples, 4)
    assert not np.allclose(first, second)


@pytest.mark.parametrize("method", ["transport", "mean"])
def test_nothing_is_drawn_without_n_samples(method, blobs, blobs_model):
    X = blobs[0]
    np.testing.assert_array_equal(
        blobs_model.intervene(X, 1, method=method, random_state=3),
        blobs_model.intervene(X, 1, method=method, random_state=4),
    )


def test_draws_vary_around_the_edit_of_the_mean(blobs, single_model):
    X = blobs[0]
    draws = single_model.intervene(X, 1, n_samples=200, random_state=0)
    error = np.abs(draws.mean(axis=1) - single_model.intervene(X, 1)).mean()
    assert error < 0.5 * draws.std(axis=1).mean()


# kept columns, and dtypes


@pytest.mark.parametrize("method", ["transport", "sample", "mean"])
def test_kept_columns_are_returned_exactly(method, blobs, blobs_model):
    X = blobs[0]
    edited = blobs_model.intervene(X, 1, method=method, keep=[1, 3], random_state=0)
    np.testing.assert_array_equal(edited[:, [1, 3]], X[:, [1, 3]])
    assert not np.isclose(edited[:, [0, 2]], X[:, [0, 2]]).all()


def test_kept_columns_are_returned_in_every_draw(blobs, blobs_model):
    X = blobs[0]
    edited = blobs_model.intervene(X, 1, keep=[1, 3], n_samples=2, random_state=0)
    for draw in (0, 1):
        np.testing.assert_array_equal(edited[:, draw, [1, 3]], X[:, [1, 3]])


@pytest.mark.parametrize("keep", ["b", ["b"], 1, [1], np.array([1])])
def test_a_column_is_kept_by_name_or_index(keep, frame, frame_model):
    edited = frame_model.intervene(frame, 1, keep=keep, strength=1)
    pd.testing.assert_series_equal(edited["b"], frame["b"])
    assert not np.allclose(edited["a"], frame["a"])


def test_names_and_indices_may_be_mixed(frame, frame_model):
    edited = frame_model.intervene(frame, 1, keep=["a", 1])
    pd.testing.assert_frame_equal(edited[["a", "b"]], frame[["a", "b"]])


@pytest.mark.parametrize("keep", ["e", ["a", "e"], [4], [-1], [1.5]])
def test_an_unknown_column_is_refused(keep, frame, frame_model):
    with pytest.raises(ValueError, match=r"not a column of X.*'a', 'b', 'c', 'd'"):
        frame_model.intervene(frame, 1, keep=keep)


def test_an_unknown_column_of_an_array_is_refused(blobs, blobs_model):
    with pytest.raises(ValueError, match=r"'a'.*not a column of X.*0\.\.3"):
        blobs_model.intervene(blobs[0], 1, keep=["a"])


def test_a_frame_keeps_its_index_and_dtypes(frame, frame_model):
    edited = frame_model.intervene(frame, 1)
    assert edited.index.equals(frame.index)
    pd.testing.assert_series_equal(edited.dtypes, frame.dtypes)


def test_nullable_columns_keep_their_dtypes(frame, frame_model):
    nullable = frame.astype({"b": "Int64", "c": "boolean", "d": "Float32"})
    edited = frame_model.intervene(nullable, 1)
    pd.testing.assert_series_equal(edited.dtypes, nullable.dtypes)


def test_the_given_frame_is_not_modified(frame, frame_model):
    before = frame.copy()
    frame_model.intervene(frame, 1)
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int64, np.float32, np.float64])
def test_an_array_keeps_its_dtype(dtype, digits, quick_classifier):
    X, y = (digits.X_train[:150] * 16).astype(dtype), digits.y_train[:150]
    edited = quick_classifier(max_iter=1).fit(X, y).intervene(X[:20], 3)
    assert edited.dtype == dtype
    assert edited.shape == (20, 64)
    assert edited.min() >= 0
    assert edited.max() <= 16


def test_integers_are_rounded(frame, frame_model):
    integers = frame_model.intervene(frame, 1)["b"]
    real = frame_model.intervene(frame.astype({"b": float}), 1)["b"]
    np.testing.assert_array_equal(integers, real.round())


def test_a_list_of_rows_is_returned_as_an_array(blobs, blobs_model):
    X = blobs[0][:3]
    np.testing.assert_array_equal(
        blobs_model.intervene(X.tolist(), 1, keep=[0]),
        blobs_model.intervene(X, 1, keep=[0]),
    )


def test_edits_are_in_the_units_of_x(blobs, few_blobs, quick_classifier):
    X = blobs[0] * 1000 + 5000
    model = quick_classifier(max_iter=30, batch_size=20, learning_rate_init=0.02).fit(
        X, few_blobs[1]
    )
    target = X[blobs[1] == 1].mean(axis=0)
    edited = model.intervene(X, 1, method="mean").mean(axis=0)
    np.testing.assert_allclose(edited, target, atol=X.std(axis=0).max())
