"""X outside of memory: its containers, what is read and when, and the results."""

import math
import os
import pickle
import re
import signal
import sys
import threading
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
import scipy.sparse
import torch
import zarr
from PIL import Image
from skorch.callbacks import Callback
from torch.utils.data import Dataset, IterableDataset

from sklearn_revae._data import chunks, storage
from sklearn_revae._data.scaling import Scaling
from sklearn_revae._data.sources import as_stored
from sklearn_revae._data.stored_arrays import without_mapping
from sklearn_revae._data.stored_items import PictureFolder
from sklearn_revae._inference import chunked
from sklearn_revae._model.stacked import StackedLinear
from sklearn_revae._training import cycles, streaming
from sklearn_revae.datasets import list_images

N_FEATURES = 64


class Items(Dataset):
    """A Dataset of pairs (row, label), like those of torchvision."""

    def __init__(self, X):
        self.X = X

    def __len__(self):
        return len(self.X)

    def __getitem__(self, i):
        return torch.from_numpy(self.X[i].copy()), 7


def _memmap(X, folder):
    mapped = np.memmap(folder / "x", dtype=X.dtype, mode="w+", shape=X.shape)
    mapped[:] = X
    mapped.flush()
    return np.memmap(folder / "x", dtype=X.dtype, mode="r", shape=X.shape)


def _hdf5(X, folder, chunks=None):
    return h5py.File(folder / "x.h5", "w").create_dataset("x", data=X, chunks=chunks)


def _zarr(X, folder):
    return zarr.create_array(folder / "x.zarr", data=X, chunks=(10, *X.shape[1:]))


def _folder(X, folder):
    for i, pixels in enumerate(X.reshape(len(X), 8, 8)):
        Image.fromarray(pixels).save(folder / f"{i:04}.png")
    (folder / "names.txt").write_text("not a picture")
    return folder


ARRAYS = {
    "memmap": _memmap,
    "hdf5": _hdf5,
    "hdf5_chunked": lambda X, folder: _hdf5(X, folder, (10, *X.shape[1:])),
    "zarr": _zarr,
    "dataset": lambda X, folder: Items(X),
}
CONTAINERS = {
    **ARRAYS,
    "folder": _folder,
    "folder_name": lambda X, folder: str(_folder(X, folder)),
}


@pytest.fixture(scope="module")
def pixels(digits):
    """Digits as integers from 0 to 16, a few of them labelled: eight small blocks."""
    X = (digits.X_train[60:220] * 16).astype(np.uint8)
    y = digits.y_train[60:220]
    X.setflags(write=False)
    return SimpleNamespace(X=X, y=y, pictures=X.reshape(-1, 8, 8))


def _as_held(pixels, name):
    """X in memory as the container holds it: rows, or pictures for a folder."""
    return pixels.pictures if name.startswith("folder") else pixels.X


@pytest.fixture(params=CONTAINERS)
def held(request, pixels, tmp_path):
    """X in a container, and the same X in memory."""
    X = _as_held(pixels, request.param)
    return SimpleNamespace(
        X=CONTAINERS[request.param](X, tmp_path), same=X, name=request.param
    )


def _set_small_limits(patch):
    patch.setattr(storage, "LARGEST_COPY", 0)
    patch.setattr(storage, "BLOCK_BYTES", 20 * N_FEATURES)
    patch.setattr(chunks, "_CHUNK_CELLS", 40 * N_FEATURES)
    patch.setattr(streaming, "KEPT_BYTES", 0)
    patch.setattr(cycles, "GROUP_BLOCKS", 3)


@pytest.fixture
def small_limits(monkeypatch):
    """Limits so small that the digits are streamed from the disk block by block."""
    _set_small_limits(monkeypatch)


def _readers():
    return [t for t in threading.enumerate() if "sklearn_revae" in t.name]


# Training


@pytest.fixture(scope="module")
def in_memory(pixels, quick_classifier, weight_bytes):
    """Weights of models that are fitted to rows and to pictures in memory, by ndim."""
    return {
        X.ndim: weight_bytes(quick_classifier().fit(X, pixels.y))
        for X in (pixels.X, pixels.pictures)
    }


def test_small_stored_data_give_the_same_model_as_in_memory(
    held, in_memory, pixels, quick_classifier, weight_bytes
):
    stored = quick_classifier().fit(held.X, pixels.y)
    assert weight_bytes(stored) == in_memory[held.same.ndim]
    assert _readers() == []


@pytest.fixture(scope="module")
def in_blocks(pixels, quick_classifier, weight_bytes, tmp_path_factory):
    """Weights of models that read rows and pictures block by block, by ndim."""
    weights = {}
    with pytest.MonkeyPatch.context() as patch:
        _set_small_limits(patch)
        for X, hold in ((pixels.X, _memmap), (pixels.pictures, _hdf5)):
            stored = hold(X, tmp_path_factory.mktemp("blocks"))
            weights[X.ndim] = weight_bytes(quick_classifier().fit(stored, pixels.y))
    return weights


# `in_blocks` is of a memmap.
@pytest.mark.parametrize("name", sorted(CONTAINERS.keys() - {"memmap"}))
def test_large_stored_data_give_the_same_model_in_every_container(
    name, pixels, tmp_path, in_blocks, small_limits, quick_classifier, weight_bytes
):
    X = _as_held(pixels, name)
    model = quick_classifier().fit(CONTAINERS[name](X, tmp_path), pixels.y)
    assert weight_bytes(model) == in_blocks[X.ndim]


def test_training_on_blocks_is_as_accurate_as_on_shuffled_rows(
    pixels, tmp_path, small_limits, quick_classifier
):
    model = quick_classifier(
        hidden_layer_sizes=(64,), n_members=1, max_iter=10, learning_rate_init=0.01
    )
    in_memory = model.fit(pixels.X, pixels.y).score(pixels.X, pixels.y)
    stored = _hdf5(pixels.X, tmp_path)
    by_blocks = model.fit(stored, pixels.y).score(stored, pixels.y)
    assert min(in_memory, by_blocks) > 0.95


def test_large_arrays_in_memory_give_the_same_model_as_small_ones(
    pixels, quick_classifier, weight_bytes, monkeypatch
):
    small = weight_bytes(quick_classifier().fit(pixels.X, pixels.y))
    monkeypatch.setattr(storage, "LARGEST_COPY", 0)
    assert weight_bytes(quick_classifier().fit(pixels.X, pixels.y)) == small


def test_the_seed_decides_the_order_for_any_number_of_threads(
    pixels, tmp_path, small_limits, quick_classifier, weight_bytes, monkeypatch
):
    X = _memmap(pixels.X, tmp_path)
    first = weight_bytes(quick_classifier().fit(X, pixels.y))
    monkeypatch.setattr(streaming, "_READERS", 7)
    assert weight_bytes(quick_classifier().fit(X, pixels.y)) == first
    other = quick_classifier(random_state=1).fit(X, pixels.y)
    assert weight_bytes(other) != first


def test_fully_labelled_rows_are_streamed_too(
    pixels, digits, tmp_path, small_limits, quick_classifier
):
    X, y = _memmap(pixels.X, tmp_path), pixels.X.sum(axis=1) % 2
    assert quick_classifier().fit(X, y).n_iter_ == 2


def test_rows_of_weight_zero_are_ignored(
    pixels, tmp_path, small_limits, quick_classifier, weight_bytes
):
    weight = np.ones(len(pixels.X))
    weight[::7] = 0
    some = weight > 0
    whole = quick_classifier().fit(pixels.X, pixels.y, weight)
    part = quick_classifier().fit(pixels.X[some], pixels.y[some])
    assert weight_bytes(whole) == weight_bytes(part)
    stored = quick_classifier().fit(_memmap(pixels.X, tmp_path), pixels.y, weight)
    assert np.array_equal(stored._codec.scaling_.shift_, part._codec.scaling_.shift_)


def test_early_stopping_sets_stored_rows_aside(
    pixels, tmp_path, small_limits, quick_classifier
):
    y = (pixels.X.sum(axis=1) % 2).astype(int)
    model = quick_classifier(early_stopping=True, max_iter=3, verbose=True)
    model.fit(_zarr(pixels.X, tmp_path), y)
    assert model.early_stopping_monitor_ == "validation_score"
    assert all("validation_score" in epoch for epoch in model.history_)
    assert _readers() == []


def test_training_continues_on_stored_rows(
    pixels, tmp_path, small_limits, quick_classifier
):
    model = quick_classifier(warm_start=True, n_members=1)
    X = _hdf5(pixels.X, tmp_path)
    assert model.fit(X, pixels.y).fit(X, pixels.y).n_iter_ == 4
    assert model.partial_fit(X, pixels.y).n_iter_ == 5
    # The model does not keep any of X.
    assert len(pickle.dumps(model)) < 100_000


def test_the_cause_of_an_infinite_loss_is_found_chunk_by_chunk(
    quick_classifier, small_limits, pixels, monkeypatch
):
    X = pixels.X.astype(np.float32)
    X[7, 2] = 1e4
    X = _SpiedArray(X)
    forward = StackedLinear.forward
    monkeypatch.setattr(
        StackedLinear, "forward", lambda *given: forward(*given) + math.nan
    )
    with (
        pytest.raises(FloatingPointError, match="column 2 "),
        pytest.warns(RuntimeWarning, match="NaN"),
    ):
        quick_classifier().fit(X, pixels.y)
    assert max(X.reads) <= 40
    assert _readers() == []


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("kind", [_memmap, lambda X, _: scipy.sparse.csr_matrix(X)])
def test_streamed_rows_train_on_a_gpu(
    kind, pixels, tmp_path, small_limits, quick_classifier
):
    model = quick_classifier(device="cuda", early_stopping=True, verbose=True)
    model.fit(kind(pixels.X, tmp_path), pixels.X.sum(axis=1) % 2)
    assert all(parameter.isfinite().all() for parameter in model.module_.parameters())


# Memory


class _Sizes(list):
    """Numbers of rows that a method was called with."""

    def spy_on(self, monkeypatch, owner, name, size):
        original = getattr(owner, name)

        def spied(*args, **kwargs):
            self.append(size(*args))
            return original(*args, **kwargs)

        monkeypatch.setattr(owner, name, spied)


@pytest.mark.parametrize("kind", ["csr_matrix", "csr_array"])
def test_sparse_rows_become_dense_a_few_at_a_time(
    kind, pixels, quick_classifier, weight_bytes, monkeypatch
):
    monkeypatch.setattr(chunks, "_CHUNK_CELLS", 40 * N_FEATURES)
    X = getattr(scipy.sparse, kind)(pixels.X)
    sizes = _Sizes()
    for method in ("toarray", "todense"):
        sizes.spy_on(monkeypatch, type(X), method, lambda rows, *_: rows.shape[0])
    weight = np.ones(X.shape[0])
    weight[0] = 0
    model = quick_classifier(early_stopping=True).fit(X, pixels.y, weight)
    # Batches of 30 rows: at least four an epoch, after the validation set is taken.
    assert len(sizes) > model.n_iter_ * 4
    assert max(sizes) <= 40
    assert sum(size == 30 for size in sizes) >= model.n_iter_ * 4
    model.partial_fit(X, pixels.y)
    assert max(sizes) <= 40


def test_sparse_rows_give_the_same_model_as_dense_ones(
    pixels, quick_classifier, weight_bytes
):
    # Without a likelihood, the columns of a sparse matrix would be counts.
    model = quick_classifier(likelihood="gaussian")
    dense = weight_bytes(model.fit(pixels.X, pixels.y))
    assert weight_bytes(model.fit(scipy.sparse.csr_matrix(pixels.X), pixels.y)) == dense


def test_large_arrays_are_converted_a_few_rows_at_a_time(
    pixels, quick_classifier, monkeypatch, tmp_path
):
    monkeypatch.setattr(storage, "LARGEST_COPY", 10**4)
    monkeypatch.setattr(chunks, "_CHUNK_CELLS", 40 * N_FEATURES)
    monkeypatch.setattr(chunked, "_MOST_ROWS", 40)
    sizes = _Sizes()
    sizes.spy_on(monkeypatch, Scaling, "transform", lambda _, rows, *__: rows.shape[0])
    quick_classifier(early_stopping=True).fit(pixels.X, pixels.y)
    quick_classifier().fit(_memmap(pixels.X, tmp_path), pixels.y)
    assert max(sizes) <= 40


class _SpiedArray:
    """An array like those of h5py that records how many rows are read."""

    def __init__(self, X):
        self.X, self.shape, self.dtype, self.chunks = X, X.shape, X.dtype, None
        self.reads = []

    def __getitem__(self, rows):
        assert isinstance(rows, slice)
        self.reads.append(rows.stop - rows.start)
        return self.X[rows]


def test_no_read_is_larger_than_a_chunk(digits, quick_classifier, small_limits):
    # So many rows that the ends of runs are few.
    X = _SpiedArray((digits.X_train[:500] * 16).astype(np.uint8))
    model = quick_classifier(early_stopping=True).fit(X, digits.y_train[:500])
    assert max(X.reads) <= 40
    # Once for the statistics of columns, once for what is computed after training, once
    # for a sample of at most 1000 rows, and once per epoch; twice that for labelled rows,
    # groups that are read ahead and ends of runs.
    assert sum(X.reads) < 2 * (3 + model.n_iter_) * X.shape[0]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_pages_of_a_mapped_file_are_released(tmp_path, quick_classifier, small_limits):
    X = _memmap(np.zeros((50_000, N_FEATURES), np.uint8), tmp_path)
    X = np.memmap(tmp_path / "x", dtype=np.uint8, mode="r", shape=X.shape)

    def resident():
        """Kilobytes of the file that count as memory of this process."""
        total, inside = 0, False
        with open("/proc/self/smaps") as smaps:
            for line in smaps:
                if "-" in line.split()[0]:
                    inside = line.rstrip().endswith(str(tmp_path / "x"))
                elif inside and line.startswith("Rss:"):
                    total += int(line.split()[1])
        return total

    assert int(X.sum()) == 0
    assert resident() > 3000
    without_mapping(np.asarray(X))[:]
    assert resident() < 1000


def test_changes_of_a_private_mapping_are_kept(tmp_path, quick_classifier, pixels):
    _memmap(pixels.X, tmp_path)
    X = np.memmap(tmp_path / "x", dtype=np.uint8, mode="c", shape=pixels.X.shape)
    X[3] = 9
    quick_classifier().fit(X, pixels.y).predict(X)
    assert (X[3] == 9).all()


# Threads


class _Fails(Callback):
    """Raises after the third batch."""

    n_batches = 0

    def on_batch_end(self, net, **kwargs):
        self.n_batches += 1
        if self.n_batches == 3:
            assert _readers()
            self.fail()

    def fail(self):
        raise ZeroDivisionError


class _CtrlC(_Fails):
    def fail(self):
        signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize(
    ("callback", "error"), [(_Fails, ZeroDivisionError), (_CtrlC, KeyboardInterrupt)]
)
def test_no_thread_is_left_when_training_is_interrupted(
    callback, error, pixels, tmp_path, small_limits, quick_classifier
):
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(error):
            quick_classifier(callbacks=[("fails", callback())]).fit(
                _memmap(pixels.X, tmp_path), pixels.y
            )
    finally:
        signal.signal(signal.SIGINT, before)
    assert _readers() == []


class _Broken(Items):
    """A data set whose disk fails after its statistics have been computed."""

    n_reads = 0

    def __getitem__(self, i):
        self.n_reads += 1
        if self.n_reads > 1.4 * len(self.X):
            raise OSError("the disk is gone")
        return super().__getitem__(i)


def test_an_error_while_reading_ends_training(pixels, small_limits, quick_classifier):
    with pytest.raises(OSError, match="the disk is gone"):
        quick_classifier().fit(_Broken(pixels.X), pixels.y)
    assert _readers() == []


# Results


@pytest.fixture(scope="module")
def models(pixels, quick_classifier):
    """Models fitted on rows and on pictures, by the number of axes of X."""
    return {
        X.ndim: quick_classifier().fit(X, pixels.y) for X in (pixels.X, pixels.pictures)
    }


@pytest.mark.parametrize(
    "method", ["predict", "predict_proba", "transform", "score_samples"]
)
def test_stored_rows_give_the_same_results_as_in_memory(method, held, models):
    ask = getattr(models[held.same.ndim], method)
    assert np.array_equal(ask(held.X), ask(held.same))


def _new_rows(model, X):
    """What all methods that return new rows make of X."""
    drawn = {"n_samples": 2, "random_state": 0}
    return [
        model.reconstruct(X),
        model.intervene(X, 3),
        model.intervene(X, 3, keep=[0, 1], strength=1),
        model.impute(X),
        model.impute(X, **drawn),
        model.intervene(X, 3, keep=[5], **drawn),
    ]


@pytest.fixture(scope="module")
def new_rows(models, pixels):
    """New rows from those in memory, by the number of axes of X."""
    return {X.ndim: _new_rows(models[X.ndim], X) for X in (pixels.X, pixels.pictures)}


def test_new_rows_from_stored_ones_are_an_array(held, models, new_rows):
    ndim = held.same.ndim
    found = _new_rows(models[ndim], held.X)
    for new, same in zip(found, new_rows[ndim], strict=True):
        assert isinstance(new, np.ndarray)
        assert (new.dtype, new.shape) == (same.dtype, same.shape)
        assert np.array_equal(new, same)


def test_pictures_with_channels_in_every_container(tmp_path, quick_classifier):
    X = np.random.default_rng(0).integers(0, 256, (30, 5, 4, 3), dtype=np.uint8)
    y = np.resize([0, 1, -1], 30)
    for i, picture in enumerate(X):
        Image.fromarray(picture).save(tmp_path / f"{i:02}.bmp")
    in_memory = quick_classifier().fit(X, y)
    for held in (tmp_path, Items(X), _hdf5(X, tmp_path), _zarr(X, tmp_path)):
        model = quick_classifier().fit(held, y)
        assert model.score(held, y) == in_memory.score(X, y)
        assert model.reconstruct(held).shape == X.shape


def test_pictures_of_a_folder_are_sorted_by_name(tmp_path):
    for name, shade in (("b.png", 2), ("a.png", 1), ("c.PNG", 3), (".d.png", 9)):
        file = tmp_path / name
        Image.fromarray(np.full((2, 2), shade, np.uint8)).save(file, format="png")
    assert as_stored(tmp_path)[:][:, 0].tolist() == [1, 2, 3]


@pytest.mark.parametrize("name", [*ARRAYS, "folder"])
@pytest.mark.parametrize(
    "index",
    [
        slice(3, 9),
        slice(None),
        slice(9, 3),
        slice(1, None, 30),
        slice(5, 0, -2),
        [4],
        [130, 3, 3, 4, 159],
        [],
    ],
    ids=str,
)
def test_stored_rows_are_read_by_slice_and_by_index(name, index, pixels, tmp_path):
    stored = CONTAINERS[name](pixels.X, tmp_path)
    stored = as_stored(stored) or without_mapping(stored)
    index = np.array(index, dtype=int) if isinstance(index, list) else index
    assert np.array_equal(stored[index], pixels.X[index])
    every_third = np.arange(0, len(pixels.X), 3)
    if not isinstance(index, slice):
        index = index[index < len(every_third)]
    some = storage.SomeRows(stored, every_third)
    assert np.array_equal(some[index], pixels.X[every_third][index])


# Batches from a generator


def test_a_generator_gives_one_partial_fit_per_batch(
    pixels, quick_classifier, weight_bytes
):
    one_by_one, at_once = quick_classifier(), quick_classifier()
    weight = np.arange(50) / 25.0
    for start in range(0, 150, 50):
        run = slice(start, start + 50)
        one_by_one.partial_fit(pixels.X[run], pixels.y[run], range(10), weight)
    batches = (
        (pixels.X[start : start + 50], pixels.y[start : start + 50], weight)
        for start in range(0, 150, 50)
    )
    assert at_once.partial_fit(batches, classes=range(10)) is at_once
    assert weight_bytes(at_once) == weight_bytes(one_by_one)
    assert at_once.partial_fit(iter([(pixels.X[:50], pixels.y[:50])])).n_iter_ == 4


def test_a_generator_without_labels(pixels, quick_transformer):
    model = quick_transformer().partial_fit(pixels.X[i::5] for i in range(5))
    assert model.n_iter_ == 5


@pytest.mark.parametrize(
    ("batches", "arguments", "message"),
    [
        ([], {}, "without any batch"),
        ([[[1.0]]], {"y": [0]}, "y and sample_weight have to come with"),
        ([[[1.0]]], {"sample_weight": [1]}, "y and sample_weight have to come with"),
        ([([[1.0]], [0], [1], [2])], {}, "neither rows nor a tuple"),
        ([()], {}, "neither rows nor a tuple"),
        ([iter([[1.0]])], {}, "neither rows nor a tuple"),
        ([([[1.0]],)], {}, None),
    ],
)
def test_generators_of_other_things_are_refused(
    batches, arguments, message, quick_transformer
):
    model = quick_transformer()
    if message is None:
        assert model.partial_fit(iter(batches), **arguments).n_iter_ == 1
        return
    with pytest.raises(ValueError, match=message):
        model.partial_fit(iter(batches), **arguments)


class _Endless(IterableDataset):
    def __iter__(self):
        yield np.zeros(4)


@pytest.mark.parametrize("X", [iter([[1.0]]), (row for row in [[1.0]]), _Endless()])
def test_rows_that_can_be_read_only_once_are_for_partial_fit(X, models, quick_classifier):
    for method in (lambda X: quick_classifier().fit(X, [0]), models[2].predict):
        with pytest.raises(TypeError, match="partial_fit"):
            method(X)


# Errors


def _pictures(folder, *pictures):
    for i, picture in enumerate(pictures):
        picture.save(folder / f"{i}.png")
    return folder


def _strings(folder):
    return h5py.File(folder / "s.h5", "w").create_dataset("s", data=[["a"], ["b"]])


REFUSED = {
    "no folder": (lambda f: str(f / "nowhere"), "is not a directory"),
    "empty folder": (lambda f: f, "contains no pictures"),
    "another size": (
        lambda f: _pictures(f, Image.new("L", (4, 4)), Image.new("L", (4, 5))),
        r"1\.png.*shape \(5, 4\)",
    ),
    "another mode": (
        lambda f: _pictures(f, Image.new("L", (4, 4)), Image.new("RGB", (4, 4))),
        r"1\.png.*mode 'RGB'",
    ),
    "text": (_strings, "must be numbers"),
    "one axis": (
        lambda f: zarr.create_array(f / "z", shape=(5,), dtype="f4"),
        "rows of numbers",
    ),
    "no rows": (
        lambda f: zarr.create_array(f / "z", shape=(0, 5), dtype="f4"),
        "at least one row",
    ),
    "five axes": (
        lambda f: zarr.create_array(f / "z", shape=(2, 2, 2, 2, 2), dtype="f4"),
        "two axes",
    ),
    "complex": (
        lambda f: zarr.create_array(f / "z", shape=(2, 2), dtype="c8"),
        "must be numbers",
    ),
    "no items": (lambda f: Items(np.empty((0, 3))), "without items"),
    "infinite": (lambda f: _hdf5(np.array([[1.0], [np.inf]]), f), "infinity in column 0"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_unsuitable_stored_rows_are_refused(name, tmp_path, quick_classifier):
    make, message = REFUSED[name]
    model = quick_classifier()
    with pytest.raises(ValueError, match=message):
        model.fit(make(tmp_path), [0, 1])
    assert not hasattr(model, "n_features_in_")


def test_a_file_of_arrays_is_refused(tmp_path, quick_classifier):
    np.savez(tmp_path / "x.npz", table=np.eye(4))
    file = h5py.File(tmp_path / "x.h5", "w")
    file["table"] = np.eye(4)
    for X in (file, np.load(tmp_path / "x.npz")):
        with pytest.raises(TypeError, match=r"arrays, for example X\['table'\]"):
            quick_classifier().fit(X, [0, 1, 0, 1])


class _Made(Items):
    """A Dataset whose items are made by a function."""

    def __init__(self, X, make):
        super().__init__(X)
        self.make = make

    def __getitem__(self, i):
        return self.make(self.X[i])


@pytest.mark.parametrize(
    "make",
    [
        lambda row: (row, 1),
        lambda row: [row, 1],
        lambda row: [torch.from_numpy(row), torch.tensor(1)],
        lambda row: row.tolist(),
    ],
)
def test_a_row_is_the_first_part_of_an_item_or_all_of_it(make):
    X = np.arange(12.0).reshape(3, 4)
    np.testing.assert_array_equal(as_stored(_Made(X, make))[:], X)


def test_a_list_of_rows_of_pixels_is_a_picture():
    X = np.arange(12.0).reshape(3, 2, 2)
    assert as_stored(_Made(X, list)).image_shape == (2, 2)


def test_items_that_are_dicts_are_refused(quick_classifier):
    items = _Made(np.eye(4), lambda row: {"image": row})
    with pytest.raises(TypeError, match=r"Item 0 of X is a dict.*begins with"):
        quick_classifier().fit(items, [0, 1, 0, 1])


def test_a_file_that_is_not_a_picture_is_named(tmp_path, quick_classifier):
    _pictures(tmp_path, *[Image.new("L", (4, 4))] * 2)
    (tmp_path / "1.png").write_bytes(b"something else")
    with pytest.raises(ValueError, match=r"1\.png.*cannot be read"):
        quick_classifier().fit(tmp_path, [0, 1])


def test_a_picture_of_suspicious_size_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 4)
    with pytest.raises(ValueError, match=r"0\.png.*cannot be read.*exceeds limit"):
        PictureFolder(_pictures(tmp_path, Image.new("L", (4, 4))))


def test_colours_are_read_from_a_palette(tmp_path):
    picture = Image.new("P", (4, 4), 1)
    picture.putpalette([0, 0, 0, 250, 140, 10])
    rows = PictureFolder(_pictures(tmp_path, picture))
    assert rows.image_shape == (4, 4, 3)
    assert rows[:][0, :3].tolist() == [250, 140, 10]


@pytest.mark.parametrize(
    ("files", "read"),
    [
        (["a.png", "b/c.png"], ["a.png"]),
        (["a/b.png", "c/d/e.png"], ["a/b.png"]),
    ],
)
def test_warns_of_pictures_that_are_too_deep(files, read, tmp_path):
    for file in files:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (4, 4)).save(tmp_path / file)
    folder = re.escape(repr(os.path.dirname(files[1])))
    with pytest.warns(UserWarning, match=f"sub-folders that are not read.*{folder}"):
        assert list_images(tmp_path).tolist() == read


def test_items_of_different_sizes_or_types_are_refused(quick_classifier):
    class Sizes(Items):
        def __getitem__(self, i):
            return np.zeros(3 + (i == 2))

    class Types(Items):
        def __getitem__(self, i):
            return [0.5 if i == 2 else 1, 2, 3]

    for items in (Sizes(range(4)), Types(range(4))):
        with pytest.raises(ValueError, match="Item 2 of X has shape"):
            quick_classifier().fit(items, [0, 1, 0, 1])


def test_stored_rows_of_another_shape_are_refused(
    held, models, quick_classifier, tmp_path
):
    three = quick_classifier().fit(np.arange(12.0).reshape(4, 3), [0, 1, 0, 1])
    with pytest.raises(ValueError, match=r"features|pictures"):
        three.predict(held.X)
    with pytest.raises(ValueError, match="image_shape"):
        quick_classifier(image_shape=(8, 9)).fit(held.X, np.zeros(len(held.same)))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        quick_classifier().fit(held.X, [0, 1])
    with pytest.raises(ValueError, match=r"sample_weight\.shape"):
        quick_classifier().fit(held.X, np.resize([0, 1], len(held.same)), [1.0])


def test_the_error_without_pillow_says_how_to_install_it(
    tmp_path, quick_classifier, monkeypatch
):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImportError, match="pip install pillow"):
        quick_classifier().fit(tmp_path, [0, 1])


def test_the_size_decides_when_rows_are_streamed(monkeypatch):
    rows = np.zeros((10, 6), dtype=np.uint8)
    monkeypatch.setattr(storage, "LARGEST_COPY", 4 * math.prod(rows.shape))
    assert not storage.streams(rows)
    monkeypatch.setattr(storage, "LARGEST_COPY", 4 * math.prod(rows.shape) - 1)
    assert storage.streams(rows)
