"""Checkpoints: whole or absent, the damaged one passed over, one trainer at a time."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import ganstudy
from ganstudy.errors import StudyError
from ganstudy.training.checkpoint import KEEP, Checkpoint, CheckpointStore

SOURCE = Path(ganstudy.__file__).parents[1]
HOLD = """
import sys
from pathlib import Path
from ganstudy.training.checkpoint import CheckpointStore
with CheckpointStore(Path(sys.argv[1])).locked():
    print("held", flush=True)
    sys.stdin.read()
"""


def checkpoint(number: int) -> Checkpoint:
    return Checkpoint(
        {"a/weight": torch.full((3, 2), float(number)), "step": torch.tensor(number)},
        {"round": number, "history": [{"loss": number / 3}]},
    )


def store_with(folder: Path, *rounds: int) -> CheckpointStore:
    store = CheckpointStore(folder / "store")
    for number in rounds:
        store.save(checkpoint(number))
    return store


def newest(store: CheckpointStore) -> Path:
    return max(store.folder.glob("*.safetensors"))


def test_what_is_saved_comes_back_bit_for_bit(tmp_path: Path) -> None:
    found = store_with(tmp_path, 7).latest()
    assert found.meta == checkpoint(7).meta
    assert set(found.tensors) == {"a/weight", "step"}
    for name, tensor in checkpoint(7).tensors.items():
        assert found.tensors[name].dtype == tensor.dtype
        assert torch.equal(found.tensors[name], tensor)


def test_an_empty_or_missing_folder_has_none(tmp_path: Path) -> None:
    assert CheckpointStore(tmp_path / "nowhere").latest() is None


def test_the_newest_is_by_round_not_by_name_and_old_ones_go(tmp_path: Path) -> None:
    store = store_with(tmp_path, 9, 10, 100)
    assert store.latest().meta["round"] == 100
    assert len(list(store.folder.iterdir())) == KEEP
    store.clear()
    assert store.latest() is None


def damages() -> dict[str, object]:
    def flip(content: bytes, place: int) -> bytes:
        return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]

    return {
        "empty": lambda content: b"",
        "truncated in the header": lambda content: content[:10],
        "truncated by one byte": lambda content: content[:-1],
        "longer": lambda content: content + b"\0",
        "altered weight": lambda content: flip(content, len(content) - 1),
        "altered header": lambda content: flip(content, 40),
    }


@pytest.mark.parametrize("damage", damages().values(), ids=damages().keys())
def test_a_damaged_file_is_passed_over_with_a_word(tmp_path: Path, damage, capsys) -> None:
    store = store_with(tmp_path, 1, 2)
    path = newest(store)
    path.write_bytes(damage(path.read_bytes()))
    assert store.latest().meta["round"] == 1
    message = capsys.readouterr().err
    assert path.name in message
    assert "cannot be used" in message


def test_where_all_are_damaged_there_is_none(tmp_path: Path) -> None:
    store = store_with(tmp_path, 1, 2)
    for path in store.folder.iterdir():
        path.write_bytes(b"not weights")
    assert store.latest() is None


def test_a_full_disk_is_one_line_and_keeps_what_was_there(tmp_path: Path, monkeypatch) -> None:
    store = store_with(tmp_path, 1)
    before = sorted(store.folder.iterdir())

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StudyError, match="No space left on device"):
        store.save(checkpoint(2))
    assert sorted(store.folder.iterdir()) == before
    assert store.latest().meta["round"] == 1


def test_a_second_trainer_of_one_key_is_refused_until_the_first_is_gone(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    environment = os.environ | {"PYTHONPATH": str(SOURCE)}
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
    ) as holder:
        try:
            assert holder.stdout.readline() == "held\n"
            store = CheckpointStore(folder)
            with pytest.raises(StudyError, match=rf"PID {holder.pid}\) is already"), store.locked():
                pass
            with CheckpointStore(tmp_path / "other key").locked():
                pass
        finally:
            holder.send_signal(signal.SIGKILL)
    with store.locked():  # a killed process leaves no lock behind
        pass
    with store.locked():
        pass


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = CheckpointStore(tmp_path / "file" / "store")
    with pytest.raises(StudyError, match="cannot write"), store.locked():
        pass


def test_a_checkpoint_of_another_version_of_the_code_is_not_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    store = store_with(tmp_path, 1)
    monkeypatch.setattr("ganstudy.training.checkpoint.FORMAT", 10**6)
    assert store.latest() is None
    assert "another version of the code wrote it" in capsys.readouterr().err
