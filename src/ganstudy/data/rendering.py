"""Solids as pictures, and as meshes that any 3-D viewer opens."""

from pathlib import Path

import numpy as np

from ganstudy.dataset import Array
from ganstudy.files import Images, replacing

PIXELS = 64
TURN = 0.6  # radians about the upright axis from which pictures are taken
LOW = 0.45  # radians from above
AMBIENT = 0.35
COLOUR = np.array([0.55, 0.68, 0.86])
LIGHT = np.array([0.75, -0.55, 0.35])  # up, back, across: from above, in front, and the right
# Formats of meshes by their ending, as trimesh writes them.
FORMATS = ("obj", "glb")


def rendered(solids: Array, turn: float = TURN, side: int = PIXELS) -> Images:
    """Each solid bool (N, D, H, W) seen from above at an angle, `turn` radians about its upright
    axis: uint8 (N, side, side, 3), its faces shaded by where they look, on white."""
    cells = np.asarray(solids, bool)
    found = [_render(solid, turn, side) for solid in cells]
    return np.stack(found) if found else np.zeros((0, side, side, 3), np.uint8)


def write_meshes(solids: Array, folder: Path, kind: str = "obj") -> list[Path]:
    """Writes the surface of each solid bool (N, D, H, W), found by marching cubes (Lewiner et al.
    2003), as `folder`/0000.obj and so on: closed, y up, a cell being 1 long. A solid without a full
    cell has no surface, and no file. Returns the files that were written."""
    import trimesh

    written = []
    for number, solid in enumerate(np.asarray(solids, bool)):
        if not solid.any():
            continue
        corners, faces = surface(solid)
        mesh = trimesh.Trimesh(corners, faces, process=False)
        path = folder / f"{number:04d}.{kind}"
        with replacing(path) as temporary:
            mesh.export(temporary, file_type=kind)
        written.append(path)
    return written


def surface(solid: Array) -> tuple[Array, Array]:
    """Corners (V, 3) as x across, y up, z to the front, and triangles (F, 3) that look outwards."""
    from skimage.measure import marching_cubes

    padded = np.pad(solid, 1).astype(np.float32)
    corners, faces, _, _ = marching_cubes(padded, 0.5, gradient_direction="ascent")
    up, back, across = (corners - 0.5).T
    placed = np.stack([across, up, solid.shape[1] - back], 1)
    return placed, _outwards(placed, faces)


def _outwards(corners: Array, faces: Array) -> Array:
    volume = np.linalg.det(corners[faces].astype(np.float64)).sum()
    return faces if volume > 0 else faces[:, ::-1]


def _render(solid: Array, turn: float, side: int) -> Images:
    """Every visible face of a full cell, from the farthest to the nearest, by its own corners."""
    from PIL import Image, ImageDraw

    scale = 4  # drawn larger and averaged, for smooth edges
    picture = Image.new("RGB", (side * scale, side * scale), "white")
    draw = ImageDraw.Draw(picture)
    seen = _camera(turn)
    size = np.array(solid.shape, float)
    zoom = side * scale / (np.linalg.norm(size) * 1.02)
    quads, depths, colours = [], [], []
    for axis, step in [(0, 1), (0, -1), (1, 1), (1, -1), (2, 1), (2, -1)]:
        normal = np.zeros(3)
        normal[axis] = step
        if normal @ seen[2] <= 0:
            continue  # it looks away
        cells = np.argwhere(solid & ~_neighbour(solid, axis, step))
        corners = cells[:, None] + _square(axis, step) - size / 2
        flat = corners @ seen.T
        quads.append(flat[:, :, :2])
        depths.append(flat[:, :, 2].mean(1))
        lit = AMBIENT + (1 - AMBIENT) * max(0.0, float(normal @ LIGHT / np.linalg.norm(LIGHT)))
        colours.append(np.tile(np.rint(255 * COLOUR * lit), (len(cells), 1)))
    if quads:
        order = np.argsort(np.concatenate(depths), kind="stable")
        points = np.concatenate(quads)[order] * zoom * [1, -1] + side * scale / 2
        for quad, colour in zip(points, np.concatenate(colours)[order], strict=True):
            draw.polygon([tuple(p) for p in quad], fill=tuple(int(c) for c in colour))
    small = picture.resize((side, side), Image.Resampling.BOX)
    return np.asarray(small, np.uint8)


def _camera(turn: float) -> Array:
    """Rows: what is to the right, up, and towards who looks, of (up, back, across)."""
    right = np.array([0, np.sin(turn), np.cos(turn)])
    ahead = np.array([0, -np.cos(turn), np.sin(turn)])  # towards who looks, level
    towards = np.array([np.sin(LOW), 0, 0]) + np.cos(LOW) * ahead
    up = np.array([np.cos(LOW), 0, 0]) - np.sin(LOW) * ahead
    return np.stack([right, up, towards])


def _neighbour(solid: Array, axis: int, step: int) -> Array:
    """Whether the cell beside each, in that direction, is full; outside none is."""
    padded = np.pad(solid, 1)
    rows: list[slice] = [slice(1, -1)] * 3
    rows[axis] = slice(1 + step, solid.shape[axis] + 1 + step)
    return np.asarray(padded[tuple(rows)])


def _square(axis: int, step: int) -> Array:
    """The corners (4, 3) of that face of the cell at the origin."""
    others = [other for other in range(3) if other != axis]
    corners = np.zeros((4, 3))
    corners[:, axis] = max(step, 0)
    corners[:, others] = [[0, 0], [1, 0], [1, 1], [0, 1]]
    return corners
