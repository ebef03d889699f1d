"""The file format: a safetensors file with JSON in its metadata, and a checksum.

A file is written completely or not at all. It is read with suspicion: whatever its header
says, reading takes memory in proportion to the length of the file.
"""

import hashlib
import json
import os
import stat

import safetensors.torch
import torch

from sklearn_revae._files import as_path, replace_file
from sklearn_revae._version import __version__
from sklearn_revae.persistence._errors import ModelFileError

FORMAT_VERSION = 1
# The only entry of the metadata, because the order of several would be random.
_ENTRY = "sklearn_revae"
# Python's objects take about twenty times the memory of the JSON they are read from.
_LONGEST_HEADER = 2**25
_LENGTH_BYTES = 8
# The first bytes of pickles, and of the archives and streams that hold them.
_ZLIB = (b"x\x01", b"x^", b"x\x9c", b"x\xda")
_PICKLES = (b"\x80", b"PK", b"\x1f\x8b", b"BZh", b"\xfd7z", *_ZLIB)


def write(path, state, tensors):
    """Write JSON-able `state` and `tensors` (dict of str to Tensor) to a file.

    Raises
    ------
    ValueError
        If `state` is too long to be read again.
    """
    # Safetensors refuses tensors that share memory.
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
            f"The names, categories and history of the model take {length} bytes as "
            f"JSON, but at most {_LONGEST_HEADER} can be read again. Fit the model on "
            "fewer columns or categories."
        )
    replace_file(path, data)


def _plain(tensor):
    """Return a copy of a tensor, on the CPU and contiguous."""
    return tensor.detach().cpu().clone(memory_format=torch.contiguous_format)


def read(path):
    """Return `state` and `tensors` that :func:`write` wrote.

    Raises
    ------
    ModelFileError
        If the file is anything else, was changed, or has a newer format.
    """
    path = as_path(path)
    # A device may be endless, and reading a pipe may wait forever.
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise ModelFileError(f"{path} is not a regular file.")
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        start = file.read(_LENGTH_BYTES)
        length = int.from_bytes(start, "little")
        if len(start) < _LENGTH_BYTES or length > size - _LENGTH_BYTES:
            raise ModelFileError(f"{path} {_what_else(start)}")
        if length > _LONGEST_HEADER:
            raise ModelFileError(
                f"{path} has a header of {length} bytes, but at most {_LONGEST_HEADER} "
                "are read."
            )
        header = file.read(length)
        content, end = _read_header(path, header)
        missing = _LENGTH_BYTES + length + end - size
        if missing:
            fault = f"ends {missing} bytes too early" if missing > 0 else "is too long"
            raise ModelFileError(
                f"{path} {fault}: it was cut short or changed. Copy it again."
            )
        body = file.read(end)
    try:
        tensors = safetensors.torch.load(start + header + body)
        checksum = _checksum(content["format_version"], content["state"], tensors)
    except Exception as error:
        # The parser may raise anything for bytes that it did not write.
        raise ModelFileError(f"{path} cannot be read: {error}") from error
    if content.get("sha256") != checksum:
        raise ModelFileError(
            f"{path} was changed after it was written, as its checksum shows. Copy it "
            "again."
        )
    return content["state"], tensors


def _what_else(start):
    """What messages say about a file that is not a safetensors file."""
    if start.startswith(_PICKLES):
        return (
            "is not a safetensors file. It looks like a pickle, an archive or a file of "
            "joblib. It was not opened, because loading such files may run any code."
        )
    return "is not a safetensors file, or was cut short."


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
            f"{path} is not a safetensors file, or was changed: {error}."
        ) from error
    if entry is None:
        raise ModelFileError(
            f"{path} is a safetensors file, but it was not written by "
            "sklearn_revae.persistence.save."
        )
    try:
        content = json.loads(
            entry, object_pairs_hook=_distinct, parse_constant=_refuse_constant
        )
        version, state = content["format_version"], content["state"]
        if type(version) is not int or version < 1 or not isinstance(state, dict):
            raise ValueError(f"its format_version is {version!r}")
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise ModelFileError(f"{path} was changed: {error}.") from error
    if version > FORMAT_VERSION:
        raise ModelFileError(
            f"{path} has format {version}, written by sklearn_revae "
            f"{content.get('written_by')}, but sklearn_revae {__version__} reads formats "
            f"up to {FORMAT_VERSION}. Update the package."
        )
    return content, end


def _distinct(pairs):
    result = dict(pairs)
    if len(result) < len(pairs):
        raise ValueError("it has two entries of the same name")
    return result


def _refuse_constant(name):
    raise ValueError(f"it holds {name}, which is not valid JSON")


def _dumps(value):
    return json.dumps(value, allow_nan=False, separators=(",", ":"))


def _checksum(version, state, tensors):
    """SHA-256, in hexadecimal, of everything in a file."""
    table = {name: [str(t.dtype), list(t.shape)] for name, t in sorted(tensors.items())}
    digest = hashlib.sha256(_dumps([version, state, table]).encode())
    for name in sorted(tensors):
        digest.update(tensors[name].reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()
