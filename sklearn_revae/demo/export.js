"use strict";
// The page that export_html writes: it decodes edited latent codes in the browser.

const bytes = Uint8Array.from(
  atob(document.getElementById("numbers").textContent), (c) => c.charCodeAt(0));

// Replaces {offset, length, type} by the numbers that stand there.
function withNumbers(value) {
  if (Array.isArray(value)) return value.map(withNumbers);
  if (value === null || typeof value !== "object") return value;
  if ("offset" in value) {
    const type = value.type === "uint8" ? Uint8Array : Float32Array;
    return new type(bytes.buffer, value.offset, value.length);
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [name, withNumbers(part)]));
}

const page = withNumbers(JSON.parse(document.getElementById("model").textContent));
const {height, width, channels} = page.image;
const nPixels = height * width * channels;
const at = (values, k) => values[values.length === 1 ? 0 : k];
const silu = (x) => x / (1 + Math.exp(-x));
const clamp = (x, low, high) => Math.min(Math.max(x, low), high);

// Layers of the decoder

function linear(x, {weight, bias}) {
  return Float32Array.from(bias, (start, i) => {
    let sum = start;
    for (let j = 0; j < x.length; j++) sum += weight[i * x.length + j] * x[j];
    return sum;
  });
}

// Convolution with a kernel of 3 x 3 pixels, and zeros around the grid.
function convolve(x, rows, columns, {weight, bias}) {
  const size = rows * columns, nIn = x.length / size;
  const result = new Float32Array(bias.length * size);
  for (let o = 0; o < bias.length; o++) {
    const out = result.subarray(o * size, (o + 1) * size).fill(bias[o]);
    for (let i = 0; i < nIn; i++) {
      const own = x.subarray(i * size, (i + 1) * size);
      for (let k = 0; k < 9; k++) {
        const w = weight[(o * nIn + i) * 9 + k];
        const dy = Math.floor(k / 3) - 1, dx = (k % 3) - 1;
        const right = Math.min(columns, columns - dx);
        for (let r = Math.max(0, -dy); r < Math.min(rows, rows - dy); r++) {
          const to = r * columns, from = (r + dy) * columns + dx;
          for (let c = Math.max(0, -dx); c < right; c++) out[to + c] += w * own[from + c];
        }
      }
    }
  }
  return result;
}

// Four channels become the four pixels in the place of one; what is too much is cut off.
function double(x, rows, columns, newRows, newColumns) {
  const size = rows * columns, n = x.length / size / 4;
  const result = new Float32Array(n * newRows * newColumns);
  let k = 0;
  for (let channel = 0; channel < n; channel++)
    for (let r = 0; r < newRows; r++)
      for (let c = 0; c < newColumns; c++)
        result[k++] = x[(4 * channel + 2 * (r % 2) + (c % 2)) * size
          + (r >> 1) * columns + (c >> 1)];
  return result;
}

// Group normalisation, then the scales and shifts that the latent code decides, then SiLU.
function modulate(x, size, code) {
  const n = x.length / size, width = x.length / page.groups;
  for (let g = 0; g < page.groups; g++) {
    const group = x.subarray(g * width, (g + 1) * width);
    let mean = 0, variance = 0;
    for (const value of group) mean += value / width;
    for (const value of group) variance += (value - mean) ** 2 / width;
    const scale = 1 / Math.sqrt(variance + page.epsilon);
    for (let k = 0; k < width; k++) group[k] = (group[k] - mean) * scale;
  }
  for (let k = 0; k < x.length; k++) {
    const channel = Math.floor(k / size);
    x[k] = silu(x[k] * (1 + code[channel]) + code[n + channel]);
  }
  return x;
}

// Transposed convolution: each value adds its multiple of the kernel to the result.
function convolveTransposed(x, rows, columns, layer) {
  const {weight, bias, kernel: [kRows, kColumns], stride, padding, extra} = layer;
  const nIn = x.length / (rows * columns), nOut = bias.length;
  const newRows = (rows - 1) * stride[0] - 2 * padding[0] + kRows + extra[0];
  const newColumns = (columns - 1) * stride[1] - 2 * padding[1] + kColumns + extra[1];
  const size = newRows * newColumns, result = new Float32Array(nOut * size);
  for (let o = 0; o < nOut; o++) result.fill(bias[o], o * size, (o + 1) * size);
  for (let k = 0; k < x.length; k++) {
    if (x[k] === 0) continue;
    const i = Math.floor(k / (rows * columns));
    const top = (Math.floor(k / columns) % rows) * stride[0] - padding[0];
    const left = (k % columns) * stride[1] - padding[1];
    const firstX = Math.max(0, -left), lastX = Math.min(kColumns, newColumns - left);
    const firstY = Math.max(0, -top), lastY = Math.min(kRows, newRows - top);
    for (let o = 0; o < nOut; o++) for (let y = firstY; y < lastY; y++) {
      const from = ((i * nOut + o) * kRows + y) * kColumns;
      const to = o * size + (top + y) * newColumns + left;
      for (let j = firstX; j < lastX; j++) result[to + j] += x[k] * weight[from + j];
    }
  }
  return [result, [newRows, newColumns]];
}

// The default decoder of images.
function decodeImage(z, {first, stages, last, grid}) {
  let [rows, columns] = grid;
  let x = linear(z, first).map(silu);
  for (const {convolution, modulation, size} of stages) {
    x = double(convolve(x, rows, columns, convolution), rows, columns, ...size);
    [rows, columns] = size;
    x = modulate(x, rows * columns, linear(z, modulation));
  }
  return convolve(x, rows, columns, last);
}

function toRows(x) {
  const size = height * width;
  if (!page.image.channelsLast) return x;
  return x.map((_, k) => x[(k % channels) * size + Math.floor(k / channels)]);
}

function runLayers(x, layers) {
  let grid = null;
  for (const layer of layers) {
    if (layer.kind === "linear") x = linear(x, layer);
    else if (layer.kind === "relu") x = x.map((value) => Math.max(value, 0));
    else if (layer.kind === "grid") grid = layer.grid;
    else if (layer.kind === "transposed") [x, grid] = convolveTransposed(x, ...grid, layer);
    else if (layer.kind === "image") x = decodeImage(x, layer);
    else x = toRows(x);
  }
  return x;
}

const MEANS = {
  real: (x) => x,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  // The mean of the continuous Bernoulli distribution; its two terms cancel near 0.
  continuous: (x) => Math.abs(x) < 0.1 ? 0.5 + x / 12 - x ** 3 / 720
    : 1 / (1 - Math.exp(-x)) - 1 / x,
};

// The expected pixels of a latent code, scaled as the model sees them.
function decode(z, {layers}) {
  return runLayers(z, layers).map(MEANS[page.mean]);
}

// Moves of latent codes

const dot = (a, b) => a.reduce((sum, value, k) => sum + value * b[k], 0);
const norm = (a) => Math.sqrt(dot(a, a));

// Mean and standard deviation of p(z_l|y_l), as arrays of length d.
function prior(member, label, code) {
  const {dim, widest} = page, start = (label * widest + code) * dim;
  return [member.means, member.scales].map((v) => [...v.subarray(start, start + dim)]);
}

// The line of a label, from its first class to its last.
function lineOf(member, label) {
  const [from, scale] = prior(member, label, 0);
  const [to, lastScale] = prior(member, label, page.labels[label].classes.length - 1);
  const gap = to.map((value, k) => value - from[k]), distance = norm(gap);
  let axis = distance > 0 ? gap : gap.map(() => 1);
  const length = norm(axis);
  axis = axis.map((value) => value / length);
  const [before, behind] = [scale, lastScale].map(
    (s) => page.span * norm(axis.map((value, k) => value * s[k])));
  const whole = before + distance + behind;
  return {from, scale, lastScale, axis, before, distance, whole};
}

function atPosition(member, label, block, source, position) {
  const {from, scale, lastScale, axis, before, distance, whole} = lineOf(member, label);
  const [mean, ownScale] = prior(member, label, source);
  const along = position * whole - before;
  const passed = clamp(along / Math.max(distance, 1e-12), 0, 1);
  const deviation = block.map((value, k) =>
    ((1 - passed) * scale[k] + passed * lastScale[k]) * (value - mean[k]) / ownScale[k]);
  const shared = dot(deviation, axis);
  return deviation.map((value, k) => from[k] + (along - shared) * axis[k] + value);
}

function positionOf(member, label, block) {
  const {from, axis, before, whole} = lineOf(member, label);
  return (dot(block.map((value, k) => value - from[k]), axis) + before)
    / Math.max(whole, 1e-12);
}

function transport(member, label, block, source, target) {
  if (source === target) return block;
  const [mean, scale] = prior(member, label, source);
  const [newMean, newScale] = prior(member, label, target);
  return block.map((value, k) => newMean[k] + newScale[k] * (value - mean[k]) / scale[k]);
}

// Edits

let row = 0;
let moved = {}, chosen = {};  // by label: the position of its slider, or the index of a class

const codes = (member) => member.codes.subarray(row * page.latents, (row + 1) * page.latents);

// The class of each label after the edit.
function targets(source) {
  const asked = {...chosen};
  for (const [label, position] of Object.entries(moved))
    asked[label] = position < 0.5 ? 0 : page.labels[label].classes.length - 1;
  const result = source.map((code, label) => asked[label] ?? code);
  for (const [label, value, other, excluded, instead] of page.exclusions)
    if (asked[label] === value && !(other in asked) && source[other] === excluded)
      result[other] = instead;
  return result;
}

function editedCode(member) {
  const z = codes(member).slice(), source = page.predicted[row], target = targets(source);
  for (let label = 0; label < page.labels.length; label++) {
    const start = label * page.dim;
    const block = [...z.subarray(start, start + page.dim)];
    z.set(label in moved
      ? atPosition(member, label, block, source[label], moved[label])
      : transport(member, label, block, source[label], target[label]), start);
  }
  return z;
}

const median = (values) => {
  values.sort((a, b) => a - b);
  const middle = values.length / 2;
  return (values[Math.ceil(middle) - 1] + values[Math.floor(middle)]) / 2;
};
const medians = (arrays) => arrays.length === 1 ? arrays[0]
  : arrays[0].map((_, k) => median(arrays.map((values) => values[k])));

function unscaled(values) {
  return values.map((value, k) => clamp(
    value * at(page.scale, k) + at(page.shift, k), at(page.low, k), at(page.high, k)));
}

const rounded = (value, k) => at(page.whole, k) ? Math.round(value) : value;

let decodedRow = -1, decoded = [];
function unedited() {
  if (decodedRow !== row) {
    decoded = page.members.map((member) => decode(codes(member), member));
    decodedRow = row;
  }
  return decoded;
}

const original = () => page.samples.subarray(row * nPixels, (row + 1) * nPixels);

const place = (pixel, channel) => page.image.channelsLast
  ? pixel * channels + channel : channel * height * width + pixel;

// What has to be decoded after an edit so that images are blended; see blended() in
// sklearn_revae/_interventions/blending.py.
function blended(own, before, after) {
  const [hidden, replaced] = page.blend, result = before.slice();
  const change = new Float64Array(height * width);
  for (let p = 0; p < change.length; p++) {
    for (let c = 0; c < channels; c++) {
      const k = place(p, c);
      change[p] = Math.max(change[p], Math.abs(after[k] - before[k]) / at(page.unit, k));
    }
  }
  for (let p = 0; p < change.length; p++) {
    const y = Math.floor(p / width), x = p % width;
    let sum = 0, count = 0;
    for (let v = Math.max(y - 1, 0); v <= Math.min(y + 1, height - 1); v++) {
      for (let u = Math.max(x - 1, 0); u <= Math.min(x + 1, width - 1); u++) {
        sum += change[v * width + u];
        count++;
      }
    }
    const share = clamp((sum / count - hidden) / (replaced - hidden), 0, 1);
    for (let c = 0; c < channels; c++) {
      const k = place(p, c);
      result[k] = Number.isNaN(own[k]) ? after[k] : before[k] + share * (after[k] - own[k]);
    }
  }
  return result;
}

function edited() {
  const own = Float32Array.from(original());
  if (!Object.keys({...moved, ...chosen}).length) return own;
  const start = unedited(), centre = medians(start);
  const change = medians(page.members.map((member, m) =>
    decode(editedCode(member), member).map((value, k) => value - start[m][k])));
  const before = unscaled(centre);
  let after = unscaled(centre.map((value, k) => value + change[k]));
  if (page.blend) after = blended(own, before, after);
  return own.map((value, k) => {
    if (Number.isNaN(value)) return rounded(after[k], k);
    if (after[k] === before[k]) return value;
    const sum = value + (after[k] - before[k]);
    return rounded(clamp(sum, at(page.low, k), at(page.high, k)), k);
  });
}

// The page

function draw(canvas, pixels) {
  canvas.width = width;
  canvas.height = height;
  const [low, high] = page.limits, image = new ImageData(width, height);
  const shade = (p, c) => {
    const value = pixels[place(p, c)];
    return Number.isNaN(value) ? 0
      : Math.round(255 * clamp((value - low) / (high > low ? high - low : 1), 0, 1));
  };
  for (let p = 0; p < height * width; p++) {
    const grey = channels < 3;
    for (let c = 0; c < 3; c++) image.data[4 * p + c] = shade(p, grey ? 0 : c);
    image.data[4 * p + 3] = channels === 4 ? shade(p, 3) : 255;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

const find = (id) => document.getElementById(id);
const controls = [];

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function show() {
  draw(find("edited"), edited());
  const names = page.labels.filter((_, label) => label in moved || label in chosen)
    .map(({name}) => name);
  find("status").textContent = names.length ? `Edited: ${names.join(", ")}.` : "Not edited.";
}

function setSlider({slider, shown}, position) {
  slider.value = clamp(position, 0, 1);
  shown.value = Number(slider.value).toFixed(2);
}

function reset() {
  moved = {};
  chosen = {};
  for (const control of controls) {
    setSlider(control, page.positions[row][control.label]);
    control.select.value = "";
  }
  show();
}

function pick(sample) {
  row = sample;
  draw(find("original"), original());
  draw(find("reconstruction"), unscaled(unedited()[0]).map(rounded));
  find("original").setAttribute("aria-label", `Sample ${row}`);
  find("reconstruction").setAttribute("aria-label", `Reconstruction of sample ${row}`);
  find("edited").setAttribute("aria-label", `Sample ${row}, edited`);
  reset();
}

function addLabel({name, classes}, label) {
  const slider = element("input", {
    type: "range", min: 0, max: 1, step: 0.01, id: `label-${label}`, name});
  const shown = element("output", {htmlFor: slider.id});
  const select = element("select", {id: `class-${label}`},
    element("option", {value: "", textContent: "by the slider"}),
    ...classes.map((text, code) => element("option", {value: code, textContent: text})));
  select.setAttribute("aria-label", `Set ${name}`);
  const control = {label, slider, shown, select};
  slider.addEventListener("input", () => {
    const position = Number(slider.value);
    shown.value = position.toFixed(2);
    delete chosen[label];
    delete moved[label];
    select.value = "";
    // A slider where the sample itself puts it requests nothing.
    if (position !== page.positions[row][label]) moved[label] = position;
    show();
  });
  select.addEventListener("change", () => {
    delete chosen[label];
    delete moved[label];
    if (select.value !== "") chosen[label] = Number(select.value);
    const start = label * page.dim;
    const found = page.members.map((member) => positionOf(
      member, label, [...editedCode(member).subarray(start, start + page.dim)]));
    const mean = found.reduce((sum, position) => sum + position, 0) / found.length;
    setSlider(control, select.value === "" ? page.positions[row][label] : mean);
    show();
  });
  controls.push(control);
  find("labels").append(element("div", {className: "label"},
    element("label", {htmlFor: slider.id, textContent: name}), shown, slider, select));
}

function addSample(sample) {
  const radio = element("input", {
    type: "radio", name: "sample", value: sample, checked: sample === 0});
  radio.setAttribute("aria-label", `Sample ${sample}`);
  radio.addEventListener("change", () => pick(sample));
  const tile = element("canvas");
  row = sample;
  draw(tile, original());
  find("samples").append(element("label", {}, radio, tile));
}

for (let sample = 0; sample < page.predicted.length; sample++) addSample(sample);
page.labels.forEach((label, i) => {
  if (label.classes.length > 1) addLabel(label, i);
});
find("reset").addEventListener("click", reset);
if (!controls.length) for (const id of ["after", "actions"]) find(id).hidden = true;
pick(0);
