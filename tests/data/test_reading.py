"""Pictures as arrays and lists of objects, a single picture, and lists of files."""

from pathlib import Path

import numpy as np
import pytest

from sklearn_revae._data.reading import as_container

PICTURES = np.arange(3 * 4 * 5).reshape(3, 4, 5).astype(float)


def _objects():
    """Pictures as they are read in by a loop, in an array of one axis."""
    return np.fromiter(PICTURES, dtype=object, count=3)


@pytest.mark.parametrize(
    "X",
    [
        PICTURES.astype(object),
        PICTURES.tolist(),
        list(PICTURES),
        _objects(),
    ],
    ids=["objects", "nested lists", "list of arrays", "array of arrays"],
)
def test_pictures_of_objects_become_numbers(X):
    read = as_container(X)
    assert read.dtype == np.float64
    np.testing.assert_array_equal(read, PICTURES)


def test_none_is_a_missing_pixel():
    X = PICTURES.tolist()
    X[1][2][3] = None
    assert np.argwhere(np.isnan(as_container(X))).tolist() == [[1, 2, 3]]


def test_a_list_of_pictures_keeps_its_type():
    assert as_container(list(PICTURES.astype(np.uint8))).dtype == np.uint8


@pytest.mark.parametrize(
    "X",
    [
        [np.zeros((4, 5)), np.zeros((4, 6))],
        [np.zeros((4, 5)), np.zeros((4, 5, 3))],
        [[["white", 1.0]], [["black", 2.0]]],
    ],
    ids=["sizes", "channels", "words"],
)
def test_pictures_that_differ_in_size_or_hold_words_are_refused(X):
    with pytest.raises(ValueError, match="Resize all pictures to the same size"):
        as_container(X)


@pytest.mark.parametrize(
    "X",
    [["a.png", "b.png"], [Path("a.png")], np.array(["a.png"]), ("a.png",)],
    ids=["list", "paths", "array", "tuple"],
)
def test_a_list_of_files_is_refused(X, quick_classifier):
    with pytest.raises(ValueError, match=r"such as 'a\.png'. Pass the folder of the"):
        quick_classifier().fit(X, [0, 1])


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 3)])
def test_one_picture_without_its_axis_says_what_to_write(shape, quick_classifier):
    X = np.random.RandomState(0).rand(12, *shape)
    model = quick_classifier(n_members=1, max_iter=1).fit(X, [0, 1] * 6)
    assert len(model.predict(X[0][np.newaxis])) == 1
    with pytest.raises(ValueError, match=r"of one picture. Pass one picture as X\[np"):
        model.predict(X[0])


def test_a_pixel_without_any_value_cannot_be_left_out(quick_classifier):
    X = np.random.RandomState(0).rand(12, 4, 4)
    X[:, 1, 1] = np.nan
    with pytest.raises(ValueError, match=r"only missing values. Replace them by 0"):
        quick_classifier().fit(X, [0, 1] * 6)


def test_a_shape_of_numpy_integers_is_written_as_python_writes_it(quick_classifier):
    shape = np.array([4, 5])
    with pytest.raises(ValueError, match=r"image_shape=\(4, 5\) requires 20 pixels"):
        quick_classifier(image_shape=shape).fit(np.zeros((3, 16)), [0, 1, 0])
