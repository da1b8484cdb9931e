"""Solids from files: shapes whose cells are known, and files that must be refused in one line."""

import json
import struct

import numpy as np
import pytest
import trimesh

from ganstudy.data import solids
from ganstudy.data.solids import read_solid, standing
from ganstudy.errors import InputError


def mesh(shape: trimesh.Trimesh, suffix: str = ".stl") -> bytes:
    exported = shape.export(file_type=suffix[1:])
    return exported.encode() if isinstance(exported, str) else exported


def box(*extents: float, at: tuple[float, float, float] = (0, 0, 0)) -> trimesh.Trimesh:
    made = trimesh.creation.box(extents)
    made.apply_translation(at)
    return made


@pytest.mark.parametrize("suffix", [".obj", ".glb"])
def test_a_box_fills_its_cells_and_no_other(suffix: str) -> None:
    cells = read_solid(mesh(box(0.5, 1, 0.25), suffix), suffix, 16)  # across, up, back
    expected = np.zeros((16, 16, 16), bool)
    expected[:, 6:10, 4:12] = True
    assert np.array_equal(cells, expected)


def test_in_stl_z_points_up() -> None:
    cells = read_solid(mesh(box(1, 1, 0.5)), ".stl", 8)
    assert cells[:4].all()
    assert not cells[4:].any()


def test_a_ball_has_its_volume_and_a_hollow_one_is_hollow() -> None:
    ball = trimesh.creation.icosphere(3, 0.5)
    cells = read_solid(mesh(ball), ".stl", 32)
    # Cells that the surface passes through are full: half a cell more all round.
    assert abs(cells.sum() / 32**3 / (np.pi / 6 * (1 + 1 / 32) ** 3) - 1) < 0.05
    core = trimesh.creation.icosphere(3, 0.3)
    core.invert()
    hollow = read_solid(mesh(trimesh.util.concatenate([ball, core])), ".stl", 32)
    assert not hollow[16, 16, 16]
    assert cells[16, 16, 16]


def test_parts_that_touch_or_lie_in_each_other_are_one_solid() -> None:
    touching = trimesh.util.concatenate([box(1, 1, 1), box(1, 1, 1, at=(1, 0, 0))])
    assert read_solid(mesh(touching, ".obj"), ".obj", 8)[:4, 2:6].all()
    nested = trimesh.util.concatenate([box(1, 1, 1), box(0.4, 0.4, 0.4)])
    assert read_solid(mesh(nested), ".stl", 8).all()


def test_a_leg_thinner_than_a_cell_is_still_there() -> None:
    table = trimesh.util.concatenate(
        [box(1, 0.1, 1, at=(0, 0.95, 0)), box(0.02, 0.9, 0.02, at=(0.1, 0.45, 0.1))]
    )
    cells = read_solid(mesh(table, ".obj"), ".obj", 16)
    assert cells.any((1, 2)).all()  # on every level


def test_binvox_runs_are_read_in_its_order() -> None:
    cells = np.zeros((4, 4, 4), bool)  # up, back, across
    cells[0] = True
    cells[1:, 0, 0] = True
    flat = cells.transpose(2, 1, 0).ravel()
    runs = b"".join(struct.pack("BB", int(value), 1) for value in flat)
    header = b"#binvox 1\ndim 4 4 4\ntranslate 0 0 0\nscale 1\ndata\n"
    assert np.array_equal(read_solid(header + runs, ".binvox", 4), cells)
    shrunk = read_solid(header + runs, ".binvox", 2)
    assert shrunk[0].all()


def test_what_is_shrunk_to_nothing_is_refused() -> None:
    wire = np.zeros((64, 64, 64), bool)
    wire[:, 0, 0] = True
    with pytest.raises(InputError, match="too thin"):
        standing(wire, 8)


def opened(shape: trimesh.Trimesh) -> bytes:
    return mesh(trimesh.Trimesh(shape.vertices, shape.faces[1:], process=False))


def flat() -> bytes:
    corners = [[0, 0, 0], [1, 0, 0], [0, 1, 0]]
    return mesh(trimesh.Trimesh(corners, [[0, 1, 2], [0, 2, 1]], process=False))


def announced(count: int) -> bytes:
    """A GLB of a few bytes whose header announces so many numbers, all 0."""
    tree = {
        "asset": {"version": "2.0"},
        "scenes": [{"nodes": [0]}],
        "scene": 0,
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1}]}],
        "accessors": [
            {"count": count, "componentType": 5126, "type": "VEC3"},
            {"count": count, "componentType": 5125, "type": "SCALAR"},
        ],
    }
    text = json.dumps(tree).encode()
    text += b" " * (-len(text) % 4)
    head = struct.pack("<4sIII4s", b"glTF", 2, 20 + len(text), len(text), b"JSON")
    return head + text


@pytest.mark.parametrize(
    ("content", "suffix", "told"),
    [
        (opened(box(1, 1, 1)), ".stl", "its surface is not closed"),
        (flat(), ".stl", "its volume is 0"),
        (b"\0" * 80 + struct.pack("<I", 10**8), ".stl", "100,000,000 faces; 500,000 are allowed"),
        (announced(3 * 10**8), ".glb", "100,000,000 faces; 500,000 are allowed"),
        (b"v 0 0 0\n" + b"\nf 1 1 1" * 500_001, ".obj", "500,001 faces"),
        (b"solid nothing\nendsolid nothing\n", ".stl", "no readable mesh|no face"),
        (b"glTF nonsense", ".glb", "no readable GLB"),
        (b"\xff\xfe", ".obj", "no readable mesh|no face"),
        (b"v 0 0 nan\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", ".obj", "not finite"),
        (b"PK", ".binvox", "no binvox"),
        (b"#binvox 1\ndim 9999 9999 9999\ndata\n\1\1", ".binvox", "announces 9999×9999×9999"),
        (b"#binvox 1\ndim 2 2 2\ndata\n\1\7", ".binvox", "holds 7 cells and announces 8"),
        (b"#binvox 1\ndim 2 2 2\ndata\n\0\10", ".binvox", "no cell of it is full"),
    ],
)
def test_what_is_no_solid_is_refused_in_one_line(content: bytes, suffix: str, told: str) -> None:
    with pytest.raises(InputError, match=told) as raised:
        read_solid(content, suffix, 16)
    assert "\n" not in str(raised.value)


def test_a_huge_file_is_refused_by_its_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solids, "MOST_BYTES", 100)
    with pytest.raises(InputError, match="more than 100 bytes"):
        read_solid(mesh(box(1, 1, 1)), ".stl", 8)


def test_bytes_of_no_meaning_never_get_further_than_a_refusal() -> None:
    rng = np.random.default_rng(0)
    whole = {suffix: mesh(box(1, 1, 1), suffix) for suffix in (".obj", ".stl", ".glb")}
    for suffix, content in whole.items():
        for _ in range(20):
            damaged = bytearray(content)
            for at in rng.integers(0, len(damaged), 4):
                damaged[at] = rng.integers(256)
            try:
                cells = read_solid(bytes(damaged), suffix, 8)
            except InputError:
                continue
            assert cells.any()
