"""The norm of all gradients, whose bits do not depend on the number of threads."""

import pytest
import torch

from sklearn_revae._training.net import gradient_norm

SHAPES = [(100_000,), (300, 700), (2, 100_000), (7, 20_003), (1, 100_000), (1, 40, 1000)]


def parameter(*shape, dtype=torch.float32, seed=0):
    p = torch.nn.Parameter(torch.zeros(shape, dtype=dtype))
    generator = torch.Generator().manual_seed(seed)
    p.grad = torch.randn(shape, generator=generator, dtype=dtype)
    return p


def test_norm_of_all_gradients_together():
    shapes = [(), (5000,), (3, 4), (2, 3, 4, 5), (0, 3), (1, 9000)]
    parameters = [parameter(*shape, dtype=torch.float64) for shape in shapes]
    expected = torch.cat([p.grad.flatten() for p in parameters]).norm()
    torch.testing.assert_close(gradient_norm(parameters), expected)
    frozen = torch.nn.Parameter(torch.ones(3))
    assert gradient_norm([*parameters, frozen]) == gradient_norm(parameters)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_one_bad_entry_makes_the_norm_non_finite(bad):
    parameters = [parameter(300, 7), parameter(5000)]
    parameters[0].grad[299, 6] = bad
    assert not gradient_norm(parameters).isfinite()


@pytest.mark.parametrize("shape", SHAPES)
def test_bits_do_not_depend_on_the_number_of_threads(shape):
    # There are several, because sums in another order may happen to be equal.
    parameters = [parameter(*shape, seed=seed) for seed in range(8)]
    n_threads = torch.get_num_threads()
    norms = []
    try:
        for n in (1, 2, 3):
            torch.set_num_threads(n)
            norms.append([gradient_norm([p]).item() for p in parameters])
    finally:
        torch.set_num_threads(n_threads)
    assert norms[0] == norms[1] == norms[2]
