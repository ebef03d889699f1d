"""SamplesDisplay shows what `sample` returns."""

import numpy as np
import pytest

from sklearn_revae.inspection import SamplesDisplay
from sklearn_revae.inspection._tiles import mosaic


def test_classes_are_rows_and_draws_are_columns(images, values_of):
    model = images.model
    display = SamplesDisplay.from_estimator(model, "odd", n_samples=3, random_state=0)
    assert display.values == ["no", "yes"]
    np.testing.assert_array_equal(values_of(display.im_), mosaic(display.X_drawn))
    again = SamplesDisplay.from_estimator(model, "odd", n_samples=3, random_state=0)
    np.testing.assert_array_equal(again.X_drawn, display.X_drawn)


def test_samples_are_drawn_for_each_class_with_the_same_seed(images, monkeypatch):
    calls = []
    sample = type(images.model).sample

    def watch(self, n_samples, do, noise, random_state):
        calls.append((n_samples, do, random_state))
        assert not noise
        return sample(self, n_samples, do, noise=noise, random_state=random_state)

    monkeypatch.setattr(type(images.model), "sample", watch)
    SamplesDisplay.from_estimator(images.model, "digit", values=[4, 2], n_samples=3)
    assert [(n, do) for n, do, _ in calls] == [(3, {0: 4}), (3, {0: 2})]
    assert calls[0][2] == calls[1][2]
    SamplesDisplay.from_estimator(images.model, "odd", values="yes", n_samples=3)
    assert calls[2][:2] == (3, {1: "yes"})


def test_the_heat_map_of_a_table_has_standardised_features(table, values_of):
    display = SamplesDisplay.from_estimator(table.model, n_samples=20, random_state=0)
    heat = values_of(display.im_)
    assert heat.shape == (40, 4)
    height = display.X_drawn[..., 0].astype(float).ravel()
    np.testing.assert_allclose(heat[:, 0], (height - height.mean()) / height.std())
    low, high = display.im_.get_clim()
    assert -low == high == np.abs(heat).max()


def test_features_that_differ_most_between_classes_are_drawn():
    X = np.random.RandomState(0).standard_normal((2, 30, 4))
    X[1, :, [1, 3]] += 5
    display = SamplesDisplay(X, values=["no", "yes"], label_name="large")
    assert display.plot(max_columns=2).columns_ == [1, 3]


def test_a_transformer_has_classes_to_draw_samples_for(one_latent):
    display = SamplesDisplay.from_estimator(one_latent.model, n_samples=2)
    assert display.values == [0, 1]
    assert display.X_drawn.shape == (2, 2, 3)
    with pytest.raises(ValueError, match=r"values must contain.*got \[\]"):
        SamplesDisplay.from_estimator(one_latent.model, values=[])
