"use strict";
// Two parallel lines: what D and the critic say between them, at each distance.
const Parallel = (() => {
  const { fixed, scale, path, line, text, number, open } = Plots;
  const byId = (id) => document.getElementById(id);
  const width = (svg) => Math.max(240, Math.round(svg.parentElement.clientWidth));

  const drawLines = ({ x }, row) => {
    const svg = byId("lines"), w = width(svg), [left, right, top, height] = [34, 40, 12, 240];
    const base = height - 24;
    const X = scale([x[0], x.at(-1)], [left, w - right]), D = scale([0, 1], [base, top]);
    const [low, high] = [Math.min(...row.f), Math.max(...row.f)];
    const F = scale([low, Math.max(high, low + 1e-6)], [base, top]);
    const xs = x.map(X);
    open(svg, w, height, `Lines ${row.distance} apart: D and the critic's score across them`);
    svg.innerHTML = line(left, base, w - right, base, "axis")
      + line(X(0), top, X(0), base, "real-line") + line(X(row.distance), top, X(row.distance), base, "made-line")
      + `<path d="${path(xs, row.f.map(F))}" class="critic"/><path d="${path(xs, row.d.map(D))}" class="judge"/>`
      + [0, 1, 2].map((v) => text(X(v), base + 14, `${v}`)).join("")
      + text(left - 4, base, "0", "end") + text(left - 4, top + 8, "1", "end")
      + text(w - right + 4, base, number(low), "start") + text(w - right + 4, top + 8, number(high), "start");
    byId("lines-said").textContent = `θ = ${row.distance}: JS ${row.js.toFixed(4)}, W ${row.w.toFixed(3)}; `
      + `slope of the saturating game ${number(row.slope)}, of the critic’s ${number(row.slope_w)}.`;
  };
  const drawEstimates = ({ rows, log2 }, chosen) => {
    const svg = byId("estimates"), w = width(svg), [left, right, top, height] = [34, 12, 14, 220];
    const base = height - 24, most = Math.max(...rows.map((row) => Math.max(row.distance, row.w)));
    const X = scale([0, Math.max(...rows.map((row) => row.distance))], [left, w - right]), Y = scale([0, most], [base, top]);
    open(svg, w, height, "Estimates of JS and W over the distance of the lines");
    const dots = (key, kind) => rows.map((row) =>
      `<circle cx="${fixed(X(row.distance))}" cy="${fixed(Y(row[key]))}" r="${row === chosen ? 6 : 4}" class="${kind}"/>`).join("");
    svg.innerHTML = line(left, base, w - right, base, "axis") + line(left, top, left, base, "axis")
      + line(X(0), Y(log2), w - right, Y(log2), "half") + line(X(0), Y(0), X(most) < w ? X(most) : w - right, Y(Math.min(most, most)), "half")
      + text(left - 4, Y(log2) + 4, "log 2", "end") + text(left - 4, base, "0", "end") + text(left - 4, top + 4, number(most), "end")
      + rows.map((row) => text(X(row.distance), base + 14, `${row.distance}`)).join("")
      + dots("js", "dot-js") + dots("w", "dot-w")
      + text(w - right, Y(log2) - 8, "JS", "end") + text(w - right - 12, Y(rows.at(-1).w) + 16, "W", "end");
  };
  const start = () => {
    const told = JSON.parse(byId("about-parallel").textContent);
    const group = document.querySelector(".distances");
    let chosen = told.rows.find((row) => row.distance === 1) ?? told.rows.at(-1);
    const draw = () => {
      drawLines(told, chosen);
      drawEstimates(told, chosen);
      [...group.children].forEach((button, i) => { button.ariaPressed = String(told.rows[i] === chosen); });
    };
    for (const row of told.rows) {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "chip", textContent: `θ = ${row.distance}` });
      button.addEventListener("click", () => { chosen = row; draw(); });
      group.append(button);
    }
    addEventListener("resize", draw);
    addEventListener("beforeprint", draw);
    draw();
  };
  return { start };
})();
