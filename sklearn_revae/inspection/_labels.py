"""The labels of a fitted model, and their classes."""


def label_index(estimator, label):
    """Return the position of a label that is given by its name or its position.

    Names come first, as in the methods: in a y whose columns are named by integers, an
    integer is a name.

    Raises
    ------
    ValueError
        If the model has no such label.
    """
    labels = estimator._labels
    if labels is None:
        raise ValueError(
            f"label={label!r} is not a label of the model: the model was fitted without "
            "y, so it has no labels."
        )
    return labels.index(label, "label")


def label_classes(estimator, index):
    """Return the sorted classes of the label at `index` as a list."""
    classes = estimator.classes_
    return list(classes[index] if isinstance(classes, list) else classes)
