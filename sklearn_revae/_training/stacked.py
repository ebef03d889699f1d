"""The members of an ensemble with their parameters stacked, so that they train at once."""

import copy

import torch
from torch import nn
from torch.func import functional_call, vmap
from torch.utils._pytree import tree_map

from sklearn_revae._model.revae import ReVAE


class _Call(nn.Module):
    """A module whose forward pass applies a function to `member`."""

    def __init__(self, member):
        super().__init__()
        self.member = member

    def forward(self, function, *inputs):
        return function(self.member, *inputs)


class Stacked(nn.Module):
    """An ensemble for training: each parameter has a leading axis of M members.

    A function that is written for one ReVAE is mapped over the members by
    :func:`torch.func.vmap`. Buffers, such as p(y), are the same in all members.

    Parameters
    ----------
    ensemble : Ensemble
        Its members; :meth:`write_back` gives them the trained weights.
    """

    def __init__(self, ensemble):
        super().__init__()
        self.n_members = len(ensemble.members)
        # Only its structure and its buffers are used, never these parameters.
        self.member = copy.deepcopy(
            ReVAE(
                ensemble.encoder,
                ensemble.decoder,
                ensemble.likelihood,
                ensemble.label_model,
                ensemble.style_dim,
            )
        )
        members = [dict(member.named_parameters()) for member in ensemble.members]
        for name, parameter in list(self.member.named_parameters()):
            path, _, leaf = name.rpartition(".")
            values = torch.stack([m[name].detach() for m in members])
            stacked = nn.Parameter(values, requires_grad=parameter.requires_grad)
            setattr(self.member.get_submodule(path), leaf, stacked)
        self._call = [_Call(self.member)]
        self._stacked = dict(self.member.named_parameters(prefix="member"))

    @property
    def latent_dim(self):
        """Number of latent dimensions of a member."""
        return self.member.latent_dim

    @property
    def likelihood(self):
        """The likelihood, whose features and buffers all members share."""
        return self.member.likelihood

    @property
    def label_model(self):
        """The label model, whose buffers all members share."""
        return self.member.label_model

    def map(self, function, own, shared=(), *, frozen=False):
        """Apply `function(member, *own, *shared)` to every member.

        Parameters
        ----------
        function : callable
            Takes a ReVAE and tensors; returns tensors, or a tuple of tensors.
        own : sequence of tensor (M, ...)
            One entry for each member.
        shared : sequence
            The same for all members.
        frozen : bool, default=False
            Whether gradients reach the inputs only, and not the parameters.

        Returns
        -------
        tensor or tuple of tensor, (M, ...) each
            The results.
        """
        parameters, (call,) = self._stacked, self._call
        if frozen:
            parameters = {name: p.detach() for name, p in parameters.items()}

        def apply(parameters, *own):
            return functional_call(call, parameters, (function, *own, *shared))

        if self.n_members == 1:
            one = {name: p[0] for name, p in parameters.items()}
            result = apply(one, *(tensor[0] for tensor in own))
            return tree_map(lambda tensor: tensor.unsqueeze(0), result)
        return vmap(apply, randomness="different")(parameters, *own)

    def log_class_probabilities(self, x):
        """Log of the mean over the members of q(y_l = k | x): (n, L, K)."""
        members = self.map(lambda member, x: member.log_class_probabilities(x), (), (x,))
        return members.logsumexp(0) - torch.log(x.new_tensor(float(self.n_members)))

    @torch.no_grad()
    def write_back(self, ensemble):
        """Copy parameters and buffers to the members of an ensemble."""
        stacked, shared = dict(self.member.named_parameters()), self.member.named_buffers()
        shared = dict(shared)
        for i, member in enumerate(ensemble.members):
            for name, parameter in member.named_parameters():
                if name in stacked:
                    parameter.copy_(stacked[name][i])
            for name, buffer in member.named_buffers():
                if name in shared:
                    buffer.copy_(shared[name])
