"""Files that are replaced completely or not at all."""

import os
import secrets
from pathlib import Path


def replace_file(path, data, temporary=None):
    """Replace a file by `data` (bytes): at any moment it is the old or the new one.

    If the path is a symbolic link, the file that it points to is replaced.

    Parameters
    ----------
    path : path-like
        The file.
    data : bytes
        What it holds afterwards.
    temporary : str, optional
        Name of the file, in the same folder, that is written first. By default a random
        name, so that several processes may write the same file. A killed process leaves
        this file, and the next one that uses the same name replaces it.

    Raises
    ------
    FileNotFoundError
        If its folder does not exist.
    """
    path = Path(os.path.realpath(path))
    if not path.parent.is_dir():
        raise FileNotFoundError(
            f"{str(path)!r} cannot be written, because its folder does not exist. Create "
            "it first."
        )
    # In the same folder, because a file cannot be renamed across disks.
    unfinished = path.with_name(temporary or f".{secrets.token_hex(8)}.tmp")
    if temporary is not None:
        unfinished.unlink(missing_ok=True)
    # Others may read it like any new file, and unlike those of tempfile.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(unfinished, flags, 0o666)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    _flush_folder(path.parent)


def _flush_folder(folder):
    """Make sure that a new name survives a power failure, on systems that allow it."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
