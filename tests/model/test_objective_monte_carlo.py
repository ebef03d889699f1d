"""Sampled gradients against quadrature, with and without the gradient of the weight."""

import pytest
import torch
from torch import nn

from sklearn_revae._model.draws import normal
from sklearn_revae._model.families import Column
from sklearn_revae._model.likelihoods import ProductLikelihood
from sklearn_revae._model.objective import evidence_bound

# Rows with both labels observed, with one of them, and with none.
CODES = torch.tensor([[1, 2], [-1, 0], [-1, -1]])


def sampled_bound(model, x, codes, n_samples, generator, **options):
    mean, scale = model.encode(x)
    noise = normal((n_samples, *mean.shape), mean, generator)
    return evidence_bound(model, x, codes, mean, scale, noise, **options)


@pytest.mark.parametrize("detach_weight", [False, True])
def test_sampled_gradient_is_unbiased(tiny, detach_weight):
    model, x = tiny.model(), tiny.x("gaussian", len(CODES))
    n_samples = 2000
    log_weights = torch.full((n_samples,), 1 / n_samples, dtype=torch.float64).log()

    def sampled(generator):
        if detach_weight:
            return sampled_bound(
                model, x, CODES, n_samples, generator, n_decoded=n_samples
            )
        mean, scale = model.encode(x)
        noise = normal((n_samples, *mean.shape), mean, generator)
        terms = tiny.sample_terms(model, x, CODES, mean, scale, noise)
        return tiny.integrate(
            model, CODES, mean, scale, terms, log_weights, detach_weight=False
        )

    bound = tiny.bound(model, x, CODES, 14, detach_weight)
    exact = tiny.gradient(bound.value().sum(), model)
    generator = torch.Generator().manual_seed(0)
    draws = torch.stack(
        [tiny.gradient(sampled(generator).value().sum(), model) for _ in range(60)]
    )
    error = draws.mean(0) - exact
    standard_error = draws.std(0) / len(draws) ** 0.5
    assert (error.abs() <= 4.5 * standard_error + 1e-12).all()
    assert standard_error.norm() < 0.01 * exact.norm()


def test_gradient_of_unlabeled_rows_is_unbiased_from_a_single_sample(tiny):
    model = tiny.model()
    x, codes = tiny.x("gaussian", 1), torch.tensor([[-1, -1]])
    exact = tiny.gradient(tiny.bound(model, x, codes, 14).value().mean(), model)
    generator = torch.Generator().manual_seed(0)
    copies = x.expand(2000, -1), codes.expand(2000, -1)
    draws = torch.stack(
        [
            tiny.gradient(
                sampled_bound(model, *copies, 1, generator).value().mean(), model
            )
            for _ in range(60)
        ]
    )
    standard_error = draws.std(0) / len(draws) ** 0.5
    assert ((draws.mean(0) - exact).abs() <= 4.5 * standard_error + 1e-12).all()
    assert standard_error.norm() < 0.02 * exact.norm()


def test_decoding_one_sample_is_unbiased(tiny):
    model = tiny.model()
    copies = tiny.x("gaussian", 1).expand(20_000, -1), CODES[:1].expand(20_000, -1)
    with torch.no_grad():
        one, every = (
            sampled_bound(
                model, *copies, 4, torch.Generator().manual_seed(0), n_decoded=n
            ).value()
            for n in (1, 4)
        )
    difference = one - every
    standard_error = difference.std() / len(difference) ** 0.5
    assert difference.mean().abs() < 4.5 * standard_error
    assert standard_error < 0.01 * every.mean().abs()


def dropped(tiny, model, x, codes):
    """The part of the gradient that is lost when w is detached."""
    full, detached = (
        tiny.gradient(
            tiny.bound(model, x, codes, 14, detach_weight=detach).value().sum(), model
        )
        for detach in (False, True)
    )
    return full - detached


def test_detached_weight_omits_the_score_function_term(tiny):
    model, codes = tiny.model(), tiny.all_codes()
    codes = codes[(codes >= 0).any(-1)]
    x = tiny.x("gaussian", len(codes))
    for row in range(len(codes)):
        omitted = dropped(tiny, model, x[row : row + 1], codes[row : row + 1])
        reference = tiny.reference(model, x[row], codes[row], n_nodes=18)
        weight, integrand = reference.weight(), reference.integrand()
        score = reference.log_labels_given_z() - reference.log_labels_given_x()
        term = reference.expectation(weight.detach() * integrand.detach() * score)
        expected = tiny.gradient(term, model)
        torch.testing.assert_close(omitted, expected, rtol=0, atol=1e-5)
        assert expected.norm() > 1e-2


def test_detached_weight_omits_nothing_for_unlabeled_rows(tiny):
    codes = torch.tensor([[-1, -1]])
    assert (dropped(tiny, tiny.model(), tiny.x("gaussian", 1), codes) == 0).all()


class _FirstColumns(nn.Module):
    def forward(self, x):
        return x[:, :3]


class _Repeat(nn.Module):
    def __init__(self, times):
        super().__init__()
        self.times = times

    def forward(self, x):
        return x.repeat(1, self.times)


def repeated(tiny, times):
    """The same model and row, with every column repeated `times` times."""
    model = tiny.model("shared_gaussian")
    with torch.no_grad():
        # The noise is as small as after training, with a standard deviation of 0.16.
        model.likelihood.families["shared_gaussian"].raw_scale.fill_(-2.0)
    model.encoder.body = nn.Sequential(_FirstColumns(), model.encoder.body)
    model.decoder = nn.Sequential(model.decoder, _Repeat(times))
    narrow = model.likelihood
    model.likelihood = ProductLikelihood([Column("shared_gaussian")] * 3 * times).double()
    model.likelihood.load_state_dict(narrow.state_dict())
    return model, tiny.x("gaussian", 1).repeat(1, times)


def test_omitted_term_grows_with_the_number_of_columns(tiny):
    omitted, of_classifier = {}, {}
    for times in (1, 4, 64):
        model, x = repeated(tiny, times)
        omitted[times] = dropped(tiny, model, x, CODES[:1])
        bound = tiny.bound(model, x, CODES[:1], 14)
        of_classifier[times] = tiny.gradient(bound.log_classifier.sum(), model)
    # It is affine in log p(x|z), which is proportional to the number of columns.
    torch.testing.assert_close(
        (omitted[64] - omitted[4]) / 60, (omitted[4] - omitted[1]) / 3
    )
    # Measured: 0.36, 1.5 and 24, where the classifier's own gradient has 0.98.
    assert omitted[1].norm() < of_classifier[1].norm()
    assert omitted[4].norm() > of_classifier[4].norm()
    assert omitted[64].norm() > 20 * of_classifier[64].norm()
    torch.testing.assert_close(of_classifier[64], of_classifier[1])
