"""Links to MLflow's page that has a study's runs side by side."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from ganstudy.files import write_text
from ganstudy.study.layout import project_root, study_place
from ganstudy.tracking.run import TrackedRun
from ganstudy.tracking.store import without_secret


def link_path() -> Path:
    """Where the link of the study's newest comparison is kept: its ids are those of one store.
    `bin/study` knows this rule too."""
    named = without_secret(os.environ.get("MLFLOW_TRACKING_URI") or "local")
    store = re.sub("[^A-Za-z0-9]+", "-", named).strip("-")
    study = study_place().replace("/", "-") or "root"
    return project_root() / ".checkpoints" / "links" / store / f"{study}.link"


def kept_link(runs: Sequence[TrackedRun]) -> str:
    """Keeps and returns the part after the UI's address that shows these runs side by side; empty,
    and an older link stays, where one of them is not in the store."""
    if not runs or not all(run.run_id for run in runs):
        return ""
    ids = ",".join(f'"{run.run_id}"' for run in runs)
    experiment = quote(f'["{runs[0].experiment}"]')
    link = (
        f"/#/compare-runs?runs={quote(f'[{ids}]')}&experiments={experiment}"
        "&workflowType=machine_learning"  # else it opens for language models
    )
    write_text(link_path(), link + "\n")
    return link


def models_link(link: str) -> str:
    """Of a comparison's link the part after the UI's address that lists every model of its
    experiment; empty where the link names none."""
    named = re.search("experiments=%5B%22([^%]+)%22", link)
    if not named:
        return ""
    only = quote("tags.kind = 'model'")
    return f"/#/experiments/{named[1]}/runs?workflowType=machine_learning&searchFilter={only}"
