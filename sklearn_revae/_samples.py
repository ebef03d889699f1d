"""The validated samples of one call of fit or partial_fit."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from sklearn_revae._data.chunks import chunk_bounds
from sklearn_revae._data.storage import rows_at, streams
from sklearn_revae._training.batches import Rows
from sklearn_revae._training.streaming import make_lazy

# A weight of the loss, or of a sample relative to others, that is larger is extreme.
_EXTREME_WEIGHT = 1e6
# A learning rate that is higher is a likely cause of an infinite loss.
_HIGH_RATE = 0.1
# A scaled value that is larger is far from the centre of its column.
_FAR = 3.5


@dataclass
class Samples:
    """Samples in X's own units, with their labels and weights.

    Parameters
    ----------
    values : ndarray, CSR matrix or Stored (n, n_features)
        Numbers, NaN where missing.
    codes : ndarray of int (n, L), or of float
        Label codes, -1 where not observed; or numbers, NaN where not observed.
    weight : ndarray (n,)
        Positive weights.
    evidence : ndarray (R, K)
        What codes below -1 stand for, see
        :meth:`~sklearn_revae._data.labels.LabelCodes.encode_soft`.
    """

    values: object
    codes: NDArray[np.int64]
    weight: NDArray[np.float64]
    evidence: NDArray[np.float64]

    def __len__(self):
        return len(self.codes)

    def at(self, index):
        """Return the samples at `index`, which is ascending."""
        values, codes = rows_at(self.values, index), self.codes[index]
        return Samples(values, codes, self.weight[index], self.evidence)

    def split(self, index):
        """Return the other samples, and those at `index`; all and None if it is None."""
        if index is None:
            return self, None
        others = np.setdiff1d(np.arange(len(self)), index)
        return self.at(others), self.at(index)

    def rows(self, scale, device):
        """Return these samples as training rows on a device, with weights of mean one.

        Parameters
        ----------
        scale : callable
            Turns rows in X's own units into scaled rows. Rows that are too large for
            memory are scaled when a batch needs them.
        device : torch.device
            The device.
        """
        if streams(self.values):
            x = make_lazy(self.values, scale)
        else:
            x = torch.from_numpy(scale(self.values))
        weight = (self.weight / self.weight.mean()).astype(np.float32)
        return Rows(x, torch.from_numpy(self.codes), torch.from_numpy(weight)).to(device)


def non_finite_error(samples, codec, params, learning_rate):
    """Return an error that names the likeliest cause of a loss that is not finite.

    Parameters
    ----------
    samples : Samples
        The samples that the model was trained on.
    codec : Codec
        Names and scales of the columns.
    params : estimator
        Holds the parameters.
    learning_rate : float
        The learning rate.
    """
    cause = _cause_in_parameters(samples, params) or _cause_in_columns(samples, codec)
    if "learning_rate_init" not in cause:
        cause += f" Otherwise lower learning_rate_init={learning_rate}."
    return FloatingPointError(
        "Training did not recover from a loss or gradient that is NaN or infinite, after "
        f"restarts at lower learning rates. {cause}"
    )


def _cause_in_parameters(samples, params):
    """A sentence that names an extreme weight or a high learning rate, or None."""
    weights = ("label_weight", "consistency_weight", "edit_weight")
    given = {name: getattr(params, name) for name in weights}
    given = {name: v for name, v in given.items() if not isinstance(v, str)}
    if given and max(given.values()) > _EXTREME_WEIGHT:
        name = max(given, key=given.get)
        return f"The likely cause is {name}={given[name]}: decrease it."
    largest = samples.weight.max()
    if largest > _EXTREME_WEIGHT * (median := np.median(samples.weight)):
        return (
            "The likely cause is sample_weight or class_weight, which gives a sample "
            f"{largest / median:.3g} times the median weight: pass weights that are "
            "closer to each other."
        )
    rate = params.learning_rate_init
    if not isinstance(rate, str) and rate > _HIGH_RATE:
        return (
            f"The likely cause is learning_rate_init={rate}: pass 'auto' or a number "
            "below 0.1."
        )
    return None


def _cause_in_columns(samples, codec):
    """A sentence that names the column of X with the farthest value."""
    values = samples.values
    largest = np.zeros(values.shape[1])
    for start, stop in chunk_bounds(values):
        scaled = np.abs(codec.scaling_.transform(values[start:stop]))
        largest = np.fmax(largest, np.fmax.reduce(scaled, axis=0))
    j = int(largest.argmax())
    reached = f"{codec.name(j)} of X, which reaches {largest[j]:.3g} standard deviations"
    if largest[j] < _FAR:
        return (
            f"No column of X is far from its centre, not even column {reached}. Check "
            "that modules and functions of your own, if you passed any as encoder, "
            "decoder or views, return finite numbers."
        )
    return f"The likely cause is the range of column {reached}: clip or log-transform it."
