"""Small modules, rows and losses to train on, in float64."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback

from sklearn_revae._model.ensemble import Ensemble
from sklearn_revae._model.families import Column
from sklearn_revae._model.label_model import LabelModel
from sklearn_revae._model.likelihoods import ProductLikelihood
from sklearn_revae._model.networks import GaussianEncoder, mlp_decoder, mlp_encoder_body
from sklearn_revae._model.revae import ReVAE
from sklearn_revae._model.stacked import StackedReVAE
from sklearn_revae._training.batches import Rows
from sklearn_revae._training.loss import SemiSupervisedLoss
from sklearn_revae._training.net import make_net
from sklearn_revae._training.settings import MemberSettings, Settings

N_COLUMNS = 4


def bright_and_dark(n):
    """Images (n, 16, 16) whose upper half is bright or dark, and which it is."""
    y = np.arange(n) % 2
    X = np.random.RandomState(0).random_sample((n, 16, 16)) * 0.5
    X[y == 1, :8] += 0.5
    return X, y


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def make_member(n_values=(2,), family="gaussian", seed=0):
    generator = seeded(seed)
    latent_dim = 2 * len(n_values) + 2
    body, width = mlp_encoder_body(N_COLUMNS, (6,), generator)
    return ReVAE(
        GaussianEncoder(body, width, latent_dim, generator),
        mlp_decoder(latent_dim, (6,), N_COLUMNS, generator),
        ProductLikelihood([Column(family)] * N_COLUMNS),
        LabelModel(n_values, 2, generator),
        2,
    ).double()


def make_module(n_members=1, **options):
    """An ensemble whose members have different initial weights."""
    first, *others = (make_member(seed=seed, **options) for seed in range(n_members))
    return Ensemble(first, others)


def make_stacked(*args, **options):
    return StackedReVAE(make_module(*args, **options).members)


def make_rows(n_labeled, n_unlabeled):
    """Rows of two clusters; labelled ones lie scattered among the others."""
    n = n_labeled + n_unlabeled
    generator = seeded(1)
    values = torch.arange(n) % 2
    x = torch.randn(n, N_COLUMNS, generator=generator, dtype=torch.float64)
    x[:, 0] += 4.0 * values - 2.0
    codes = torch.full((n, 1), -1)
    labeled = torch.randperm(n, generator=generator)[:n_labeled]
    codes[labeled, 0] = values[labeled]
    return Rows(x, codes, torch.ones(n, dtype=torch.float64))


def member_settings(**changes):
    """Settings of a member whose loss is the negative ELBO."""
    parameters = {
        "noise": 0.5,
        "consistency_weight": 0.0,
        "label_weight": 2.0,
    }
    return MemberSettings(**{**parameters, **changes})


def make_settings(**changes):
    """Settings of a run; those of a member apply to its only member."""
    of_member = MemberSettings.__dataclass_fields__.keys() & changes.keys()
    member = member_settings(**{name: changes.pop(name) for name in of_member})
    parameters = {
        "members": [member],
        "edit_weight": 0.0,
        "n_edits": 32,
        "edits_from": 0.0,
        "views": None,
        "spread": np.ones(N_COLUMNS, dtype=np.float32),
        "n_mc_samples": 2,
        "batch_size": 10,
        "learning_rate": 0.01,
        "n_epochs": 3,
    }
    return Settings(**{**parameters, **changes})


def make_loss(
    generator=None, kind=SemiSupervisedLoss, n_steps=100, complete=False, **changes
):
    settings = make_settings(**changes)
    spread = torch.from_numpy(settings.spread).double()
    generator = seeded(2) if generator is None else generator
    return kind(settings, spread, generator, n_steps, complete)


def encoder_inputs(stacked):
    """Record the inputs (M, n, n_inputs) of every call of an encoder, or of a judge's."""
    inputs = []
    for part in (stacked, *stacked.judges):
        part.encoder.register_forward_pre_hook(lambda _, args: inputs.append(args[0]))
    return inputs


class LossWithNaN(torch.nn.Module):
    """A loss that is not finite at the given calls, counted from 1."""

    step = 0

    def __init__(self, bad_calls, with_bound=True):
        super().__init__()
        self.loss = make_loss()
        self.bad_calls = bad_calls
        self.with_bound = with_bound
        self.n_calls = 0

    def forward(self, stacked, x, codes, weight):
        self.n_calls += 1
        if self.n_calls in self.bad_calls:
            x = torch.full_like(x, torch.inf)
        loss, bound = self.loss(stacked, x, codes, weight)
        return loss, bound if self.with_bound else None


def weights(module):
    return torch.cat([p.detach().flatten() for p in module.parameters()])


class Spy(Callback):
    """Keeps the weights before and after every step and after every epoch."""

    def on_train_begin(self, net, **kwargs):
        self.before, self.after, self.epochs = [], [], []

    def on_batch_begin(self, net, **kwargs):
        self.before.append(weights(net.module_))

    def on_batch_end(self, net, **kwargs):
        self.after.append(weights(net.module_))

    def on_epoch_end(self, net, **kwargs):
        self.epochs.append(weights(net.module_))


def initialized_net(module, loss, callbacks=(), n_decay_steps=None, **changes):
    """A net that trains the stacked members of a module."""
    settings = make_settings(decay=0.0 if n_decay_steps is None else 1.0, **changes)
    stacked = StackedReVAE(module.members) if isinstance(module, Ensemble) else module
    net = make_net(stacked, loss, seeded(3), settings, n_decay_steps, list(callbacks))
    return net.initialize()


def group_values(net, key):
    """Name of each parameter and `key` of the optimizer's group that it is in."""
    values = {
        id(parameter): group[key]
        for group in net.optimizer_.param_groups
        for parameter in group["params"]
    }
    return [(name, values[id(p)]) for name, p in net.module_.named_parameters()]


def run_settings(**changes):
    """Settings of a run whose loss has all of its usual terms."""
    return make_settings(**{"consistency_weight": 1.0, "edit_weight": 0.5, **changes})


@pytest.fixture(scope="session")
def small():
    """Helpers that make modules, rows, losses, nets and settings."""
    return SimpleNamespace(
        bright_and_dark=bright_and_dark,
        module=make_module,
        member=make_member,
        stacked=make_stacked,
        member_settings=member_settings,
        rows=make_rows,
        loss=make_loss,
        encoder_inputs=encoder_inputs,
        loss_with_nan=LossWithNaN,
        net=initialized_net,
        group_values=group_values,
        settings=run_settings,
        seeded=seeded,
        weights=weights,
        Spy=Spy,
        n_columns=N_COLUMNS,
    )
