"use strict";
// The view of a game on a line: densities, D's curve, and where G's gradient moves its samples.
const View = (() => {
  const { fixed, scale, path, line, text, number, open } = Plots;
  const sigmoid = (score) => 1 / (1 + Math.exp(-score));
  const LEAST = 0.05;  // of a density: where both are less, the best D is not drawn

  // What D says at each place: its probability, or its raw score and the range of those.
  const judged = (game, frame) => {
    const scores = [...game.arrays.scores[frame]];
    return game.logistic ? scores.map(sigmoid) : scores;
  };
  const range = (game) => {
    if (game.logistic) return [0, 1];
    if (!game.range) {
      const all = game.arrays.scores.flatMap((scores) => [...scores]).sort((a, b) => a - b);
      const at = (share) => all[Math.round(share * (all.length - 1))];
      const [low, high] = [at(0.02), at(0.98)];
      game.range = high > low ? [low, high] : [low - 1, high + 1];
    }
    return game.range;
  };
  const steps = (world, density, X, Y) => {
    const xs = [], ys = [];
    density.forEach((value, i) => {
      xs.push(X(world.bins[i]), X(world.bins[i + 1]));
      ys.push(Y(value), Y(value));
    });
    return [xs, ys];
  };
  const filled = (xs, ys, base) => `${path(xs, ys)}L${fixed(xs.at(-1))} ${fixed(base)}L${fixed(xs[0])} ${fixed(base)}Z`;
  // p / (p + q), with q from a histogram whose steps are smoothed a little.
  const best = (world, density) => world.bins.slice(1).map((right, i) => {
    const x = (world.bins[i] + right) / 2;
    const near = [i - 1, i, i + 1].filter((k) => k >= 0 && k < density.length);
    const q = near.reduce((sum, k) => sum + density[k], 0) / near.length;
    const place = (x + world.reach) / (2 * world.reach) * (world.grid.length - 1);
    const k = Math.min(Math.floor(place), world.grid.length - 2);
    const p = world.real[k] + (place - k) * (world.real[k + 1] - world.real[k]);
    return p + q < 2 * LEAST ? null : [x, p / (p + q)];
  }).filter(Boolean);

  const draw = (svg, width, world, game, frame) => {
    const [left, right, top, plot, arrows, map] = [34, 40, 12, 240, 60, 70];
    const height = top + plot + arrows + map + 20, base = top + plot;
    const most = 1.7 * Math.max(...world.real);
    const X = scale([-world.reach, world.reach], [left, width - right]);
    const Y = scale([0, most], [base, top]);
    const [low, high] = range(game);
    const D = scale([low, high], [base, top]);
    const inside = (y) => Math.max(top - 4, Math.min(base + 4, y));
    const made = game.arrays.density[frame], points = game.arrays.points[frame];
    const [xs, ys] = steps(world, made, X, (v) => inside(Y(v)));
    const gridX = world.grid.map(X);
    let found = `<path d="${filled(gridX, world.real.map(Y), base)}" class="real"/>`
      + `<path d="${filled(xs, ys, base)}" class="made"/>`
      + `<path d="${path(xs, ys)}" class="made-edge"/>`;
    if (game.logistic) {
      const half = best(world, made);
      found += line(left, D(0.5), width - right, D(0.5), "half")
        + `<path d="${path(half.map(([x]) => X(x)), half.map(([, v]) => D(v)))}" class="best"/>`;
    }
    found += `<path d="${path(gridX, judged(game, frame).map((v) => inside(D(v))))}" class="judge"/>`;
    // Axes
    found += line(left, base, width - right, base, "axis");
    for (let x = -world.reach; x <= world.reach; x += 1) found += text(X(x), base + 13, number(x).replace(/\.0+$/, ""));
    found += text(left - 4, top + 8, number(most), "end") + text(left - 4, base, "0", "end");
    const marks = game.logistic ? [0, 0.5, 1] : [low, high];
    for (const mark of marks) found += text(width - right + 4, D(mark) + 4, game.logistic ? `${mark}` : number(mark), "start", "tick of-d");
    // Arrows: where G's loss would move each sample, the longest of the game as long as a step of x.
    const longest = game.longest ??= Math.max(1e-12, ...game.arrays.arrows.map((one) => {
      const sizes = [...one].map(Math.abs).sort((a, b) => a - b);
      return sizes[Math.floor(0.9 * (sizes.length - 1))];
    }));
    const unit = X(1) - X(0), y = base + 40;
    found += line(left, y, width - right, y, "axis");
    points.forEach((x, i) => {
      if (Math.abs(x) > world.reach) return;
      const wanted = Math.max(-1.5, Math.min(1.5, game.arrays.arrows[frame][i] / longest)) * unit;
      const [from, to] = [X(x), Math.max(left, Math.min(width - right, X(x) + wanted))];
      const side = Math.sign(to - from), head = Math.min(5, Math.abs(to - from));
      found += line(from, y - 9, to, y - 9, "arrow")
        + `<path d="M${fixed(to)} ${y - 9}l${-side * head} -3v6z" class="head"/>`
        + `<circle cx="${fixed(from)}" cy="${y}" r="2.6" class="sample"/>`;
    });
    // From codes to samples, as in the figure of 2014.
    const Z = scale([0, points.length - 1], [left, width - right]), bottom = y + map;
    found += line(left, bottom, width - right, bottom, "axis");
    points.forEach((x, i) => {
      if (Math.abs(x) <= world.reach) found += line(Z(i), bottom, X(x), y + 4, "map");
    });
    found += text(left - 10, y + 4, "x") + text(left - 10, bottom + 4, "z");
    open(svg, width, height, `${game.name}, seed ${game.seed}: densities, D's curve and G's gradient`);
    svg.innerHTML = found;
  };

  const mini = (svg, world, game, frame) => {
    const [width, height] = [200, 84];
    const X = scale([-world.reach, world.reach], [0, width]);
    const Y = scale([0, 1.7 * Math.max(...world.real)], [height - 2, 4]);
    const inside = (y) => Math.max(2, Math.min(height - 1, y));
    const [xs, ys] = steps(world, game.arrays.density[frame], X, (v) => inside(Y(v)));
    const D = scale(range(game), [height - 2, 4]);
    open(svg, width, height, "");
    svg.innerHTML = `<path d="${filled(world.grid.map(X), world.real.map(Y), height)}" class="real"/>`
      + `<path d="${filled(xs, ys, height)}" class="made"/>`
      + `<path d="${path(world.grid.map(X), judged(game, frame).map((v) => inside(D(v))))}" class="judge"/>`;
  };
  return { draw, mini };
})();
