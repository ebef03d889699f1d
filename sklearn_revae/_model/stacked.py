"""An ensemble whose members are trained at the same time: their parameters are stacked.

The code of the model is written for one member. It also computes all members at once, as
its tensors may have further axes in front: rows are (M, n, ...), and a parameter of shape
S, stacked, is (M, 1, *S), which broadcasts against them. Linear layers, which do more
than broadcast, have a class of their own here, and so have ReLUs that some members lack.
Other modules are called for one member after another. :func:`torch.func.vmap` would do
the same for any module, but a step of a small ensemble takes it more than twice as long.
"""

from itertools import groupby, islice, pairwise

import torch
from torch import nn

from sklearn_revae._model.copies import copied
from sklearn_revae._model.networks import GaussianEncoder
from sklearn_revae._model.revae import ReVAE

_ACTIVATIONS = (nn.ReLU, nn.Identity)


class StackedLinear(nn.Module):
    """Linear layers side by side: (M, n, n_in) -> (M, n, n_out).

    Parameters
    ----------
    layers : sequence of torch.nn.Linear
        One for each member, all of the same shape.
    """

    def __init__(self, layers):
        super().__init__()
        with torch.no_grad():
            self.weight = nn.Parameter(torch.stack([layer.weight.T for layer in layers]))
            self.bias = nn.Parameter(torch.stack([layer.bias[None] for layer in layers]))

    def forward(self, x):
        """Apply every layer to its part of `x`."""
        return torch.baddbmm(self.bias, x, self.weight)

    @torch.no_grad()
    def write_back(self, layers):
        """Copy the parameters to the layers of the members."""
        for layer, weight, bias in zip(layers, self.weight, self.bias, strict=True):
            layer.weight.copy_(weight.T)
            layer.bias.copy_(bias[0])


class StackedReLU(nn.Module):
    """ReLUs of some members, while others pass on what they get: (M, n, n_in).

    Parameters
    ----------
    layers : sequence of torch.nn.ReLU or torch.nn.Identity
        One for each member.
    inplace : bool
        Whether it may change its input, which nobody else needs.
    """

    def __init__(self, layers, inplace):
        super().__init__()
        self.inplace = inplace
        are_relus = [isinstance(layer, nn.ReLU) for layer in layers]
        # Neighbours of the same kind are computed at once.
        edges = [i for i, pair in enumerate(pairwise(are_relus), 1) if len({*pair}) > 1]
        runs = pairwise([0, *edges, len(layers)])
        self.relus = [slice(*run) for run in runs if are_relus[run[0]]]

    def forward(self, x):
        """Apply every layer to its part of `x`."""
        x = x if self.inplace else x.clone()
        if torch.is_grad_enabled() and x.requires_grad:
            return _ReLUOfSome.apply(x, self.relus)
        return _relu_of_some(x, self.relus)


def _relu_of_some(x, slices):
    """Apply a ReLU to slices along the first axis of `x`, in place."""
    for of_members in slices:
        x[of_members].relu_()
    return x


class _ReLUOfSome(torch.autograd.Function):
    """:func:`_relu_of_some` with a gradient.

    The gradients of :func:`torch.maximum` and :func:`torch.where` take the CPU several
    times as long, and those of slices copy the whole tensor for each of them.
    """

    @staticmethod
    def forward(ctx, x, slices):
        ctx.mark_dirty(x)
        ctx.slices = slices
        _relu_of_some(x, slices)
        ctx.save_for_backward(x)
        return x

    @staticmethod
    def backward(ctx, gradient):
        (result,) = ctx.saved_tensors
        passed = gradient.clone()
        for of_members in ctx.slices:
            part, of_relu = passed[of_members], result[of_members]
            torch.ops.aten.threshold_backward.grad_input(
                part, of_relu, 0, grad_input=part
            )
        return passed, None


class Loop(nn.Module):
    """Modules of any kind that are called one after the other, and trained in place.

    Parameters
    ----------
    modules : sequence of torch.nn.Module
        One for each member.
    """

    def __init__(self, modules):
        super().__init__()
        self.of_members = nn.ModuleList(modules)

    def forward(self, x):
        """Apply every module to its part of `x`, (M, n, ...)."""
        parts = zip(self.of_members, x, strict=True)
        return torch.stack([module(part) for module, part in parts])

    def write_back(self, modules):
        """Do nothing: these are the members' own modules."""


class _StackedEncoder(GaussianEncoder):
    """Encoders side by side: (M, n, n_inputs) -> two tensors (M, n, latent_dim).

    Neighbours that encode rows in the same way are stacked. Those that read bins of
    numbers have more weights than the others.
    """

    def __init__(self, encoders):
        nn.Module.__init__(self)
        groups = [list(g) for _, g in groupby(encoders, lambda e: type(e.encoding))]
        self.sizes = [len(group) for group in groups]
        self.encodings = nn.ModuleList(group[0].encoding for group in groups)
        self.bodies = nn.ModuleList(
            _stacked_network([encoder.body for encoder in group]) for group in groups
        )
        self.head = StackedLinear([encoder.head for encoder in encoders])

    def features(self, x):
        """What the heads of all members read, (M, n, body_width)."""
        if len(self.sizes) == 1:
            return self.bodies[0](self.encodings[0](x))
        parts = zip(self.encodings, self.bodies, x.split(self.sizes), strict=True)
        return torch.cat([body(encoding(part)) for encoding, body, part in parts])

    def write_back(self, encoders):
        """Copy the parameters to the encoders of the members."""
        remaining = iter(encoders)
        for body, size in zip(self.bodies, self.sizes, strict=True):
            _write_back(body, [encoder.body for encoder in islice(remaining, size)])
        self.head.write_back([encoder.head for encoder in encoders])


class StackedSequence(nn.Sequential):
    """Stacked layers, one after the other."""

    def write_back(self, sequences):
        """Copy the parameters to the layers of the members."""
        for layer, of_members in zip(self, zip(*sequences, strict=True), strict=True):
            _write_back(layer, of_members)


def _write_back(stacked, modules):
    """Copy the parameters to those of the members; activations have none."""
    if isinstance(stacked, StackedLinear | Loop | StackedSequence):
        stacked.write_back(modules)


def _is_plain(module):
    """Whether parameters are all there is to a module, and each is trained by itself.

    Modules of the user's own may share parameters, freeze them, or have hooks.
    """
    places = list(module.named_parameters(remove_duplicate=False))
    return (
        len(places) == len(list(module.parameters()))
        and all(parameter.requires_grad for _, parameter in places)
        and not any(m._forward_hooks or m._forward_pre_hooks for m in module.modules())
    )


def _stacked_network(modules, inplace=False):
    """Stack networks of the same architecture, one for each member.

    An activation may change its input if `inplace` is true.
    """
    first = modules[0]
    if not _is_plain(first):
        return Loop(modules)
    if type(first) is nn.Linear and first.bias is not None:
        return StackedLinear(modules)
    if _is_fully_connected(first):
        # A linear layer does not need its output to compute its gradient.
        after_linear = [False, *(type(layer) is nn.Linear for layer in first)]
        layers = zip(zip(*modules, strict=True), after_linear, strict=False)
        return StackedSequence(*(_stacked_network(list(o), i) for o, i in layers))
    if isinstance(first, _ACTIVATIONS):
        same = len({type(module) for module in modules}) == 1
        if same and isinstance(first, nn.ReLU):
            return nn.ReLU(inplace)
        return first if same else StackedReLU(modules, inplace)
    return Loop(modules)


def _is_fully_connected(module):
    """Whether a module is a sequence of layers that all members compute at once.

    A loop for each layer would copy the output of each, which takes convolutions long.
    """
    return type(module) is nn.Sequential and all(
        type(layer) is nn.Linear
        or isinstance(layer, _ACTIVATIONS)
        or _is_fully_connected(layer)
        for layer in module
    )


def _stacked_parameters(modules):
    """Return a copy of the first module whose parameters are those of all, stacked."""
    of_members = [module.parameters() for module in modules]
    # What `deepcopy` is told to have copied already.
    stacked = {
        id(same[0]): nn.Parameter(torch.stack(same).detach().unsqueeze(1))
        for same in zip(*of_members, strict=True)
    }
    return copied(modules[0], stacked)


@torch.no_grad()
def _write_back_parameters(stacked, modules):
    for name, parameter in stacked.named_parameters():
        for module, values in zip(modules, parameter, strict=True):
            module.get_parameter(name).copy_(values[0])


class StackedReVAE(ReVAE):
    """All members of an ensemble as one module.

    Everything that it takes and returns has an axis of length M in front of the rows.

    Parameters
    ----------
    members : sequence of ReVAE
        The members, of the same architecture. :meth:`write_back` gives them what was
        trained.

    Attributes
    ----------
    judges : list of one ReVAE
        The same members with the same weights, which get no gradient. It is in a list
        because it must not become a submodule.
    """

    def __init__(self, members):
        first = members[0]
        super().__init__(
            _StackedEncoder([member.encoder for member in members]),
            _stacked_network([member.decoder for member in members]),
            _stacked_parameters([member.likelihood for member in members]),
            _stacked_parameters([member.label_model for member in members]),
            first.style_dim,
        )
        self.n_members = len(members)
        # The judges do not move with this module.
        self.to(next(first.parameters()).device)
        self.judges = []
        self.judges = [_without_gradients(self)]

    def train(self, mode=True):
        """Put the members and the judges into training mode, or into evaluation mode."""
        for judge in self.judges:
            judge.train(mode)
        return super().train(mode)

    def decode(self, z):
        """Parameters of p(x|z): (M, n, latent_dim) -> (M, n, n_outputs)."""
        return self.decoder(z)

    def member_predictions(self, x):
        """What the label model of every member predicts: (M, n, L, ...)."""
        features = self.likelihood.features(x)
        mean = self.encoder.mean(features.expand(self.n_members, *features.shape))
        return self.label_model.predictions(self.blocks(mean))

    def write_back(self, members):
        """Copy the parameters to the members."""
        self.encoder.write_back([member.encoder for member in members])
        _write_back(self.decoder, [member.decoder for member in members])
        for name in ("likelihood", "label_model"):
            _write_back_parameters(
                getattr(self, name), [getattr(member, name) for member in members]
            )


def _without_gradients(module):
    """Return a module with the same parameters and buffers that gets no gradient."""
    # They share memory: what training does to the one, the other has.
    shared = {id(p): p.detach() for p in module.parameters()}
    return copied(module, shared | {id(b): b for b in module.buffers()})
