"""Copies of modules are those of `copy.deepcopy`."""

import copy

import torch
from torch import nn

from sklearn_revae._model.copies import copied


def _module():
    module = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2), nn.Dropout(0.5))
    module.shared = [module[0]]
    module[0].register_forward_hook(lambda module, inputs, output: output + 1)
    return module.eval()


def test_a_copy_has_the_weights_the_settings_and_the_hooks():
    module = _module()
    found, expected = copied(module), copy.deepcopy(module)
    x = torch.ones(4, 3)
    torch.testing.assert_close(found(x), module(x), rtol=0, atol=0)
    for one, other in zip(found.modules(), expected.modules(), strict=True):
        assert type(one) is type(other)
        assert vars(one).keys() == vars(other).keys()
    assert found.shared[0] is found[0]
    assert not any(part.training for part in found.modules())


def test_a_change_of_a_copy_leaves_the_original_alone():
    module = _module()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    found = copied(module).train()
    found[1].register_forward_hook(lambda module, inputs, output: output * 0)
    found[1].register_buffer("mask", torch.ones(2), persistent=False)
    with torch.no_grad():
        for tensor in (*found.parameters(), *found.buffers()):
            tensor.add_(1)
    assert module.state_dict().keys() == before.keys()
    for name, value in module.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)
    assert not module.training
    assert not module[1]._forward_hooks
    assert not module[1]._non_persistent_buffers_set


def test_known_objects_take_the_place_of_their_originals():
    module = _module()
    weight = nn.Parameter(torch.zeros(2, 3))
    found = copied(module, {id(module[0].weight): weight})
    assert found[0].weight is weight
    assert found[0].bias is not module[0].bias
