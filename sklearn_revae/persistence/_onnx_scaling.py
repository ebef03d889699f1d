"""The scaling of a codec as a torch module, which can be exported."""

from numbers import Real

import numpy as np
import torch
from torch import nn

from sklearn_revae._data.clipping import LARGEST_DECODED, LIMIT
from sklearn_revae._data.scaling import STEEP


def level_numbers(codec):
    """Numbers of the levels of columns that hold numbers, a dict of int to list.

    The categories of other columns are strings.

    Raises
    ------
    ValueError
        If a column has categories that are neither numbers nor strings.
    """
    numbers = {
        j: levels.numbers.tolist()
        for j, levels in codec.levels_.items()
        if levels.numbers is not None
    }
    for j, categories in codec.table_.categories_.items():
        if all(isinstance(value, Real) for value in categories):
            numbers[j] = [float(value) for value in categories]
        elif not all(isinstance(value, str) for value in categories):
            kinds = sorted({type(value).__name__ for value in categories})
            raise ValueError(
                f"Column {codec.name(j)} of X has categories of type {', '.join(kinds)}, "
                "but ONNX has only categories that are strings, or numbers. Convert them "
                "to strings before fit."
            )
    return numbers


class ScalingGraph(nn.Module):
    """What :class:`~sklearn_revae._data.scaling.Scaling` computes, in double precision.

    Every method computes all columns, and chooses by masks, because ONNX cannot assign to
    some columns of a tensor.

    Parameters
    ----------
    codec : Codec
        The fitted codec.
    """

    def __init__(self, codec):
        super().__init__()
        scaling, n = codec.scaling_, codec.n_features
        low, high = scaling.range_
        logged, kinds = scaling._logged, codec.kinds_
        levels = [j in codec.levels_ for j in range(n)]
        binary = kinds == "binary"
        numbers = {"shift": scaling.shift_, "scale": scaling.scale_}
        numbers |= {"low": low, "high": high, "tiny": _smallest(scaling)}
        numbers |= {"seen": scaling.seen_low_}
        masks = {
            "logged": logged,
            "bounded": scaling._bounded,
            "clipped": scaling.clipped,
        }
        masks |= {"constant": scaling.constant_}
        masks |= {"counts": scaling.counts, "whole": scaling.whole_}
        masks |= {"rounded": kinds == "count", "binary": binary, "levels": levels}
        for name, values in numbers.items():
            self.register_buffer(name, torch.as_tensor(values, dtype=torch.float64))
        for name, values in masks.items():
            self.register_buffer(name, torch.as_tensor(values, dtype=torch.bool))
        self._levels = level_numbers(codec)
        self._codes = scaling.codes
        self._categories = set(codec.table_.categories_) & set(self._levels)
        self._n_features = n

    def _column(self, j):
        """Mask (n_features,) of one column."""
        return torch.arange(self._n_features) == j

    def observed(self, x):
        """Numbers (n, n_features), NaN for codes of missing values and new categories."""
        for j, codes in self._codes.items():
            for code in codes:
                x = torch.where(self._column(j) & (x == code), torch.nan, x)
        for j in self._categories:
            known = (x[:, j, None] == x.new_tensor(self._levels[j])).any(-1)
            x = torch.where(self._column(j) & ~known[:, None], torch.nan, x)
        return x

    def standardised(self, x):
        """Centred and scaled numbers, as `Scaling._standardised`."""
        x = torch.where(self.constant & ~torch.isnan(x), self.seen, x)
        positive = torch.where(x < self.tiny, self.tiny, x)
        logs = torch.where(self.logged, positive, 1.0).log()
        return (torch.where(self.logged, logs, x) - self.shift) / self.scale

    def scaled(self, x):
        """What the model sees of numbers (n, n_features), NaN where missing."""
        for j, numbers in self._levels.items():
            equal = x[:, j, None] == x.new_tensor(numbers)
            code = equal.long().argmax(-1).to(x)
            code = torch.where(equal.any(-1), code, torch.nan)
            x = torch.where(self._column(j), code[:, None], x)
        z = self.standardised(x)
        z = torch.where(self.bounded, _within(z, 0.0, 1.0), z)
        z = torch.where(self.counts, _within(torch.round(z), 0.0, torch.inf), z)
        return torch.where(self.clipped, _clip(z), z)

    def unscaled(self, scaled):
        """Numbers of scaled rows, as `Scaling.inverse_transform` with `exact`."""
        near = _unclip(_within(scaled, -LARGEST_DECODED, LARGEST_DECODED))
        scaled = torch.where(self.clipped, near, scaled)
        values = scaled * self.scale + self.shift
        values = torch.where(self.logged, values.exp(), values)
        values = _within(values, self.low, self.high)
        values = torch.where(self.rounded, torch.round(values), values)
        values = torch.where(self.constant, self.seen, values)
        for j, numbers in self._levels.items():
            level = values.new_tensor(numbers)[values[:, j].long()]
            values = torch.where(self._column(j), level[:, None], values)
        return values

    def add_change(self, own, before, after):
        """`own` with the change from `before` to `after`, as `Scaling.add_change`."""
        changed = torch.where(self.logged, own * (after / before), own + (after - before))
        smaller = self._smaller_change(own, before, after, changed)
        new = torch.where(self.clipped, smaller, changed)
        # An edit does not pull values from outside of the range into it.
        low = torch.where(self.clipped & (own < self.low), own, self.low)
        high = torch.where(self.clipped & (own > self.high), own, self.high)
        new = torch.where(self.levels, after, _within(new, low, high))
        new = torch.where(self.binary, _changed_flags(own, before, after), new)
        new = torch.where(after == before, own, self._rounded(new))
        filled = torch.where(self.binary, torch.round(after), self._rounded(after))
        return torch.where(torch.isnan(own), filled, new)

    def _rounded(self, values):
        return torch.where(self.whole, torch.round(values), values)

    def _smaller_change(self, own, before, after, new):
        """`new`, or the same change of clipped values if it is smaller and far out."""
        s, s_before, s_after = (
            _clip(self.standardised(values)) for values in (own, before, after)
        )
        other = _unclip(s + (s_after - s_before)) * self.scale + self.shift
        other = torch.where(self.logged, other.exp(), other)
        smaller = (other - own).abs() < (new - own).abs()
        smaller = smaller & ((s_before.abs() > STEEP) | (s_after.abs() > STEEP))
        return torch.where(smaller, other, new)


def _changed_flags(own, before, after):
    """Values 0 and 1 after an edit, as `Scaling.add_change`."""
    one = own > 0.5
    # The probabilities of the value itself.
    before, after = (torch.where(one, p, 1 - p) for p in (before, after))
    return torch.where(after < 0.5 * before, (~one).to(own), own)


def _smallest(scaling):
    """Smallest positive values (n_features,), as in `Scaling._positive`, or -inf."""
    tiny = np.exp(scaling.shift_ - 10 * scaling.scale_)
    tiny = np.maximum(tiny, np.finfo(np.float64).smallest_subnormal)
    return np.where(scaling._logged, np.minimum(tiny, scaling.seen_low_), -np.inf)


def _within(x, low, high):
    """Clip x; NaN stays NaN, which ONNX's Clip does not promise."""
    x = torch.where(x < low, low, x)
    return torch.where(x > high, high, x)


def _clip(z):
    return z / torch.sqrt(1.0 + (z / LIMIT).square())


def _unclip(s):
    return s / torch.sqrt(_within(1.0 - (s / LIMIT).square(), 0.0, torch.inf))
