"use strict";
(() => {
  const { byId, all, say, copy, counted } = shared;
  const runs = all(".a-run").map((script) => JSON.parse(script.textContent));
  const fields = runs.flatMap((run) => run.fields);
  const WAIT = 120;  // ms after a stroke's last move
  const UNDONE = 30;  // strokes that can be taken back

  // Every translator of every run, and which of them take the images of a field.
  const translators = runs.flatMap((run) => run.translators.map((one) => ({
    ...one, run, called: one.name ? `${run.key}: ${one.name.replaceAll("_", " ")}` : run.key,
  })));
  const fitting = (field) => translators.filter((one) => one.given === field.field);
  const usual = (slot) => Math.min(slot, fitting(state.field).length - 1);
  const programOf = (one) => (one.network ??= engine.unpacked(one.program));

  // State: the field, the number of a test image or null where the picture is the reader's own, and
  // which of the fitting translators each panel shows.
  const state = { field: fields[0], number: 0, panels: [] };
  const given = byId("given");
  const paper = given.getContext("2d", { willReadFrequently: true });
  const places = all(".made");

  // Test image `number` of a field, or of its answers, in [-1, 1].
  const stored = (from, number) => {
    from.pixels ??= Uint8Array.from(atob(from.bytes), (letter) => letter.charCodeAt(0));
    const [channels, height, width] = from.shape;
    const area = height * width;
    const data = Float32Array.from({ length: channels * area }, (_, i) =>
      from.pixels[(number * area + (i % area)) * channels + Math.floor(i / area)] * (2 / 255) - 1);
    return { data, shape: from.shape };
  };
  // What is on the paper, as the network sees it: in colour, or by its luma (ITU-R 601-2).
  const seen = () => {
    const [channels, height, width] = state.field.shape;
    const { data: pixels } = paper.getImageData(0, 0, width, height);
    const area = height * width;
    const value = (i, c) => (channels === 1
      ? Math.round((299 * pixels[4 * i] + 587 * pixels[4 * i + 1] + 114 * pixels[4 * i + 2]) / 1000)
      : pixels[4 * i + c]);
    const data = Float32Array.from({ length: channels * area }, (_, i) =>
      value(i % area, Math.floor(i / area)) * (2 / 255) - 1);
    return { data, shape: state.field.shape };
  };

  const link = () => {
    const found = new URLSearchParams({ field: state.field.field });
    if (state.number !== null) found.set("n", state.number);
    fitting(state.field).forEach((_, slot) => {
      if (slot < places.length) found.set(`made${slot + 1}`, fitting(state.field)[state.panels[slot]].called);
    });
    return found.toString();
  };
  const follow = (text) => {
    const said = new URLSearchParams(text);
    const lost = [];
    const named = said.get("field");
    const field = fields.find((one) => one.field === named);
    if (named !== null && !field) lost.push(`the field ${named}`);
    state.field = field ?? fields[0];
    state.number = counted(said.get("n"), state.field.count - 1, 0);
    state.panels = places.map((_, slot) => {
      const called = said.get(`made${slot + 1}`);
      const index = fitting(state.field).findIndex((one) => one.called === called);
      if (called !== null && index < 0) lost.push(called);
      return index < 0 ? usual(slot) : index;
    });
    return lost;
  };

  const compute = () => {
    const picture = seen();
    places.forEach((place, slot) => {
      if (place.hidden) return;
      const one = fitting(state.field)[state.panels[slot]];
      const program = programOf(one);
      const began = performance.now();
      const made = engine.run(program, picture);
      const took = performance.now() - began;
      shared.draw(place.querySelector("canvas"), made);
      place.querySelector("canvas").setAttribute("aria-label", `${byId("origin").textContent}, by ${one.called}`);
      place.dataset.ms = took;
      place.querySelector(".took").textContent = `Computed in ${Math.max(1, Math.round(took))} ms.`;
    });
  };
  // All but the paper: what is chosen, offered and said.
  const arrange = () => {
    const { field, number } = state;
    const fit = fitting(field);
    byId("field").value = field.field;
    byId("number").max = field.count - 1;
    byId("number").value = number ?? "";
    byId("origin").textContent = number === null ? "Your own picture" : `Test image ${number}`;
    byId("undo").disabled = strokes.length === 0;
    const answered = number !== null && field.answer !== null;
    byId("answer").hidden = !answered;
    if (answered) shared.draw(byId("answer").querySelector("canvas"), stored(field.answer, number));
    places.forEach((place, slot) => {
      place.hidden = slot >= fit.length;
      if (place.hidden) return;
      const one = fit[state.panels[slot]];
      const [picker, failed] = [place.querySelector("select"), place.querySelector(".failed")];
      picker.replaceChildren(...fit.map((other) => new Option(other.called)));
      picker.selectedIndex = state.panels[slot];
      place.style.setProperty("--ink-of", one.run.colour);
      failed.hidden = !one.run.failure;
      failed.textContent = one.run.failure ? "failed" : "";
      failed.title = one.run.failure ?? "";
      const folder = fields.length > 1 ? `${field.field}=PICTURES` : "PICTURES";
      place.querySelector("code").textContent = `$ ganstudy sample --run ${one.run.key} --given ${folder} --out MADE`;
    });
    for (const [index, button] of all("#others button").entries()) button.ariaCurrent = String(index === number);
    history.replaceState(null, "", `#${link()}`);
  };
  const strip = () => byId("others").replaceChildren(...Array.from({ length: state.field.count }, (_, number) => {
    const [item, button, canvas] = ["li", "button", "canvas"].map((name) => document.createElement(name));
    shared.draw(canvas, stored(state.field, number));
    canvas.setAttribute("aria-hidden", "true");
    Object.assign(button, { type: "button", ariaLabel: `Test image ${number}` });
    button.addEventListener("click", () => choose(number));
    button.append(canvas);
    item.append(button);
    return item;
  }));

  // What the paper had before each stroke; where the pen is, and when what it drew is computed.
  const strokes = [];
  let last = null;
  let waiting = 0;
  const keep = () => {
    strokes.push({ image: paper.getImageData(0, 0, given.width, given.height), number: state.number });
    if (strokes.length > UNDONE) strokes.shift();
  };
  const choose = (number) => {
    state.number = Math.min(state.field.count - 1, Math.max(0, Math.round(number) || 0));
    strokes.length = 0;
    last = null;  // of a stroke under way
    clearTimeout(waiting);
    shared.draw(given, stored(state.field, state.number));
    arrange();
    compute();
    say("");
  };
  const random = () => choose(Math.floor(Math.random() * state.field.count));
  // What is on the paper is the reader's own, or else test image `number`.
  const drawn = (text, number = null) => {
    state.number = number;
    arrange();
    compute();
    say(text);
  };

  // A picture of the reader's: its middle square, on white.
  const take = async (file) => {
    let picture;
    try {
      picture = await createImageBitmap(file);
    } catch {
      say(`“${file.name}” is no picture that this browser reads.`);
      return;
    }
    keep();
    const { width, height } = given;
    const scale = Math.min(picture.width / width, picture.height / height);
    const [across, down] = [width * scale, height * scale];
    paper.fillStyle = "#ffffff";
    paper.fillRect(0, 0, width, height);
    paper.imageSmoothingEnabled = scale !== 1;
    paper.imageSmoothingQuality = "high";
    paper.drawImage(picture, (picture.width - across) / 2, (picture.height - down) / 2, across, down, 0, 0, width, height);
    drawn(`“${file.name}” stays on this machine, and is not in the link.`);
  };

  // The pen.
  const at = (event) => {
    const box = given.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * given.width, ((event.clientY - box.top) / box.height) * given.height];
  };
  const stroke = (event) => {
    const here = at(event);
    Object.assign(paper, { strokeStyle: byId("ink").value, lineWidth: byId("width").value, lineCap: "round" });
    paper.beginPath();
    paper.moveTo(...last);
    paper.lineTo(...here);
    paper.stroke();
    last = here;
    clearTimeout(waiting);
    waiting = setTimeout(compute, WAIT);
  };
  given.addEventListener("pointerdown", (event) => {
    if (event.button || !event.isPrimary) return;
    keep();
    given.setPointerCapture(event.pointerId);
    last = at(event);
    stroke(event);
  });
  given.addEventListener("pointermove", (event) => { if (last && event.isPrimary) stroke(event); });
  for (const name of ["pointerup", "pointercancel"]) {
    given.addEventListener(name, () => {
      if (!last) return;
      last = null;
      clearTimeout(waiting);
      drawn("Drawn here: not in the link.");
    });
  }
  byId("blank").addEventListener("click", () => {
    keep();
    paper.fillStyle = "#ffffff";
    paper.fillRect(0, 0, given.width, given.height);
    drawn("");
  });
  byId("undo").addEventListener("click", () => {
    const { image, number } = strokes.pop();
    paper.putImageData(image, 0, 0);
    drawn("", number);
    if (strokes.length === 0) byId("blank").focus();  // a disabled button loses the focus
  });

  byId("field").addEventListener("change", (event) => {
    state.field = fields[event.target.selectedIndex];
    state.panels = places.map((_, slot) => usual(slot));
    strip();
    choose(0);
  });
  byId("number").addEventListener("change", (event) => choose(Number(event.target.value)));
  byId("previous").addEventListener("click", () => choose((state.number ?? 1) - 1));
  byId("next").addEventListener("click", () => choose((state.number ?? -1) + 1));
  byId("random").addEventListener("click", random);
  byId("open").addEventListener("click", () => byId("file").click());
  byId("file").addEventListener("change", ({ target }) => {
    if (target.files.length) take(target.files[0]);
    target.value = "";
  });
  byId("link").addEventListener("click", () => copy(location.href, "The link, which also stands in the address bar,"));
  for (const name of ["dragenter", "dragover"]) {
    document.addEventListener(name, (event) => { event.preventDefault(); document.body.classList.add("dropping"); });
  }
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) document.body.classList.remove("dropping");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("dropping");
    const [file] = event.dataTransfer.files;
    if (file) take(file);
    else say("What was dropped is no file: save the picture first, then drop that.");
  });
  document.addEventListener("paste", (event) => { if (event.clipboardData.files.length) take(event.clipboardData.files[0]); });
  places.forEach((place, slot) => {
    place.querySelector("select").addEventListener("change", (event) => {
      state.panels[slot] = event.target.selectedIndex;
      arrange();
      compute();
    });
    place.querySelector(".save").addEventListener("click", () => {
      const one = fitting(state.field)[state.panels[slot]];
      const file = document.createElement("a");
      file.download = `${one.run.key}-${state.number === null ? "own" : `test-${state.number}`}.png`;
      file.href = place.querySelector("canvas").toDataURL("image/png");
      file.click();
    });
  });
  shared.onKeys({ r: random, ArrowLeft: () => byId("previous").click(), ArrowRight: () => byId("next").click() });

  // A link that the page was opened with, or that is put into the address bar later; a section of
  // the page is none, nor is what is shown, and both leave all as it is.
  const arrive = (text) => {
    const lost = follow(text);
    strip();
    choose(state.number);
    if (lost.length) say(`This page does not have all that the link names: ${lost.join(", ")}.`);
  };
  byId("field").replaceChildren(...fields.map((one) => new Option(one.field)));
  byId("field").parentElement.hidden = fields.length === 1;
  const hash = () => (location.hash.includes("=") ? location.hash.slice(1) : "");
  window.addEventListener("hashchange", () => {
    if (hash() && hash() !== link()) arrive(hash());
    else arrange();  // so that the address is the link again
  });
  arrive(hash());
})();
