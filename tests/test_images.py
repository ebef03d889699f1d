"""Pictures: their shapes, channels and types, and the networks that read them."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from torch import nn

from sklearn_revae import ReVAEClassifier
from sklearn_revae._interventions import drawing
from sklearn_revae._model.images import image_layout

# A fit to pictures is short, but many draws of them take long to decode.
pytestmark = pytest.mark.usefixtures("few_draws")


def pictures(n=60, shape=(16, 16), seed=0):
    """Noisy pictures with a bright square on the left (0) or on the right (1)."""
    random = np.random.RandomState(seed)
    side = random.randint(2, size=n)
    X = random.randint(0, 30, (n, *shape)).astype(np.uint8)
    for image, right in zip(X, side, strict=True):
        half = image[4:10, 9:14] if right else image[4:10, 2:7]
        half[...] = random.randint(180, 255)
    return X, side


def quick(**parameters):
    return ReVAEClassifier(**{"max_iter": 2, "random_state": 0, **parameters})


@pytest.fixture(scope="module")
def data():
    return pictures()


@pytest.fixture(scope="module")
def model(data):
    return quick(max_iter=8).fit(*data)


def n_layers(module, *kinds):
    return sum(isinstance(layer, kinds) for layer in module.modules())


def n_convolutions(model):
    return n_layers(model.module_, nn.Conv2d, nn.ConvTranspose2d)


def test_pictures_are_convolved(model):
    assert n_convolutions(model) == 5
    assert n_layers(model.module_, nn.GroupNorm) == 4
    assert set(model.column_kinds_) == {"pixel"}
    assert model.n_features_in_ == 256


def test_learns_the_position_of_the_square(model):
    assert model.score(*pictures(seed=1)) > 0.9


@pytest.mark.parametrize("shape", [(16, 16), (16, 16, 3), (16, 16, 1)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_results_have_the_shape_and_type_of_the_pictures(shape, dtype):
    X, y = pictures(shape=shape)
    X = X if dtype is np.uint8 else (X / 255).astype(dtype)
    model = quick().fit(X, y)
    for new in (model.reconstruct(X), model.intervene(X, 1)):
        assert new.shape == X.shape
        assert new.dtype == X.dtype
        assert new.min() >= X.min()
        assert new.max() <= X.max()
    assert model.intervene(X[:3], 1, n_samples=2).shape == (3, 2, *shape)
    assert model.inverse_transform(model.transform(X[:3])).shape == (3, *shape)


def test_flat_rows_with_image_shape_give_the_same_model(data, model):
    X, y = data
    flat = quick(max_iter=8, image_shape=(16, 16)).fit(X.reshape(60, -1), y)
    assert n_convolutions(flat) == 5
    np.testing.assert_array_equal(
        flat.predict_proba(X.reshape(60, -1)), model.predict_proba(X)
    )
    np.testing.assert_array_equal(flat.predict_proba(X), model.predict_proba(X))


def _pandas(rows):
    return pd.DataFrame(rows).add_prefix("pixel_")


def _polars(rows):
    return pl.from_numpy(rows)


@pytest.mark.parametrize("frame", [_pandas, _polars])
@pytest.mark.parametrize("shape", [(16, 16), (8, 8), (16, 8, 2)])
def test_frames_with_image_shape_give_the_same_model_as_arrays(
    frame, shape, weight_bytes
):
    X, y = pictures(shape=(16, 16))
    rows = X.reshape(60, -1)[:, : np.prod(shape)] / 255
    # In a table, every column would have its own scale; of such pixels, all have one.
    rows[:, 0] *= 3
    from_array = quick(max_iter=1, n_members=2, image_shape=shape).fit(rows, y)
    from_frame = quick(max_iter=1, n_members=2, image_shape=shape).fit(frame(rows), y)
    assert weight_bytes(from_frame) == weight_bytes(from_array)
    assert n_convolutions(from_frame) == n_convolutions(from_array)
    assert set(from_frame.column_kinds_) == {"pixel"}
    rows = rows[:10]
    new = from_frame.intervene(frame(rows), 1)
    assert list(new.columns) == list(frame(rows).columns)
    np.testing.assert_array_equal(np.asarray(new), from_array.intervene(rows, 1))
    # The model of a frame also reads the pictures themselves.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "X does not have valid feature names")
        same = from_frame.predict_proba(rows.reshape(10, *shape))
    np.testing.assert_array_equal(same, from_frame.predict_proba(frame(rows)))


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (["a", "b"] * 30, "column 'pixel_3' of X holds categories such as 'a'"),
        ([True, False] * 30, "column 'pixel_3' of X holds categories such as False"),
        (pd.Categorical([4, 7] * 30), "column 'pixel_3' of X holds categories such as 4"),
    ],
    ids=["strings", "bools", "categories"],
)
def test_image_shape_with_a_column_of_categories_raises(cells, message, data):
    X, y = data
    frame = _pandas(X.reshape(60, -1)).assign(pixel_3=cells)
    with pytest.raises(ValueError, match=rf"image_shape=\(16, 16\) .*{message}.*Convert"):
        quick(image_shape=(16, 16)).fit(frame, y)


@pytest.mark.parametrize("shape", [(16, 17), (8, 8)])
def test_image_shape_with_another_number_of_columns_raises(shape, data):
    X, y = data
    with pytest.raises(ValueError, match=r"image_shape=.* but X has 256 columns"):
        quick(image_shape=shape).fit(_pandas(X.reshape(60, -1)), y)


def test_channels_may_be_first_or_last():
    X, y = pictures(shape=(16, 16, 3))
    last = quick().fit(X, y)
    first = quick().fit(np.ascontiguousarray(X.transpose(0, 3, 1, 2)), y)
    weights = last.module_.encoder.state_dict()
    assert weights.keys() == first.module_.encoder.state_dict().keys()
    assert image_layout((16, 16, 3)).channels_last
    assert not image_layout((3, 16, 16)).channels_last


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((28, 28), (28, 28, 1, False)),
        ((64, 48, 3), (64, 48, 3, True)),
        ((3, 64, 48), (64, 48, 3, False)),
        ((1, 20, 30), (20, 30, 1, False)),
        ((12, 64, 48), (64, 48, 12, False)),
        ((64, 48, 12), (64, 48, 12, True)),
    ],
)
def test_layout_of_channels(shape, expected):
    found = image_layout(shape)
    assert (found.height, found.width, found.channels, found.channels_last) == expected


def test_missing_pixels_are_filled():
    # With more than 256 pixels there is no rule for imputation that takes long to learn.
    X, y = pictures(shape=(17, 16))
    X = X / 255.0
    X[np.random.RandomState(0).random_sample(X.shape) < 0.3] = np.nan
    model = quick().fit(X, y)
    filled = model.impute(X)
    assert filled.shape == X.shape
    assert np.isfinite(filled).all()
    observed = ~np.isnan(X)
    np.testing.assert_array_equal(filled[observed], X[observed])


def test_small_pictures_have_a_fully_connected_network():
    X, y = pictures(shape=(16, 16))
    model = quick().fit(X[:, ::2, ::2], y)
    assert n_convolutions(model) == 0
    assert model.reconstruct(X[:, ::2, ::2]).shape == (60, 8, 8)


@pytest.mark.parametrize("likelihood", ["laplace", "bernoulli", "gaussian"])
def test_pixels_of_every_family(likelihood, data):
    X, y = data
    model = quick(likelihood=likelihood).fit(X, y)
    assert n_convolutions(model) == 5
    assert np.isfinite(model.score_samples(X[:5])).all()


def test_too_large_pictures_raise_and_the_error_says_what_to_do():
    with pytest.raises(ValueError, match=r"200 x 150.*encoder="):
        quick().fit(np.zeros((4, 200, 150)), [0, 1, 0, 1])


def test_pictures_of_another_size_raise(data, model):
    with pytest.raises(ValueError, match=r"\(20, 20\).*\(16, 16\).*Resize"):
        model.predict(np.zeros((2, 20, 20)))


def test_pictures_for_a_model_of_tables_raise(blobs_model):
    with pytest.raises(ValueError, match="fitted on a table"):
        blobs_model.predict(np.zeros((2, 2, 2)))


@pytest.mark.parametrize(
    ("image_shape", "message"),
    [
        ((16, 17), "image_shape=.16, 17. requires 272 pixels, but X has 256 columns"),
        ((256,), r"image_shape must be \(height, width\).* got \(256,\)"),
        ((16, -16), "must be"),
    ],
)
def test_a_wrong_image_shape_raises(image_shape, message, data):
    X, y = data
    with pytest.raises(ValueError, match=message):
        quick(image_shape=image_shape).fit(X.reshape(60, -1), y)


def test_pictures_against_image_shape_raise(data):
    with pytest.raises(ValueError, match=r"image_shape=.8, 32., but X holds pictures"):
        quick(image_shape=(8, 32)).fit(*data)


class Halved(nn.Module):
    def forward(self, rows):
        return rows.view(-1, 1, 16, 16)[..., ::2, ::2].flatten(1)


def test_the_user_can_pass_modules(data):
    X, y = data
    decoder = nn.Sequential(nn.LazyLinear(256))
    model = quick(encoder=Halved(), decoder=decoder).fit(X, y)
    assert n_convolutions(model) == 0
    assert model.reconstruct(X).shape == X.shape
    with pytest.raises(ValueError, match=r"decoder=Linear returned shape .2, 100.*256"):
        quick(decoder=nn.Linear(2 * 1 + 16, 100), label_dim=2, style_dim=16).fit(X, y)


def test_a_module_that_fails_is_named(data):
    with pytest.raises(ValueError, match=r"encoder=Linear failed on .*\(2, 256\)"):
        quick(encoder=nn.Linear(100, 10)).fit(*data)


def test_the_same_seed_gives_the_same_weights(data):
    X, y = data
    first, second = (quick().fit(X, y) for _ in range(2))
    for a, b in zip(first.module_.parameters(), second.module_.parameters(), strict=True):
        assert torch.equal(a, b)


# The published networks


def test_the_published_networks_can_be_chosen(data, model):
    published = quick(encoder="published", decoder="published").fit(*data)
    assert n_layers(published.module_, nn.GroupNorm) == 0
    assert n_layers(published.module_, nn.ConvTranspose2d) == 3
    encoder_only = quick(encoder="published").fit(*data)
    assert n_layers(encoder_only.module_.encoder, nn.GroupNorm) == 0
    for default in (encoder_only, model):
        assert n_layers(default.module_, nn.ConvTranspose2d) == 0


@pytest.mark.parametrize("name", ["encoder", "decoder"])
@pytest.mark.parametrize("side", [8, None])
def test_a_published_network_requires_images_that_it_can_read(name, side, data):
    X, y = data
    X = X.reshape(60, -1) if side is None else X[:, :side, :side]
    with pytest.raises(ValueError, match=f"{name}='published' requires images of 16 to"):
        quick(**{name: "published"}).fit(X, y)


# Views


class Recorder:
    """Views that are the images themselves, and the images that were passed."""

    def __init__(self):
        self.seen = []

    def __call__(self, images):
        self.seen.append(images)
        return images


@pytest.mark.parametrize("channels_last", [False, True])
def test_own_views_get_pictures_in_the_units_of_X(channels_last):
    X, y = pictures(shape=(16, 16, 3))
    X = X if channels_last else np.ascontiguousarray(X.transpose(0, 3, 1, 2))
    views = Recorder()
    quick(views=views).fit(X, y)
    channels_first = X.transpose(0, 3, 1, 2) if channels_last else X
    for images in views.seen:
        assert images.shape == (60, 3, 16, 16)
        # A batch holds every picture once, in another order.
        found = np.sort(images.flatten(1).numpy().mean(1))
        expected = np.sort(channels_first.reshape(60, -1).mean(1))
        np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_own_views_get_small_pictures_and_pictures_for_own_modules():
    X, y = pictures()
    decoder = nn.Sequential(nn.LazyLinear(256))
    own = {"encoder": Halved(), "decoder": decoder}
    for parameters, samples in [(own, X), ({}, X[:, ::2, ::2])]:
        views = Recorder()
        quick(max_iter=1, views=views, **parameters).fit(samples, y)
        assert [images.shape[2:] for images in views.seen] == [samples.shape[1:]]


def test_every_member_gets_own_views(data):
    views = Recorder()
    quick(max_iter=1, views=views, n_members=2).fit(*data)
    assert views.seen[0].shape == (120, 1, 16, 16)


def test_views_replace_noise_in_pictures_of_16_pixels(data, weight_bytes):
    X, y = data
    plain, auto = (
        weight_bytes(quick(max_iter=1, views=views, edit_weight=0).fit(X, y))
        for views in (None, "auto")
    )
    assert plain != auto
    small = X[:, ::2, ::2]
    plain, auto = (
        weight_bytes(quick(max_iter=1, views=views, edit_weight=0).fit(small, y))
        for views in (None, "auto")
    )
    assert plain == auto


@pytest.mark.parametrize("views", ["auto", None])
def test_views_do_not_prevent_missing_pixels(views):
    X, y = pictures(n=100)
    X = X / 255.0
    X[np.random.RandomState(0).random_sample(X.shape) < 0.1] = np.nan
    new, new_y = pictures(n=100, seed=1)
    assert quick(max_iter=8, views=views).fit(X, y).score(new / 255.0, new_y) > 0.9


@pytest.mark.parametrize(
    ("views", "returned"),
    [
        (lambda images: images[:1], r"Tensor of shape \(1, 1, 16, 16\)"),
        (lambda images: None, "NoneType"),
        (lambda images: images.flatten(1), r"Tensor of shape \(60, 256\)"),
        (lambda images: images.numpy(), r"ndarray of shape \(60, 1, 16, 16\)"),
        (lambda images: (images - 300) ** 0.5, "NaN, infinite or complex numbers"),
        (lambda images: images * (1 + 1j), "NaN, infinite or complex numbers"),
    ],
    ids=["fewer", "none", "rows", "array", "nan", "complex"],
)
def test_own_views_that_are_no_images_are_refused(views, returned, data):
    with pytest.raises(ValueError, match=f"views=.*returned {returned} for images"):
        quick(views=views).fit(*data)


def test_convolutional_members_draw_swap_and_traverse_pictures(data, monkeypatch):
    # Only shapes are tested, for which the noise may be learned from few draws.
    monkeypatch.setattr(drawing, "_N_DRAWS", 100)
    monkeypatch.setattr(drawing, "_N_DRAWS_OF_QUANTILES", 100)
    X, y = data
    model = quick(n_members=2).fit(X, y)
    assert n_convolutions(model) == 2 * 5
    assert model.sample(3, random_state=0)[0].shape == (3, 16, 16)
    assert model.swap(X[:3], X[3:6]).shape == (3, 16, 16)
    assert model.traverse(X[:3], 0, steps=4).shape == (3, 4, 16, 16)


def test_own_views_require_pictures(data):
    X, y = data
    with pytest.raises(ValueError, match=r"views=.*requires images.*image_shape"):
        quick(views=Recorder()).fit(X.reshape(60, -1), y)


def test_own_views_may_be_float64_and_get_no_values_beyond_the_data(data):
    def gamma(images):  # It would make NaN of -1e-6.
        return torch.from_numpy(np.sqrt(images.numpy().astype(np.float64) / 255))

    assert quick(max_iter=2, views=gamma).fit(*data).n_iter_ == 2


def test_own_views_may_draw_from_the_global_generator(data, weight_bytes):
    def views(images):
        return images + torch.randn_like(images)

    first, second = (
        weight_bytes(quick(max_iter=1, views=views).fit(*data)) for _ in range(2)
    )
    assert first == second
