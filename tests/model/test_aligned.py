"""Targets of the consistency loss: predictions moved towards the class frequencies."""

import math

import torch

from sklearn_revae._model.label_model import LabelModel, aligned


def probabilities(*rows):
    """Log-probabilities (n, 1, K) of one label."""
    return torch.tensor(rows, dtype=torch.float64)[:, None].log()


def prior(*values):
    return torch.tensor([values], dtype=torch.float64).log()


def test_values_by_hand():
    # The mean prediction is (0.8, 0.2). Each probability is multiplied by the square root
    # of prior / mean prediction: 0.5 / 0.8 and 0.5 / 0.2.
    target = aligned(probabilities([0.9, 0.1], [0.7, 0.3]), prior(0.5, 0.5))
    expected = []
    for p in (0.9, 0.7):
        first, second = p * math.sqrt(0.5 / 0.8), (1 - p) * math.sqrt(0.5 / 0.2)
        expected.append([[first / (first + second), second / (first + second)]])
    torch.testing.assert_close(target, torch.tensor(expected, dtype=torch.float64))
    # 0.9 of the first class becomes 0.818, 0.7 becomes 0.538.
    assert [round(p, 3) for p in target[:, 0, 0].tolist()] == [0.818, 0.538]


def test_predictions_with_the_frequencies_of_the_prior_stay():
    predicted = probabilities([0.9, 0.1], [0.3, 0.7])
    target = aligned(predicted, prior(0.6, 0.4))
    torch.testing.assert_close(target, predicted.exp())


def test_a_batch_that_agrees_on_one_class_is_pulled_to_the_prior():
    predicted = probabilities(*[[0.9, 0.05, 0.05]] * 4)
    frequencies = prior(0.2, 0.3, 0.5)
    target = aligned(predicted, frequencies)
    # With equal rows, the target is the geometric mean of the prediction and the prior.
    expected = (0.5 * (predicted + frequencies)).softmax(-1)
    torch.testing.assert_close(target, expected)
    assert (target[:, 0, 0] < 0.75).all()
    assert (target[:, 0, 2] > 0.2).all()


def test_each_label_is_corrected_by_its_own_frequencies():
    generator = torch.Generator().manual_seed(0)
    predicted = torch.randn(5, 2, 3, generator=generator).double().log_softmax(-1)
    frequencies = torch.tensor([[0.2, 0.3, 0.5], [0.1, 0.1, 0.8]]).double().log()
    target = aligned(predicted, frequencies)
    for label in (0, 1):
        expected = aligned(predicted[:, [label]], frequencies[[label]])
        torch.testing.assert_close(target[:, [label]], expected)


def test_targets_are_probabilities_and_padded_values_stay_at_zero(tiny):
    model = tiny.model()
    for dtype in (torch.float32, torch.float64):
        model, x = model.to(dtype), tiny.x("gaussian", 8).to(dtype)
        target = aligned(model.log_class_probabilities(x), model.label_model.log_prior)
        assert (target[:, 0, 2] == 0).all()
        assert target.isfinite().all()
        torch.testing.assert_close(target.sum(-1), torch.ones_like(target[..., 0]))


def test_a_class_that_no_row_is_predicted_to_have_leaves_the_targets_finite():
    predicted = torch.tensor([[[0.0, -1e4]]] * 3)
    target = aligned(predicted, prior(0.5, 0.5).float())
    torch.testing.assert_close(target, torch.tensor([[[1.0, 0.0]]] * 3))


def test_targets_get_no_gradient():
    scores = torch.randn(4, 1, 3, generator=torch.Generator().manual_seed(0))
    log_probabilities = scores.requires_grad_().log_softmax(-1)
    log_prior = torch.zeros(1, 3, requires_grad=True)
    target = aligned(log_probabilities, log_prior.detach())
    assert not target.requires_grad
    perturbed = torch.zeros(4, 1, 3, requires_grad=True)
    LabelModel.mismatch(target, perturbed.log_softmax(-1)).sum().backward()
    assert scores.grad is None
    assert perturbed.grad.abs().max() > 0
