// One layer of the real model, step by step: a query, its keys, scores, weights, the sum of values, and the gate.

const views = new WeakMap();
const WALK = ["query", "keys", "scores", "scaled", "weights", "sum", "gate"];
const PACE_MS = 1600;
const kept = {}; // what was chosen survives other data and a change of page

function newView(root) {
  const view = { root, find: (id) => root.querySelector(`#${id}`), word: null, patch: null, head: 0, over: null, step: "weights", asks: null, playing: null, reached: null };

  view.lookAt = (unit) => { view.over = unit; view.draw(); };
  view.pickWord = (word) => {
    kept[view.texts] = { word };
    if (view.data.asksWords) Object.assign(view, { word, asks: "word", key: null });
    else view.key = { side: "word", index: word };
    view.draw();
  };
  view.pickPatch = (patch) => {
    view.patch = patch;
    if (view.data.asksPatches) Object.assign(view, { asks: "patch", key: null });
    else view.key = { side: "patch", index: patch };
    view.draw();
  };
  view.pickKey = (place) => { view.key = unitAt(view.data, "key", place); if (view.key.side === "patch" && !view.data.asksPatches) view.patch = view.key.index; view.draw(); };
  view.draw = () => {
    const { data } = view;
    if (!data) return;
    const query = view.asks === "patch" ? { side: "patch", index: view.patch } : { side: "word", index: view.word };
    const place = placeOn(data, "query", query), at = `${data.name}/${view.head}/${place}`;
    if (view.cached !== at) { view.steps = stepsOf(data, view.head, place); view.cached = at; }
    view.query = query;
    view.queryPlace = place;
    view.best = best(view.steps.weights);
    const fits = view.over && (data.isFused || view.over.side !== query.side) ? view.over : view.key;
    view.keyPlace = fits ? placeOn(data, "key", fits) : view.best;
    showWords(view);
    showStage(view);
    showWalk(view);
    showOwnTask(view);
  };
  return view;
}

const best = (numbers) => numbers.indexOf(Math.max(...numbers));
const nameOf = (view, unit) => {
  const columns = view.data.grid[1];
  return unit.side === "word" ? `“${view.data.words[unit.index]}”`
    : put(view.labels.patch_name, { row: Math.floor(unit.index / columns) + 1, column: (unit.index % columns) + 1 });
};
const percent = (share) => `${(100 * share).toFixed(share >= 0.0995 && share < 0.995 ? 0 : share >= 0.00995 ? 1 : 2)}%`.replace("100.0", "100");

// What every patch gives the word that is looked at, where patches ask: their numbers for that key.
function ofEveryPatch(view) {
  const { data, head } = view, at = `${data.name}/${head}`;
  if (view.every !== at) {
    view.every = at;
    view.table = range(data.patches).map((patch) => stepsOf(data, head, placeOn(data, "query", { side: "patch", index: patch })));
  }
  return Object.fromEntries(["scores", "scaled", "weights"].map((name) => [name, view.table.map((steps) => steps[name][view.keyPlace])]));
}

// The numbers of the step in view: for every key, or for every patch that asks.
function inView(view) {
  const { step, data } = view, steps = data.kind === "image→text" ? ofEveryPatch(view) : view.steps;
  if (step === "scores" || step === "scaled") { const most = reach(steps[step]); return [steps[step], view.data.diverging, -most, most]; }
  return step === "query" || step === "keys" ? [null] : [steps.weights, view.data.colours, 0, Math.max(...steps.weights)];
}

function showStage(view) {
  const { data, labels, query } = view, [values, colours, low, high] = inView(view);
  const words = data.words.length, from = (data.isFused ? words : 0) + data.extra;
  const overPatches = values && (data.kind === "image→text" ? values : values.slice(from, from + data.patches));
  const peak = overPatches && low === 0 ? Math.max(...overPatches) : high;
  paintPhoto(view, overPatches, colours, low, peak);
  const key = unitAt(data, "key", view.keyPlace);
  showPatch(view, query.side === "patch" ? query.index : key.side === "patch" ? key.index : null);
  const what = labels[`inside_${view.step}`];
  view.find("what").textContent = values && data.kind === "image→text" ? put(labels.inside_column, { what, key: nameOf(view, key) }) : what;
  const form = view.step === "scores" || view.step === "scaled" ? shown : percent;
  view.find("low").textContent = values ? form(low) : "";
  view.find("high").textContent = values ? form(peak) : "";
  view.find("ramp").hidden = !values;
  if (values) paintStrip(view.find("ramp"), range(64), colours, 0, 63);
  const text = put(labels.inside_status, { query: nameOf(view, query), key: nameOf(view, key), weight: percent(view.steps.weights[view.keyPlace]) });
  view.find("status").textContent = text;
  view.find("canvas").setAttribute("aria-label", `${labels.canvas} ${text}`);
}

function showWords(view) {
  const { data, steps, query } = view, box = view.find("words");
  if (view.drawnWords !== data.name) {
    view.drawnWords = data.name;
    box.setAttribute("aria-label", view.labels.words);
    box.replaceChildren(...data.words.map((text, index) => {
      const special = index < data.real[0] || index >= data.real[1];
      const button = make("button", { type: "button", className: special ? "special" : "", tabindex: "-1" }, text);
      button.addEventListener("click", () => view.pickWord(index));
      button.addEventListener("pointerenter", () => { if (data.kind !== "text→image") view.lookAt({ side: "word", index }); });
      button.addEventListener("pointerleave", () => view.lookAt(null));
      return button;
    }));
    box.onkeydown = (event) => moveWithin([[...box.children]], event, (button) => { button.focus(); button.click(); });
  }
  const weights = data.kind === "text→image" ? null : steps.weights.slice(0, data.words.length), most = weights && Math.max(...weights);
  [...box.children].forEach((button, index) => {
    const chosen = query.side === "word" ? query.index === index : view.keyPlace === index && unitAt(data, "key", index).side === "word";
    button.setAttribute("aria-pressed", String(chosen));
    button.tabIndex = chosen || (query.side === "patch" && index === data.real[0]) ? 0 : -1;
    button.style.setProperty("--much", weights ? (weights[index] / most).toFixed(3) : 0);
  });
}

function receive(view, packed) {
  const data = readRecord(packed), before = view.data;
  if (before) URL.revokeObjectURL(before.photoUrl);
  view.data = data;
  view.labels = data.labels;
  if (!before || before.task?.lesson !== data.task?.lesson) view.done = false;
  view.done ||= data.done;
  const asked = before ? {} : data.asked, first = range(data.words.length).slice(...data.real);
  const long = first.reduce((most, index) => (data.words[index].length > data.words[most].length ? index : most), first[0]);
  const texts = data.words.join(" ");
  if (view.texts !== texts) view.word = kept[texts]?.word ?? long;
  view.texts = texts;
  if (asked.word < data.words.length) view.word = Number(asked.word);
  view.patch ??= Math.floor((data.grid[0] / 2) * data.grid[1] + data.grid[1] / 2);
  view.head = Math.min(asked.head < data.heads ? Number(asked.head) : view.head, data.heads - 1);
  view.asks = data.asksWords && !(view.asks === "patch" && data.asksPatches) ? "word" : "patch";
  if (before?.name !== data.name) Object.assign(view, { key: null, over: null, cached: null, every: null });
  if (WALK.includes(asked.step)) view.step = asked.step;
  view.find("inside").style.setProperty("--ratio", data.ratio);
  Object.assign(view.find("photo"), { src: data.photoUrl, alt: data.alt });
  showChoices(view);
  buildWalk(view);
  view.draw();
}

function showChoices(view) {
  const { data, labels, find } = view;
  for (const element of view.root.querySelectorAll("[data-say]")) element.textContent = labels[element.dataset.say];
  find("kinds").setAttribute("aria-label", labels.direction);
  find("kinds").replaceChildren(...data.kinds.map((kind) => {
    const name = kind.replace("→", "_"), button = make("button", { type: "button", id: `kind-${name}`, "aria-pressed": String(kind === data.kind) }, labels[`direction_${name}`]);
    button.addEventListener("click", () => want(view, { kind, layer: 0 }));
    return button;
  }));
  find("about").textContent = labels[`direction_${data.kind.replace("→", "_")}_about`];
  const list = (select, count, chosen, take) => {
    select.replaceChildren(...range(count).map((at) => make("option", { value: String(at), selected: at === chosen }, String(at + 1))));
    select.value = String(chosen);
    select.disabled = count < 2;
    select.onchange = () => take(Number(select.value));
  };
  list(find("layer"), data.layers, data.layer, (layer) => want(view, { kind: data.kind, layer }));
  list(find("head"), data.heads, view.head, (head) => { view.head = head; view.draw(); putInAddress({ head: String(head) }); });
  find("play").textContent = view.playing ? labels.pause : labels.play;
  find("play").onclick = () => play(view, !view.playing);
}

// Other layers and directions lie with the server.
function want(view, { kind, layer }) {
  if (!view.data.task) putInAddress({ part: "inside", kind, layer: String(layer) });
  view.tell("wanted", { kind, layer });
}

export default function mountInside(component) {
  const { data: bytes, parentElement: root, setStateValue } = component;
  const fresh = !views.has(root), view = views.get(root) ?? newView(root);
  views.set(root, view);
  view.tell = setStateValue;
  const packed = unpack(bytes);
  if (fresh) setUpPhoto(view);
  try {
    if (view.text !== packed.text) receive(view, packed);
    view.text = packed.text;
    restoreLessons(view, view.data.task);
  } catch (error) {
    console.error(error);
    view.find("trouble").hidden = false;
  }
  return () => { clearInterval(view.playing); views.delete(root); };
}
