"use strict";
(() => {
  const { byId, all, say, copy, counted } = shared;
  const whole = JSON.parse(byId("whole").textContent);
  const runs = all(".a-run").map((script) => JSON.parse(script.textContent));
  const MOST = Number(byId("number").max);
  const REACH = 4;  // of sliders, in standard deviations
  const KEPT = 40;  // entries of the strip
  const [TURN, SPEED] = [34, 40];  // degrees of a solid at first, and a second when it turns by itself

  for (const run of runs) {
    run.table = engine.numbers(run.codes);
    const flat = engine.numbers(run.directions);
    run.vectors = run.shares.map((_, k) => flat.subarray(k * run.latent, (k + 1) * run.latent));
  }
  // Weights are unpacked when a run is first shown.
  const ready = (run) => {
    if (!run.network) {
      run.network = engine.unpacked(run.generator);
      run.critic = run.judged && engine.unpacked(run.judged.program);
    }
    return run;
  };

  // The words of a text as a run reads them: the tokens of those that it knows, and the others.
  const read = (run, text) => {
    const words = text.toLowerCase().match(/[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu) ?? [];
    run.number ??= new Map(run.words.vocabulary.map((word, index) => [word, index + 1]));
    return {
      tokens: words.filter((word) => run.number.has(word)).map((word) => run.number.get(word)),
      unknown: words.filter((word) => !run.number.has(word)),
    };
  };
  const reads = (run, text) => {
    const { length } = read(run, text).tokens;
    return length > 0 && length <= run.words.length;
  };
  const firstText = (run) => run.words?.texts[run.words.held[0] ?? 0] ?? "";
  // What a panel's networks are told beside code or image.
  const told = (panel) => (runOf(panel).words ? read(runOf(panel), panel.text).tokens : panel.label);

  // State: what is shown. A code is never changed in place, so that states may share it. An end of a
  // walk is a number, or what was shown once: { number: null, codes }.
  const state = { number: 0, panels: [], from: null, to: null, at: 0, way: "straight", turn: TURN };
  const runOf = (panel) => runs[panel.run];
  const end = (number) => ({ number, codes: state.panels.map((panel) => codes.numbered(runOf(panel), number)) });
  const places = all(".generator");
  state.panels = places.map((_, run) => (
    { run, label: 0, text: firstText(runs[run]), code: codes.numbered(runs[run], 0) }));
  [state.from, state.to] = [end(0), end(1)];

  // The link: all that a state is.
  const link = () => {
    const found = new URLSearchParams({ n: state.number });
    state.panels.forEach((panel, slot) => {
      const run = runOf(panel);
      found.set(`run${slot + 1}`, run.key);
      if (run.classes) found.set(`class${slot + 1}`, panel.label);
      if (run.words) found.set(`text${slot + 1}`, panel.text);
      if (!isNumbered(panel)) found.set(`code${slot + 1}`, codes.packed(panel.code));
    });
    for (const name of ["from", "to"]) {
      const { number, codes: own } = state[name];
      found.set(name, number ?? own.map((code) => `.${codes.packed(code)}`).join(""));
    }
    if (state.at) found.set("at", state.at);
    if (state.way !== "straight") found.set("way", state.way);
    if (state.turn !== TURN) found.set("turn", state.turn);
    return found.toString();
  };
  const isNumbered = (panel) => codes.same(panel.code, codes.numbered(runOf(panel), state.number));

  // Takes over what a link says, as far as this page has it; returns what it has not.
  const follow = (text) => {
    const said = new URLSearchParams(text);
    const lost = [];
    state.number = counted(said.get("n"), MOST, 0);
    state.panels.forEach((panel, slot) => {
      const key = said.get(`run${slot + 1}`);
      const index = runs.findIndex((run) => run.key === key);
      if (index >= 0) panel.run = index;
      else if (key !== null) lost.push(`the run ${key}`);
      const run = runOf(panel);
      panel.label = counted(said.get(`class${slot + 1}`), run.classes - 1, 0);
      const text = said.get(`text${slot + 1}`);
      const readable = run.words && text !== null && reads(run, text);
      if (text !== null && !readable) lost.push(`the words “${text}”`);
      panel.text = readable ? text : firstText(run);
      const word = said.get(`code${slot + 1}`);
      const own = word === null ? null : codes.unpacked(word, run.latent);
      if (word !== null && !own) lost.push(`its code of ${run.key}`);
      panel.code = own ?? codes.numbered(run, state.number);
    });
    for (const [name, usual] of [["from", 0], ["to", 1]]) {
      const words = (said.get(name) ?? "").split(".").slice(1);
      const own = state.panels.map((panel, slot) => codes.unpacked(words[slot] ?? "", runOf(panel).latent));
      state[name] = words.length && own.every(Boolean)
        ? { number: null, codes: own } : end(counted(said.get(name), MOST, usual));
    }
    const at = Number(said.get("at"));
    state.at = at >= 0 && at <= 1 ? at : 0;
    state.way = said.get("way") === "sphere" ? "sphere" : "straight";
    state.turn = counted(said.get("turn"), 359, TURN);
    return lost;
  };

  const percent = (share) => `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`;
  const signed = (value, digits) => `${value < 0 ? "−" : ""}${Math.abs(value).toFixed(digits)}`;

  // A panel's controls: `moves` are its sliders, each with the direction along which it moves.
  const slider = (panel, slot, box, name, share, direction) => {
    const id = `move-${slot}-${box.children.length}-${box.className.split(" ").at(-1)}`;
    const label = document.createElement("label");
    const part = document.createElement("span");
    const input = document.createElement("input");
    const output = document.createElement("output");
    Object.assign(label, { htmlFor: id, textContent: `${name} ` });
    Object.assign(part, { className: "share", textContent: percent(share), title: "of all change" });
    Object.assign(input, { type: "range", min: -REACH, max: REACH, step: 0.1, id });
    output.htmlFor = id;
    label.append(part);
    box.append(label, input, output);
    input.addEventListener("input", () => {
      panel.code = codes.moved(panel.code, direction(), Number(input.value));
      show(slot);
    });
    input.addEventListener("change", settle);
    return () => {
      const value = codes.dot(panel.code, direction());
      if (document.activeElement !== input || Math.abs(input.value - value) > 0.051) input.value = value;
      output.value = signed(value, 1);
      input.setAttribute("aria-valuetext", `${name}: ${signed(value, 1)}`);
    };
  };
  const arrange = (slot) => {
    const [place, panel] = [places[slot], state.panels[slot]];
    const run = ready(runOf(panel));
    const find = (selector) => place.querySelector(selector);
    place.style.setProperty("--ink-of", run.colour);
    find(".run").selectedIndex = panel.run;
    find(".failed").hidden = !run.failure;
    find(".failed").textContent = run.failure ? "failed" : "";
    find(".failed").title = run.failure ?? "";
    const [directions, dimensions] = [find(".directions"), find(".dimensions")];
    directions.replaceChildren();
    dimensions.replaceChildren();
    const order = [...run.dimensions.keys()].sort((a, b) => run.dimensions[b] - run.dimensions[a]);
    const unit = (index) => Float32Array.from({ length: run.latent }, (_, i) => Number(i === index));
    panel.moves = [
      ...run.vectors.map((vector, k) =>
        slider(panel, slot, directions, `Direction ${k + 1}`, run.shares[k], () => vector)),
      ...order.map((index) => {
        const vector = unit(index);
        return slider(panel, slot, dimensions, `z${index}`, run.dimensions[index], () => vector);
      }),
    ];
    find(".all > summary").textContent = `Single dimensions of the code (${run.latent})`;
    const picker = find(".class select");
    const names = whole.classes ?? Array.from({ length: run.classes }, (_, i) => String(i));
    picker.replaceChildren(...names.slice(0, run.classes).map((name) => new Option(name)));
    find(".class").hidden = !run.classes;
    find(".words").hidden = find(".read").hidden = !run.words;
    find("datalist").replaceChildren(...(run.words?.texts ?? []).map((text) => new Option(text)));
    find(".score").hidden = find(".place").hidden = !run.critic;
    find(".none").hidden = Boolean(run.critic);
    find(".none").textContent = `No D was trained with this generator, but an ${run.companion}.`;
    panel.arranged = panel.run;
  };

  // D's scores on a line: of real images above it, of the run's own below, of this one across.
  const mark = (svg, { made, real }, score) => {
    const every = [...made, ...real, score];
    const [low, high] = [Math.min(...every), Math.max(...every)];
    svg.setAttribute("viewBox", "0 0 100 40");
    const line = (kind, value, from, to) => {
      const found = document.createElementNS("http://www.w3.org/2000/svg", "line");
      const x = 1 + (98 * (value - low)) / (high - low || 1);
      for (const [name, at] of Object.entries({ x1: x, x2: x, y1: from, y2: to, class: kind })) found.setAttribute(name, at);
      return found;
    };
    const axis = line("axis", low, 20, 20);
    axis.setAttribute("x2", 99);
    svg.replaceChildren(axis, ...real.map((value) => line("real", value, 6, 18)),
      ...made.map((value) => line("made", value, 22, 34)), line("here", score, 0, 40));
  };
  // What a panel's generator made, on its canvas: a solid as it is turned.
  const look = (slot) => {
    const [canvas, { made }] = [places[slot].querySelector("canvas"), state.panels[slot]];
    if (made.shape.length === 4) solids.draw(canvas, made, (state.turn * Math.PI) / 180);
    else shared.draw(canvas, made);
  };
  const origin = (panel) => {
    if (!isNumbered(panel)) return "A code of its own";
    return `Code ${state.number}${state.number < whole.numbered ? ` of seed ${whole.seed}` : ", drawn here"}`;
  };

  const compute = (slot) => {
    const [place, panel] = [places[slot], state.panels[slot]];
    const find = (selector) => place.querySelector(selector);
    if (panel.arranged !== panel.run) arrange(slot);
    const run = runOf(panel);
    const began = performance.now();
    const image = engine.run(run.network, { data: panel.code, shape: [run.latent] }, told(panel));
    const took = performance.now() - began;
    panel.made = image;
    look(slot);
    const numbered = isNumbered(panel);
    const named = run.words ? `, ${panel.text}`
      : run.classes ? `, ${find(".class select").options[panel.label].textContent}` : "";
    find("canvas").setAttribute("aria-label", `${run.key}: ${origin(panel)}${named}`);
    find(".origin").textContent = origin(panel);
    find(".back").hidden = numbered;
    find(".back").textContent = `Back to code ${state.number}`;
    const cells = image.shape.length === 4 ? `${solids.full(image)} of ${image.data.length} cells are full. ` : "";
    find(".took").textContent = `${cells}Computed in ${Math.max(1, Math.round(took))} ms.`;
    place.dataset.ms = took;
    if (run.critic) {
      const score = engine.run(run.critic, image, told(panel)).data[0];
      const above = (scores) => `${scores.filter((other) => other < score).length} of ${scores.length}`;
      find(".value").value = signed(score, 2);
      find(".value").dataset.score = score;
      find(".place").textContent = `Above ${above(run.judged.made)} of its own samples (below the line) and ${
        above(run.judged.real)} real test images (above it).`;
      mark(find(".scale"), run.judged, score);
    }
    find(".class select").selectedIndex = run.classes ? panel.label : -1;
    if (run.words) {
      if (document.activeElement !== find(".words input")) find(".words input").value = panel.text;
      const { unknown } = read(run, panel.text);
      const held = run.words.held.some((place) => run.words.texts[place] === panel.text);
      find(".read").textContent = [
        held ? "These words were never learnt together." : "",
        unknown.length ? `Unknown, and left out: ${unknown.join(", ")}.` : "",
      ].filter(Boolean).join(" ");
    }
    for (const refresh of panel.moves) refresh();
    if (document.activeElement !== find(".typed")) find(".typed").value = codes.text(panel.code);
    find(".wrong").hidden = true;
    find(".command").hidden = !numbered || state.number >= whole.numbered;
    find(".image").textContent = `${state.number}`;
    const label = run.words ? ` --text "${panel.text.replaceAll(/["$`\\]/g, "")}"` : run.classes ? ` --label ${panel.label}` : "";
    find(".command code").textContent =
      `$ ganstudy sample --run ${run.run} --seed ${whole.seed} --count ${state.number + 1}${label} --out ${run.run}.npz`;
  };

  // What is to be drawn anew at the next frame; a slider may move several times before.
  const stale = new Set();
  let frame = 0;
  const paint = () => {
    frame = 0;
    for (const slot of stale) compute(slot);
    stale.clear();
    byId("number").value = state.number;
    if (byId("turn")) sayTurn();
    for (const name of ["from", "to"]) {
      byId(name).value = state[name].number ?? "";
      byId(name).placeholder = "shown";
    }
    byId("at").value = state.at;
    byId("reached").value = state.at.toFixed(2);
    byId("at").setAttribute("aria-valuetext", `${Math.round(100 * state.at)} % of the way`);
    document.querySelector(`[name=way][value=${state.way}]`).checked = true;
  };
  const show = (...slots) => {
    for (const slot of slots.length ? slots : state.panels.keys()) stale.add(slot);
    frame ||= requestAnimationFrame(paint);
  };

  // The strip: each entry is a link and the images it shows.
  const entries = [];
  const current = () => {
    const here = link();
    for (const entry of entries) entry.button.ariaCurrent = String(entry.link === here);
  };
  const remember = () => {
    const here = link();
    if (entries.some((entry) => entry.link === here)) return current();
    const button = document.createElement("button");
    const thumbs = document.createElement("span");
    const label = document.createElement("span");
    const numbered = state.panels.every(isNumbered);
    label.textContent = numbered ? state.number : "own";
    thumbs.className = "thumbs";
    for (const canvas of all(".view canvas")) {
      const copy = document.createElement("canvas");
      Object.assign(copy, { width: canvas.width, height: canvas.height });
      copy.getContext("2d").drawImage(canvas, 0, 0);
      copy.setAttribute("aria-hidden", "true");
      thumbs.append(copy);
    }
    button.type = "button";
    button.append(thumbs, label);
    button.setAttribute("aria-label", `Return to ${numbered ? `code ${state.number}` : "a code of its own"}, shown ${entries.length + 1}.`);
    button.addEventListener("click", () => { follow(here); show(); settle(); });
    const item = document.createElement("li");
    item.append(button);
    byId("past").prepend(item);
    byId("empty").hidden = true;
    entries.push({ link: here, button });
    if (entries.length > KEPT) entries.shift().button.parentElement.remove();
    return current();
  };
  // After a choice is made: the images are drawn, the link and the strip follow.
  const settle = () => {
    if (frame) {
      cancelAnimationFrame(frame);
      paint();
    }
    history.replaceState(null, "", `#${link()}`);
    remember();
    say("");
  };

  const choose = (number) => {
    state.number = Math.min(MOST, Math.max(0, Math.round(number) || 0));
    for (const panel of state.panels) panel.code = codes.numbered(runOf(panel), state.number);
    show();
    settle();
  };
  const walk = () => {
    state.panels.forEach((panel, slot) => {
      panel.code = codes.between(state.from.codes[slot], state.to.codes[slot], state.at, state.way);
    });
    show();
  };
  const random = () => choose(Math.floor(Math.random() * (MOST + 1)));
  byId("number").addEventListener("change", (event) => choose(Number(event.target.value)));
  byId("previous").addEventListener("click", () => choose(state.number - 1));
  byId("next").addEventListener("click", () => choose(state.number + 1));
  byId("random").addEventListener("click", random);
  byId("link").addEventListener("click", () => copy(location.href, "The link, which also stands in the address bar,"));
  byId("at").addEventListener("input", (event) => { state.at = Number(event.target.value); walk(); });
  byId("at").addEventListener("change", settle);
  for (const name of ["from", "to"]) {
    byId(name).addEventListener("change", (event) => {
      state[name] = end(counted(event.target.value, MOST, 0));
      walk();
      settle();
    });
    byId(`take-${name}`).addEventListener("click", () => {
      state[name] = { number: null, codes: state.panels.map((panel) => panel.code) };
      state.at = name === "from" ? 0 : 1;
      show();
      settle();
    });
  }
  for (const radio of all("[name=way]")) {
    radio.addEventListener("change", () => { state.way = radio.value; walk(); settle(); });
  }
  places.forEach((place, slot) => {
    const panel = state.panels[slot];
    const find = (selector) => place.querySelector(selector);
    find(".run").addEventListener("change", (event) => {
      const before = runOf(panel);
      const numbered = isNumbered(panel);
      panel.run = event.target.selectedIndex;
      const run = runOf(panel);
      if (numbered || run.latent !== before.latent) panel.code = codes.numbered(run, state.number);
      panel.label = Math.min(panel.label, Math.max(0, run.classes - 1));
      if (run.words && !reads(run, panel.text)) panel.text = firstText(run);
      for (const one of [state.from, state.to]) {
        if (one.number !== null || run.latent !== before.latent) one.codes[slot] = codes.numbered(run, one.number ?? 0);
      }
      show(slot);
      settle();
    });
    find(".words input").addEventListener("input", (event) => {
      const [run, text] = [runOf(panel), event.target.value.trim()];
      const fine = reads(run, text);
      event.target.setCustomValidity(fine ? "" : "no word that is known");
      if (fine) {
        panel.text = text;
        show(slot);
      } else {
        const known = run.words.vocabulary.slice(0, 8).join(", ");
        find(".read").textContent = read(run, text).tokens.length
          ? `At most ${run.words.length} words that it knows.` : `No word of this is known; some are: ${known}.`;
      }
    });
    find(".words input").addEventListener("change", settle);
    find(".class select").addEventListener("change", (event) => {
      panel.label = event.target.selectedIndex;
      show(slot);
      settle();
    });
    find(".back").addEventListener("click", () => {
      panel.code = codes.numbered(runOf(panel), state.number);
      show(slot);
      settle();
      find(".save").focus();
    });
    find(".use").addEventListener("click", () => {
      try {
        panel.code = codes.typed(find(".typed").value, runOf(panel).latent);
        show(slot);
        settle();
      } catch (error) {
        find(".wrong").textContent = error.message;
        find(".wrong").hidden = false;
      }
    });
    find(".copy").addEventListener("click", () => copy(codes.text(panel.code), "The code"));
    find(".save").addEventListener("click", () => {
      const run = runOf(panel);
      const name = isNumbered(panel) ? `code-${state.number}` : "own-code";
      const file = document.createElement("a");
      file.download = `${run.key}-${name}${run.classes ? `-class-${panel.label}` : ""}.png`;
      file.href = find("canvas").toDataURL("image/png");
      file.click();
    });
  });
  const sayTurn = () => {
    byId("turn").value = state.turn;
    byId("turned").value = `${state.turn}°`;
  };
  // Solids turn: by the slider, by dragging them, or by themselves.
  const turnTo = (degrees) => {
    state.turn = ((Math.round(degrees) % 360) + 360) % 360;
    sayTurn();
    for (const slot of places.keys()) if (state.panels[slot].made) look(slot);
  };
  const turning = () => {
    let [angle, before] = [state.turn, performance.now()];
    const step = (now) => {
      if (byId("spin").ariaPressed !== "true") return settle();
      if (Math.round(angle) % 360 !== state.turn) angle = state.turn;  // a hand has turned it
      angle += (SPEED * (now - before)) / 1000;
      before = now;
      turnTo(angle);
      return requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  };
  if (byId("turn")) {
    byId("turn").addEventListener("input", (event) => turnTo(Number(event.target.value)));
    byId("turn").addEventListener("change", settle);
    byId("spin").addEventListener("click", ({ target }) => {
      target.ariaPressed = String(target.ariaPressed !== "true");
      if (target.ariaPressed === "true") turning();
    });
    for (const canvas of all(".view canvas")) {
      let last = null;
      canvas.addEventListener("pointerdown", (event) => {
        if (event.button || !event.isPrimary) return;
        canvas.setPointerCapture(event.pointerId);
        last = event.clientX;
      });
      canvas.addEventListener("pointermove", (event) => {
        if (last === null) return;
        turnTo(state.turn + (event.clientX - last) / 2);
        last = event.clientX;
      });
      for (const name of ["pointerup", "pointercancel"]) {
        canvas.addEventListener(name, () => { if (last !== null) settle(); last = null; });
      }
    }
  }
  shared.onKeys({ r: random, ArrowLeft: () => choose(state.number - 1), ArrowRight: () => choose(state.number + 1) });

  // A link that the page was opened with, or that is put into the address bar later; a section of
  // the page is none, and leaves all as it is.
  const arrive = () => {
    const text = location.hash.slice(1);
    const lost = text.includes("=") ? follow(text) : [];
    show();
    settle();
    if (lost.length) say(`This page does not have all that the link names: ${lost.join(", ")}.`);
  };
  window.addEventListener("hashchange", arrive);
  arrive();
})();
