"""Folders with links and zips: what is entered, what is not, and that there is an end."""

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganstudy.data import places
from ganstudy.data.folder import Rules, read_folder, survey
from ganstudy.errors import InputError

FOLLOW = Rules(links="follow")


def png(value: int = 0) -> bytes:
    stream = io.BytesIO()
    Image.new("L", (8, 8), value).save(stream, "PNG")
    return stream.getvalue()


def save(path: Path, value: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png(value))
    return path


def values(images: np.ndarray) -> list[int]:
    return images[:, 0, 0, 0].tolist()


# Links


def test_a_store_outside_is_refused_with_a_remedy_that_works(tmp_path: Path) -> None:
    for index in range(3):  # as hub snapshots have it: names without extensions
        save(tmp_path / f"blobs/{index}abc", index)
        (tmp_path / "snapshot/cat").mkdir(parents=True, exist_ok=True)
        (tmp_path / f"snapshot/cat/{index}.png").symlink_to(f"../../blobs/{index}abc")
    with pytest.raises(InputError, match=r"'cat/0.png': .*outside.*data\.links: follow") as caught:
        read_folder(tmp_path / "snapshot")
    assert "data.broken" not in str(caught.value)
    with pytest.raises(InputError, match=r"none of the 3.*data\.links: follow"):
        read_folder(tmp_path / "snapshot", broken="skip")
    found = read_folder(tmp_path / "snapshot", rules=FOLLOW)
    assert (values(found.images), found.classes, found.skipped) == ([0, 1, 2], ("cat",), ())


def test_class_folders_that_are_links_are_followed(tmp_path: Path) -> None:
    save(tmp_path / "store/1.png", 5)
    (tmp_path / "data").mkdir()
    for name in ("cat", "dog"):
        (tmp_path / "data" / name).symlink_to(tmp_path / "store")
    found = read_folder(tmp_path / "data", rules=FOLLOW)
    assert found.labels is not None
    assert (values(found.images), found.labels.tolist()) == ([5, 5], [0, 1])


@pytest.mark.timeout(30)
@pytest.mark.parametrize("rules", [Rules(), FOLLOW, Rules(links="follow", labels="none")])
def test_links_in_a_circle_end_in_one_line(tmp_path: Path, rules: Rules) -> None:
    save(tmp_path / "data/cat/1.png")
    (tmp_path / "data/cat/again").symlink_to(tmp_path / "data")
    with pytest.raises(InputError, match="leads back to a folder above it"):
        survey(tmp_path / "data", rules)


@pytest.mark.timeout(30)
def test_links_that_fan_out_end_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "MOST_LINKED", 1000)
    for level in range(40):  # 2^40 ways
        (tmp_path / f"{level}").mkdir()
        for way in "ab":
            (tmp_path / f"{level}" / way).symlink_to(tmp_path / f"{level + 1}")
    save(tmp_path / "40/1.png")
    with pytest.raises(InputError, match="more than 1,000 folders are links"):
        survey(tmp_path / "0", Rules(links="follow", labels="none"))


@pytest.mark.timeout(30)
def test_what_links_lead_to_must_be_a_regular_file(tmp_path: Path) -> None:
    save(tmp_path / "data/1.png", 9)
    os.mkfifo(tmp_path / "pipe")
    for name, target in (("pipe", tmp_path / "pipe"), ("zero", "/dev/zero"), ("gone", "nothing")):
        (tmp_path / f"data/{name}.png").symlink_to(target)
    with pytest.raises(InputError, match=r"'gone.png'"):
        read_folder(tmp_path / "data", rules=FOLLOW)
    found = read_folder(tmp_path / "data", broken="skip", rules=FOLLOW)
    assert (values(found.images), found.skipped) == ([9], ("gone.png", "pipe.png", "zero.png"))


def test_folders_in_folders_have_an_end(tmp_path: Path) -> None:
    deep = tmp_path / "/".join("d" * 150)
    deep.mkdir(parents=True)
    save(deep / "1.png")
    with pytest.raises(InputError, match="lies in more than 100 folders"):
        survey(tmp_path, Rules(labels="none"))


# Zips


def pack(path: Path, members: dict[str, bytes], how: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", how) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize("how", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("around", ["", "my data/"])
def test_a_zip_is_read_as_its_folder_would_be(tmp_path: Path, how: int, around: str) -> None:
    members = {
        f"{around}{name}": png(value)
        for name, value in (("train/dog/1.png", 3), ("train/cat/1.png", 2), ("val/cat/9.png", 1))
    }
    extra = {"__MACOSX/._1.png": b"x", f"{around}.hidden/1.png": b"x", f"{around}notes.txt": b"x"}
    found = read_folder(pack(tmp_path / "a.zip", members | extra, how))
    assert (values(found.images), found.classes) == ([2, 3, 1], ("cat", "dog"))
    assert found.splits == {"train": slice(0, 2), "validation": slice(2, 3)}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip"]  # nothing is extracted


def test_a_zip_of_another_system_has_its_folders(tmp_path: Path) -> None:
    found = read_folder(pack(tmp_path / "a.zip", {"cat\\1.png": png(1), "./dog/1.png": png(2)}))
    assert (values(found.images), found.classes) == ([1, 2], ("cat", "dog"))


def test_stylegan_s_zip_has_its_labels(tmp_path: Path) -> None:
    names = [f"0000{index // 2}/img{index:08d}.png" for index in range(4)]
    members = {name: png(index) for index, name in enumerate(names)}
    labels = ",".join(f'["{name}", {index % 2}]' for index, name in enumerate(names))
    members["dataset.json"] = f'{{"labels": [{labels}]}}'.encode()
    found = read_folder(pack(tmp_path / "a.zip", members))
    assert found.labels is not None
    assert (found.labels.tolist(), found.classes) == ([0, 1, 0, 1], ("0", "1"))


def test_broken_members_are_skipped_like_broken_files(tmp_path: Path) -> None:
    path = pack(tmp_path / "a.zip", {"1.png": png(1), "2.png": png(2), "3.png": b""})
    content = bytearray(path.read_bytes())
    content[content.index(b"2.png") + 30] ^= 255  # its check sum is another now
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"'2.png': .*data\.broken: skip"):
        read_folder(path)
    found = read_folder(path, broken="skip")
    assert (values(found.images), found.skipped) == ([1], ("2.png", "3.png"))


@pytest.mark.parametrize("name", ["../1.png", "a/../../1.png"])
def test_a_zip_that_leads_outside_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="leads outside"):
        survey(pack(tmp_path / "a.zip", {name: png()}))


def test_a_zip_with_one_name_twice_is_refused(tmp_path: Path) -> None:
    path = pack(tmp_path / "a.zip", {"1.png": png(1), "2.png": png(2)})
    path.write_bytes(path.read_bytes().replace(b"2.png", b"1.png"))
    with pytest.raises(InputError, match=r"'1\.png' twice"):
        survey(path)


def test_a_bomb_is_refused_before_it_is_inflated(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for index in range(100):
            archive.writestr(f"{index}.bmp", bytes(2**20))
    with pytest.raises(InputError, match=r"would inflate to 104,857,600 bytes"):
        survey(path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no zip at all" * 100])
def test_what_is_no_zip_is_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.zip' is not a readable zip"):
        survey(tmp_path / "a.zip")


def test_an_encrypted_member_says_so(tmp_path: Path) -> None:
    path = pack(tmp_path / "a.zip", {"1.png": png()})
    content = bytearray(path.read_bytes())
    content[6] |= 1  # the flag of the local header, and that of the directory
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"'1\.png'.*encrypted"):
        read_folder(path)
