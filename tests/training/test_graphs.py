"""Which trainings use CUDA graphs, and what tells one kind of step from another.

The graphs themselves need a GPU: tests/test_gpu.py.
"""

from functools import partial
from types import SimpleNamespace

import pytest
import torch

from sklearn_revae._model.views import own_view, strong_view
from sklearn_revae._training import loss as loss_module
from sklearn_revae._training import net as net_module
from sklearn_revae._training.graphs import CaptureError, can_be_graphs
from sklearn_revae._training.loss import DecoderLoss, SemiSupervisedLoss


@pytest.mark.parametrize(
    ("device", "changes", "expected"),
    [
        ("cuda", {}, True),
        ("cpu", {}, False),
        ("cuda", {"own_modules": True}, False),
        ("cuda", {"views": SimpleNamespace(function=strong_view)}, True),
        (
            "cuda",
            {"views": SimpleNamespace(function=partial(own_view, torch.neg))},
            False,
        ),
        ("cuda", {"processes": SimpleNamespace(n_parts=2)}, False),
    ],
)
def test_code_of_the_users_own_and_several_processes_get_no_graphs(
    small, device, changes, expected
):
    settings = small.settings(**changes)
    assert can_be_graphs(settings, torch.device(device)) is expected


def test_steps_with_left_out_labels_and_with_edits_are_of_other_kinds(small):
    loss = small.loss(edit_weight=1.0, edits_from=0.5, n_steps=4)
    loss.n_left_out_steps = 1
    kinds = []
    for loss.step in range(4):
        kinds.append(loss.next_kind(1))
    assert kinds == [(True, None), (False, None), (False, 0), (False, 0)]
    assert loss.next_kind(0) == (False, None)


@pytest.mark.parametrize("kind", [SemiSupervisedLoss, DecoderLoss])
def test_a_step_edits_the_label_of_its_kind(small, monkeypatch, kind):
    stacked, rows = small.stacked(n_values=(2, 3, 2)), small.rows(0, 6)
    codes = torch.zeros((6, 3), dtype=torch.long)
    labels, draw = [], loss_module.draw_edits

    def spied(stacked, z, codes, predictions, label, *others):
        labels.append(label)
        return draw(stacked, z, codes, predictions, label, *others)

    monkeypatch.setattr(loss_module, "draw_edits", spied)
    loss = small.loss(edit_weight=1.0, kind=kind)
    announced = []
    for _ in range(8):
        announced.append(loss.next_kind(3)[1])
        loss(stacked, rows.x, codes, rows.weight)
    assert labels == announced
    assert len(set(labels)) > 1


@pytest.mark.parametrize("kind", [SemiSupervisedLoss, DecoderLoss])
def test_a_step_edits_the_same_label_with_and_without_a_graph(small, monkeypatch, kind):
    stacked, rows = small.stacked(n_values=(2, 3, 2)), small.rows(0, 6)
    codes = torch.zeros((6, 3), dtype=torch.long)

    def steps(announced):
        """The numbers of the steps that decide about the labels, as on a GPU."""
        found, loss = [], small.loss(edit_weight=1.0, kind=kind)
        monkeypatch.setattr(loss, "_draw_label", lambda n: found.append(loss.step) or 0)
        for _ in range(3):
            if announced:
                loss.next_kind(3)
            loss(stacked, rows.x, codes, rows.weight)
        return found

    assert steps(announced=True) == steps(announced=False) == [0, 1, 2]


def test_a_step_that_cannot_be_a_graph_is_repeated_without_one(small, monkeypatch):
    class Failing:
        def compute(self, net, batch):
            net.criterion_.next_kind(1)
            net.criterion_(net.module_, *batch)
            raise CaptureError("operation not permitted when stream is capturing")

    monkeypatch.setattr(net_module, "Graphs", Failing)
    rows, loss = small.rows(4, 36), small.loss(edit_weight=1.0)
    net = small.net(small.stacked(2), loss)
    net.graphs = True
    with pytest.warns(RuntimeWarning, match="without graphs.*not permitted") as warned:
        net.train(rows, 1)
    assert len(warned) == 1
    assert loss.step == len(net.get_iterator(rows))
    assert net.history[0, "loss"] < float("inf")


def test_other_errors_of_a_step_are_raised(small):
    class Failing(torch.nn.Module):
        step = 0

        def forward(self, *_):
            raise RuntimeError("no graph is the cause")

    with pytest.raises(RuntimeError, match="no graph"):
        small.net(small.stacked(), Failing()).train(small.rows(4, 36), 1)
