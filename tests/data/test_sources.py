"""Data sets by name: from folders, from packages, from servers that fail in every way."""

import gzip
import hashlib
import http.server
import json
import re
import socket
import struct
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from PIL import Image

from ganstudy import files
from ganstudy.data import cifar, download, mnist, sources
from ganstudy.data.fielded import FIELDED
from ganstudy.data.images import load_info, load_split
from ganstudy.data.splits import prepare
from ganstudy.errors import InputError
from ganstudy.params import DataParams, DatasetName

DEBIAN = Path("/usr/share/datasets/fashion-mnist")
needs_debian = pytest.mark.skipif(not DEBIAN.is_dir(), reason="dataset-fashion-mnist is missing")


@pytest.fixture(autouse=True)
def _own_temporary_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch) -> Iterator[None]:
    """No test sees the user's data, and no test may leave a temporary file behind."""
    monkeypatch.delenv("GANSTUDY_DATA_DIR", raising=False)
    own = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr(tempfile, "tempdir", str(own))
    yield
    assert list(own.glob("ganstudy*")) == []


@pytest.fixture
def offline(monkeypatch) -> None:
    def refuse(*_arguments: object, **_options: object) -> None:
        raise OSError("Network is unreachable")

    monkeypatch.setattr("torchvision.datasets.utils.download_url", refuse)
    monkeypatch.setattr("ganstudy.data.npm.shutil.which", lambda name: None)


def test_every_data_set_of_the_schema_has_a_source() -> None:
    assert {*sources.SOURCES, *FIELDED} == set(get_args(DatasetName))
    assert not sources.SOURCES.keys() & FIELDED.keys()


def test_digits_are_what_scikit_learn_documents(tmp_path: Path) -> None:
    sources.fetch(DataParams(name="digits"), tmp_path)
    images, labels = files.read_images(tmp_path / "train.npz")
    assert images.shape == (1797, 8, 8, 1)
    assert (images.min(), images.max()) == (0, 255)
    assert len(np.unique(images)) == 17  # evenly spaced steps
    assert set(np.diff(np.unique(images).astype(int))) == {15, 16}
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert not (tmp_path / "test.npz").exists()


def test_fetching_repeats_removes_what_is_stale_and_names_no_place(tmp_path: Path) -> None:
    outs = [tmp_path / "a", tmp_path / "b"]
    outs[1].mkdir()
    (outs[1] / "test.npz").write_bytes(b"another data set's")
    for out in outs:
        sources.fetch(DataParams(name="digits"), out)
    contents = [{path.name: path.read_bytes() for path in out.iterdir()} for out in outs]
    assert contents[0] == contents[1]
    info = json.loads(contents[0]["source.json"])
    assert (info["name"], info["train"], info["test"]) == ("digits", 1797, None)
    assert info["classes"] == list("0123456789")
    assert "/" not in contents[0]["source.json"].decode()


def test_a_folder_goes_all_the_way_to_prepared(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for index in range(20):
            noise = rng.integers(0, 256, (12, 10, 3), np.uint8)
            Image.fromarray(noise).save(tmp_path / "pictures" / name / f"{index}.png")
    (tmp_path / "pictures/cat/3.png").write_bytes(b"broken")
    params = DataParams(
        name="folder", folder=str(tmp_path / "pictures"), resolution=8, broken="skip"
    )
    sources.fetch(params, tmp_path / "raw")
    prepare(tmp_path / "raw", params, tmp_path / "prepared")
    info = load_info(tmp_path / "prepared")
    assert info.classes == ("cat", "dog")
    assert (info.kind, info.shape) == ("images", (8, 8, 3))
    assert sum((info.train, info.validation, info.test)) == 39
    assert len(load_split(tmp_path / "prepared", "train").images) == info.train
    source = files.read_json(tmp_path / "raw/source.json")
    assert source["skipped"] == 1
    assert str(tmp_path) not in json.dumps(source)


def pictures(folder: Path, counts: dict[str, int]) -> DataParams:
    """Noise in folders of that many."""
    rng = np.random.default_rng(len(counts))
    for name, count in counts.items():
        (folder / name).mkdir(parents=True)
        for index in range(count):
            noise = rng.integers(0, 256, (8, 8, 3), np.uint8)
            Image.fromarray(noise).save(folder / name / f"{index}.png")
    return DataParams(name="folder", folder=str(folder), resolution=8)


def test_a_folder_s_own_splits_stay_as_they_are(tmp_path: Path) -> None:
    params = pictures(tmp_path / "in", {"train/a": 20, "train/b": 9, "val/a": 5, "test/b": 7})
    sources.fetch(params, tmp_path / "raw")
    prepare(tmp_path / "raw", params, tmp_path / "out")
    info = load_info(tmp_path / "out")
    assert (info.train, info.validation, info.test) == (29, 5, 7)
    assert np.bincount(load_split(tmp_path / "out", "train").labels).tolist() == [20, 9]
    assert set(load_split(tmp_path / "out", "validation").labels) == {0}
    assert set(load_split(tmp_path / "out", "test").labels) == {1}
    theirs = np.asarray(Image.open(tmp_path / "in/val/a/0.png"))
    assert (load_split(tmp_path / "out", "validation").images[0] == theirs).all()


def test_what_another_folder_left_is_gone(tmp_path: Path) -> None:
    params = pictures(tmp_path / "in", {"train": 20, "val": 5, "test": 7})
    sources.fetch(params, tmp_path / "raw")
    sources.fetch(DataParams(name="digits"), tmp_path / "raw")
    assert sorted(path.name for path in (tmp_path / "raw").iterdir()) == [
        "source.json",
        "train.npz",
    ]


def test_a_missing_split_is_drawn_from_training(tmp_path: Path) -> None:
    params = pictures(tmp_path / "in", {"train": 40, "test": 7})
    sources.fetch(params, tmp_path / "raw")
    prepare(tmp_path / "raw", params, tmp_path / "out")
    info = load_info(tmp_path / "out")
    assert (info.train, info.validation, info.test) == (36, 4, 7)


@pytest.mark.parametrize(
    ("counts", "line"),
    [
        ({"ant": 3, "bee": 2}, "folder: 2 classes: ant 3, bee 2"),
        ({"only": 3}, "only 3; a judge learns nothing from one, but with data.labels: none"),
        ({"train/x": 3, "test/x": 2, "train/a\nb": 1}, r"folder: 2 classes: 'a\nb' 1, x 5"),
        ({"train": 2, "val": 2}, "folder: no classes"),
        ({f"c{index:02d}": 1 + index % 2 for index in range(30)}, "c09 2, … (1 to 2 each)"),
    ],
)
def test_classes_are_told_with_their_counts(tmp_path: Path, capsys, counts, line: str) -> None:
    sources.fetch(pictures(tmp_path / "in", counts), tmp_path / "raw")
    said = [text for text in capsys.readouterr().err.splitlines() if " samples and " not in text]
    said = [text for text in said if text.startswith("folder: ")]
    assert len(said) == 1
    assert said[0].endswith(line)
    assert len(said[0]) < 200


# Fashion-MNIST, the real one


@needs_debian
def test_fashion_mnist_from_debian_is_the_published_one(tmp_path: Path) -> None:
    sources.fetch(DataParams(name="fashion_mnist"), tmp_path)
    images, labels = files.read_images(tmp_path / "train.npz")
    assert images.shape == (60_000, 28, 28, 1)
    assert np.bincount(labels).tolist() == [6000] * 10
    assert labels[:5].tolist() == [9, 0, 0, 3, 0]  # the first is the well-known ankle boot
    assert abs(images.mean() / 255 - 0.2860) < 1e-4  # as published with every tutorial
    info = files.read_json(tmp_path / "source.json")
    assert (info["train"], info["test"], info["classes"][9]) == (60_000, 10_000, "Ankle boot")
    assert "/usr" not in json.dumps(info)


@pytest.fixture
def copied(tmp_path: Path, monkeypatch) -> Path:
    """A user's folder that links to Debian's files."""
    folder = tmp_path / "user" / "fashion-mnist"
    folder.mkdir(parents=True)
    for path in DEBIAN.iterdir():
        (folder / path.name).symlink_to(path)
    monkeypatch.setenv("GANSTUDY_DATA_DIR", str(tmp_path / "user"))
    return folder


def replace_payload(path: Path, change: Callable[[bytearray], None]) -> None:
    content = bytearray(gzip.decompress(path.read_bytes()))
    change(content)
    path.unlink()
    path.with_suffix("").write_bytes(content)


@needs_debian
def test_one_altered_byte_is_noticed_and_nothing_else_is_taken_instead(
    copied: Path, tmp_path: Path
) -> None:
    def alter(content: bytearray) -> None:
        content[5000] ^= 1

    replace_payload(copied / "t10k-images-idx3-ubyte.gz", alter)
    with pytest.raises(InputError, match=r"t10k-images-idx3-ubyte is not fashion_mnist's.*SHA-256"):
        sources.fetch(DataParams(name="fashion_mnist"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


@needs_debian
@pytest.mark.parametrize("name", ["mnist", "kmnist"])
def test_a_relative_does_not_pass_for_another(name, copied: Path, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("GANSTUDY_DATA_DIR", str(copied))
    with pytest.raises(InputError, match=rf"not {name}'s"):
        sources.fetch(DataParams(name=name), tmp_path / "out")


@needs_debian
def test_the_users_folder_comes_before_debians(copied: Path, tmp_path: Path, capsys) -> None:
    sources.fetch(DataParams(name="fashion_mnist"), tmp_path / "out")
    assert "from GANSTUDY_DATA_DIR" in capsys.readouterr().err


# The other members, by hand-made files: small ones, as their size is checked against a table


@pytest.fixture
def small(monkeypatch) -> None:
    shapes = {name: (shape[0] // 100, *shape[1:]) for name, shape in mnist.SHAPES.items()}
    monkeypatch.setattr(mnist, "SHAPES", shapes)


def kmnist_files(folder: Path, zipped: bool = False, top_label: int = 9) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, shape in mnist.SHAPES.items():
        array = np.zeros(shape, np.uint8)
        array.flat[:] = np.arange(array.size) % (top_label + 1)
        header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *shape)
        content = header + array.tobytes()
        path = folder / (f"{name}.gz" if zipped else name)
        path.write_bytes(gzip.compress(content, 1, mtime=0) if zipped else content)
    return folder


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("place", ["", "KMNIST/raw", "kmnist"])
def test_the_users_files_are_found_and_said_to_be_unverified(
    place: str, tmp_path: Path, monkeypatch, capsys
) -> None:
    kmnist_files(tmp_path / "user" / place)
    monkeypatch.setenv("GANSTUDY_DATA_DIR", str(tmp_path / "user"))
    sources.fetch(DataParams(name="kmnist"), tmp_path / "out")
    images, labels = files.read_images(tmp_path / "out/test.npz")
    assert images.shape == (100, 28, 28, 1)
    assert images[0, 0, :12, 0].tolist() == [*range(10), 0, 1]
    assert labels[:12].tolist() == [*range(10), 0, 1]
    assert capsys.readouterr().err.count("no checksum") == 4


@pytest.mark.usefixtures("small")
def test_files_of_another_shape_or_with_other_labels_are_refused(
    tmp_path: Path, monkeypatch
) -> None:
    folder = kmnist_files(tmp_path / "user", top_label=12)
    monkeypatch.setenv("GANSTUDY_DATA_DIR", str(folder))
    with pytest.raises(InputError, match=r"train-labels-idx1-ubyte: label 12, of 10"):
        sources.fetch(DataParams(name="kmnist"), tmp_path / "out")
    (folder / mnist.TRAIN_IMAGES).write_bytes(
        bytes([0, 0, 8, 3]) + struct.pack(">3I", 2, 2, 2) + bytes(8)
    )
    with pytest.raises(InputError, match=r"train-images-idx3-ubyte holds \(2, 2, 2\)"):
        sources.fetch(DataParams(name="kmnist"), tmp_path / "out")


@pytest.mark.usefixtures("offline")
def test_when_every_way_fails_one_error_lists_them_all(tmp_path: Path, monkeypatch) -> None:
    user = tmp_path / "user"
    user.mkdir()
    (user / mnist.TRAIN_IMAGES).write_bytes(b"")
    monkeypatch.setenv("GANSTUDY_DATA_DIR", str(user))
    nowhere = mnist.IdxSet(
        **{**vars(mnist.FASHION_MNIST), "system_folder": tmp_path / "no-such-place"}
    )
    with pytest.raises(InputError) as caught:
        nowhere.read(DataParams(name="fashion_mnist"))
    message = str(caught.value)
    order = [
        "cannot get fashion_mnist",
        "GANSTUDY_DATA_DIR: ",
        "lacks train-labels-idx1-ubyte",
        "Debian's package dataset-fashion-mnist: there is no folder",
        "download: http",
        "Network is unreachable",
        "`apt-get install dataset-fashion-mnist`",
    ]
    places = [message.index(part) for part in order]
    assert places == sorted(places)
    assert "\n" not in message


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("name", ["mnist", "kmnist", "cifar10"])
def test_without_folder_and_network_nothing_is_left_behind(name, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"GANSTUDY_DATA_DIR: it is not set; download: "):
        sources.fetch(DataParams(name=name), tmp_path / "out")
    assert not (tmp_path / "out").exists()


# Downloads, from a server of our own


class Server(http.server.BaseHTTPRequestHandler):
    folder: Path
    stall = threading.Event()  # set: the server falls silent in the middle of each file

    def do_GET(self) -> None:
        path = self.folder / self.path.strip("/")
        if not path.is_file():
            self.send_error(404)
            return
        content = path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if self.stall.is_set():
            self.wfile.write(content[: len(content) // 2])
            self.wfile.flush()
            time.sleep(2)
            return
        self.wfile.write(content)

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path, monkeypatch) -> Iterator[str]:
    for variable in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(variable, "127.0.0.1")
    Server.folder = tmp_path / "served"
    Server.folder.mkdir()
    Server.stall.clear()
    listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    listener.daemon_threads = True
    listener.block_on_close = False
    thread = threading.Thread(target=listener.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.server_port}/"
    listener.shutdown()
    listener.server_close()


@pytest.fixture
def served_kmnist(server: str, small: None, monkeypatch) -> Path:
    import torchvision.datasets

    kmnist_files(Server.folder, zipped=True)
    resources = [
        (path.name, hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest())
        for path in sorted(Server.folder.iterdir())
    ]
    monkeypatch.setattr(torchvision.datasets.KMNIST, "mirrors", [f"{server}gone/", server])
    monkeypatch.setattr(torchvision.datasets.KMNIST, "resources", resources)
    return Server.folder


@pytest.mark.usefixtures("served_kmnist")
def test_a_download_tries_mirrors_and_is_verified(tmp_path: Path, capsys) -> None:
    before = socket.getdefaulttimeout()
    sources.fetch(DataParams(name="kmnist"), tmp_path / "out")
    assert socket.getdefaulttimeout() == before
    assert len(files.read_images(tmp_path / "out/train.npz")[0]) == 600
    said = capsys.readouterr().err
    assert "no checksum" not in said
    assert "downloading http" in said
    assert "\r" not in said  # no bar in a log


def test_a_download_with_another_checksum_is_refused(served_kmnist: Path, tmp_path: Path) -> None:
    path = served_kmnist / "train-labels-idx1-ubyte.gz"
    path.write_bytes(path.read_bytes() + b"!")
    with pytest.raises(InputError, match=r"download: .*404.*corrupted"):
        sources.fetch(DataParams(name="kmnist"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("served_kmnist")
def test_a_silent_server_is_given_up(tmp_path: Path, monkeypatch) -> None:
    Server.stall.set()
    monkeypatch.setattr(download, "SILENCE_SECONDS", 0.2)
    began = time.monotonic()
    with pytest.raises(InputError, match=r"download: .*timed out"):
        sources.fetch(DataParams(name="kmnist"), tmp_path / "out")
    assert time.monotonic() - began < 1.9
    assert socket.getdefaulttimeout() is None


# CIFAR-10


def cifar_record(label: int) -> bytes:
    """Red rises along the rows, green along the columns, blue is constant."""
    plane = np.arange(32, dtype=np.uint8)
    red = np.repeat(plane[:, None], 32, 1)
    return bytes([label]) + red.tobytes() + red.T.tobytes() + bytes([77]) * 1024


def test_a_cifar_batch_has_its_planes_and_labels_in_place(tmp_path: Path) -> None:
    path = tmp_path / "data_batch_1.bin"
    path.write_bytes(cifar_record(3) + cifar_record(9))
    images, labels = cifar.read_batch(path, records=2)
    assert images.shape == (2, 32, 32, 3)
    assert images[1, 5, 7].tolist() == [5, 7, 77]
    assert labels.tolist() == [3, 9]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(cifar_record(10), "label 10"), (cifar_record(1)[:-1], "3,072 bytes; 3,073 are expected")],
)
def test_a_damaged_cifar_batch_is_refused(tmp_path: Path, content: bytes, complaint: str) -> None:
    (tmp_path / "x.bin").write_bytes(content)
    with pytest.raises(InputError, match=rf"x.bin.*{re.escape(complaint)}"):
        cifar.read_batch(tmp_path / "x.bin", records=1)


@pytest.mark.parametrize("place", ["", "cifar-10-batches-bin"])
def test_cifar_comes_from_the_binary_version(place: str, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(cifar, "RECORDS", 4)
    folder = tmp_path / "user" / place
    folder.mkdir(parents=True)
    for label, name in enumerate((*cifar.TRAIN, cifar.TEST)):
        (folder / name).write_bytes(cifar_record(label) * 4)
    monkeypatch.setenv("GANSTUDY_DATA_DIR", str(tmp_path / "user"))
    sources.fetch(DataParams(name="cifar10"), tmp_path / "out")
    _, labels = files.read_images(tmp_path / "out/train.npz")
    assert labels.tolist() == sorted([0, 1, 2, 3, 4] * 4)
    assert files.read_images(tmp_path / "out/test.npz")[1].tolist() == [5] * 4


@pytest.mark.usefixtures("offline")
def test_the_pickled_version_of_cifar_is_not_taken(tmp_path: Path, monkeypatch) -> None:
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    for name in ("data_batch_1", "test_batch"):
        (folder / name).write_bytes(b"\x80\x04.")
    monkeypatch.setenv("GANSTUDY_DATA_DIR", str(tmp_path))
    with pytest.raises(InputError, match=r"lacks data_batch_1.bin.*binary version"):
        sources.fetch(DataParams(name="cifar10"), tmp_path / "out")


def test_cifars_archive_is_unpacked(server: str, tmp_path: Path, monkeypatch) -> None:
    import tarfile

    monkeypatch.setattr(cifar, "RECORDS", 2)
    archive = Server.folder / "cifar-10-binary.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for name in (*cifar.TRAIN, cifar.TEST):
            (tmp_path / name).write_bytes(cifar_record(1) * 2)
            tar.add(tmp_path / name, f"{cifar.FOLDER}/{name}")
    digest = hashlib.md5(archive.read_bytes(), usedforsecurity=False).hexdigest()
    monkeypatch.setattr(cifar, "URL", f"{server}{archive.name}")
    monkeypatch.setattr(cifar, "MD5", digest)
    sources.fetch(DataParams(name="cifar10"), tmp_path / "out")
    assert files.read_images(tmp_path / "out/train.npz")[0].shape == (10, 32, 32, 3)
