"""Judges of edits: they tell the decoder whether an edit shows what was requested.

In an ensemble, the next member judges. A member that judged its own edits would accept
invisible traces, which its encoder and its decoder can agree on. A single network for
images therefore gets judges that share nothing with it.
"""

import torch
from torch import nn

from sklearn_revae._model.convolutions import image_encoder_body
from sklearn_revae._model.label_model import certain
from sklearn_revae._model.networks import make_layer
from sklearn_revae._training.critic import Critic, frozen
from sklearn_revae._training.judge_views import JudgeViews

# Noise through which judges look, in standard deviations of the pixels, so that mere
# traces do not convince them.
_NOISE = 0.4
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

    def __call__(self, stacked, edited):
        """Predictions (M, m, L, ...) for edited rows (M, m, n_inputs) of every member.

        Parameters
        ----------
        stacked : StackedReVAE
            The members.
        edited : tensor (M, m, n_inputs)
            What their encoders read of the edited rows.
        """
        (judge,) = stacked.judges
        noise = self.noise.draw(edited.shape[1])
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
        Source of the initial weights, on the CPU, and of what is random in a view, on the
        device.

    Attributes
    ----------
    critic : Critic
        Tells the decoder whether edits look like samples.
    """

    def __init__(self, label_model, layout, n_masks, spread, weights, generator):
        super().__init__()
        self.shape = label_model.log_prior.shape
        self.views = JudgeViews(layout, spread, generator)
        self.absent = label_model.log_prior < -1e29
        self.judges = nn.ModuleList()
        for _ in range(_N_JUDGES):
            body, width = image_encoder_body(layout, weights, n_masks, _CHANNELS)
            head = make_layer(nn.Linear, width, self.shape.numel(), generator=weights)
            self.judges.append(nn.Sequential(body, head))
        self.critic = Critic(self.shape, n_masks, _CHANNELS, self.views, weights)
        self.to(spread.device, spread.dtype)

    def _seen(self, rows):
        """Log-probabilities (J, n, L, K) that the judges see in rows (n, n_inputs)."""
        seen = torch.stack([judge(self.views(rows, _NOISE)) for judge in self.judges])
        seen = seen.unflatten(-1, self.shape).masked_fill(self.absent, -1e9)
        return seen.log_softmax(-1).clamp(min=-50)

    def lesson(self, inputs, shown, weight):
        """Cross-entropy of what the judges see in rows and what these show, a scalar.

        Parameters
        ----------
        inputs : tensor (n, n_inputs)
            The rows.
        shown : tensor (n, L, K)
            The result of :func:`shown_labels`.
        weight : tensor (n,)
            Sample weights.
        """
        missed = -(shown * self._seen(inputs)).sum((-1, -2))
        return (weight * missed).mean(1).sum()

    def forward(self, stacked, edited):
        """Predictions (1, m, L, K) for edited rows (1, m, n_inputs).

        The edited rows get a gradient, the judges get none.
        """
        with frozen(self.judges):
            return self._seen(edited[0]).mean(0, keepdim=True)


def shown_labels(codes, predictions):
    """Probabilities (n, L, K) of what rows show.

    They are certain where the label is known, and what the model predicts elsewhere.

    Parameters
    ----------
    codes : long tensor (n, L)
        The code of each label, negative where it is not certain.
    predictions : tensor (n, L, K)
        The log-probabilities that the model predicts.
    """
    known = nn.functional.one_hot(codes.clamp(min=0), predictions.shape[-1])
    known = known.to(predictions)
    return torch.where(certain(codes).unsqueeze(-1), known, predictions.exp()).detach()
