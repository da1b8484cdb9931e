"use strict";
// What pages share: images on a canvas, what is said, keys, and the theme.
const shared = (() => {
  const byId = (id) => document.getElementById(id);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const say = (text) => { byId("said").textContent = text; };

  // An image in [-1, 1] as pixels, as `ganstudy sample` rounds them.
  const draw = (canvas, image) => {
    const [channels, height, width] = image.shape;
    Object.assign(canvas, { width, height });
    const pixels = new ImageData(width, height);
    for (let i = 0; i < width * height; i++) {
      for (let c = 0; c < 3; c++) {
        pixels.data[4 * i + c] = Math.round((image.data[(c % channels) * width * height + i] + 1) * 127.5);
      }
      pixels.data[4 * i + 3] = 255;
    }
    canvas.getContext("2d").putImageData(pixels, 0, 0);
  };
  const copy = async (text, what) => {
    try {
      await navigator.clipboard.writeText(text);
      say(`${what} is in the clipboard.`);
    } catch {
      say(`The browser keeps its clipboard: ${what.toLowerCase()} can be copied from where it stands.`);
    }
  };

  // A text that is a whole number up to `most`, as such.
  const counted = (text, most, otherwise) => (/^\d+$/.test(text ?? "") && Number(text) <= most ? Number(text) : otherwise);

  // What a key does, where nobody types; a slider's arrows are its own.
  const onKeys = (acts) => document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input[type=number], input[type=text], select, textarea");
    const own = event.key.startsWith("Arrow") && event.target.closest("input");
    if (event.ctrlKey || event.metaKey || event.altKey || typing || own) return;
    const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });

  // The theme: the system's until a reader chooses.
  const theme = byId("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const dress = () => {
    const chosen = document.documentElement.dataset.theme;
    theme.ariaPressed = String(chosen ? chosen === "dark" : system.matches);
  };
  theme.addEventListener("click", () => {
    document.documentElement.dataset.theme = theme.ariaPressed === "true" ? "light" : "dark";
    dress();
  });
  system.addEventListener("change", dress);
  dress();

  return { byId, all, say, draw, copy, counted, onKeys };
})();
