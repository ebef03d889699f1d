"""A training step: it follows the clipped gradient, with rates of their own for noise."""

import copy
import math

import pytest
import torch

from sklearn_revae._training.net import MAX_GRADIENT_NORM, gradient_norm


def test_training_increases_the_elbo(small):
    net = small.net(small.module(), small.loss())
    net.train(small.rows(8, 32), 30)
    assert net.history[-1, "bound"] > net.history[0, "bound"] + 1.0


@pytest.mark.parametrize("n_members", [1, 3])
def test_large_gradients_are_clipped_to_a_norm_that_grows_with_the_members(
    small, n_members
):
    members = [small.member_settings(label_weight=1e6)] * n_members
    net = small.net(small.module(n_members), small.loss(members=members))
    net.train(small.rows(4, 6), 1)
    # As if the gradient of each of them had the limit.
    limit = MAX_GRADIENT_NORM * math.sqrt(n_members)
    assert gradient_norm(net.module_.parameters()).item() == pytest.approx(limit)


def trained_for_a_step(small, **settings):
    """A net after one step, and its module before the step, with the gradients."""
    net = small.net(
        small.module(3), small.loss(members=[small.member_settings()] * 3), **settings
    )
    twin = small.stacked(3)
    rows = small.rows(10, 0)
    (batch,) = copy.deepcopy(net).get_iterator(rows)
    small.loss(members=[small.member_settings()] * 3)(twin, *batch)[0].backward()
    return net.train(rows, 1), twin


def test_small_gradients_are_left_alone(small):
    net, twin = trained_for_a_step(small)
    norm = gradient_norm(twin.parameters())
    assert norm < MAX_GRADIENT_NORM
    torch.testing.assert_close(gradient_norm(net.module_.parameters()), norm)


def test_step_is_that_of_adam(small):
    net, twin = trained_for_a_step(small, learning_rate=0.03)
    for (name, moved), start in zip(
        net.module_.named_parameters(), twin.parameters(), strict=True
    ):
        rate = 0.3 if name.startswith("likelihood") else 0.03
        # Except for a small constant, the first step of Adam is the gradient's sign.
        expected = start - rate * start.grad / (start.grad.abs() + 1e-8)
        torch.testing.assert_close(moved, expected)


def test_nothing_decays(small):
    net = small.net(small.module(family="student_t"), small.loss())
    assert {decay for _, decay in small.group_values(net, "weight_decay")} == {0.0}


def test_module_is_trained_in_place_and_in_training_mode(small):
    stacked = small.stacked()
    modes = []
    stacked.encoder.register_forward_hook(lambda m, *_: modes.append(m.training))
    net = small.net(stacked, small.loss())
    before = small.weights(stacked)
    stacked.eval()
    net.train(small.rows(4, 6), 1)
    assert net.module_ is stacked
    assert not torch.equal(small.weights(stacked), before)
    assert all(modes)
