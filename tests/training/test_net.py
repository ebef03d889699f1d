"""A training step: it descends, clips, and reads every batch once."""

import math

import pytest
import torch

from sklearn_revae.training.net import (
    MAX_GRADIENT_NORM,
    gradient_norm,
    warmup_and_decay,
)


def test_training_raises_the_bound(small):
    net = small.net(small.module(), small.loss())
    net.train(small.rows(8, 32), 30)
    assert net.history[-1, "bound"] > net.history[0, "bound"] + 1.0


def test_large_gradients_are_clipped_to_the_norm(small):
    module = small.module()
    net = small.net(module, small.loss(label_weight=1e6))
    net.train(small.rows(4, 6), 1)
    assert gradient_norm(module.parameters()).item() == pytest.approx(MAX_GRADIENT_NORM)


def test_small_gradients_are_left_alone(small):
    module, twin = small.module(), small.module()
    net = small.net(module, small.loss())
    rows = small.rows(10, 0)
    (batch,) = net.get_iterator(rows)
    loss, _ = small.loss()(twin, *batch)
    loss.backward()
    net.train_step(batch)
    norm = gradient_norm(twin.parameters())
    assert norm < MAX_GRADIENT_NORM
    torch.testing.assert_close(gradient_norm(module.parameters()), norm)


def test_step_is_adams(small):
    module, twin = small.module(), small.module()
    net = small.net(module, small.loss(), learning_rate=0.03)
    rows = small.rows(10, 0)
    (batch,) = net.get_iterator(rows)
    small.loss()(twin, *batch)[0].backward()
    net.train_step(batch)
    for (name, moved), start in zip(
        module.named_parameters(), twin.parameters(), strict=True
    ):
        rate = 0.3 if name.startswith("likelihood") else 0.03
        # Adam's first step is the gradient's sign, but for its small constant.
        expected = start - rate * start.grad / (start.grad.abs() + 1e-8)
        torch.testing.assert_close(moved, expected)


def test_weights_shrink_with_the_rate(small):
    # The first label has no third value: nothing moves its scale but shrinkage.
    module = small.module(n_values=(2, 3))
    rows = small.rows(0, 40)
    rows.codes = rows.codes.expand(-1, 2)
    net = small.net(module, small.loss(), (), 12, 0.02, weight_decay=5.0)
    start = module.label_model.raw_scales[0, 2].detach().clone()
    net.train(rows, 3)
    factor = warmup_and_decay(12)
    kept = math.prod(1 - 5.0 * 0.02 * factor(step) for step in range(12))
    torch.testing.assert_close(module.label_model.raw_scales[0, 2], kept * start)


def test_of_the_likelihood_noise_alone_shrinks(small):
    module = small.module(family="student_t")
    net = small.net(module, small.loss(), weight_decay=5.0)
    decays = {
        id(p): group["weight_decay"]
        for group in net.optimizer_.param_groups
        for p in group["params"]
    }
    for name, parameter in module.named_parameters():
        expected = 0.0 if name.endswith("raw_freedom") else 5.0
        assert decays[id(parameter)] == expected


def test_module_is_trained_in_place_and_in_training_mode(small):
    module = small.module()
    modes = []
    module.encoder.register_forward_hook(lambda m, *_: modes.append(m.training))
    net = small.net(module, small.loss())
    before = small.weights(module)
    module.eval()
    net.train(small.rows(4, 6), 1)
    assert net.module_ is module
    assert not torch.equal(small.weights(module), before)
    assert all(modes)
