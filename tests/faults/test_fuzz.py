"""Whatever bytes a file holds, a reader reads it or says in one line what is wrong with it.

No traceback, no hang, and memory bounded: the process may take one GiB more than it has. Files
start from a good one, so that damage reaches deep into the readers.
"""

import contextlib
import io
import json
import os
import resource
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from faults.conftest import count, tries
from ganstudy import files, params, spaces
from ganstudy.data import captions, domains, pairs, voxels
from ganstudy.data.cifar import RECORD, read_batch
from ganstudy.data.folder import Rules, read_folder
from ganstudy.data.idx import read_idx
from ganstudy.data.images import load_info
from ganstudy.data.pictures import BrokenPictureError, read_picture
from ganstudy.errors import InputError, StudyError
from ganstudy.evaluation.judging import load_judge
from ganstudy.evidence.read import read_real, read_run
from ganstudy.models.saved import load_companion, load_generator, save_model, save_weights
from ganstudy.networks import discriminator_spec, generator_spec
from ganstudy.networks.classifier import Classifier
from ganstudy.stages import check
from ganstudy.study import runs
from ganstudy.training.checkpoint import Checkpoint, CheckpointStore
from pipeline.workspace import ROOT

EXAMPLES = tries(40, 400)
MORE_MEMORY = 2**30
CPU = torch.device("cpu")
REFUSALS = (StudyError, BrokenPictureError)


@contextlib.contextmanager
def bounded() -> Iterator[None]:
    """Inside, the process may take one GiB of address space more than it has now."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    with open("/proc/self/statm", encoding="ascii") as statm:
        now = int(statm.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + MORE_MEMORY, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


# Good files


def npz(*arrays: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, *arrays)
    return stream.getvalue()


@cache
def images_npz() -> bytes:
    rng = np.random.default_rng(0)
    return npz(rng.integers(0, 256, (6, 8, 8, 1), dtype=np.uint8), np.arange(6))


def idx() -> bytes:
    return struct.pack(">HBBIII", 0, 8, 3, 5, 4, 3) + bytes(range(60))


def png(kind: str = "PNG") -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.arange(192, dtype=np.uint8).reshape(8, 8, 3)).save(stream, kind)
    return stream.getvalue()


def saved(folder: Path) -> None:
    """A generator and its discriminator."""
    spec = generator_spec("mlp", (8, 8, 1), 1.0, 4, 4, "none", 0)
    other = discriminator_spec("mlp", (8, 8, 1), 1.0, 4, "none", 0)
    networks = {"generator": spec.build(), "discriminator": other.build()}
    save_model(folder, networks, {"generator": spec, "discriminator": other}, {"key": "k"})


def judge(folder: Path) -> None:
    info = {
        "key": "k", "task": "labels", "channels": 1, "resolution": [8, 8], "classes": 10,
        "width": 4, "features": 8, "accuracy": 0.9, "data": "digits", "data_sha256": "d",
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    files.write_json(folder / "judge.json", info)
    save_weights(folder / "judge.safetensors", Classifier(spaces.Image(1, 8, 8), 10, 4, 8))


def zipped(folder: Path) -> None:
    """StyleGAN's archive, packed in two ways."""
    with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("dataset.json", json.dumps(LABELS))
        archive.writestr("00000/a.png", png(), zipfile.ZIP_STORED)
        archive.writestr("00000/b.jpg", png("JPEG"))


def labelled(folder: Path) -> None:
    """The same as a folder."""
    (folder / "00000").mkdir()
    (folder / "00000/a.png").write_bytes(png())
    (folder / "00000/b.jpg").write_bytes(png("JPEG"))
    (folder / "dataset.json").write_text(json.dumps(LABELS))


LABELS = {"labels": [["00000/a.png", 3], ["00000/b.jpg", 1]]}


def checkpoints(folder: Path) -> None:
    store = CheckpointStore(folder)
    store.save(Checkpoint({"a": torch.ones(3)}, {"round": 1, "history": [], "seconds": 0.0}))


def captioned(folder: Path) -> None:
    """Pictures with captions, told in two ways."""
    rows = [(f"{number}.png", f"a thing of {number}") for number in range(4)]
    for kind in ("csv", "jsonl"):
        (folder / kind).mkdir()
        for number, (name, _) in enumerate(rows):
            (folder / kind / name).write_bytes(picture_of("a.png", 60 * number))
    lines = ["file_name,text", *(",".join(row) for row in rows)]
    (folder / "csv/metadata.csv").write_text("\n".join(lines))
    told = [json.dumps({"file_name": name, "text": text}) for name, text in rows]
    (folder / "jsonl/metadata.jsonl").write_text("\n".join(told))


def with_captions(path: Path) -> object:
    chosen = params.DataParams(name="captions", folder=str(path.parent), resolution=8)
    return captions.read(chosen)


def sided(folder: Path, sides: tuple[str, str], packed: bool = False) -> None:
    """Ten pictures on each of two sides, in a zip where it is to be `packed`."""
    for side in sides:
        (folder / side).mkdir()
        for number in range(10):
            (folder / side / f"{number}.png").write_bytes(picture_of("a.png", 20 * number))
    if packed:
        with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(folder.glob("*/*.png")):
                archive.write(path, path.relative_to(folder))


def two_sides(path: Path, name: str) -> object:
    told = {"name": name, "folder": str(path), "resolution": 8}
    return READERS_OF_SIDES[name](params.DataParams.model_validate(told))


READERS_OF_SIDES = {"pairs": pairs.read_user_pairs, "domains": domains.read_user_domains}


def solid(kind: str) -> bytes:
    """A box as a file of that kind."""
    import trimesh

    if kind == "binvox":
        return b"#binvox 1\ndim 2 2 2\ntranslate 0 0 0\nscale 1\ndata\n" + bytes([1, 6, 0, 2])
    exported = trimesh.creation.box((1, 2, 1)).export(file_type=kind)
    return exported.encode() if isinstance(exported, str) else bytes(exported)


def solids(folder: Path) -> object:
    """The damaged solid and three good ones."""
    for number in range(3):
        cells = bytes([1, number + 1, 0, 7 - number])
        head = b"#binvox 1\ndim 2 2 2\ntranslate 0 0 0\nscale 1\ndata\n"
        (folder / f"{number}.binvox").write_bytes(head + cells)
    return voxels.read(params.DataParams(name="voxels", folder=str(folder), resolution=8))


DATA = {
    "name": "digits", "kind": "images", "shape": [8, 8, 1], "scale": 1.0, "classes": ["0"],
    "train": 1, "validation": 1, "test": 1, "sha256_train": "a", "sha256_validation": "b",
    "sha256_test": "c",
}  # fmt: skip


def kept(folder: Path) -> None:
    """Evidence of a run, and of data."""
    run, real = folder / "evidence/gan-a-0", folder / "evidence/real"
    about = {
        "meta": {"key": "k"}, "encodes": False, "images": 8, "alarms": [], "failure": None,
        "growth": [{"fid": 1.5, "samples": 9}], "pictured": True, "lacking": {},
        "pieces": ["origin.json", "history.csv", "walks.npz"],
    }  # fmt: skip
    files.write_json(run / "run.json", about)
    files.write_json(run / "origin.json", {"source": {"git.commit": "c"}, "timing": {}})
    files.write_text(run / "history.csv", "round,images,a/loss\n1,4,0.5\n2,8,0.25\n")
    rows = np.zeros((2, 3, 8, 8, 1), np.uint8)
    files.write_npz(run / "walks.npz", rows, rows, deflate=True)
    files.write_json(real / "real.json", {"data": DATA, "counts": [5], "farthest": 255.0})
    files.write_json(real / "origin.json", {"source": {"git.commit": "c"}})
    files.write_npz(real / "reference.npz", rows[0], deflate=True)


def kept_run(path: Path) -> object:
    return read_run("gan-a-0", path.parents[1])


def picture(path: Path) -> object:
    with path.open("rb") as stream:
        return read_picture(stream)


# A reader: makes a good folder, damages one file in it, reads.


def plain(name: str, content: Callable[[], bytes]) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(content())
        return folder / name

    return make


def within(make: Callable[[Path], None], pattern: str) -> Callable[[Path], Path]:
    def made(folder: Path) -> Path:
        make(folder)
        return next(iter(sorted(folder.glob(pattern))))

    return made


READERS: dict[str, tuple[Callable[[Path], Path], Callable[[Path], Any]]] = {
    "npz of samples": (plain("a.npz", images_npz), files.read_samples),
    "npz of images": (plain("a.npz", images_npz), files.read_images),
    "IDX": (plain("a.idx", idx), read_idx),
    "PNG": (plain("a.png", png), picture),
    "JPEG": (plain("a.jpg", lambda: png("JPEG")), picture),
    "GIF": (plain("a.gif", lambda: png("GIF")), picture),
    "TIFF": (plain("a.tif", lambda: png("TIFF")), picture),
    "image folder": (plain("a.png", png), lambda path: read_folder(path.parent, resolution=8)),
    "zip of images": (within(zipped, "a.zip"), lambda path: read_folder(path, resolution=8)),
    "dataset.json": (
        within(labelled, "dataset.json"),
        lambda path: read_folder(path.parent, resolution=8),
    ),
    "folder of pairs": (
        within(partial(sided, sides=("source", "target")), "target/3.png"),
        lambda path: two_sides(path.parents[1], "pairs"),
    ),
    "zip of pairs": (
        within(partial(sided, sides=("source", "target"), packed=True), "a.zip"),
        lambda path: two_sides(path, "pairs"),
    ),
    "folder of domains": (
        within(partial(sided, sides=("a", "b")), "b/3.png"),
        lambda path: two_sides(path.parents[1], "domains"),
    ),
    "metadata.csv": (within(captioned, "csv/metadata.csv"), with_captions),
    "metadata.jsonl": (within(captioned, "jsonl/metadata.jsonl"), with_captions),
    **{
        f"{kind} of a solid": (
            plain(f"a.{kind}", lambda kind=kind: solid(kind)),
            lambda path: solids(path.parent),
        )
        for kind in ("binvox", "obj", "stl", "glb")
    },
    "CIFAR batch": (plain("a.bin", lambda: bytes(2 * RECORD)), lambda path: read_batch(path, 2)),
    "params.yaml": (
        plain("params.yaml", (ROOT / "params.yaml").read_bytes),
        params.load,
    ),
    "data.json": (
        plain("data.json", lambda: json.dumps(DATA).encode()),
        lambda path: load_info(path.parent),
    ),
    "model.json": (within(saved, "model.json"), lambda path: load_generator(path.parent)),
    "model.json of D": (within(saved, "model.json"), lambda path: load_companion(path.parent)),
    "weights": (within(saved, "generator.safetensors"), lambda path: load_generator(path.parent)),
    "judge.json": (within(judge, "judge.json"), lambda path: load_judge(path.parent, CPU)),
    "judge's weights": (
        within(judge, "judge.safetensors"),
        lambda path: load_judge(path.parent, CPU),
    ),
    "checkpoint": (
        within(checkpoints, "*.safetensors"),
        lambda path: CheckpointStore(path.parent).latest(),
    ),
    "history.csv": (
        plain("history.csv", lambda: b"round,images,a/loss\n1.0,4.0,0.5\n2.0,8.0,0.25\n"),
        runs._read_history,
    ),
    "evidence": (within(kept, "evidence/gan-a-0/run.json"), kept_run),
    "evidence's origin": (within(kept, "evidence/gan-a-0/origin.json"), kept_run),
    "evidence's history": (within(kept, "evidence/gan-a-0/history.csv"), kept_run),
    "evidence's walks": (within(kept, "evidence/gan-a-0/walks.npz"), kept_run),
    "evidence of the data": (
        within(kept, "evidence/real/real.json"),
        lambda path: read_real(path.parents[1]),
    ),
}

edits = st.lists(
    st.tuples(
        st.floats(0, 1, exclude_max=True),  # where
        st.integers(0, 8),  # how many bytes go
        st.one_of(
            st.binary(max_size=12),
            st.sampled_from(
                [b"\xff" * 4, b"\x00" * 8, b"1e9", b"9" * 30, b"[" * 2000, b"-1", b"nan"]
            ),
        ),
    ),
    min_size=1,
    max_size=4,
)
damage = st.one_of(
    edits.map(lambda found: ("edit", found)),
    st.floats(0, 1, exclude_max=True).map(lambda share: ("cut", share)),
    st.binary(max_size=300).map(lambda content: ("replace", content)),
)


def damaged(content: bytes, how: tuple[str, Any]) -> bytes:
    kind, detail = how
    if kind == "cut":
        return content[: int(detail * len(content))]
    if kind == "replace":
        return bytes(detail)
    for where, gone, new in detail:
        at = int(where * len(content))
        content = content[:at] + new + content[at + gone :]
    return content


@pytest.mark.parametrize("reader", READERS)
def test_a_damaged_file_is_read_or_refused_in_one_line(reader: str, tmp_path: Path) -> None:
    make, read = READERS[reader]
    path = make(tmp_path)
    good = path.read_bytes()
    read(path)  # the good one is good

    @settings(
        max_examples=EXAMPLES,
        deadline=5000,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(damage)
    def survives(how: tuple[str, Any]) -> None:
        path.write_bytes(damaged(good, how))
        with contextlib.suppress(REFUSALS), bounded():
            read(path)
        count("Damaged files", f"{reader}: read or refused in one line")

    survives()


# Folders of anything


def picture_of(kind: str, value: int) -> bytes:
    """A file's content; the kinds are in `PICTURES`."""
    stream = io.BytesIO()
    grey = Image.new("L", (8, 6), value)
    if kind == "frames.gif":
        rest = [Image.new("L", (8, 6), 255 - value), Image.new("L", (8, 6), value // 2 + 1)]
        grey.save(stream, "GIF", save_all=True, append_images=rest)
    elif kind == "pages.tif":
        grey.save(stream, "TIFF", save_all=True, append_images=[Image.new("L", (8, 6), 255)])
    elif kind == "alpha.png":
        Image.new("RGBA", (8, 6), (value, 0, 255, 7)).save(stream, "PNG")
    elif kind == "dark.png":
        Image.fromarray(np.full((6, 8), 16 + value, np.uint16)).save(stream, "PNG")
    elif kind == "colour.jpg":
        grey.convert("RGB").save(stream, "JPEG")
    else:
        grey.save(stream, "PNG")
    return b"junk" if kind == "broken.png" else stream.getvalue()


# Pages, and what is said of such pictures.
PICTURES: dict[str, tuple[int, str]] = {
    "plain.png": (1, ""),
    "colour.jpg": (1, ""),
    "alpha.png": (1, "have transparent parts"),
    "dark.png": (1, "use under 1/8 of their range"),
    "pages.tif": (2, "pages or frames after the first"),
    "frames.gif": (3, "pages or frames after the first"),
    "broken.png": (0, "skipped"),
}
folder_names = st.sampled_from(
    ["", "cat", "dog", "0", "00001", "train", "val", "test", "train/cat", "train/0", "x\ny", ".h"]
)
trees = st.dictionaries(
    st.tuples(folder_names, st.integers(0, 4), st.sampled_from(sorted(PICTURES))),
    st.integers(1, 200),
    min_size=1,
    max_size=6,
)
options = st.builds(
    Rules,
    labels=st.sampled_from([None, None, "none", "folders"]),
    pages=st.sampled_from(["first", "all"]),
    links=st.sampled_from(["refuse", "follow"]),
)


def plant(root: Path, tree: dict[tuple[str, int, str], int], form: str) -> Path:
    """The files as a folder, as a folder of links to a store outside, or as a zip."""
    if form == "zip":
        with zipfile.ZipFile(root / "a.zip", "w") as archive:
            for (folder, index, kind), value in tree.items():
                name = f"{folder}/{index}{kind}".removeprefix("/")
                archive.writestr(zipfile.ZipInfo(name), picture_of(kind, value))
        return root / "a.zip"
    for (folder, index, kind), value in tree.items():
        path = root / "in" / folder / f"{index}{kind}"
        path.parent.mkdir(parents=True, exist_ok=True)
        if form == "links":
            store = root / f"store{len(list(root.iterdir()))}"
            store.write_bytes(picture_of(kind, value))
            path.symlink_to(store)
        else:
            path.write_bytes(picture_of(kind, value))
    return root / "in"


@settings(
    max_examples=tries(150, 1500),
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(tree=trees, rules=options, form=st.sampled_from(["folder", "links", "zip"]))
def test_a_folder_of_anything_is_read_whole_with_a_word_of_what_is_lost_or_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], tree, rules: Rules, form: str
) -> None:
    with tempfile.TemporaryDirectory(dir=tmp_path) as place:
        path = plant(Path(place), tree, form)
        capsys.readouterr()
        try:
            found = read_folder(path, resolution=4, broken="skip", rules=rules)
        except InputError as error:
            assert all("\n" not in str(mistake) for mistake in error.args)  # noqa: PT017
            count("Folders of anything", "refused in one line")
            return
    said = capsys.readouterr().err
    kinds = [kind for folder, _, kind in tree if not folder.startswith(".")]
    pages = [PICTURES[kind][0] for kind in kinds]
    right = sum(pages) if rules.pages == "all" else sum(map(bool, pages))
    assert len(found.images) == right
    assert len(found.skipped) == pages.count(0)
    for text in {PICTURES[kind][1] for kind in kinds} - {""}:
        assert (text in said) != (rules.pages == "all" and "frames" in text)
    count("Folders of anything", "read whole, with a word of what was lost")


# Planted ones


def bomb(member_bytes: int, name: str = "arr_0.npy") -> bytes:
    """An npz of a few KB that inflates to `member_bytes` of zeros."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(name, "w", force_zip64=True) as member,
    ):
        header = {"descr": "|u1", "fortran_order": False, "shape": (member_bytes, 1, 1, 1)}
        np.lib.format.write_array_header_1_0(member, header)
        for _ in range(member_bytes // 2**20):
            member.write(bytes(2**20))
    return stream.getvalue()


def header_only(shape: tuple[int, ...]) -> bytes:
    """An npz whose array announces `shape` and has no content."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive, archive.open("arr_0.npy", "w") as member:
        header = {"descr": "|u1", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(member, header)
    return stream.getvalue()


def pickled() -> bytes:
    stream = io.BytesIO()
    np.savez(stream, np.array([{"a": print}], dtype=object))
    return stream.getvalue()


def refused(read: Callable[[Path], Any], path: Path) -> str:
    with pytest.raises(REFUSALS) as caught, bounded():
        read(path)
    count("Hostile files", f"{path.name} refused")
    return str(caught.value)


def test_archives_that_would_fill_the_memory_are_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "bomb of an npz"
    for name in ("arr_0.npy", "arr_0"):  # NumPy reads both
        path.write_bytes(bomb(2**29, name))
        assert path.stat().st_size < 2**20
        assert "would inflate to" in refused(files.read_samples, path)
    path = tmp_path / "npz whose header lies"
    path.write_bytes(header_only((10**12, 28, 28, 1)))
    assert "more than it holds" in refused(files.read_samples, path)


def test_a_pickle_in_an_npz_is_not_loaded(tmp_path: Path) -> None:
    path = tmp_path / "npz of pickles"
    path.write_bytes(pickled())
    refused(files.read_samples, path)


def test_weights_of_absurd_size_are_refused(tmp_path: Path) -> None:
    saved(tmp_path)
    weights = tmp_path / "generator.safetensors"
    header = json.dumps(
        {"a": {"dtype": "F32", "shape": [10**6, 10**6], "data_offsets": [0, 4 * 10**12]}}
    ).encode()
    weights.write_bytes(struct.pack("<Q", len(header)) + header + bytes(64))
    refused(lambda path: load_generator(path.parent), weights)
    weights.write_bytes(struct.pack("<Q", 2**62) + b"{}")
    refused(lambda path: load_generator(path.parent), weights)


@pytest.mark.parametrize("key", ["width", "latent"])
def test_a_network_larger_than_its_weights_is_never_built(tmp_path: Path, key: str) -> None:
    saved(tmp_path)
    meta = files.read_json(tmp_path / "model.json")
    meta["generator"][key] = 10**8
    files.write_json(tmp_path / "model.json", meta)
    message = refused(lambda path: load_generator(path.parent), tmp_path / "model.json")
    assert "weights: here are" in message


def test_sizes_with_too_many_zeros_are_refused_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 2**21}  # a machine of 8 GiB
    monkeypatch.setattr(os, "sysconf", small.__getitem__)
    whole = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    for section, key, value in (
        ("sample", "count", 100_000_000),
        ("network", "generator_width", 4096),
    ):
        changed = whole | {section: whole[section] | {key: value}}
        if key == "generator_width":
            changed["network"] |= {"discriminator_width": 4096}
            changed["data"] = whole["data"] | {"resolution": 1024}
        with pytest.raises(StudyError, match=r"GiB, and this machine has"):
            check.run(params.parse(changed, "params.yaml"), tmp_path / "dvc.yaml", None)
        count("Hostile files", f"params.yaml with {section}.{key} {value:,} refused")
    for key, value in (("images", 10**9), ("batch", 10**9)):
        changed = whole | {"train": whole["train"] | {key: value}}
        with pytest.raises(StudyError, match=f"train.{key}"):
            params.parse(changed, "params.yaml")
        count("Hostile files", f"params.yaml with train.{key} {value:,} refused")


def test_a_png_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content))
            + kind
            + content
            + struct.pack(">I", zlib.crc32(kind + content))
        )

    path = tmp_path / "bomb.png"
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(bytes(10**6)))
        + chunk(b"IEND", b"")
    )
    assert "pixels" in refused(picture, path)
