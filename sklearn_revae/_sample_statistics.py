"""What is computed with the trained module on a sample of its training samples."""

import math

from sklearn_revae._data.reservoir import Reservoir
from sklearn_revae._data.storage import Stored
from sklearn_revae._imputation.residuals import learn_residuals
from sklearn_revae._inference.density import bound_quantiles
from sklearn_revae._interventions.drawing import StoredCodes


class SampleStatistics:
    """The imputation rule, latent codes and the quantiles of scores of training samples.

    `fit` and `partial_fit` add their samples to a bounded random sample, from which all
    are computed when they are next needed.

    Parameters
    ----------
    residuals : Residuals or None
        The imputation rule, None where there is none.
    score_quantiles : ndarray (101,)
        Percentiles 0, 1, ..., 100 of the scores.
    codes : StoredCodes or None
        The latent codes, None for a model that was saved before they were stored.
    reservoir : Reservoir, optional
        The sample. Without one, `partial_fit` has to collect a full sample before they
        are computed again.
    """

    def __init__(self, residuals=None, score_quantiles=None, codes=None, reservoir=None):
        self.residuals, self.score_quantiles = residuals, score_quantiles
        self.codes = codes
        self.reservoir = Reservoir(math.inf) if reservoir is None else reservoir
        self._outdated = False

    @classmethod
    def of(cls, values, module, scaling, seed):
        """Return the statistics of the training samples `values`.

        They are computed when they are first needed: for wide data that takes longer than
        training.
        """
        if not isinstance(values, Stored):
            return cls.of_nothing().outdated_by(values, seed)
        # A random sample would cost another pass over the disk.
        statistics = cls(reservoir=Reservoir(n_lost=len(values)))
        statistics._compute(values, module, scaling, seed)
        return statistics

    @classmethod
    def of_nothing(cls):
        """Return statistics to which samples have to be added first."""
        return cls(reservoir=Reservoir())

    def outdated_by(self, values, seed):
        """Return the statistics after further training on `values`."""
        reservoir = self.reservoir.with_rows(values, seed)
        statistics = SampleStatistics(
            self.residuals, self.score_quantiles, self.codes, reservoir
        )
        statistics._outdated = True
        return statistics

    def updated(self, module, scaling, seed):
        """Return these statistics, computed again if training has gone on since.

        Statistics without their sample, as after loading, stay as they are until a new
        sample is as large: they suit a module that was trained further much better than
        statistics of a few samples do. On digits with 30 % missing values, the root mean
        squared error of imputed values was 0.74 with the statistics of 1797 samples after
        15 more epochs on 100 samples each, and 0.93 with those of 200 of these samples.

        Parameters
        ----------
        module, scaling, seed
            As :func:`learn_residuals`, :func:`bound_quantiles` and
            :meth:`StoredCodes.of` expect them.
        """
        if self._outdated and self.reservoir.is_representative:
            self._compute(self.reservoir.rows, module, scaling, seed)
            self._outdated = False
        return self

    def _compute(self, values, module, scaling, seed):
        self.residuals = learn_residuals(module, values, scaling, seed)
        self.score_quantiles = bound_quantiles(module, values, scaling, seed)
        self.codes = StoredCodes.of(module, values, scaling, seed)
