"""Checks of arguments that several methods take."""

from numbers import Integral


def check_n_samples(n_samples):
    """Refuse a number of draws that is none.

    Raises
    ------
    ValueError
        Naming the argument and its value.
    """
    is_integer = isinstance(n_samples, Integral) and not isinstance(n_samples, bool)
    if n_samples is not None and not (is_integer and n_samples >= 1):
        raise ValueError(f"n_samples must be an integer >= 1 or None, got {n_samples!r}.")
