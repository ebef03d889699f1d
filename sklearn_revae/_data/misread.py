"""Warnings about labels and columns that are probably not what the user means."""

import math
import re

import numpy as np

from sklearn_revae._data.chunks import chunks
from sklearn_revae._data.kinds import FEWEST_PIXELS, looks_like_pixel_steps
from sklearn_revae._warning import warn_user

# How files and NumPy's arrays of strings write a missing value, in lower case. Words
# such as "none" are left out, because they are common as classes; "None", as Python
# writes it, is not.
_BLANKS = ("", "nan", "<na>", "na", "n/a", "nat", "?")
# With fewer labelled samples, independent labels may look one-hot encoded by chance.
_FEWEST_ONE_HOT = 10
# Fewer values of a column of text may all be different by chance.
_FEWEST_UNIQUE = 10
# A warning names at most this many labels or columns.
_MOST_SHOWN = 3
# Means and standard deviations of standardised columns are this close to 0 and 1. They
# are not exactly 0 and 1 if only a part of the standardised rows is passed.
_STANDARDISED = 0.1
# Numbers as people write them: with separators of thousands, a decimal comma, a currency
# or a percent sign.
_MEASUREMENT = re.compile(r"[-+]?[$€£]?\s?(\d+|\d{1,3}([.,']\d{3})+)([.,]\d+)?\s?[%$€£]?")
# The same with a unit of letters, such as "70.1 kg" and "7 mg/dl"; and dates.
_WITH_UNIT = re.compile(r"[-+]?\d+([.,]\d+)?\s?([a-zA-Zµμ°][a-zA-Zµμ°/%²³^\d]*)")
_DATE = re.compile(r"(\d{4}[-/]\d\d?[-/]\d\d?|\d\d?[./]\d\d?[./]\d{4})([T ].*)?")
# Fewer values with one unit, and fewer dates, may be categories.
_FEWEST_MEASURED = 10
# Pixels are looked at in at most this many rows.
_ROWS_OF_PIXELS = 2000


def warn_of_labels(labels, codes):
    """Warn, at the user's line, of classes that are probably not meant.

    Parameters
    ----------
    labels : LabelCodes
        The labels, whose classes were found in y.
    codes : ndarray of int (n, L)
        The codes of y, -1 where a cell is not labelled.
    """
    marker = labels.unlabeled_value
    single, blank = [], []
    for name, classes in zip(labels.names_, labels.classes_, strict=True):
        values = classes.tolist()
        blank += [f"{value!r} in {name}" for value in values if _is_blank(value)]
        if len(values) == 1:
            single.append(f"{name} ({values[0]!r})")
    if single:
        cure = "Label samples of a second class, or leave that label out."
        if marker is not None and (codes < 0).any():
            cure = (
                f"{marker!r} marks samples that are not labelled (unlabeled_value="
                f"{marker!r}). If it is a class, set unlabeled_value=None. Otherwise "
                "label samples of a second class."
            )
        warn_user(
            f"y has only one class for {_listed(single)}, which will be predicted for "
            f"every sample. {cure}"
        )
    if blank:
        warn_user(
            f"y holds {_listed(blank)}, which is treated as a class. If it means that "
            "the label is not known, write None instead, or set unlabeled_value to it."
        )
    if _is_one_hot(labels, codes):
        warn_user(
            f"y has {codes.shape[1]} columns of 0 and 1, and each labelled row has "
            "exactly one 1, but each column is treated as a label of its own. If y is "
            "one label that is one-hot encoded, pass the class of each sample: "
            "y.argmax(axis=1) of an array, y.idxmax(axis=1) of a data frame, and None "
            "where a sample is not labelled."
        )


def _is_blank(value):
    """Whether a value is text that stands for a missing value."""
    return isinstance(value, str) and (
        value.strip().lower() in _BLANKS or value == str(None)
    )


def _is_one_hot(labels, codes):
    """Whether each labelled row of several binary labels has a single 1."""
    if codes.shape[1] < 2 or any(
        classes.dtype.kind not in "biuf" or classes.tolist() != [0, 1]
        for classes in labels.classes_
    ):
        return False
    complete = codes[(codes >= 0).all(axis=1)]
    return len(complete) >= _FEWEST_ONE_HOT and bool((complete.sum(axis=1) == 1).all())


def _listed(items):
    """The first few of some texts."""
    more = len(items) - _MOST_SHOWN
    return ", ".join(items[:_MOST_SHOWN]) + (f" and {more} more" if more > 0 else "")


def warn_of_text(categories, name_of):
    """Warn, at the user's line, of text that stands for numbers or missing values.

    Parameters
    ----------
    categories : dict of int to list
        The categories of the columns that declare none, by position.
    name_of : callable
        How messages write a column, by its position.
    """
    mixed, written, dates, blank = [], [], [], []
    for j, values in categories.items():
        text = [value for value in values if isinstance(value, str)]
        others = [value for value in values if not isinstance(value, (str, bytes))]
        if text and others:
            mixed.append(f"column {name_of(j)} ({others[0]!r} and {text[0]!r})")
        elif (example := _written_number(text)) is not None:
            written.append(f"column {name_of(j)} ({example!r})")
        elif 2 * sum(map(_is_date, text)) > len(text) >= _FEWEST_MEASURED:
            dates.append(f"column {name_of(j)} ({next(filter(_is_date, text))!r})")
        else:
            blank += [f"{v!r} in column {name_of(j)}" for v in filter(_is_blank, text)]
    cure = (
        "Convert measurements to numbers, for example by pandas.to_numeric(column, "
        "errors='coerce')"
    )
    if mixed:
        warn_user(
            f"X holds both strings and other values in {_listed(mixed)}, and each "
            f"distinct value is treated as a category. {cure}, and categories to strings."
        )
    if written:
        warn_user(
            f"X holds numbers that are written as strings in {_listed(written)}, and "
            f"each distinct string is treated as a category. {cure}, after replacing "
            "decimal commas and removing units and signs such as %. NumPy turns numbers "
            "beside strings into strings: pass a data frame or an array of objects."
        )

    if dates:
        warn_user(
            f"X holds dates that are written as strings in {_listed(dates)}, and each "
            "distinct string is treated as a category. Convert them to numbers, for "
            "example to days since a fixed date."
        )
    if blank:
        warn_user(
            f"X holds {_listed(blank)}, which is treated as a category. If it means that "
            "the value is missing, write None instead."
        )


def warn_of_identifiers(categories, n_observed, name_of):
    """Warn, at the user's line, of columns of text without any value that occurs twice.

    Parameters
    ----------
    categories, name_of
        As in :func:`warn_of_text`.
    n_observed : ndarray of int (n_features,)
        Number of observed values of each column.
    """
    unique = [
        f"column {name_of(j)} ({values[0]!r})"
        for j, values in categories.items()
        if len(values) == n_observed[j] >= _FEWEST_UNIQUE
        and all(isinstance(value, str) for value in values)
    ]
    if unique:
        warn_user(
            f"X holds text that is different in every sample in {_listed(unique)}, from "
            "which nothing can be learned. Leave identifiers out, and pass pictures as "
            "their folder."
        )


def _written_number(text):
    """A measurement among strings that are mostly numbers, None if there is none.

    Whole numbers without any sign may be codes.
    """
    units = [match[2] for value in text if (match := _WITH_UNIT.fullmatch(value.strip()))]
    unit = max(set(units), key=units.count, default=None)
    if units.count(unit) >= _FEWEST_MEASURED and 2 * units.count(unit) > len(text):
        return next(value for value in text if value.strip().endswith(unit))
    n_numbers, measurements = 0, []
    for value in text:
        number = _number_of(value)
        if number is not None:
            n_numbers += 1
            if number != round(number):
                measurements.append(value)
        elif _MEASUREMENT.fullmatch(value.strip()):
            n_numbers += 1
            measurements.append(value)
    return measurements[0] if measurements and 2 * n_numbers > len(text) else None


def _is_date(text):
    return _DATE.fullmatch(text.strip()) is not None


def _number_of(text):
    """The finite number that Python reads in a string, or None."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def warn_of_standardised_pixels(values, statistics):
    """Warn, at the user's line, of pixels that have passed through a StandardScaler.

    Parameters
    ----------
    values : ndarray, sparse matrix or Stored (n, n_features)
        The rows, NaN where missing.
    statistics : Statistics
        Of the columns.
    """
    varying = statistics.std > 0
    mean, std = statistics.mean[varying], statistics.std[varying]
    if varying.sum() < FEWEST_PIXELS or statistics.whole.all():
        return
    if np.median(np.abs(mean)) > _STANDARDISED or abs(np.median(std) - 1) > _STANDARDISED:
        return
    rows = next(iter(chunks(values)))[:_ROWS_OF_PIXELS, varying]
    if looks_like_pixel_steps(rows):
        warn_user(
            "X looks like pixels that StandardScaler has standardised: the values of "
            "each column are evenly spaced, as integers within 0..255 are. Standardised "
            "pixels are modelled less well, because faint pixels get as much weight as "
            "bright ones. Pass the pixels without StandardScaler; they are scaled "
            "internally."
        )
