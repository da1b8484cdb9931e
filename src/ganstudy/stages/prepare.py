"""Stage `prepare`: images of one size in train, validation and test splits."""

from pathlib import Path

from ganstudy.data.images import load_split
from ganstudy.data.splits import prepare
from ganstudy.files import read_json, sha256_json
from ganstudy.params import Params
from ganstudy.reports.pictures import save_grid
from ganstudy.tracking import tracked


def run(params: Params, raw: Path, out: Path) -> None:
    """Writes the splits, data.json and a picture of the first training images into `out`."""
    prepare(raw, params.data, out)
    save_grid(out / "grid.png", load_split(out, "train").images[:64])
    info = read_json(out / "data.json")
    with tracked(
        f"prepare {params.data.name}", sha256_json(["prepare", info]), "data", info
    ) as run:
        run.log_files(out / "grid.png")
