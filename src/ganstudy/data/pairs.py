"""Pairs of images, source and target, of a user's folder.

It holds source/ and target/ with equal names, or pictures of both side by side, A|B, of which the
left half is the source; either of them in folders train, validation and test, or split here.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from PIL import Image

from ganstudy.data.cuts import in_splits
from ganstudy.data.places import find_place, quoted
from ganstudy.data.sides import Reader, Row, Sided, find_sides, is_picture, split_of, splits_of
from ganstudy.data.sources import folder_rules
from ganstudy.dataset import Dataset
from ganstudy.errors import InputError
from ganstudy.files import Images
from ganstudy.params import DataParams
from ganstudy.progress import log
from ganstudy.spaces import Space, sample_space

SIDES = ("source", "target")
KINDS = {1: "grey", 3: "in colour"}
Rows = Mapping[str, Sequence[Row]]  # by split, the files of each pair


def pairs(source: Images, target: Images) -> Dataset:
    """Images (N, H, W, C) of both sides, which share rows."""
    spaces: dict[str, Space] = {
        "source": sample_space(source.shape[1:]),
        "target": sample_space(target.shape[1:]),
    }
    return Dataset({"source": source, "target": target}, spaces, (SIDES,))


def user_spaces(params: DataParams) -> dict[str, Space]:
    """What params tell of a user's pairs: colour where they leave it open."""
    side, channels = params.resolution or 0, params.channels or 3
    return {name: sample_space((side, side, channels)) for name in SIDES}


def read_user_pairs(params: DataParams) -> dict[str, Dataset]:
    """A user's folder, in splits. Raises `InputError` where sides do not match."""
    assert params.folder is not None  # noqa: S101 - params are refused without it
    root = Path(params.folder).expanduser()
    place = find_place(root, folder_rules(params).links)
    pictures = [name for name in place.names if is_picture(name)]
    in_folders = any(split_of(name)[1].split("/")[0] in SIDES for name in pictures)
    rows = _by_name(find_sides(params, SIDES, {})) if in_folders else _side_by_side(root, pictures)
    # All in one go, so that every split has the same number of channels.
    every = [(split, row) for split, found in rows.items() for row in found]
    reader = Reader(params, root, place)
    (source, target), kept = reader.read(
        [row for _, row in every], _must_be_of_one_size if in_folders else _halves
    )
    kinds = " and ".join(
        f"{name} is {KINDS[images.shape[3]]}"
        for name, images in zip(SIDES, (source, target), strict=True)
    )
    log(f"{quoted(root)}: {len(kept):,} pairs: {kinds}")
    found = {}
    for split, here in splits_of(root, [every[index][0] for index in kept], rows).items():
        found[split] = pairs(source[here], target[here])
    return in_splits(found, params)


def _by_name(found: Sided) -> Rows:
    """Pairs of names that are equal but for the extension."""
    rows = {}
    for split, sides in found.names.items():
        known = [_by_stem(found, names) for names in sides.values()]
        for one, other, lacking in ((0, 1, SIDES[1]), (1, 0, SIDES[0])):
            alone = sorted(known[one].keys() - known[other].keys())
            if alone:
                raise InputError(
                    f"{quoted(found.root)}: {known[one][alone[0]]!r} has no partner in {lacking}/, "
                    f"nor have {len(alone) - 1:,} others: the two of a pair have equal names"
                )
        rows[split] = [(known[0][stem], known[1][stem]) for stem in sorted(known[0])]
    return rows


def _by_stem(found: Sided, names: Sequence[str]) -> dict[str, str]:
    stems: dict[str, str] = {}
    for name in names:
        _, inside = split_of(name)
        stem = str(PurePosixPath(inside.partition("/")[2]).with_suffix(""))
        if stem in stems:
            raise InputError(
                f"{quoted(found.root)}: {stems[stem]!r} and {name!r} have one name but for the "
                "extension: which of them is of the pair?"
            )
        stems[stem] = name
    return stems


def _side_by_side(root: Path, pictures: Sequence[str]) -> Rows:
    rows: dict[str, list[Row]] = {}
    for name in pictures:
        rows.setdefault(split_of(name)[0], []).append((name,))
    if not rows:
        raise InputError(
            f"{quoted(root)}: it holds no picture; pairs are in source/ and target/, or side by "
            "side"
        )
    return rows


def _must_be_of_one_size(pictures: list[Image.Image], row: Row) -> list[Image.Image]:
    (one, other) = pictures
    if one.size != other.size:
        raise InputError(
            f"{row[0]!r} has {one.width}×{one.height} pixels and {row[1]!r} "
            f"{other.width}×{other.height}: the two of a pair have one size"
        )
    return pictures


def _halves(pictures: list[Image.Image], row: Row) -> list[Image.Image]:
    (both,) = pictures
    if both.width % 2:
        raise InputError(
            f"{row[0]!r} is {both.width} pixels wide: the two of a pair side by side, A|B, have an "
            "even width; or put them into source/ and target/"
        )
    middle = both.width // 2
    return [both.crop((left, 0, left + middle, both.height)) for left in (0, middle)]
