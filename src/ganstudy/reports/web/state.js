"use strict";
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const byId = (id) => document.getElementById(id);
const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// What the reader chose is in the address behind #~, so that a link shows it again.
const state = (() => {
  const kept = new URLSearchParams(location.hash.startsWith("#~") ? location.hash.slice(2) : "");
  const write = () => {
    const text = kept.toString();
    history.replaceState(null, "", text ? `#~${text}` : "#");
  };
  return {
    get: (name) => kept.get(name),
    set: (name, value) => {
      if (kept.get(name) === value) return;
      if (value === null) kept.delete(name);
      else kept.set(name, value);
      write();
    },
  };
})();

// Links to a section leave the address to the state.
for (const link of all(".bar nav a, .skip")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    const place = document.querySelector(link.getAttribute("href"));
    place.scrollIntoView();
    place.tabIndex = -1;
    place.focus({ preventScroll: true });
  });
}

// A file that the page itself made, to keep.
const download = (name, type, text) => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
};
