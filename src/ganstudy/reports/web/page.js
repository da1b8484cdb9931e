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

  // The plots, in the page's colours.
  const { document: plots, roots } = JSON.parse(byId("plots").textContent);
  const places = Object.fromEntries(roots.map(({ id, element }) => [id, element]));
  await Bokeh.embed.embed_items(
    { plots }, [{ docid: "plots", roots: places, root_ids: roots.map(({ id }) => id) }],
  );
  const drawn = Bokeh.documents.at(-1);
  const paint = () => {
    const [soft, line, grid, ground] = ["--soft", "--line", "--grid", "--ground"].map(style);
    const colours = {
      axis_label_text_color: soft, major_label_text_color: soft, axis_line_color: line,
      major_tick_line_color: line, grid_line_color: grid,
      background_fill_color: ground, border_fill_color: ground,
    };
    for (const model of drawn.all_models) {
      const known = Object.entries(colours).filter(([name]) => name in model.properties);
      if (known.length) model.setv(Object.fromEntries(known));
    }
  };

  // The theme: the system's until a reader chooses.
  const theme = byId("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const dress = () => {
    const chosen = document.documentElement.dataset.theme;
    theme.ariaPressed = String(chosen ? chosen === "dark" : system.matches);
    paint();
  };
  theme.addEventListener("click", () => {
    document.documentElement.dataset.theme = theme.ariaPressed === "true" ? "light" : "dark";
    dress();
  });
  system.addEventListener("change", dress);
  dress();

  // Runs that are shown: in the plots, the pictures and the table at once.
  const figures = drawn.roots();
  const keys = [...runs.rows].map((row) => row.dataset.run);
  const seen = new Set([...runs.rows].filter((row) => !row.classList.contains("off")).map((row) => row.dataset.run));
  const show = () => {
    for (const item of all("[data-run]")) {
      const hidden = !seen.has(item.dataset.run);
      if (item.localName === "tr") item.classList.toggle("off", hidden);
      else item.hidden = hidden;
    }
    for (const one of figures.flatMap((figure) => figure.renderers)) {
      if (keys.includes(one.name)) one.visible = seen.has(one.name);
    }
    for (const button of all(".chip")) {
      const on = button.dataset.runs.split(" ").filter((key) => seen.has(key)).length;
      button.ariaPressed = on ? (on < button.dataset.runs.split(" ").length ? "mixed" : "true") : "false";
    }
    byId("count").textContent = `${seen.size} of ${keys.length}`;
  };
  for (const button of all("button[data-runs]")) {
    button.addEventListener("click", () => {
      const on = button.dataset.set ? button.dataset.set === "true" : button.ariaPressed === "false";
      for (const key of button.dataset.runs.split(" ")) seen[on ? "add" : "delete"](key);
      show();
    });
  }
  show();

  // What the curves run over.
  for (const radio of all("[name=along]")) {
    radio.addEventListener("change", () => {
      for (const figure of figures.filter((one) => one.tags.includes("over"))) {
        for (const one of figure.renderers) one.glyph.x = { field: radio.value };
        figure.below[0].axis_label = radio.value === "images" ? "images shown" : "seconds of training";
      }
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
})();
