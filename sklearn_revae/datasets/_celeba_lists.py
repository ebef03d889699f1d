"""CelebA's lists: which photographs there are, of which subset, with what attributes."""

import numpy as np

IMAGES = "img_align_celeba"
ATTRIBUTES = "list_attr_celeba.txt"
PARTITION = "list_eval_partition.txt"

_LAYOUT = f"""The folder should be as CelebA is published:
    {IMAGES}/000001.jpg ...
    {ATTRIBUTES}
    {PARTITION}"""

_SUBSETS = {"train": ("0",), "valid": ("1",), "test": ("2",), "all": ("0", "1", "2")}


def missing(path):
    """Return the error for a file that is not there."""
    return FileNotFoundError(f"{path} is not there. {_LAYOUT}")


def _lines(path):
    """Lines of a text file, read as they are asked for."""
    try:
        with open(path, encoding="utf-8") as file:
            yield from file
    except FileNotFoundError as error:
        raise missing(path) from error


def file_names(path, subset):
    """Names of the photographs of a subset, in the list's order.

    Raises
    ------
    ValueError
        If the list is not in the published format, or has none of the subset.
    """
    wanted, names = _SUBSETS[subset], []
    for number, line in enumerate(_lines(path), 1):
        fields = line.split()
        if not fields:
            continue
        if len(fields) != 2 or fields[1] not in _SUBSETS["all"]:
            raise ValueError(
                f"Line {number} of {path} should be a file's name and 0, 1 or 2; "
                f"got {line.rstrip()!r}."
            )
        if fields[1] in wanted:
            names.append(fields[0])
    if not names:
        raise ValueError(f"{path} lists no photograph of the subset {subset!r}.")
    return names


def _positions(known, attributes, path):
    """Where in the file's lines the attributes asked for stand.

    Raises
    ------
    ValueError
        For an attribute that the file has not.
    """
    strangers = [name for name in attributes if name not in known]
    if strangers:
        raise ValueError(f"{strangers} are not in {path}: its attributes are {known}.")
    return [known.index(name) for name in attributes]


def read_attributes(path, names, attributes):
    """Values 0 or 1 (n, L) of the photographs `names`, and the attributes' names.

    Raises
    ------
    ValueError
        If the file is cut short, lacks a photograph, or has other values than 1 and -1.
    """
    lines = _lines(path)
    count, known = next(lines, "").strip(), next(lines, "").split()
    if not count.isdigit():
        raise ValueError(
            f"The first line of {path} should be the number of photographs; "
            f"got {count!r}."
        )
    attributes = known if attributes is None else [str(name) for name in attributes]
    positions = _positions(known, attributes, path)
    rows = {name: row for row, name in enumerate(names)}
    target = np.full((len(names), len(positions)), -1, dtype=int)
    n_read = 0
    for line in lines:
        name, *values = line.split() or [""]
        n_read += bool(name)
        if name not in rows:
            continue
        if len(values) != len(known) or not {*values} <= {"1", "-1"}:
            raise ValueError(
                f"{path} should give {name} {len(known)} values, each 1 or -1; "
                f"got {line.rstrip()!r}."
            )
        target[rows[name]] = [values[position] == "1" for position in positions]
    if n_read != int(count):
        raise ValueError(f"{path} should have {count} photographs, but has {n_read}.")
    lacking = np.flatnonzero((target < 0).any(axis=1))
    if len(lacking):
        raise ValueError(f"{path} has no attributes of {names[lacking[0]]}.")
    return target, attributes
