"""The text files of CelebA: the photographs of each subset, and their attributes."""

import numpy as np

IMAGES = "img_align_celeba"
ATTRIBUTES = "list_attr_celeba.txt"
PARTITION = "list_eval_partition.txt"

_LAYOUT = f"""The folder must contain CelebA as it is published:
    {IMAGES}/000001.jpg ...
    {ATTRIBUTES}
    {PARTITION}"""

_SUBSETS = {"train": ("0",), "valid": ("1",), "test": ("2",), "all": ("0", "1", "2")}


def missing(path):
    """Return the error for a file that does not exist."""
    return FileNotFoundError(f"{path} does not exist. {_LAYOUT}")


def _lines(path):
    """Yield the lines of a text file."""
    try:
        with open(path, encoding="utf-8") as file:
            yield from file
    except FileNotFoundError as error:
        raise missing(path) from error


def file_names(path, subset):
    """Names of the photographs of a subset, in the order of the file.

    Raises
    ------
    ValueError
        If the file is not in the published format, or lists no photograph of the subset.
    """
    subset_codes, names = _SUBSETS[subset], []
    for number, line in enumerate(_lines(path), 1):
        fields = line.split()
        if not fields:
            continue
        if len(fields) != 2 or fields[1] not in _SUBSETS["all"]:
            raise ValueError(
                f"Line {number} of {path} must be a file name and 0, 1 or 2, got "
                f"{line.rstrip()!r}."
            )
        if fields[1] in subset_codes:
            names.append(fields[0])
    if not names:
        raise ValueError(f"{path} lists no photograph of the subset {subset!r}.")
    return names


def _positions(known, requested, path):
    """Positions of the requested attributes among those of the file.

    Raises
    ------
    ValueError
        If the file does not have a requested attribute.
    """
    unknown = [name for name in requested if name not in known]
    if unknown:
        raise ValueError(
            f"attributes={unknown} are not in {path}, which has the attributes {known}."
        )
    return [known.index(name) for name in requested]


def read_attributes(path, names, attributes):
    """Read attributes of photographs.

    Parameters
    ----------
    path : Path
        The file of attributes.
    names : list of str
        Names of the photographs.
    attributes : list of str or None
        Names of the attributes; None for all.

    Returns
    -------
    target : ndarray of int of shape (n_photographs, n_attributes)
        1 if the photograph has the attribute, else 0.
    attributes : list of str
        Names of the attributes.

    Raises
    ------
    ValueError
        If the file is truncated, lacks a photograph or an attribute, or contains values
        other than 1 and -1.
    """
    lines = _lines(path)
    count, known = next(lines, "").strip(), next(lines, "").split()
    if not count.isdigit():
        raise ValueError(
            f"The first line of {path} must be the number of photographs, got {count!r}."
        )
    attributes = known if attributes is None else [str(name) for name in attributes]
    positions = _positions(known, attributes, path)
    row_of = {name: row for row, name in enumerate(names)}
    target = np.full((len(names), len(positions)), -1, dtype=int)
    n_read = 0
    for line in lines:
        name, *values = line.split() or [""]
        n_read += bool(name)
        if name not in row_of:
            continue
        if len(values) != len(known) or not {*values} <= {"1", "-1"}:
            raise ValueError(
                f"{path} must have {len(known)} values for {name}, each 1 or -1, got "
                f"{line.rstrip()!r}."
            )
        target[row_of[name]] = [values[position] == "1" for position in positions]
    if n_read != int(count):
        raise ValueError(
            f"{path} must list {count} photographs, as its first line says, but it lists "
            f"{n_read}."
        )
    missing_rows = np.flatnonzero((target < 0).any(axis=1))
    if len(missing_rows):
        raise ValueError(f"{path} has no attributes for {names[missing_rows[0]]}.")
    return target, attributes
