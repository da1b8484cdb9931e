// Two runs side by side: params that differ, metrics with their differences, samples at one moment.
(() => {
  const place = byId("two");
  if (!place) return;
  const params = JSON.parse(byId("params").textContent);
  const choices = all("select", place);
  // At first a run and one of another loss, where there is one.
  const family = (key) => key.replace(/-\d+$/, "");
  const [start] = table.keys;
  const usual = [start, table.keys.find((key) => family(key) !== family(start)) ?? table.keys[1]];
  const cell = (name, text) => Object.assign(document.createElement(name), { textContent: text });
  const row = (head, ...texts) => {
    const line = document.createElement("tr");
    line.append(Object.assign(cell("th", head), { scope: "row" }), ...texts.map((text) => cell("td", text)));
    return line;
  };
  const cells = (key) => [...table.runs.querySelector(`[data-run="${key}"]`).cells];
  const signed = (difference) => `${difference > 0 ? "+" : ""}${Number(difference.toPrecision(3))}`;
  const better = { "↓": -1, "↑": 1 };
  const measured = (one, other) => table.headings.slice(1).map((heading, index) => {
    const pair = [cells(one)[index + 1], cells(other)[index + 1]];
    const [a, b] = pair.map((found) => parseFloat(found.dataset.value ?? "NaN"));
    const line = row(`${heading.dataset.name} ${heading.dataset.better}`.trim(),
      ...pair.map((found) => found.textContent.trim()), isNaN(b - a) ? "–" : signed(b - a));
    if ((b - a) * (better[heading.dataset.better] ?? 0) > 0) line.lastElementChild.className = "gain";
    return line;
  });
  const compare = () => {
    const [one, other] = choices.map((choice) => choice.value);
    all(".one", place).forEach((head) => { head.textContent = one; });
    all(".other", place).forEach((head) => { head.textContent = other; });
    byId("two-metrics").replaceChildren(...measured(one, other));
    const unlike = Object.keys(params[one] ?? {}).filter((name) => params[one][name] !== params[other][name]);
    byId("two-params").replaceChildren(...(unlike.length
      ? unlike.map((name) => row(name, params[one][name], params[other][name])) : [row("none", "", "")]));
    byId("two-samples").replaceChildren(...[one, other].map((key) => {
      const found = document.querySelector(`#samples figure[data-run="${key}"]`);
      if (!found) return cell("p", "");
      const copy = found.cloneNode(true);
      delete copy.dataset.run;
      copy.hidden = false;
      copy.querySelector("img").alt = `${key}: samples, beside those of the other run`;
      return copy;
    }));
    byId("two-samples").dispatchEvent(new Event("drawn", { bubbles: true }));
    state.set("two", one === usual[0] && other === usual[1] ? null : `${one} ${other}`);
  };
  const kept = (state.get("two") ?? "").split(" ");
  choices.forEach((choice, index) => {
    choice.value = table.keys.includes(kept[index]) ? kept[index] : usual[index];
    choice.addEventListener("change", compare);
  });
  compare();
})();
