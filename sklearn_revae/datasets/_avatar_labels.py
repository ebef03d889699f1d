"""Labels of drawn faces as arrays: sixteen binary ones, or eight that exclude nothing."""

import numpy as np

from sklearn_revae.datasets._avatar_faces import LABELS

# Binary labels that exclude one another, as the values of one label. The last value
# stands for a face with none of them; a face always has one of the values of "Hair".
VALUES = {
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
        if name in VALUES:
            result[:, position] = NO_VALUE
            for binary, value in VALUES[name].items():
                result[target[:, LABELS.index(binary)] == 1, position] = value
        else:
            result[:, position] = target[:, LABELS.index(name)].tolist()
    return result
