"use strict";
// Computes a network from its steps, on one sample: a value is { data: Float32Array, shape }.
const engine = (() => {
  const bytes = (text) => {
    const binary = atob(text);
    const found = new Uint8Array(binary.length);
    for (let i = 0; i < found.length; i++) found[i] = binary.charCodeAt(i);
    return found;
  };

  let halves;  // every float16 as a float32
  const widened = () => {
    const table = new Float32Array(65536);
    for (let bits = 0; bits < 65536; bits++) {
      const [exponent, fraction] = [(bits >> 10) & 31, (bits & 1023) / 1024];
      const size = exponent ? (1 + fraction) * 2 ** (exponent - 15) : fraction * 2 ** -14;
      table[bits] = bits & 0x8000 ? -size : size;
    }
    return table;
  };
  const numbers = (packed) => {
    if (packed.f4) return new Float32Array(bytes(packed.f4).buffer);
    halves ??= widened();
    return Float32Array.from(new Uint16Array(bytes(packed.f2).buffer), (bits) => halves[bits]);
  };

  const elements = (shape) => shape.reduce((a, b) => a * b, 1);
  const area = ({ shape }) => elements(shape.slice(1));  // positions of a channel

  // weight (rows × depth) times x (depth × columns); the innermost loop runs along memory.
  const product = (weight, x, rows, depth, columns) => {
    const out = new Float32Array(rows * columns);
    for (let row = 0; row < rows; row++) {
      const [to, from] = [row * columns, row * depth];
      let d = 0;
      for (; d + 3 < depth; d += 4) {
        const [a, b, c, e] = [weight[from + d], weight[from + d + 1], weight[from + d + 2], weight[from + d + 3]];
        const [p, q, r, s] = [d * columns, (d + 1) * columns, (d + 2) * columns, (d + 3) * columns];
        for (let j = 0; j < columns; j++) {
          out[to + j] += a * x[p + j] + b * x[q + j] + c * x[r + j] + e * x[s + j];
        }
      }
      for (; d < depth; d++) {
        for (let j = 0; j < columns; j++) out[to + j] += weight[from + d] * x[d * columns + j];
      }
    }
    return out;
  };
  const shifted = (data, bias, columns) => {
    if (bias) for (let i = 0; i < data.length; i++) data[i] += bias[Math.floor(i / columns)];
    return data;
  };

  // Sides of a map or a kernel as (depth, rows, columns); images have a depth of 1.
  const deep = (sides, fill) => [...Array(3 - sides.length).fill(fill), ...sides];

  // Calls visit(row of the kernel's matrix, large, small, count, stride) for every run of positions
  // of the small map, from `small` on, where a cell of the kernel meets the large one: there from
  // `large` on, `stride` apart.
  const meet = (step, channels, large, small, visit) => {
    const [kz_, ky_, kx_] = deep(step.kernel, 1);
    const [strideZ, strideY, strideX] = deep(step.stride, 1);
    const [padZ, padY, padX] = deep(step.padding, 0);
    const [depth, height, width] = deep(large, 1);
    const [layers, rows, columns] = deep(small, 1);
    let row = 0;
    for (let channel = 0; channel < channels; channel++) {
      for (let kz = 0; kz < kz_; kz++) {
        for (let ky = 0; ky < ky_; ky++) {
          for (let kx = 0; kx < kx_; kx++, row++) {
            const first = Math.max(0, Math.ceil((padX - kx) / strideX));
            const count = Math.min(columns, Math.floor((width - 1 + padX - kx) / strideX) + 1) - first;
            if (count <= 0) continue;
            for (let sz = 0; sz < layers; sz++) {
              const z = sz * strideZ - padZ + kz;
              if (z < 0 || z >= depth) continue;
              for (let sy = 0; sy < rows; sy++) {
                const y = sy * strideY - padY + ky;
                if (y < 0 || y >= height) continue;
                const from = ((channel * depth + z) * height + y) * width + first * strideX - padX + kx;
                visit(row, from, (sz * rows + sy) * columns + first, count, strideX);
              }
            }
          }
        }
      }
    }
  };

  // A map of other sides: `taps` gives the places [index, weight] that the value at a position is made
  // of, which is counted in pixels of x, from the edge of its first to where the new pixel begins.
  const resized = (x, sides, taps) => {
    const [channels, ...old] = x.shape;
    const [rows, columns] = sides.map((side, i) => Array.from({ length: side }, (_, at) =>
      taps((at * old[i]) / side, old[i] / side).map(([index, weight]) => [Math.min(old[i] - 1, Math.max(0, index)), weight])));
    const data = new Float32Array(channels * rows.length * columns.length);
    let to = 0;
    for (let channel = 0; channel < channels; channel++) {
      for (const row of rows) {
        for (const column of columns) {
          for (const [y, a] of row) {
            for (const [x_, b] of column) data[to] += a * b * x.data[(channel * old[0] + y) * old[1] + x_];
          }
          to++;
        }
      }
    }
    return { data, shape: [channels, ...sides] };
  };
  // Cubic convolution (Keys 1981) with torch's a, between centres of pixels.
  const CUBIC = -0.75;
  const near = (t) => ((CUBIC + 2) * t - (CUBIC + 3)) * t * t + 1;  // a tap at distance t < 1
  const far = (t) => ((CUBIC * t - 5 * CUBIC) * t + 8 * CUBIC) * t - 4 * CUBIC;  // at 1 < t < 2
  const cubic = (position, step) => {
    const centre = position + step / 2 - 0.5;
    const first = Math.floor(centre);
    const t = centre - first;
    return [[first - 1, far(t + 1)], [first, near(t)], [first + 1, near(1 - t)], [first + 2, far(2 - t)]];
  };

  const pointwise = (one, of) => ({ data: one.data.map(of), shape: one.shape });
  const steps = {
    linear({ weight, bias }, [x]) {
      const depth = x.data.length;
      const rows = weight.length / depth;
      const data = new Float32Array(rows);
      for (let row = 0; row < rows; row++) {
        let sum = bias ? bias[row] : 0;
        for (let d = 0; d < depth; d++) sum += weight[row * depth + d] * x.data[d];
        data[row] = sum;
      }
      return { data, shape: [rows] };
    },
    convolution(step, [x]) {
      const [channels, ...large] = x.shape;
      const small = large.map((side, i) =>
        Math.floor((side + 2 * step.padding[i] - step.kernel[i]) / step.stride[i]) + 1);
      const columns = elements(small);
      const depth = channels * elements(step.kernel);
      const seen = new Float32Array(depth * columns);
      meet(step, channels, large, small, (row, from, to, count, stride) => {
        for (let i = 0; i < count; i++) seen[row * columns + to + i] = x.data[from + i * stride];
      });
      const data = product(step.weight, seen, step.outputs, depth, columns);
      return { data: shifted(data, step.bias, columns), shape: [step.outputs, ...small] };
    },
    transposed(step, [x]) {
      const [channels, ...small] = x.shape;
      const large = small.map((side, i) => (side - 1) * step.stride[i] - 2 * step.padding[i] + step.kernel[i]);
      const columns = elements(small);
      const spread = product(step.weight, x.data, step.outputs * elements(step.kernel), channels, columns);
      const data = new Float32Array(step.outputs * elements(large));
      meet(step, step.outputs, large, small, (row, to, from, count, stride) => {
        for (let i = 0; i < count; i++) data[to + i * stride] += spread[row * columns + from + i];
      });
      return { data: shifted(data, step.bias, elements(large)), shape: [step.outputs, ...large] };
    },
    affine({ scale, shift }, [x], y) {
      const [channels, columns] = [x.shape[0], area(x)];
      const row = scale.length > channels ? y * channels : 0;
      const data = x.data.map((value, i) => {
        const channel = row + Math.floor(i / columns);
        return value * scale[channel] + shift[channel];
      });
      return { data, shape: x.shape };
    },
    // Each channel by its own mean and variance.
    normalised({ epsilon, scale, shift }, [x]) {
      const columns = area(x);
      const data = new Float32Array(x.data.length);
      for (let channel = 0; channel < x.shape[0]; channel++) {
        const own = x.data.subarray(channel * columns, (channel + 1) * columns);
        const mean = own.reduce((sum, value) => sum + value, 0) / columns;
        const variance = own.reduce((sum, value) => sum + (value - mean) ** 2, 0) / columns;
        const gain = scale[channel] / Math.sqrt(variance + epsilon);
        own.forEach((value, i) => { data[channel * columns + i] = (value - mean) * gain + shift[channel]; });
      }
      return { data, shape: x.shape };
    },
    // The mean of the rows of tokens y.
    words({ table, size }, _, y) {
      const data = new Float32Array(size);
      for (const token of y) for (let i = 0; i < size; i++) data[i] += table[token * size + i] / y.length;
      return { data, shape: [size] };
    },
    embedding: ({ table, size }, _, y) => ({ data: table.slice(y * size, (y + 1) * size), shape: [size] }),
    leaky: ({ slope }, [x]) => pointwise(x, (value) => (value > 0 ? value : slope * value)),
    tanh: (_, [x]) => pointwise(x, Math.tanh),
    sigmoid: (_, [x]) => pointwise(x, (value) => 1 / (1 + Math.exp(-value))),
    shaped: ({ shape }, [x]) => ({ data: x.data, shape: shape[0] === -1 ? [x.data.length] : shape }),
    added(_, [a, b]) {  // one channel to each of several
      const [large, small] = a.data.length < b.data.length ? [b, a] : [a, b];
      return pointwise(large, (value, i) => value + small.data[i % small.data.length]);
    },
    multiplied: (_, [a, b]) => pointwise(a, (value, i) => value * b.data[i]),
    sum: (_, [x]) => ({ data: Float32Array.of(x.data.reduce((a, b) => a + b, 0)), shape: [1] }),
    joined(_, [a, b]) {
      const data = new Float32Array(a.data.length + b.data.length);
      data.set(a.data);
      data.set(b.data, a.data.length);
      return { data, shape: [a.shape[0] + b.shape[0], ...a.shape.slice(1)] };
    },
    append({ value }, [x]) {
      const map = { data: new Float32Array(area(x)).fill(value), shape: [1, ...x.shape.slice(1)] };
      return steps.joined(null, [x, map]);
    },
    mean(_, [x]) {
      const columns = area(x);
      const data = new Float32Array(x.shape[0]);
      x.data.forEach((value, i) => { data[Math.floor(i / columns)] += value / columns; });
      return { data, shape: [x.shape[0]] };
    },
    double(_, [x]) {
      const [channels, height, width] = x.shape;
      const data = new Float32Array(4 * x.data.length);
      for (let i = 0; i < data.length; i++) {
        const line = Math.floor(i / (2 * width));  // of all channels; two of them show one
        data[i] = x.data[(line >> 1) * width + ((i % (2 * width)) >> 1)];
      }
      return { data, shape: [channels, 2 * height, 2 * width] };
    },
    nearest: ({ sides }, [x]) => resized(x, sides, (position) => [[Math.floor(position), 1]]),
    bicubic: ({ sides }, [x]) => resized(x, sides, cubic),
    halve(_, [x]) {
      const [channels, height, width] = x.shape;
      const [rows, columns] = [height >> 1, width >> 1];
      const data = new Float32Array(channels * rows * columns);
      for (let i = 0; i < data.length; i++) {
        const [line, column] = [Math.floor(i / columns), i % columns];
        const first = (Math.floor(line / rows) * height + 2 * (line % rows)) * width + 2 * column;
        data[i] = (x.data[first] + x.data[first + 1] + x.data[first + width] + x.data[first + width + 1]) / 4;
      }
      return { data, shape: [channels, rows, columns] };
    },
  };

  const WEIGHTS = ["weight", "bias", "scale", "shift", "table"];
  // The program with its weights as numbers.
  const unpacked = (program) => ({
    steps: program.steps.map((step) => {
      const read = WEIGHTS.filter((name) => step[name]).map((name) => [name, numbers(step[name])]);
      return { ...step, ...Object.fromEntries(read) };
    }),
  });

  // What an unpacked program makes of an input, of class y where it knows classes, of tokens y where
  // it reads.
  const run = (program, input, y) => {
    const values = [input];
    for (const step of program.steps) {
      values.push(steps[step.op](step, step.from.map((index) => values[index]), y));
    }
    return values.at(-1);
  };

  return { numbers, unpacked, run };
})();
