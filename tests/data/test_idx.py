"""IDX files: what is read, and every way in which a file may lie."""

import gzip
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ganstudy.data.idx import payload_sha256, read_idx
from ganstudy.errors import InputError
from ganstudy.files import sha256_file


def header(*shape: int, kind: int = 8) -> bytes:
    return bytes([0, 0, kind, len(shape)]) + struct.pack(f">{len(shape)}I", *shape)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some-idx3-ubyte"


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gz"])
def test_reads_what_the_format_says(path: Path, pack) -> None:
    path.write_bytes(pack(header(2, 2, 3) + bytes(range(12))))
    array = read_idx(path)
    assert array.dtype == np.uint8
    assert array.tolist() == [[[0, 1, 2], [3, 4, 5]], [[6, 7, 8], [9, 10, 11]]]


def test_the_payload_digest_is_that_of_the_plain_file(path: Path) -> None:
    path.write_bytes(header(3, 2) + b"abcdef")
    assert payload_sha256(read_idx(path)) == sha256_file(path)


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gz"])
@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "not an IDX file"),
        (b"\0\0\x08", "not an IDX file"),
        (b"PNG!" + bytes(100), "not an IDX file"),
        (header(2, 3, kind=0x0D) + bytes(24), "type 0x0d"),
        (b"\0\0\x08\0", "0 dimensions"),
        (header(1, 1, 1, 1, 1) + b"x", "5 dimensions"),
        (header(2, 3)[:-1], "within its header"),
        (header(0, 28, 28), "empty"),
        (header(2, 3) + bytes(5), "holds only 5"),
        (header(2, 3) + bytes(7), "holds more"),
        (header(2**32 - 1, 2**32 - 1, 2**32 - 1) + bytes(50), "more than it can hold"),
    ],
)
def test_refuses_naming_the_file(path: Path, pack, content: bytes, complaint: str) -> None:
    path.write_bytes(pack(content))
    with pytest.raises(InputError, match=complaint) as caught:
        read_idx(path)
    assert str(path) in str(caught.value)


def test_refuses_a_truncated_gz(path: Path) -> None:
    path.write_bytes(gzip.compress(header(1000) + np.random.default_rng(0).bytes(1000))[:-200])
    with pytest.raises(InputError, match=str(path)):
        read_idx(path)


def test_refuses_what_is_no_file(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nothing", Path("/dev/zero")):
        with pytest.raises(InputError, match="no such file"):
            read_idx(path)


def peak_of_refusing(path: Path) -> int:
    tracemalloc.start()
    try:
        with pytest.raises(InputError):
            read_idx(path)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_lying_header_takes_no_memory(path: Path) -> None:
    path.write_bytes(header(2**30) + bytes(10))
    assert peak_of_refusing(path) < 2**20


def test_a_bomb_is_not_inflated_beyond_its_header(path: Path) -> None:
    path.write_bytes(gzip.compress(header(100) + bytes(2**27)))
    assert peak_of_refusing(path) < 2**22


def test_a_lying_header_within_the_ratio_takes_memory_only_as_content_arrives(path: Path) -> None:
    noise = np.random.default_rng(0).bytes(2**16)
    path.write_bytes(gzip.compress(header(2**25) + noise))
    assert peak_of_refusing(path) < 2**22


near_headers = st.builds(
    lambda kind, shape, body: bytes([0, 0, kind, len(shape)]) + b"".join(shape) + body,
    st.sampled_from([8, 8, 8, 9]),
    st.lists(st.sampled_from([b"\0\0\0\1", b"\0\0\0\2", b"\0\0\0\0", b"\xff\xff\xff\xff"])),
    st.binary(max_size=10),
)


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.binary(max_size=64) | near_headers, st.booleans(), st.integers(0, 80))
def test_any_bytes_are_read_whole_or_refused(path: Path, content: bytes, zipped, cut) -> None:
    path.write_bytes(gzip.compress(content)[:cut] if zipped else content)
    try:
        array = read_idx(path)
    except InputError:
        return
    assert content == header(*array.shape) + array.tobytes()
