"""X in the user's units to the scaled values the model works on, and back.

Columns of one kind share a scale, a table's unlike columns get one each: with few
labels this decides accuracy, so the kinds are told apart here and nobody scales by hand.
"""

from dataclasses import dataclass

import numpy as np

FAMILIES = ("bernoulli", "gaussian", "shared_gaussian", "laplace")
SHARED_SCALE = ("shared_gaussian", "laplace")
_FAMILY_OF_KIND = {
    "binary": "bernoulli",
    "pixel": "shared_gaussian",
    "real": "gaussian",
}
# Fewer columns than this are a table of measurements, not a picture or a spectrum.
_FEWEST_PIXELS = 16
_WIDEST_PIXEL = 255
_CHUNK = 4096


@dataclass
class Summary:
    """What a pass over X says of its columns, an array (n_features,) each."""

    low: np.ndarray
    high: np.ndarray
    mean: np.ndarray
    std: np.ndarray
    whole: np.ndarray
    zero_or_one: np.ndarray


def _chunks(X):
    """X a few rows at a time: double precision for all of it would cost its size."""
    for start in range(0, len(X), _CHUNK):
        yield np.asarray(X[start : start + _CHUNK], dtype=np.float64)


def summarise(X):
    """:class:`Summary` of X; infinite where a column's squares overflow."""
    with np.errstate(over="ignore", invalid="ignore"):
        mean = sum(chunk.sum(axis=0) for chunk in _chunks(X)) / len(X)
        squares = sum(np.square(chunk - mean).sum(axis=0) for chunk in _chunks(X))
    return Summary(
        low=X.min(axis=0).astype(np.float64),
        high=X.max(axis=0).astype(np.float64),
        mean=mean,
        std=np.sqrt(squares / len(X)),
        whole=np.all([(c == np.rint(c)).all(axis=0) for c in _chunks(X)], axis=0),
        zero_or_one=np.all(
            [((c == 0) | (c == 1)).all(axis=0) for c in _chunks(X)], axis=0
        ),
    )


def looks_like_pixels(summary):
    """Whether all columns share one bounded scale: [0, 1], or integers 0..255.

    Most columns of a picture reach into the upper half of the common range; a table's
    counts and measurements, on scales of their own, do not.
    """
    if len(summary.low) < _FEWEST_PIXELS or summary.low.min() < 0:
        return False
    top = summary.high.max()
    if top > 1 and (top > _WIDEST_PIXEL or not summary.whole.all()):
        return False
    varying = summary.high > summary.low
    return bool(varying.any() and np.mean(summary.high[varying] >= top / 2) >= 0.5)


def infer_kinds(summary):
    """Kind of every column, "binary", "pixel" or "real": an array of str."""
    binary = summary.zero_or_one & (summary.high > summary.low)
    if not binary.all() and looks_like_pixels(summary):
        return np.full(len(binary), "pixel", dtype=object)
    return np.where(binary, "binary", "real").astype(object)


class Columns:
    """What was learned of the columns of X: their kind, family, place and scale.

    Parameters
    ----------
    likelihood : str or sequence of str
        "auto", a family for all columns, or one for each; see :data:`FAMILIES`.

    Attributes
    ----------
    kinds_ : ndarray of str (n_features,)
        What each column was taken for.
    families_ : ndarray of str (n_features,)
        The likelihood of each column.
    shift_, scale_ : ndarray (n_features,)
        The model sees (X - shift_) / scale_.
    low_, high_ : ndarray (n_features,)
        Decoded values stay between these.
    spread_ : ndarray (n_features,)
        Standard deviation of the scaled columns.
    """

    def __init__(self, likelihood="auto"):
        self.likelihood = likelihood

    def fit(self, X, names=None):
        """Tell kinds apart and learn the scales from all rows, labelled or not.

        Raises
        ------
        ValueError
            For a bad `likelihood`, or a column too large to be scaled, by its name of
            `names`, if given.
        """
        summary = summarise(X)
        self.kinds_ = infer_kinds(summary)
        self.families_ = self._choose_families()
        self._fit_scales(summary, names)
        return self

    def _choose_families(self):
        n_features = len(self.kinds_)
        if isinstance(self.likelihood, str) and self.likelihood == "auto":
            families = [_FAMILY_OF_KIND[kind] for kind in self.kinds_]
        elif isinstance(self.likelihood, str):
            families = [self.likelihood] * n_features
        else:
            families = list(self.likelihood)
            if len(families) != n_features:
                raise ValueError(
                    f"likelihood has {len(families)} entries, but X has {n_features} "
                    "columns: give one name for all columns, or one for each."
                )
        unknown = sorted({str(f) for f in families} - set(FAMILIES))
        if unknown:
            raise ValueError(
                f"likelihood names {unknown}: choose 'auto' or among {list(FAMILIES)}."
            )
        return np.array(families, dtype=object)

    def _fit_scales(self, summary, names):
        low, high = summary.low, summary.high
        self.shift_, self.scale_ = summary.mean.copy(), summary.std.copy()
        overflown = ~np.isfinite(self.shift_) | ~np.isfinite(self.scale_)
        if overflown.any():
            column = int(np.flatnonzero(overflown)[0])
            raise ValueError(
                f"Column {column if names is None else repr(names[column])} of X is too "
                "large to be scaled: it reaches "
                f"{max(abs(low[column]), abs(high[column])):.3g}. Divide it by a "
                "constant first."
            )
        # A constant column has nothing to scale; rounding may leave it a tiny spread.
        magnitude = np.maximum(np.abs(low), np.abs(high))
        constant = self.scale_ <= 10 * np.finfo(np.float64).eps * magnitude
        self.scale_[constant] = 0.0
        for family in SHARED_SCALE:
            member = self.families_ == family
            if member.any():
                self.scale_[member] = np.sqrt(np.mean(self.scale_[member] ** 2))
        self.scale_[self.scale_ == 0] = 1.0

        self.low_ = np.full(len(low), -np.inf)
        self.high_ = np.full(len(low), np.inf)
        pixel = self.kinds_ == "pixel"
        if pixel.any():
            self.low_[pixel], self.high_[pixel] = low[pixel].min(), high[pixel].max()
        bernoulli = self.families_ == "bernoulli"
        if bernoulli.any():
            binary = self.kinds_[bernoulli] == "binary"
            lowest = np.where(binary, 0.0, low[bernoulli].min())
            highest = np.where(binary, 1.0, high[bernoulli].max())
            self.low_[bernoulli], self.high_[bernoulli] = lowest, highest
            self.shift_[bernoulli] = lowest
            width = highest - lowest
            self.scale_[bernoulli] = np.where(width > 0, width, 1.0)
        # Standard deviations after scaling; Bernoulli columns share theirs.
        self.spread_ = np.ones(len(low))
        if bernoulli.any():
            scaled = summary.std[bernoulli] / self.scale_[bernoulli]
            self.spread_[bernoulli] = np.sqrt(np.mean(scaled**2))

    @property
    def log_volume(self):
        """Log of the volume a unit of the scaled, continuous columns has in X's units."""
        return float(np.log(self.scale_[self.families_ != "bernoulli"]).sum())

    def to_model(self, X, dtype=np.float32):
        """Scaled rows (n, n_features)."""
        bernoulli = self.families_ == "bernoulli"
        scaled = np.empty(X.shape, dtype=dtype)
        start = 0
        for chunk in _chunks(X):
            chunk = (chunk - self.shift_) / self.scale_
            chunk[:, bernoulli] = chunk[:, bernoulli].clip(0.0, 1.0)
            scaled[start : start + len(chunk)] = chunk
            start += len(chunk)
        return scaled

    def from_model(self, values):
        """Values in X's units from scaled ones (..., n_features)."""
        return np.clip(values * self.scale_ + self.shift_, self.low_, self.high_)
