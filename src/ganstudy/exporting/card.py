"""The model card: README.md with the front matter that model hubs read."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import yaml

from ganstudy.data.images import DataInfo
from ganstudy.exporting.data import ORIGINS
from ganstudy.files import write_text
from ganstudy.models.saved import SavedGenerator
from ganstudy.params import DatasetName
from ganstudy.reports import tables
from ganstudy.study.runs import family_of

# Metrics that the front matter has, by the hub's name; the text has every one that was measured.
LISTED = {
    "fid_debiased": "FID under the study's judge, extrapolated to infinitely many samples",
    "fid": "the same of as many samples as were drawn",
    "kid": "KID",
    "precision": "precision",
    "recall": "recall",
    "density": "density",
    "coverage": "coverage",
}


@dataclass(frozen=True)
class Model:
    """A run to write a card of: `name` is the data's in params, `metrics` the JSON of `evaluate`,
    `source` which commit made it."""

    key: str
    generator: SavedGenerator
    data: DataInfo
    name: DatasetName
    metrics: dict[str, Any]
    source: Mapping[str, str]


def write(out: Path, model: Model, files: Mapping[str, str]) -> None:
    """Writes the card of `model` to `out`; `files` says what each file beside the card is."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 - Markdown, from the study's own numbers
        keep_trailing_newline=True,
        trim_blocks=True,
    )
    columns = tables.filled([model.metrics])
    text = environment.get_template("card.md.j2").render(
        front=_yaml(_front(model)),
        key=model.key,
        spec=model.generator.spec,
        data=model.data,
        origin=ORIGINS[model.name],
        metrics=model.metrics,
        rows=[(c.heading, c.text(model.metrics), c.meaning) for c in columns],
        recipe=_yaml(model.generator.meta.get("params", {})),
        failure=model.generator.meta.get("failure"),
        files=files,
        commit=model.source.get("git.commit", "none"),
    )
    write_text(out, text)


def _front(model: Model) -> Mapping[str, Any]:
    measured = [
        {"type": name, "name": title, "value": model.metrics[name]}
        for name, title in LISTED.items()
        if name in model.metrics
    ]
    spec, data = model.generator.spec, model.data.name
    task = f"{'class-conditional' if spec.classes else 'unconditional'}-image-generation"
    results = {
        "task": {"type": task},
        "dataset": {"type": data, "name": data, "split": "test"},
        "metrics": measured,
    }
    return {
        "license": "mit",
        "library_name": "ganstudy",
        "pipeline_tag": "unconditional-image-generation",
        "tags": ["image-generation", family_of(model.key), spec.family, task],
        "datasets": [data],
        "metrics": [one["type"] for one in measured],
        "model-index": [{"name": model.key, "results": [results]}],
    }


def _yaml(value: Any) -> str:
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True)
