"""The correspondence of y to standardised numbers, with NaN for unlabelled cells."""

import numpy as np

from sklearn_revae._data.far import FAR
from sklearn_revae._data.labels import position_of
from sklearn_revae._data.missing_codes import marker_in
from sklearn_revae._data.targets import check_names, observed_cells, read_targets
from sklearn_revae._warning import warn_user

# Predictions may be several standard deviations from the mean, and must not overflow.
_LARGEST = 1e300


class LabelNumbers:
    """The correspondence of a user's numbers to standardised numbers.

    It has the methods of :class:`~sklearn_revae._data.labels.LabelCodes` that do not ask
    for classes.

    Attributes
    ----------
    mean_, scale_ : ndarray (L,)
        Weighted mean and standard deviation of the labelled samples, for each label. The
        size of the mean replaces a standard deviation of 0.
    names_ : list of str
        The name of each label.
    integer_names_ : bool
        Whether names are written as integers, so that an integer is a name and not a
        position.
    several_ : bool
        Whether y was two-dimensional.
    """

    def fit(self, y, weight):
        """Learn the mean and the standard deviation of each label.

        Parameters
        ----------
        y : array-like of shape (n,) or (n, L)
            Numbers, NaN or None where not labelled.
        weight : ndarray (n,)
            Positive weights.

        Raises
        ------
        ValueError
            If y holds something else than numbers, or numbers that are too large, or a
            label has no labelled sample.
        """
        targets = read_targets(y, None, warn=True)
        self.several_, self.names_ = targets.several, targets.names
        self.integer_names_ = targets.integer_names
        cells = cells_of(targets)
        empty = [
            name
            for name, column in zip(self.names_, cells.T, strict=True)
            if np.isnan(column).all()
        ]
        if empty:
            raise ValueError(
                f"y has no labelled sample at all for {empty}: every value is NaN or "
                "None, or the sample has a weight of zero. Label at least one sample, or "
                "use ReVAETransformer, which needs no labels."
            )
        largest = np.nanmax(np.abs(cells), axis=0)
        if (largest > _LARGEST).any():
            label = int(np.argmax(largest > _LARGEST))
            raise ValueError(
                f"y reaches {largest[label]:.3g} for {self.names_[label]}, but numbers "
                f"up to {_LARGEST:.0e} can be learned. Divide y by a constant first."
            )
        self._warn_of_markers(cells)
        # The squares of large numbers overflow, and those of small ones are zero. To
        # divide by a power of two changes no digit.
        _, exponent = np.frexp(largest)
        units = np.ldexp(cells, -exponent)
        weight = weight[:, None]
        total = np.sum(weight * ~np.isnan(units), axis=0)
        mean = np.nansum(weight * units, axis=0) / total
        variance = np.nansum(weight * (units - mean) ** 2, axis=0) / total
        self.mean_ = np.ldexp(mean, exponent)
        spread = np.ldexp(np.sqrt(variance), exponent)
        # Numbers that are all the same differ from their mean by rounding errors.
        size = np.abs(self.mean_)
        constant = spread <= 1e-12 * size
        self.scale_ = np.where(constant, np.where(size > 0, size, 1.0), spread)
        if constant.any():
            pairs = zip(self.names_, self.mean_, constant, strict=True)
            same = [f"{name} ({mean:g})" for name, mean, is_same in pairs if is_same]
            warn_user(
                f"All labelled numbers of y are equal for {', '.join(same)}. Nothing can "
                "be learned from them, and standard deviations of predictions have no "
                "meaning. Label samples with other numbers, or leave that target out."
            )
        return self

    def _warn_of_markers(self, cells):
        """Warn, at the user's line, of a number that seems to mark unlabelled samples."""
        for name, column in zip(self.names_, cells.T, strict=True):
            known = column[~np.isnan(column)]
            marker = marker_in(known)
            if marker is not None:
                fraction = np.mean(known == marker)
                warn_user(
                    f"y is {marker:.10g} in {100 * fraction:.2g} % of the samples for "
                    f"{name}, outside the range of all other numbers, and is learned as "
                    "a number. If it marks samples that are not labelled, replace it by "
                    "NaN, as ReVAERegressor requires."
                )

    @property
    def n_values(self):
        """An entry for each label, as many as LabelCodes has: a number is one value."""
        return [1] * len(self.names_)

    def described_values(self, label):
        """The values of a label, for error messages."""
        return "its values are numbers"

    def encode(self, y):
        """Return y as standardised numbers, float32 (n, L), NaN where not labelled.

        Raises
        ------
        ValueError
            If y holds something else than numbers, or another number of labels.
        """
        return self.standardised(self.cells(y)).astype(np.float32)

    def warn_of_far(self, numbers):
        """Warn of standardised numbers (n, L) far from those of the first fit."""
        for name, column in zip(self.names_, numbers.T, strict=True):
            known = column[~np.isnan(column)]
            if len(known) and (middle := abs(float(np.median(known)))) > FAR:
                warn_user(
                    f"The median of y for {name} is {middle:.3g} standard deviations "
                    "from the mean of the first fit, whose scale further training keeps. "
                    "If y has another unit now, fit with warm_start=False."
                )

    def cells(self, y):
        """Return y as numbers in its own units, float64 (n, L), NaN where not labelled.

        Raises
        ------
        ValueError
            If y holds something else than numbers, another number of labels, or labels
            with other names or in another order.
        """
        cells = cells_of(targets := read_targets(y, None))
        if cells.shape[1] != len(self.names_) or targets.several != self.several_:
            raise ValueError(
                f"y has {cells.shape[1]} label(s), but the estimator was fitted with "
                f"{len(self.names_)}: {self.names_}."
            )
        check_names(targets.names, self.names_)
        return cells

    def standardised(self, cells):
        """Numbers (n, L) in the units of y, in standard deviations from the mean."""
        return (cells - self.mean_) / self.scale_

    def encode_values(self, values, label):
        """Standardise numbers (n,) of one label, all of them labelled.

        Raises
        ------
        ValueError
            For something else than finite numbers.
        """
        values = np.asarray(values)
        numbers = _as_numbers(values)
        if numbers is None or not np.isfinite(numbers).all():
            wrong = values if numbers is None else numbers[~np.isfinite(numbers)]
            raise ValueError(
                f"{self.names_[label]} can only be set to finite numbers, got "
                f"{wrong.tolist()[0]!r}."
            )
        return (numbers - self.mean_[label]) / self.scale_[label]

    def encode_requests(self, values, label):
        """Standardise numbers (n,) of one label, NaN where a cell is not labelled."""
        numbers = np.full(len(values), np.nan)
        seen = observed_cells(values, None)
        numbers[seen] = self.encode_values(values[seen], label)
        return numbers

    def decode(self, numbers):
        """Numbers in the units of y: (n,) for one label, (n, L) for several."""
        values = numbers * self.scale_ + self.mean_
        return values if self.several_ else values[:, 0]

    def decode_spread(self, spread):
        """Standard deviations in the units of y: (n,) for one label, or (n, L)."""
        values = spread * self.scale_
        return values if self.several_ else values[:, 0]

    def index(self, label, argument):
        """Position of a label that an argument gives by its name or its position."""
        return position_of(label, argument, self.names_, self.integer_names_)


def cells_of(targets):
    """The cells of all labels as one array (n, L) of float64."""
    if any(targets.soft):
        raise ValueError(
            "y was made by soft_labels, which is for classes, but ReVAERegressor "
            "requires numbers. Use ReVAEClassifier."
        )
    cells = np.full((len(targets.columns[0]), len(targets.columns)), np.nan)
    for label, (column, seen) in enumerate(
        zip(targets.columns, targets.observed, strict=True)
    ):
        numbers = _as_numbers(column[seen])
        if numbers is None:
            raise ValueError(
                f"y holds {column[seen].tolist()[0]!r} for {targets.names[label]}, but "
                "ReVAERegressor requires numbers. Use ReVAEClassifier for classes."
            )
        cells[seen, label] = numbers
    return cells


def _as_numbers(values):
    """Values of one label as float64; None if they are not numbers."""
    is_text = values.dtype.kind in "USV" or any(
        isinstance(value, (str, bytes)) for value in values.flat if values.dtype == object
    )
    if is_text or values.dtype.kind in "cmM":
        return None
    return values.astype(np.float64)
