"""Pictures and meshes of solids."""

from pathlib import Path

import numpy as np
import pytest
import trimesh

from ganstudy.data import furniture
from ganstudy.data.rendering import rendered, write_meshes
from ganstudy.data.solids import read_solid
from ganstudy.data.voxels import read
from ganstudy.errors import InputError
from ganstudy.params import DataParams

SOLIDS = np.stack([furniture.solid(piece) for piece in furniture.pieces()[:6]])


def test_a_solid_is_drawn_on_white_and_what_is_higher_is_higher() -> None:
    low, high = np.zeros((2, 1, 8, 8, 8), bool)
    low[:, 0], high[:, 7] = True, True
    pictures = rendered(np.concatenate([low, high, np.zeros((1, 8, 8, 8), bool)]))
    assert pictures.shape == (3, 64, 64, 3)
    assert (pictures[2] == 255).all()
    rows = [np.flatnonzero((picture < 255).any((1, 2))) for picture in pictures[:2]]
    assert rows[1].mean() < rows[0].mean() - 10  # row 0 is the top
    assert (pictures[0, 0] == 255).all()


def test_the_nearer_of_two_cells_hides_the_farther() -> None:
    both, near = np.zeros((2, 1, 2, 8, 8), bool)
    both[0, :, :, 4] = near[0, :, 0, 4] = True  # a wall that goes back, and its first column
    one, other = rendered(both, turn=0.0), rendered(near, turn=0.0)
    level = 40  # a row of pixels on the front of both
    assert np.array_equal(one[0, level], other[0, level])


def test_turned_all_the_way_it_looks_the_same() -> None:
    assert np.array_equal(rendered(SOLIDS, 0.3), rendered(SOLIDS, 0.3 + 2 * np.pi))
    assert not np.array_equal(rendered(SOLIDS, 0.3), rendered(SOLIDS, 1.3))


@pytest.mark.parametrize("kind", ["obj", "glb"])
def test_meshes_are_closed_and_read_back_as_the_solids_they_are_of(
    tmp_path: Path, kind: str
) -> None:
    empty = np.zeros_like(SOLIDS[:1])
    paths = write_meshes(np.concatenate([SOLIDS[:2], empty]), tmp_path / "meshes", kind)
    assert [path.name for path in paths] == [f"0000.{kind}", f"0001.{kind}"]
    for path, solid in zip(paths, SOLIDS, strict=False):
        mesh = trimesh.load_mesh(path)
        assert mesh.is_watertight
        assert abs(mesh.volume - solid.sum()) / solid.sum() < 0.2  # corners are cut
        full = np.argwhere(solid)
        up, back, across = full.max(0) - full.min(0) + 1
        np.testing.assert_allclose(mesh.extents, [across, up, back])
        read_back = read_solid(path.read_bytes(), f".{kind}", int(max(up, back, across)))
        assert read_back.sum() >= solid.sum()


def test_a_folder_of_meshes_is_split_without_copies_on_two_sides(tmp_path: Path) -> None:
    write_meshes(SOLIDS, tmp_path)
    (tmp_path / "copy.obj").write_bytes((tmp_path / "0000.obj").read_bytes())
    params = DataParams(name="voxels", folder=str(tmp_path), resolution=16)
    splits = read(params)
    sides = [{cells.tobytes() for cells in part.fields["x"]} for part in splits.values()]
    assert sum(map(len, sides)) == len(set.union(*sides))
    assert sum(len(part.fields["x"]) for part in splits.values()) == 7
    assert all(len(part.fields["x"]) for part in splits.values())

    (tmp_path / "broken.stl").write_bytes(b"solid")
    with pytest.raises(InputError, match=r"cannot use 'broken\.stl'.*data\.broken: skip"):
        read(params)
    skipped = read(params.model_copy(update={"broken": "skip"}))
    assert sum(len(part.fields["x"]) for part in skipped.values()) == 7


def test_an_npz_of_cells_is_read_and_anything_else_refused(tmp_path: Path) -> None:
    path = tmp_path / "solids.npz"
    params = DataParams(name="voxels", folder=str(path), resolution=16)
    np.savez(path, SOLIDS)
    assert sum(len(part.fields["x"]) for part in read(params).values()) == 6
    wrong = {
        r"must be bool \(N, 16, 16, 16\)": SOLIDS[:, :8],
        "must hold 0 and 1 alone; it has 2": SOLIDS.astype(np.uint8) * 2,
        "solid 0 has no full cell": np.concatenate([0 * SOLIDS[:1] > 0, SOLIDS]),
        "1 different solids; 3 are needed": SOLIDS[:1].repeat(5, 0),
    }
    for told, cells in wrong.items():
        np.savez(path, cells)
        with pytest.raises(InputError, match=told):
            read(params)
    with pytest.raises(InputError, match=r"10 cells a side; 8, 16, 32, 64"):
        read(params.model_copy(update={"resolution": 10}))
