"""Judges that come with ganstudy, so that the FIDs of all machines are on one scale.

Each is a classifier of `ganstudy.networks.classifier`, trained by `make judges` on the training
split of one data set: `<data>-<height>x<width>x<channels>.safetensors`, weights in float16, and
beside it a JSON of that name: a `JudgeInfo`, the weights' hash, and how it was made.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganstudy.errors import InputError
from ganstudy.files import read_json, sha256_file

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class ReleasedJudge:
    """One of them: `info` rebuilds it, `made` says by which recipe, commit and hardware."""

    weights: Path
    sha256: str
    info: dict[str, Any]
    made: dict[str, Any]

    @property
    def description(self) -> Path:
        """The JSON beside the weights."""
        return self.weights.with_suffix(".json")

    @property
    def name(self) -> str:
        """`<data>-<height>x<width>x<channels>`."""
        return str(self.info["name"])

    def read(self) -> bytes:
        """The weights' file. Raises `InputError` where it is not the one that was released."""
        if (found := sha256_file(self.weights)) != self.sha256:
            raise InputError(
                f"{self.weights} is not the released judge: its sha256 is {found[:12]}…, not "
                f"{self.sha256[:12]}…; restore the file (git checkout, or install ganstudy anew), "
                "or set judge.weights to train"
            )
        return self.weights.read_bytes()


def find(sha256_train: str, folder: Path = FOLDER) -> ReleasedJudge | None:
    """The judge of the data whose training split has that hash: of other data, and of the same cut
    otherwise, none can judge, for it would have learnt from what is measured."""
    there = (judge for judge in _all(folder) if judge.info["data_sha256"] == sha256_train)
    return next(there, None)


def hashes(data: str) -> list[str]:
    """The hashes of the judges of a data set's name."""
    return [judge.sha256 for judge in _all(FOLDER) if judge.info["data"] == data]


def names() -> list[str]:
    """What the judges are called, and `evaluate.extractor` may name."""
    return [judge.name for judge in _all(FOLDER)]


def named(name: str) -> ReleasedJudge | None:
    """The judge of that name."""
    return next((judge for judge in _all(FOLDER) if judge.name == name), None)


def _all(folder: Path) -> list[ReleasedJudge]:
    found = []
    for path in sorted(folder.glob("*.json")):
        content = read_json(path)
        weights = path.with_suffix(".safetensors")
        found.append(ReleasedJudge(weights, content["sha256"], content["info"], content["made"]))
    return found
