"""Files that are whole or absent, and what every broken file says."""

import errno
import io
import json
import os
import resource
import stat
import zipfile
from pathlib import Path

import numpy as np
import pytest

from ganstudy import files
from ganstudy.errors import InputError, StudyError

IMAGES = np.random.default_rng(0).integers(0, 256, (6, 5, 4, 3)).astype(np.uint8)
LABELS = np.array([0, 1, 2, 0, 1, 2])


def no_space(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


# Writing


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, OSError])
def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, error) -> None:
    path = tmp_path / "out.txt"
    path.write_text("old")

    def write() -> None:
        with files.replacing(path) as temporary:
            temporary.write_text("half of the n")
            raise error

    with pytest.raises((error, StudyError)):
        write()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_old_file_is_there_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "down" / "out.png"
    with files.replacing(path) as temporary:
        assert temporary.parent == path.parent  # the same file system, or else no atomic rename
        assert temporary.suffix == ".png"  # writers that choose a format by it
        temporary.write_text("one")
        assert not path.exists()
    with files.replacing(path) as temporary:
        temporary.write_text("two")
        assert path.read_text() == "one"
    assert path.read_text() == "two"
    assert list(path.parent.iterdir()) == [path]


def test_a_result_has_the_permissions_of_an_ordinary_file(tmp_path: Path) -> None:
    files.write_text(tmp_path / "ours", "x")
    (tmp_path / "ordinary").write_text("x")
    modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("ours", "ordinary")}
    assert len(modes) == 1


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize("existed", [True, False])
def test_a_full_disk_is_one_line_and_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch, call: str, existed: bool
) -> None:
    path = tmp_path / "out.json"
    if existed:
        path.write_text("old")
    monkeypatch.setattr(os, call, no_space)
    with pytest.raises(
        StudyError, match=r"cannot write .*out\.json, which takes 13 bytes: No space"
    ):
        files.write_json(path, {"a": 1})
    assert [p.read_text() for p in tmp_path.iterdir()] == ["old"] * existed


def test_a_disk_that_fills_up_while_an_npz_is_written_is_one_line(tmp_path: Path) -> None:
    # A file that may not grow answers as a full disk does, with another number.
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**16, before[1]))
    try:
        with pytest.raises(
            StudyError,
            match=r"cannot write .*out\.npz, which takes 1,000,000 bytes: File too large",
        ):
            files.write_npz(tmp_path / "out.npz", np.zeros((10_000, 100), np.uint8))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_device_that_is_full_is_one_line(tmp_path: Path) -> None:
    def write() -> None:
        with files.replacing(tmp_path / "out") as temporary:
            temporary.unlink()
            temporary.symlink_to("/dev/full")
            temporary.write_bytes(b"x")

    with pytest.raises(StudyError, match=r"cannot write .*out.*: No space left on device"):
        write()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("part", ["out.json", "deep/out.json"])
def test_where_nothing_may_be_written_it_says_so(tmp_path: Path, monkeypatch, part: str) -> None:
    # Root may write everywhere, so the answer of a read-only folder is played.
    def denied(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(tmp_path))

    monkeypatch.setattr("tempfile.mkstemp", denied)
    with pytest.raises(StudyError, match=r"cannot write .*out\.json.*: Permission denied"):
        files.write_json(tmp_path / part, {})


def test_a_file_in_place_of_a_folder_and_a_folder_in_place_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder" / "inside").mkdir(parents=True)
    for path in (tmp_path / "file" / "out", tmp_path / "folder"):
        with pytest.raises(StudyError, match="cannot write"):
            files.write_text(path, "x")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder"]


def test_errors_have_the_exit_codes_of_the_contract() -> None:
    assert (StudyError.exit_code, InputError.exit_code) == (1, 2)


# JSON and hashes


def test_json_is_sorted_ends_in_a_newline_and_refuses_what_is_no_json(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    files.write_json(path, {"b": 1.5, "a": ["é"]})
    assert path.read_text() == json.dumps({"a": ["é"], "b": 1.5}, indent=2) + "\n"
    assert files.read_json(path) == {"a": ["é"], "b": 1.5}
    with pytest.raises(ValueError, match="not JSON compliant"):
        files.write_json(path, {"a": float("nan")})
    assert files.read_json(path)["b"] == 1.5


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"{'a': 1}"])
def test_broken_json_names_the_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"x\.json is not valid JSON"):
        files.read_json(path)


def test_missing_files_are_named(tmp_path: Path) -> None:
    for read in (files.read_json, files.read_npz, files.read_images, files.sha256_file):
        with pytest.raises(InputError, match=r"cannot read .*nowhere: No such file"):
            read(tmp_path / "nowhere")
        with pytest.raises(InputError, match="cannot read"):
            read(tmp_path)


def test_hashes_tell_content_shape_and_type_apart() -> None:
    x = np.arange(6, dtype=np.uint8)
    variants = [x, x.reshape(2, 3), x.reshape(3, 2), x.astype(np.int64), x[::-1]]
    found = {files.sha256_arrays(v) for v in variants} | {files.sha256_arrays(x, x)}
    assert len(found) == 6
    assert files.sha256_arrays(np.asfortranarray(x.reshape(2, 3))) == files.sha256_arrays(
        x.reshape(2, 3)
    )
    assert files.sha256_json({"a": 1, "b": 2}) == files.sha256_json({"b": 2, "a": 1})


def test_the_hash_of_a_file_is_that_of_sha256sum(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"abc")
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert files.sha256_file(tmp_path / "x") == expected


# NPZ


def test_equal_arrays_give_equal_bytes_and_numpy_reads_them(tmp_path: Path) -> None:
    for name in ("a.npz", "b.npz"):
        files.write_npz(tmp_path / name, IMAGES[::-1], LABELS)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    with np.load(tmp_path / "a.npz") as archive:
        assert archive.files == ["arr_0", "arr_1"]
        assert np.array_equal(archive["arr_0"], IMAGES[::-1])
    found = files.read_npz(tmp_path / "a.npz")
    assert np.array_equal(found[1], LABELS)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_npz_of_others_are_read(tmp_path: Path, save) -> None:
    save(tmp_path / "x.npz", IMAGES, LABELS.astype(np.uint8))
    images, labels = files.read_images(tmp_path / "x.npz")
    assert np.array_equal(images, IMAGES)
    assert labels.dtype == np.int64
    assert labels.tolist() == LABELS.tolist()


class Bomb:
    """What a pickle can do."""

    def __reduce__(self) -> tuple:
        return os.mkdir, ("/tmp/ganstudy-pickle-was-run",)  # noqa: S108


def test_a_pickle_is_never_run(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, np.array([Bomb()], dtype=object))
    with pytest.raises(InputError, match=r"x\.npz is not a readable npz of plain arrays"):
        files.read_npz(path)
    with path.open("wb") as stream:
        np.save(stream, np.array([Bomb()], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match=r"x\.npz"):
        files.read_npz(path)
    assert not Path("/tmp/ganstudy-pickle-was-run").exists()  # noqa: S108


def written(save=np.savez_compressed) -> bytes:
    stream = io.BytesIO()
    save(stream, IMAGES, LABELS)
    return stream.getvalue()


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_npz_is_bad_input(tmp_path: Path, share: float) -> None:
    content = written()
    path = tmp_path / "x.npz"
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(InputError, match=r"x\.npz"):
        files.read_npz(path)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_whatever_byte_is_altered_it_is_read_or_bad_input(tmp_path: Path, save) -> None:
    content, path = written(save), tmp_path / "x.npz"
    refused = 0
    for place in range(len(content)):
        altered = bytearray(content)
        altered[place] ^= 1 << place % 8
        path.write_bytes(altered)
        try:
            files.read_npz(path)
        except InputError:  # any other error is a traceback for the user
            refused += 1
    assert refused > len(content) / 2


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_what_numpy_refuses_is_refused_and_what_both_read_is_equal(tmp_path: Path, save) -> None:
    content, path = written(save), tmp_path / "x.npz"
    both = 0
    for place in range(len(content)):
        altered = bytearray(content)
        altered[place] ^= 1 << place % 8
        path.write_bytes(altered)
        try:
            with np.load(path, allow_pickle=False) as archive:
                names = ["arr_0", *({"arr_1"} & set(archive.files))]
                theirs = [archive[name] for name in names]
        except Exception:  # theirs have no common class
            with pytest.raises(InputError):
                files.read_npz(path)
            continue
        ours = files.read_npz(path)
        assert all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))
        both += 1
    assert both > 0  # a date, say, means nothing


def test_images_stay_in_their_file_and_cannot_be_written_to(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    files.write_npz(path, IMAGES, LABELS)
    images = files.read_images(path)[0]
    with pytest.raises(ValueError, match="read-only"):
        images[0] = 0
    files.write_npz(path, IMAGES[::-1], LABELS)  # who has read it keeps what was read
    assert np.array_equal(images, IMAGES)
    assert not np.array_equal(files.read_images(path)[0], IMAGES)


def test_arrays_in_fortrans_order_are_read(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", np.asfortranarray(IMAGES))
    assert np.array_equal(files.read_images(tmp_path / "x.npz")[0], IMAGES)


def test_an_array_that_is_no_archive_says_so(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    with path.open("wb") as stream:
        np.save(stream, IMAGES)
    with pytest.raises(InputError, match=r"x\.npz is not a readable npz"):
        files.read_npz(path)


def test_an_archive_without_arrays_names_what_it_has(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", images=IMAGES)
    with pytest.raises(InputError, match=r"has no array 'arr_0'; it has \['images'\]"):
        files.read_npz(tmp_path / "x.npz")
    with zipfile.ZipFile(tmp_path / "y.npz", "w") as archive:
        archive.writestr("arr_0", "text")
    with pytest.raises(InputError, match=r"y\.npz"):
        files.read_images(tmp_path / "y.npz")


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ([IMAGES.astype(np.float32)], r"must be uint8 .* it is float32 \(6, 5, 4, 3\)"),
        ([IMAGES[0]], r"it is uint8 \(5, 4, 3\)"),
        ([IMAGES.transpose(0, 3, 1, 2)], "1 or 3 channels"),
        ([IMAGES[..., :2]], "1 or 3 channels"),
        ([IMAGES[:0]], "holds no image"),
        ([IMAGES, LABELS[:3]], r"labels of shape \(6,\); it is int64 \(3,\)"),
        ([IMAGES, LABELS / 2], "must be integer labels"),
        ([IMAGES, np.eye(6, dtype=np.int64)], "must be integer labels"),
        ([IMAGES, LABELS.astype(str)], "must be integer labels"),
    ],
)
def test_arrays_that_are_no_images_say_what_they_are(tmp_path: Path, arrays, message: str) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, *arrays)
    with pytest.raises(InputError, match=message) as caught:
        files.read_images(path)
    assert str(path) in str(caught.value)
