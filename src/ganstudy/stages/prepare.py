"""Stage `prepare`: images of one size in train, validation and test splits."""

from pathlib import Path

from ganstudy.data.fielded import prepare_fields
from ganstudy.data.fields import load_dataset
from ganstudy.data.images import load_info, load_split
from ganstudy.data.labels import few_labels
from ganstudy.data.needs import refuse_small_splits
from ganstudy.data.splits import prepare
from ganstudy.data.styles import columns
from ganstudy.files import read_json, sha256_json
from ganstudy.params import Params
from ganstudy.reports.pictures import save_columns, save_picture
from ganstudy.tracking import tracked

ROWS = 16  # of fields side by side
PICTURE = 2500  # of images, the picture shows as many as fit


def run(params: Params, raw: Path, out: Path) -> None:
    """Writes the splits, data.json and a picture of the first training samples into `out`.

    Raises `InputError` where a later stage could only refuse the splits.
    """
    fields = params.data.traits.fields
    (prepare_fields if fields else prepare)(raw, params.data, out)
    found = load_info(out)
    refuse_small_splits(params, found.train, found.validation, found.test)
    if params.data.labels_per_class is not None:  # or say now that there are not as many
        few_labels(load_dataset(out, "train"), params.data.labels_per_class, 0)
    if fields:
        save_columns(out / "grid.png", columns(load_dataset(out, "train"), ROWS))
    else:
        save_picture(out / "grid.png", load_split(out, "train").images[:PICTURE])
    info = read_json(out / "data.json")
    with tracked(
        f"prepare {params.data.name}", sha256_json(["prepare", info]), "data", info
    ) as run:
        run.log_files(out / "grid.png")
