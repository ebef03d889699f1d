"""fetch_fashion_mnist reads files in the published format from several folders."""

import gzip
import struct

import numpy as np
import pandas as pd
import pytest
from sklearn.utils import Bunch

from sklearn_revae.datasets import _fashion_mnist, fetch_fashion_mnist


def _write(folder, shade, n_train=20, n_test=10):
    """Write four files of images whose first pixel is `shade`."""
    folder.mkdir(parents=True, exist_ok=True)
    for part, n_rows in [("train", n_train), ("t10k", n_test)]:
        X = np.random.RandomState(n_rows).randint(256, size=(n_rows, 28, 28))
        X[:, 0, 0] = shade
        y = np.arange(n_rows) % 10
        images = struct.pack(">4I", 0x803, n_rows, 28, 28) + X.astype(np.uint8).tobytes()
        labels = struct.pack(">2I", 0x801, n_rows) + y.astype(np.uint8).tobytes()
        (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(images))
        (folder / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(labels))
    return folder


def _must_not_download(*_, **__):
    raise AssertionError("unexpected download")


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    """The folders that are searched; none of them exists yet."""
    monkeypatch.delenv("FASHION_MNIST", raising=False)
    monkeypatch.setattr(_fashion_mnist, "DEBIAN_FOLDER", tmp_path / "debian")
    monkeypatch.setattr(_fashion_mnist, "fetch_openml", _must_not_download)
    return Bunch(
        named=tmp_path / "named",
        debian=tmp_path / "debian",
        home=tmp_path / "home",
        downloaded=tmp_path / "home" / "fashion-mnist",
    )


def test_the_bunch_has_all_attributes(folders):
    _write(folders.downloaded, 7)
    data = fetch_fashion_mnist(data_home=folders.home)
    assert data.data.shape == (20, 784)
    assert data.data.dtype == np.uint8
    assert data.images.shape == (20, 28, 28)
    np.testing.assert_array_equal(data.images.reshape(20, -1), data.data)
    np.testing.assert_array_equal(data.target, np.arange(20) % 10)
    assert data.target.dtype.kind == "i"
    assert len(data.feature_names) == 784
    assert len(data.target_names) == 10
    assert "Zalando" in data.DESCR
    assert "frame" not in data


def test_data_is_writable(folders):
    _write(folders.downloaded, 7)
    X, y = fetch_fashion_mnist(data_home=folders.home, return_X_y=True)
    X[0, 0], y[0] = 1, 1


@pytest.mark.parametrize(("subset", "n_rows"), [("train", 20), ("test", 10), ("all", 30)])
def test_subsets_have_their_numbers_of_samples(subset, n_rows, folders):
    _write(folders.downloaded, 7)
    X, y = fetch_fashion_mnist(subset=subset, data_home=folders.home, return_X_y=True)
    assert len(X) == len(y) == n_rows


def test_all_is_train_followed_by_test(folders):
    _write(folders.downloaded, 7)
    train, test, both = (
        fetch_fashion_mnist(subset=s, data_home=folders.home)
        for s in ("train", "test", "all")
    )
    np.testing.assert_array_equal(both.data, np.concatenate([train.data, test.data]))
    np.testing.assert_array_equal(
        both.target, np.concatenate([train.target, test.target])
    )


def test_as_frame_returns_pandas_objects(folders):
    _write(folders.downloaded, 7)
    plain = fetch_fashion_mnist(data_home=folders.home)
    data = fetch_fashion_mnist(data_home=folders.home, as_frame=True)
    assert isinstance(data.target, pd.Series)
    assert data.data.columns.tolist() == data.feature_names == plain.feature_names
    np.testing.assert_array_equal(data.data.to_numpy(), plain.data)
    assert data.frame.shape == (20, 785)
    assert data.frame.columns[-1] == data.target.name
    X, y = fetch_fashion_mnist(data_home=folders.home, as_frame=True, return_X_y=True)
    pd.testing.assert_frame_equal(X, data.data)
    pd.testing.assert_series_equal(y, data.target)


def test_folders_are_searched_in_the_documented_order(folders, monkeypatch):
    def shade():
        return int(fetch_fashion_mnist(data_home=folders.home).data[0, 0])

    _write(folders.downloaded, 3)
    monkeypatch.setenv("FASHION_MNIST", str(folders.named))
    assert shade() == 3
    _write(folders.debian, 2)
    assert shade() == 2
    _write(folders.named, 1)
    assert shade() == 1


def test_a_folder_that_lacks_a_file_of_the_subset_is_skipped(folders):
    _write(folders.downloaded, 3)
    _write(folders.debian, 2)
    (folders.debian / "t10k-labels-idx1-ubyte.gz").unlink()
    shades = [
        fetch_fashion_mnist(subset=subset, data_home=folders.home).data[0, 0]
        for subset in ("train", "test", "all")
    ]
    assert shades == [2, 3, 3]


def test_data_home_is_not_created_if_it_is_not_needed(folders):
    _write(folders.debian, 2)
    fetch_fashion_mnist(data_home=folders.home)
    assert not folders.home.exists()


def test_missing_files_raise_with_the_searched_folders(folders, monkeypatch):
    monkeypatch.setenv("FASHION_MNIST", str(folders.named))
    with pytest.raises(OSError, match="Data not found and") as caught:
        fetch_fashion_mnist(data_home=folders.home, download_if_missing=False)
    for folder in (folders.named, folders.debian, folders.downloaded):
        assert str(folder) in str(caught.value)


@pytest.fixture
def openml(monkeypatch):
    """A replacement of OpenML with 20 training and 10 test samples; it records calls."""
    calls = []
    X = np.random.RandomState(0).randint(256, size=(30, 784)).astype(float)
    answer = Bunch(data=X, target=np.array([str(row % 10) for row in range(30)]))

    def fetch(name, **settings):
        calls.append((name, settings["version"]))
        return answer

    monkeypatch.setattr(_fashion_mnist, "fetch_openml", fetch)
    monkeypatch.setattr(_fashion_mnist, "N_TRAIN", 20)
    return Bunch(answer=answer, calls=calls)


def test_a_download_is_kept_on_disk(openml, folders):
    first = fetch_fashion_mnist(data_home=folders.home, subset="all")
    again = fetch_fashion_mnist(data_home=folders.home, subset="all")
    assert openml.calls == [("Fashion-MNIST", 1)]
    np.testing.assert_array_equal(first.data, openml.answer.data)
    np.testing.assert_array_equal(first.target, np.arange(30) % 10)
    np.testing.assert_array_equal(again.data, first.data)
    test = fetch_fashion_mnist(data_home=folders.home, subset="test")
    np.testing.assert_array_equal(test.data, first.data[20:])
    assert len(list(folders.downloaded.iterdir())) == 4


def test_a_download_in_another_order_raises_and_is_not_written(openml, folders):
    openml.answer.target[0] = "1"
    with pytest.raises(OSError, match="are not the training set"):
        fetch_fashion_mnist(data_home=folders.home)
    assert not folders.downloaded.exists()


def test_an_interrupted_write_leaves_no_file(openml, folders, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr("os.replace", stop)
        with pytest.raises(KeyboardInterrupt):
            fetch_fashion_mnist(data_home=folders.home)
    assert list(folders.downloaded.iterdir()) == []
    assert len(fetch_fashion_mnist(data_home=folders.home).data) == 20


@pytest.mark.parametrize(
    "damage",
    [lambda content: content[:-1], lambda _: b"<html>", lambda _: b""],
    ids=["cut short", "HTML", "nothing"],
)
def test_a_damaged_file_raises_with_its_name(damage, folders):
    path = _write(folders.downloaded, 7) / "train-images-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(damage(gzip.decompress(path.read_bytes()))))
    with pytest.raises(ValueError, match=f"{path.name} is not a complete idx file"):
        fetch_fashion_mnist(data_home=folders.home)


def test_an_unknown_subset_raises():
    with pytest.raises(ValueError, match="The 'subset' parameter"):
        fetch_fashion_mnist(subset="validation")


DEBIAN = _fashion_mnist.DEBIAN_FOLDER


@pytest.mark.skipif(not DEBIAN.exists(), reason="requires Debian's dataset-fashion-mnist")
def test_the_files_of_the_debian_package_are_read(folders, monkeypatch):
    monkeypatch.setattr(_fashion_mnist, "DEBIAN_FOLDER", DEBIAN)
    data = fetch_fashion_mnist(subset="test", data_home=folders.home)
    assert data.data.shape == (10_000, 784)
    assert np.bincount(data.target).tolist() == [1000] * 10
    assert data.target_names[data.target[0]] == "Ankle boot"
