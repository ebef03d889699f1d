"""What is asked of a row on the page: one call of the model, run and written as code."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from sklearn_revae import intervention_report

# More than any user draws; also what a random_state may be.
MOST_SEEDS = 2**31


@dataclass(frozen=True, eq=False)
class Edit:
    """What is asked of one row.

    Parameters
    ----------
    row : int
        Its position in X.
    places : mapping of str to float
        Labels whose slider was moved, and where to: 0 at the start of the label's line,
        1 at its end.
    values : mapping of str to value
        Labels set outright. None of them is among `places`.
    donor : int or None
        Position of the row that gives its characteristics; None where nothing is swapped.
    swapped : tuple of str
        The labels whose characteristics it gives; empty for all.
    seed : int or None
        What decides the draws; None where nothing is drawn.
    keep : tuple of str or int
        Columns that are locked.
    """

    row: int = 0
    places: Mapping = field(default_factory=dict)
    values: Mapping = field(default_factory=dict)
    donor: int | None = None
    swapped: tuple = ()
    seed: int | None = None
    keep: tuple = ()

    def slid(self, label, place):
        """The same with a label's slider moved; None puts it back."""
        places = {name: at for name, at in self.places.items() if name != label}
        values = {name: value for name, value in self.values.items() if name != label}
        if place is not None:
            places[label] = place
        return replace(self, places=places, values=values, donor=None, seed=None)

    def set(self, label, value):
        """The same with a label set outright; None takes that back."""
        cleared = self.slid(label, None)
        if value is None:
            return cleared
        return replace(cleared, values={**cleared.values, label: value})

    def drawn(self):
        """The same with the labels that are asked for drawn anew."""
        seed = 0 if self.seed is None else (self.seed + 1) % MOST_SEEDS
        return replace(self, donor=None, seed=seed)

    def asked(self, model):
        """Labels and the values asked of them: a slider asks for the end it is nearer."""
        ends = {
            label: classes_of(model, label)[0 if place < 0.5 else -1]
            for label, place in self.places.items()
        }
        return {**ends, **self.values}


def classes_of(model, label):
    """Values of a label, as Python's own, sorted."""
    classes = model.classes_
    several = classes if isinstance(classes, list) else [classes]
    return several[list(model.label_names_).index(label)].tolist()


def take(X, position):
    """One row of X, as X is."""
    return X.iloc[[position]] if hasattr(X, "iloc") else X[[position]]


def edited(model, X, edit):
    """The row after the edit, of X's type; the row itself if nothing is asked."""
    call = _call(model, edit)
    if call is None:
        return take(X, edit.row)
    method, argument, options = call
    if isinstance(argument, _Donor):
        argument = take(X, argument.position)
    return getattr(model, method)(take(X, edit.row), argument, **options)


def code(model, X, edit):
    """The line of Python that gives :func:`edited`, of names `model` and `X`."""
    brackets = "X.iloc[[{}]]" if hasattr(X, "iloc") else "X[[{}]]"
    row = brackets.format(edit.row)
    call = _call(model, edit)
    if call is None:
        return f"edited = {row}"
    method, argument, options = call
    if isinstance(argument, _Donor):
        argument = brackets.format(argument.position)
    given = "".join(f", {name}={value!r}" for name, value in options.items())
    return f"edited = model.{method}({row}, {argument}{given})"


def report(model, X, edit):
    """The model's own judgement of the edit; None if nothing is asked.

    Returns
    -------
    report : InterventionReport
        Of one row.
    """
    if _call(model, edit) is None:
        return None
    row = take(X, edit.row)
    if edit.donor is None:
        do = edit.asked(model)
    else:
        shown = predicted(model, take(X, edit.donor))
        do = {label: shown[label] for label in edit.swapped or model.label_names_}
    # The row itself is where distances start: what the decoder cannot draw is kept.
    return intervention_report(model, row, edited(model, X, edit), do, baseline=row)


def predicted(model, row):
    """Value of each label that the model sees in a row."""
    names = list(model.label_names_)
    if hasattr(model, "predict"):
        seen = np.asarray(model.predict(row), dtype=object).reshape(-1).tolist()
        return dict(zip(names, seen, strict=True))
    # A transformer does not predict, but judges what it is asked of.
    classes = [classes_of(model, label) for label in names]
    found = {}
    for k in range(max(map(len, classes))):
        asked = {n: c[min(k, len(c) - 1)] for n, c in zip(names, classes, strict=True)}
        reached = intervention_report(model, row, row, asked, baseline=row).achieved[0]
        found |= {n: asked[n] for n, there in zip(names, reached, strict=True) if there}
    return found


@dataclass(frozen=True)
class _Donor:
    position: int


def _call(model, edit):
    """Name of the model's method, what it takes beside the row, and its options."""
    keep = {"keep": list(edit.keep)} if edit.keep else {}
    if edit.donor is not None:
        labels = {"labels": list(edit.swapped)} if edit.swapped else {}
        return "swap", _Donor(edit.donor), {**labels, **keep}
    do = edit.asked(model)
    if not do:
        return None
    if edit.seed is not None:
        return "intervene", do, {"method": "sample", "random_state": edit.seed, **keep}
    if not edit.places:
        return "intervene", do, keep
    method = {**edit.places, **dict.fromkeys(edit.values, "transport")}
    return "intervene", do, {"method": method, **keep}
