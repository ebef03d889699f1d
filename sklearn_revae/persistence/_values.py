"""Values as JSON with tensors beside it, and back, without a change of their types.

A value for which JSON has no form becomes an object with one key that begins with "$".
Arrays of numbers become tensors, which the JSON names.
"""

import datetime
import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import torch

from sklearn_revae.persistence._errors import UnstorableError
from sklearn_revae.persistence._pandas import (
    describe_index,
    index_of,
    is_scalar,
    make_index,
)

# All strings of an array take as much memory as the longest: this bounds the array.
_LARGEST_TEXTS = 2**26
_NUMBERS, _TIMES, _TEXTS = "biuf", "Mm", "US"
# Not all versions of torch have tensors of these kinds: they are stored as signed ones.
_AS_SIGNED = "uMm"


def encode(value, place, tensors):
    """`value` as JSON; its arrays are added to `tensors`, named after their `place`.

    Raises
    ------
    UnstorableError
        For a value that a file cannot hold, with its place.
    """
    if value is None or type(value) in (bool, int, str):
        return value
    if type(value) is float:
        return value if math.isfinite(value) else {"$float": repr(value)}
    if type(value) is list and (index := index_of(value)) is not None:
        return {"$index": encode(describe_index(index, place), place, tensors)}
    if type(value) in (list, tuple):
        parts = [encode(v, f"{place}/{i}", tensors) for i, v in enumerate(value)]
        return parts if type(value) is list else {"$tuple": parts}
    if isinstance(value, dict):
        if all(type(key) is str and not key.startswith("$") for key in value):
            return {k: encode(v, f"{place}/{k}", tensors) for k, v in value.items()}
        return {"$dict": encode([list(p) for p in value.items()], place, tensors)}
    if isinstance(value, (np.ndarray, np.generic)):
        return _encode_array(value, place, tensors)
    if isinstance(value, bytes):
        return {"$bytes": value.hex()}
    if isinstance(value, Decimal):
        return {"$decimal": str(value)}
    if isinstance(value, Fraction):
        return {"$fraction": [value.numerator, value.denominator]}
    if type(value) is datetime.date:
        return {"$date": value.isoformat()}
    if is_scalar(value) and index_of([value]) is not None:
        return {"$one_of_index": encode([value], place, tensors)}
    if isinstance(value, torch.device):
        return {"$device": str(value)}
    if isinstance(value, np.random.RandomState):
        return {"$random_state": _encode_random_state(value, place, tensors)}
    raise UnstorableError(
        f"{place} is {value!r} of type {type(value).__name__}, which a file without "
        "pickle cannot hold. It can hold numbers, strings, None, dates, intervals, and "
        "lists, tuples, dicts and arrays of these."
    )


def _encode_array(array, place, tensors):
    dtype = array.dtype
    tag = "$array" if isinstance(array, np.ndarray) else "$scalar"
    if dtype.kind in _NUMBERS + _TIMES and dtype.itemsize <= 8:
        native = np.array(array, dtype=dtype.newbyteorder("="), order="C")
    elif array.ndim <= 1 and (dtype.kind in _TEXTS or dtype.hasobject):
        if array.nbytes > _LARGEST_TEXTS:
            raise UnstorableError(
                f"{place} is an array of {array.nbytes} bytes of text, but at most "
                f"{_LARGEST_TEXTS} can be stored. Shorten its longest strings."
            )
        values = encode(array.tolist(), place, tensors)
        return {tag: {"dtype": dtype.str, "values": values}}
    else:
        raise UnstorableError(
            f"{place} is an array of {dtype} and shape {array.shape}, which cannot be "
            "stored in a file. Convert it to numbers of at most 8 bytes."
        )
    if tag == "$scalar":
        number = encode(native.item(), place, tensors)
        return {tag: {"dtype": dtype.str, "values": number}}
    if dtype.kind in _AS_SIGNED:
        native = native.view(f"i{dtype.itemsize}")
    tensors[place] = torch.from_numpy(native)
    return {tag: {"dtype": dtype.str, "tensor": place}}


def _encode_random_state(random_state, place, tensors):
    state = random_state.get_state(legacy=False)
    if state["bit_generator"] != "MT19937":
        raise UnstorableError(
            f"{place} is a RandomState of {state['bit_generator']}, which cannot be "
            "stored in a file. Use numpy.random.RandomState(seed), which is of MT19937."
        )
    parts = [state["state"]["key"], int(state["state"]["pos"])]
    parts += [int(state["has_gauss"]), float(state["gauss"])]
    return encode(parts, place, tensors)


def decode(value, tensors):
    """The value that was encoded. Tensors that it needs are removed from `tensors`.

    Raises
    ------
    Exception
        Of any type, for JSON that :func:`encode` does not write.
    """
    if isinstance(value, list):
        return [decode(v, tensors) for v in value]
    if not isinstance(value, dict):
        return value
    tag = next((key for key in value if key.startswith("$")), None)
    if tag is None:
        return {key: decode(v, tensors) for key, v in value.items()}
    if len(value) > 1:
        raise ValueError(f"its entry {tag} has other keys beside it")
    return _DECODERS[tag](value[tag], tensors)


def _decode_dtype(text):
    dtype = np.dtype(text)
    # In NumPy 1 the length of strings can overflow.
    if dtype.itemsize < 0:
        raise ValueError(f"the type {text} is too long")
    return dtype


def _decode_array(parts, tensors):
    dtype = _decode_dtype(parts["dtype"])
    if "tensor" in parts:
        native = tensors.pop(parts["tensor"]).numpy()
        if dtype.kind in _AS_SIGNED and native.dtype == f"i{dtype.itemsize}":
            native = native.view(dtype.newbyteorder("="))
        if native.dtype != dtype.newbyteorder("="):
            raise ValueError(f"a tensor has the type {native.dtype} and not {dtype}")
        return native.astype(dtype)
    values = decode(parts["values"], tensors)
    if dtype.kind not in _TEXTS + "O" or not isinstance(values, list):
        raise ValueError(f"an array of {dtype} must not be stored as JSON")
    if dtype.itemsize * len(values) > _LARGEST_TEXTS:
        raise ValueError("an array of strings is too large")
    array = np.empty(len(values), dtype=dtype)
    for i, cell in enumerate(values):
        array[i] = cell
    if array.tolist() != values:
        raise ValueError(f"values do not fit {dtype}")
    return array


def _decode_scalar(parts, tensors):
    dtype = _decode_dtype(parts["dtype"])
    if dtype.kind not in _NUMBERS + _TEXTS or dtype.itemsize > _LARGEST_TEXTS:
        raise ValueError(f"a scalar is of {dtype}")
    return np.array(decode(parts["values"], tensors), dtype=dtype)[()]


def _decode_random_state(parts, tensors):
    key, position, has_gauss, gauss = decode(parts, tensors)
    # NumPy does not check the position, and would read memory that is not its own.
    if type(position) is not int or not 0 <= position <= 624 or has_gauss not in (0, 1):
        raise ValueError("the state of a RandomState is invalid")
    random_state = np.random.RandomState(0)
    random_state.set_state(("MT19937", key, position, has_gauss, gauss))
    return random_state


_DECODERS = {
    "$float": lambda text, _: float(text),
    "$tuple": lambda parts, tensors: tuple(decode(parts, tensors)),
    "$dict": lambda pairs, tensors: dict(decode(pairs, tensors)),
    "$bytes": lambda text, _: bytes.fromhex(text),
    "$decimal": lambda text, _: Decimal(text),
    "$fraction": lambda parts, _: Fraction(*parts),
    "$date": lambda text, _: datetime.date.fromisoformat(text),
    "$index": lambda parts, tensors: list(make_index(decode(parts, tensors))),
    "$one_of_index": lambda parts, tensors: decode(parts, tensors)[0],
    "$device": lambda text, _: torch.device(text),
    "$array": _decode_array,
    "$scalar": _decode_scalar,
    "$random_state": _decode_random_state,
}
