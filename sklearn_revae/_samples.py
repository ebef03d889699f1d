"""The validated samples of one call of fit or partial_fit."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from sklearn_revae._data.chunks import chunk_bounds
from sklearn_revae._data.storage import rows_at, streams
from sklearn_revae._training.batches import Rows
from sklearn_revae._training.streaming import make_lazy


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
            x = make_lazy(self.values, scale, device)
        else:
            x = torch.from_numpy(scale(self.values))
        weight = (self.weight / self.weight.mean()).astype(np.float32)
        return Rows(x, torch.from_numpy(self.codes), torch.from_numpy(weight)).to(device)


def non_finite_error(values, codec, learning_rate):
    """Return an error that names the likeliest cause of a loss that is not finite.

    Parameters
    ----------
    values : ndarray, CSR matrix or Stored (n, n_features)
        The rows that the model was trained on, in X's own units.
    codec : Codec
        Names and scales of the columns.
    learning_rate : float
        The learning rate.
    """
    largest = np.zeros(values.shape[1])
    for start, stop in chunk_bounds(values):
        scaled = np.abs(codec.scaling_.transform(values[start:stop]))
        largest = np.fmax(largest, np.fmax.reduce(scaled, axis=0))
    j = int(largest.argmax())
    return FloatingPointError(
        "Training did not recover from a loss or gradient that is NaN or infinite, after "
        "restarts at lower learning rates. The likely cause is the range of column "
        f"{codec.name(j)} of X, which reaches {largest[j]:.3g} standard deviations: clip "
        f"or log-transform it. Otherwise lower learning_rate_init={learning_rate}."
    )
