"""The edit of a sample: one call of the model, to be run and shown as Python code."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sklearn_revae import intervention_report

# Seeds are less than this, the largest range that `random_state` accepts.
N_SEEDS = 2**31


@dataclass(frozen=True, eq=False)
class Edit:
    """The requested edit of one sample.

    Parameters
    ----------
    row : int
        Index of the sample in X.
    positions : mapping of str to float
        Labels whose slider was moved, and its position on the line of `traverse`.
    values : mapping of str to value
        Labels that were set to a class. None of them is in `positions`.
    donor : int or None
        Index of the sample whose characteristics are swapped in; None for no swap.
    swapped : tuple of str
        Labels whose characteristics the donor gives; empty for all labels.
    seed : int or None
        Seed of the random draw; None if the edit is not drawn at random.
    keep : tuple of str or int
        Locked features, as in `intervene`.
    """

    row: int = 0
    positions: Mapping = field(default_factory=dict)
    values: Mapping = field(default_factory=dict)
    donor: int | None = None
    swapped: tuple = ()
    seed: int | None = None
    keep: tuple = ()

    def move(self, label, position):
        """Return the edit with the slider of a label moved, or reset by None."""
        positions = {name: at for name, at in self.positions.items() if name != label}
        values = {name: value for name, value in self.values.items() if name != label}
        if position is not None:
            positions[label] = position
        return replace(self, positions=positions, values=values, donor=None, seed=None)

    def set(self, label, value):
        """Return the edit with a label set to a class, or reset by None."""
        cleared = self.move(label, None)
        if value is None:
            return cleared
        return replace(cleared, values={**cleared.values, label: value})

    def redraw(self):
        """Return the edit with a new random draw of the requested labels."""
        seed = 0 if self.seed is None else (self.seed + 1) % N_SEEDS
        return replace(self, donor=None, seed=seed)

    def requests(self, model):
        """Requested class of each edited label.

        A moved slider requests the class at its nearer end.
        """
        ends = {
            label: classes_of(model, label)[0 if position < 0.5 else -1]
            for label, position in self.positions.items()
        }
        return {**ends, **self.values}


def classes_of(model, label):
    """Sorted classes of a label, as a list of Python objects."""
    classes = model.classes_
    per_label = classes if isinstance(classes, list) else [classes]
    return per_label[list(model.label_names_).index(label)].tolist()


def words(classes):
    """Texts that show the classes of a label: no and yes for 0 and 1."""
    return ["no", "yes"] if classes == [0, 1] else [str(value) for value in classes]


def take(X, index):
    """Return the sample at `index` as a slice of X, in the type of X."""
    return X.iloc[[index]] if hasattr(X, "iloc") else X[[index]]


def edited(model, X, edit):
    """Return the edited sample, in the type of X; the sample itself without requests."""
    call = _call(model, edit)
    if call is None:
        return take(X, edit.row)
    method, argument, options = call
    if isinstance(argument, _Donor):
        argument = take(X, argument.index)
    return getattr(model, method)(take(X, edit.row), argument, **options)


def code(model, X, edit):
    """Return the line of Python that computes :func:`edited` from `model` and `X`."""
    indexing = "X.iloc[[{}]]" if hasattr(X, "iloc") else "X[[{}]]"
    sample = indexing.format(edit.row)
    call = _call(model, edit)
    if call is None:
        return f"edited = {sample}"
    method, argument, options = call
    if isinstance(argument, _Donor):
        argument = indexing.format(argument.index)
    keywords = "".join(f", {name}={value!r}" for name, value in options.items())
    return f"edited = model.{method}({sample}, {argument}{keywords})"


def report(model, X, edit):
    """Return the model's own assessment of the edit, or None without requests.

    Returns
    -------
    report : InterventionReport
        Report of a single sample.
    """
    if _call(model, edit) is None:
        return None
    sample = take(X, edit.row)
    if edit.donor is None:
        do = edit.requests(model)
    else:
        predicted = predicted_classes(model, take(X, edit.donor))
        do = {label: predicted[label] for label in edit.swapped or model.label_names_}
    # Distances are measured from the sample itself, because an edit keeps the parts of it
    # that the decoder cannot reconstruct.
    new = edited(model, X, edit)
    return intervention_report(model, sample, new, do, baseline=sample)


def predicted_classes(model, sample):
    """Predicted class of each label of a sample."""
    # A transformer has no predict.
    codes = model._codes_of(model._scaled(sample))[0].tolist()
    pairs = zip(model.label_names_, codes, strict=True)
    return {name: classes_of(model, name)[code] for name, code in pairs}


@dataclass(frozen=True)
class _Donor:
    index: int


def _call(model, edit):
    """Name of the model's method, its second argument, and its options.

    None if the edit requests nothing.
    """
    keep = {"keep": list(edit.keep)} if edit.keep else {}
    if edit.donor is not None:
        labels = {"labels": list(edit.swapped)} if edit.swapped else {}
        return "swap", _Donor(edit.donor), {**labels, **keep}
    do = edit.requests(model)
    if not do:
        return None
    if edit.seed is not None:
        return "intervene", do, {"method": "sample", "random_state": edit.seed, **keep}
    if not edit.positions:
        return "intervene", do, keep
    method = {**edit.positions, **dict.fromkeys(edit.values, "transport")}
    return "intervene", do, {"method": method, **keep}
