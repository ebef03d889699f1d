"""What methods compute, as torch modules that can be exported to ONNX.

The networks compute in single precision, as ONNX Runtime has convolutions in no other.
All else is in double precision, so that far values and steep priors lose nothing.
"""

import copy

import torch
from torch import nn

from sklearn_revae._interventions.blending import blended, blended_layout
from sklearn_revae._interventions.decoding import combine, editors, edits_twice
from sklearn_revae._model.families import ContinuousBernoulli
from sklearn_revae._model.label_model import LabelModel
from sklearn_revae.persistence._onnx_scaling import ScalingGraph


class Graph(nn.Module):
    """Base class: the module of an estimator, and the scaling of its rows.

    Parameters
    ----------
    estimator : ReVAEClassifier, ReVAERegressor or ReVAETransformer
        The fitted estimator; it is not changed.

    Attributes
    ----------
    output_names : list of str or None
        Names of the outputs. None for rows like those of X.
    """

    output_names: list[str] | None = None

    def __init__(self, estimator):
        super().__init__()
        self.scaling = ScalingGraph(estimator._codec)
        self.module = copy.deepcopy(estimator.module_).cpu().float().eval()
        for member in self.module.members:
            member.label_model.double()
            for family in member.likelihood.families.values():
                if isinstance(family, ContinuousBernoulli):
                    # torch's own distribution keeps the number of rows of the example.
                    family.mean = continuous_bernoulli_mean
        self.requires_grad_(False)

    def means(self, x, members):
        """Means of q(z|x) of numbers (n, n_features), a tensor (n, D) of each member."""
        rows = self.scaling.scaled(x).float()
        return [member.encode(rows)[0] for member in members]

    def predictions(self, mean, member):
        """What a label model predicts: probabilities (n, L, K), or numbers (n, L, 1)."""
        labels, blocks = member.label_model, member.blocks(mean.double())
        if not isinstance(labels, LabelModel):
            return labels.predictions(blocks)
        # ONNX's Einsum has no ellipsis, by which LabelModel computes the same.
        deviation = (blocks[:, :, None] - labels.means) / labels.scales
        log_density = -0.5 * deviation.square().sum(-1) - labels.scales.log().sum(-1)
        return (log_density + labels.log_prior).softmax(-1)

    def predicted(self, means):
        """The mean of what all members predict, see :meth:`predictions`."""
        pairs = zip(means, self.module.members, strict=True)
        return torch.stack([self.predictions(*pair) for pair in pairs]).mean(0)


def continuous_bernoulli_mean(output):
    """The mean of the continuous Bernoulli distribution with logits (..., n, 1).

    It is 1 / (1 - exp(-x)) - 1 / x for a logit x. The two terms cancel near 0.
    """
    logits = output[..., 0]
    near = logits.abs() < 0.1
    x = torch.where(near, 1.0, logits)
    series = 0.5 + logits / 12 - logits**3 / 720
    return torch.where(near, series, 1 / (1 - torch.exp(-x)) - 1 / x)


class ProbabilityGraph(Graph):
    """The method `predict_proba`: an output (n, n_classes) for each label."""

    def __init__(self, estimator):
        super().__init__(estimator)
        labels = estimator._labels
        self._n_classes = [len(classes) for classes in labels.classes_]
        self.output_names = ["probabilities"]
        if labels.several_:
            self.output_names = [f"probabilities_{name}" for name in labels.names_]

    def forward(self, x):
        """Return the probabilities of each label."""
        means = self.means(self.scaling.observed(x), self.module.members)
        temperature = self.module.label_model.temperature[:, None]
        found = (self.predicted(means).log() / temperature).softmax(-1)
        return tuple(found[:, label, :n] for label, n in enumerate(self._n_classes))


class NumberGraph(Graph):
    """The method `predict` of a regressor: an output (n,), or (n, L)."""

    output_names = ["predictions"]

    def __init__(self, estimator):
        super().__init__(estimator)
        self._several = estimator._labels.several_
        for name in ("mean", "scale"):
            values = getattr(estimator._labels, f"{name}_")
            self.register_buffer(name, torch.as_tensor(values, dtype=torch.float64))

    def forward(self, x):
        """Return the numbers in the units of y."""
        means = self.means(self.scaling.observed(x), self.module.members)
        numbers = self.predicted(means).squeeze(-1) * self.scale + self.mean
        return (numbers if self._several else numbers[:, 0],)


class LatentGraph(Graph):
    """The method `transform`: an output (n, D)."""

    output_names = ["latents"]

    def forward(self, x):
        """Return the latent codes of the first member."""
        members = self.module.members[:1]
        return (self.means(self.scaling.observed(x), members)[0].double(),)


class InterventionGraph(Graph):
    """The method `intervene`: rows like X, with other values of labels."""

    def __init__(self, estimator):
        super().__init__(estimator)
        self.layout = blended_layout(self.module)
        scaling = estimator._codec.scaling_
        self.register_buffer("unit", torch.from_numpy(scaling.scale_ * scaling.spread_))

    def forward(self, x, value, strength):
        """Return edited rows (n, n_features).

        Parameters
        ----------
        x : tensor (n, n_features)
            Rows in the units of X.
        value : long tensor (n, L) or (1, L)
            Codes of the requested values, -1 for labels that are not requested.
        strength : tensor ()
            How far to move the latents.
        """
        own = self.scaling.observed(x)
        members = editors(self.module)
        means = self.means(own, self.module.members)
        predicted = self.predicted(means)
        source = self.present(predicted)
        target = self.requested(source, self.in_model_units(value).expand_as(source))
        codes = [
            self._edited_code(member, mean, source, target, strength)
            for member, mean in zip(members, means, strict=False)
        ]
        edited = self._decoded(own, means, codes)
        if edits_twice(self.module):
            (mean,) = self.means(edited, members)
            own_part = codes[0][:, : self.module.characteristic_dim]
            changed = (codes[0] != means[0].double()).any(-1, keepdim=True)
            code = torch.cat([own_part, members[0].style(mean.double())], 1)
            edited = self._decoded(own, means, [torch.where(changed, code, codes[0])])
        return (edited,)

    def _decoded(self, own, means, codes):
        """Rows with what changes from decoded codes `means` to `codes` of the members."""
        decoded = [
            self._expectations(member, *pair)
            for member, *pair in zip(editors(self.module), means, codes, strict=False)
        ]
        likelihood = self.module.likelihood
        families = likelihood.families.values()
        combined = [
            combine(torch.stack(parts), family.discrete, 1, 1)
            for family, parts in zip(families, zip(*decoded, strict=True), strict=True)
        ]
        ends = zip(*(part.unbind(0) for part in combined), strict=True)
        edited = likelihood.edited(self.scaling.scaled(own), *ends)
        before, after = (self.scaling.unscaled(rows) for rows in edited)
        if self.layout is not None:
            after = blended(own, before, after, self.layout, self.unit)
        return self.scaling.add_change(own, before, after)

    def _edited_code(self, member, mean, source, target, strength):
        """Latent codes (n, D) after the edit."""
        labels, z = member.label_model, mean.double()
        blocks = list(member.blocks(z).unbind(1))
        for label, block in enumerate(blocks):
            moved = labels.transport(label, block, source[:, label], target[:, label])
            blocks[label] = block + strength * (moved - block)
        return torch.cat([*blocks, member.style(z)], dim=1)

    def _expectations(self, member, mean, z_new):
        """What a member expects of each family before and after an edit: (2, n, ...)."""
        output, changed = member.decoder(mean), member.decoder(z_new.float())
        # Where nothing is edited nothing must change.
        unchanged = (mean.double() == z_new).all(dim=-1, keepdim=True)
        output = torch.stack([output, torch.where(unchanged, output, changed)])
        return [part.double() for part in member.likelihood.expectations(output)]

    def in_model_units(self, value):
        """Requested values as the label model has them."""
        return value

    def present(self, predicted):
        """The values (n, L) that the ensemble predicts."""
        return predicted.argmax(-1)

    def requested(self, source, value):
        """Values (n, L) of all labels after the edit.

        If a requested value excludes the value of another label, that label changes too;
        see :func:`~sklearn_revae._model.edits.implied`.
        """
        asked = value >= 0
        target = torch.where(asked, value, source)
        columns = list(target.unbind(1))
        for label, own, other, excluded, instead in self.module.label_model.exclusions:
            excludes = asked[:, label] & (value[:, label] == own) & ~asked[:, other]
            excludes = excludes & (source[:, other] == excluded)
            columns[other] = torch.where(excludes, instead, columns[other])
        return torch.stack(columns, 1)


class NumberInterventionGraph(InterventionGraph):
    """The method `intervene` of a regressor: rows like X, with other numbers.

    Requested numbers are in the units of y, NaN for targets that are not requested.
    """

    def __init__(self, estimator):
        super().__init__(estimator)
        for name in ("mean", "scale"):
            values = getattr(estimator._labels, f"{name}_")
            self.register_buffer(name, torch.as_tensor(values, dtype=torch.float64))

    def forward(self, x, value):
        """Return edited rows (n, n_features)."""
        return super().forward(x, value, 1.0)

    def in_model_units(self, value):
        """Requested numbers, standardised."""
        return (value - self.mean) / self.scale

    def present(self, predicted):
        """The numbers (n, L) that the ensemble predicts."""
        return predicted.squeeze(-1)

    def requested(self, source, value):
        """Numbers (n, L) of all targets after the edit."""
        return torch.where(torch.isnan(value), source, value)
