"""MVAE: image and labels are modalities of one latent code, joined by their product.

    p(x, y, z) = p(x | z) prod_l p(y_l | z) N(z; 0, I),
    q(z | what is observed) proportional to N(z; 0, I) prod_m q(z | modality m),

where the modalities are the image and each of the labels, and each expert q(z | m) is
Gaussian. A labelled image enters training by three bounds: of the image with its labels,
of the image, and of the labels. An unlabelled image enters by the bound of the image.
log p(y_l|z) has a weight, as it has in the published code. The published training also
draws random subsets of the labels.

An edit decodes the mean of q(z | x, y), where y are the predicted labels except for the
requested one. Two weights of log p(y_l|z) were tried for 250 steps on 9,000 training
faces, with others held out: 3000 (balanced accuracy 0.892, success of edits 0.16) and 300
(0.744, 0.19).

References
----------
M. Wu, N. Goodman, "Multimodal Generative Models for Scalable Weakly-Supervised Learning",
NeurIPS 2018, arXiv:1802.05335.
"""

import torch
from baselines.rival import Rival, at
from torch import nn
from torch.nn import functional as F

from sklearn_revae._model.networks import GaussianEncoder
from sklearn_revae._model.objective import style_divergence

_MIN_SCALE = 1e-3
_HIDDEN = 128


def product_of_experts(means, scales, present):
    """Mean and scale of the product of N(0, 1) with Gaussian experts.

    Parameters
    ----------
    means, scales : tensors (n, m, d)
        The experts.
    present : tensor of bool (n, m)
        Whether an expert takes part in the product.
    """
    precisions = scales.pow(-2) * present.unsqueeze(-1)
    total = 1 + precisions.sum(1)
    return (precisions * means).sum(1) / total, total.rsqrt()


class MVAE(Rival):
    """MVAE for images with several labels.

    Parameters
    ----------
    shape, n_values, label_weight
        As for :class:`~baselines.rival.Rival`.
    latent_dim : int, default=88
        Dimension of z.
    random_state : int, default=0
        Seed of the initial weights.
    """

    def __init__(
        self, shape, n_values, *, label_weight=3000.0, latent_dim=88, random_state=0
    ):
        generator = torch.Generator().manual_seed(random_state)
        super().__init__(shape, n_values, latent_dim, generator, label_weight)
        self.encoder = GaussianEncoder(self.body, self.width, latent_dim, generator)
        sizes = (*self.absent.shape, latent_dim)
        self.means = nn.Parameter(torch.randn(sizes, generator=generator))
        self.raw_scales = nn.Parameter(torch.zeros(sizes))
        self.heads = nn.Sequential(
            self.linear(latent_dim, _HIDDEN, generator),
            nn.SiLU(),
            self.linear(_HIDDEN, self.absent.numel(), generator),
        )

    def posterior(self, image, codes, with_image=True):
        """Mean and scale of q(z | x, y), of x and the labels whose code is not -1."""
        labels = torch.arange(len(self.n_values))
        mean = self.means[labels, codes.clamp(min=0)]
        scale = F.softplus(self.raw_scales[labels, codes.clamp(min=0)]) + _MIN_SCALE
        seen = torch.full((len(codes), 1), with_image)
        return product_of_experts(
            torch.cat([image[0][:, None], mean], dim=1),
            torch.cat([image[1][:, None], scale], dim=1),
            torch.cat([seen, codes >= 0], dim=1),
        )

    def losses(self, x, codes, generator):
        """Return the sum of the negative bounds of each row."""
        image, none = self.encoder(x), torch.full_like(codes, -1)
        labelled = (codes >= 0).any(-1)
        total = self._loss(self.posterior(image, none), x, none, generator)
        if labelled.any():
            known, of_image = codes[labelled], [part[labelled] for part in image]
            both = self.posterior(of_image, known)
            only = self.posterior(of_image, known, with_image=False)
            total[labelled] += self._loss(both, x[labelled], known, generator)
            total[labelled] += self._loss(only, None, known, generator)
        return total

    def _loss(self, posterior, x, codes, generator):
        """Negative bound of the observed modalities; x may be None."""
        mean, scale = posterior
        z = mean + scale * torch.randn(mean.shape, generator=generator)
        log_labels = at(self.log_softmax(self.heads(z)), codes).sum(-1)
        log_x = 0 if x is None else self.log_likelihood(z, x)
        return style_divergence(mean, scale) - log_x - self.label_weight * log_labels

    def _of_image(self, x):
        image = self.encoder(x)
        none = torch.full((len(x), len(self.n_values)), -1)
        return image, self.log_softmax(self.heads(self.posterior(image, none)[0]))

    def log_classifier(self, x):
        """Return log p(y_l = k | z) at the mean of q(z|x)."""
        return self._of_image(x)[1]

    def code(self, x, do):
        """Return the mean of q(z | x, y), y being predicted where not requested."""
        image, log_labels = self._of_image(x)
        codes = log_labels.argmax(-1)
        for label, value in do.items():
            codes[:, label] = value
        return self.posterior(image, codes)[0]
