"use strict";
// Small drawings in SVG. Colours are the page's: by class, so that a change of theme needs no code.
const Plots = (() => {
  const fixed = (value) => value.toFixed(1);
  const scale = ([a, b], [from, to]) => (value) => from + (value - a) / (b - a) * (to - from);
  const path = (xs, ys) => xs.map((x, i) => `${i ? "L" : "M"}${fixed(x)} ${fixed(ys[i])}`).join("");
  const line = (x1, y1, x2, y2, kind) =>
    `<line x1="${fixed(x1)}" y1="${fixed(y1)}" x2="${fixed(x2)}" y2="${fixed(y2)}" class="${kind}"/>`;
  const text = (x, y, words, anchor = "middle", kind = "tick") =>
    `<text x="${fixed(x)}" y="${fixed(y)}" text-anchor="${anchor}" class="${kind}">${words}</text>`;
  // Numbers as people write them: three significant digits.
  const number = (value) => {
    if (value === null || value === undefined) return "–";
    if (value === 0) return "0";
    const size = Math.abs(value);
    return size >= 1e4 || size < 1e-3 ? value.toExponential(1).replace("-", "−")
      : value.toPrecision(3).replace("-", "−");
  };
  // An array that Python packed: 16-bit steps.
  const unpack = ({ data, shape, low, step }) => {
    const bytes = Uint8Array.from(atob(data), (char) => char.charCodeAt(0));
    const values = Float32Array.from(new Uint16Array(bytes.buffer), (value) => low + step * value);
    const size = shape.slice(1).reduce((a, b) => a * b, 1);
    return Array.from({ length: shape[0] }, (_, i) => values.subarray(i * size, (i + 1) * size));
  };
  const open = (svg, width, height, label) => {
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.setAttribute("height", height);
    svg.setAttribute("aria-label", label);
  };
  // A series over training with a mark at the moment.
  const course = (svg, width, { moments, values, log, heading }, frame) => {
    const height = 120, left = 46, right = 10, top = 10, bottom = 22;
    const known = values.filter((v) => v !== null && (!log || v > 0));
    const shape = (v) => (log ? Math.log10(v) : v);
    let [low, high] = [Math.min(...known.map(shape)), Math.max(...known.map(shape))];
    if (!known.length) [low, high] = [0, 1];
    if (high - low < 1e-9) [low, high] = [low - 0.5, high + 0.5];
    const X = scale([0, moments.at(-1)], [left, width - right]);
    const Y = scale([low, high], [height - bottom, top]);
    const drawn = values.map((v, i) => [v, moments[i]]).filter(([v]) => v !== null && (!log || v > 0));
    const places = [drawn.map(([, m]) => X(m)), drawn.map(([v]) => Y(shape(v)))];
    const now = values[frame];
    const level = (v) => number(log ? 10 ** v : v);
    open(svg, width, height, `${heading}: ${number(now)} now`);
    svg.innerHTML = line(left, height - bottom, width - right, height - bottom, "axis")
      + line(left, top, left, height - bottom, "axis")
      + text(left - 5, height - bottom, level(low), "end") + text(left - 5, top + 8, level(high), "end")
      + text(left, height - 6, "0") + text(width - right, height - 6, moments.at(-1).toLocaleString("en"), "end")
      + `<path d="${path(...places)}" class="course"/>`
      + line(X(moments[frame]), top, X(moments[frame]), height - bottom, "moment")
      + (now === null || (log && now <= 0) ? ""
        : `<circle cx="${fixed(X(moments[frame]))}" cy="${fixed(Y(shape(now)))}" r="4" class="now"/>`);
  };
  return { fixed, scale, path, line, text, number, unpack, open, course };
})();
