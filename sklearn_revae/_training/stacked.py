"""The members of an ensemble, stacked so that they are trained at the same time."""

import copy

import torch
from torch import nn
from torch.func import vmap
from torch.utils._pytree import tree_map

from sklearn_revae._model.revae import ReVAE


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
        # Where each parameter belongs: the module that holds it, and its name there.
        self._places, self._names = [], []
        for name, parameter in list(self.member.named_parameters()):
            path, _, leaf = name.rpartition(".")
            values = torch.stack([m[name].detach() for m in members])
            stacked = nn.Parameter(values, requires_grad=parameter.requires_grad)
            holder = self.member.get_submodule(path)
            setattr(holder, leaf, stacked)
            self._places.append((holder._parameters, leaf))
            self._names.append(name)

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
        stacked = [held[name] for held, name in self._places]
        own = tuple(own)

        def apply(parameters, own):
            self._put(parameters)
            return function(self.member, *own, *shared)

        used = [p.detach() for p in stacked] if frozen else stacked
        try:
            if self.n_members == 1:
                one = apply([p[0] for p in used], [tensor[0] for tensor in own])
                return tree_map(lambda tensor: tensor.unsqueeze(0), one)
            return vmap(apply, randomness="different")(used, own)
        finally:
            self._put(stacked)

    def _put(self, parameters):
        """Let the member's modules hold these parameters."""
        for (held, name), parameter in zip(self._places, parameters, strict=True):
            held[name] = parameter

    def log_class_probabilities(self, x):
        """Log of the mean over the members of q(y_l = k | x): (n, L, K)."""
        members = self.map(lambda member, x: member.log_class_probabilities(x), (), (x,))
        return members.logsumexp(0) - torch.log(x.new_tensor(float(self.n_members)))

    @torch.no_grad()
    def write_back(self, ensemble):
        """Copy parameters and buffers to the members of an ensemble."""
        stacked, shared = (
            dict(self.member.named_parameters()),
            self.member.named_buffers(),
        )
        shared = dict(shared)
        for i, member in enumerate(ensemble.members):
            for name, parameter in member.named_parameters():
                if name in stacked:
                    parameter.copy_(stacked[name][i])
            for name, buffer in member.named_buffers():
                if name in shared:
                    buffer.copy_(shared[name])
