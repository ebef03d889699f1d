"""A device that runs out of memory: the batch is halved, and the step repeated."""

import warnings

import pytest
import torch

from sklearn_revae._training.loss import DecoderLoss
from sklearn_revae._training.memory import MAX_HALVINGS
from sklearn_revae._training.processes import OneProcess, Processes

_FIRST = torch.arange(10)
WARNING = "ran out of memory in a training step with a batch of 10 samples"


class Memory(torch.nn.Module):
    """A loss on a device with memory for a number of rows at a time."""

    def __init__(self, loss, n_rows, from_call=1):
        super().__init__()
        self.loss, self.generator = loss, loss.generator
        self.n_rows, self.from_call = n_rows, from_call
        self.sizes = []

    @property
    def step(self):
        return self.loss.step

    @step.setter
    def step(self, value):
        self.loss.step = value

    def forward(self, stacked, x, *others):
        self.sizes.append(len(x))
        result = self.loss(stacked, x, *others)
        if len(x) > self.n_rows and len(self.sizes) >= self.from_call:
            raise torch.cuda.OutOfMemoryError("Tried to allocate 20.00 GiB")
        return result


@pytest.fixture
def rows(small):
    return small.rows(4, 36)


@pytest.mark.parametrize(("n_rows", "pieces"), [(5, [5, 5]), (3, [3, 3, 3, 1])])
def test_a_batch_is_halved_until_it_fits(n_rows, pieces, small, rows):
    limited = Memory(small.loss(), n_rows)
    net = small.net(small.module(2), limited)
    with pytest.warns(RuntimeWarning, match=WARNING) as warned:
        net.train(rows, 1)
    assert [warning.filename for warning in warned] == [__file__]
    n_steps = len(net.get_iterator(rows))
    failed = [10, 5][: len(pieces) // 2]
    assert limited.sizes == [*failed, *(pieces * n_steps)]
    assert limited.step == n_steps
    assert net.history[0, "loss"] < float("inf")
    assert net.history[0, "weight_max"] >= 1.0


def test_nothing_changes_while_the_memory_suffices(small, rows):
    plain, other = small.stacked(), small.stacked()
    small.net(plain, small.loss()).train(rows, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        small.net(other, Memory(small.loss(), 10)).train(rows, 1)
    assert torch.equal(small.weights(plain), small.weights(other))


@pytest.mark.filterwarnings("ignore:.* ran out of memory")
def test_pieces_have_the_gradient_of_the_batch(small, rows, monkeypatch):
    # Without noise, the loss of a row does not depend on the others.
    monkeypatch.setattr(
        "sklearn_revae._training.loss.normal",
        lambda shape, like, _: like.new_zeros(shape),
    )
    gradients = []
    # With two parts, the memory suffices for the first part of the first attempt.
    for n_rows, processes in ((10, OneProcess()), (4, OneProcess()), (4, Processes(2))):
        stacked = small.stacked()
        limited = Memory(small.loss(), n_rows, from_call=processes.n_parts or 1)
        net = small.net(stacked, limited, processes=processes)
        monkeypatch.setattr(net, "_step_optimizer", lambda *_: None)
        monkeypatch.setattr(net, "get_iterator", lambda *_, **__: [rows[_FIRST]])
        net.train(rows, 1)
        gradients.append([p.grad for p in stacked.parameters() if p.grad is not None])
    assert len(gradients[0]) > 3
    torch.testing.assert_close(gradients[1], gradients[0])
    torch.testing.assert_close(gradients[2], gradients[0])


@pytest.mark.filterwarnings("ignore:.* ran out of memory")
def test_edits_are_learned_in_pieces(small, rows):
    limited = Memory(small.loss(kind=DecoderLoss, edit_weight=1.0), 5)
    stacked = small.stacked(n_members=2)
    before = small.weights(stacked)
    small.net(stacked, limited).train(rows, 1)
    assert small.weights(stacked).isfinite().all()
    assert not torch.equal(small.weights(stacked), before)


@pytest.mark.filterwarnings("ignore:.* ran out of memory")
def test_training_gives_up_after_the_last_halving(small, rows):
    limited = Memory(small.loss(), 0)
    stacked = small.stacked()
    before = small.weights(stacked)
    with pytest.raises(MemoryError, match=r"Decrease batch_size.*allocate 20\.00 GiB"):
        small.net(stacked, limited).train(rows, 1)
    assert len(limited.sizes) == MAX_HALVINGS + 1
    assert torch.equal(small.weights(stacked), before)


@pytest.mark.filterwarnings("ignore:.* ran out of memory")
def test_batches_stay_halved(small, rows):
    limited = Memory(small.loss(), 5, from_call=2)
    small.net(small.module(), limited).train(rows, 1)
    assert limited.sizes[:4] == [10, 10, 5, 5]
    assert set(limited.sizes[4:]) == {5}


def test_fit_names_the_cure_and_changes_nothing(few_blobs, quick_classifier):
    class Greedy(torch.nn.Linear):
        def forward(self, x):
            # Before training, the module is tried on a few rows.
            if torch.is_grad_enabled():
                raise torch.cuda.OutOfMemoryError("CUDA out of memory")
            return super().forward(x)

    model = quick_classifier(decoder=Greedy(4, 4), label_dim=2, style_dim=2)
    with (
        pytest.warns(RuntimeWarning, match="ran out of memory"),
        pytest.raises(MemoryError, match="Decrease batch_size, n_members"),
    ):
        model.fit(*few_blobs)
    assert not hasattr(model, "module_")
