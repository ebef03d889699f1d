"""Checks of arguments that several displays share."""


def check_length(values, name, n_expected, counted):
    """Check that `values` has one entry for each of `n_expected` items.

    Parameters
    ----------
    values : sized
        The argument.
    name : str
        Name of the argument, for the error message.
    n_expected : int
        Number of entries that it must have.
    counted : str
        What there must be one entry for, for the error message.

    Raises
    ------
    ValueError
        If the number of entries is another.
    """
    if len(values) != n_expected:
        raise ValueError(
            f"{name} must have one entry per {counted} ({n_expected}), but it has "
            f"{len(values)}."
        )
