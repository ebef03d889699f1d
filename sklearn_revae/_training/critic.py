"""A critic of edits: it tells the decoder whether an edit looks like a sample."""

from contextlib import contextmanager

from torch import nn
from torch.nn import functional as F

from sklearn_revae._model.convolutions import image_encoder_body
from sklearn_revae._model.networks import make_layer

# Noise through which it looks, in standard deviations of the pixels. It is less than that
# of the judges: blotches and haze, which the critic should see, are faint.
_NOISE = 0.1


class Critic(nn.Module):
    r"""A small network that learns to distinguish edited images from samples.

    It is trained with the hinge loss, and its score depends on the labels of the image:

    .. math::

        s(x, y) = w^\top h(x) + b
        + \frac{1}{\sqrt{L}} \sum_{l,k} y_{lk} \left( u_{lk}^\top h(x) + b_{lk} \right)

    Here :math:`h(x)` is what the convolutions see in a random view of the image,
    :math:`y_{lk}` is the probability of value k of label l, of L labels, and the other
    symbols are weights. A bald head with long hair is no sample, whatever it shows
    otherwise.

    Parameters
    ----------
    shape : tuple of int (L, K)
        Number of labels, and largest number of values of a label.
    n_masks : int
        Whether rows hold a mask after the values, 0 or 1.
    channels : tuple of int
        Number of channels after each halving of the image.
    views : JudgeViews
        How it views images.
    weights : torch.Generator
        Source of the initial weights, on the CPU.
    """

    def __init__(self, shape, n_masks, channels, views, weights):
        super().__init__()
        self.views = views
        self.body, width = image_encoder_body(views.layout, weights, n_masks, channels)
        n_outputs = 1 + shape[0] * shape[1]
        self.head = make_layer(nn.Linear, width, n_outputs, generator=weights)

    def score(self, rows, labels):
        """Scores (n,) of rows (n, n_inputs) with probabilities of labels (n, L, K)."""
        seen = self.head(self.body(self.views(rows, _NOISE)))
        of_labels = (seen[:, 1:] * labels.flatten(1)).sum(1)
        return seen[:, 0] + of_labels / labels.shape[1] ** 0.5

    def lesson(self, rows, labels, weight, edited, wanted, edited_weight):
        """Hinge loss of samples and of edited rows, a scalar; only the critic learns."""
        of_samples = F.relu(1 - self.score(rows, labels))
        of_edits = F.relu(1 + self.score(edited.detach(), wanted))
        return (weight * of_samples).mean() + (edited_weight * of_edits).mean()

    def forward(self, edited, wanted):
        """Return how far edited rows are from samples (m,); the critic learns nothing."""
        with frozen(self):
            return -self.score(edited, wanted)


@contextmanager
def frozen(module):
    """Context in which the parameters of a module need no gradient.

    It also ends after an exception, as a step is repeated if the device lacks memory.
    """
    module.requires_grad_(False)
    try:
        yield
    finally:
        module.requires_grad_(True)
