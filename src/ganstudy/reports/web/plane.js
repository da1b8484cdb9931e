"use strict";
// The view of a game on a plane: points over D's landscape, as far as evidence has them.
const View = (() => {
  const { fixed, scale, text, open, line } = Plots;
  const shades = (game) => {  // of the landscape as a picture: darker is more real to D
    if (game.shades || !game.arrays.landscape) return game.shades;
    const found = game.arrays.landscape.map((values) => {
      const side = Math.sqrt(values.length), canvas = document.createElement("canvas");
      canvas.width = canvas.height = side;
      const pen = canvas.getContext("2d"), pixels = pen.createImageData(side, side);
      const most = values.reduce((a, b) => Math.max(a, b), 1e-9);
      values.forEach((value, i) => {
        const row = side - 1 - Math.floor(i / side), at = 4 * (row * side + i % side);
        pixels.data.set([90, 120, 160, Math.round(190 * value / most)], at);
      });
      pen.putImageData(pixels, 0, 0);
      return canvas.toDataURL();
    });
    game.shades = found;
    return found;
  };
  // An array of one frame is of the last moment alone.
  const at = (game, name, frame) => {
    const frames = game.arrays[name];
    if (!frames) return null;
    if (frames.length === game.moments.length) return frames[frame];
    return frame === game.moments.length - 1 ? frames[0] : null;
  };
  const content = (world, game, frame, side, edge) => {
    const X = scale([-world.reach, world.reach], [edge, edge + side]);
    const Y = scale([-world.reach, world.reach], [edge + side, edge]);
    const points = at(game, "points", frame);
    let found = `<rect x="${edge}" y="${edge}" width="${side}" height="${side}" class="frame"/>`;
    if (at(game, "landscape", frame)) {
      const pictures = shades(game);
      const picture = pictures[pictures.length === game.moments.length ? frame : 0];
      found += `<image x="${edge}" y="${edge}" width="${side}" height="${side}" preserveAspectRatio="none" href="${picture}"/>`;
    }
    for (const [x, y] of world.modes) {
      found += `<circle cx="${fixed(X(x))}" cy="${fixed(Y(y))}" r="${Math.max(3, side / 70)}" class="mode"/>`;
    }
    if (points) {
      let dots = "";
      for (let i = 0; i < points.length; i += 2) {
        if (Math.max(Math.abs(points[i]), Math.abs(points[i + 1])) <= world.reach) {
          dots += `M${fixed(X(points[i]))} ${fixed(Y(points[i + 1]))}h0`;
        }
      }
      found += `<path d="${dots}" class="cloud" stroke-width="${Math.max(2, side / 130)}"/>`;
    }
    return [found, X, Y, Boolean(points)];
  };
  const draw = (svg, width, world, game, frame) => {
    const edge = 30, side = Math.min(width - 2 * edge, 520), height = side + 2 * edge;
    const [found, X, Y, there] = content(world, game, frame, side, edge);
    let axes = "";
    for (const mark of [-1, 0, 1]) {
      const value = mark * world.tick;
      axes += text(X(value), edge + side + 16, `${value}`.replace("-", "−"))
        + text(edge - 5, Y(value) + 4, `${value}`.replace("-", "−"), "end");
    }
    if (!there) axes += text(edge + side / 2, edge - 10, world.unknown, "middle", "unknown");
    open(svg, width, height, `${game.name}, seed ${game.seed}: ${there ? "points over D's landscape" : world.unknown}`);
    svg.innerHTML = found + axes;
  };
  const mini = (svg, world, game, frame) => {
    open(svg, 120, 120, "");
    svg.innerHTML = content(world, game, frame, 116, 2)[0];
  };
  return { draw, mini };
})();
