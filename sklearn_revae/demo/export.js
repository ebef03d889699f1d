"use strict";
// The model of a page that export_html writes: it decodes edited latent codes.

const bytes = Uint8Array.from(
  atob(document.getElementById("numbers").textContent), (c) => c.charCodeAt(0));

// Replaces {offset, length, type} by the numbers that stand there.
function withNumbers(value) {
  if (Array.isArray(value)) return value.map(withNumbers);
  if (value === null || typeof value !== "object") return value;
  if ("offset" in value) {
    const type = {uint8: Uint8Array, float32: Float32Array, float64: Float64Array};
    return new type[value.type](bytes.buffer, value.offset, value.length);
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [name, withNumbers(part)]));
}

const page = withNumbers(JSON.parse(document.getElementById("model").textContent));
const nFeatures = page.samples.length / page.nSamples;
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

// Convolution with zeros around the grid.
function convolve(x, [rows, columns], {weight, bias, kernel, stride, padding}) {
  const size = rows * columns, nIn = x.length / size;
  const [newRows, newColumns] = [rows, columns].map((side, axis) =>
    Math.floor((side + 2 * padding[axis] - kernel[axis]) / stride[axis]) + 1);
  const newSize = newRows * newColumns, result = new Float32Array(bias.length * newSize);
  // For each part of the kernel, its shift and where its shifted grid overlaps the result.
  const overlaps = (axis, side, newSide) => Array.from({length: kernel[axis]}, (_, k) => {
    const shift = k - padding[axis], first = Math.ceil(Math.max(0, -shift) / stride[axis]);
    return [shift, first, Math.min(newSide, Math.floor((side - 1 - shift) / stride[axis]) + 1)];
  });
  const down = overlaps(0, rows, newRows), across = overlaps(1, columns, newColumns);
  const [rowStep, step] = stride;
  let k = 0;
  for (let o = 0; o < bias.length; o++) {
    const out = result.subarray(o * newSize, (o + 1) * newSize).fill(bias[o]);
    for (let i = 0; i < nIn; i++) {
      const start = i * size;
      for (const [dy, top, bottom] of down) for (const [dx, left, right] of across) {
        const w = weight[k++];
        // Browsers run the loop with a constant step twice as fast.
        for (let r = top; r < bottom; r++) {
          const to = r * newColumns, from = start + (r * rowStep + dy) * columns + dx;
          if (step === 1) for (let c = left; c < right; c++) out[to + c] += w * x[from + c];
          else for (let c = left; c < right; c++) out[to + c] += w * x[from + c * step];
        }
      }
    }
  }
  return [result, [newRows, newColumns]];
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

// Group normalisation of a new array.
function normalise(x) {
  const width = x.length / page.groups;
  for (let g = 0; g < page.groups; g++) {
    const group = x.subarray(g * width, (g + 1) * width);
    let mean = 0, variance = 0;
    for (const value of group) mean += value / width;
    for (const value of group) variance += (value - mean) ** 2 / width;
    const scale = 1 / Math.sqrt(variance + page.epsilon);
    for (let k = 0; k < width; k++) group[k] = (group[k] - mean) * scale;
  }
  return x;
}

// The scales and shifts of channels that the latent code decides, then SiLU.
function modulate(x, size, code) {
  const n = x.length / size;
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
  let x = linear(z, first).map(silu);
  for (const {convolution, modulation, size} of stages) {
    x = double(convolve(x, grid, convolution)[0], ...grid, ...size);
    grid = size;
    x = modulate(normalise(x), size[0] * size[1], linear(z, modulation));
  }
  return convolve(x, grid, last)[0];
}

// The channels of an image, one after another, and ones for the mask of observed values.
function toImages(x, parts) {
  const {height, width, channels, channelsLast} = page.image, size = height * width;
  const result = new Float32Array(parts * x.length).fill(1);
  for (let k = 0; k < x.length; k++)
    result[channelsLast ? (k % channels) * size + Math.floor(k / channels) : k] = x[k];
  return result;
}

function toRows(x) {
  const {height, width, channels, channelsLast} = page.image, size = height * width;
  if (!channelsLast) return x;
  return x.map((_, k) => x[(k % channels) * size + Math.floor(k / channels)]);
}

function runLayers(x, layers) {
  let grid = null;
  for (const layer of layers) {
    if (layer.kind === "linear") x = linear(x, layer);
    else if (layer.kind === "images") {
      x = toImages(x, layer.parts);
      grid = [page.image.height, page.image.width];
    } else if (layer.kind === "convolution") [x, grid] = convolve(x, grid, layer);
    else if (layer.kind === "norm") {
      const size = grid[0] * grid[1], {weight, bias} = layer;
      x = normalise(x).map((value, k) =>
        weight[Math.floor(k / size)] * value + bias[Math.floor(k / size)]);
    } else if (layer.kind === "silu") x = x.map(silu);
    else if (layer.kind === "relu") x = x.map((value) => Math.max(value, 0));
    else if (layer.kind === "grid") grid = layer.grid;
    else if (layer.kind === "transposed") [x, grid] = convolveTransposed(x, ...grid, layer);
    else if (layer.kind === "image") x = decodeImage(x, layer);
    else x = toRows(x);
  }
  return x;
}

const sigmoid = (x) => 1 / (1 + Math.exp(-x));

const MEANS = {
  real: (x) => x,
  sigmoid,
  // The mean of the continuous Bernoulli distribution; its two terms cancel near 0.
  continuous: (x) => Math.abs(x) < 0.1 ? 0.5 + x / 12 - x ** 3 / 720
    : 1 / (1 - Math.exp(-x)) - 1 / x,
  count: (x, {logMean}) => Math.exp(logMean + clamp(x, -8, 8)),
};

// Probabilities of the levels of a feature.
function probabilities(x, {ordered, width}, cuts) {
  if (ordered) {
    const below = [0, ...cuts.map((cut) => sigmoid(cut - x[0])), 1];
    return below.slice(1).map((value, k) => value - below[k]);
  }
  const most = Math.max(...x), odds = Array.from(x, (value) => Math.exp(value - most));
  const sum = odds.reduce((total, value) => total + value, 0);
  return odds.map((value) => value / sum);
}

// What a member expects of a latent code: scaled numbers, and probabilities of levels.
function decode(z, {layers, cuts}) {
  const output = runLayers(z, layers);
  if (!page.features) return output.map(MEANS[page.mean]);
  return Float64Array.from(page.features.flatMap((feature, j) => {
    const x = output.subarray(feature.start, feature.start + feature.outputs);
    return feature.width ? probabilities(x, feature, cuts[j])
      : [MEANS[feature.mean](x[0], feature)];
  }));
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
  const requested = {...chosen};
  for (const [label, position] of Object.entries(moved)) requested[label] = position < 0.5 ? 0 : 1;
  const result = source.map((code, label) => requested[label] ?? code);
  for (const [label, value, other, excluded, instead] of page.exclusions)
    if (requested[label] === value && !(other in requested) && source[other] === excluded)
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

// Where the edit puts the slider of a label that was set to a class.
function positionAfter(label) {
  const start = label * page.dim;
  const found = page.members.map((member) => positionOf(
    member, label, [...editedCode(member).subarray(start, start + page.dim)]));
  return found.reduce((sum, position) => sum + position, 0) / found.length;
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const median = (values) => {
  values.sort((a, b) => a - b);
  const middle = values.length / 2;
  return (values[Math.ceil(middle) - 1] + values[Math.floor(middle)]) / 2;
};
// What all members expect together: mean probabilities, and medians of numbers.
const combined = (arrays) => arrays.length === 1 ? arrays[0]
  : arrays[0].map((_, k) => (at(page.probability, k) ? mean : median)(
    arrays.map((values) => values[k])));

// The most likely level, or the median one if levels are ordered.
function levelOf(chances, ordered) {
  if (!ordered) return chances.indexOf(Math.max(...chances));
  let below = 0;
  return chances.slice(0, -1).filter((chance) => (below += chance) < 0.5).length;
}

// Values are clipped smoothly to four standard deviations before the model sees them.
const clip = (z) => z / Math.hypot(1, z / 4);
const unclip = (s) => s / Math.sqrt(Math.max(1 - (s / 4) ** 2, 0));
const unscaledOne = (value, k) => {
  const restored = value * at(page.scale, k) + at(page.shift, k);
  return at(page.logged, k) ? Math.exp(restored) : restored;
};
const standardised = (value, k) => {
  const {scale, shift, low} = page;
  if (!at(page.logged, k)) return (value - at(shift, k)) / at(scale, k);
  const least = Math.min(Math.exp(at(shift, k) - 10 * at(scale, k)), at(low, k));
  return (Math.log(Math.max(value, least)) - at(shift, k)) / at(scale, k);
};

// The level of a sample after an edit; see Levels.edited in
// sklearn_revae/_model/families/level.py.
function levelAfter(own, before, after, {place, width}) {
  if (!(after[place + own] < 0.5 * before[place + own])) return own;
  const grown = Array.from({length: width}, (_, k) => after[place + k] - before[place + k]);
  return grown.indexOf(Math.max(...grown));
}

function flagAfter(own, before, after) {
  const falls = own > 0.5 ? after < 0.5 * before : 1 - after < 0.5 * (1 - before);
  return falls ? Number(own <= 0.5) : own;
}

// Values in the units of X, probabilities of 1, and indices of levels.
function unscaled(expected) {
  const read = page.features ? page.features.map(({place, width, ordered}) => width
    ? levelOf([...expected.subarray(place, place + width)], ordered) : expected[place])
    : expected;
  return read.map((value, k) => {
    if (at(page.level, k)) return value;
    const z = at(page.clipped, k) ? unclip(clamp(value, -3.98, 3.98)) : value;
    const x = clamp(unscaledOne(z, k), at(page.low, k), at(page.high, k));
    return at(page.count, k) ? Math.round(x) : x;
  });
}

const rounded = (value, k) => at(page.whole, k) || at(page.binary, k)
  ? Math.round(value) : value;

// A value of a sample with the change from `before` to `after`.
function changed(own, before, after, k) {
  if (Number.isNaN(own)) return rounded(after, k);
  if (after === before) return own;
  if (at(page.binary, k)) return flagAfter(own, before, after);
  let sum = at(page.logged, k) ? own * (after / before) : own + (after - before);
  let low = at(page.low, k), high = at(page.high, k);
  if (at(page.clipped, k)) {
    const [s, from, to] = [own, before, after].map((value) => clip(standardised(value, k)));
    const other = unscaledOne(unclip(s + (to - from)), k);
    if (Math.max(Math.abs(from), Math.abs(to)) > 3
      && Math.abs(other - own) < Math.abs(sum - own)) sum = other;
    [low, high] = [Math.min(low, own), Math.max(high, own)];
  }
  return rounded(clamp(sum, low, high), k);
}

let decodedRow = -1, decoded = [];
function unedited() {
  if (decodedRow !== row) {
    decoded = page.members.map((member) => decode(codes(member), member));
    decodedRow = row;
  }
  return decoded;
}

const original = () => page.samples.subarray(row * nFeatures, (row + 1) * nFeatures);
const reconstruction = () => unscaled(unedited()[0]).map(rounded);

const placeOf = ({channelsLast, channels, height, width}, pixel, channel) =>
  channelsLast ? pixel * channels + channel : channel * height * width + pixel;

// What has to be decoded after an edit so that images are blended; see blended() in
// sklearn_revae/_interventions/blending.py.
function blended(own, before, after) {
  const {height, width, channels} = page.image;
  const [low, high] = page.blend, result = before.slice();
  const ramp = (value) => clamp((value - low) / (high - low), 0, 1);
  const change = new Float64Array(height * width);
  for (let p = 0; p < change.length; p++) {
    for (let c = 0; c < channels; c++) {
      const k = placeOf(page.image, p, c);
      change[p] = Math.max(change[p], Math.abs(after[k] - before[k]) / at(page.unit, k));
    }
  }
  const pooled = change.map((_, p) => {
    const y = Math.floor(p / width), x = p % width;
    let sum = 0, count = 0;
    for (let v = Math.max(y - 1, 0); v <= Math.min(y + 1, height - 1); v++) {
      for (let u = Math.max(x - 1, 0); u <= Math.min(x + 1, width - 1); u++) {
        sum += change[v * width + u];
        count++;
      }
    }
    return sum / count;
  });
  const largest = pooled.reduce((a, b) => Math.max(a, b));
  const scale = clamp(largest / high, 1e-9, 1);
  for (let p = 0; p < change.length; p++) {
    const replaced = ramp(pooled[p]), added = ramp(pooled[p] / scale) - replaced;
    for (let c = 0; c < channels; c++) {
      const k = placeOf(page.image, p, c);
      result[k] = Number.isNaN(own[k]) ? after[k]
        : before[k] + replaced * (after[k] - own[k]) + added * (after[k] - before[k]);
    }
  }
  return result;
}

// A sample with the change between what its codes and other ones are decoded to.
function withChange(own, codes) {
  const start = unedited(), centre = combined(start);
  const ends = page.members.map((member, m) => decode(codes[m], member));
  const change = combined(ends.map((end, m) => end.map((value, k) => value - start[m][k])));
  const expected = centre.map((value, k) => value + change[k]);
  const before = unscaled(centre);
  let after = unscaled(expected);
  if (page.blend) after = blended(own, before, after);
  return own.map((value, k) => at(page.level, k) && !Number.isNaN(value)
    ? levelAfter(value, centre, expected, page.features[k])
    : changed(value, before[k], after[k], k));
}

// Mean of the style code of an image.
const styleOf = (image) => runLayers(Float32Array.from(image, (value, k) => {
  const scaled = standardised(value, k);
  return at(page.bounded, k) ? clamp(scaled, 0, 1) : scaled;
}), page.styleLayers);

// Images are decoded again with the style code of the edited image; see decode_edits() in
// sklearn_revae/_interventions/decoding.py.
function edited() {
  const own = page.features ? original() : Float32Array.from(original());
  if (!Object.keys({...moved, ...chosen}).length) return own;
  const newCodes = page.members.map(editedCode);
  const result = withChange(own, newCodes), [code] = newCodes, before = codes(page.members[0]);
  if (!page.styleLayers.length || code.every((value, k) => value === before[k]))
    return result;
  const style = styleOf(result);
  code.set(style, code.length - style.length);
  return withChange(own, newCodes);
}
