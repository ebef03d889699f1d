"""The file: a safetensors file with JSON in its metadata, a checksum over both.

Written whole or not at all; read with suspicion, and never more memory than the file has
bytes is asked for on its word.
"""

import hashlib
import json
import os
import secrets
import stat
from pathlib import Path

import safetensors.torch
import torch

from sklearn_revae._version import __version__

FORMAT_VERSION = 1
# The one entry of the metadata: several would come in another order every time.
_ENTRY = "sklearn_revae"
# JSON takes some twenty times its length in memory, once it is read.
_LONGEST_HEADER = 2**25
_LENGTH_BYTES = 8
# How pickles, and the archives and streams that they come in, begin.
_ZLIB = (b"x\x01", b"x^", b"x\x9c", b"x\xda")
_PICKLES = (b"\x80", b"PK", b"\x1f\x8b", b"BZh", b"\xfd7z", *_ZLIB)


class ModelFileError(ValueError):
    """A file holds no model that can be loaded; the message says why.

    .. versionadded:: 0.2

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn_revae.persistence import ModelFileError, load
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "model.safetensors")
    ...     _ = path.write_bytes(b"0123456789")
    ...     try:
    ...         load(path)
    ...     except ModelFileError as error:
    ...         print("This is no model.")
    This is no model.
    """


def write(path, state, tensors):
    """Write JSON-able `state` and `tensors` (dict of str to Tensor) to a file.

    Raises
    ------
    ValueError
        If `state` is too long to be read again.
    """
    # Safetensors takes no two tensors that share their memory.
    tensors = {name: _plain(tensor) for name, tensor in tensors.items()}
    content = {
        "format_version": FORMAT_VERSION,
        "written_by": __version__,
        "sha256": _checksum(FORMAT_VERSION, state, tensors),
        "state": state,
    }
    data = safetensors.torch.save(tensors, {_ENTRY: _dumps(content)})
    length = int.from_bytes(data[:_LENGTH_BYTES], "little")
    if length > _LONGEST_HEADER:
        raise ValueError(
            f"The model's names, categories and history take {length} bytes as JSON, "
            f"more than the {_LONGEST_HEADER} that are read again."
        )
    replace_file(path, data)


def _plain(tensor):
    """Return a copy of a tensor, on the CPU and in the usual order."""
    return tensor.detach().cpu().clone(memory_format=torch.contiguous_format)


def read(path):
    """Return `state` and `tensors` that :func:`write` wrote.

    Raises
    ------
    ModelFileError
        If the file is anything else, was changed, or is of a newer version.
    """
    # Neither a device without end nor a pipe that nobody writes to.
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise ModelFileError(f"{path} is no regular file.")
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        start = file.read(_LENGTH_BYTES)
        length = int.from_bytes(start, "little")
        if len(start) < _LENGTH_BYTES or length > size - _LENGTH_BYTES:
            raise ModelFileError(f"{path} {_what_else(start)}")
        if length > _LONGEST_HEADER:
            raise ModelFileError(f"{path} has a header of {length} bytes, too many.")
        header = file.read(length)
        content, end = _read_header(path, header)
        missing = _LENGTH_BYTES + length + end - size
        if missing:
            few = f"ends {missing} bytes too early" if missing > 0 else "is too long"
            raise ModelFileError(f"{path} {few}: it was cut or changed.")
        body = file.read(end)
    try:
        tensors = safetensors.torch.load(start + header + body)
        checksum = _checksum(content["format_version"], content["state"], tensors)
    except Exception as error:
        # Whatever the parser says of bytes that nobody wrote.
        raise ModelFileError(f"{path} cannot be read: {error}") from error
    if content.get("sha256") != checksum:
        raise ModelFileError(
            f"{path} is not as it was written: its checksum is another. Fetch it again."
        )
    return content["state"], tensors


def _what_else(start):
    """What a file may be that is no safetensors file."""
    if start.startswith(_PICKLES):
        return (
            "is no safetensors file, but looks like a pickle, an archive or what joblib "
            "writes, whose loading may run anything: it was not opened."
        )
    return "is no safetensors file, or was cut short."


def _read_header(path, header):
    """What save wrote into the header, and where the tensors' bytes end."""
    try:
        table = json.loads(
            header, object_pairs_hook=_distinct, parse_constant=_refuse_constant
        )
        entry = table.pop("__metadata__", {}).get(_ENTRY)
        end = max((tensor["data_offsets"][1] for tensor in table.values()), default=0)
        if type(end) is not int or end < 0:
            raise ValueError(f"its tensors end at {end!r}")
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise ModelFileError(
            f"{path} is no safetensors file, or was changed: {error}"
        ) from error
    if entry is None:
        raise ModelFileError(
            f"{path} is a safetensors file, but of something else: "
            "sklearn_revae.persistence.save has not written it."
        )
    try:
        content = json.loads(
            entry, object_pairs_hook=_distinct, parse_constant=_refuse_constant
        )
        version, state = content["format_version"], content["state"]
        if type(version) is not int or version < 1 or not isinstance(state, dict):
            raise ValueError(f"its format_version is {version!r}")
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise ModelFileError(f"{path} was changed: {error}") from error
    if version > FORMAT_VERSION:
        raise ModelFileError(
            f"{path} is of format {version}, written by sklearn_revae "
            f"{content.get('written_by')}: this is {__version__}, which reads formats up "
            f"to {FORMAT_VERSION}. Update the package."
        )
    return content, end


def _distinct(pairs):
    result = dict(pairs)
    if len(result) < len(pairs):
        raise ValueError("it names something twice")
    return result


def _refuse_constant(name):
    raise ValueError(f"it holds {name}, which is no JSON")


def _dumps(value):
    return json.dumps(value, allow_nan=False, separators=(",", ":"))


def _checksum(version, state, tensors):
    """SHA-256, in hexadecimal, of all that a file says."""
    table = {name: [str(t.dtype), list(t.shape)] for name, t in sorted(tensors.items())}
    digest = hashlib.sha256(_dumps([version, state, table]).encode())
    for name in sorted(tensors):
        digest.update(tensors[name].reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


def replace_file(path, data):
    """Put `data` (bytes) in the place of a file: at any moment it is the old or the new.

    A symbolic link stays, and what it leads to is replaced.
    """
    path = Path(os.path.realpath(path))
    # In the same folder: across disks nothing can be renamed.
    temporary = path.with_name(f".{secrets.token_hex(8)}.tmp")
    # Unlike tempfile's, as readable for others as any new file.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(temporary, flags, 0o666)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _flush_folder(path.parent)


def _flush_folder(folder):
    """Make sure that a new name outlasts a power cut, where folders can be flushed."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
