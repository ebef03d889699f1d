"""Labels of the images of a folder, by file name."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.exceptions import ConvergenceWarning

from sklearn_revae._data.file_names import in_order_of
from sklearn_revae._data.stored_items import PictureFolder
from sklearn_revae.datasets import list_images

N = 12


def _write(folder, names, shades):
    for name, shade in zip(names, shades, strict=True):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(np.full((4, 4), shade, np.uint8)).save(path)


@pytest.fixture
def folder(tmp_path):
    """Files 0.png, 1.png, ..., 11.png, of which those with odd numbers are light."""
    _write(tmp_path, [f"{i}.png" for i in range(N)], [200 * (i % 2) for i in range(N)])
    return tmp_path


def _keyed(marker=None):
    return {f"{i}.png": int(i % 2) if i > 2 else marker for i in reversed(range(N))}


BY_NAME = {
    "dict": lambda: _keyed(),
    "dict of the labelled": lambda: {k: v for k, v in _keyed().items() if v is not None},
    "Series": lambda: pd.Series(_keyed(-1)),
    "Series of the labelled": lambda: pd.Series(_keyed(-1)).iloc[:-3],
    "DataFrame": lambda: pd.DataFrame({"light": pd.Series(_keyed(-1))}),
    "dict of paths": lambda: {Path(name): light for name, light in _keyed().items()},
    "Series of paths": lambda: pd.Series(_keyed(-1)).rename(Path),
}


@pytest.mark.parametrize("y", BY_NAME.values(), ids=BY_NAME)
def test_labels_belong_to_the_file_with_their_name(y, folder, quick_classifier):
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", message="A column-vector y was passed")
        model = quick_classifier(max_iter=20).fit(folder, y())
        assert model.classes_.dtype.kind == "i"
        assert model.classes_.tolist() == [0, 1]
        assert model.score(folder, y()) == 1.0
    # The files as text: 0, 1, 10, 11, 2, ...
    assert model.predict(folder).tolist() == [0, 1, 0, 1, *np.arange(2, 10) % 2]


def test_files_that_a_dict_of_several_labels_does_not_name_are_unlabelled(folder):
    y = {name: (value, "ab"[value]) for name, value in BY_NAME["dict"]().items() if value}
    entries = in_order_of(PictureFolder(folder), y)
    assert entries[:4] == [(None, None)] * 3 + [(1, "b")]


def test_warns_if_labels_may_be_in_another_order_than_the_files(folder, quick_classifier):
    y = np.arange(N) % 2
    with pytest.warns(UserWarning, match="sorted as text.*'1.png', '10.png'.*list_imag"):
        model = quick_classifier().fit(folder, y)
    with pytest.warns(UserWarning, match="sorted as text"):
        model.score(folder, y)


def test_does_not_warn_if_the_orders_agree(tmp_path, quick_classifier):
    _write(tmp_path, [f"{i:02}.png" for i in range(N)], range(N))
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        warnings.simplefilter("ignore", ConvergenceWarning)
        quick_classifier().fit(tmp_path, np.arange(N) % 2)


@pytest.mark.parametrize(
    "y",
    [
        {"0": 1},
        {"0.png": 1, 3: 0},
        pd.Series({"x.png": 1}),
        # Nothing is read by its position because one of the names is missing.
        pd.Series({"0.png": 1, np.nan: 0}),
        pd.Series({Path("elsewhere/0.png"): 1}),
    ],
)
def test_a_name_without_a_file_is_refused(y, folder, quick_classifier):
    message = r"y names the file .* not an image in the folder X.*'0.png', '1.png'"
    with pytest.raises(ValueError, match=message):
        quick_classifier().fit(folder, y)


def test_a_name_twice_is_refused(folder, quick_classifier):
    with pytest.raises(ValueError, match=r"names the file '0.png' twice"):
        quick_classifier().fit(folder, pd.Series([1, 0], index=["0.png", "0.png"]))


def test_a_dict_is_refused_where_rows_have_no_names(quick_classifier):
    with pytest.raises(ValueError, match=r"y is a dict.*one entry per sample"):
        quick_classifier().fit(np.eye(4), {"0.png": 1})


def test_a_subfolder_may_hold_each_class(tmp_path, quick_classifier):
    names = ["dark/1.png", "dark/10.png", "light/1.png", "light/2.png", ".git/3.png"]
    _write(tmp_path, names, [0, 10, 200, 210, 9])
    (tmp_path / "notes").mkdir()
    found = list_images(tmp_path)
    assert found.tolist() == names[:4]
    y = {name: name.split("/")[0] for name in found}
    model = quick_classifier(max_iter=60).fit(tmp_path, y)
    assert model.predict(str(tmp_path)).tolist() == ["dark", "dark", "light", "light"]


def test_a_folder_without_images_is_refused(tmp_path):
    with pytest.raises(ValueError, match="contains no pictures"):
        list_images(tmp_path)


@pytest.mark.parametrize("kind", [dict, lambda w: pd.Series(w).rename(Path)])
def test_weights_belong_to_the_file_with_their_name(kind, folder, quick_classifier):
    weight = {f"{i}.png": float(i > 5) * (1 + i % 2) for i in range(N)}
    model = quick_classifier().fit(folder, _keyed(), kind(weight))
    # Three images of each class have a weight, which is 1 or 2 times 2/3: the mean is 1.
    np.testing.assert_allclose(model._labels.counts_[0], [2, 4])
    y = {f"{i}.png": int(i % 2 if i < 6 else 5) for i in range(N)}
    unlike = {name: 1 - (value > 0) for name, value in weight.items()}
    accuracy = model.score(folder, y, kind(unlike))
    early = _numbers() < 6
    right = model.predict(folder) == _numbers() % 2
    assert accuracy == right[early].mean()


def _numbers():
    """The numbers of the files, in their order as text."""
    return np.array(sorted(range(N), key=str))


def test_weights_must_name_all_files(folder, quick_classifier):
    with pytest.raises(ValueError, match=r"no weight for the image '1\.png'"):
        quick_classifier().fit(folder, _keyed(), {"0.png": 1.0})
    with pytest.raises(ValueError, match="sample_weight is a dict"):
        quick_classifier().fit(np.eye(4), [0, 1, 0, 1], {"0.png": 1.0})


def test_warns_if_weights_may_be_in_another_order(folder, quick_classifier):
    with pytest.warns(UserWarning, match="sample_weight does not name the files"):
        quick_classifier().fit(folder, _keyed(), np.ones(N))
