"""Lazy rows: what they keep in memory, and the order in which blocks are read."""

import threading

import numpy as np
import pytest
import torch

from sklearn_revae._training import cycles, streaming
from sklearn_revae._training.batches import MixedBatches, Rows
from sklearn_revae._training.cycles import BlockCycle
from sklearn_revae._training.streaming import DiskRows, LazyRows, make_lazy

BLOCK = 10
GROUP = 3


class Disk:
    """Rows in blocks, whose first value is their index; records which were read."""

    dtype = np.dtype(np.int32)
    block_rows = BLOCK

    def __init__(self, n):
        self.shape = (n, 2)
        self.reads = []

    def __getitem__(self, index):
        self.reads.append(np.array(index))
        return np.stack([index, 2 * np.asarray(index)], axis=1).astype(self.dtype)

    def blocks_read(self):
        return [set((read // self.block_rows).tolist()) for read in self.reads]


def _single(rows):
    return rows.astype(np.float32)


@pytest.fixture(autouse=True)
def small_groups(monkeypatch):
    monkeypatch.setattr(cycles, "GROUP_BLOCKS", GROUP)


@pytest.fixture
def disk():
    return Disk(205)


@pytest.fixture
def rows(disk):
    lazy = DiskRows(disk, _single)
    yield lazy
    lazy.close()


def _generator(seed=0):
    return torch.Generator().manual_seed(seed)


def _cycle(rows, pool, seed=0):
    return BlockCycle(rows, torch.as_tensor(pool), _generator(seed))


def _labelled_last(x, n_labeled):
    codes = torch.full((len(x), 1), -1)
    codes[len(x) - n_labeled :] = 0
    return Rows(x, codes, torch.ones(len(x)))


@pytest.mark.parametrize("kind", [LazyRows, DiskRows])
def test_lazy_rows_look_like_a_tensor(kind, disk):
    x = kind(disk, _single)
    assert (len(x), x.shape, x.numel(), x.dtype) == (205, (205, 2), 410, torch.float32)
    assert x.device == torch.device("cpu")
    assert x.to("meta").device.type == "meta"
    assert x.to("meta")[torch.tensor([1])].device.type == "meta"
    got = x[torch.tensor([7, 3, 7])]
    assert got.dtype == torch.float32
    assert got.tolist() == [[7, 14], [3, 6], [7, 14]]


def test_rows_in_blocks_are_disk_rows(disk):
    assert type(make_lazy(disk, _single)) is DiskRows
    assert type(make_lazy(np.zeros((3, 2)), _single)) is LazyRows


def test_loaded_rows_are_read_once_in_blocks(disk, rows):
    index = np.array([1, 4, 12, 15, 16, 204])
    part = rows.load(index)
    for _ in range(3):
        assert rows[torch.tensor([204, 4, 15])][:, 0].tolist() == [204, 4, 15]
    assert sorted(read.tolist() for read in disk.reads) == [[1, 4], [12, 15, 16], [204]]
    rows.drop(part)
    assert rows[torch.tensor([4])].tolist() == [[4, 8]]
    assert disk.reads[-1].tolist() == [4]


def test_rows_in_memory_and_on_the_disk_come_in_the_requested_order(disk, rows):
    rows.load(np.arange(20, 40))
    rows.load(np.array([100, 150]))
    index = [150, 3, 39, 100, 20, 204, 3]
    assert rows[torch.tensor(index)][:, 0].tolist() == index
    assert disk.reads[-1].tolist() == [3, 204, 3]


def test_only_rows_that_fit_are_kept(disk, rows, monkeypatch):
    size = 50 * 2 * disk.dtype.itemsize
    monkeypatch.setattr(streaming, "KEPT_BYTES", size - 1)
    assert not rows.keep(torch.arange(50))
    assert disk.reads == []
    monkeypatch.setattr(streaming, "KEPT_BYTES", size)
    assert rows.keep(torch.arange(50))
    rows.close()


def test_close_ends_the_threads(rows):
    before = threading.active_count()
    rows.load(np.arange(100))
    assert threading.active_count() > before
    rows.close()
    rows.close()
    assert threading.active_count() == before
    assert rows[torch.tensor([5])].tolist() == [[5, 10]]


def test_an_error_in_a_thread_is_raised_when_its_rows_are_looked_up(rows, disk):
    def fail(index):
        raise OSError("gone")

    rows.values = type("Gone", (Disk,), {"__getitem__": lambda self, index: fail(index)})(
        205
    )
    rows.load(np.arange(20))
    with pytest.raises(OSError, match="gone"):
        rows[torch.tensor([3])]


@pytest.mark.parametrize("pool", [range(205), range(0, 205, 3), [4], range(90, 103)])
@pytest.mark.parametrize("n", [1, 7, 64, 300])
def test_every_row_is_drawn_once_per_round(pool, n, rows):
    pool = list(pool)
    cycle = _cycle(rows, pool)
    drawn = [cycle.draw(n) for _ in range(3 * len(pool) // n + 3)]
    assert all(len(index) == n for index in drawn)
    drawn = torch.cat(drawn).tolist()
    for start in range(0, len(drawn) - len(pool), len(pool)):
        assert sorted(drawn[start : start + len(pool)]) == pool


def test_rows_of_a_draw_lie_in_few_blocks(disk, rows):
    cycle = _cycle(rows, range(205))
    n_blocks, spread = [], []
    for _ in range(60):
        index = cycle.draw(10)
        assert rows[index][:, 0].tolist() == index.tolist()
        n_blocks.append(len((index // BLOCK).unique()))
        spread.append(int(index.max() - index.min()))
    assert max(n_blocks) <= 2 * GROUP
    # Yet they are of several blocks that are far apart.
    assert np.mean(n_blocks) > 2
    assert np.mean(spread) > 3 * BLOCK


def test_a_round_reads_every_block_once_and_one_at_a_time(disk, rows):
    cycle = _cycle(rows, range(205))
    for _ in range(20):
        rows[cycle.draw(10)]
    rows.close()
    blocks = disk.blocks_read()
    assert all(len(block) == 1 for block in blocks)
    # A round has 21 blocks. The group that was read ahead may be of the next round.
    first = [block.copy().pop() for block in blocks[: 21 - GROUP]]
    assert len(set(first)) == len(first)
    assert len(blocks) <= 21 + GROUP


def test_few_rows_are_in_memory_at_a_time(rows):
    cycle = _cycle(rows, range(205))
    for _ in range(100):
        rows[cycle.draw(10)]
        assert sum(len(part.index) for part in rows._parts) <= 3 * GROUP * BLOCK


def test_the_order_follows_the_seed_whatever_the_threads(disk, monkeypatch):
    orders = []
    for seed, n_readers in ((0, 1), (0, 5), (1, 1)):
        monkeypatch.setattr(streaming, "_READERS", n_readers)
        x = DiskRows(disk, _single)
        cycle = _cycle(x, range(205), seed)
        orders.append(torch.cat([cycle.draw(10) for _ in range(50)]).tolist())
        x.close()
    assert orders[0] == orders[1] != orders[2]


def test_every_round_has_another_order(rows):
    cycle = _cycle(rows, range(200))
    assert cycle.draw(200).tolist() != cycle.draw(200).tolist()


@pytest.mark.parametrize("kept", [0, 2**20])
@pytest.mark.parametrize("n_labeled", [0, 5, 80, 205])
def test_batches_of_rows_on_a_disk(kept, n_labeled, disk, rows, monkeypatch):
    monkeypatch.setattr(streaming, "KEPT_BYTES", kept)
    mixed = MixedBatches(_labelled_last(rows, n_labeled), 20, _generator())
    in_memory = _labelled_last(torch.zeros(205, 2), n_labeled)
    expected = MixedBatches(in_memory, 20, _generator())
    assert len(mixed) == len(expected)
    # Nothing is read before the first batch.
    assert disk.reads == []
    n_unlabeled, seen = 205 - n_labeled, []
    for (x, codes, weight), (_, like, _) in zip(mixed, expected, strict=True):
        index = x[:, 0].long()
        assert torch.equal(x[:, 1], 2 * x[:, 0])
        assert torch.equal(codes, like)
        assert ((index >= n_unlabeled) == (codes[:, 0] >= 0)).all()
        assert len(weight) == 20
        seen.append(index)
    pool = set(range(n_unlabeled)) if n_unlabeled else set(range(205))
    assert pool <= set(torch.cat(seen).tolist())


def test_rows_that_are_kept_come_in_the_order_of_rows_in_memory(disk, rows):
    x = torch.stack([torch.arange(205.0), 2 * torch.arange(205.0)], dim=1)
    lazy = MixedBatches(_labelled_last(rows, 30), 20, _generator())
    for _ in range(2):
        tensors = MixedBatches(_labelled_last(x, 30), 20, _generator())
        lazy.generator.manual_seed(0)
        lazy.__dict__.pop("_draws", None)
        for got, same in zip(lazy, tensors, strict=True):
            assert torch.equal(got[0], same[0])


def test_pieces_are_all_rows_in_order(disk, rows, monkeypatch):
    monkeypatch.setattr("sklearn_revae._training.batches._PIECE", 50)
    lazy = _labelled_last(rows, 3)
    pieces = list(lazy.pieces())
    assert [len(piece) for piece in pieces] == [50, 50, 50, 50, 5]
    assert torch.cat(pieces)[:, 0].tolist() == list(range(205))
    tensors = _labelled_last(torch.zeros(205, 2), 3)
    assert [piece is tensors.x for piece in tensors.pieces()] == [True]
    tensors.keep()
    tensors.close()
