"""IDX files (the MNIST family's format), plain or gzipped, read without trusting their header."""

import hashlib
import math
import zlib
from gzip import GzipFile
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import numpy.typing as npt

from ganstudy.errors import InputError

UNSIGNED_BYTE = 0x08
MAX_DIMENSIONS = 4
MAX_BYTES = 2**31
GZIP_MAGIC = b"\x1f\x8b"
GZIP_MAX_RATIO = 1032  # the most that deflate can expand
CHUNK = 2**20


def read_idx(path: Path) -> npt.NDArray[np.uint8]:
    """Reads an IDX file of unsigned bytes; the shape is the header's, with 1 to 4 dimensions.

    Memory is taken as content arrives, never because a header asks for it, and at most one byte
    more than the header announces is decompressed. Raises `InputError` naming the file when it is
    missing, is not IDX, or holds more or less than its header says.
    """
    if not path.is_file():  # a pipe or a device would never end
        raise InputError(f"cannot read {path}: there is no such file")
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            zipped = stream.read(2) == GZIP_MAGIC
            stream.seek(0)
            if zipped:
                with GzipFile(fileobj=stream) as inflated:
                    return _read(path, cast(BinaryIO, inflated), size * GZIP_MAX_RATIO)
            return _read(path, stream, size)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"cannot read {path}: {error}") from error


def payload_sha256(array: npt.NDArray[np.uint8]) -> str:
    """SHA-256, in hex, of the uncompressed IDX file that `array` was read from."""
    header = bytes([0, 0, UNSIGNED_BYTE, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    return hashlib.sha256(header + array.tobytes()).hexdigest()


def _read(path: Path, stream: BinaryIO, at_most: int) -> npt.NDArray[np.uint8]:
    """Reads from `stream`, which cannot hold more than `at_most` bytes."""
    shape = _read_shape(path, stream)
    expected = math.prod(shape)
    text = "×".join(str(side) for side in shape)
    if expected > min(at_most, MAX_BYTES):
        raise InputError(f"{path}: its header announces {text} bytes, more than it can hold")
    content = bytearray()
    while len(content) <= expected:
        chunk = stream.read(min(CHUNK, expected + 1 - len(content)))
        if not chunk:
            break
        content += chunk
    if len(content) != expected:
        found = "more" if len(content) > expected else f"only {len(content)}"
        raise InputError(f"{path}: its header announces {text} bytes of content, it holds {found}")
    return np.frombuffer(content, np.uint8).reshape(shape)


def _read_shape(path: Path, stream: BinaryIO) -> tuple[int, ...]:
    magic = stream.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0":
        raise InputError(f"{path} is not an IDX file: it starts with {magic.hex() or 'nothing'}")
    if magic[2] != UNSIGNED_BYTE:
        raise InputError(f"{path} holds type 0x{magic[2]:02x}; only unsigned bytes (0x08) are read")
    if not 1 <= magic[3] <= MAX_DIMENSIONS:
        raise InputError(f"{path} has {magic[3]} dimensions; 1 to {MAX_DIMENSIONS} are read")
    sides = stream.read(4 * magic[3])
    if len(sides) < 4 * magic[3]:
        raise InputError(f"{path} ends within its header")
    shape = tuple(int(side) for side in np.frombuffer(sides, ">u4"))
    if 0 in shape:
        raise InputError(f"{path}: its header announces an empty array, {shape}")
    return shape
