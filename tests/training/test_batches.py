"""Batches: their fraction of labelled rows, and how often each row is drawn."""

import math

import pytest
import torch

from sklearn_revae._training.batches import LABELED_FRACTION, MixedBatches, Rows

# Labelled rows, unlabelled rows, batch size, labelled rows expected in a batch.
MIXTURES = [
    (3, 50, 20, 5),
    (3, 50, 53, 13),
    (30, 20, 10, 6),
    (99, 1, 10, 9),
    (1, 99, 2, 1),
    (1, 5, 6, 2),
    (7, 30, 5, 1),
]


def rows_of(n_labeled, n_unlabeled):
    """Rows whose only value is their index; labelled rows are last."""
    n = n_labeled + n_unlabeled
    codes = torch.full((n, 2), -1)
    codes[n_unlabeled:, 1] = 0
    return Rows(torch.arange(n, dtype=torch.float64)[:, None], codes, torch.ones(n))


def epoch(batches):
    """The indices of the rows of every batch of an epoch."""
    return [x[:, 0].long() for x, _, _ in batches]


def batches_of(n_labeled, n_unlabeled, batch_size, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return MixedBatches(rows_of(n_labeled, n_unlabeled), batch_size, generator)


@pytest.mark.parametrize(("n_labeled", "n_unlabeled", "batch_size", "expected"), MIXTURES)
def test_every_batch_has_the_same_mixture(n_labeled, n_unlabeled, batch_size, expected):
    batches = batches_of(n_labeled, n_unlabeled, batch_size)
    for _ in range(2):
        for index in epoch(batches):
            assert len(index) == batch_size
            labeled = index >= n_unlabeled
            assert labeled.sum() == expected
            # Labelled rows come first.
            assert labeled[:expected].all()


def test_a_quarter_is_labeled_unless_more_of_the_data_is():
    assert LABELED_FRACTION == 0.25
    for n_labeled, fraction in ((1, 0.25), (20, 0.25), (25, 0.25), (40, 0.4), (80, 0.8)):
        (index, *_) = epoch(batches_of(n_labeled, 100 - n_labeled, 20))
        assert (index >= 100 - n_labeled).sum() == 20 * fraction


@pytest.mark.parametrize(("n_labeled", "n_unlabeled", "batch_size", "expected"), MIXTURES)
def test_rows_of_either_kind_are_repeated_evenly(
    n_labeled, n_unlabeled, batch_size, expected
):
    n = n_labeled + n_unlabeled
    batches = batches_of(n_labeled, n_unlabeled, batch_size)
    count = torch.zeros(n, dtype=torch.long)
    for _ in range(4):
        count += torch.bincount(torch.cat(epoch(batches)), minlength=n)
        for kind in (count[:n_unlabeled], count[n_unlabeled:]):
            assert kind.max() - kind.min() <= 1


@pytest.mark.parametrize(("n_labeled", "n_unlabeled", "batch_size", "expected"), MIXTURES)
def test_an_epoch_draws_every_unlabeled_row(n_labeled, n_unlabeled, batch_size, expected):
    batches = batches_of(n_labeled, n_unlabeled, batch_size)
    assert len(batches) == math.ceil(n_unlabeled / (batch_size - expected))
    count = torch.zeros(n_labeled + n_unlabeled, dtype=torch.long)
    for n_epochs in range(1, 4):
        count += torch.bincount(torch.cat(epoch(batches)), minlength=len(count))
        assert (count[:n_unlabeled] >= n_epochs).all()


@pytest.mark.parametrize(("n_labeled", "n_unlabeled"), [(12, 0), (0, 12)])
@pytest.mark.parametrize("batch_size", [1, 5, 12])
def test_rows_of_one_kind_are_all_drawn_once(n_labeled, n_unlabeled, batch_size):
    batches = epoch(batches_of(n_labeled, n_unlabeled, batch_size))
    assert len(batches) == math.ceil(12 / batch_size)
    assert all(len(index) == batch_size for index in batches)
    assert torch.cat(batches)[:12].sort().values.tolist() == list(range(12))


def test_batches_of_one_row_reach_every_row():
    batches = batches_of(2, 6, 1)
    index = torch.cat([torch.cat(epoch(batches)) for _ in range(4)])
    assert index.unique().tolist() == list(range(8))


def test_batches_carry_codes_and_weights_of_their_rows():
    rows = rows_of(4, 8)
    rows.weight = rows.x[:, 0] * 10
    for x, codes, weight in MixedBatches(rows, 4, torch.Generator()):
        index = x[:, 0].long()
        assert torch.equal(codes, rows.codes[index])
        assert torch.equal(weight, x[:, 0] * 10)


def test_order_only_depends_on_the_seed():
    state = torch.random.get_rng_state()
    first, same, other = (epoch(batches_of(5, 40, 10, seed)) for seed in (0, 0, 1))
    assert torch.equal(torch.cat(first), torch.cat(same))
    assert not torch.equal(torch.cat(first), torch.cat(other))
    assert torch.equal(torch.random.get_rng_state(), state)


def test_every_epoch_has_another_order():
    batches = batches_of(5, 40, 10)
    assert not torch.equal(torch.cat(epoch(batches)), torch.cat(epoch(batches)))


def test_rows_are_found_by_index_and_moved_together():
    rows = rows_of(2, 3)
    assert len(rows) == 5
    x, codes, weight = rows[torch.tensor([4, 0])]
    assert x.tolist() == [[4.0], [0.0]]
    assert codes.tolist() == [[-1, 0], [-1, -1]]
    assert weight.tolist() == [1.0, 1.0]
    moved = rows.to("meta")
    assert {t.device.type for t in (moved.x, moved.codes, moved.weight)} == {"meta"}
