"""Strengths, residuals, given latents, swaps, traversals and samples."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse


@pytest.fixture(scope="module")
def rows(digits):
    """Samples in the units of the training data of the model with a linear decoder."""
    return digits.X_test[:20] * 100 - 50


@pytest.fixture(scope="module")
def frame(blobs):
    """A data frame with a column of words, and two labels."""
    X, y = blobs
    frame = pd.DataFrame(X[:, :2], columns=["a", "b"], index=np.arange(60) + 100)
    frame["word"] = np.array(["low", "middle", "high"])[y]
    return frame, pd.DataFrame({"cluster": y, "positive": X[:, 0] > 0})


@pytest.fixture(scope="module")
def frame_model(frame, quick_classifier):
    return quick_classifier(max_iter=5).fit(*frame)


# intervene


def test_strength_zero_returns_the_reconstruction(blobs, single_model):
    X = blobs[0]
    np.testing.assert_allclose(
        single_model.intervene(X, 1, strength=0.0, residual=False),
        single_model.reconstruct(X),
        rtol=1e-9,
    )


@pytest.mark.parametrize("strength", [0.25, 1.5])
def test_strength_scales_the_shift_in_latent_space(
    strength, rows, linear_model, decoded_latents
):
    start = linear_model.transform(rows)
    whole = decoded_latents(linear_model, linear_model.intervene(rows, 3, residual=False))
    part = linear_model.intervene(rows, 3, strength=strength, residual=False)
    np.testing.assert_allclose(
        decoded_latents(linear_model, part), start + strength * (whole - start), atol=1e-6
    )


def test_latents_may_be_given(rows, linear_model, decoded_latents):
    own = np.arange(80.0).reshape(20, 4) / 80
    edited = linear_model.intervene(rows, 3, method={"label_0": own}, residual=False)
    latents = decoded_latents(linear_model, edited)
    np.testing.assert_allclose(latents[:, :4], own, atol=1e-6)
    np.testing.assert_allclose(
        latents[:, 4:], linear_model.transform(rows)[:, 4:], atol=1e-6
    )
    common = linear_model.intervene(rows, 3, method={0: own[7]}, residual=False)
    np.testing.assert_allclose(
        decoded_latents(linear_model, common)[:, :4], np.tile(own[7], (20, 1)), atol=1e-6
    )


@pytest.mark.parametrize("position", [-0.1, 0.0, 0.3, 1.0])
def test_a_position_is_a_fraction_of_the_line_of_traverse(
    position, rows, linear_model, decoded_latents
):
    path = linear_model.traverse(rows, 0, steps=2, residual=False)
    start, end = (decoded_latents(linear_model, path[:, step])[:, :4] for step in (0, 1))
    # Both ends have the sample's deviation perpendicular to the line, in own units.
    axis = (end - start).mean(axis=0)
    edited = linear_model.intervene(rows, 3, method={0: position}, residual=False)
    latents = decoded_latents(linear_model, edited)
    np.testing.assert_allclose(
        (latents[:, :4] - start) @ axis / (axis @ axis), position, atol=1e-2
    )
    if position in (0.0, 1.0):
        np.testing.assert_allclose(edited, path[:, int(position)], atol=1e-9)
    np.testing.assert_allclose(
        latents[:, 4:], linear_model.transform(rows)[:, 4:], atol=1e-6
    )


def test_locate_returns_positions_on_the_line_of_traverse(rows, linear_model):
    means = linear_model.module_.label_model.means[0].detach().numpy()
    scales = linear_model.module_.label_model.scales[0].detach().numpy()
    axis = (means[-1] - means[0]) / np.linalg.norm(means[-1] - means[0])
    before, behind = (4 * np.linalg.norm(axis * scales[end]) for end in (0, -1))
    length = before + (means[-1] - means[0]) @ axis + behind
    expected = ((linear_model.transform(rows)[:, :4] - means[0]) @ axis + before) / length
    np.testing.assert_allclose(linear_model.locate(rows)[:, 0], expected, atol=1e-5)


def test_each_label_may_have_its_own_method(frame, frame_model):
    X = frame[0]
    predicted = frame_model.predict(X)[:, 1].astype(bool)
    do = {"cluster": 2, "positive": ~predicted}
    methods = {"cluster": 0.8, "positive": "transport"}
    both = frame_model.intervene(X, do, method=methods)
    latents = frame_model.traverse(X, "cluster", steps=6)
    # The value 2 excludes a value of the other label, which has to stay here.
    kept = {"cluster": 2, "positive": predicted}
    single = frame_model.intervene(X, kept, method=methods)
    np.testing.assert_allclose(
        single[["a", "b"]].to_numpy(), latents[:, 4, :2].astype(float), atol=1e-9
    )
    moved = frame_model.intervene(X, {"positive": ~predicted})
    assert not np.allclose(both[["a", "b"]], single[["a", "b"]])
    assert not np.allclose(both[["a", "b"]], moved[["a", "b"]])
    same = frame_model.intervene(X, do, method=dict.fromkeys(do, "transport"))
    pd.testing.assert_frame_equal(same, frame_model.intervene(X, do))


def test_labels_with_one_class_have_no_positions(blobs, quick_classifier):
    X, y = blobs
    y = np.column_stack([y, np.zeros_like(y)])
    model = quick_classifier().fit(X, y)
    positions = model.locate(X)
    assert np.isfinite(positions[:, 0]).all()
    assert np.isnan(positions[:, 1]).all()
    with pytest.raises(ValueError, match=r"only one class.*no direction to traverse"):
        model.intervene(X, {1: 0}, method={1: 0.5})


def test_a_model_without_labels_has_no_positions(blobs, quick_transformer):
    with pytest.raises(ValueError, match="fitted without y"):
        quick_transformer().fit(blobs[0]).locate(blobs[0])


@pytest.mark.parametrize(
    ("method", "message"),
    [
        ({"label_0": np.nan}, "must be a finite number where it is a position"),
        ({"label_0": "fly"}, r"method for 'label_0' must be one of .*got 'fly'"),
        ({"label_0": True}, r"shape \(4,\).*got True"),
        (
            {"label_0": [1.0, 2.0]},
            r"shape \(4,\), or of shape \(20, 4\).*got \[1.0, 2.0\]",
        ),
        ({"label_0": [1.0, 2.0, np.nan, 0.0]}, "finite"),
        ({"label_1": np.zeros(4)}, "'label_1' is not a label"),
        ({}, r"method is a dict for the labels \[\], but do names \['label_0'\]"),
    ],
)
def test_invalid_latents_are_refused(method, message, rows, linear_model):
    with pytest.raises(ValueError, match=message):
        linear_model.intervene(rows, 3, method=method)


def test_a_residual_adds_the_change_to_the_sample(blobs, few_blobs, quick_classifier):
    X = blobs[0]
    model = quick_classifier(n_members=1, max_iter=5, likelihood="gaussian")
    model.fit(*few_blobs)
    change = model.intervene(X, 1, residual=False) - model.reconstruct(X)
    np.testing.assert_allclose(model.intervene(X, 1), X + change, atol=1e-12)


def test_with_strength_zero_a_residual_returns_the_sample(frame, frame_model):
    X = frame[0]
    same = frame_model.intervene(X, {"cluster": 0}, strength=0.0)
    pd.testing.assert_frame_equal(same, X, check_exact=True)


def test_a_residual_keeps_every_column_within_its_kind(quick_classifier):
    random = np.random.RandomState(0)
    y = np.repeat([0, 1], 30)
    X = pd.DataFrame(
        {
            "count": random.poisson(1 + 5 * y),
            "positive": np.exp(random.normal(2 * y, 1.5)),
            "flag": (random.rand(60) < 0.2 + 0.6 * y).astype(int),
            "word": np.where(random.rand(60) < 0.2 + 0.6 * y, "x", "y"),
        }
    )
    X.loc[0, "positive"] = np.nan
    model = quick_classifier(max_iter=30, learning_rate_init=0.01).fit(X, y)
    kinds = dict(zip(X, model.column_kinds_.kinds, strict=True))
    assert kinds["count"] == "count"
    assert kinds["positive"] == "positive"
    for value in (0, 1):
        new = model.intervene(X, value, strength=3.0)
        assert (new["count"] >= 0).all()
        assert (new["positive"] > 0).all()
        assert set(new["flag"]) <= {0, 1}
        assert set(new["word"]) <= {"x", "y"}


# swap


def test_a_swap_keeps_columns(frame, frame_model):
    X = frame[0]
    swapped = frame_model.swap(X, X.iloc[::-1], keep=["a"])
    assert (swapped["a"] == X["a"]).all()
    assert (swapped["b"] != X["b"]).any()


def test_a_swap_takes_the_donors_latents_of_the_label(
    rows, linear_model, decoded_latents
):
    donors = rows[::-1]
    latents = decoded_latents(
        linear_model, linear_model.swap(rows, donors, residual=False)
    )
    np.testing.assert_allclose(
        latents[:, :4], linear_model.transform(donors)[:, :4], atol=1e-6
    )
    np.testing.assert_allclose(
        latents[:, 4:], linear_model.transform(rows)[:, 4:], atol=1e-6
    )


def test_one_donor_may_serve_all_samples(rows, linear_model):
    np.testing.assert_allclose(
        linear_model.swap(rows, rows[:1]),
        linear_model.swap(rows, np.tile(rows[:1], (20, 1))),
        atol=1e-9,
    )


def test_a_sample_swapped_with_itself_is_reconstructed(frame, quick_classifier):
    X = frame[0]
    model = quick_classifier(n_members=1, max_iter=5).fit(*frame)
    pd.testing.assert_frame_equal(
        model.swap(X, X, residual=False), model.reconstruct(X), rtol=1e-9
    )


def test_only_the_named_labels_are_swapped(frame, frame_model):
    X = frame[0]
    both = frame_model.swap(X, X.iloc[::-1], ["cluster", "positive"])
    one = frame_model.swap(X, X.iloc[::-1], "cluster")
    pd.testing.assert_frame_equal(both, frame_model.swap(X, X.iloc[::-1]))
    assert not np.allclose(both[["a", "b"]], one[["a", "b"]])


def test_an_invalid_number_of_donors_is_refused(frame, frame_model):
    with pytest.raises(ValueError, match="donors has 7 rows, but X has 60"):
        frame_model.swap(frame[0], frame[0][:7])
    with pytest.raises(ValueError, match=r"'colour' is not a label.*'cluster'"):
        frame_model.swap(frame[0], frame[0], "colour")


# traverse


def test_a_traversal_follows_the_line_through_both_means(
    rows, linear_model, decoded_latents
):
    steps = linear_model.traverse(
        rows, 0, steps=7, span=2.0, values=(3, 5), residual=False
    )
    assert steps.shape == (20, 7, 64)
    latents = decoded_latents(linear_model, steps.reshape(140, 64)).reshape(20, 7, 6)
    style = linear_model.transform(rows)[:, None, 4:]
    np.testing.assert_allclose(
        latents[..., 4:], np.broadcast_to(style, (20, 7, 2)), atol=1e-6
    )
    labels = linear_model.module_.label_model
    means, scales = (
        t.detach().double().numpy()[0] for t in (labels.means, labels.scales)
    )
    gap = means[5] - means[3]
    axis = gap / np.linalg.norm(gap)
    along = (latents[..., :4] - means[3]) @ axis
    ends = (
        -2 * np.linalg.norm(axis * scales[3]),
        np.linalg.norm(gap) + 2 * np.linalg.norm(axis * scales[5]),
    )
    np.testing.assert_allclose(along, np.tile(np.linspace(*ends, 7), (20, 1)), atol=1e-5)


def test_a_traversal_contains_the_sample_that_transport_returns(
    rows, linear_model, decoded_latents
):
    """Perpendicular to the line, both have the same deviation from the class mean."""
    steps = linear_model.traverse(
        rows, 0, steps=2, span=0.0, values=(3, 5), residual=False
    )
    latents = decoded_latents(linear_model, steps[:, 1])[:, :4]
    moved = decoded_latents(
        linear_model, linear_model.intervene(rows, 5, residual=False)
    )[:, :4]
    means = linear_model.module_.label_model.means.detach().double().numpy()[0]
    axis = (means[5] - means[3]) / np.linalg.norm(means[5] - means[3])
    changed = linear_model.predict(rows) != 5
    assert changed.sum() > 5
    across = (moved - means[5]) - ((moved - means[5]) @ axis)[:, None] * axis
    np.testing.assert_allclose((latents - means[5])[changed], across[changed], atol=1e-5)


def test_a_grid_of_two_labels_crosses_their_traversals(frame, frame_model):
    X = frame[0].iloc[:4]
    grid = frame_model.traverse(X, ("cluster", "positive"), steps=3, span=1.0)
    assert grid.shape == (4, 3, 3, 3)
    other = frame_model.traverse(X, ("positive", "cluster"), steps=3, span=1.0)
    np.testing.assert_array_equal(grid, other.swapaxes(1, 2))
    # The ends of the line of one label do not depend on the other label.
    changes = grid[:, :, 0, 0].astype(float) - grid[:, :1, 0, 0].astype(float)
    assert np.abs(changes[:, 1:]).min() > 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"label": "colour"}, r"'colour' is not a label.*'cluster'"),
        ({"label": ("cluster", "cluster")}, "same label twice"),
        ({"label": ("cluster",)}, "label must be one label, or a list of two"),
        ({"label": "cluster", "steps": 1}, "'steps' parameter of traverse.*Got 1"),
        ({"label": "cluster", "span": -1.0}, "'span' parameter of traverse.*Got -1.0"),
        ({"label": "cluster", "values": (0, 7)}, "7 is not a value of cluster"),
        ({"label": "cluster", "values": (1, 1)}, "must be two different values"),
        ({"label": "cluster", "values": 1}, "must be a pair of values"),
        ({"label": ("cluster", "positive"), "values": (0,)}, "values must be two pairs"),
    ],
)
def test_invalid_traversals_are_refused(arguments, message, frame, frame_model):
    with pytest.raises(ValueError, match=message):
        frame_model.traverse(frame[0], **arguments)


# sample


def test_samples_have_the_requested_labels(digits, digits_model):
    X, y = digits_model.sample(200, 7, random_state=0)
    assert X.shape == (200, 64)
    assert (y == 7).all()
    assert (digits_model.predict(X) == 7).mean() > 0.8


def test_other_labels_of_samples_are_as_frequent_as_in_training(frame, frame_model):
    _, y = frame_model.sample(3000, random_state=0)
    assert y.shape == (3000, 2)
    fractions = np.bincount(y[:, 0].astype(int), minlength=3) / 3000
    expected = frame_model.predict_proba(frame[0])[0].mean(axis=0)
    np.testing.assert_allclose(fractions, expected, atol=0.04)


def test_samples_of_a_frame_have_its_columns(frame, frame_model):
    X, _ = frame_model.sample(5, {"cluster": 1}, random_state=0)
    assert list(X.columns) == ["a", "b", "word"]
    assert list(X.dtypes) == list(frame[0].dtypes)
    assert set(X["word"]) <= set(frame[0]["word"])


def test_samples_of_a_polars_frame_are_a_polars_frame(frame, quick_classifier):
    table = pl.DataFrame({name: frame[0][name].tolist() for name in frame[0]})
    model = quick_classifier().fit(table, frame[1]["cluster"])
    X, _ = model.sample(5, random_state=0)
    assert isinstance(X, pl.DataFrame)
    assert X.schema == table.schema
    assert X.shape == (5, 3)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_samples_of_pictures_are_pictures(dtype, digits, quick_classifier):
    pictures = digits.X_train[:150].reshape(-1, 8, 8).astype(dtype)
    model = quick_classifier().fit(pictures, digits.y_train[:150])
    X, _ = model.sample(3, random_state=0)
    assert X.shape == (3, 8, 8)
    assert X.dtype == dtype


def test_samples_of_a_sparse_matrix_are_sparse(blobs, quick_classifier):
    X, y = blobs
    model = quick_classifier().fit(scipy.sparse.csr_matrix(np.abs(X)), y)
    drawn, _ = model.sample(3, random_state=0)
    assert scipy.sparse.issparse(drawn)
    assert drawn.shape == (3, 4)


def test_a_model_without_labels_samples_only_rows(blobs, quick_transformer):
    X, y = quick_transformer().fit(blobs[0]).sample(4, random_state=0)
    assert X.shape == (4, 4)
    assert y is None


def test_the_same_seed_gives_the_same_samples(blobs_model):
    first, again, other = (blobs_model.sample(5, random_state=s) for s in (0, 0, 1))
    np.testing.assert_array_equal(first[0], again[0])
    assert not np.array_equal(first[0], other[0])


@pytest.mark.parametrize("n_samples", [0, -1, None, 1.5])
def test_an_invalid_number_of_samples_is_refused(n_samples, blobs_model):
    with pytest.raises(ValueError, match="n_samples"):
        blobs_model.sample(n_samples)
