"""Latent dimensions have unique names."""

import pandas as pd
import pytest


def _names(model, blobs, labels):
    X, y = blobs
    model = model(label_dim=2, style_dim=2).fit(X, pd.DataFrame(dict.fromkeys(labels, y)))
    return model.get_feature_names_out().tolist()


def test_names_are_those_of_the_labels_and_of_the_style(blobs, quick_transformer):
    names = _names(quick_transformer, blobs, ["size", "shape"])
    assert names == ["size_0", "size_1", "shape_0", "shape_1", "style_0", "style_1"]


def test_a_label_called_style_does_not_share_names_with_the_style(
    blobs, quick_transformer
):
    names = _names(quick_transformer, blobs, ["style", "size"])
    assert names == ["style_0", "style_1", "size_0", "size_1", "_style_0", "_style_1"]


@pytest.mark.parametrize(
    "labels",
    [["style", "_style"], ["a", "a_0", "a_0_0"], ["style", "style_0"], ["style_0", "0"]],
)
def test_names_are_unique(labels, blobs, quick_transformer, quick_classifier):
    for model in (quick_transformer, quick_classifier):
        names = _names(model, blobs, labels)
        assert len(set(names)) == len(names) == 2 * len(labels) + 2


def test_the_names_label_the_columns_of_a_pandas_output(blobs, quick_transformer):
    X, y = blobs
    model = quick_transformer().set_output(transform="pandas")
    latents = model.fit(X, pd.Series(y, name="style")).transform(X)
    assert latents.columns.is_unique
    assert list(latents.columns) == model.get_feature_names_out().tolist()


def test_latent_codes_are_decoded_under_the_name_of_scikit_learn(
    blobs, quick_transformer
):
    X, y = blobs
    model = quick_transformer().fit(X, y)
    latents = model.transform(X=X)
    decoded = model.inverse_transform(X=latents)
    assert (decoded == model.inverse_transform(latents)).all()
    with pytest.raises(ValueError, match="X has 1 columns, but the model has"):
        model.inverse_transform(latents[:, :1])
