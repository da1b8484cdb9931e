(async () => {
  // The slider: which frame of every picture is seen.
  const slider = byId("moment");
  if (slider) {
    const shown = slider.dataset.images.split(";");
    const play = byId("play");
    let playing = 0;
    const move = () => {
      const text = `${shown[slider.value]} images shown`;
      document.documentElement.style.setProperty("--moment", slider.value);
      byId("reached").value = text;
      slider.setAttribute("aria-valuetext", text);
      state.set("moment", slider.value === slider.max ? null : slider.value);
    };
    const stop = () => {
      playing = clearInterval(playing);
      play.textContent = "Play";
      play.ariaPressed = "false";
    };
    const step = () => {
      if (slider.value === slider.max) return stop();
      slider.value = Number(slider.value) + 1;
      return move();
    };
    play.addEventListener("click", () => {
      if (playing) return stop();
      slider.value = 0;
      playing = setInterval(step, 700);
      play.textContent = "Stop";
      play.ariaPressed = "true";
      return move();
    });
    slider.addEventListener("input", () => { stop(); move(); });
    slider.value = state.get("moment") ?? slider.max;
    move();
  }

  // A plot in the page's colours, with the runs and the abscissa that the reader chose.
  const figures = [];
  const paint = (figure) => {
    const [soft, line, grid, ground] = ["--soft", "--line", "--grid", "--ground"].map(style);
    const colours = {
      axis_label_text_color: soft, major_label_text_color: soft, axis_line_color: line,
      major_tick_line_color: line, grid_line_color: grid,
      background_fill_color: ground, border_fill_color: ground,
    };
    for (const model of figure.document.all_models) {
      const known = Object.entries(colours).filter(([name]) => name in model.properties);
      if (known.length) model.setv(Object.fromEntries(known));
    }
  };
  const { keys } = table;
  const first = [...table.runs.rows].filter((row) => !row.classList.contains("off")).map((row) => row.dataset.run);
  const chosen = state.get("runs");
  const seen = new Set(chosen === null ? first : chosen.split(" ").filter((key) => keys.includes(key)));
  const reveal = (figure) => {
    for (const one of figure.renderers) if (keys.includes(one.name)) one.visible = seen.has(one.name);
  };
  const axes = all("[name=along]");
  for (const radio of axes) radio.checked = radio.value === (state.get("over") ?? "images");
  const along = () => document.querySelector("[name=along]:checked")?.value ?? "images";
  const stretch = (figure) => {
    if (!figure.tags.includes("over") || figure.renderers[0].glyph.x.field === along()) return;
    for (const one of figure.renderers) one.glyph.x = { field: along() };
    figure.below[0].axis_label = along() === "images" ? "images shown" : "seconds of training";
  };

  // The theme: the system's until a reader chooses.
  const theme = byId("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  if (state.get("theme")) document.documentElement.dataset.theme = state.get("theme");
  const dress = () => {
    const wanted = document.documentElement.dataset.theme;
    theme.ariaPressed = String(wanted ? wanted === "dark" : system.matches);
    figures.forEach(paint);
  };
  theme.addEventListener("click", () => {
    document.documentElement.dataset.theme = theme.ariaPressed === "true" ? "light" : "dark";
    state.set("theme", document.documentElement.dataset.theme);
    dress();
  });
  system.addEventListener("change", dress);
  dress();

  // Runs that are shown: in the plots, the pictures and the table at once.
  const same = (one, other) => one.length === other.length && one.every((key) => other.includes(key));
  const show = () => {
    for (const item of all("[data-run]")) {
      const hidden = !seen.has(item.dataset.run);
      if (item.localName === "tr") item.classList.toggle("off", hidden);
      else item.hidden = hidden;
    }
    figures.forEach(reveal);
    for (const button of all(".chip")) {
      const on = button.dataset.runs.split(" ").filter((key) => seen.has(key)).length;
      button.ariaPressed = on ? (on < button.dataset.runs.split(" ").length ? "mixed" : "true") : "false";
    }
    byId("count").textContent = `${seen.size} of ${keys.length}`;
    byId("none").hidden = seen.size > 0;
  };
  // Of a loss that comes back the seeds that are shown of others, and of a seed the losses; else all.
  const wanted = (group) => {
    const shown = [...seen].map((key) => key.split(/-(?=\d+$)/));
    const akin = group.filter((key) => {
      const [family, seed] = key.split(/-(?=\d+$)/);
      return shown.some((other) => other[0] === family || other[1] === seed);
    });
    return akin.length ? akin : group;
  };
  for (const button of all("button[data-runs]")) {
    button.addEventListener("click", () => {
      const group = button.dataset.runs.split(" ");
      const on = button.dataset.set ? button.dataset.set === "true" : button.ariaPressed === "false";
      if (!on) group.forEach((key) => seen.delete(key));
      else (button.dataset.set ? group : wanted(group)).forEach((key) => seen.add(key));
      state.set("runs", same([...seen], first) ? null : [...seen].join(" "));
      show();
    });
  }
  show();
  for (const radio of axes) {
    radio.addEventListener("change", () => {
      state.set("over", along() === "images" ? null : along());
      figures.forEach(stretch);
    });
  }

  // The panel of runs closes with Escape or a click beside it.
  const chooser = byId("chooser");
  document.addEventListener("click", (event) => {
    if (!chooser.contains(event.target)) chooser.open = false;
  });
  chooser.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    chooser.open = false;
    chooser.firstElementChild.focus();
  });

  // The plots: each is drawn when it comes near the window; the others one by one meanwhile, where
  // they are small.
  const packed = Uint8Array.from(atob(byId("plots").textContent), (char) => char.charCodeAt(0));
  const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const items = new Map((await new Response(unpacked).json()).map((item) => [item.target_id, item]));
  const draw = async (id) => {
    const item = items.get(id);
    if (!items.delete(id)) return;
    const [view] = (await Bokeh.embed.embed_item(item)).roots;
    for (const settle of [paint, reveal, stretch]) settle(view.model);
    figures.push(view.model);
    byId(id).removeAttribute("aria-busy");
  };
  const near = new IntersectionObserver((changes) => {
    for (const { target, isIntersecting } of changes) if (isIntersecting) draw(target.id);
  }, { rootMargin: "50%" });
  for (const id of items.keys()) near.observe(byId(id));

  // On paper: every plot, every fold open, light colours.
  byId("print").addEventListener("click", async () => {
    for (const id of [...items.keys()]) await draw(id);
    const folds = all("details:not(.chooser):not([open])");
    const before = document.documentElement.dataset.theme;
    folds.forEach((fold) => { fold.open = true; });
    document.documentElement.dataset.theme = "light";
    figures.forEach(paint);
    await new Promise((rest) => { setTimeout(rest, 300); });
    window.print();
    folds.forEach((fold) => { fold.open = false; });
    if (before) document.documentElement.dataset.theme = before;
    else delete document.documentElement.dataset.theme;
    dress();
  });
  const few = keys.length <= Number(document.documentElement.dataset.crowd);
  for (const id of few ? [...items.keys()] : []) {
    await new Promise((rest) => { setTimeout(rest, 100); });
    await draw(id);
  }
})();
