"""Folders of pictures: what users have in them, good and bad."""

import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganstudy.data.folder import Rules, read_folder, read_sample_folder
from ganstudy.errors import InputError


def save(path: Path, value: object = 0, size: tuple[int, int] = (8, 8), mode: str = "L") -> Path:
    """A picture of one value; size is (width, height)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, value).save(path)
    return path


def values(images: np.ndarray) -> list[int]:
    return images[:, 0, 0, 0].tolist()


def huge_png(path: Path, side: int) -> Path:
    """A PNG of a few bytes whose header announces side × side pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + check

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    content = (
        chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(64))) + chunk(b"IEND", b"")
    )
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + content)
    return path


# Layouts


def test_sub_folders_are_the_classes_in_sorted_order(tmp_path: Path) -> None:
    for name, value in (("dog/1.png", 30), ("cat/b.png", 20), ("cat/a.png", 10), ("ant/z.png", 5)):
        save(tmp_path / name, value)
    found = read_folder(tmp_path)
    assert found.classes == ("ant", "cat", "dog")
    assert values(found.images) == [5, 10, 20, 30]
    assert found.labels is not None
    assert found.labels.dtype == np.int64
    assert found.labels.tolist() == [0, 1, 1, 2]
    assert found.images.shape == (4, 8, 8, 1)
    assert found.images.dtype == np.uint8


def test_pictures_directly_inside_have_no_labels(tmp_path: Path) -> None:
    save(tmp_path / "b.bmp", 2)
    save(tmp_path / "a.PNG", 1)
    found = read_folder(tmp_path)
    assert (values(found.images), found.labels, found.classes) == ([1, 2], None, ())


def test_the_order_does_not_come_from_the_file_system(tmp_path: Path, monkeypatch) -> None:
    for index in (3, 1, 2, 0):
        save(tmp_path / f"{'abc'[index % 3]}" / f"{index}.png", index)
    straight = read_folder(tmp_path)
    listed = Path.iterdir
    monkeypatch.setattr(Path, "iterdir", lambda self: reversed(list(listed(self))))
    reverse = read_folder(tmp_path)
    assert np.array_equal(straight.images, reverse.images)
    assert straight.classes == reverse.classes
    assert straight.labels is not None
    assert straight.labels.tolist() == reverse.labels.tolist() == [0, 0, 1, 2]
    assert values(straight.images) == [0, 3, 1, 2]


def test_mixing_both_layouts_is_explained(tmp_path: Path) -> None:
    save(tmp_path / "loose.png")
    save(tmp_path / "cat/1.png")
    with pytest.raises(InputError, match=r"'loose.png'.*'cat/1.png'.*class's folder"):
        read_folder(tmp_path)


def test_a_layer_above_the_classes_is_refused(tmp_path: Path) -> None:
    save(tmp_path / "mine/cat/1.png")
    with pytest.raises(InputError, match=r"'mine/cat/1.png' lies too deep"):
        read_folder(tmp_path)


def test_an_empty_folder_is_refused_saying_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no picture, and 1 other"):
        read_folder(tmp_path)


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read_folder(tmp_path / "nothing")
    with pytest.raises(InputError, match="is not a folder"):
        read_folder(save(tmp_path / "a.png"))


def test_other_files_are_counted_and_hidden_ones_are_not(tmp_path: Path, capsys) -> None:
    save(tmp_path / "cat/1.png")
    for name in ("cat/notes.txt", "Thumbs.db", "cat/.hidden.png", ".DS_Store", ".git/x.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"nothing")
    found = read_folder(tmp_path)
    assert (len(found.images), found.classes) == (1, ("cat",))
    said = capsys.readouterr().err
    assert said.count("passed over") == 1
    assert "2 other files (1 of .db, 1 of .txt)" in said


def test_pictures_of_a_format_that_is_not_read_are_told_by_their_extension(tmp_path, capsys):
    save(tmp_path / "1.png")
    for index in range(3):
        (tmp_path / f"{index}.HEIC").write_bytes(b"")
    (tmp_path / "README").write_text("")
    read_folder(tmp_path)
    said = capsys.readouterr().err
    assert "4 other files (3 of .heic, 1 of no extension)" in said


def test_a_folder_without_pictures_is_no_class(tmp_path: Path) -> None:
    save(tmp_path / "cat/1.png")
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents/a.txt").write_text("")
    assert read_folder(tmp_path).classes == ("cat",)


# Sizes and channels


def test_one_size_is_demanded_where_no_resolution_is_set(tmp_path: Path) -> None:
    save(tmp_path / "a.png", size=(8, 8))
    save(tmp_path / "odd.png", size=(9, 8))
    with pytest.raises(InputError, match=r"'odd.png' has 9×8 pixels but 'a.png' has 8×8"):
        read_folder(tmp_path)


def test_one_size_need_not_be_square(tmp_path: Path) -> None:
    save(tmp_path / "a.png", size=(6, 4))
    assert read_folder(tmp_path).images.shape == (1, 4, 6, 1)


def striped(path: Path) -> None:
    """30 wide, 10 high: black, white, black squares."""
    picture = Image.new("L", (30, 10), 0)
    picture.paste(255, (10, 0, 20, 10))
    picture.save(path)


def test_crop_keeps_the_centre(tmp_path: Path) -> None:
    striped(tmp_path / "a.png")
    images = read_folder(tmp_path, resolution=5, fit="crop").images
    assert images.shape == (1, 5, 5, 1)
    assert images.min() == 255


def test_stretch_keeps_everything(tmp_path: Path) -> None:
    striped(tmp_path / "a.png")
    images = read_folder(tmp_path, resolution=6, fit="stretch").images
    assert images.shape == (1, 6, 6, 1)
    assert images[0, 3, :, 0].tolist()[0] < 30
    assert 70 < images.mean() < 100  # a third is white


def test_reduction_is_antialiased(tmp_path: Path) -> None:
    checks = np.indices((64, 64)).sum(0) % 2 * 255
    Image.fromarray(checks.astype(np.uint8)).save(tmp_path / "a.png")
    images = read_folder(tmp_path, resolution=8).images
    assert abs(images[:, 2:-2, 2:-2].astype(int) - 127).max() <= 3  # not 0 or 255 by luck


def test_enlargement_is_told(tmp_path: Path, capsys) -> None:
    save(tmp_path / "a.png", size=(4, 4))
    save(tmp_path / "b.png", size=(40, 40))
    read_folder(tmp_path, resolution=16)
    assert "1 pictures were enlarged to 16" in capsys.readouterr().err


def test_grey_stays_one_channel_even_when_saved_as_colour(tmp_path: Path) -> None:
    save(tmp_path / "a.png", 10, mode="L")
    save(tmp_path / "b.png", (20, 20, 20), mode="RGB")
    images = read_folder(tmp_path).images
    assert images.shape[3] == 1
    assert values(images) == [10, 20]


def test_one_coloured_picture_makes_all_three_channels(tmp_path: Path) -> None:
    save(tmp_path / "a.png", 10)
    save(tmp_path / "b.png", (1, 2, 3), mode="RGB")
    images = read_folder(tmp_path).images
    assert images[0, 0, 0].tolist() == [10, 10, 10]
    assert images[1, 0, 0].tolist() == [1, 2, 3]


def test_channels_can_be_asked_for(tmp_path: Path) -> None:
    save(tmp_path / "green.png", (0, 255, 0), mode="RGB")
    assert read_folder(tmp_path, channels=1).images[0, 0, 0].tolist() == [round(0.587 * 255)]
    assert read_folder(tmp_path, channels=3).images[0, 0, 0].tolist() == [0, 255, 0]


# Kinds of pictures


def only(path: Path) -> list[int]:
    return read_folder(path.parent).images[0, 0, 0].tolist()


@pytest.mark.parametrize("suffix", ["png", "tif", "pgm"])
def test_sixteen_bits_are_scaled_not_clipped(tmp_path: Path, suffix: str) -> None:
    values = np.array([[0, 255, 257 * 100, 65535]], np.uint16)
    Image.fromarray(values).save(tmp_path / f"a.{suffix}")
    assert read_folder(tmp_path).images[0, 0, :, 0].tolist() == [0, 1, 100, 255]


def test_big_endian_sixteen_bits_are_scaled(tmp_path: Path) -> None:
    Image.fromarray(np.full((2, 2), 257 * 200, ">u2")).save(tmp_path / "a.tif")
    assert only(tmp_path / "a.tif") == [200]


@pytest.mark.parametrize("kind", [np.float32, np.int32])
def test_values_without_a_range_are_refused(tmp_path: Path, kind) -> None:
    Image.fromarray(np.ones((4, 4), kind)).save(tmp_path / "a.tif")
    with pytest.raises(InputError, match=r"'a.tif'.*no fixed range"):
        read_folder(tmp_path)


@pytest.mark.parametrize(
    ("mode", "value", "expected"),
    [
        ("RGBA", (255, 0, 0, 0), [255]),  # nothing of it is seen: white, so grey
        ("RGBA", (255, 0, 0, 255), [255, 0, 0]),
        ("RGBA", (0, 0, 0, 51), [204]),
        ("LA", (0, 51), [204]),
        ("1", 1, [255]),
    ],
)
def test_transparency_lies_on_white(tmp_path: Path, mode, value, expected) -> None:
    assert only(save(tmp_path / "a.png", value, mode=mode)) == expected


def test_a_palette_gives_its_colours(tmp_path: Path) -> None:
    picture = Image.new("P", (4, 4), 1)
    picture.putpalette([0, 0, 0, 200, 100, 50])
    picture.save(tmp_path / "a.png")
    assert only(tmp_path / "a.png") == [200, 100, 50]


def test_a_transparent_palette_entry_is_white(tmp_path: Path) -> None:
    picture = Image.new("P", (4, 4), 1)
    picture.putpalette([0, 0, 0, 200, 100, 50])
    picture.save(tmp_path / "a.png", transparency=1)
    assert only(tmp_path / "a.png") == [255]


def test_cmyk_becomes_rgb(tmp_path: Path) -> None:
    save(tmp_path / "a.tif", (0, 255, 255, 0), mode="CMYK")
    assert only(tmp_path / "a.tif") == [255, 0, 0]


def test_the_camera_s_orientation_is_honoured(tmp_path: Path) -> None:
    picture = Image.new("L", (6, 4), 0)
    picture.paste(255, (0, 0, 3, 4))  # the left half is white
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned right by 90°: left becomes top
    picture.save(tmp_path / "a.png", exif=exif)
    image = read_folder(tmp_path).images[0, :, :, 0]
    assert image.shape == (6, 4)
    assert image[:3].min() == 255
    assert image[3:].max() == 0


@pytest.mark.parametrize("suffix", ["gif", "webp", "png", "tif"])
def test_of_an_animation_the_first_frame_counts(tmp_path: Path, suffix: str) -> None:
    frames = [Image.new("L", (8, 8), value) for value in (0, 100, 255)]
    options = {"lossless": True} if suffix == "webp" else {}
    frames[0].save(tmp_path / f"a.{suffix}", save_all=True, append_images=frames[1:], **options)
    assert only(tmp_path / f"a.{suffix}") == [0]


# Broken pictures


def test_a_broken_picture_is_refused_by_name(tmp_path: Path) -> None:
    save(tmp_path / "a.png")
    (tmp_path / "bad.png").write_bytes(b"no picture at all")
    with pytest.raises(InputError, match=r"'bad.png'.*no picture"):
        read_folder(tmp_path)


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "webp", "gif"])
def test_a_truncated_picture_is_broken(tmp_path: Path, suffix: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(InputError, match=f"'a.{suffix}'"):
        read_folder(tmp_path)


def test_broken_pictures_can_be_skipped_named_and_counted(tmp_path: Path, capsys) -> None:
    for index in range(3):
        save(tmp_path / f"{index}.png", index)
    (tmp_path / "1.png").write_bytes(b"")
    found = read_folder(tmp_path, broken="skip")
    assert values(found.images) == [0, 2]
    assert found.skipped == ("1.png",)
    said = capsys.readouterr().err
    assert "skipped '1.png'" in said
    assert "skipped 1 of 3" in said


def test_skipping_keeps_labels_with_their_pictures(tmp_path: Path) -> None:
    for name, value in (("a/1.png", 1), ("a/2.png", 2), ("b/1.png", 3)):
        save(tmp_path / name, value)
    (tmp_path / "a/1.png").write_bytes(b"")
    found = read_folder(tmp_path, broken="skip")
    assert found.labels is not None
    assert (values(found.images), found.labels.tolist()) == ([2, 3], [0, 1])


def test_a_class_may_not_vanish_by_skipping(tmp_path: Path) -> None:
    save(tmp_path / "a/1.png")
    (tmp_path / "b").mkdir()
    (tmp_path / "b/1.png").write_bytes(b"")
    with pytest.raises(InputError, match="class 'b'"):
        read_folder(tmp_path, broken="skip")


def test_nothing_readable_is_an_error_even_when_skipping(tmp_path: Path) -> None:
    (tmp_path / "1.png").write_bytes(b"")
    with pytest.raises(InputError, match="none of the 1"):
        read_folder(tmp_path, broken="skip")


@pytest.mark.parametrize("side", [8_001, 12_000, 60_000])
def test_a_bomb_is_refused_before_it_is_decoded(tmp_path: Path, side: int) -> None:
    huge_png(tmp_path / "bomb.png", side)
    with pytest.raises(InputError, match=r"'bomb.png'.*pixels"):
        read_folder(tmp_path)


def test_a_bomb_within_an_icon_is_refused_too(tmp_path: Path) -> None:
    # Its directory says 16×16; the picture in it is met when it is decoded.
    inner = huge_png(tmp_path / "inner", 8_001).read_bytes()
    entry = struct.pack("<BBBBHHII", 16, 16, 0, 0, 1, 32, len(inner), 22)
    (tmp_path / "bomb.ico").write_bytes(struct.pack("<HHH", 0, 1, 1) + entry + inner)
    with pytest.raises(InputError, match=r"'bomb.ico'.*more than 64,000,000 pixels"):
        read_folder(tmp_path)


def test_of_many_broken_pictures_the_first_by_name_is_refused(tmp_path: Path) -> None:
    for index in range(30):
        save(tmp_path / f"{index:02d}.png", index)
    for index in (11, 29, 7, 8):
        (tmp_path / f"{index:02d}.png").write_bytes(b"")
    with pytest.raises(InputError, match=r"cannot use '07\.png'"):
        read_folder(tmp_path)


def test_a_picture_named_otherwise_is_read_by_content_but_scripts_are_not(tmp_path: Path) -> None:
    save(tmp_path / "a.bmp", 7).rename(tmp_path / "a.png")
    assert only(tmp_path / "a.png") == [7]
    (tmp_path / "b.png").write_bytes(  # would start Ghostscript
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\nshowpage\n"
    )
    with pytest.raises(InputError, match=r"'b.png'.*no picture that can be read"):
        read_folder(tmp_path)


def test_links_that_leave_the_folder_are_refused(tmp_path: Path) -> None:
    save(tmp_path / "elsewhere/secret.png")
    inside = tmp_path / "pictures"
    save(inside / "a.png")
    (inside / "b.png").symlink_to(tmp_path / "elsewhere/secret.png")
    with pytest.raises(InputError, match=r"'b.png'.*outside"):
        read_folder(inside)
    assert read_folder(inside, broken="skip").skipped == ("b.png",)


def test_linked_class_folders_that_leave_the_folder_are_refused(tmp_path: Path) -> None:
    save(tmp_path / "elsewhere/secret.png")
    inside = tmp_path / "pictures"
    save(inside / "a/1.png")
    (inside / "b").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match=r"'b'.*outside"):
        read_folder(inside)
    found = read_folder(inside, broken="skip")
    assert (found.classes, found.skipped) == (("a",), ("b",))


def test_links_within_the_folder_are_followed(tmp_path: Path) -> None:
    save(tmp_path / "a.png", 3)
    (tmp_path / "b.png").symlink_to("a.png")
    assert values(read_folder(tmp_path).images) == [3, 3]


@pytest.mark.timeout(20)
def test_links_to_nowhere_circles_and_pipes_are_broken(tmp_path: Path) -> None:
    save(tmp_path / "a.png")
    (tmp_path / "circle.png").symlink_to("circle.png")
    (tmp_path / "gone.png").symlink_to("nothing.png")
    os.mkfifo(tmp_path / "pipe.png")
    found = read_folder(tmp_path, broken="skip")
    assert found.skipped == ("circle.png", "gone.png", "pipe.png")


def test_names_with_newlines_do_not_break_messages(tmp_path: Path, capsys) -> None:
    folder = tmp_path / "my\npictures"
    save(folder / "a.png")
    (folder / "x\ny.png").write_bytes(b"")
    with pytest.raises(InputError) as caught:
        read_folder(folder)
    assert "\n" not in str(caught.value)
    assert r"x\ny.png" in str(caught.value)
    assert read_folder(folder, broken="skip").skipped == ("x\ny.png",)
    assert all(
        "reading" in line or "skipped" in line for line in capsys.readouterr().err.split("\n")[:-1]
    )


def test_names_that_are_no_text_are_read_but_name_no_class(tmp_path: Path) -> None:
    save(tmp_path / os.fsdecode(b"p\xff") / "1.png")
    with pytest.raises(InputError, match=r"'p\\udcff' is no text"):
        read_folder(tmp_path)


# What is said of what is lost


def test_losses_are_counted(tmp_path: Path, capsys) -> None:
    for index in range(12):
        Image.fromarray(np.full((8, 8), 4095 - index, np.uint16)).save(tmp_path / f"{index}.png")
    save(tmp_path / "icon.png", (255, 255, 255, 0), mode="RGBA")
    pages = [Image.new("L", (8, 8), value) for value in range(5)]
    pages[0].save(tmp_path / "pages.tif", save_all=True, append_images=pages[1:])
    pages[0].save(tmp_path / "moving.gif", save_all=True, append_images=pages[3:])
    read_folder(tmp_path)
    said = capsys.readouterr().err
    assert "12 pictures use under 1/8 of their range" in said
    assert "1 pictures have transparent parts, which show white" in said
    assert "1 pictures show nothing but white" in said
    assert "2 pictures have 6 pages or frames after the first" in said


def test_a_plain_folder_has_nothing_to_tell(tmp_path: Path, capsys) -> None:
    for index in range(3):
        save(tmp_path / f"{index}.png", index)
    read_folder(tmp_path, resolution=8)
    assert capsys.readouterr().err.count("\n") == 1  # how many were read, and how fast


def test_cropping_is_told(tmp_path: Path, capsys) -> None:
    save(tmp_path / "a.png", size=(9, 8))
    save(tmp_path / "b.png", size=(8, 8))
    read_folder(tmp_path, resolution=8)
    assert "1 pictures are not square, of which the middle is kept" in capsys.readouterr().err


def test_all_pages_are_pictures_of_their_class_where_params_say_so(tmp_path: Path, capsys) -> None:
    pages = [Image.new("L", (8, 8), value) for value in (10, 20, 30)]
    (tmp_path / "cat").mkdir()
    pages[0].save(tmp_path / "cat/a.tif", save_all=True, append_images=pages[1:])
    save(tmp_path / "dog/b.png", 40)
    found = read_folder(tmp_path, rules=Rules(pages="all"))
    assert values(found.images) == [10, 20, 30, 40]
    assert found.labels is not None
    assert found.labels.tolist() == [0, 0, 0, 1]
    assert "left out" not in capsys.readouterr().err


def test_workers_folders_are_no_labels_that_were_asked_for(tmp_path: Path, capsys) -> None:
    for worker in range(3):
        save(tmp_path / f"{worker}/1.png", worker)
    found = read_sample_folder(tmp_path, 1, Rules(labels="folders"))
    assert (values(found.images), found.labels) == ([0, 1, 2], None)
    assert "measured without labels" in capsys.readouterr().err


def test_class_folders_of_samples_are_labels(tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        save(tmp_path / name / "1.png")
    found = read_sample_folder(tmp_path, 1, Rules())
    assert found.labels is not None
    assert (found.labels.tolist(), found.classes) == ([0, 1], ("cat", "dog"))
