// What the page shows, and what its controls do.

const find = (id) => document.getElementById(id);
const controls = [];

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

// Images

function draw(canvas, pixels) {
  const {height, width, channels} = page.image;
  canvas.width = width;
  canvas.height = height;
  const [low, high] = page.limits, image = new ImageData(width, height);
  const shade = (p, c) => {
    const value = pixels[placeOf(page.image, p, c)];
    const floor = c === 3 ? Math.min(low, 0) : low;
    return Number.isNaN(value) ? 0
      : Math.round(255 * clamp((value - floor) / (high - floor), 0, 1));
  };
  for (let p = 0; p < height * width; p++) {
    const grey = channels < 3;
    for (let c = 0; c < 3; c++) image.data[4 * p + c] = shade(p, grey ? 0 : c);
    image.data[4 * p + 3] = channels === 4 ? shade(p, 3) : 255;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

// Tables

const MOST_FEATURES = 200;

function cellText(value, {texts}) {
  if (Number.isNaN(value)) return "missing";
  return texts ? texts[value] : String(Number(value.toPrecision(4)));
}

function changeText(before, after, {texts}) {
  if (Number.isNaN(before)) return "filled in";
  if (texts) return "\u25cf changed";
  const size = Number(Math.abs(after - before).toPrecision(3));
  return `${after > before ? "\u25b2" : "\u25bc"} ${size}`;
}

function drawTable() {
  const own = original(), made = reconstruction(), after = edited();
  const lines = [], names = page.features;
  names.forEach((feature, j) => {
    const [before, now] = [cellText(own[j], feature), cellText(after[j], feature)];
    if (before === now && names.length > MOST_FEATURES) return;
    const line = element("tr", {className: before === now ? "" : "changed"},
      element("th", {scope: "row", textContent: feature.name}),
      ...[before, cellText(made[j], feature), now,
        before === now ? "" : changeText(own[j], after[j], feature),
      ].map((textContent) => element("td", {textContent})));
    line.cells[2].className = "rebuilt";
    lines.push(line);
  });
  find("cells").replaceChildren(...lines);
}

// Controls

function show() {
  if (page.image) draw(find("edited"), edited());
  else drawTable();
  const names = page.labels.filter((_, label) => label in moved || label in chosen)
    .map(({name}) => name);
  find("status").textContent = names.length ? `Edited: ${names.join(", ")}.` : "Not edited.";
  controls.forEach(sync);
  clearTimeout(show.later);
  show.later = setTimeout(() => history.replaceState(null, "", `#${toLink()}`), 250);
}

// Shows where the sample began and where the edit is.
function sync({label, slider, buttons}) {
  const {classes, ends} = page.labels[label];
  buttons.forEach((button, code) => {
    button.checked = chosen[label] === code;
    button.parentElement.classList.toggle("began", code === page.predicted[row][label]);
  });
  if (!slider) return;
  const began = page.positions[row][label];
  slider.value = moved[label] ?? (label in chosen ? positionAfter(label) : began);
  const place = (value) => (value - ends[0]) / (ends[1] - ends[0]);
  slider.style.setProperty("--began", place(began));
  slider.style.setProperty("--at", place(slider.value));
  const word = classes[slider.value < 0.5 ? 0 : 1];
  slider.setAttribute("aria-valuetext", label in moved ? word : `${word}, not moved`);
}

function set(newMoved, newChosen) {
  [moved, chosen] = [newMoved, newChosen];
  show();
}

function pick(sample) {
  row = sample;
  document.querySelector(`#samples input[value="${row}"]`).checked = true;
  if (page.image) {
    draw(find("original"), original());
    draw(find("over"), original());
    draw(find("reconstruction"), reconstruction());
    find("original").setAttribute("aria-label", `Sample ${row}`);
    find("reconstruction").setAttribute("aria-label", `Reconstruction of sample ${row}`);
    find("edited").setAttribute("aria-label", `Sample ${row}, edited`);
  }
  set({}, {});
}

function surprise() {
  const draws = controls.map(({label}) => ({label, key: Math.random()}));
  const [first, ...others] = draws.sort((a, b) => a.key - b.key).map(({label}) => label);
  const second = others.find((other) =>
    !page.exclusions.some(([label, , excluded]) => label === first && excluded === other));
  const values = {};
  for (const label of [first, second]) {
    if (label === undefined) continue;
    const codes = page.labels[label].classes.map((_, code) => code)
      .filter((code) => code !== page.predicted[row][label]);
    values[label] = codes[Math.floor(Math.random() * codes.length)];
  }
  set({}, values);
}

// Links have the sample, positions (at.NAME) and classes (is.NAME), as those of the demo.
function toLink() {
  const link = new URLSearchParams({sample: row});
  for (const label in moved) link.set(`at.${page.labels[label].name}`, moved[label]);
  for (const label in chosen)
    link.set(`is.${page.labels[label].name}`, page.labels[label].values[chosen[label]]);
  return link.toString();
}

function openLink() {
  const link = new URLSearchParams(location.hash.slice(1)), sample = link.get("sample");
  const positions = {}, values = {};
  for (const {label, slider} of controls) {
    const {name, values: texts, ends} = page.labels[label];
    const position = parseFloat(link.get(`at.${name}`));
    const code = texts.indexOf(link.get(`is.${name}`));
    if (slider && position >= ends[0] && position <= ends[1]) positions[label] = position;
    else if (code >= 0) values[label] = code;
  }
  pick(/^\d+$/.test(sample) && sample < page.nSamples ? Number(sample) : 0);
  set(positions, values);
  const shown = new URLSearchParams(toLink());
  const ignored = [...link].filter(([key, value]) =>
    !shown.has(key) || key === "sample" && Number(value) !== row);
  if (ignored.length)
    find("status").textContent += " This link does not fit this page. It was shown without: "
      + `${ignored.map((part) => part.join("=")).join(", ")}.`;
}

// A label of two classes has a slider with a button at each end, others have buttons.
function addLabel({name, classes, ends}, label) {
  const change = (position, code) => {
    const [others, values] = [{...moved}, {...chosen}];
    delete others[label];
    delete values[label];
    if (code !== undefined) values[label] = code;
    // A slider where the sample itself puts it requests nothing.
    else if (position !== page.positions[row][label]) others[label] = position;
    set(others, values);
  };
  const slider = ends && element("input", {
    type: "range", min: ends[0], max: ends[1], step: page.step, name, id: `label-${label}`});
  slider?.addEventListener("input", () => change(Number(slider.value)));
  const buttons = classes.map((text, code) => {
    const button = element("input", {type: "radio", name: `class-${label}`, value: code});
    button.addEventListener("change", () => change(undefined, code));
    return button;
  });
  controls.push({label, slider, buttons});
  const title = slider ? element("label", {htmlFor: slider.id, textContent: name})
    : element("span", {textContent: name});
  const choice = element("div", {className: "classes", id: `class-${label}`},
    ...buttons.map((button, code) => element("label", {}, button, classes[code])));
  choice.setAttribute("role", "radiogroup");
  choice.setAttribute("aria-label", slider ? `Set ${name}` : name);
  title.className = "name";
  find("labels").append(element("div", {className: slider ? "label" : "label wide"},
    title, ...(slider ? [slider] : []), choice));
}

function addSample(name, sample) {
  const radio = element("input", {type: "radio", name: "sample", value: sample});
  radio.setAttribute("aria-label", name);
  radio.addEventListener("change", () => pick(sample));
  let tile = name;
  if (page.image) {
    tile = element("canvas");
    row = sample;
    draw(tile, original());
  }
  find("samples").append(element("label", {}, radio, tile));
}

find("samples").classList.add(page.image ? "tiles" : "lines");
find(page.image ? "table" : "views").hidden = true;
find("wiping").hidden = !page.image;
page.names.forEach(addSample);
page.labels.forEach((label, i) => {
  if (label.classes.length > 1) addLabel(label, i);
});
find("reset").addEventListener("click", () => set({}, {}));
find("surprise").addEventListener("click", surprise);
for (const {name, values} of page.presets) {
  const button = element("button", {type: "button", textContent: name});
  button.addEventListener("click", () => set({}, {...values}));
  find("wiping").before(button);
}
find("wipe").addEventListener("input", () => {
  find("over").style.clipPath = `inset(0 ${100 - find("wipe").value}% 0 0)`;
});
if (!controls.length) {
  for (const id of ["after", "actions"]) find(id).hidden = true;
  find("rebuilt").checked = true;
}
window.addEventListener("hashchange", openLink);
openLink();
find("loading").remove();
document.querySelector("main").hidden = false;
