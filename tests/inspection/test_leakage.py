"""label_leakage finds information exactly in the latents that contain it."""

import copy

import numpy as np
import pytest
from PIL import Image

from sklearn_revae.inspection._leakage import label_leakage


@pytest.fixture
def rows(two_labels):
    """Samples with two labels, all of them observed."""
    X, y = two_labels
    y = np.empty((600, 2), dtype=object)
    random = np.random.RandomState(0)
    y[:, 0] = np.array(["left", "middle", "right"])[random.randint(3, size=600)]
    y[:, 1] = random.randint(5, 7, size=600)
    return np.tile(X, (10, 1)), y


@pytest.fixture
def informative_model(two_labels_model, rows, monkeypatch):
    """Maker of a model whose latents are noise, except for the given parts."""

    def make(**parts):
        model = copy.copy(two_labels_model)
        d = model.label_dim_
        Z = np.random.RandomState(1).normal(size=(len(rows[0]), 2 * d + model.style_dim_))
        slices = {"block_0": slice(d), "block_1": slice(d, 2 * d)}
        for part, codes in parts.items():
            Z[:, slices.get(part, slice(2 * d, None))] += 9.0 * codes[:, None]
        monkeypatch.setattr(model, "transform", lambda X: Z, raising=False)
        return model

    return make


def codes_of(y, label):
    return np.unique(y[:, label].astype(str), return_inverse=True)[1]


def test_information_is_found_only_where_it_is(informative_model, rows):
    X, y = rows
    model = informative_model(block_0=codes_of(y, 0), style=codes_of(y, 1))
    table = label_leakage(model, X, y, random_state=0)
    assert list(table.index) == ["label_0", "label_1"]
    np.testing.assert_allclose(table["chance"], [1 / 3, 1 / 2])
    accuracy = table[["own", "others", "style"]]
    np.testing.assert_allclose(accuracy.loc["label_0"], [1.0, 1 / 3, 1 / 3], atol=0.07)
    np.testing.assert_allclose(accuracy.loc["label_1"], [1 / 2, 1 / 2, 1.0], atol=0.07)
    assert accuracy.loc["label_0", "own"] == accuracy.loc["label_1", "style"] == 1.0


def test_latents_of_other_labels_are_probed(informative_model, rows):
    X, y = rows
    table = label_leakage(informative_model(block_0=codes_of(y, 1)), X, y, random_state=0)
    assert table.loc["label_1", "others"] == 1.0
    assert table.loc["label_0", "own"] < 0.45


def test_a_rare_class_counts_as_much_as_a_common_one(informative_model, rows):
    X, y = rows
    y[:, 1] = 5
    y[:30, 1] = 6
    # The latents overlap, so without balanced weights all would be called common.
    style = 0.2 * codes_of(y, 1)
    table = label_leakage(informative_model(style=style), X, y, random_state=0)
    assert table.loc["label_1", "style"] > 0.8
    assert table.loc["label_1", "chance"] == 0.5


def test_unlabelled_samples_are_left_out(informative_model, rows):
    X, y = rows
    labels = y.copy()
    y[100:, 0] = -1
    y[200:400, 1] = None
    y[400:, 1] = np.nan
    table = label_leakage(
        informative_model(style=codes_of(labels, 1)), X, y, random_state=0
    )
    assert table["n_rows"].tolist() == [100, 200]
    assert table.loc["label_1", "style"] == 1.0


def test_there_are_no_more_folds_than_samples_of_the_rarest_class(
    informative_model, rows
):
    X, y = rows
    y[:, 1] = 5
    y[:3, 1] = 6
    table = label_leakage(informative_model(), X, y, cv=4)
    assert table["n_folds"].tolist() == [4, 3]


def test_a_group_without_latents_has_the_accuracy_of_chance(blobs, quick_classifier):
    model = quick_classifier(style_dim=0, max_iter=10).fit(*blobs)
    table = label_leakage(model, *blobs, random_state=0)
    assert table.loc["label_0", ["others", "style", "chance"]].tolist() == [1 / 3] * 3
    assert table.loc["label_0", "own"] > 0.8


def test_a_transformer_with_labels_is_probed(blobs, quick_transformer):
    table = label_leakage(quick_transformer().fit(*blobs), *blobs, random_state=0)
    assert np.isfinite(table.to_numpy()).all()


def test_the_seed_decides_the_folds(informative_model, rows):
    X, y = rows
    model = informative_model()
    first = label_leakage(model, X, y, random_state=0)
    assert label_leakage(model, X, y, random_state=0).equals(first)
    assert not label_leakage(model, X, y, random_state=1).equals(first)


@pytest.mark.parametrize("cv", [1, 0, True, 2.5, None])
def test_invalid_numbers_of_folds_are_refused(cv, blobs, blobs_model):
    with pytest.raises(ValueError, match=f"'cv' parameter of label_leakage.*Got {cv}"):
        label_leakage(blobs_model, *blobs, cv=cv)


def test_labels_that_cannot_be_probed_are_refused(blobs, blobs_model, quick_transformer):
    X, y = blobs
    with pytest.raises(ValueError, match=r"only \[1\] as values of label_0"):
        label_leakage(blobs_model, X, np.where(y == 1, 1, -1))
    one = np.where(y == 2, -1, y)
    one[np.flatnonzero(y == 2)[0]] = 2
    with pytest.raises(ValueError, match="a single sample where label_0 is 2"):
        label_leakage(blobs_model, X, one)
    with pytest.raises(ValueError, match="9 is not a value of label_0"):
        label_leakage(blobs_model, X, y + 7)
    with pytest.raises(ValueError, match="fitted without y"):
        label_leakage(quick_transformer().fit(X), X, y)
    with pytest.raises(ValueError, match="y must have one entry per sample in X"):
        label_leakage(blobs_model, X, y[:-1])


def test_a_folder_is_probed_by_file_name(tmp_path, quick_classifier):
    y = {f"{i}.png": i % 2 for i in reversed(range(12))}
    for name, value in y.items():
        Image.new("L", (4, 4), 200 * value).save(tmp_path / name)
    model = quick_classifier(max_iter=15).fit(tmp_path, y)
    assert label_leakage(model, tmp_path, y, cv=3).loc["label_0", "own"] == 1.0
