"""Judges of edits: they tell the decoder whether an edit shows what was requested.

In an ensemble, the next member judges. A member that judged its own edits would accept
invisible traces, which its encoder and its decoder can agree on. A single network for
images therefore gets judges that share nothing with it.
"""

import torch
from torch import nn

from sklearn_revae._model.convolutions import image_encoder_body
from sklearn_revae._model.draws import normal
from sklearn_revae._model.label_model import certain
from sklearn_revae._model.networks import make_layer
from sklearn_revae._model.views import ViewStrength, random_view

# What judges see is a random view, so that mere traces do not convince them.
_LOOK = ViewStrength(shift=1 / 28, rotation=0.1, scale=0.04, contrast=0.1)
# Noise of a look, in standard deviations of the pixels.
_LOOK_NOISE = 0.4
_N_JUDGES = 2
_CHANNELS = (16, 32, 64)


class NextMember:
    """The encoder of the next member, which gets no gradient, sees an edit through noise.

    Parameters
    ----------
    noise : Noise
        The noise.
    """

    def __init__(self, noise):
        self.noise = noise

    def __call__(self, stacked, edited, inputs):
        """Predictions (M, m, L, ...) for edited rows (M, m, n_inputs) of every member.

        Parameters
        ----------
        stacked : StackedReVAE
            The members.
        edited : tensor (M, m, n_inputs)
            What their encoders read of the edited rows.
        inputs : tensor (n, n_inputs)
            What they read of the rows of the batch.
        """
        (judge,) = stacked.judges
        noise = self.noise.draw(inputs, edited.shape[1])
        mean, _ = judge.encoder(edited.roll(1, 0) + noise)
        return judge.label_model.predictions(judge.blocks(mean)).roll(-1, 0)


class ImageJudges(nn.Module):
    """Small classifiers that learn the labels beside a network for images.

    Parameters
    ----------
    label_model : LabelModel
        Says how many labels and values there are.
    layout : ImageShape
        How a row holds an image.
    n_masks : int
        Whether rows hold a mask after the values, 0 or 1.
    spread : tensor (n_inputs,)
        Standard deviation of each of the encoder's inputs, in which noise is measured.
    weights, generator : torch.Generator
        Source of the initial weights, on the CPU, and of what is random in a look, on the
        device.
    """

    def __init__(self, label_model, layout, n_masks, spread, weights, generator):
        super().__init__()
        self.shape = label_model.log_prior.shape
        self.layout, self.generator = layout, generator
        self.spread = spread
        self.absent = label_model.log_prior < -1e29
        self.judges = nn.ModuleList()
        for _ in range(_N_JUDGES):
            body, width = image_encoder_body(layout, weights, n_masks, _CHANNELS)
            head = make_layer(nn.Linear, width, self.shape.numel(), generator=weights)
            self.judges.append(nn.Sequential(body, head))
        self.to(spread.device, spread.dtype)

    def _look(self, rows):
        rows = rows + _LOOK_NOISE * self.spread * normal(rows.shape, rows, self.generator)
        n = self.layout.n_features
        images = random_view(self.layout.images(rows[:, :n]), _LOOK, self.generator)
        return torch.cat([self.layout.rows(images), rows[:, n:]], dim=1)

    def _seen(self, rows):
        """Log-probabilities (J, n, L, K) that the judges see in rows (n, n_inputs)."""
        seen = torch.stack([judge(self._look(rows)) for judge in self.judges])
        seen = seen.unflatten(-1, self.shape).masked_fill(self.absent, -1e9)
        return seen.log_softmax(-1).clamp(min=-50)

    def lesson(self, inputs, codes, predictions, weight):
        """Cross-entropy of what the judges see in rows and what they should, a scalar.

        It is the label where it is known, and what the model predicts elsewhere.

        Parameters
        ----------
        inputs : tensor (n, n_inputs)
            The rows.
        codes : long tensor (n, L)
            The code of each label, negative where it is not certain.
        predictions : tensor (n, L, K)
            The log-probabilities that the model predicts.
        weight : tensor (n,)
            Sample weights.
        """
        known = nn.functional.one_hot(codes.clamp(min=0), self.shape[-1])
        target = torch.where(
            certain(codes).unsqueeze(-1), known.to(predictions), predictions.exp()
        ).detach()
        missed = -(target * self._seen(inputs)).sum((-1, -2))
        return (weight * missed).mean(1).sum()

    def forward(self, stacked, edited, inputs):
        """Predictions (1, m, L, K) for edited rows (1, m, n_inputs).

        The edited rows get a gradient, the judges get none.
        """
        self.requires_grad_(False)
        try:
            return self._seen(edited[0]).mean(0, keepdim=True)
        finally:
            # The step is repeated if the device runs out of memory.
            self.requires_grad_(True)
