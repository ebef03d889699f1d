"""The gradient of the ELBO against brute force, for every mixture of observed labels."""

import pytest
import torch


@pytest.mark.parametrize("family", ["gaussian", "bernoulli"])
def test_gradient_is_that_of_the_elbo_of_the_paper(tiny, family):
    model, codes = tiny.model(family), tiny.all_codes()
    x = tiny.x(family, len(codes))
    for row in range(len(codes)):
        bound = tiny.bound(
            model, x[row : row + 1], codes[row : row + 1], 12, detach_weight=False
        )
        reference = tiny.reference(model, x[row], codes[row], n_nodes=16)
        torch.testing.assert_close(
            tiny.gradient(bound.value().sum(), model),
            tiny.gradient(reference.bound(), model),
            rtol=0,
            atol=2e-6,
        )
