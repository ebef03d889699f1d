"""X in the user's units to the scaled values the model works on, and back.

Columns of one kind share a scale, a table's unlike columns get one each: with few
labels this decides accuracy, so the kinds are told apart here and nobody scales by hand.
"""

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


def looks_like_pixels(X):
    """Whether all columns share one bounded scale: [0, 1], or integers 0..255.

    Most columns of a picture reach into the upper half of the common range; a table's
    counts and measurements, on scales of their own, do not.
    """
    if X.shape[1] < _FEWEST_PIXELS or X.min() < 0:
        return False
    top = X.max()
    if top > 1 and (top > _WIDEST_PIXEL or not np.array_equal(X, np.rint(X))):
        return False
    varying = X.max(axis=0) > X.min(axis=0)
    return bool(varying.any() and np.mean(X[:, varying].max(axis=0) >= top / 2) >= 0.5)


def infer_kinds(X):
    """Kind of every column, "binary", "pixel" or "real": an array of str."""
    binary = ((X == 0) | (X == 1)).all(axis=0) & (X.max(axis=0) > X.min(axis=0))
    if not binary.all() and looks_like_pixels(X):
        return np.full(X.shape[1], "pixel", dtype=object)
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
    """

    def __init__(self, likelihood="auto"):
        self.likelihood = likelihood

    def fit(self, X):
        """Tell kinds apart and learn the scales from all rows, labelled or not."""
        n_features = X.shape[1]
        self.kinds_ = infer_kinds(X)
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
        self.families_ = np.array(families, dtype=object)
        self._fit_scales(np.asarray(X, dtype=np.float64))
        return self

    def _fit_scales(self, X):
        n_features = X.shape[1]
        lowest, highest = X.min(axis=0), X.max(axis=0)
        self.low_ = np.full(n_features, -np.inf)
        self.high_ = np.full(n_features, np.inf)
        with np.errstate(over="ignore"):
            self.shift_, self.scale_ = X.mean(axis=0), X.std(axis=0)
        overflown = ~np.isfinite(self.shift_) | ~np.isfinite(self.scale_)
        if overflown.any():
            column = int(np.flatnonzero(overflown)[0])
            raise ValueError(
                f"Column {column} of X is too large to be scaled: it reaches "
                f"{np.abs(X[:, column]).max():.3g}. Divide it by a constant first."
            )
        for family in SHARED_SCALE:
            member = self.families_ == family
            if member.any():
                self.scale_[member] = np.sqrt(np.mean(self.scale_[member] ** 2))
        # A constant column has nothing to scale; rounding may leave it a tiny spread.
        magnitude = np.maximum(np.abs(lowest), np.abs(highest))
        constant = self.scale_ <= 10 * np.finfo(np.float64).eps * magnitude
        self.scale_[constant] = 1.0
        pixel = self.kinds_ == "pixel"
        if pixel.any():
            self.low_[pixel], self.high_[pixel] = X[:, pixel].min(), X[:, pixel].max()
        bernoulli = self.families_ == "bernoulli"
        if bernoulli.any():
            values = X[:, bernoulli]
            binary = self.kinds_[bernoulli] == "binary"
            low = np.where(binary, 0.0, values.min())
            high = np.where(binary, 1.0, values.max())
            self.low_[bernoulli], self.high_[bernoulli] = low, high
            self.shift_[bernoulli] = low
            self.scale_[bernoulli] = np.where(high > low, high - low, 1.0)

    @property
    def log_volume(self):
        """Log of the volume a unit of the scaled, continuous columns has in X's units."""
        return float(np.log(self.scale_[self.families_ != "bernoulli"]).sum())

    def spread(self, X):
        """Standard deviation of the scaled columns, shared by Bernoulli ones."""
        result = np.ones(len(self.scale_))
        bernoulli = self.families_ == "bernoulli"
        if bernoulli.any():
            scaled = (X[:, bernoulli] - self.shift_[bernoulli]) / self.scale_[bernoulli]
            result[bernoulli] = np.sqrt(scaled.var(axis=0).mean())
        return result

    def to_model(self, X, dtype=np.float32):
        """Scaled rows (n, n_features)."""
        scaled = (np.asarray(X, dtype=np.float64) - self.shift_) / self.scale_
        bernoulli = self.families_ == "bernoulli"
        if bernoulli.any():
            scaled[:, bernoulli] = scaled[:, bernoulli].clip(0.0, 1.0)
        return scaled.astype(dtype)

    def from_model(self, values):
        """Values in X's units from scaled ones (..., n_features)."""
        return np.clip(values * self.scale_ + self.shift_, self.low_, self.high_)
