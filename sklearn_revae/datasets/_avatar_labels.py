"""Labels of drawn faces as arrays: sixteen binary ones, or eight that exclude nothing."""

import numpy as np

from sklearn_revae.datasets._avatar_faces import LABELS

# Binary labels that exclude one another, as the values of one label. The last value
# stands for a face with none of them; a face always has one of the values of "Hair".
_VALUES = {
    "Glasses": {"Eyeglasses": "eyeglasses", "Sunglasses": "sunglasses"},
    "Facial_Hair": {"Beard": "beard", "Mustache": "mustache"},
    "Hair": {
        "Bald": "bald",
        "Wearing_Hat": "hat",
        "Black_Hair": "black",
        "Brown_Hair": "brown",
        "Blond_Hair": "blond",
        "Gray_Hair": "gray",
        "Red_Hair": "red",
    },
}
NO_VALUE = "none"
GROUPED_LABELS = (
    "Glasses",
    "Facial_Hair",
    "Smiling",
    "Mouth_Open",
    "Hair",
    "Long_Hair",
    "Dark_Skin",
    "Eyes_Closed",
)


def binary_codes(positive):
    """Encode sets of positive labels as an array (n, 16) of 0 and 1."""
    return np.array(
        [[name in labels for name in LABELS] for labels in positive], dtype=int
    )


def grouped(target):
    """Return the eight grouped labels of sixteen binary ones.

    Parameters
    ----------
    target : ndarray of int (n, 16)
        The binary labels.

    Returns
    -------
    ndarray of object (n, 8)
        Words where binary labels were grouped, and 0 or 1 elsewhere.
    """
    result = np.empty((len(target), len(GROUPED_LABELS)), dtype=object)
    for position, name in enumerate(GROUPED_LABELS):
        if name in _VALUES:
            result[:, position] = NO_VALUE
            for binary, value in _VALUES[name].items():
                result[target[:, LABELS.index(binary)] == 1, position] = value
        else:
            result[:, position] = target[:, LABELS.index(name)].tolist()
    return result


def binary_change(positive, label, value):
    """Return the binary label, and its value, that sets a grouped label of a face.

    Parameters
    ----------
    positive : set of str
        The positive binary labels of the face.
    label : str
        A grouped or a binary label.
    value : str or int
        Its new value.

    Raises
    ------
    ValueError
        If the label does not have this value.
    """
    values = _VALUES.get(label, {})
    possible = [*values.values(), NO_VALUE] if values else [0, 1]
    if label == "Hair":
        possible.remove(NO_VALUE)
    if value not in possible:
        raise ValueError(
            f"value={value!r} is no value of {label}. Choose from {possible}."
        )
    if not values:
        return label, value
    for binary, name in values.items():
        if name == value:
            return binary, 1
    present = [binary for binary in values if binary in positive]
    return (present or list(values))[0], 0
