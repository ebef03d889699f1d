"""load_celeba reads a small folder in the published format."""

import os
import shutil
import sys
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from sklearn_revae.datasets import _celeba, load_celeba

NAMES = ["Eyeglasses", "Smiling", "Young"]
N = 12

# Twelve photographs: 0-5 for training, 6-8 for validation, 9-11 for testing. The
# partition lists the last two in reverse order, so that it is not sorted by file name.
SUBSETS = ["0"] * 6 + ["1"] * 3 + ["2"] * 3
ORDER = [*range(10), 11, 10]


def _file(index):
    return f"{index + 1:06d}.jpg"


def _shade(index):
    """Shade of grey of the central square of a photograph."""
    return 20 * index + 10


def _values(index):
    """Attributes of a photograph, as the published file has them."""
    return [1 if index & (1 << bit) else -1 for bit in range(3)]


def _photograph(path, shade, size=(178, 218), margins=(15, 35)):
    """Save a red photograph with a grey rectangle inside the margins."""
    width, height = size
    left, top = margins
    pixels = np.full((height, width, 3), (255, 0, 0), dtype=np.uint8)
    pixels[top : height - top, left : width - left] = shade
    # Without chroma subsampling, which would blur the red into the grey.
    Image.fromarray(pixels).save(path, quality=95, subsampling=0)


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A folder of twelve photographs that all tests share and must not modify."""
    root = tmp_path_factory.mktemp("celeba")
    (root / "img_align_celeba").mkdir()
    for index in range(N):
        _photograph(root / "img_align_celeba" / _file(index), _shade(index))
    rows = [
        f"{_file(index)}  {' '.join(f'{v:2d}' for v in _values(index))}"
        for index in range(N)
    ]
    text = "\n".join([str(N), " ".join(NAMES) + " ", *rows]) + "\n"
    (root / "list_attr_celeba.txt").write_text(text)
    rows = [f"{_file(i)} {subset}\n" for i, subset in zip(ORDER, SUBSETS, strict=True)]
    (root / "list_eval_partition.txt").write_text("".join(rows))
    return root


@pytest.fixture
def changeable(published, tmp_path):
    """A copy of the folder that a test may modify."""
    return shutil.copytree(published, tmp_path / "published")


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def refuse_to_read(monkeypatch):
    """Function that makes reading photographs of given names raise an error."""

    def refuse(forbidden, error):
        read = _celeba._read_photograph

        def guarded(path, size):
            if path.name in forbidden:
                raise error
            return read(path, size)

        monkeypatch.setattr(_celeba, "_read_photograph", guarded)

    return refuse


def test_the_bunch_has_all_attributes(published, home):
    faces = load_celeba(published, data_home=home)
    assert isinstance(faces.data, np.memmap)
    assert faces.data.shape == (6, 64, 64, 3)
    assert faces.data.dtype == np.uint8
    assert faces.images is faces.data
    assert faces.target.shape == (6, 3)
    assert faces.target.dtype.kind == "i"
    assert faces.target_names == NAMES
    assert faces.filenames == [_file(index) for index in range(6)]
    assert "unlabelled" in faces.DESCR


def test_the_data_is_read_only(published, home):
    faces = load_celeba(published, data_home=home)
    with pytest.raises(ValueError, match="read-only"):
        faces.data[0] = 0


@pytest.mark.parametrize(
    ("subset", "rows"),
    [
        ("train", range(6)),
        ("valid", range(6, 9)),
        ("test", [9, 11, 10]),
        ("all", [*range(10), 11, 10]),
    ],
)
def test_samples_are_in_the_order_of_the_partition(subset, rows, published, home):
    X, y = load_celeba(published, subset=subset, data_home=home, return_X_y=True)
    shades = X.mean(axis=(1, 2, 3))
    np.testing.assert_allclose(shades, [_shade(row) for row in rows], atol=3)
    np.testing.assert_array_equal(y, np.array([_values(row) for row in rows]) > 0)


def test_photographs_are_cropped_to_the_central_148_pixels(changeable, home):
    # Red encodes the column of a pixel, and green its row.
    row, column = np.mgrid[:218, :178]
    pixels = np.stack([column, row, np.zeros_like(row)], axis=2).astype(np.uint8)
    path = changeable / "img_align_celeba" / _file(0)
    Image.fromarray(pixels).save(path, quality=100, subsampling=0)
    X = load_celeba(changeable, size=148, data_home=home).data[0].astype(float)
    np.testing.assert_allclose(X[..., 0].mean(axis=0), np.arange(15, 163), atol=0.7)
    np.testing.assert_allclose(X[..., 1].mean(axis=1), np.arange(35, 183), atol=0.7)


def test_photographs_of_other_sizes_or_in_grey_are_cropped_alike(changeable, home):
    path = changeable / "img_align_celeba" / _file(0)
    _photograph(path, 200, size=(89, 89), margins=(7, 7))
    grey = Image.open(changeable / "img_align_celeba" / _file(1)).convert("L")
    grey.save(changeable / "img_align_celeba" / _file(1))
    X = load_celeba(changeable, size=16, data_home=home).data.astype(int)
    assert np.abs(X[0, 1:-1, 1:-1] - 200).max() < 4
    assert np.abs(X[1, 1:-1, 1:-1] - _shade(1)).max() < 4


def test_attributes_are_in_the_requested_order(published, home):
    every = load_celeba(published, data_home=home)
    some = load_celeba(published, attributes=["Young", "Eyeglasses"], data_home=home)
    assert some.target_names == ["Young", "Eyeglasses"]
    np.testing.assert_array_equal(some.target, every.target[:, [2, 0]])


def test_a_single_attribute_gives_a_one_dimensional_target(published, home):
    every = load_celeba(published, data_home=home)
    one = load_celeba(published, attributes="Smiling", data_home=home)
    assert one.target_names == ["Smiling"]
    np.testing.assert_array_equal(one.target, every.target[:, 1])
    series = load_celeba(published, attributes="Smiling", data_home=home, as_frame=True)
    assert isinstance(series.target, pd.Series)
    assert series.target.name == "Smiling"


def test_as_frame_returns_a_dataframe_of_attributes(published, home):
    plain = load_celeba(published, data_home=home).target
    X, y = load_celeba(published, data_home=home, as_frame=True, return_X_y=True)
    assert isinstance(X, np.memmap)
    assert y.columns.tolist() == NAMES
    np.testing.assert_array_equal(y, plain)


def test_an_unknown_attribute_raises_with_the_known_ones(published, home):
    with pytest.raises(ValueError, match=r"attributes=\['Bald'\] are.*'Smiling'"):
        load_celeba(published, attributes=["Young", "Bald"], data_home=home)


def test_a_second_call_does_not_read_photographs(published, home, refuse_to_read):
    first = load_celeba(published, data_home=home).data
    refuse_to_read({_file(index) for index in range(N)}, AssertionError("read again"))
    again = load_celeba(published, attributes="Young", data_home=home).data
    assert again.filename == first.filename
    np.testing.assert_array_equal(again, first)
    assert len(list((home / "celeba").iterdir())) == 1


def test_each_size_and_subset_has_its_own_file(published, home):
    for settings in [{}, {"size": 8}, {"subset": "valid"}]:
        load_celeba(published, data_home=home, **settings)
    assert len(list((home / "celeba").iterdir())) == 3
    assert load_celeba(published, size=8, data_home=home).data.shape == (6, 8, 8, 3)


def test_a_changed_photograph_is_read_again(changeable, home):
    load_celeba(changeable, data_home=home)
    _photograph(changeable / "img_align_celeba" / _file(2), 250)
    assert load_celeba(changeable, data_home=home).data[2].mean() > 240


def test_a_photograph_with_another_modification_time_is_read_again(changeable, home):
    first = load_celeba(changeable, data_home=home).data
    os.utime(changeable / "img_align_celeba" / _file(2), (0, 0))
    assert load_celeba(changeable, data_home=home).data.filename != first.filename


def test_photographs_are_read_again_after_a_change_of_the_partition(changeable, home):
    load_celeba(changeable, data_home=home)
    path = changeable / "list_eval_partition.txt"
    lines = path.read_text().splitlines()
    path.write_text("\n".join(reversed(lines)))
    X = load_celeba(changeable, data_home=home).data
    np.testing.assert_allclose(X[0].mean(), _shade(5), atol=3)


def test_the_result_does_not_depend_on_the_number_of_threads(
    published, tmp_path, monkeypatch
):
    monkeypatch.setattr(_celeba, "_BATCH", 5)
    one = load_celeba(published, subset="all", data_home=tmp_path / "1")
    two = load_celeba(published, subset="all", n_jobs=2, data_home=tmp_path / "2")
    np.testing.assert_array_equal(one.data, two.data)


def test_an_interrupted_call_leaves_no_file_and_the_next_is_complete(
    published, home, monkeypatch, refuse_to_read
):
    monkeypatch.setattr(_celeba, "_BATCH", 2)
    refuse_to_read({_file(4)}, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        load_celeba(published, data_home=home)
    assert list((home / "celeba").iterdir()) == []
    monkeypatch.undo()
    X = load_celeba(published, data_home=home).data
    np.testing.assert_allclose(X[4].mean(), _shade(4), atol=3)


def test_a_partial_file_is_not_used(published, home):
    complete = load_celeba(published, data_home=home).data
    path = home / "celeba" / os.path.basename(complete.filename)
    part = path.with_name(f"{path.name}.0123.part")
    part.write_bytes(path.read_bytes()[:1000])
    path.unlink()
    np.testing.assert_allclose(
        load_celeba(published, data_home=home).data[5].mean(), _shade(5), atol=3
    )


def test_memory_does_not_grow_with_the_number_of_images(published, home, monkeypatch):
    monkeypatch.setattr(_celeba, "_BATCH", 1)
    tracemalloc.start()
    try:
        X = load_celeba(published, subset="all", size=300, data_home=home).data
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # Only one of the twelve images, with its copies, is in memory at a time.
    assert peak < X.nbytes / 3


@pytest.mark.parametrize(
    "name",
    [
        "list_attr_celeba.txt",
        "list_eval_partition.txt",
        "img_align_celeba/000003.jpg",
        "img_align_celeba",
    ],
)
def test_a_missing_file_raises_with_the_expected_layout(name, changeable, home):
    path = changeable / name
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(FileNotFoundError, match="CelebA as it is published") as caught:
        load_celeba(changeable, data_home=home)
    assert str(path) in str(caught.value)


def test_a_damaged_photograph_raises_and_nothing_is_written(changeable, home):
    path = changeable / "img_align_celeba" / _file(3)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(OSError, match=r"000004\.jpg cannot be read as a photograph"):
        load_celeba(changeable, data_home=home)
    assert list((home / "celeba").iterdir()) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda lines: ["image_id,Young", *lines[1:]], "must be the number of"),
        (lambda lines: [], "must be the number of"),
        (lambda lines: lines[:-1], "must list 12 photographs, .* lists 11"),
        (lambda lines: ["11", *lines[1:2], *lines[3:]], "no attributes for 000001.jpg"),
        (
            lambda lines: [*lines[:2], lines[2][:-3], *lines[3:]],
            "have 3 values for 000001.jpg",
        ),
        (lambda lines: [*lines[:2], lines[2] + "0", *lines[3:]], "each 1 or -1"),
    ],
    ids=["csv", "empty", "truncated", "missing name", "too few values", "other value"],
)
def test_attributes_in_another_format_raise(change, message, changeable, home):
    path = changeable / "list_attr_celeba.txt"
    path.write_text("\n".join(change(path.read_text().splitlines())) + "\n")
    with pytest.raises(ValueError, match=message):
        load_celeba(changeable, data_home=home)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("000001.jpg 3\n", "Line 1 of .* 0, 1 or 2"),
        ("000001.jpg 0\nimage_id,partition\n", "Line 2 of .* 0, 1 or 2"),
        ("000001.jpg 1\n", "no photograph of the subset 'train'"),
        ("", "no photograph of the subset 'train'"),
    ],
    ids=["unknown subset", "csv", "none of the subset", "empty"],
)
def test_a_partition_in_another_format_raises(text, message, changeable, home):
    (changeable / "list_eval_partition.txt").write_text(text)
    with pytest.raises(ValueError, match=message):
        load_celeba(changeable, data_home=home)


def test_without_pillow_the_error_says_how_to_install_it(published, home, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImportError, match="pip install pillow"):
        load_celeba(published, data_home=home)
