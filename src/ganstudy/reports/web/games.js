"use strict";
// Steps and plays through recorded games. What a moment looks like is the view's; see Plots, View.
(() => {
  const byId = (id) => document.getElementById(id);
  const about = JSON.parse(byId("about-games").textContent);
  const games = [...document.querySelectorAll(".a-game")].map((node) => {
    const game = JSON.parse(node.textContent);
    for (const [name, array] of Object.entries(game.arrays)) game.arrays[name] = Plots.unpack(array);
    return game;
  });
  const names = [...new Set(games.map((game) => game.name))];
  const SPEEDS = ["0.5", "1", "2", "4"], FRAME = 250;  // milliseconds, at speed 1
  const [slider, play, chosen, seed, speed] = ["moment", "play", "loss", "seed", "speed"].map(byId);
  const system = matchMedia("(prefers-color-scheme: dark)");
  const state = { frame: 0, timer: 0 };

  const game = () => games.find((one) => one.name === chosen.value && one.seed === seed.value)
    ?? games.find((one) => one.name === chosen.value);
  const last = () => game().moments.length - 1;

  // Drawing
  const courses = [...document.querySelectorAll("[data-series]")];
  const minis = [...document.querySelectorAll("[data-mini]")];
  const width = (svg) => Math.max(240, Math.round(svg.parentElement.clientWidth));
  const draw = () => {
    const now = game(), frame = state.frame;
    const moment = `${about.unit} ${now.moments[frame].toLocaleString("en")} of ${now.moments.at(-1).toLocaleString("en")}`;
    byId("reached").value = moment;
    slider.setAttribute("aria-valuetext", moment);
    document.documentElement.style.setProperty("--of-game", now.colour);
    byId("title").textContent = `${now.name}, seed ${now.seed}`;
    byId("said").textContent = now.note;
    const stage = byId("stage");
    View.draw(stage, width(stage), about.world, now, frame);
    for (const figure of courses) {
      const heading = figure.dataset.series;
      const values = now.series[heading];
      figure.hidden = !values || values.every((value) => value === null);
      if (figure.hidden) continue;
      const svg = figure.querySelector("svg"), { log } = about.series.find((one) => one.heading === heading);
      figure.querySelector("output").textContent = Plots.number(values[frame]);
      Plots.course(svg, width(svg), { moments: now.moments, values, log, heading }, frame);
    }
    for (const of of document.querySelectorAll("[data-logistic]")) of.hidden = (of.dataset.logistic === "true") !== now.logistic;
    for (const button of minis) {
      const of = games.find((one) => one.name === button.dataset.mini && one.seed === seed.value)
        ?? games.find((one) => one.name === button.dataset.mini);
      // All games are as far as the one that is shown, in shares of their length.
      const at = Math.round(frame / Math.max(last(), 1) * (of.moments.length - 1));
      button.style.setProperty("--of-game", of.colour);
      button.ariaPressed = String(of.name === now.name);
      View.mini(button.querySelector("svg"), about.world, of, at);
      button.querySelector("output").textContent = Plots.number(of.series[about.series[0].heading]?.[at] ?? null);
    }
  };
  let asked = 0;
  const soon = () => {
    asked ||= requestAnimationFrame(() => { asked = 0; draw(); });
  };

  // State, in the address too
  const remember = () => {
    const theme = document.documentElement.dataset.theme;
    const parts = { loss: chosen.value, seed: seed.value, frame: state.frame, speed: speed.value, ...(theme ? { theme } : {}) };
    history.replaceState(null, "", `#${new URLSearchParams(parts)}`);
  };
  const go = (frame) => {
    state.frame = Math.max(0, Math.min(last(), frame));
    slider.max = last();
    slider.value = state.frame;
    soon();
  };
  const pick = (select, value) => {
    if ([...select.options].some((option) => option.value === value)) select.value = value;
  };
  const recall = () => {
    const parts = new URLSearchParams(location.hash.slice(1));
    pick(chosen, parts.get("loss"));
    pick(seed, parts.get("seed"));
    if (SPEEDS.includes(parts.get("speed"))) speed.value = parts.get("speed");
    if (["light", "dark"].includes(parts.get("theme"))) document.documentElement.dataset.theme = parts.get("theme");
    const frame = Number.parseInt(parts.get("frame") ?? "", 10);
    go(Number.isFinite(frame) ? frame : last());
    dress();
  };

  // Play
  const stop = () => {
    clearInterval(state.timer);
    state.timer = 0;
    play.textContent = "Play";
    play.ariaPressed = "false";
    remember();
  };
  const start = () => {
    if (state.frame === last()) go(0);
    clearInterval(state.timer);
    state.timer = setInterval(() => {
      go(state.frame + 1);
      if (state.frame === last()) stop();
    }, FRAME / Number(speed.value));
    play.textContent = "Pause";
    play.ariaPressed = "true";
  };
  const toggle = () => (state.timer ? stop() : start());
  const step = (by) => { if (state.timer) stop(); go(state.frame + by); remember(); };
  const choose = (name) => {
    const share = state.frame / Math.max(last(), 1);
    chosen.value = name;
    go(Math.round(share * last()));
    remember();
  };
  play.addEventListener("click", toggle);
  byId("back").addEventListener("click", () => step(-1));
  byId("forward").addEventListener("click", () => step(1));
  slider.addEventListener("input", () => { if (state.timer) stop(); go(Number(slider.value)); });
  slider.addEventListener("change", remember);
  chosen.addEventListener("change", () => choose(chosen.value));
  seed.addEventListener("change", () => choose(chosen.value));
  speed.addEventListener("change", () => { if (state.timer) start(); remember(); });
  for (const button of minis) button.addEventListener("click", () => choose(button.dataset.mini));

  // Keys, where nothing else takes them
  const others = (list, now, by) => list[(list.indexOf(now) + by + list.length) % list.length];
  const KEYS = {
    " ": toggle,
    ArrowLeft: () => step(-1),
    ArrowRight: () => step(1),
    Home: () => step(-state.frame),
    End: () => step(last()),
    l: () => choose(others(names, chosen.value, 1)),
    L: () => choose(others(names, chosen.value, -1)),
    s: () => { seed.value = others([...seed.options].map((o) => o.value), seed.value, 1); choose(chosen.value); },
  };
  document.addEventListener("keydown", (event) => {
    const taken = event.target.closest("input, select, textarea, [data-own-keys]");
    const pressed = event.key === " " && event.target.closest("button, summary, a");
    if (taken || pressed || event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key]) return;
    event.preventDefault();
    KEYS[event.key]();
  });

  // The theme: the system's until a reader chooses.
  const theme = byId("theme");
  const dress = () => {
    const set = document.documentElement.dataset.theme;
    theme.ariaPressed = String(set ? set === "dark" : system.matches);
  };
  theme.addEventListener("click", () => {
    document.documentElement.dataset.theme = theme.ariaPressed === "true" ? "light" : "dark";
    dress();
    remember();
  });
  system.addEventListener("change", dress);
  addEventListener("hashchange", recall);
  addEventListener("resize", soon);
  addEventListener("beforeprint", draw);
  recall();
  draw();
})();
