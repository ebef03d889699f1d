"""The style of an edit agrees with the columns that are kept."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from sklearn_revae import ReVAEClassifier
from sklearn_revae._interventions import decoding
from sklearn_revae._interventions.kept import agreeing_style
from sklearn_revae._model.families import FAMILIES, Column
from sklearn_revae._model.likelihoods import ProductLikelihood

N, N_STYLE, N_COLUMNS = 6, 3, 8


def _member(columns):
    """A linear decoder of two characteristic and three style latents."""
    torch.manual_seed(0)
    likelihood = ProductLikelihood(columns).double()
    linear = torch.nn.Linear(2 + N_STYLE, likelihood.n_outputs).double()
    return SimpleNamespace(
        likelihood=likelihood,
        decode=linear,
        style=lambda z: z[..., 2:],
        style_dim=N_STYLE,
        weight=linear.weight.detach(),
    )


def _edit():
    """Codes before and after an edit, and the scale of q(z|x)."""
    torch.manual_seed(1)
    z = torch.randn(1, N, 2 + N_STYLE).double()
    z_new = z.clone()
    z_new[..., :2] += 1.0
    return z, z_new, torch.rand(N, 2 + N_STYLE).double() + 0.2


def _kept(columns):
    kept = torch.zeros(N, N_COLUMNS, dtype=torch.bool)
    kept[:, columns] = True
    return kept


@torch.no_grad()
def test_the_style_of_a_linear_decoder_is_the_conditional_mean():
    member, (z, z_new, scale) = _member([Column("gaussian")] * N_COLUMNS), _edit()
    kept = [0, 3, 4, 7]
    found = agreeing_style(member, z, z_new, scale, _kept(kept))
    slopes = member.weight[kept, 2:]
    noise = member.likelihood.families["gaussian"].scale[kept] ** 2
    change = (member.decode(z) - member.decode(z_new))[0, :, kept]
    for i in range(N):
        prior = torch.diag(scale[i, 2:] ** 2)
        gain = (
            prior @ slopes.T @ (slopes @ prior @ slopes.T + torch.diag(noise)).inverse()
        )
        expected = z[0, i, 2:] + gain @ change[i]
        torch.testing.assert_close(found[0, i, 2:], expected, rtol=1e-6, atol=1e-8)
    assert torch.equal(found[..., :2], z_new[..., :2])


def _columns(family):
    n_levels = 3 if FAMILIES[family].discrete else 0
    return [Column(family, n_levels, mean_count=3.0)] * N_COLUMNS


@torch.no_grad()
@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_decoded_of_kept_columns_changes_less(family):
    member, (z, z_new, scale) = _member(_columns(family)), _edit()
    kept = [0, 1, 2, 3]
    found = agreeing_style(member, z, z_new, scale, _kept(kept))
    values = member.likelihood.mean(member.decode(z)).where(_kept(kept), torch.nan)
    edited, adjusted = (
        member.likelihood.log_prob(member.decode(code), values).sum()
        for code in (z_new, found)
    )
    assert adjusted > edited


@torch.no_grad()
def test_the_style_stays_without_an_edit_or_observed_values():
    member, (z, z_new, scale) = _member(_columns("gaussian")), _edit()
    everything, nothing = _kept(range(N_COLUMNS)), _kept([])
    assert torch.equal(agreeing_style(member, z, z, scale, everything), z)
    torch.testing.assert_close(agreeing_style(member, z, z_new, scale, nothing), z_new)


@pytest.fixture(scope="module")
def related():
    """Two columns whose difference is the class, and noise."""
    random = np.random.RandomState(0)
    y = np.arange(300) % 2
    style = 2 * random.standard_normal(300)
    X = np.stack([style + 2 * y, style - 2 * y, random.standard_normal(300)], axis=1)
    X[:, :2] += 0.3 * random.standard_normal((300, 2))
    return X, y


def test_other_columns_are_adjusted_to_kept_ones(related, monkeypatch):
    X, y = related
    model = ReVAEClassifier((16,), max_iter=20, n_members=3, random_state=0).fit(X, y)
    X_0 = X[y == 0][:40]

    def error():
        """Distance from the line on which the samples of class 1 are."""
        edited = model.intervene(X_0, 1, keep=[0], strength=1.0)
        np.testing.assert_array_equal(edited[:, 0], X_0[:, 0])
        return np.abs(edited[:, 1] - (edited[:, 0] - 4)).mean()

    adjusted = error()
    swapped = model.swap(X_0, X[y == 1][:1], keep=[0])
    monkeypatch.setattr(decoding, "infers_style", lambda module: False)
    assert adjusted < 0.9 * error()
    assert (model.swap(X_0, X[y == 1][:1], keep=[0])[:, 1] != swapped[:, 1]).all()
