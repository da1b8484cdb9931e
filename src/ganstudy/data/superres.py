"""Small images and large ones, for super-resolution: the small are the large by box average, which
is what a sensor of larger pixels sees. Icons that are drawn anew for small sizes are no such pair.
"""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from ganstudy.data.cuts import in_splits
from ganstudy.data.images import Split
from ganstudy.data.locations import FOLDER_VARIABLE, Raw, UnavailableError, Way, find_folder, first
from ganstudy.data.mnist import FASHION_MNIST, MNIST
from ganstudy.data.pairs import pairs
from ganstudy.data.pixels import box_averaged, to_array
from ganstudy.data.sides import WHOLE
from ganstudy.dataset import Dataset
from ganstudy.files import Images
from ganstudy.params import DataParams
from ganstudy.spaces import Image, Space

FACTOR = 2
ICONS = Path("/usr/share/icons/oxygen/base/32x32")
ICON_SIDE = 32
ICON_LICENCE = "Oxygen icons, LGPL-3+"
FEWEST_ICONS = 100
Large = Callable[[DataParams], Raw]


def spaces(large: Image, _params: DataParams) -> dict[str, Space]:
    """Both sizes."""
    small = Image(large.channels, large.height // FACTOR, large.width // FACTOR)
    return {"source": small, "target": large}


def read(large: Large, params: DataParams) -> dict[str, Dataset]:
    """Pairs in splits: those of the data, as far as it has them."""
    raw = large(params)
    found = {WHOLE if raw.test is None else "train": _pairs(raw.train)}
    if raw.test is not None:
        found["test"] = _pairs(raw.test)
    return in_splits(found, params)


def _pairs(split: Split) -> Dataset:
    images = np.asarray(split.images, np.uint8)
    return pairs(box_averaged(images, FACTOR), images)


def read_icons(_params: DataParams) -> Raw:
    """Oxygen's 32-pixel icons on white, each content once; no splits."""
    advice = (
        f"`apt-get install oxygen-icon-theme`, or set {FOLDER_VARIABLE} to a folder with oxygen/, "
        "its icons of 32×32 pixels"
    )
    ways = [
        Way(FOLDER_VARIABLE, lambda: _icons(find_folder(("oxygen",), _lacks))),
        Way("Debian's package oxygen-icon-theme", lambda: _icons(ICONS)),
    ]
    return first("icons", ways, advice)


def _lacks(folder: Path) -> list[str]:
    return [] if any(folder.rglob("*.png")) else ["icons, *.png"]


def _icons(folder: Path) -> Raw:
    if not folder.is_dir():
        raise UnavailableError(f"there is no folder {folder}")
    known: dict[bytes, Images] = {}
    for path in sorted(folder.rglob("*.png")):
        with Pillow.open(path) as picture:
            if picture.size != (ICON_SIDE, ICON_SIDE):
                continue
            opaque = Pillow.new("RGBA", picture.size, "white")
            opaque.alpha_composite(picture.convert("RGBA"))
            icon = to_array(opaque.convert("RGB"))
        known.setdefault(icon.tobytes(), icon)
    if len(known) < FEWEST_ICONS:
        raise UnavailableError(f"{folder} holds {len(known)} icons of {ICON_SIDE} pixels")
    return Raw(Split(np.stack(list(known.values())), None), None, None)


Row = tuple[Callable[[DataParams], Mapping[str, Space]], Callable[[DataParams], dict[str, Dataset]]]


def _row(image: Image, large: Large) -> Row:
    return partial(spaces, image), partial(read, large)


# How the spaces and splits of each are had.
ROWS: Mapping[str, Row] = {
    "mnist": _row(Image(1, 28, 28), MNIST.read),
    "fashion": _row(Image(1, 28, 28), FASHION_MNIST.read),
    "icons": _row(Image(3, ICON_SIDE, ICON_SIDE), read_icons),
}
