"""One file of a solid, of unknown origin, as cells of a grid: .binvox, or a mesh by trimesh.

Meshes are bounded before anything is made of them: by bytes, and for GLB by what its header says
that it holds, of which a small file can announce any number.
"""

import io
import json
import math
import struct

import numpy as np

from ganstudy.dataset import Array
from ganstudy.errors import InputError

MESHES = {".obj": 1, ".glb": 1, ".stl": 2}  # and the axis that points up: y, in STL z
SUFFIXES = (".binvox", *MESHES)
MOST_BYTES = 2**27  # of a file
MOST_FACES = 500_000
MOST_CELLS = 2**27  # of a binvox
THINNEST = 1e-9  # share of its box that a solid fills at least
CLOSE = 1e6  # corners are one that differ by less than one part of this many of the longest side
NEAR = 1e-5  # of the longest side
# What a header that is none may raise.
MALFORMED = (
    *(ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError),
    struct.error,
)
# Middles of cells are moved by less than matters, so that none lies on an edge of a face.
OFF_EDGES = np.array([1.234567e-7, 2.345678e-7])


def read_solid(content: bytes, suffix: str, side: int) -> Array:
    """The cells of a solid, bool (up, back, across), `side` each: it stands on the floor, in the
    middle, its longest side as long as the grid.

    Raises `InputError`, without the file's name, for what is damaged, too large, not closed, or
    without volume.
    """
    if len(content) > MOST_BYTES:
        raise InputError(f"it has more than {MOST_BYTES:,} bytes")
    cells = _binvox(content) if suffix == ".binvox" else _mesh(content, suffix, side)
    if not cells.any():
        raise InputError("no cell of it is full")
    return standing(cells, side)


def standing(cells: Array, side: int) -> Array:
    """What is full of `cells` on the floor and in the middle of a cube; a larger one is shrunk by
    whole numbers, a cell being full where half of what it stands for is.

    Raises `InputError` where nothing would be left.
    """
    full = np.argwhere(cells)
    low, high = full.min(0), full.max(0) + 1
    box = cells[tuple(map(slice, low, high))]
    factor = math.ceil(max(box.shape) / side)
    if factor > 1:
        padded = np.pad(box, [(0, -size % factor) for size in box.shape])
        blocks = padded.reshape(*(n for size in padded.shape for n in (size // factor, factor)))
        box = blocks.mean((1, 3, 5)) >= 0.5
        if not box.any():
            raise InputError(f"nothing of it is left on a grid of {side}: its parts are too thin")
    up, back, across = box.shape
    out = np.zeros((side,) * 3, bool)
    front, left = (side - back) // 2, (side - across) // 2
    out[:up, front : front + back, left : left + across] = box
    return out


def _binvox(content: bytes) -> Array:
    """Min's format: a header in text, then runs of (value, count), y fastest, then z, then x."""
    head, found, data = content.partition(b"\ndata\n")
    try:
        lines = head.decode("ascii").split("\n")
        dims = next(line.split()[1:] for line in lines if line.startswith("dim "))
        x, z, y = map(int, dims)
    except (StopIteration, ValueError) as error:
        raise InputError("it is no binvox: its header has no line dim with three sizes") from error
    if not (lines[0].startswith("#binvox") and found):
        raise InputError("it is no binvox: it does not begin with #binvox, or has no data")
    if min(x, y, z) < 1 or x * y * z > MOST_CELLS:
        raise InputError(f"it announces {x}×{z}×{y} cells; {MOST_CELLS:,} are allowed")
    runs = np.frombuffer(data[: len(data) // 2 * 2], np.uint8).reshape(-1, 2)
    if (total := int(runs[:, 1].sum(dtype=np.int64))) != x * y * z:
        raise InputError(f"it holds {total:,} cells and announces {x * y * z:,}")
    cells = np.repeat(runs[:, 0] > 0, runs[:, 1]).reshape(x, z, y)
    return cells.transpose(2, 1, 0)


def _mesh(content: bytes, suffix: str, side: int) -> Array:
    """A closed surface's cells: those whose middle lies inside, and those that it passes through,
    so that a leg that is thinner than a cell is one."""
    corners = _triangles(content, suffix)
    low, high = corners.min((0, 1)), corners.max((0, 1))
    longest = float((high - low).max())
    if not (np.isfinite(corners).all() and math.isfinite(longest)):
        raise InputError("its corners are not finite")
    if longest <= 0:
        raise InputError("its volume is 0")
    corners = _upright((corners - low) / longest, MESHES[suffix])
    _must_be_closed(corners)
    volume = float(np.linalg.det(corners).sum()) / 6
    box = float(np.prod(corners.max((0, 1)) - corners.min((0, 1))))
    if abs(volume) <= THINNEST * max(box, THINNEST):
        raise InputError("its volume is 0")
    turns = np.zeros((side + 1, side, side), np.int64)
    passed = np.zeros((side,) * 3, bool)
    for triangle in corners:
        _cross(triangle, turns, side)
        _pass(triangle, passed, math.copysign(1, volume))
    inside: Array = np.cumsum(turns, 0)[:side] != 0
    return inside | passed


def _triangles(content: bytes, suffix: str) -> Array:
    """Corners float64 (faces, 3, 3) of all that a file shows."""
    import trimesh

    if suffix == ".glb":
        _refuse_announced(content)
    elif suffix == ".stl" and not content[:80].lstrip().lower().startswith(b"solid"):
        _count_faces(struct.unpack("<I", content[80:84])[0] if len(content) >= 84 else 0)
    elif suffix == ".obj":
        _count_faces(content.count(b"\nf ") + content.count(b"\nf\t"))
    try:
        scene = trimesh.load_scene(io.BytesIO(content), file_type=suffix[1:], process=False)
        corners = np.asarray(scene.to_mesh().triangles, np.float64)
    except Exception as error:  # whatever a parser makes of broken bytes
        reason = " ".join(str(error).split())[:120]
        raise InputError(f"it is no readable mesh: {reason}") from error
    if not len(corners):
        raise InputError("it has no face")
    _count_faces(len(corners))
    return corners


def _upright(corners: Array, up: int) -> Array:
    """Axes in the order up, back, across, without mirroring."""
    if up == 1:
        return corners[:, :, [1, 2, 0]]
    turned = corners[:, :, [2, 1, 0]]  # y points away from who looks at an STL
    turned[:, :, 1] = turned[:, :, 1].max() - turned[:, :, 1]
    return turned


def _must_be_closed(corners: Array) -> None:
    """Every edge must be walked as often one way as the other: then inside is told from outside,
    also where parts touch."""
    grid = np.rint(corners.reshape(-1, 3) * CLOSE).astype(np.int64)
    names = np.unique(grid, axis=0, return_inverse=True)[1].reshape(-1, 3)
    count = int(names.max()) + 1
    walks = np.concatenate([names[:, [i, (i + 1) % 3]] for i in range(3)])
    there = np.sort(walks[:, 0] * count + walks[:, 1])
    back = np.sort(walks[:, 1] * count + walks[:, 0])
    if not np.array_equal(there, back):
        raise InputError(
            "its surface is not closed, or its faces do not all turn one way: inside and outside "
            "cannot be told"
        )


def _cross(triangle: Array, turns: Array, side: int) -> None:
    """Adds to `turns` (side + 1, side, side) where lines that go up through the middles of cells
    cross a face: +1 or -1, by the way it turns, at the first middle above."""
    grid = (np.arange(side) + 0.5) / side
    a, b, c = flat = triangle[:, 1:] - OFF_EDGES
    low, high = flat.min(0), flat.max(0)
    area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    rows, columns = (np.flatnonzero((grid >= low[i]) & (grid <= high[i])) for i in (0, 1))
    if area == 0 or not (len(rows) and len(columns)):
        return
    y, x = np.meshgrid(grid[rows], grid[columns], indexing="ij")
    u = ((y - a[0]) * (c[1] - a[1]) - (x - a[1]) * (c[0] - a[0])) / area
    v = ((b[0] - a[0]) * (x - a[1]) - (b[1] - a[1]) * (y - a[0])) / area
    at = np.nonzero((u >= 0) & (v >= 0) & (u + v <= 1))
    up = triangle[:, 0]
    heights = up[0] + u[at] * (up[1] - up[0]) + v[at] * (up[2] - up[0])
    first = np.clip(np.ceil(heights * side - 0.5), 0, side).astype(np.int64)
    np.add.at(turns, (first, rows[at[0]], columns[at[1]]), int(np.sign(area)))


def _pass(triangle: Array, passed: Array, outwards: float) -> None:
    """Marks the cells that a face passes through, seen from just inside it."""
    side = len(passed)
    a, along, down = triangle[0], triangle[1] - triangle[0], triangle[2] - triangle[0]
    normal = np.cross(along, down) * outwards
    length = float(np.linalg.norm(normal))
    if length == 0:
        return
    longest = max(float(np.linalg.norm(edge)) for edge in (along, down, along - down))
    steps = np.linspace(0, 1, math.ceil(2 * side * longest) + 2)
    u, v = np.meshgrid(steps, steps, indexing="ij")
    inside = u + v <= 1
    points = a + u[inside, None] * along + v[inside, None] * down - normal / length * NEAR
    # A point on an edge of the solid must not be seen in the cell beside it.
    middle = triangle.mean(0)
    points += (middle - points) * NEAR
    cells = np.clip(np.floor(points * side).astype(np.int64), 0, side - 1)
    passed[tuple(cells.T)] = True


def _count_faces(faces: int) -> None:
    if faces > MOST_FACES:
        raise InputError(f"it has {faces:,} faces; {MOST_FACES:,} are allowed: simplify it")


def _refuse_announced(content: bytes) -> None:
    """Of a GLB: what its accessors announce, as often as its nodes show them."""
    try:
        magic, _, _, size, kind = struct.unpack("<4sIII4s", content[:20])
        if magic != b"glTF" or kind != b"JSON":
            raise ValueError("it does not begin as a GLB does")
        tree = json.loads(content[20 : 20 + size])
        accessors = tree.get("accessors", [])
        announced = sum(int(accessor["count"]) for accessor in accessors)
        shown = [
            sum(
                int(accessors[part["indices"]]["count"]) // 3
                for part in tree["meshes"][node["mesh"]]["primitives"]
                if "indices" in part
            )
            for node in tree.get("nodes", [])
            if "mesh" in node
        ]
        children = [child for node in tree.get("nodes", []) for child in node.get("children", [])]
    except MALFORMED as error:
        raise InputError(f"it is no readable GLB: {error}") from error
    _count_faces(max(sum(shown), announced // 6))
    if len(children) != len(set(children)):
        raise InputError("a node of it is shown under two others; copy it")
