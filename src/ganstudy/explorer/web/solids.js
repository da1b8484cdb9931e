"use strict";
// Solids on a canvas: occupancies { data, shape: [1, D, H, W] } upwards, back and across, as
// `ganstudy sample` renders them, from any side.
const solids = (() => {
  const SIDE = 256;  // pixels
  const LOW = 0.45;  // radians from above
  const AMBIENT = 0.35;
  const COLOUR = [0.55, 0.68, 0.86];
  const LIGHT = [0.75, -0.55, 0.35];  // up, back, across
  const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
  const FACES = [0, 1, 2].flatMap((axis) => [1, -1].map((step) => {
    const [one, other] = [0, 1, 2].filter((index) => index !== axis);
    const normal = [0, 0, 0];
    normal[axis] = step;
    const corners = [[0, 0], [1, 0], [1, 1], [0, 1]].map(([u, v]) => {
      const corner = [0, 0, 0];
      [corner[axis], corner[one], corner[other]] = [Math.max(step, 0), u, v];
      return corner;
    });
    const lit = AMBIENT + (1 - AMBIENT) * Math.max(0, dot(normal, LIGHT) / Math.hypot(...LIGHT));
    return { normal, corners, colour: `rgb(${COLOUR.map((part) => Math.round(255 * part * lit)).join(" ")})` };
  }));

  // What is to the right, up, and towards who looks, of (up, back, across).
  const camera = (turn) => {
    const [sine, cosine] = [Math.sin(turn), Math.cos(turn)];
    return {
      right: [0, sine, cosine],
      up: [Math.cos(LOW), Math.sin(LOW) * cosine, -Math.sin(LOW) * sine],
      towards: [Math.sin(LOW), -Math.cos(LOW) * cosine, Math.cos(LOW) * sine],
    };
  };

  const full = ({ data }) => data.reduce((count, value) => count + (value > 0.5), 0);
  // Draws a solid turned by `turn` radians about its upright axis: faces from the farthest on.
  const draw = (canvas, { data, shape }, turn) => {
    const size = shape.slice(1);
    const at = (cell) => cell.every((index, axis) => index >= 0 && index < size[axis])
      && data[(cell[0] * size[1] + cell[1]) * size[2] + cell[2]] > 0.5;
    const { right, up, towards } = camera(turn);
    const zoom = SIDE / (Math.hypot(...size) * 1.02);
    const faces = [];
    const looking = FACES.filter(({ normal }) => dot(normal, towards) > 0);
    for (let d = 0; d < size[0]; d++) for (let h = 0; h < size[1]; h++) for (let w = 0; w < size[2]; w++) {
      const cell = [d, h, w];
      if (!at(cell)) continue;
      for (const { normal, corners, colour } of looking) {
        if (at(cell.map((index, axis) => index + normal[axis]))) continue;
        const placed = corners.map((corner) => corner.map((part, axis) => part + cell[axis] - size[axis] / 2));
        const far = placed.reduce((sum, corner) => sum + dot(corner, towards), 0);
        faces.push({ colour, far, path: placed.map((c) => [SIDE / 2 + zoom * dot(c, right), SIDE / 2 - zoom * dot(c, up)]) });
      }
    }
    Object.assign(canvas, { width: SIDE, height: SIDE });
    const paper = canvas.getContext("2d");
    paper.fillStyle = "#ffffff";
    paper.fillRect(0, 0, SIDE, SIDE);
    for (const { colour, path } of faces.sort((a, b) => a.far - b.far)) {
      Object.assign(paper, { fillStyle: colour, strokeStyle: colour, lineWidth: 0.7 });  // no gaps between faces
      paper.beginPath();
      path.forEach(([x, y], index) => (index ? paper.lineTo(x, y) : paper.moveTo(x, y)));
      paper.closePath();
      paper.fill();
      paper.stroke();
    }
  };

  return { draw, full };
})();
