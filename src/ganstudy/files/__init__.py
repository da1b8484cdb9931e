"""Files that are whole or absent: atomic writes, safe reads, content hashes. No pickle is read."""

import hashlib
import json
import math
import os
import struct
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, BinaryIO

import numpy as np
import numpy.typing as npt

from ganstudy.errors import InputError, StudyError
from ganstudy.files.memmap import CHUNK, parts

Images = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]
Points = npt.NDArray[np.float32]
Samples = Images | Points  # images (N, H, W, C) or points (N, d)

MOST_INFLATED = 200  # times its size: far beyond what compresses images
HARMLESS = 2**26  # bytes that any file may inflate to
HEADERS = {  # by version
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
    (3, 0): np.lib.format.read_array_header_2_0,
}
LOCAL_HEADER = 30  # bytes of a zip member's, without its name and extra fields


@contextmanager
def replacing(path: Path, size: int | None = None) -> Iterator[Path]:
    """Yields a temporary name beside `path`: it becomes `path` on success, is gone on failure.
    `size` in bytes, where it is known, is told when it finds no place."""
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(
            prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent
        )
        os.close(handle)
        temporary = Path(name)
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)  # mkstemp makes private files; results are ordinary ones
        os.replace(temporary, path)
        _keep_name(path.parent)
    except OSError as error:
        what = f"{path}" if size is None else f"{path}, which takes {size:,} bytes"
        raise StudyError(f"cannot write {what}: {error.strerror or error}") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _keep_name(folder: Path) -> None:
    """Makes the new name of a file outlast a loss of power, where folders can be synchronised."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def write_bytes(path: Path, content: bytes) -> None:
    """Writes `content` to `path` atomically."""
    with replacing(path, len(content)) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, text: str) -> None:
    """Writes `text` to `path` as UTF-8, atomically."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: Any) -> None:
    """Writes `value` as indented JSON with sorted keys; NaN and infinity are refused."""
    write_text(path, json.dumps(value, indent=2, sort_keys=True, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """Reads JSON; a missing or broken file is an `InputError` that names it."""
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not valid JSON: {error}") from error


def sha256_file(path: Path) -> str:
    """SHA-256 of a file's content, in hex."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error


def sha256_json(value: Any) -> str:
    """SHA-256 of `value`'s canonical JSON, in hex: a key for settings."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def sha256_arrays(*arrays: npt.NDArray[Any]) -> str:
    """SHA-256 over dtype, shape and bytes of each array, in hex: a key for content."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        for part in parts(array):
            digest.update(part.data)
    return digest.hexdigest()


def write_npz(
    path: Path,
    *arrays: npt.NDArray[Any],
    named: Mapping[str, npt.NDArray[Any]] | None = None,
    deflate: bool = False,
) -> None:
    """Writes `arrays` as `arr_0`, `arr_1`, …, and `named` ones by their names; equal arrays give
    equal bytes (no time stamps).

    `deflate` is for files that git keeps: their bytes may differ from one build of zlib to another,
    and so would dvc.lock for files that stages are compared by across machines.
    """
    members = {f"arr_{index}": array for index, array in enumerate(arrays)} | dict(named or {})
    method = zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED

    def write(stream: BinaryIO) -> None:
        with zipfile.ZipFile(stream, "w", method, compresslevel=9) as archive:
            for name, array in members.items():
                member = zipfile.ZipInfo(f"{name}.npy")  # 1980-01-01, so bytes repeat
                member.compress_type = method
                header = {
                    "descr": np.lib.format.dtype_to_descr(array.dtype),
                    "fortran_order": False,
                    "shape": array.shape,
                }
                with archive.open(member, "w", force_zip64=True) as entry:
                    np.lib.format.write_array_header_1_0(entry, header)
                    for part in parts(array):
                        entry.write(part.data)

    write_stream(path, write, sum(array.nbytes for array in members.values()))


def write_stream(path: Path, write: Callable[[BinaryIO], None], size: int | None = None) -> None:
    """Writes `path` atomically through `write(stream)`, some `size` bytes."""
    with replacing(path, size) as temporary, temporary.open("wb") as stream:
        write(stream)


def read_npz(path: Path) -> list[npt.NDArray[Any]]:
    """Reads `arr_0` and, where it is there, `arr_1` of an npz, as `read_named` does."""
    return list(read_named(path, ("arr_0", "arr_1"), needed="arr_0").values())


def read_named(
    path: Path, names: Iterable[str] | None = None, needed: str | None = None
) -> dict[str, npt.NDArray[Any]]:
    """Reads the arrays of an npz by name: those of `names` as far as they are there, or all; one is
    `needed`. Bytes that are stored as they are stay in the file, and come into memory where they
    are looked at: such an array is read-only.

    Pickled objects and broken files are an `InputError`, and so are bombs: files that would inflate
    to more than `MOST_INFLATED` times their size.
    """
    if path.exists() and not path.is_file():  # a pipe would never end
        raise InputError(f"cannot read {path}: it is no regular file")
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            if needed is not None and needed not in members:
                raise InputError(f"{path} has no array {needed!r}; it has {list(members)}")
            wanted = [name for name in (members if names is None else names) if name in members]
            for name in wanted:
                _refuse_bomb(path, archive, members[name])
            return {name: _read(file, archive, members[name]) for name in wanted}
    except InputError:
        raise
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
    except Exception as error:  # whatever zipfile, zlib and numpy's parser make of broken bytes
        raise InputError(f"{path} is not a readable npz of plain arrays: {error}") from error


def _refuse_bomb(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Raises before anything is inflated, or an array made, that the file cannot hold.

    A member's size in the archive's directory is also what its array's header may announce: NumPy
    would take the memory first and look for the content later.
    """
    size, inflated = path.stat().st_size, member.file_size
    if inflated > max(size * MOST_INFLATED, HARMLESS):
        raise InputError(
            f"{path}: {member.filename} would inflate to {inflated:,} bytes from a file of "
            f"{size:,}; save it without compression"
        )
    with archive.open(member) as stream:
        shape, _, dtype = _header(stream)
    if math.prod(shape) * dtype.itemsize > inflated:
        raise InputError(f"{path}: {member.filename} announces {shape}, more than it holds")


def _read(file: BinaryIO, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> npt.NDArray[Any]:
    """The array of a member of `archive`, which is in `file`; whatever is wrong raises."""
    with archive.open(member) as stream:
        shape, fortran, dtype = _header(stream)
        stored = member.compress_type == zipfile.ZIP_STORED and not fortran
        if stored and dtype == np.uint8 and math.prod(shape) > 0:  # wider types may lie askew
            offset = _content(file, member) + stream.tell()
            while stream.read(CHUNK):  # at the end the check sum is compared
                pass
            return np.memmap(file, dtype, "r", offset, shape).view(np.ndarray)
    with archive.open(member) as stream:
        array: npt.NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
        return array


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, whether in Fortran's order, and type of an array; whatever is wrong raises."""
    shape, fortran, dtype = HEADERS[np.lib.format.read_magic(stream)](stream)
    return shape, fortran, dtype


def _content(file: BinaryIO, member: zipfile.ZipInfo) -> int:
    """Where a stored member's bytes begin: after its local header, a name and extra fields."""
    file.seek(member.header_offset + LOCAL_HEADER - 4)
    name, extra = struct.unpack("<HH", file.read(4))
    return member.header_offset + LOCAL_HEADER + int(name) + int(extra)


def read_images(path: Path) -> tuple[Images, Labels | None]:
    """Reads images (N, H, W, C) uint8 with C in {1, 3}, and labels (N,) int64 or None, from an npz.

    Raises `InputError` naming the file and what was found when the content is anything else.
    """
    arrays = read_npz(path)
    images = arrays[0]
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] not in (1, 3):
        raise InputError(
            f"{path}: arr_0 must be uint8 (N, H, W, C) with 1 or 3 channels; "
            f"it is {images.dtype} {images.shape}"
        )
    if len(images) == 0:
        raise InputError(f"{path}: arr_0 holds no image")
    return images, _labels(path, arrays)


def read_samples(path: Path) -> tuple[Samples, Labels | None]:
    """Reads images as `read_images` does, or points (N, d) float32 and labels, from an npz."""
    arrays = read_npz(path)
    points = arrays[0]
    if points.ndim != 2:
        return read_images(path)
    if points.dtype != np.float32:
        raise InputError(f"{path}: points must be float32 (N, d); arr_0 is {points.dtype}")
    if len(points) == 0 or not np.isfinite(points).all():
        raise InputError(f"{path}: points must be finite, and at least one")
    return points, _labels(path, arrays)


def _labels(path: Path, arrays: list[npt.NDArray[Any]]) -> Labels | None:
    if len(arrays) == 1:
        return None
    labels, count = arrays[1], len(arrays[0])
    if labels.shape != (count,) or labels.dtype.kind not in "iu":
        raise InputError(
            f"{path}: arr_1 must be integer labels of shape ({count},); "
            f"it is {labels.dtype} {labels.shape}"
        )
    return labels.astype(np.int64)
