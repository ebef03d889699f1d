"""Stacked members compute what each of them computes by itself, and train as they do."""

import copy

import pytest
import torch
from torch import nn

from sklearn_revae._model.build import Architecture, build_model
from sklearn_revae._model.families import Column
from sklearn_revae._model.stacked import (
    Loop,
    StackedLinear,
    StackedReVAE,
    _stacked_network,
)

N_ROWS = 5
TABLE = [
    Column("gaussian"),
    Column("student_t"),
    Column("categorical", 3),
    Column("negative_binomial"),
    Column("gaussian"),
]
PICTURES = [Column("shared_gaussian")] * 16 * 16


def build(
    n_members, columns=TABLE, image=None, encoder=None, hidden=(6, 5), linear=(False,)
):
    architecture = Architecture(hidden, 2, 3, encoder=encoder, linear=linear)
    generator = torch.Generator().manual_seed(0)
    module = build_model(columns, True, image, [2, 3], architecture, n_members, generator)
    with torch.no_grad():
        # Members differ in everything, the noise of the likelihood included.
        for parameter in module.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))
    return module.double()


MODULES = {
    "one member": lambda: build(1),
    "three members": lambda: build(3),
    "one of them linear": lambda: build(3, linear=(False, True, False)),
    "all of them linear": lambda: build(2, linear=(True,)),
    "no hidden layers": lambda: build(3, hidden=()),
    "pictures": lambda: build(2, PICTURES, (16, 16)),
}


@pytest.fixture(params=MODULES)
def module(request):
    return MODULES[request.param]()


def draws(*shape, seed=1):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).double()


def results_of(model, inputs, z):
    """What all parts of a model make of inputs (..., n, n_inputs) and of latents."""
    mean, scale = model.encoder(inputs)
    log_joint = model.label_model.beliefs(model.blocks(z))
    x = torch.zeros(N_ROWS, len(model.likelihood.discrete), dtype=torch.float64)
    decoded = model.decode(z)
    return [mean, scale, log_joint, decoded, model.likelihood.log_prob(decoded, x)]


def inputs_of(module):
    n_members, likelihood = len(module.members), module.likelihood
    inputs = draws(n_members, N_ROWS, likelihood.n_inputs).requires_grad_()
    return inputs, draws(n_members, N_ROWS, module.latent_dim, seed=2).requires_grad_()


def loop_over(module, inputs, z):
    each = [
        results_of(member, *own)
        for member, *own in zip(module.members, inputs, z, strict=True)
    ]
    return [torch.stack(results) for results in zip(*each, strict=True)]


def total(results):
    return sum(result.clamp(min=-1e3).square().sum() for result in results)


def assert_all_close(results, expected):
    for result, one in zip(results, expected, strict=True):
        torch.testing.assert_close(result, one)


def test_results_are_those_of_a_loop_over_the_members(module):
    inputs = inputs_of(module)
    results = results_of(StackedReVAE(module.members), *inputs)
    assert_all_close(results, loop_over(module, *inputs))


def test_gradients_are_those_of_a_loop_over_the_members(module):
    inputs = inputs_of(module)
    # Some modules are trained in place, so that they must not be shared with `module`.
    twin = copy.deepcopy(module)
    stacked = StackedReVAE(twin.members)
    total(results_of(stacked, *inputs)).backward()
    of_inputs = [tensor.grad.clone() for tensor in inputs]
    for tensor in inputs:
        tensor.grad = None
    total(loop_over(module, *inputs)).backward()
    assert_all_close(of_inputs, [tensor.grad for tensor in inputs])
    # A gradient that is written back like a parameter is that of each member.
    with torch.no_grad():
        for parameter in stacked.parameters():
            parameter.copy_(parameter.grad)
    stacked.write_back(twin.members)
    for parameter, expected in zip(twin.parameters(), module.parameters(), strict=True):
        torch.testing.assert_close(parameter.detach(), expected.grad)


def test_every_parameter_of_the_members_is_trained_once(module):
    stacked = StackedReVAE(module.members)
    n_numbers = sum(parameter.numel() for parameter in stacked.parameters())
    assert n_numbers == sum(parameter.numel() for parameter in module.parameters())


def test_linear_layers_are_computed_together():
    stacked = StackedReVAE(build(3).members)
    kinds = [type(part) for part in stacked.modules()]
    # Three layers of the encoder, its head included, and three of the decoder.
    assert kinds.count(StackedLinear) == 6
    assert Loop not in kinds


@pytest.mark.parametrize("other", [nn.ReLU, nn.Identity])
def test_an_activation_that_comes_first_leaves_its_input_alone(other):
    layers = [nn.Sequential(kind(), nn.Linear(3, 2)) for kind in (nn.ReLU, other)]
    x = draws(2, N_ROWS, 3).float()
    given = x.clone()
    results = _stacked_network(layers)(x)
    assert torch.equal(x, given)
    parts = zip(layers, x, strict=True)
    assert_all_close(results, [layer(part) for layer, part in parts])


def test_it_predicts_what_the_ensemble_predicts(module):
    x = draws(N_ROWS, len(module.likelihood.discrete))
    x[:, 2:4] = x[:, 2:4].abs().round().clamp(max=2)
    predicted = StackedReVAE(module.members).log_class_probabilities(x)
    torch.testing.assert_close(predicted, module.log_class_probabilities(x))


def changed(stacked):
    """Change every parameter in place."""
    with torch.no_grad():
        for i, parameter in enumerate(stacked.parameters()):
            parameter.add_(0.2 * draws(*parameter.shape, seed=i))


def test_trained_weights_reach_linear_networks_by_write_back_only():
    module = build(3)
    inputs = inputs_of(module)
    stacked = StackedReVAE(module.members)
    before = loop_over(module, *inputs)
    changed(stacked)
    assert_all_close(loop_over(module, *inputs), before)
    after = results_of(stacked, *inputs)
    assert not torch.allclose(after[0], before[0])
    stacked.write_back(module.members)
    assert_all_close(loop_over(module, *inputs), after)


def test_trained_weights_are_those_of_the_members(module):
    inputs = inputs_of(module)
    stacked = StackedReVAE(module.members)
    changed(stacked)
    after = results_of(stacked, *inputs)
    stacked.write_back(module.members)
    assert_all_close(loop_over(module, *inputs), after)


def test_judges_compute_the_same_also_after_training(module):
    inputs = inputs_of(module)
    stacked = StackedReVAE(module.members)
    (judge,) = stacked.judges
    first = copy.deepcopy(stacked.state_dict())
    assert_all_close(results_of(judge, *inputs), results_of(stacked, *inputs))
    changed(stacked)
    assert_all_close(results_of(judge, *inputs), results_of(stacked, *inputs))
    # As a restart and early stopping do.
    stacked.load_state_dict(first)
    assert_all_close(results_of(judge, *inputs), results_of(stacked, *inputs))


def test_judges_give_gradients_to_their_inputs_only(module):
    inputs = inputs_of(module)
    stacked = StackedReVAE(module.members)
    (judge,) = stacked.judges
    frozen = torch.autograd.grad(total(results_of(judge, *inputs)), inputs)
    expected = torch.autograd.grad(total(results_of(stacked, *inputs)), inputs)
    assert_all_close(frozen, expected)
    total(results_of(judge, *inputs)).backward()
    assert all(p.grad is None for p in [*stacked.parameters(), *module.parameters()])


def test_judges_are_no_part_of_the_state():
    stacked = StackedReVAE(build(3).members)
    twin = StackedReVAE(build(3).members)
    twin.judges.clear()
    assert stacked.state_dict().keys() == twin.state_dict().keys()
    assert len(list(stacked.modules())) == len(list(twin.modules()))


class _Tied(nn.Sequential):
    """Two layers with one matrix of weights."""

    def __init__(self):
        super().__init__(nn.Linear(12, 12), nn.Tanh(), nn.Linear(12, 12))
        self[2].weight = self[0].weight


def _repeated():
    """A sequence that holds one layer twice."""
    layer = nn.Linear(12, 12)
    return nn.Sequential(layer, nn.Tanh(), layer)


def _frozen():
    return nn.Sequential(nn.Linear(12, 12).requires_grad_(False), nn.Linear(12, 12))


def _normalised():
    return nn.utils.parametrizations.weight_norm(nn.Linear(12, 12))


def _hooked():
    layer = nn.Linear(12, 12)
    layer.register_forward_hook(lambda module, inputs, output: 2 * output.tanh())
    return nn.Sequential(layer)


class _Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.cells = nn.GRU(4, 4, batch_first=True)

    def forward(self, x):
        return self.cells(x.unflatten(1, (3, 4)))[0][:, -1]


OWN = {
    "tied": _Tied,
    "repeated": _repeated,
    "frozen": _frozen,
    "normalised": _normalised,
    "hooked": _hooked,
    "recurrent": _Recurrent,
    "identity": nn.Identity,
    "activation": nn.ReLU,
    "in place": lambda: nn.Sequential(nn.ReLU(inplace=True), nn.Dropout(0.0)),
    "batch norm": lambda: nn.Sequential(nn.Linear(12, 3), nn.BatchNorm1d(3)),
}


@pytest.mark.parametrize("own", OWN)
@pytest.mark.parametrize("n_members", [1, 3])
def test_own_modules_are_trained_as_they_are(own, n_members):
    # Five features, one of which has three levels, and their mask.
    module = build(n_members, encoder=OWN[own]())
    before = copy.deepcopy(module).train()
    inputs = inputs_of(module)
    stacked = StackedReVAE(module.members).train()
    optimizer = torch.optim.SGD(stacked.parameters(), lr=1e-4)
    total(results_of(stacked, *inputs)).backward()
    optimizer.step()
    stacked.write_back(module.members)
    of_before = torch.optim.SGD(before.parameters(), lr=1e-4)
    total(loop_over(before, *inputs)).backward()
    of_before.step()
    for parameter, expected in zip(module.parameters(), before.parameters(), strict=True):
        torch.testing.assert_close(parameter, expected)
        assert parameter.requires_grad == expected.requires_grad
    for buffer, expected in zip(module.buffers(), before.buffers(), strict=True):
        torch.testing.assert_close(buffer, expected)


def test_training_mode_reaches_everything():
    # Predictions leave modules in evaluation mode.
    module = build(2, encoder=nn.Sequential(nn.Linear(12, 4), nn.Dropout(0.5))).eval()
    stacked = StackedReVAE(module.members)
    for mode in (True, False):
        stacked.train(mode)
        for part in (stacked, *stacked.judges):
            assert all(inner.training == mode for inner in part.modules())


def test_predictions_of_stacked_members_leave_their_mode_alone():
    module = build(2, encoder=nn.Sequential(nn.Linear(12, 4), nn.Dropout(0.5))).eval()
    x = draws(N_ROWS, 5).abs().round().clamp(max=2)
    before = module.log_class_probabilities(x)
    module.stack()
    assert not any(part.training for part in module.modules())
    torch.testing.assert_close(module.log_class_probabilities(x), before)
