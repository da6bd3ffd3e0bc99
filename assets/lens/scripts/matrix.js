// Layers × heads as small maps of what is pinned: scan them, click one to see it large, play through the layers.

const PLAY_MS = 1000;

function buildMatrix(lens) {
  const { data } = lens, { labels } = data, layers = layersOf(data, lens.set.kind);
  const heads = layers.reduce((most, layer) => Math.max(most, layer.heads), 0);
  const table = lens.find("matrix"), head = document.createElement("tr");
  const title = (text, scope) => {
    const made = document.createElement("th");
    Object.assign(made, { textContent: text, scope });
    return made;
  };
  const names = ["mean", ...range(heads)], rows = [...(layers.length > 1 ? ["mean"] : []), ...range(layers.length)];
  const short = (place) => (place === "mean" ? labels.mean_short : String(place + 1));
  const corner = document.createElement("td");
  corner.textContent = labels.corner;
  head.append(corner, ...names.map((name) => title(short(name), "col")));
  lens.cellButtons = [];
  const body = rows.map((layer) => {
    const row = document.createElement("tr");
    row.append(title(short(layer), "row"));
    for (const name of names) {
      const cell = document.createElement("td");
      if (name === "mean" || layer === "mean" || name < layers[layer].heads) {
        // The mean row is that of one head over all layers, where all have it.
        cell.append(cellButton(lens, layer, name));
      }
      row.append(cell);
    }
    return row;
  });
  table.replaceChildren(head, ...body);
  table.style.setProperty("--columns", names.length);
  table.setAttribute("aria-label", labels.matrix.replace("{kind}", labels[KIND_LABELS[lens.set.kind]]));
  lens.find("play").disabled = layers.length < 2;
  Object.assign(lens, { matrixColumns: names.length, matrixKey: null });
  roveMatrix(lens);
}

const KIND_LABELS = {
  "text→image": "kind_text_image", "image→text": "kind_image_text", fused: "kind_fused", image: "kind_image", text: "kind_text",
};

function cellButton(lens, layer, head) {
  const made = document.createElement("button"), canvas = document.createElement("canvas");
  made.type = "button";
  made.append(canvas);
  made.setAttribute("aria-label", whereLabel(lens, layer, head));
  made.title = whereLabel(lens, layer, head);
  made.onpointerenter = (event) => { if (event.pointerType !== "touch") lens.look({ cell: { layer, head } }); };
  made.onpointerleave = made.onblur = () => lens.look({ cell: null });
  made.onclick = () => {
    lens.over.cell = null;
    lens.ask(layer);
    lens.pin({ layer, head, show: "attention" });
  };
  lens.cellButtons.push({ layer, head, button: made, canvas });
  return made;
}

function whereLabel(lens, layer, head) {
  const { labels } = lens.data;
  const first = layer === "mean" ? labels.layers_mean : labels.layer.replace("{number}", layer + 1);
  const second = head === "mean" ? labels.heads_mean : labels.head.replace("{number}", head + 1);
  return `${first} · ${second}`;
}

function roveMatrix(lens) {
  const at = lens.cellButtons.findIndex((each) => each.layer === lens.set.layer && each.head === lens.set.head);
  rove(lens.cellButtons.map((each) => each.button), Math.max(at, 0));
}

function matrixKeys(lens, event) {
  const at = lens.cellButtons.findIndex((each) => each.button === event.target);
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -lens.matrixColumns, ArrowDown: lens.matrixColumns }[event.key];
  if (at < 0 || !step) return;
  event.preventDefault();
  event.stopPropagation();
  const next = lens.cellButtons[at + step];
  if (!next) return;
  rove(lens.cellButtons.map((each) => each.button), at + step);
  next.button.focus();
  lens.look({ cell: { layer: next.layer, head: next.head } });
}

// The layers that a place in the matrix stands for; null where one of them lacks the head.
function layersAt(lens, layer, head) {
  const all = layersOf(lens.data, lens.set.kind);
  const asked = layer === "mean" ? all : all[layer] ? [all[layer]] : [];
  return head === "mean" || asked.every((each) => head < each.heads) ? asked : [];
}

function paintMatrix(lens) {
  if (lens.tab !== "matrix" || !lens.cellButtons) return;
  const { data, set } = lens, pieces = chosenPieces(lens, lens.over.words ?? set.words);
  const patch = set.kind === "image" ? lens.over.patch ?? set.patch : null;
  const key = [lens.serial, set.kind, pieces, patch, set.scale, set.colours, set.show, set.layer, set.head].join();
  if (lens.matrixKey === key) return;
  lens.matrixKey = key;
  if (!lens.find("matrix").contains(lens.panels.getRootNode().activeElement)) roveMatrix(lens);
  const maps = lens.cellButtons.map(({ layer, head }) =>
    attentionMap(data, layersAt(lens, layer, head), head, pieces, patch));
  const shared = maps.reduce((peak, map) => Math.max(peak, map ? largest(map) : 0), 0);
  lens.cellButtons.forEach(({ layer, head, button, canvas }, at) => {
    button.classList.toggle("away", !maps[at]);
    if (maps[at]) paintThumb(lens, canvas, maps[at], set.scale === "shared" ? shared : largest(maps[at]));
    const chosen = set.show === "attention" && layer === set.layer && head === set.head;
    button.setAttribute("aria-pressed", String(chosen));
  });
}

function play(lens, on) {
  clearInterval(lens.playing);
  lens.playing = null;
  const button = lens.find("play"), count = layersOf(lens.data, lens.set.kind).length;
  const step = () => {
    const next = lens.set.layer === "mean" ? 0 : (lens.set.layer + 1) % count;
    lens.pin({ show: "attention", layer: next }, false);
    if (!lens.root.isConnected) play(lens, false);
  };
  if (on) {
    lens.pin({ show: "attention", layer: count - 1 }, false);
    step();
    lens.playing = setInterval(step, PLAY_MS);
  } else if (button.getAttribute("aria-pressed") === "true") lens.report();
  button.setAttribute("aria-pressed", String(on));
  button.textContent = on ? lens.data.labels.pause : lens.data.labels.play;
}
