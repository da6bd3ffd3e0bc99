// The lens: its state, what is shown for it, and how it is mounted. `set` is pinned and told to the server a moment
// later; `over` is what the pointer or the focus looks at, which nobody is told.

const REPORT_MS = 400;
const lenses = new WeakMap();
const memory = { tab: "matrix", looks: {}, pinned: new Map(), used: false }; // survives a change of page

const NOTHING = { words: null, patch: null, cell: null }; // what the pointer may rest on
const LOOKS = ["opacity", "colours", "smooth", "scale", "against"];

function newLens(root) {
  const lens = {
    root, panels: root, set: null, over: { ...NOTHING },
    zoom: { scale: 1, x: 0, y: 0 }, box: { width: 1, height: 1 }, playing: null, several: false, sorted: false, tab: memory.tab,
  };
  lens.find = (id) => root.querySelector(`#${id}`) ?? lens.panels.querySelector(`#${id}`);

  // The relevance in view; beside attention, that of the method.
  lens.view = () => lens.data.views.find((view) => view.name === lens.set.show) ?? lens.data.views[0];

  // The layers and the head in view, the map of what is pinned or looked at, and the value of the highest colour.
  lens.shown = () => {
    const { data, set, over } = lens, attention = set.show === "attention" || over.cell !== null;
    const like = likenessMap(lens);
    const looks = [lens.serial, lens.box.width, lens.box.height, lens.zoom.scale, ...LOOKS.map((name) => set[name])];
    if (like) return { ...like, attention: false, pieces: [], key: [looks, "like", like.patch].join() };
    const pieces = chosenPieces(lens, over.words ?? set.words);
    const { layer, head } = over.cell ?? set, patch = set.kind === "image" ? over.patch ?? set.patch : null;
    if (!attention) {
      const view = lens.view(), both = relevanceMap(data, view, pieces);
      const map = view.signed && !set.against ? positive(both) : both;
      const peak = set.scale === "shared" ? view.peak : largest(map);
      return { map, attention, pieces, peak, key: [looks, pieces, view.name].join() };
    }
    const layers = layersAt(lens, layer, head), map = attentionMap(data, layers, head, pieces, patch);
    const peak = map && (set.scale === "shared" ? data.peak : largest(map));
    return { map, attention, pieces, layers, layer, head, peak, key: [looks, pieces, set.kind, layer, head, patch].join() };
  };

  // Softmax ran over exactly this row.
  lens.oneRow = ({ layers, head, pieces }) => layers.length === 1 && head !== "mean" && pieces.length === 1
    && lens.set.kind === "text→image" && !lens.data.signedAttention;

  lens.shades = (patches) => {
    const { data, set, over } = lens;
    const { layer, head } = over.cell ?? set;
    if (patches === null) {
      const inText = set.show === "attention" && set.kind === "text"
        && textPieces(data, layersAt(lens, layer, head), head, chosenPieces(lens, over.words ?? set.words));
      return inText || lens.view().scores;
    }
    // The other direction of the same block, where there is one.
    const back = layersOf(data, "image→text");
    const crossed = set.show === "attention" && ["image→text", "fused", "text→image"].includes(set.kind);
    const [at, which] = crossed ? [layer, head] : [data.layer, data.head ?? "mean"];
    const paired = at === "mean" ? back : back[at] ? [back[at]] : [];
    const there = paired.length && set.kind !== "fused" ? paired : crossed ? layersAt(lens, at, which) : [];
    const fits = which === "mean" || there.every((each) => which < each.heads);
    return patchPieces(data, lens.view(), fits ? there : [], which, patches);
  };

  // In words: what looks, and by what measure.
  lens.describe = () => {
    const { data, set, over } = lens, { labels } = data;
    const like = likenessMap(lens);
    if (like) return likeSaid(lens, like);
    const places = (over.words ?? set.words).filter((place) => place < lens.units.length);
    const { layer, head } = over.cell ?? set, patch = over.patch ?? set.patch;
    const attention = set.show === "attention" || over.cell !== null;
    const view = lens.view(), wholeOnly = !attention && view.of === "text";
    let subject = places.length && !wholeOnly ? labels.of_words : labels.of_whole;
    if (attention && set.kind === "image") subject = patch === null ? labels.of_image : labels.of_patch;
    const what = attention ? labels.by_attention.replace("{where}", whereLabel(lens, layer, head)) : view.label;
    const words = places.map((place) => lens.units[place].text).join(" ");
    // Texts go in last and by function: they may hold braces and dollar signs.
    return placed(lens, subject, patch).replace("{what}", what).replace("{words}", () => words);
  };

  // What the pointer rests on may have been drawn for another text or other units, and not be gone yet.
  lens.look = (change) => {
    Object.assign(lens.over, change);
    if (lens.over.words?.some((place) => place >= lens.units.length)) lens.over.words = null;
    if (lens.over.patch >= lens.data.patches) lens.over.patch = null;
    lens.draw();
    if (change.words?.length) guideSaw(lens, "word");
    if (typeof change.patch === "number") guideSaw(lens, "patch");
  };
  lens.pin = (change, tell = true) => {
    Object.assign(lens.set, change);
    if (typeof change.patch === "number") lens.set.box = null;
    memory.used = true;
    if ("kind" in change) { buildMatrix(lens); lens.ask(lens.set.layer); }
    for (const name of LOOKS) memory.looks[name] = lens.set[name];
    memory.pinned.set(lens.data.key, { set: { ...lens.set }, text: lens.data.text });
    showControls(lens);
    lens.draw();
    if (tell) lens.report();
  };
  lens.report = () => {
    clearTimeout(lens.reporting);
    lens.reporting = setTimeout(() => lens.tell("settings", { ...lens.set, text: lens.data.text }), REPORT_MS);
  };
  // A layer that stayed with the server is sent for; the map follows when it comes.
  lens.ask = (layer) => {
    const asked = layersOf(lens.data, lens.set.kind)[layer];
    if (asked && !asked.here) lens.tell("wanted", { name: lens.data.name, layer: lens.data.layers.indexOf(asked) });
  };

  lens.draw = () => {
    if (!lens.set) return;
    guarded(lens, () => {
      const shown = lens.shown();
      paintStage(lens, shown);
      showSplit(lens);
      showWords(lens, shown);
    });
    if (lens.later) return;
    lens.later = requestAnimationFrame(() => {
      lens.later = null;
      guarded(lens, () => {
        paintMatrix(lens);
        showScores(lens);
        showNumbers(lens);
      });
    });
  };
  return lens;
}

// A fault in drawing leaves one sentence and a way back, not a dead page.
function guarded(lens, work) {
  try {
    work();
  } catch (error) {
    console.error(error);
    lens.find("trouble").hidden = false;
  }
}

function startAgain(lens) {
  lens.find("trouble").hidden = true;
  Object.assign(lens, { over: { ...NOTHING }, several: false });
  Object.assign(lens.set, { ...DEFAULTS, kind: null, layer: null, head: null });
  guarded(lens, () => show(lens));
  lens.pin({});
}

const placed = (lens, sentence, patch) => sentence
  .replace("{row}", Math.floor(patch / lens.data.grid[1]) + 1).replace("{column}", (patch % lens.data.grid[1]) + 1);

function showWords(lens, shown) {
  const { data } = lens, { labels } = data, values = shadeTokens(lens), patches = regionOf(lens);
  const said = [shown.map ? lens.describe() : lens.set.kind === "text" ? labels.text_only : labels.away];
  if (patches !== null) {
    const order = range(Math.min(values.length, lens.units.length)).sort((a, b) => values[b] - values[a]).slice(0, 3);
    const words = order.map((place) => lens.units[place].text).join(", ");
    const about = patches.length === 1 ? placed(lens, labels.patch_status, patches[0]) : labels.box_status.replace("{count}", patches.length);
    said.push(about.replace("{words}", () => words));
  }
  Object.assign(lens.find("status"), { textContent: said.join(" · "), title: said.join(" · ") });
  lens.find("canvas").setAttribute("aria-label", `${labels.canvas} ${said.join(" · ")}`);
  const like = shown.floor !== undefined, top = like ? "1" : shown.map ? (shown.attention ? percent(shown.peak) : number(shown.peak)) : "";
  lens.find("low").textContent = like ? number(shown.floor) : isSigned(lens, shown.attention) && shown.map ? `−${top}` : "0";
  lens.find("high").textContent = top;
}

const DEFAULTS = {
  words: null, patch: null, box: null, show: null, against: false, kind: null, layer: null, head: null, pieces: false,
  opacity: 80, colours: "cividis", smooth: true, split: null, scale: "own",
};

function receive(lens, data) {
  const before = lens.data;
  if (!before) {
    const pinned = memory.pinned.get(data.key), own = pinned?.text === data.text ? pinned.set : null;
    lens.set = { ...DEFAULTS, ...memory.looks, ...data.settings, ...own };
    if (own) lens.report();
  } else if (before.text !== data.text) Object.assign(lens.set, { words: null, patch: null, box: null });
  if (before?.name === data.name) {
    data.alike ??= before.alike;
    data.layers.forEach((layer, at) => { if (!layer.here && before.layers[at].here) data.layers[at] = before.layers[at]; });
  }
  // Words, patches and layers that the pointer rests on may not exist in what came.
  if (before?.name !== data.name) lens.over = { ...NOTHING };
  lens.data = data;
  if (before && before.text !== data.text) guideSaw(lens, "change");
  fit(lens);
  if (before) URL.revokeObjectURL(before.photoUrl);
  data.photoUrl = URL.createObjectURL(data.photo);
  Object.assign(lens.find("photo"), { src: data.photoUrl, alt: data.alt });
  lens.find("lens").style.setProperty("--ratio", data.ratio);
  lens.find("lens").classList.toggle("picks", data.picks);
  if (data.picks && before?.name !== data.name) document.querySelector(".st-key-sentence input")?.focus({ preventScroll: true });
  globalThis.vtvizFocus = () => { lens.tokens?.find((token) => token.tabIndex === 0)?.focus(); return Boolean(lens.tokens); };
}

// Settings may come from an address or another model: what this record lacks falls back to the view's own.
function fit(lens) {
  const { data, set } = lens;
  lens.units = unitsOf(data, set.pieces);
  const first = data.first === null ? [] : set.pieces ? data.words[data.first].pieces : [data.first];
  set.words = Array.isArray(set.words) ? set.words.filter((place) => place < lens.units.length) : first;
  if (!(set.patch < data.patches)) set.patch = null;
  if (!isBox(data, set.box)) set.box = null;
  if (!data.kinds.includes(set.kind)) {
    if (set.kind !== null) Object.assign(set, { layer: null, head: null }); // they were counted among another kind's
    set.kind = data.kinds[0] ?? null;
  }
  const layers = layersOf(data, set.kind);
  if (!waysOf(data).includes(set.show)) {
    set.show = set.show === "attribution" && layers.length ? "attention" : data.show; // the method is the attention
  }
  if (!layers.length) Object.assign(set, { layer: "mean", head: "mean" });
  if (set.layer !== "mean") set.layer = layers[set.layer ?? -1] ? set.layer : Math.min(data.layer, layers.length - 1);
  const head = set.head ?? data.head ?? "mean";
  set.head = head === "mean" || layersAt({ ...lens, set: { ...set, head } }, set.layer, head).length ? head : "mean";
}

// The ways to look that there are: relevance by name, and attention.
const waysOf = (data) => [...data.views.flatMap(({ name, offered }) => (offered ? [name] : [])), ...(data.layers.length ? ["attention"] : [])];

function show(lens) {
  lens.find("side").hidden = false;
  fit(lens);
  buildMatrix(lens);
  buildTokens(lens);
  showControls(lens);
  play(lens, false);
  if (lens.data.tab && lens.asked !== lens.data.name) lens.tab = lens.data.tab; // once for each answer
  lens.asked = lens.data.name;
  showTab(lens, lens.data.layers.length ? lens.tab : lens.tab === "matrix" ? "scores" : lens.tab);
  showGuide(lens);
  fitRoom(lens);
}

function setUp(lens) {
  setUpStage(lens);
  setUpPanels(lens);
  dragTokens(lens);
  lens.watcher = new ResizeObserver(() => {
    const view = lens.find("stage");
    lens.box = { width: view.clientWidth, height: view.clientHeight };
    panTo(lens, lens.zoom.x, lens.zoom.y);
  });
  lens.watcher.observe(lens.find("stage"));
  lens.roomWatcher = new ResizeObserver(() => fitRoom(lens));
  lens.roomWatcher.observe(lens.find("words"));
  const page = document.querySelector("[data-testid=stMainBlockContainer]");
  if (page) lens.roomWatcher.observe(page);
  holdLike(lens);
  lens.resized = () => fitRoom(lens);
  window.addEventListener("resize", lens.resized);
}

// The panels may be a part of the page of their own, and come anew.
function setUpPanels(lens) {
  setUpControls(lens);
  setUpTabs(lens);
  setUpKeys(lens);
}

export default async function mountLens(component) {
  const { data: bytes, parentElement: root, setStateValue, setTriggerValue } = component;
  const fresh = !lenses.has(root), lens = lenses.get(root) ?? newLens(root);
  lenses.set(root, lens);
  lens.tell = setStateValue;
  lens.pick = (place) => setTriggerValue("picked", place);
  const packed = split(bytes);
  lens.turn = packed.text;
  if (lens.text !== packed.text) {
    const data = await decode(packed);
    if (lens.turn !== packed.text) return () => {}; // something newer came meanwhile
    lens.panels = await panelsFor(lens, data.panels);
    if (lens.turn !== packed.text) return () => {};
    lens.text = packed.text;
    lens.serial = (lens.serial ?? 0) + 1; // names this data in keys of what is drawn already
    if (lens.playing !== null) play(lens, false);
    receive(lens, data);
    if (fresh || !lens.watcher) setUp(lens);
    fillLabels(lens);
    lens.find("trouble").hidden = true;
    guarded(lens, () => show(lens));
  }
  return () => {
    lens.watcher?.disconnect();
    lens.roomWatcher?.disconnect();
    window.removeEventListener("resize", lens.resized);
    window.removeEventListener("keydown", lens.likeDown);
    window.removeEventListener("keyup", lens.likeUp);
    clearInterval(lens.playing);
    lenses.delete(root);
  };
}
