// The table of metrics: its order, its columns, and what is shown of it as a file.
const table = (() => {
  const headings = all("#table thead th");
  const runs = all("#table tbody").at(-1);
  const number = (row, column) => parseFloat(row.cells[column].dataset.value ?? "NaN");

  // A heading orders the runs by its column, the better ones first, and turns the order round.
  const order = (column, way) => {
    headings.forEach((other) => { other.ariaSort = "none"; });
    headings[column].ariaSort = way;
    const before = (a, b) => {
      const [one, two] = [number(a, column), number(b, column)];
      if (isNaN(one) || isNaN(two)) return isNaN(one) - isNaN(two);  // unknown comes last
      return way === "ascending" ? one - two : two - one;
    };
    runs.append(...[...runs.rows].sort(before));
  };
  const turned = { ascending: "descending", descending: "ascending" };
  headings.forEach((heading, column) => {
    heading.firstElementChild.addEventListener("click", () => {
      const first = heading.dataset.better === "↑" ? "descending" : "ascending";
      const way = turned[heading.ariaSort] ?? first;
      order(column, way);
      state.set("sort", `${column} ${way}`);
    });
  });
  const [column, way] = (state.get("sort") ?? "").split(" ");
  if (headings[column] && turned[way]) order(Number(column), way);

  // The few columns that matter most, or all.
  const more = byId("more");
  const whole = byId("table");
  const widen = () => {
    whole.classList.toggle("whole", more.checked);
    state.set("all", more.checked ? "1" : null);
  };
  if (more) {
    more.checked = state.get("all") === "1";
    whole.classList.toggle("whole", more.checked);
    more.addEventListener("change", widen);
  }

  // What is seen now, line by line.
  const seen = () => all("#table tr").filter((row) => !row.classList.contains("off")).map(
    (row) => [...row.cells].filter((cell) => cell.checkVisibility() || cell.matches(":first-child")));
  const names = () => seen()[0].map((cell) => cell.dataset.name);
  const quoted = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const shown = (cell) => cell.dataset.name ?? cell.dataset.value ?? "";
  byId("csv").addEventListener("click", () => {
    const lines = seen().map((cells) => cells.map((cell) => quoted(shown(cell))).join(","));
    download("metrics.csv", "text/csv", `${lines.join("\n")}\n`);
  });
  byId("json").addEventListener("click", () => {
    const heads = names();
    const rows = seen().slice(1).map((cells) => Object.fromEntries(cells.map(
      (cell, index) => [heads[index], cell.dataset.name ?? (cell.dataset.value ? Number(cell.dataset.value) : null)])));
    download("metrics.json", "application/json", JSON.stringify(rows, null, 2));
  });
  return { runs, headings, keys: [...runs.rows].map((row) => row.dataset.run) };
})();
