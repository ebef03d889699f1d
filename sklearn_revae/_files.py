"""Files that are replaced completely or not at all."""

import os
import secrets
import stat
from pathlib import Path


def as_path(path):
    """The argument `path` of a function as a Path.

    Raises
    ------
    TypeError
        If it is neither a string nor path-like.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(
            f"path={path!r} is of type {type(path).__name__}. Pass the name of a file, a "
            "str or a path-like object."
        )
    return Path(path)


def permissions(path):
    """The permissions of a regular file, an int; None if it does not exist yet.

    Raises
    ------
    FileNotFoundError
        If its folder does not exist.
    OSError
        If it is anything else, such as a directory or a device, which a file would
        replace.
    """
    if not path.parent.is_dir():
        raise FileNotFoundError(
            f"The folder of path={str(path)!r} does not exist. Create it first."
        )
    if not path.exists():
        return None
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(
            f"path={str(path)!r} is a directory. Pass the name of a file in it."
        )
    if not stat.S_ISREG(mode):
        raise OSError(
            f"path={str(path)!r} is not a regular file, but a device, a pipe or a "
            "socket. Pass the name of a file."
        )
    return stat.S_IMODE(mode)


def replace_file(path, data, temporary=None):
    """Replace a file by `data` (bytes): at any moment it is the old or the new one.

    The new file has the permissions of the old one. If the path is a symbolic link, the
    file that it points to is replaced.

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
    TypeError
        If `path` is neither a string nor path-like.
    OSError
        If the file cannot be written; see also :func:`permissions`.
    """
    path = Path(os.path.realpath(as_path(path)))
    mode = permissions(path)
    # In the same folder, because a file cannot be renamed across disks.
    unfinished = path.with_name(temporary or f".{secrets.token_hex(8)}.tmp")
    if temporary is not None:
        unfinished.unlink(missing_ok=True)
    # Others may read a new one like any new file, and unlike those of tempfile.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(unfinished, flags, 0o666 if mode is None else mode)
    try:
        with open(descriptor, "wb") as file:
            if mode is not None:
                # The process may mask some of the permissions of files that it creates.
                os.chmod(unfinished, mode)
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
