"""The wire between the grader and a submission: a JSON header and raw little-endian buffers, nothing else.

    frame = length of the header (4 bytes) | length of the buffers (8 bytes) | header | buffers

In the header an array is {"array": offset, "shape": [...], "type": "<f8" or "<i8"}; texts, numbers, lists
and mappings stand for themselves. Nothing is ever unpickled; sizes are checked before a byte is read.

This file also runs beside the submission, in the sandbox; it imports nothing of the project.
"""

import json
import math
import struct
from collections.abc import Callable
from typing import Any

import numpy as np

PREFIX = struct.Struct("<IQ")
TYPES = {"<f8": np.dtype("<f8"), "<i8": np.dtype("<i8")}
PLAIN = {str, int, float, bool, type(None)}
MAX_HEADER = 4 * 2**20
MAX_BUFFERS = 128 * 2**20


class ProtocolError(Exception):
    """What came over the wire is no frame."""


class ClosedError(Exception):
    """The other end has gone."""


class LateError(Exception):
    """The other end did not answer in time."""


def encode(message: dict[str, Any]) -> bytes:
    """A message of plain parts and numpy arrays as one frame."""
    buffers: list[bytes] = []
    header = json.dumps(_outgoing(message, buffers)).encode()
    body = b"".join(buffers)
    return PREFIX.pack(len(header), len(body)) + header + body


def _outgoing(value: Any, buffers: list[bytes]) -> Any:
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        array = np.ascontiguousarray(value, dtype="<f8" if value.dtype.kind == "f" else "<i8")
        offset = sum(map(len, buffers))
        buffers.append(array.tobytes())
        return {"array": offset, "shape": list(value.shape), "type": array.dtype.str}
    if isinstance(value, np.ndarray):
        return value.tolist() if value.dtype.kind == "U" else [_outgoing(entry, buffers) for entry in value.tolist()]
    if isinstance(value, dict):
        return {str(key): _outgoing(entry, buffers) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return value if PLAIN.issuperset(map(type, value)) else [_outgoing(entry, buffers) for entry in value]
    return value.item() if isinstance(value, np.generic) else value


def decode(header: bytes, body: bytes) -> dict[str, Any]:
    """The message of a frame; raises ProtocolError for whatever is not one."""
    left = len(body)  # every byte may be used once

    def array(part: dict[str, Any]) -> Any:
        nonlocal left
        if set(part) != {"array", "shape", "type"}:
            return part
        shape, offset = part["shape"], part["array"]
        if not all(type(n) is int and n >= 0 for n in (*shape, offset)) or len(shape) > 8:
            raise ValueError("bad shape")
        n_items = math.prod(shape)
        left -= 8 * n_items
        if offset + 8 * n_items > len(body) or left < 0:
            raise ValueError("buffer too short")
        return np.frombuffer(body, TYPES[part["type"]], n_items, offset).reshape(shape).copy()

    try:
        message = json.loads(header, object_hook=array)
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError, MemoryError) as error:
        raise ProtocolError(f"it is malformed ({type(error).__name__})") from None
    if not isinstance(message, dict):
        raise ProtocolError("it is no mapping")
    return message


def send(write: Callable[[memoryview], int], frame: bytes) -> None:
    """Write a whole frame, by what writes some bytes and says how many."""
    view = memoryview(frame)
    while view:
        try:
            view = view[write(view[:65536]) :]
        except BlockingIOError:
            continue
        except OSError:
            raise ClosedError from None


def receive(read: Callable[[int], bytes], max_buffers: int = MAX_BUFFERS) -> dict[str, Any]:
    """Read one frame, by what reads some bytes, or none where the other end has gone."""
    header_length, body_length = PREFIX.unpack(_read(read, PREFIX.size))
    if header_length > MAX_HEADER or body_length > max_buffers:
        raise ProtocolError(f"it announces {header_length + body_length} bytes")
    header = _read(read, header_length)
    return decode(header, _read(read, body_length))


def _read(read: Callable[[int], bytes], length: int) -> bytes:
    parts = bytearray()
    while len(parts) < length:
        try:
            part = read(min(length - len(parts), 1 << 20))
        except BlockingIOError:
            continue
        except OSError:
            raise ClosedError from None
        if not part:
            raise ClosedError
        parts += part
    return bytes(parts)
