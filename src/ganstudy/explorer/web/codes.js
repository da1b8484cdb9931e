"use strict";
// Codes: numbered, random, typed, between two others, and as text in a link.
const codes = (() => {
  // Uniform numbers in (0, 1) from a 32-bit seed: mulberry32 (Tommy Ettinger, public domain).
  const uniform = (seed) => () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 4294967296;
  };

  // Code `number` of a run: one of its table, else z ~ N(0, I) drawn here (Box & Muller 1958).
  const numbered = (run, number) => {
    const start = number * run.latent;
    if (start < run.table.length) return run.table.slice(start, start + run.latent);
    const next = uniform(number);
    return Float32Array.from({ length: run.latent }, () =>
      Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next()));
  };

  const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);
  const same = (a, b) => a.length === b.length && a.every((value, i) => value === b[i]);

  // (1 - t) a + t b, as the report walks; on the sphere along the arc between them (White 2016).
  const between = (a, b, t, way) => {
    let [one, other] = [1 - t, t];
    if (way === "sphere") {
      const cosine = dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
      const angle = Math.acos(Math.min(1, Math.max(-1, cosine)));
      if (Math.sin(angle) > 1e-4) [one, other] = [one, other].map((s) => Math.sin(s * angle) / Math.sin(angle));
    }
    return a.map((value, i) => one * value + other * b[i]);
  };

  // `code` with its coordinate along a unit vector moved to `value`.
  const moved = (code, direction, value) => {
    const step = value - dot(code, direction);
    return code.map((old, i) => old + step * direction[i]);
  };

  // The numbers of a text; throws what is wrong with it, in words.
  const typed = (text, latent) => {
    const parts = text.split(/[\s,;[\]()]+/).filter(Boolean);
    const wrong = parts.find((part) => !Number.isFinite(Number(part)));
    if (wrong) throw new Error(`“${wrong.slice(0, 20)}” is no number`);
    if (parts.length !== latent) throw new Error(`a code here has ${latent} numbers; these are ${parts.length}`);
    return Float32Array.from(parts, Number);
  };
  const text = (code) => [...code].map((value) => String(Number(value.toPrecision(9)))).join(", ");

  const packed = (code) => {
    const bytes = new Uint8Array(code.buffer, code.byteOffset, code.byteLength);
    return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  };
  // The code that `packed` wrote; null for anything else.
  const unpacked = (word, latent) => {
    try {
      const binary = atob(word.replaceAll("-", "+").replaceAll("_", "/"));
      const code = new Float32Array(Uint8Array.from(binary, (char) => char.charCodeAt(0)).buffer);
      return code.length === latent && code.every(Number.isFinite) ? code : null;
    } catch {
      return null;
    }
  };

  return { numbered, between, moved, dot, same, typed, text, packed, unpacked };
})();
