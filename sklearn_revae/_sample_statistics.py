"""What is computed with the trained module on a sample of its training samples."""

import math

from sklearn_revae._data.reservoir import Reservoir
from sklearn_revae._data.storage import Stored
from sklearn_revae._imputation.residuals import learn_residuals
from sklearn_revae._inference.density import bound_quantiles
from sklearn_revae._inference.latent_density import LatentDensity
from sklearn_revae._interventions.drawing import StoredCodes
from sklearn_revae._interventions.strength import typical_certainty

# How each is computed from the module, the samples, their scaling and a seed: the
# imputation rule, the latent codes and their density, the percentiles of scores, and how
# certain the module is of each value of each label.
STATISTICS = {
    "residuals": learn_residuals,
    "codes": StoredCodes.of,
    "latent_density": LatentDensity.of,
    "score_quantiles": bound_quantiles,
    "certainty": typical_certainty,
}
# Those that are also computed from another one, which stands before them.
_BASIS = {"latent_density": "codes", "score_quantiles": "latent_density"}


class SampleStatistics:
    """The statistics of training samples, by their names in ``STATISTICS``.

    `fit` and `partial_fit` add their samples to a bounded random sample, from which each
    statistic is computed when it is next needed: for wide data, that takes longer than
    training.

    Parameters
    ----------
    known : dict, default=None
        Statistics that were computed earlier; None stands for one that does not exist.
    reservoir : Reservoir, optional
        The sample. Without one, `partial_fit` has to collect a full sample before they
        are computed again.
    """

    def __init__(self, known=None, reservoir=None):
        self.known = dict.fromkeys(STATISTICS) | (known or {})
        self.reservoir = Reservoir(math.inf) if reservoir is None else reservoir
        self._outdated = set()

    @classmethod
    def of(cls, values, module, scaling, seed):
        """Return the statistics of the training samples `values`."""
        if not isinstance(values, Stored):
            return cls.of_nothing().outdated_by(values, seed)
        # A random sample would cost another pass over the disk.
        statistics = cls(reservoir=Reservoir(n_lost=len(values)))
        for name in STATISTICS:
            statistics._compute(name, module, values, scaling, seed)
        return statistics

    @classmethod
    def of_nothing(cls):
        """Return statistics to which samples have to be added first."""
        return cls(reservoir=Reservoir())

    def outdated_by(self, values, seed):
        """Return the statistics after further training on `values`."""
        statistics = SampleStatistics(self.known, self.reservoir.with_rows(values, seed))
        statistics._outdated = set(STATISTICS)
        return statistics

    def get(self, name, module, scaling, seed):
        """Return a statistic, computed again if training has gone on since.

        Statistics without their sample, as after loading, stay as they are until a new
        sample is as large: they suit a module that was trained further much better than
        statistics of a few samples do. On digits with 30 % missing values, the root mean
        squared error of imputed values was 0.74 with the statistics of 1797 samples after
        15 more epochs on 100 samples each, and 0.93 with those of 200 of these samples.

        Parameters
        ----------
        name : str
            One of ``STATISTICS``.
        module, scaling, seed
            As the functions in ``STATISTICS`` expect them.
        """
        if name in self._outdated and self.reservoir.is_representative:
            if name in _BASIS:
                self.get(_BASIS[name], module, scaling, seed)
            self._compute(name, module, self.reservoir.rows, scaling, seed)
            self._outdated.discard(name)
        return self.known[name]

    def _compute(self, name, module, values, scaling, seed):
        """Compute a statistic, and the one that it is based on before."""
        basis = [self.known[_BASIS[name]]] if name in _BASIS else []
        self.known[name] = STATISTICS[name](module, values, scaling, seed, *basis)
