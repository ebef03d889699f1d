"""The values that "auto" chooses for the data, and what a user's own value replaces."""

import inspect
import re

import numpy as np
import pytest
from torch import nn

from sklearn_revae import ReVAEClassifier, ReVAETransformer, _defaults
from sklearn_revae._defaults import (
    TABLE,
    label_dim,
    settings_of,
    style_dim,
)
from sklearn_revae._members import COUNT_MEMBERS, MEMBERS, PIXEL_MEMBERS
from sklearn_revae._model.views import strong_view
from sklearn_revae._parameters import PARAMETERS

N_ROWS = 30


def _draws():
    return np.random.default_rng(0)


def _pictures(n=N_ROWS, side=16):
    return _draws().integers(0, 256, (n, side, side)).astype(np.uint8)


DATA = {
    "table": lambda: _draws().standard_normal((N_ROWS, 5)),
    "counts": lambda: _draws().poisson(1.0, (N_ROWS, 60)),
    "pixels": lambda: _draws().integers(0, 256, (N_ROWS, 64)),
    "pictures": _pictures,
}


def _fit(X, n_classes=2, **changes):
    parameters = {"max_iter": 1, "random_state": 0, **changes}
    return ReVAEClassifier(**parameters).fit(X, np.arange(len(X)) % n_classes)


def _settings(model, n_rows=N_ROWS, **changes):
    """Settings of a fitted model, and of one with other parameters of training."""
    model = model.set_params(**changes)
    return settings_of(model, model._codec, model.module_, n_rows, None)


@pytest.fixture(scope="module")
def fitted():
    """Function that returns a model that is fitted to data of a kind."""
    models = {}

    def get(kind):
        if kind not in models:
            models[kind] = _fit(DATA[kind]())
        # Its parameters may be changed.
        model = ReVAEClassifier()
        model.__dict__.update(models[kind].__dict__)
        return model

    return get


# the ensemble


@pytest.mark.parametrize(
    ("kind", "n_members"), [("table", 5), ("counts", 5), ("pixels", 5), ("pictures", 1)]
)
def test_number_of_members_depends_on_the_data(kind, n_members, fitted):
    model = fitted(kind)
    assert model.n_members_ == len(model.module_.members) == n_members
    assert len(model.label_weight_) == len(model.consistency_weight_) == n_members


@pytest.mark.parametrize(
    "own",
    [
        {"encoder": nn.Linear(5, 4)},
        {"decoder": nn.Linear(4, 5), "label_dim": 2, "style_dim": 2},
    ],
)
def test_own_modules_have_one_member(own):
    assert _fit(DATA["table"](), **own).n_members_ == 1


def test_data_without_labels_have_one_member():
    model = ReVAETransformer(max_iter=1, random_state=0)
    assert model.fit(DATA["table"]()).n_members_ == 1
    assert model.fit(DATA["table"](), np.arange(N_ROWS) % 2).n_members_ == 5


@pytest.mark.parametrize("kind", ["table", "pixels", "pictures"])
def test_number_of_members_can_be_chosen(kind):
    assert _fit(DATA[kind](), n_members=3).n_members_ == 3


def test_own_modules_can_have_several_members():
    assert _fit(DATA["table"](), n_members=3, encoder=nn.Linear(5, 4)).n_members_ == 3


@pytest.mark.parametrize(("kind", "of"), [("table", MEMBERS), ("counts", COUNT_MEMBERS)])
def test_members_have_the_settings_of_the_table(kind, of, fitted):
    n_features = fitted(kind).n_features_in_
    members = _settings(fitted(kind)).members
    for settings, member in zip(members, of, strict=True):
        assert settings.noise == member.noise
        assert settings.label_weight == member.label_weight * n_features
        assert settings.consistency_weight == member.consistency_weight * n_features
    # Those that differ by their encoder only have the same settings.
    assert len(set(members)) == len({member[:3] for member in of})


def test_attributes_are_the_weights_of_the_members(fitted):
    model = fitted("table")
    members = _settings(model).members
    for name in ("label_weight", "consistency_weight"):
        expected = [getattr(member, name) for member in members]
        np.testing.assert_array_equal(getattr(model, f"{name}_"), expected)


def test_settings_are_repeated_for_more_members():
    model = _fit(DATA["table"](), n_members=10)
    members = _settings(model).members
    assert members[5:] == members[:5]
    linear = [isinstance(m.encoder.body[1], nn.Identity) for m in model.module_.members]
    assert linear == [member.linear for member in MEMBERS] * 2


@pytest.mark.parametrize("kind", ["table", "pixels", "pictures"])
@pytest.mark.parametrize("name", ["label_weight", "consistency_weight"])
@pytest.mark.parametrize("value", [0.0, 7.0])
def test_a_number_fixes_a_weight_for_all_members(kind, name, value, fitted):
    model = fitted(kind)
    other = {"label_weight", "consistency_weight"} - {name}
    before = _settings(model).members
    after = _settings(model, **{name: value}).members
    assert {getattr(member, name) for member in after} == {value}
    for kept in (*other, "noise"):
        assert [getattr(m, kept) for m in after] == [getattr(m, kept) for m in before]


def test_members_for_pixels_are_equal_and_have_hidden_layers(fitted):
    model = fitted("pixels")
    (settings,) = set(_settings(model).members)
    assert (settings.noise, settings.label_weight) == (0.6, 20 * model.n_features_in_)
    encoders = [member.encoder.body[1] for member in model.module_.members]
    assert not any(isinstance(layer, nn.Identity) for layer in encoders)


def test_weights_of_convolutional_networks_do_not_grow_with_the_features(fitted):
    (member,) = _settings(fitted("pictures")).members
    assert (member.label_weight, member.consistency_weight) == (3000, 1500)
    (larger,) = _settings(_fit(_pictures(side=20))).members
    assert larger == member


# sizes


@pytest.mark.parametrize(
    ("n_values", "dim"),
    [([2], 2), ([1], 2), ([3], 3), ([2, 7, 4], 7), ([100], 100), ([105], 100), ([], 2)],
)
def test_label_dim_is_the_largest_number_of_classes(n_values, dim):
    assert label_dim(n_values) == dim


@pytest.mark.parametrize(
    ("n_features", "dim"), [(1, 2), (4, 2), (5, 3), (64, 8), (65, 9), (5000, 32)]
)
def test_style_dim_is_the_square_root_of_the_number_of_features(n_features, dim):
    assert style_dim(n_features) == dim


def test_sizes_of_a_fitted_model(fitted):
    model = _fit(DATA["table"](), n_classes=6)
    assert (model.label_dim_, model.style_dim_) == (6, 3)


@pytest.mark.parametrize(
    ("kind", "size"), [("table", 192), ("counts", 64), ("pixels", 192)]
)
def test_there_is_one_hidden_layer(kind, size, fitted):
    body = fitted(kind).module_.encoder.body
    assert [len(p) for p in body.parameters() if p.ndim == 1] == [size]


def test_sizes_can_be_chosen():
    model = _fit(DATA["table"](), hidden_layer_sizes=7, label_dim=4, style_dim=0)
    assert (model.label_dim_, model.style_dim_) == (4, 0)
    assert model.module_.encoder.body[0].out_features == 7


# training


@pytest.mark.parametrize(
    ("kind", "batch_size", "learning_rate", "decay", "min_steps", "passes"),
    [
        ("table", 96, 0.01, 0.5, 250, 20),
        ("counts", 96, 0.01, 0.5, 250, 20),
        ("pixels", 96, 0.01, 0.5, 500, 20),
        ("pictures", 128, 0.002, 1.0, 1000, 0),
    ],
)
def test_how_long_and_how_fast_networks_are_trained(
    kind, batch_size, learning_rate, decay, min_steps, passes, fitted
):
    settings = _settings(fitted(kind), n_rows=1000, max_iter="auto")
    assert settings.batch_size == batch_size
    assert settings.learning_rate == learning_rate
    assert settings.decay == decay
    assert settings.min_steps == min_steps
    assert settings.labeled_passes == passes
    assert settings.n_epochs is None
    assert settings.n_edits == (64 if kind == "pictures" else 32)


def test_a_batch_has_at_most_all_rows(fitted):
    assert _settings(fitted("table"), n_rows=12).batch_size == 12
    assert _settings(fitted("table"), n_rows=12, batch_size=50).batch_size == 12


def test_training_can_be_chosen(fitted):
    settings = _settings(
        fitted("pictures"),
        max_iter=4,
        batch_size=7,
        learning_rate_init=0.5,
        n_iter_no_change=3,
    )
    assert (settings.n_epochs, settings.batch_size) == (4, 7)
    assert (settings.learning_rate, settings.patience) == (0.5, 3)


@pytest.mark.parametrize(
    ("kind", "n_members", "weight", "edits_from"),
    [
        ("table", 5, 0, 1.0),
        ("table", 1, 5 / 2, 1.0),
        ("pixels", 5, 0, 1.0),
        ("pixels", 1, 30, 1.0),
        ("pictures", 1, 64, 0.4),
        ("pictures", 2, 64, 0.4),
    ],
)
def test_weight_of_edits_depends_on_the_number_of_features(
    kind, n_members, weight, edits_from
):
    model = _fit(DATA[kind](), n_members=n_members)
    settings = _settings(model)
    assert settings.edit_weight == model.edit_weight_ == weight
    # Convolutions learn edits after 0.4 of training, others after all of it.
    assert settings.edits_from == edits_from


def test_weight_of_edits_is_bounded_and_can_be_chosen(fitted):
    X = _draws().standard_normal((N_ROWS, 130))
    assert _settings(_fit(X, n_members=1, hidden_layer_sizes=2)).edit_weight == 30
    assert _settings(fitted("table"), edit_weight=0.0).edit_weight == 0
    assert _settings(fitted("table"), edit_weight=5000.0).edit_weight == 5000


@pytest.mark.parametrize("given", [True, np.True_])
def test_early_stopping_holds_out_a_tenth(given):
    model = ReVAEClassifier(early_stopping=given)
    assert _defaults.validation_fraction_of(model) == 0.1


def test_early_stopping_holds_out_the_fraction_that_it_is_given():
    model = ReVAEClassifier(early_stopping=0.2)
    assert _defaults.validation_fraction_of(model) == 0.2


def test_only_networks_for_images_see_random_views(fitted):
    for kind in ("table", "counts", "pixels"):
        assert _settings(fitted(kind)).views is None
    views = _settings(fitted("pictures")).views
    assert views.function is strong_view
    assert (views.layout.height, views.layout.width) == (16, 16)
    assert _settings(fitted("pictures"), views=None).views is None


def test_modules_and_views_of_the_users_own_may_draw_random_numbers(fitted):
    assert not _settings(fitted("pictures")).own_modules
    assert _settings(fitted("pictures"), views=lambda images: images).own_modules
    assert _settings(_fit(DATA["table"](), encoder=nn.Linear(5, 4))).own_modules


# the table


def test_every_row_of_the_table_is_used_and_explained():
    source = inspect.getsource(_defaults)
    for name, row in TABLE.items():
        # Once as the key of the row, and at least once where it is read: by its name, or
        # by the name without the kind of networks, as in f"batch_size{of}".
        general = re.sub("_(convolutional|counts|pixels)$", "", name)
        assert source.count(f'"{name}"') + source.count(f'"{general}{{of}}"') >= 2
        assert row.finding.endswith(".")


@pytest.mark.parametrize(
    ("parameter", "rows"),
    [
        ("label_dim", ["max_label_dim"]),
        ("style_dim", ["max_style_dim"]),
        ("hidden_layer_sizes", ["hidden_layer_size", "hidden_layer_size_counts"]),
        ("edit_weight", ["edit_weight_per_feature"]),
        ("edit_weight", ["edit_weight_per_feature_convolutional"]),
        ("label_weight", ["label_weight_convolutional"]),
        ("consistency_weight", ["consistency_weight_convolutional"]),
        ("edit_weight", ["max_edit_weight", "max_edit_weight_convolutional"]),
        ("max_iter", ["min_steps", "min_steps_pixels", "min_steps_convolutional"]),
        ("max_iter", ["labeled_passes"]),
        ("batch_size", ["batch_size", "batch_size_convolutional"]),
        ("learning_rate_init", ["learning_rate", "learning_rate_convolutional"]),
        ("early_stopping", ["validation_fraction"]),
    ],
)
def test_texts_of_parameters_give_the_values_of_the_table(parameter, rows):
    numbers = re.findall(r"\d+(?:\.\d+)?", PARAMETERS[parameter].text)
    for row in rows:
        assert f"{TABLE[row].value:g}" in numbers


def test_texts_of_weights_give_the_range_over_the_members():
    for name in ("label_weight", "consistency_weight"):
        text = " ".join(PARAMETERS[name].text.split())
        for members, which in (
            (MEMBERS, "the number of features"),
            (COUNT_MEMBERS, "that number if most features are counts"),
        ):
            values = [getattr(member, name) for member in members]
            assert f"between {min(values):g} and {max(values):g} times {which}" in text
        (of_pixels,) = {getattr(member, name) for member in PIXEL_MEMBERS}
        assert f"{of_pixels:g} times that number if all features are pixels" in text
    assert f"{len(MEMBERS)} for fully connected" in " ".join(
        PARAMETERS["n_members"].text.split()
    )
