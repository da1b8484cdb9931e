"""Checkpoints: keyed by content, outside DVC's outputs, whole or absent, never a pickle.

A folder belongs to one key (the hash of parameters, data and numerics), so the checkpoint of
another loss is never resumed. The file name ends in the hash of the content; a truncated or
altered file is detected and the one before it is used.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from ganstudy.errors import StudyError
from ganstudy.files import write_bytes
from ganstudy.progress import log

KEEP = 2
FORMAT = 3  # of what a checkpoint holds; one of another format is not resumed


@dataclass(frozen=True)
class Checkpoint:
    """`tensors` by name and `meta`, anything JSON holds."""

    tensors: dict[str, Tensor]
    meta: dict[str, Any]


class CheckpointStore:
    """The checkpoints of one key, in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Holds the folder for this process; a second trainer of one key is refused."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = (self.folder / "lock").open("a+")
        except OSError as error:
            raise StudyError(f"cannot write {self.folder}: {error.strerror}") from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                lock.seek(0)
                holder = lock.read().strip() or "unknown"
                raise StudyError(
                    f"another process (PID {holder}) is already training this run; wait for it, "
                    f"or end it with `kill {holder}`: what it has done is kept in {self.folder}"
                ) from error
            lock.seek(0)
            lock.truncate()
            lock.write(str(os.getpid()))
            lock.flush()
            yield

    def save(self, checkpoint: Checkpoint) -> None:
        """Writes a checkpoint and prunes old ones. `meta["round"]` orders them."""
        tensors = {name: t.detach().cpu().contiguous() for name, t in checkpoint.tensors.items()}
        content = save(
            tensors, metadata={"meta": json.dumps(checkpoint.meta), "format": str(FORMAT)}
        )
        name = f"{checkpoint.meta['round']:012d}-{_digest(content)}.safetensors"
        write_bytes(self.folder / name, content)
        for old in self._files()[KEEP:]:
            old.unlink(missing_ok=True)

    def latest(self) -> Checkpoint | None:
        """The newest checkpoint that is whole, or None."""
        for path in self._files():
            try:
                if _digest(path.read_bytes()) != path.stem.rsplit("-", 1)[1]:
                    raise SafetensorError("its content is not what was written")
                with safe_open(path, framework="pt") as file:
                    if file.metadata().get("format") != str(FORMAT):
                        raise SafetensorError("another version of the code wrote it")
                    meta = json.loads(file.metadata()["meta"])
                    return Checkpoint({name: file.get_tensor(name) for name in file.keys()}, meta)  # noqa: SIM118
            except (OSError, SafetensorError, KeyError, ValueError) as error:
                log(f"checkpoint {path.name} cannot be used ({error}); trying the one before it")
        return None

    def clear(self) -> None:
        """Removes the checkpoints: the run is finished."""
        for path in self._files():
            path.unlink(missing_ok=True)

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("[0-9]*-*.safetensors"), reverse=True)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
