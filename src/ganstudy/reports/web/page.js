"use strict";
(async () => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const byId = (id) => document.getElementById(id);
  const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  // The table: a heading orders the runs by its column, and turns the order round.
  const headings = all("#table thead th");
  const runs = all("#table tbody").at(-1);
  const value = (row, column) => parseFloat(row.cells[column].dataset.value ?? "NaN");
  headings.forEach((heading, column) => {
    heading.firstElementChild.addEventListener("click", () => {
      const up = heading.ariaSort !== "ascending";
      headings.forEach((other) => { other.ariaSort = "none"; });
      heading.ariaSort = up ? "ascending" : "descending";
      const order = (a, b) => {
        const [one, two] = [value(a, column), value(b, column)];
        if (isNaN(one) || isNaN(two)) return isNaN(one) - isNaN(two);  // unknown comes last
        return up ? one - two : two - one;
      };
      runs.append(...[...runs.rows].sort(order));
    });
  });

  // The slider: which frame of every picture is seen.
  const slider = byId("moment");
  if (slider) {
    const shown = slider.dataset.images.split(";");
    const play = byId("play");
    let playing = 0;
    const move = () => {
      const text = `${shown[slider.value]} images shown`;
      byId("samples").style.setProperty("--moment", slider.value);
      byId("reached").value = text;
      slider.setAttribute("aria-valuetext", text);
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
  const keys = [...runs.rows].map((row) => row.dataset.run);
  const seen = new Set([...runs.rows].filter((row) => !row.classList.contains("off")).map((row) => row.dataset.run));
  const reveal = (figure) => {
    for (const one of figure.renderers) if (keys.includes(one.name)) one.visible = seen.has(one.name);
  };
  const along = () => document.querySelector("[name=along]:checked")?.value ?? "images";
  const stretch = (figure) => {
    if (!figure.tags.includes("over") || figure.renderers[0].glyph.x.field === along()) return;
    for (const one of figure.renderers) one.glyph.x = { field: along() };
    figure.below[0].axis_label = along() === "images" ? "images shown" : "seconds of training";
  };

  // The theme: the system's until a reader chooses.
  const theme = byId("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const dress = () => {
    const chosen = document.documentElement.dataset.theme;
    theme.ariaPressed = String(chosen ? chosen === "dark" : system.matches);
    figures.forEach(paint);
  };
  theme.addEventListener("click", () => {
    document.documentElement.dataset.theme = theme.ariaPressed === "true" ? "light" : "dark";
    dress();
  });
  system.addEventListener("change", dress);
  dress();

  // Runs that are shown: in the plots, the pictures and the table at once.
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
      show();
    });
  }
  show();
  for (const radio of all("[name=along]")) radio.addEventListener("change", () => figures.forEach(stretch));

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

  // The plots: each is drawn when it comes near the window, and the others one by one meanwhile.
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
  for (const id of [...items.keys()]) {
    await new Promise((rest) => { setTimeout(rest, 100); });
    await draw(id);
  }
})();
