"""A training step: it follows the clipped gradient, with rates of their own for noise."""

import pytest
import torch

from sklearn_revae._training.net import MAX_GRADIENT_NORM, gradient_norm


def test_training_increases_the_elbo(small):
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


def test_step_is_that_of_adam(small):
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
        # Except for a small constant, the first step of Adam is the gradient's sign.
        expected = start - rate * start.grad / (start.grad.abs() + 1e-8)
        torch.testing.assert_close(moved, expected)


def test_only_noise_scales_decay(small):
    module = small.module(family="student_t")
    net = small.net(module, small.loss(), noise_weight_decay=5.0)
    for name, decay in small.group_values(net, "weight_decay"):
        assert decay == (5.0 if name.endswith("raw_scale") else 0.0)


def test_weight_decay_keeps_the_noise_from_vanishing(small):
    def noise(decay):
        module = small.module()
        rows = small.rows(0, 40)
        rows.x = torch.zeros_like(rows.x)  # rows that can be reconstructed without noise
        net = small.net(
            module, small.loss(), learning_rate=0.02, noise_weight_decay=decay
        )
        net.train(rows, 100)
        return module.likelihood.families["gaussian"].scale

    assert (noise(0.0) < 0.1).all()
    assert (noise(1.0) > 0.3).all()


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
