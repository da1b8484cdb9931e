"""Stage `fetch`: the data set, from a folder of the user's, this machine, or a download."""

from pathlib import Path

from ganstudy.data.fielded import fetch_fields
from ganstudy.data.needs import refuse_too_few
from ganstudy.data.sources import fetch
from ganstudy.files import read_json, sha256_json
from ganstudy.params import Params
from ganstudy.study.layout import from_root
from ganstudy.tracking import tracked


def run(params: Params, out: Path) -> None:
    """Writes train.npz, test.npz where there is one, and source.json into `out`."""
    data = params.data
    if data.folder is not None:
        data = data.model_copy(update={"folder": str(from_root(data.folder))})
    if data.traits.fields:
        fetch_fields(data, out)
        return
    fetch(data, out)
    source = read_json(out / "source.json")
    refuse_too_few(params, source["train"], [source["test"], source.get("validation")].count(None))
    with tracked(f"fetch {params.data.name}", sha256_json(["fetch", source]), "data", source):
        pass
